/*
 * fastcgi: workers that speak FastCGI on a listening socket of their own.
 *
 * A connection carries one request at a time; a worker that takes several at
 * once gets a connection each.  A connection is kept for the next request if
 * this one was sent whole in one write: what a program that answers early has
 * not read of it would lie in front of the next, and libfcgi then closes the
 * connection with that next request unread, as if it had never been sent.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <event2/buffer.h>

#include "fcgi.h"
#include "mem.h"
#include "module.h"
#include "speech.h"
#include "timer.h"
#include "worker.h"

#define READ_SIZE	(64 * 1024)
#define LAST_READS	17	/* more than a unix socket holds */
#define EXIT_WAIT_MS	1000	/* for the status of a process that hung up */

static void	on_readable(evutil_socket_t, short, void *);

/* --- connections -------------------------------------------------------- */

static void
connection_close(struct connection *c)
{
	if (c->fd == -1)
		return;
	speech_watch_no_more(c);
	event_free(c->readable);
	event_free(c->writable);
	close(c->fd);
	c->fd = -1;
}

static void
connection_free(struct connection *c)
{
	struct speech	*s = c->worker->private;

	TAILQ_REMOVE(&s->all, c, in_worker);
	connection_close(c);
	evbuffer_free(c->unsent);
	timer_free(c->exit_wait);
	free(c->kept);
	free(c);
}

/*
 * The socket was unlinked as soon as it was bound: the descriptor is the only
 * way to it.  A full backlog is EAGAIN, a program that closed it ECONNREFUSED.
 */
static int
connect_to(int socket_fd)
{
	struct sockaddr_un	 to = { .sun_family = AF_UNIX };
	int			 fd;

	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd == -1)
		return -1;
	snprintf(to.sun_path, sizeof(to.sun_path), "/proc/self/fd/%d",
	    socket_fd);
	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) == -1) {
		close(fd);
		return -1;
	}
	return fd;
}

static struct connection *
connection_create(struct worker *w)
{
	struct speech		*s = w->private;
	struct connection	*c;

	c = xcalloc(1, sizeof(*c));
	c->worker = w;
	c->fd = -1;
	c->unsent = evbuffer_new();
	TAILQ_INSERT_TAIL(&s->all, c, in_worker);
	return c;
}

static struct connection *
connection_open(struct worker *w)
{
	struct speech		*s = w->private;
	struct connection	*c;
	int			 fd;

	if ((fd = connect_to(s->socket)) == -1)
		return NULL;
	c = connection_create(w);
	c->fd = fd;
	c->readable = event_new(workers_base(w->workers), fd,
	    EV_READ | EV_PERSIST, on_readable, c);
	c->writable = event_new(workers_base(w->workers), fd,
	    EV_WRITE | EV_PERSIST, speech_on_writable, c);
	event_add(c->readable, NULL);
	return c;
}

static struct connection *
connection_idle(struct worker *w)
{
	struct speech		*s = w->private;
	struct connection	*c;

	TAILQ_FOREACH(c, &s->all, in_worker)
		if (c->request == NULL && c->fd != -1)
			return c;
	return NULL;
}

/* --- losing one --------------------------------------------------------- */

static void
tell_lost(struct connection *c)
{
	static const char *const	 words[] = {
		[EXCHANGE_CLOSED] = "it closed the connection without "
		    "ending its answer",
		[EXCHANGE_RESET]  = "the connection broke",
	};
	struct request	*r = c->request;
	enum exchange_end	 lost = c->lost;

	connection_free(c);
	request_failed(r, lost, words[lost]);
}

static void
on_exit_wait(void *arg)
{
	tell_lost(arg);
}

/*
 * The connection is gone.  What that means depends on how the process ended,
 * if it did, which is heard of in a moment: wait for it.
 */
