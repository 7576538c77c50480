/*
 * connection: the records that pass over one connection, and its ends.
 */
#include "connection.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/event.h>

#include "config.h"
#include "fcgi.h"
#include "log.h"
#include "mem.h"
#include "outbox.h"
#include "request.h"
#include "timer.h"

#define READ_SIZE	(64 * 1024)
#define REPLIES_MAX	(64 * 1024)	/* bytes that a peer may leave unread */
#define DEAF_MS		2000	/* for a peer to notice that it is closed */

struct connection {
	struct connections	*all;
	int		 fd;
	bool		 is_unix;
	struct event	*readable;
	struct event	*hung_up;	/* only while reading is stopped */
	struct event	*writable;
	struct timer	*whole;		/* by when a record must be */
	struct buffer	 unsent;
	struct outbox_post	 post;	/* of unsent */
	size_t		 replied;	/* since nothing was unsent */
	uint8_t		*kept;		/* a record that is not whole yet */
	size_t		 kept_len;
	TAILQ_HEAD(, request)	 requests;
	unsigned	 request_count;
	unsigned	 stopped;	/* requests whose body is full */
	bool		 has_begun;	/* a request, at any time */
	bool		 keeps;		/* FCGI_KEEP_CONN of the last request */
	bool		 has_ended;	/* the peer sends no more */
	bool		 is_full;	/* its socket: writable is awaited */
	bool		 is_closing;	/* once its last bytes have left */
	bool		 is_deaf;	/* they have; what comes is dropped */
	bool		 is_dead;	/* freed when nobody is inside */
	unsigned	 inside;	/* calls that still need it */
	LIST_ENTRY(connection)	 in_all;
};

/* --- ends of connections ------------------------------------------------ */

static void
connection_free(struct connection *c)
{
	struct connections	*all = c->all;

	LIST_REMOVE(c, in_all);
	all->count--;
	event_free(c->readable);
	event_free(c->hung_up);
	event_free(c->writable);
	timer_free(c->whole);
	buffer_release(&c->unsent);
	close(c->fd);
	free(c->kept);
	free(c);
	all->on_gone(all->arg);
}

/* Nobody may be called back from inside a call, nor be freed under it. */
static void
enter(struct connection *c)
{
	c->inside++;
}

static void
leave(struct connection *c)
{
	if (--c->inside == 0 && c->is_dead)
		connection_free(c);
}

/* The peer is gone, or has to go: its requests are told, and forget it. */
static void
connection_drop(struct connection *c)
{
	struct request	*r;

	if (c->is_dead)
		return;
	c->is_dead = true;
	outbox_remove(&c->post);
	event_del(c->readable);
	event_del(c->hung_up);
	event_del(c->writable);
	if (c->whole != NULL)
		timer_stop(c->whole);
	while ((r = TAILQ_FIRST(&c->requests)) != NULL) {
		TAILQ_REMOVE(&c->requests, r, in_connection);
		request_leave(r);
	}
	if (c->inside == 0)
		connection_free(c);
}

/* Is there a reason to part with a connection that has no request? */
static bool
is_over(const struct connection *c)
{
	return c->request_count == 0 &&
	    (c->is_closing || c->has_ended || !c->keeps ||
	    c->all->is_draining);
}

static void
on_deaf_time(void *arg)
{
	connection_drop(arg);
}

/*
 * Part with it.  A peer that is still sending would, on a close, get a reset
 * in place of the answer it has not read yet: it is told first that no more
 * comes, and for a moment what it sends is thrown away.
 */
static void
connection_finish(struct connection *c)
{
	if (!c->is_closing || c->has_ended) {
		connection_drop(c);
		return;
	}
	if (c->is_deaf)
		return;
	c->is_deaf = true;
	shutdown(c->fd, SHUT_WR);
	event_add(c->readable, NULL);
	timer_free(c->whole);
	c->whole = timer_new(on_deaf_time, c);
	timer_start(c->whole, DEAF_MS);
}

