/*
 * fastcgi: workers that speak FastCGI on a listening socket of their own.
 *
 * A connection carries one request at a time; a worker that takes several at
 * once gets a connection each.  A connection is kept for the next request if
 * this one was sent whole in one write: what a program that answers early has
 * not read of it would lie in front of the next, and libfcgi then closes the
 * connection with that next request unread, as if it had never been sent.
 * Records to the worker are plain: one PARAMS stream, no padding (libfcgi
 * trips over a padded BEGIN_REQUEST).
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <event2/buffer.h>
#include <event2/event.h>
#include <linux/sockios.h>

#include "body.h"
#include "cgi.h"
#include "fcgi.h"
#include "function.h"
#include "log.h"
#include "mem.h"
#include "module.h"
#include "request.h"
#include "timer.h"
#include "worker.h"

#define WORKER_ID	1	/* the request id on every connection */
#define READ_SIZE	(64 * 1024)
#define LAST_READS	17	/* more than a unix socket holds */
#define UNSENT_MAX	(64 * 1024)	/* of a body, before it waits */
#define AT_ONCE_MAX	8192	/* what libfcgi reads at a time */
#define EXIT_WAIT_MS	1000	/* for the status of a process that hung up */

struct connection {
	struct worker	*worker;
	struct request	*request;	/* NULL: idle, or cut */
	int		 fd;		/* -1: lost, its end is awaited */
	struct event	*readable;
	struct event	*writable;
	struct event	*first_read;	/* a cold worker's; NULL when it has */
	struct evbuffer	*unsent;
	uint8_t		*kept;		/* a record that is not whole yet */
	size_t		 kept_len;
	bool		 has_broken;	/* it can no longer be written to */
	bool		 sent_at_once;	/* the whole request was one write */
	bool		 stdin_ended;	/* the empty record is sent */
	bool		 data_ended;
	bool		 stdout_ended;
	bool		 is_paused;
	enum exchange_end	 lost;	/* how, while fd is -1 */
	struct timer	*exit_wait;	/* NULL until then */
	TAILQ_ENTRY(connection)	 in_worker;
};

TAILQ_HEAD(connections, connection);

struct speech {				/* worker->private */
	int			 socket;	/* O_PATH: where to connect */
	struct connections	 all;
	bool			 closes;	/* after each request */
};

static void	on_first_read(evutil_socket_t, short, void *);
static void	on_readable(evutil_socket_t, short, void *);
static void	on_writable(evutil_socket_t, short, void *);

/* --- connections -------------------------------------------------------- */

static void
watch_no_more(struct connection *c)
{
	int	 fd;

	if (c->first_read == NULL)
		return;
	/* Unwatched before it is closed: epoll(7) would keep the duplicate. */
	fd = event_get_fd(c->first_read);
	event_free(c->first_read);
	close(fd);
	c->first_read = NULL;
}

static void
connection_close(struct connection *c)
{
	if (c->fd == -1)
		return;
	watch_no_more(c);
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
	    EV_WRITE | EV_PERSIST, on_writable, c);
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

/* --- to the worker ------------------------------------------------------ */

/* The record gets its header, unless it is empty.  Where the next begins. */
static uint8_t *
close_params(uint8_t *record, size_t *len)
{
	if (*len == 0)
		return record;	/* it would end the stream */
	fcgi_put_header(record, FCGI_PARAMS, WORKER_ID, (uint16_t)*len, 0);
	record += FCGI_HEADER_LEN + *len;
	*len = 0;
	return record;
}

/* A pair that no record holds goes over as many as it takes. */
static uint8_t *
put_long_pair(uint8_t *record, const struct fcgi_pair *pair)
{
	size_t	 left, at, n, room = pair->name_len + pair->value_len + 8;
	uint8_t	*bytes;

	bytes = xmalloc(room);
	left = fcgi_pair_put(bytes, room, pair);
	for (at = 0; left > 0; at += n, left -= n) {
		n = left < FCGI_CONTENT_MAX ? left : FCGI_CONTENT_MAX;
		fcgi_put_header(record, FCGI_PARAMS, WORKER_ID, (uint16_t)n, 0);
		memcpy(record + FCGI_HEADER_LEN, bytes + at, n);
		record += FCGI_HEADER_LEN + n;
	}
	free(bytes);
	return record;
}

/*
 * Other pairs never straddle records: there are programs that read each record
 * by itself (php-cgi does).
 */
static void
put_params(struct evbuffer *out, const struct variables *vars)
{
	struct evbuffer_iovec	 space;
	struct fcgi_pair	 pair;
	const struct variable	*v;
	uint8_t			*record;
	size_t			 i, total = 0, len = 0, n;

	for (i = 0; i < vars->count; i++)
		total += vars->list[i].name_len + vars->list[i].value_len + 8;
	/* Any three records in a row hold more than one could. */
	total += FCGI_HEADER_LEN * (total / (FCGI_CONTENT_MAX / 4) + 2);
	evbuffer_reserve_space(out, (ev_ssize_t)total, &space, 1);

	record = space.iov_base;
	for (i = 0; i < vars->count; i++) {
		v = &vars->list[i];
		if (v->value == NULL ||
		    !variable_name_passes(v->name, v->name_len, NAME_FASTCGI))
			continue;
		pair = (struct fcgi_pair){ v->name, v->name_len, v->value,
		    v->value_len };
		n = fcgi_pair_put(record + FCGI_HEADER_LEN + len,
		    FCGI_CONTENT_MAX - len, &pair);
		if (n == 0) {
			record = close_params(record, &len);
			n = fcgi_pair_put(record + FCGI_HEADER_LEN,
			    FCGI_CONTENT_MAX, &pair);
		}
		if (n == 0)
			record = put_long_pair(record, &pair);
		len += n;
	}
	record = close_params(record, &len);
	fcgi_put_header(record, FCGI_PARAMS, WORKER_ID, 0, 0);
	space.iov_len = (size_t)(record + FCGI_HEADER_LEN -
	    (uint8_t *)space.iov_base);
	evbuffer_commit_space(out, &space, 1);
}

