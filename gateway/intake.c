/*
 * intake: what a web server sends: bytes -> records -> requests fed.
 */
#include "intake.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "config.h"
#include "fcgi.h"
#include "log.h"
#include "mem.h"
#include "request.h"
#include "timer.h"

#define READ_SIZE	(64 * 1024)
#define LOOK_SIZE	OUTBOX_SEEN_MAX
#define READS_AT_ONCE	4

/* --- records ------------------------------------------------------------ */

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
	connection_say(c, end, sizeof(end));
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
	r = request_create(c->all->services, &connection_client, c,
	    rec->request_id, role);
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

	connection_say(c, out, fcgi_put_values(out, rec, &values));
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
	connection_say(c, out, sizeof(out));
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

/* --- the socket --------------------------------------------------------- */

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
	connection_send_waiting(c);
	if (!c->is_unix || c->request_count == 0 ||
	    poll(&p, 1, 0) == -1 || (p.revents & (POLLHUP | POLLERR)) != 0)
		connection_drop(c);
}

void
intake_on_hung_up(evutil_socket_t fd, short what, void *arg)
{
	struct connection	*c = arg;
	struct pollfd		 p = { .fd = (int)fd };

	(void)what;
	event_del(c->hung_up);
	connection_enter(c);
	if (!c->is_unix || poll(&p, 1, 0) == -1 ||
	    (p.revents & (POLLHUP | POLLERR)) != 0)
		connection_drop(c);
	connection_leave(c);
}

/*
 * The peer is woken when what it wrote is taken off its socket, since that has
 * room again: in vain, for each request.  So what may be a whole request is
 * only looked at, and taken off when the peer is sent something anyway.
 */
static bool
may_look(const struct connection *c)
{
	return c->is_unix && c->request_count == 0 && c->kept_len == 0 &&
	    !c->is_deaf && c->all->services->outbox != NULL;
}

/* More has to come, and a peer may be able to write no more. */
static bool
is_waiting_for_rest(const struct connection *c)
{
	const struct request	*r = TAILQ_FIRST(&c->requests);

	return c->kept_len > 0 || r == NULL || !r->stdin_ended;
}

/* -1 with errno, 0 at the end, else the bytes that are in scratch now. */
static ssize_t
read_more(struct connection *c, uint8_t *scratch, size_t *size)
{
	ssize_t	 n;

	if (c->kept_len > 0)
		memcpy(scratch, c->kept, c->kept_len);
	if (!may_look(c)) {
		*size = READ_SIZE;
		return read(c->fd, scratch + c->kept_len, READ_SIZE);
	}
	*size = LOOK_SIZE;
	n = recv(c->fd, scratch, LOOK_SIZE, MSG_PEEK);
	c->seen = n > 0 ? (size_t)n : 0;
	return n;
}

/* One read's worth; true if there may be more. */
static bool
read_once(struct connection *c)
{
	size_t	 size;
	ssize_t	 n;

	connection_take_off(c);
	n = read_more(c, c->all->scratch, &size);
	if (n > 0 && c->is_deaf)
		return (size_t)n == size;
	if (n > 0) {
		take_bytes(c, c->all->scratch, c->kept_len + (size_t)n);
		if (is_waiting_for_rest(c))
			connection_take_off(c);
		if (c->stopped > 0 && !c->is_dead) {
			event_del(c->readable);
			event_add(c->hung_up, NULL);
			return false;
		}
		return (size_t)n == size;
	}
	if (n == 0)
		on_end_of_file(c);
	else if (errno != EAGAIN && errno != EINTR)
		connection_drop(c);
	return false;
}

/*
 * What is there is told once, so it is read until there is no more; if that
 * takes long the loop is made to tell it anew, after others had their turn.
 */
void
intake_on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct connection	*c = arg;
	bool			 has_more = true;
	int			 i;

	(void)fd;
	connection_enter(c);
	for (i = 0; i < READS_AT_ONCE && has_more; i++)
		has_more = (read_once(c) || (what & EV_CLOSED) != 0) &&
		    !c->is_dead && !c->has_ended && c->stopped == 0;
	if (has_more) {
		event_del(c->readable);
		event_add(c->readable, NULL);
	}
	connection_leave(c);
}