/* --- out ---------------------------------------------------------------- */

static void
tell_room(struct connection *c)
{
	struct request	*r;

	TAILQ_FOREACH(r, &c->requests, in_connection)
		request_room(r);
}

static size_t
buffer_limit(const struct connection *c)
{
	return c->all->services->settings->buffer_size;
}

/* It has been written to; before that, had bytes waited. */
static void
after_sending(struct connection *c, size_t had)
{
	size_t	 left = buffer_size(&c->unsent);

	if (had >= buffer_limit(c) && left < buffer_limit(c))
		tell_room(c);
	if (left > 0) {
		event_add(c->writable, NULL);
		c->is_full = true;
		return;
	}
	c->replied = 0;
	if (c->is_full)
		event_del(c->writable);
	c->is_full = false;
	if (is_over(c))
		connection_finish(c);
}

/* Write what waits, and these pieces behind it. */
static void
send_now(struct connection *c, const struct iovec *pieces, int count)
{
	size_t	 had = buffer_size(&c->unsent);

	if (c->is_dead)
		return;
	outbox_remove(&c->post);
	if (buffer_send(&c->unsent, c->fd, pieces, count) == -1)
		connection_drop(c);
	else
		after_sending(c, had);
}

static void
on_sent(void *arg, int error)
{
	struct connection	*c = arg;

	enter(c);
	if (error != 0)
		connection_drop(c);
	else
		after_sending(c, 0);
	leave(c);
}

/*
 * May it wait for the end of the turn?  Not what is long, nor if a worker would
 * be told to pause because of what only waits for that.
 */
static bool
may_wait(const struct connection *c, const struct iovec *pieces, int count)
{
	size_t	 len = 0;
	int	 i;

	for (i = 0; i < count; i++)
		len += pieces[i].iov_len;
	return c->all->services->outbox != NULL && !c->is_full &&
	    len <= OUTBOX_MESSAGE_MAX &&
	    buffer_size(&c->unsent) + len < buffer_limit(c);
}

static void
connection_send(struct connection *c, const struct iovec *pieces, int count)
{
	int	 i;

	if (c->is_dead)
		return;
	if (!may_wait(c, pieces, count)) {
		send_now(c, pieces, count);
		return;
	}
	for (i = 0; i < count; i++)
		buffer_add(&c->unsent, pieces[i].iov_base, pieces[i].iov_len);
	outbox_add(c->all->services->outbox, &c->post);
}

static void
on_writable(evutil_socket_t fd, short what, void *arg)
{
	struct connection	*c = arg;

	(void)fd;
	(void)what;
	enter(c);
	send_now(c, NULL, 0);
	leave(c);
}

/*
 * What is said for the connection itself.  No request waits for it, so nothing
 * but this keeps a peer that asks and asks, and does not read, within bounds.
 */
static void
send_bytes(struct connection *c, void *bytes, size_t len)
{
	struct iovec	 piece = { bytes, len };

	c->replied += len;
	if (c->replied > REPLIES_MAX) {
		log_info("front: a peer does not read what it asks for: "
		    "closed");
		connection_drop(c);
		return;
	}
	send_now(c, &piece, 1);
}

/* --- what requests ask of it (struct client) ---------------------------- */

static void
client_send(struct request *r, const struct iovec *records, int count)
{
	struct connection	*c = r->connection;

	enter(c);
	connection_send(c, records, count);
	leave(c);
}

static bool
client_is_behind(const struct request *r)
{
	const struct connection	*c = r->connection;

	return buffer_size(&c->unsent) >= buffer_limit(c);
}

static void
read_again(struct connection *c)
{
	if (c->stopped == 0 || --c->stopped > 0 || c->is_dead || c->has_ended)
		return;
	event_del(c->hung_up);
	event_add(c->readable, NULL);
}

static void
client_resume(struct request *r)
{
	read_again(r->connection);
}