static void
connection_lost(struct connection *c, enum exchange_end how)
{
	if (c->request == NULL) {
		connection_free(c);
		return;
	}
	/* A clean end means that all it was sent had been read. */
	if (how == EXCHANGE_CLOSED)
		request_begun(c->request);
	connection_close(c);
	c->lost = how;
	if (c->worker->state == WORKER_DEAD) {
		tell_lost(c);
		return;
	}
	c->exit_wait = timer_new(on_exit_wait, c);
	timer_start(c->exit_wait, EXIT_WAIT_MS);
}

/* It said what no worker may say. */
static void
connection_garbage(struct connection *c, const char *why)
{
	struct request	*r = c->request;
	struct worker	*w = c->worker;

	connection_free(c);
	if (r != NULL)
		request_failed(r, EXCHANGE_GARBAGE, why);
	else
		worker_kill(w, why);
}

/* --- from the worker ---------------------------------------------------- */

static void
end_request(struct connection *c, const struct fcgi_record *rec)
{
	struct speech	*s = c->worker->private;
	struct request	*r = c->request;
	uint32_t	 app_status;
	uint8_t		 protocol_status;

	if (fcgi_get_end(rec, &app_status, &protocol_status) == -1) {
		connection_garbage(c, "its END_REQUEST is malformed");
		return;
	}
	if (protocol_status != FCGI_REQUEST_COMPLETE) {
		connection_garbage(c, "it refused the request by its "
		    "END_REQUEST's protocolStatus");
		return;
	}
	request_begun(r);
	c->request = NULL;
	c->is_paused = false;
	speech_watch_no_more(c);
	if (s->closes || !c->sent_at_once || c->has_broken) {
		shutdown(c->fd, SHUT_WR);
		connection_free(c);
	}
	request_done(r, app_status, true);
}

/* One whole record.  False once c is gone or idle: nothing may follow. */
static bool
take_record(struct connection *c, const struct fcgi_record *rec)
{
	struct request	*r = c->request;

	if (r == NULL) {
		connection_garbage(c, "it answers without being asked");
		return false;
	}
	if (rec->request_id != WORKER_ID) {
		connection_garbage(c, "it answers a request it was never "
		    "given (record with another id)");
		return false;
	}
	switch (rec->type) {
	case FCGI_STDOUT:
		if (rec->length == 0) {
			c->stdout_ended = true;
			request_stdout_end(r);
		} else if (c->stdout_ended) {
			connection_garbage(c, "it goes on after the end of "
			    "its STDOUT");
			return false;
		} else
			c->is_paused = !request_take_stdout(r, rec->content,
			    rec->length);
		return true;
	case FCGI_STDERR:
		request_take_stderr(r, rec->content, rec->length);
		return true;
	case FCGI_END_REQUEST:
		end_request(c, rec);
		return true;
	default:
		connection_garbage(c, "it sends records of a type that no "
		    "worker may send");
		return false;
	}
}

static bool
is_there(const struct speech *s, const struct connection *wanted)
{
	const struct connection	*c;

	TAILQ_FOREACH(c, &s->all, in_worker)
		if (c == wanted)
			return true;
	return false;
}

/* Take all whole records; keep the rest for the next read. */
static void
take_bytes(struct connection *c, const uint8_t *bytes, size_t len)
{
	struct speech		*s = c->worker->private;
	struct fcgi_record	 rec;
	ptrdiff_t		 n = 0;

	for (; len > 0; bytes += n, len -= (size_t)n) {
		if ((n = fcgi_parse(bytes, len, &rec)) <= 0)
			break;
		if (!take_record(c, &rec) || !is_there(s, c))
			return;
	}
	if (n == -1) {
		connection_garbage(c, "what it sends is not FastCGI");
		return;
	}
	if (len > 0 && c->request == NULL) {
		connection_garbage(c, "it answers without being asked");
		return;
	}
	free(c->kept);
	c->kept = NULL;
	if ((c->kept_len = len) > 0) {
		c->kept = xmalloc(len);
		memcpy(c->kept, bytes, len);
	}
}

