/*
 * speech: a request on its way to a FastCGI worker, no faster than it reads.
 *
 * The records are plain: one PARAMS stream, no padding (libfcgi trips over a
 * padded BEGIN_REQUEST).
 */
#include "speech.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <event2/buffer.h>
#include <linux/sockios.h>

#include "body.h"
#include "cgi.h"
#include "fcgi.h"
#include "mem.h"
#include "worker.h"

#define UNSENT_MAX	(64 * 1024)	/* of a body, before it waits */
#define AT_ONCE_MAX	8192	/* what libfcgi reads at a time */

/* --- parameters --------------------------------------------------------- */

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

/* What a variable takes up as a pair, at most. */
static size_t
pair_size_max(const struct variable *v)
{
	return (size_t)v->name_len + v->value_len + 8;
}

/* A pair that came as one goes on as it stands.  Returns as fcgi_pair_put. */
static size_t
put_pair(uint8_t *out, size_t room, const struct variable *v)
{
	struct fcgi_pair	 pair = { v->name, v->name_len, v->value,
				    v->value_len, v->head };
	size_t			 size = v->head + v->name_len + v->value_len;

	if (v->head == 0)
		return fcgi_pair_put(out, room, &pair);
	if (size > room)
		return 0;
	memcpy(out, v->name - v->head, size);
	return size;
}

/* A pair that no record holds goes over as many as it takes. */
static uint8_t *
put_long_pair(uint8_t *record, const struct variable *v)
{
	size_t	 left, at, n, room = pair_size_max(v);
	uint8_t	*bytes;

	bytes = xmalloc(room);
	left = put_pair(bytes, room, v);
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
	const struct variable	*v;
	uint8_t			*record;
	size_t			 i, total = 0, len = 0, n;

	for (i = 0; i < vars->count; i++)
		total += pair_size_max(&vars->list[i]);
	/* Any three records in a row hold more than one could. */
	total += FCGI_HEADER_LEN * (total / (FCGI_CONTENT_MAX / 4) + 2);
	evbuffer_reserve_space(out, (ev_ssize_t)total, &space, 1);

	record = space.iov_base;
	for (i = 0; i < vars->count; i++) {
		v = &vars->list[i];
		if (!v->passes)
			continue;
		n = put_pair(record + FCGI_HEADER_LEN + len,
		    FCGI_CONTENT_MAX - len, v);
		if (n == 0) {
			record = close_params(record, &len);
			n = put_pair(record + FCGI_HEADER_LEN,
			    FCGI_CONTENT_MAX, v);
		}
		if (n == 0)
			record = put_long_pair(record, v);
		len += n;
	}
	record = close_params(record, &len);
	fcgi_put_header(record, FCGI_PARAMS, WORKER_ID, 0, 0);
	space.iov_len = (size_t)(record + FCGI_HEADER_LEN -
	    (uint8_t *)space.iov_base);
	evbuffer_commit_space(out, &space, 1);
}

/* --- the body ----------------------------------------------------------- */

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

void
speech_send_on(struct connection *c)
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

void
speech_on_writable(evutil_socket_t fd, short what, void *arg)
{
	struct connection	*c = arg;

	(void)fd;
	(void)what;
	speech_send_on(c);
	tell_room(c);
}

/* --- a cold worker ------------------------------------------------------ */

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

void
speech_watch_no_more(struct connection *c)
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
	speech_watch_no_more(c);
	request_begun(c->request);
	speech_send_on(c);
	tell_room(c);
}

int
speech_watch_first_read(struct connection *c)
{
	int	 fd;

	if ((fd = fcntl(c->fd, F_DUPFD_CLOEXEC, 0)) == -1)
		return -1;
	c->first_read = event_new(workers_base(c->worker->workers), fd,
	    EV_WRITE | EV_PERSIST | EV_ET, on_first_read, c);
	event_add(c->first_read, NULL);
	return 0;
}

/* --- a request ---------------------------------------------------------- */

void
speech_begin(struct connection *c)
{
	struct request	*r = c->request;
	uint8_t		 begin[FCGI_FIXED_LEN];

	fcgi_put_begin(begin, WORKER_ID, r->role, FCGI_KEEP_CONN);
	evbuffer_add(c->unsent, begin, sizeof(begin));
	put_params(c->unsent, &r->variables);
	if (c->first_read == NULL)
		put_body(c);
	c->sent_at_once = c->data_ended &&
	    evbuffer_get_length(c->unsent) <= AT_ONCE_MAX;
	speech_send_on(c);
}