/*
 * A record of version 0 is no FastCGI to any web server: it gives the answer
 * up, visibly, which a mere close does not always make it do.
 */
static void
cut_off(struct connection *c, const struct request *r)
{
	uint8_t	 end[FCGI_FIXED_LEN];

	if (c->request_count > 0) {
		/* Others share the connection: only this one is ended. */
		fcgi_put_end(end, r->front_id, 1, FCGI_OVERLOADED);
		send_bytes(c, end, sizeof(end));
		return;
	}
	memset(end, 0, sizeof(end));
	c->is_closing = true;
	send_bytes(c, end, sizeof(end));
}

static void
client_over(struct request *r, enum client_end how)
{
	struct connection	*c = r->connection;

	if (c->is_dead)
		return;
	enter(c);
	TAILQ_REMOVE(&c->requests, r, in_connection);
	c->request_count--;
	if (r->is_stopped_reading)
		read_again(c);
	if (how == CLIENT_CUT_OFF && client_is_behind(r))
		connection_drop(c);	/* it would not read that either */
	else if (how == CLIENT_CUT_OFF)
		cut_off(c, r);
	else if (how == CLIENT_DISTRUSTED || (!c->keeps && !r->stdin_ended))
		c->is_closing = true;
	if (!c->is_dead && is_over(c) && buffer_size(&c->unsent) == 0)
		connection_finish(c);
	leave(c);
}

static const struct client	client = {
	.send = client_send,
	.is_behind = client_is_behind,
	.resume = client_resume,
	.over = client_over,
};

/* --- records in --------------------------------------------------------- */

static struct request *
find_request(struct connection *c, uint16_t id)
{
	struct request	*r;

	TAILQ_FOREACH(r, &c->requests, in_connection)
		if (r->front_id == id)
			return r;
	return NULL;
}

static void
refuse_begin(struct connection *c, uint16_t id, uint8_t protocol_status)
{
	uint8_t	 end[FCGI_FIXED_LEN];

	fcgi_put_end(end, id, 0, protocol_status);
	send_bytes(c, end, sizeof(end));
}

/* Each handler of a record: false if the peer has broken the protocol. */
static bool
on_begin(struct connection *c, const struct fcgi_record *rec)
{
	const struct gateway_settings	*s = c->all->services->settings;
	struct request			*r;
	uint16_t			 role;
	uint8_t				 flags;

	if (fcgi_get_begin(rec, &role, &flags) == -1 ||
	    find_request(c, rec->request_id) != NULL)
		return false;
	c->has_begun = true;
	c->keeps = (flags & FCGI_KEEP_CONN) != 0;
	if (c->request_count >= s->max_requests_per_connection) {
		log_warning("front: max_requests_per_connection = %u reached",
		    s->max_requests_per_connection);
		refuse_begin(c, rec->request_id, FCGI_OVERLOADED);
		return true;
	}
	if (role < FCGI_RESPONDER || role > FCGI_FILTER) {
		refuse_begin(c, rec->request_id, FCGI_UNKNOWN_ROLE);
		return true;
	}
	r = request_create(c->all->services, &client, c, rec->request_id,
	    role);
	TAILQ_INSERT_TAIL(&c->requests, r, in_connection);
	c->request_count++;
	return true;
}

/*
 * Of a request that was refused, or has had its answer, more may still come:
 * that is ignored.  Where none was ever begun it makes no sense.
 */
static bool
on_params(struct connection *c, const struct fcgi_record *rec)
{
	struct request	*r = find_request(c, rec->request_id);

	if (r == NULL)
		return c->has_begun;
	if (r->params_ended)
		return false;
	if (rec->length == 0)
		request_params_end(r);
	else
		request_params(r, rec->content, rec->length);
	return true;
}