/* One read's worth.  False when there is nothing more for now. */
static bool
read_once(struct connection *c)
{
	uint8_t	*scratch = workers_scratch(c->worker->workers);
	ssize_t	 n;

	/* What was kept is shorter than a record, so both fit. */
	if (c->kept_len > 0)
		memcpy(scratch, c->kept, c->kept_len);
	n = read(c->fd, scratch + c->kept_len, READ_SIZE);
	if (n > 0) {
		if (c->request != NULL)
			request_heard(c->request);
		take_bytes(c, scratch, c->kept_len + (size_t)n);
		return true;
	}
	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (n == 0 && c->request == NULL)
		((struct speech *)c->worker->private)->closes = true;
	connection_lost(c, n == 0 && !c->has_broken ? EXCHANGE_CLOSED :
	    EXCHANGE_RESET);
	return false;
}

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct connection	*c = arg;
	struct speech		*s = c->worker->private;

	(void)fd;
	(void)what;
	read_once(c);
	if (is_there(s, c) && c->fd != -1 && c->is_paused)
		event_del(c->readable);
}

/* --- the contract ------------------------------------------------------- */

static int
fastcgi_attach(struct worker *w, const int *fds, int count)
{
	struct speech	*s;

	(void)count;
	s = xcalloc(1, sizeof(*s));
	s->socket = fds[0];
	TAILQ_INIT(&s->all);
	w->private = s;
	return 0;
}

/* The program has closed its socket: is it ending, and how? */
static int
begin_refused(struct request *r)
{
	struct connection	*c;

	if (errno != ECONNREFUSED)
		return -1;
	c = connection_create(r->worker);
	c->request = r;
	r->exchange = c;
	connection_lost(c, EXCHANGE_RESET);
	return 0;
}

static int
fastcgi_begin(struct request *r)
{
	struct worker		*w = r->worker;
	struct connection	*c;

	if ((c = connection_idle(w)) == NULL &&
	    (c = connection_open(w)) == NULL)
		return begin_refused(r);
	c->stdin_ended = c->data_ended = c->stdout_ended = false;
	c->is_paused = false;
	if (!w->has_served && speech_watch_first_read(c) == -1) {
		connection_free(c);
		return -1;
	}
	c->request = r;
	r->exchange = c;

	speech_begin(c);
	return 0;
}

static void
fastcgi_push(struct request *r)
{
	struct connection	*c = r->exchange;

	if (c->fd != -1 && c->first_read == NULL)
		speech_send_on(c);
}

static void
fastcgi_pull(struct request *r)
{
	struct connection	*c = r->exchange;

	if (c->fd == -1 || !c->is_paused)
		return;
	c->is_paused = false;
	event_add(c->readable, NULL);
}

static void
fastcgi_cut(struct request *r)
{
	struct connection	*c = r->exchange;

	c->request = NULL;
	connection_free(c);
}

/* Read what the dead left in their sockets, then conclude what is open. */
static void
fastcgi_ended(struct worker *w)
{
	struct speech		*s = w->private;
	struct connection	*c, *next;
	unsigned		 i;

	for (c = TAILQ_FIRST(&s->all); c != NULL; c = next) {
		next = TAILQ_NEXT(c, in_worker);
		for (i = 0; i < LAST_READS && is_there(s, c) &&
		    c->fd != -1 && read_once(c); i++)
			continue;
		if (!is_there(s, c))
			continue;
		/* A child of it may still hold the socket open. */
		if (c->fd != -1)
			c->lost = EXCHANGE_CLOSED;
		if (c->request != NULL)
			tell_lost(c);
		else
			connection_free(c);
	}
}

static void
fastcgi_detach(struct worker *w)
{
	struct speech		*s = w->private;
	struct connection	*c;

	while ((c = TAILQ_FIRST(&s->all)) != NULL)
		connection_free(c);
	close(s->socket);
	free(s);
	w->private = NULL;
}

const struct protocol	protocol_fastcgi = {
	.name = "fastcgi",
	.attach = fastcgi_attach,
	.begin = fastcgi_begin,
	.push = fastcgi_push,
	.pull = fastcgi_pull,
	.cut = fastcgi_cut,
	.ended = fastcgi_ended,
	.detach = fastcgi_detach,
	.refused_status = 503,
	.died_status = 502,
};