static void
put_empty(struct evbuffer *out, uint8_t type)
{
	uint8_t	 header[FCGI_HEADER_LEN];

	fcgi_put_header(header, type, WORKER_ID, 0, 0);
	evbuffer_add(out, header, sizeof(header));
}

/* Move what waits of a body into unsent.  True when its end is there too. */
static bool
put_stream(struct connection *c, struct body *body, uint8_t type)
{
	uint8_t		 header[FCGI_HEADER_LEN];
	const uint8_t	*bytes;
	ptrdiff_t	 n;

	while (body != NULL && evbuffer_get_length(c->unsent) < UNSENT_MAX &&
	    (n = body_peek(body, &bytes, FCGI_CONTENT_MAX)) > 0) {
		fcgi_put_header(header, type, WORKER_ID, (uint16_t)n, 0);
		evbuffer_add(c->unsent, header, sizeof(header));
		evbuffer_add(c->unsent, bytes, (size_t)n);
		body_consume(body, (size_t)n);
	}
	if (body == NULL || !body_has_ended(body) || body_waiting(body) > 0)
		return false;
	put_empty(c->unsent, type);
	return true;
}

static void
put_body(struct connection *c)
{
	struct request	*r = c->request;

	if (!c->stdin_ended)
		c->stdin_ended = put_stream(c, r->body, FCGI_STDIN);
	if (c->stdin_ended && !c->data_ended)
		c->data_ended = r->role != FCGI_FILTER ||
		    put_stream(c, r->data, FCGI_DATA);
}

/* Write what is unsent, refilling from the body while the socket takes it. */
static void
send_on(struct connection *c)
{
	size_t	 had;

	for (;;) {
		if (c->request != NULL && c->first_read == NULL)
			put_body(c);
		had = evbuffer_get_length(c->unsent);
		if (had == 0 || c->has_broken) {
			evbuffer_drain(c->unsent, had);
			event_del(c->writable);
			return;
		}
		if (evbuffer_write(c->unsent, c->fd) == -1) {
			if (errno == EAGAIN || errno == EINTR)
				break;
			/* What it said before it broke is still to be read. */
			c->has_broken = true;
			continue;
		}
		if (c->request != NULL)
			request_heard(c->request);
	}
	event_add(c->writable, NULL);
}

/* The body was full, so that its front was not read from: go on with that. */
static void
tell_room(struct connection *c)
{
	if (c->request != NULL && c->request->is_stopped_reading)
		request_room(c->request);
}

static void
on_writable(evutil_socket_t fd, short what, void *arg)
{
	struct connection	*c = arg;

	(void)fd;
	(void)what;
	send_on(c);
	tell_room(c);
}

/*
 * Has the other side read all it was sent?  The kernel wakes us while it still
 * holds the last byte of its count, so one is none: a packet counts for
 * hundreds.  What a worker throws away by closing does not count as read.
 */
static bool
has_read_all(int fd)
{
	struct pollfd	 p = { .fd = fd };
	int		 left;

	return ioctl(fd, SIOCOUTQ, &left) == 0 && left <= 1 &&
	    poll(&p, 1, 0) == 0;
}

/*
 * Each time the worker reads, the socket has room anew, which is an edge to
 * epoll(7); when nothing is left unread (unix(7), SIOCOUTQ), its start is over
 * and the body may follow.  The descriptor is a duplicate, so that the
 * connection itself can be watched by level.
 */
static void
on_first_read(evutil_socket_t fd, short what, void *arg)
{
	struct connection	*c = arg;

	(void)what;
	if (evbuffer_get_length(c->unsent) > 0 || !has_read_all((int)fd))
		return;
	watch_no_more(c);
	request_begun(c->request);
	send_on(c);
	tell_room(c);
}

static int
watch_first_read(struct connection *c)
{
	int	 fd;

	if ((fd = fcntl(c->fd, F_DUPFD_CLOEXEC, 0)) == -1)
		return -1;
	c->first_read = event_new(workers_base(c->worker->workers), fd,
	    EV_WRITE | EV_PERSIST | EV_ET, on_first_read, c);
	event_add(c->first_read, NULL);
	return 0;
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
	watch_no_more(c);
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
	uint8_t			 begin[FCGI_FIXED_LEN];

	if ((c = connection_idle(w)) == NULL &&
	    (c = connection_open(w)) == NULL)
		return begin_refused(r);
	c->stdin_ended = c->data_ended = c->stdout_ended = false;
	c->is_paused = false;
	if (!w->has_served && watch_first_read(c) == -1) {
		connection_free(c);
		return -1;
	}
	c->request = r;
	r->exchange = c;

	fcgi_put_begin(begin, WORKER_ID, r->role, FCGI_KEEP_CONN);
	evbuffer_add(c->unsent, begin, sizeof(begin));
	put_params(c->unsent, &r->variables);
	if (c->first_read == NULL)
		put_body(c);
	c->sent_at_once = c->data_ended &&
	    evbuffer_get_length(c->unsent) <= AT_ONCE_MAX;
	send_on(c);
	return 0;
}

static void
fastcgi_push(struct request *r)
{
	struct connection	*c = r->exchange;

	if (c->fd != -1 && c->first_read == NULL)
		send_on(c);
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
