/*
 * fastcgi: workers that speak FastCGI on a listening socket of their own.
 *
 * A worker that has answered sleeps in read(2), and is woken when we take what
 * it wrote off its socket, since that has room again: in vain, for each
 * request, which costs both sides more than the read itself.  So an answer
 * that comes whole is only looked at (recv(2), MSG_PEEK) and taken off when the
 * worker has been sent its next request, and is awake for that.
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

#include "body.h"
#include "fcgi.h"
#include "mem.h"
#include "module.h"
#include "outbox.h"
#include "speech.h"
#include "timer.h"
#include "worker.h"

#define READ_SIZE	(64 * 1024)	/* more costs memory per connection */
#define LOOK_SIZE	4096	/* an answer that is longer is read */
#define READS_AT_ONCE	8
#define LAST_READS	17	/* more than a unix socket holds */
#define EXIT_WAIT_MS	1000	/* for the status of a process that hung up */

static void	on_readable(evutil_socket_t, short, void *);
static void	on_sent(void *, int);

/* --- connections -------------------------------------------------------- */

/* Take off the socket what was looked at; it is there. */
static void
take_off(struct connection *c)
{
	uint8_t	 seen[LOOK_SIZE];

	if (c->seen > 0 && read(c->fd, seen, c->seen) != (ssize_t)c->seen)
		c->has_broken = true;
	c->seen = 0;
}

/* A socket closed with bytes unread looks broken to the worker: ECONNRESET. */
static void
connection_close(struct connection *c)
{
	if (c->fd == -1)
		return;
	outbox_remove(&c->post);
	take_off(c);
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
	buffer_release(&c->unsent);
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
	c->post.fd = fd;
	c->post.bytes = &c->unsent;
	c->post.seen = &c->seen;
	c->post.done = on_sent;
	c->post.arg = c;
	/* By edge: what was only looked at would be news again and again. */
	c->readable = event_new(workers_base(w->workers), fd,
	    EV_READ | EV_CLOSED | EV_PERSIST | EV_ET, on_readable, c);
	c->writable = event_new(workers_base(w->workers), fd,
	    EV_WRITE | EV_PERSIST | EV_ET, speech_on_writable, c);
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
	/* Then not a byte of it has gone out. */
	if (outbox_has(&c->post))
		how = EXCHANGE_RESET;
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
	c->is_paused = c->is_cold = false;
	event_del(c->writable);
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
			return true;
		}
		/* Else it is output, which was taken already. */
		connection_garbage(c, "it goes on after the end of its "
		    "STDOUT");
		return false;
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

/* Whole records of STDOUT that came together, one behind the other. */
struct output {
	struct iovec	 records;
	size_t		 len;		/* of their content */
};

static bool
is_output(const struct connection *c, const struct fcgi_record *rec)
{
	return rec->type == FCGI_STDOUT && rec->length > 0 &&
	    rec->request_id == WORKER_ID && c->request != NULL &&
	    !c->stdout_ended;
}

static void
add_output(struct output *o, const struct fcgi_record *rec,
    const uint8_t *bytes, size_t size)
{
	if (o->len == 0)
		o->records.iov_base = (void *)(uintptr_t)bytes;
	o->records.iov_len += size;
	o->len += rec->length;
}

/* Pieces of content for one record, at most. */
struct content {
	struct iovec	 pieces[REQUEST_PIECES];
	int		 count;
	size_t		 len;
};

static void
pass_content(struct connection *c, struct content *o)
{
	if (o->count > 0)
		c->is_paused = !request_take_stdout(c->request, o->pieces,
		    o->count);
	o->count = 0;
	o->len = 0;
}

static void
add_content(struct connection *c, struct content *o,
    const struct fcgi_record *rec)
{
	const uint8_t	*content = rec->content;
	size_t		 left, n;

	for (left = rec->length; left > 0; content += n, left -= n) {
		if (o->count == REQUEST_PIECES || o->len == ANSWER_CONTENT_MAX)
			pass_content(c, o);
		n = ANSWER_CONTENT_MAX - o->len;
		if (n > left)
			n = left;
		o->pieces[o->count++] = (struct iovec){
		    (void *)(uintptr_t)content, n };
		o->len += n;
	}
}

