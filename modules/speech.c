/*
 * speech: a request on its way to a FastCGI worker, no faster than it reads.
 *
 * The records are plain: one PARAMS stream, no padding (libfcgi trips over a
 * padded BEGIN_REQUEST).
 */
#include "speech.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include <linux/sockios.h>

#include "body.h"
#include "cgi.h"
#include "fcgi.h"
#include "mem.h"
#include "worker.h"

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

/*
 * Put the pair of variable *i at out, and those behind it that fit and stand
 * behind it as they came: in one piece, as it is in memory.  *i moves to the
 * first that is not put.  Returns the bytes, 0 if not even the first fits.
 */
static size_t
put_pairs(uint8_t *out, size_t room, const struct variables *vars, size_t *i)
{
	const struct variable	*v = &vars->list[*i];
	const struct variable	*end = vars->list + vars->count;
	const char		*from = v->name - v->head, *to = from;
	struct fcgi_pair	 pair;
	size_t			 size;

	if (v->head == 0) {
		pair = (struct fcgi_pair){ v->name, v->name_len, v->value,
		    v->value_len, 0 };
		size = fcgi_pair_put(out, room, &pair);
		*i += size > 0;
		return size;
	}
	for (; v < end && v->head != 0 && v->passes &&
	    v->name - v->head == to &&
	    (size_t)(v->value + v->value_len - from) <= room; v++)
		to = v->value + v->value_len;
	memcpy(out, from, (size_t)(to - from));
	*i = (size_t)(v - vars->list);
	return (size_t)(to - from);
}