static bool
on_stream(struct connection *c, const struct fcgi_record *rec,
    bool (*take)(struct request *, const uint8_t *, size_t),
    void (*end)(struct request *))
{
	struct request	*r = find_request(c, rec->request_id);
	bool		 had_stopped;

	if (r == NULL)
		return c->has_begun;
	if (rec->length == 0) {
		end(r);
		return true;
	}
	had_stopped = r->is_stopped_reading;
	if (!take(r, rec->content, rec->length) && !had_stopped)
		c->stopped++;
	return true;
}

static bool
on_stdin(struct connection *c, const struct fcgi_record *rec)
{
	return on_stream(c, rec, request_stdin, request_stdin_end);
}

static bool
on_data(struct connection *c, const struct fcgi_record *rec)
{
	return on_stream(c, rec, request_data, request_data_end);
}

static bool
on_abort(struct connection *c, const struct fcgi_record *rec)
{
	struct request	*r = find_request(c, rec->request_id);

	if (r != NULL)
		request_abort(r);
	return true;
}

/* Section 4.1: the limits are the configured ones. */
static void
answer_values(struct connection *c, const struct fcgi_record *rec)
{
	const struct gateway_settings	*s = c->all->services->settings;
	struct fcgi_values		 values = {
		.max_conns = s->max_connections,
		.max_reqs = s->max_connections *
		    s->max_requests_per_connection,
		.mpxs_conns = s->max_requests_per_connection > 1,
	};
	uint8_t				 out[FCGI_VALUES_MAX];

	send_bytes(c, out, fcgi_put_values(out, rec, &values));
}

static bool
on_management(struct connection *c, const struct fcgi_record *rec)
{
	uint8_t	 out[FCGI_FIXED_LEN];

	if (rec->type == FCGI_GET_VALUES) {
		answer_values(c, rec);
		return true;
	}
	/* Of an application's type, the null id is a lie (section 3.3). */
	if (rec->type >= FCGI_BEGIN_REQUEST && rec->type <= FCGI_DATA)
		return false;
	fcgi_put_unknown(out, rec->type);
	send_bytes(c, out, sizeof(out));
	return true;
}

static bool	(*const on_record[])(struct connection *,
		    const struct fcgi_record *) = {
	[FCGI_BEGIN_REQUEST] = on_begin,
	[FCGI_ABORT_REQUEST] = on_abort,
	[FCGI_PARAMS] = on_params,
	[FCGI_STDIN] = on_stdin,
	[FCGI_DATA] = on_data,
};

static bool
take_record(struct connection *c, const struct fcgi_record *rec)
{
	if (rec->request_id == FCGI_NULL_REQUEST_ID)
		return on_management(c, rec);
	if (rec->type < sizeof(on_record) / sizeof(on_record[0]) &&
	    on_record[rec->type] != NULL)
		return on_record[rec->type](c, rec);
	return true;		/* unknown, of some request: skipped */
}

static void
on_whole_time(void *arg)
{
	struct connection	*c = arg;

	log_info("front: a record was not whole within header_timeout = "
	    "%llums: closed", (unsigned long long)
	    c->all->services->settings->header_timeout_ms);
	connection_drop(c);
}

/* A record that is begun has to be whole some day, unless we do not read. */
static void
watch_rest(struct connection *c)
{
	uint64_t	 ms = c->all->services->settings->header_timeout_ms;

	if (c->kept_len == 0 || c->stopped > 0) {
		if (c->whole != NULL)
			timer_stop(c->whole);
		return;
	}
	if (c->whole == NULL)
		c->whole = timer_new(on_whole_time, c);
	if (ms != 0 && !timer_is_started(c->whole))
		timer_start(c->whole, ms);
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
	watch_rest(c);
}

/* Take all whole records; keep the rest for the next read. */
static void
take_bytes(struct connection *c, const uint8_t *bytes, size_t len)
{
	struct fcgi_record	 rec;
	ptrdiff_t		 n = 0;

	for (; len > 0; bytes += n, len -= (size_t)n) {
		if (c->is_dead || c->is_deaf)
			return;
		if ((n = fcgi_parse(bytes, len, &rec)) == 0)
			break;
		if (c->whole != NULL)
			timer_stop(c->whole);
		if (n == -1 || !take_record(c, &rec)) {
			log_info("front: a peer broke the protocol: closed");
			connection_drop(c);
			return;
		}
	}
	if (!c->is_dead && !c->is_deaf)
		keep_rest(c, bytes, len);
}