static void
unpack_output(struct connection *c, const struct output *o)
{
	struct content		 content = { .count = 0 };
	struct fcgi_record	 rec;
	const uint8_t		*bytes = o->records.iov_base;
	size_t			 left, n;

	for (left = o->records.iov_len; left > 0; bytes += n, left -= n) {
		n = (size_t)fcgi_parse(bytes, left, &rec);
		add_content(c, &content, &rec);
	}
	pass_content(c, &content);
}

/* As they stand, if they may leave so. */
static void
pass_output(struct connection *c, struct output *o)
{
	if (o->len == 0)
		return;
	if (request_take_records(c->request, WORKER_ID, &o->records, o->len))
		c->is_paused = c->request->is_paused;
	else
		unpack_output(c, o);
	memset(o, 0, sizeof(*o));
}

static void
keep_rest(struct connection *c, const uint8_t *bytes, size_t len)
{
	free(c->kept);
	c->kept = NULL;
	if ((c->kept_len = len) > 0) {
		c->kept = xmalloc(len);
		memcpy(c->kept, bytes, len);
	}
}

/* Take all whole records; keep the rest for the next read. */
static void
take_bytes(struct connection *c, const uint8_t *bytes, size_t len)
{
	struct speech		*s = c->worker->private;
	struct output		 o = { .len = 0 };
	struct fcgi_record	 rec;
	ptrdiff_t		 n = 0;

	for (; len > 0; bytes += n, len -= (size_t)n) {
		if ((n = fcgi_parse(bytes, len, &rec)) <= 0)
			break;
		if (is_output(c, &rec)) {
			add_output(&o, &rec, bytes, (size_t)n);
			continue;
		}
		pass_output(c, &o);
		if (!take_record(c, &rec) || !is_there(s, c))
			return;
	}
	pass_output(c, &o);
	if (n == -1)
		connection_garbage(c, "what it sends is not FastCGI");
	else if (len > 0 && c->request == NULL)
		connection_garbage(c, "it answers without being asked");
	else
		keep_rest(c, bytes, len);
}

enum amount { NOTHING, SOME, FULL };

/* What came, or the end, or nothing, as read(2) has it. */
static enum amount
take_read(struct connection *c, ssize_t n, size_t size)
{
	if (n > 0) {
		if (c->request != NULL)
			request_heard(c->request);
		take_bytes(c, workers_scratch(c->worker->workers),
		    c->kept_len + (size_t)n);
		return (size_t)n == size ? FULL : SOME;
	}
	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return NOTHING;
	if (n == 0 && c->request == NULL)
		((struct speech *)c->worker->private)->closes = true;
	connection_lost(c, n == 0 && !c->has_broken ? EXCHANGE_CLOSED :
	    EXCHANGE_RESET);
	return NOTHING;
}

/* Where the next bytes go: what was kept is shorter than a record. */
static uint8_t *
place_for_read(struct connection *c)
{
	uint8_t	*scratch = workers_scratch(c->worker->workers);

	if (c->kept_len > 0)
		memcpy(scratch, c->kept, c->kept_len);
	return scratch + c->kept_len;
}

/* The beginning of an answer: if that is all of it, it stays where it is. */
static enum amount
look(struct connection *c)
{
	struct speech	*s = c->worker->private;
	enum amount	 got;
	ssize_t		 n;

	n = recv(c->fd, place_for_read(c), LOOK_SIZE, MSG_PEEK);
	c->is_new = n <= 0;
	c->seen = n > 0 ? (size_t)n : 0;
	got = take_read(c, n, LOOK_SIZE);
	if (is_there(s, c) && c->request != NULL)
		take_off(c);
	return got;
}