/* A pair that no record holds goes over as many as it takes. */
static uint8_t *
put_long_pair(uint8_t *record, const struct variable *v)
{
	struct fcgi_pair	 pair = { v->name, v->name_len, v->value,
				    v->value_len, 0 };
	size_t			 left, at, n, room = pair_size_max(v);
	uint8_t			*bytes;

	bytes = xmalloc(room);
	left = fcgi_pair_put(bytes, room, &pair);
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
put_params(struct buffer *out, const struct variables *vars)
{
	uint8_t	*start, *record;
	size_t	 i, n, total = 0, len = 0;

	for (i = 0; i < vars->count; i++)
		total += pair_size_max(&vars->list[i]);
	/* Any three records in a row hold more than one could. */
	total += FCGI_HEADER_LEN * (total / (FCGI_CONTENT_MAX / 4) + 2);
	start = record = buffer_reserve(out, total);
	for (i = 0; i < vars->count;) {
		if (!vars->list[i].passes) {
			i++;
			continue;
		}
		n = put_pairs(record + FCGI_HEADER_LEN + len,
		    FCGI_CONTENT_MAX - len, vars, &i);
		if (n == 0 && len > 0)
			record = close_params(record, &len);
		else if (n == 0)
			record = put_long_pair(record, &vars->list[i++]);
		len += n;
	}
	record = close_params(record, &len);
	fcgi_put_header(record, FCGI_PARAMS, WORKER_ID, 0, 0);
	buffer_extend(out, (size_t)(record + FCGI_HEADER_LEN - start));
}

/* --- the body ----------------------------------------------------------- */

/* What is said next: a record of a stream, its end, or both. */
struct next {
	uint8_t		 head[FCGI_HEADER_LEN];
	uint8_t		 end[FCGI_HEADER_LEN];
	struct iovec	 pieces[3];	/* head, content, end */
	struct body	*body;
	bool		*has_ended;
};

/* Of the stream whose turn it is, what waits.  False if nothing does. */
static bool
find_next(struct connection *c, struct next *n)
{
	struct request	*r = c->request;
	bool		 is_stdin = !c->stdin_ended;
	uint8_t		 type = is_stdin ? FCGI_STDIN : FCGI_DATA;
	const uint8_t	*bytes = NULL;
	ptrdiff_t	 len;

	memset(n, 0, sizeof(*n));
	n->has_ended = is_stdin ? &c->stdin_ended : &c->data_ended;
	n->body = is_stdin ? r->body : r->data;
	if (c->data_ended || n->body == NULL ||
	    (len = body_peek(n->body, &bytes, FCGI_CONTENT_MAX)) == -1)
		return false;
	if (len > 0) {
		fcgi_put_header(n->head, type, WORKER_ID, (uint16_t)len, 0);
		n->pieces[0] = (struct iovec){ n->head, FCGI_HEADER_LEN };
		n->pieces[1] = (struct iovec){ (void *)(uintptr_t)bytes,
		    (size_t)len };
	}
	if (body_has_ended(n->body) &&
	    body_waiting(n->body) == (uint64_t)len) {
		fcgi_put_header(n->end, type, WORKER_ID, 0, 0);
		n->pieces[2] = (struct iovec){ n->end, FCGI_HEADER_LEN };
	}
	return len > 0 || n->pieces[2].iov_len > 0;
}

/* It has gone out, or a copy waits. */
static void
count_next(struct connection *c, const struct next *n)
{
	body_consume(n->body, n->pieces[1].iov_len);
	*n->has_ended = n->pieces[2].iov_len > 0;
	if (c->stdin_ended && c->request->role != FCGI_FILTER)
		c->data_ended = true;
}

static void
put_next(struct connection *c, const struct next *n)
{
	int	 i;

	for (i = 0; i < 3; i++)
		buffer_add(&c->unsent, n->pieces[i].iov_base,
		    n->pieces[i].iov_len);
	count_next(c, n);
}

/* What waits in unsent, or else what is next.  False: no more can be sent. */
static bool
send_some(struct connection *c)
{
	struct next	 n;
	int		 result;

	if (buffer_size(&c->unsent) > 0)
		result = buffer_flush(&c->unsent, c->fd);
	else if (c->request == NULL || c->is_cold || !find_next(c, &n))
		return false;
	else {
		result = buffer_send(&c->unsent, c->fd, n.pieces, 3);
		count_next(c, &n);
	}
	if (result == -1) {
		/* What it said before it broke is still to be read. */
		c->has_broken = true;
		buffer_clear(&c->unsent);
		return false;
	}
	if (c->request != NULL)
		request_heard(c->request);
	return buffer_size(&c->unsent) == 0;
}

void
speech_send_on(struct connection *c)
{
	while (!c->has_broken && send_some(c))
		continue;
	if (buffer_size(&c->unsent) > 0)
		event_add(c->writable, NULL);
	else if (!c->is_cold)
		event_del(c->writable);
}

/* --- the worker reads --------------------------------------------------- */

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

/* The body was full, so that its front was not read from: go on with that. */
static void
tell_room(struct connection *c)
{
	if (c->request != NULL && c->request->is_stopped_reading)
		request_room(c->request);
}

/*
 * Each time the worker reads, the socket has room anew, which is an edge to
 * epoll(7).  When nothing is left unread (unix(7), SIOCOUTQ), the start of a
 * cold worker is over and the body may follow.
 */
void
speech_on_writable(evutil_socket_t fd, short what, void *arg)
{
	struct connection	*c = arg;

	(void)what;
	if (c->is_cold && buffer_size(&c->unsent) == 0 &&
	    has_read_all((int)fd)) {
		c->is_cold = false;
		request_begun(c->request);
	}
	speech_send_on(c);
	tell_room(c);
}

/* --- a request ---------------------------------------------------------- */

void
speech_begin(struct connection *c)
{
	struct outbox	*outbox = workers_outbox(c->worker->workers);
	struct next	 n;
	uint8_t		 begin[FCGI_FIXED_LEN];

	fcgi_put_begin(begin, WORKER_ID, c->request->role, FCGI_KEEP_CONN);
	buffer_add(&c->unsent, begin, sizeof(begin));
	put_params(&c->unsent, &c->request->variables);
	while (!c->is_cold && buffer_size(&c->unsent) < AT_ONCE_MAX &&
	    find_next(c, &n))
		put_next(c, &n);
	c->sent_at_once = c->data_ended &&
	    buffer_size(&c->unsent) <= AT_ONCE_MAX;
	if (c->sent_at_once && !c->is_cold && outbox != NULL) {
		outbox_add(outbox, &c->post);
		return;
	}
	if (c->is_cold)
		event_add(c->writable, NULL);
	speech_send_on(c);
}