/*
 * A unix peer that has only shut its sending side down still gets its answer;
 * one that hung up, and any TCP peer's FIN, means that nobody waits for it.
 */
static void
on_end_of_file(struct connection *c)
{
	struct pollfd	 p = { .fd = c->fd };

	c->has_ended = true;
	event_del(c->readable);
	event_del(c->hung_up);
	if (outbox_has(&c->post))
		send_now(c, NULL, 0);
	if (!c->is_unix || c->request_count == 0 ||
	    poll(&p, 1, 0) == -1 || (p.revents & (POLLHUP | POLLERR)) != 0)
		connection_drop(c);
}

/* While nothing is read, this alone tells that the peer has left. */
static void
on_hung_up(evutil_socket_t fd, short what, void *arg)
{
	struct connection	*c = arg;
	struct pollfd		 p = { .fd = (int)fd };

	(void)what;
	event_del(c->hung_up);
	enter(c);
	if (!c->is_unix || poll(&p, 1, 0) == -1 ||
	    (p.revents & (POLLHUP | POLLERR)) != 0)
		connection_drop(c);
	leave(c);
}

static void
connection_read(struct connection *c)
{
	uint8_t	*scratch = c->all->scratch;
	ssize_t	 n;

	if (c->kept_len > 0)
		memcpy(scratch, c->kept, c->kept_len);
	n = read(c->fd, scratch + c->kept_len, READ_SIZE);
	if (n > 0 && c->is_deaf)
		return;
	if (n > 0) {
		take_bytes(c, scratch, c->kept_len + (size_t)n);
		if (c->stopped > 0 && !c->is_dead) {
			event_del(c->readable);
			event_add(c->hung_up, NULL);
		}
	} else if (n == 0)
		on_end_of_file(c);
	else if (errno != EAGAIN && errno != EINTR)
		connection_drop(c);
}

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct connection	*c = arg;

	(void)fd;
	(void)what;
	enter(c);
	connection_read(c);
	leave(c);
}

/* --- all of them ------------------------------------------------------- */

void
connection_create(struct connections *all, int fd, bool is_unix)
{
	struct connection	*c;

	c = xcalloc(1, sizeof(*c));
	c->all = all;
	c->fd = fd;
	c->is_unix = is_unix;
	c->keeps = true;
	c->post.fd = fd;
	c->post.bytes = &c->unsent;
	c->post.done = on_sent;
	c->post.arg = c;
	c->readable = event_new(all->base, fd, EV_READ | EV_PERSIST,
	    on_readable, c);
	c->hung_up = event_new(all->base, fd, EV_CLOSED | EV_PERSIST,
	    on_hung_up, c);
	c->writable = event_new(all->base, fd, EV_WRITE | EV_PERSIST,
	    on_writable, c);
	TAILQ_INIT(&c->requests);
	event_add(c->readable, NULL);
	LIST_INSERT_HEAD(&all->list, c, in_all);
	all->count++;
}

void
connections_drop_all(struct connections *all)
{
	struct connection	*c, *next;

	for (c = LIST_FIRST(&all->list); c != NULL; c = next) {
		next = LIST_NEXT(c, in_all);
		connection_drop(c);
	}
}

void
connections_drop_idle(struct connections *all)
{
	struct connection	*c, *next;

	for (c = LIST_FIRST(&all->list); c != NULL; c = next) {
		next = LIST_NEXT(c, in_all);
		if (c->request_count == 0 && c->kept_len == 0 &&
		    buffer_size(&c->unsent) == 0)
			connection_drop(c);
	}
}