/* One read's worth; FULL: there may be more. */
static enum amount
read_once(struct connection *c)
{
	take_off(c);
	if (c->is_new)
		return look(c);
	return take_read(c, read(c->fd, place_for_read(c), READ_SIZE),
	    READ_SIZE);
}

/*
 * What is there is told once.  So while an answer goes on, or if the end came
 * with it, it is read until there is nothing more; if that takes long the loop
 * is made to tell it anew, after others have had their turn.
 */
static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct connection	*c = arg;
	struct speech		*s = c->worker->private;
	enum amount		 got;
	int			 i;

	(void)fd;
	for (i = 0; i < READS_AT_ONCE; i++) {
		got = read_once(c);
		if (!is_there(s, c) || c->fd == -1 || got == NOTHING)
			return;
		if (c->is_paused) {
			event_del(c->readable);
			return;
		}
		if (c->request == NULL && got == SOME &&
		    (what & EV_CLOSED) == 0)
			return;
	}
	event_del(c->readable);
	event_add(c->readable, NULL);
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

static void
begin_on(struct connection *c, struct request *r)
{
	c->stdin_ended = c->data_ended = c->stdout_ended = false;
	c->is_paused = false;
	c->is_cold = !c->worker->has_served;
	c->is_new = true;
	c->request = r;
	r->exchange = c;
	speech_begin(c);
	/* Else that is done when it has been sent. */
	if (!outbox_has(&c->post))
		take_off(c);
}

static bool
rewind_bodies(struct request *r)
{
	return (r->body == NULL || body_rewind(r->body) == 0) &&
	    (r->data == NULL || body_rewind(r->data) == 0);
}

/*
 * The one write of a request has failed, so not a byte of it has gone out: the
 * connection that was kept has gone since, and it takes another.  False if it
 * cannot be said again.
 */
static bool
begin_elsewhere(struct connection *c)
{
	struct request	*r = c->request;
	struct worker	*w = c->worker;

	if (!c->has_broken || !c->sent_at_once || !rewind_bodies(r))
		return false;
	((struct speech *)w->private)->closes = true;
	connection_free(c);
	r->exchange = NULL;
	return true;
}

/* Over a connection of its own; -1: see begin_refused. */
static int
begin_anew(struct request *r)
{
	struct connection	*c;

	if ((c = connection_open(r->worker)) == NULL)
		return begin_refused(r);
	begin_on(c, r);
	return 0;
}

static int
fastcgi_begin(struct request *r)
{
	struct connection	*c;

	if ((c = connection_idle(r->worker)) == NULL)
		return begin_anew(r);
	begin_on(c, r);
	return begin_elsewhere(c) ? begin_anew(r) : 0;
}

/* The turn is over, and what was to be said has been, if there was room. */
static void
on_sent(void *arg, int error)
{
	struct connection	*c = arg;
	struct request		*r = c->request;

	if (error != 0) {
		c->has_broken = true;
		/* Else it was sent, but what it answered before is not gone. */
		if (buffer_size(&c->unsent) == 0)
			return;
		buffer_clear(&c->unsent);
		if (begin_elsewhere(c) && begin_anew(r) == -1)
			request_failed(r, EXCHANGE_RESET,
			    "it does not accept requests");
		return;
	}
	request_heard(r);
	if (buffer_size(&c->unsent) > 0)
		event_add(c->writable, NULL);
}

static void
fastcgi_push(struct request *r)
{
	struct connection	*c = r->exchange;

	if (c->fd != -1 && !c->is_cold)
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
		    c->fd != -1 && read_once(c) != NOTHING; i++)
			continue;
		if (!is_there(s, c))
			continue;
		/* A child of it may still hold the socket open. */
		if (c->fd != -1)
			c->lost = outbox_has(&c->post) ? EXCHANGE_RESET :
			    EXCHANGE_CLOSED;
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
	.overdue_status = 504,
	.full_status = 503,
};
