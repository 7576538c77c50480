/*
 * request: fed by its front and its worker's module, it walks forward through
 * its states, each turn as far as it can go.
 */
#include "request.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "body.h"
#include "config.h"
#include "fcgi.h"
#include "function.h"
#include "log.h"
#include "mem.h"
#include "module.h"
#include "pool.h"
#include "settings.h"
#include "timer.h"
#include "walk.h"
#include "worker.h"

static enum verdict	step_read(struct request *);
static enum verdict	step_route(struct request *);

static const struct {
	const char	*name;
	enum verdict	(*step)(struct request *);
} states[REQUEST_STATES] = {
	[REQUEST_READ]   = { "read",   step_read },
	[REQUEST_ROUTE]  = { "route",  step_route },
	[REQUEST_GUARD]  = { "guard",  request_step_guard },
	[REQUEST_QUEUE]  = { "queue",  request_step_queue },
	[REQUEST_SERVE]  = { "serve",  request_step_serve },
	[REQUEST_RECORD] = { "record", request_step_record },
	[REQUEST_LINGER] = { "linger", request_step_linger },
};

/* --- the walk ----------------------------------------------------------- */

enum verdict
request_enter(struct request *r, enum request_state next)
{
	assert(next > r->state);
	log_debug("request %s: %s -> %s", r->id, states[r->state].name,
	    states[next].name);
	r->state = next;
	return GO_ON;
}

static void
request_release(struct request *r)
{
	assert(r->worker == NULL && r->ticket == NULL && r->client == NULL);
	assert(r->check == NULL);
	timer_free(r->hold);
	request_leave_invoked(r);
	answer_release(&r->answer);
	body_free(r->body);
	body_free(r->data);
	pool_release(r->pool);
	function_release(r->function);
	requests_return(r);
}

void
request_run(struct request *r)
{
	enum verdict	 v;

	while ((v = states[r->state].step(r)) == GO_ON)
		continue;
	if (v == OVER)
		request_release(r);
}

void
request_break_off(struct request *r)
{
	if (r->exchange != NULL)
		r->worker->protocol->cut(r);
	if (r->ticket != NULL)
		pool_cancel(r->ticket);
	r->ticket = NULL;
	r->worker = NULL;
	request_leave_guard(r);
	request_release(r);
}

/* --- a new request ------------------------------------------------------ */

void
request_on_deadline(void *arg)
{
	struct request	*r = arg;

	r->is_overdue = true;
	request_soon(r);
}

void
request_set_deadline(struct request *r, uint64_t ms)
{
	r->is_overdue = false;
	if (ms == 0)
		timer_stop(r->deadline);
	else
		timer_start(r->deadline, ms);
}

/* Is it told as a whole, and then worked on in silence? */
static bool
is_endpoint(const struct request *r)
{
	return r->function != NULL &&
	    r->function->protocol->way == WAY_ENDPOINT;
}

/* That of a function that is not there is as long as most. */
uint64_t
request_io_timeout_ms(const struct request *r)
{
	return r->function != NULL ? r->function->io_timeout_ms : 60000;
}

/* Moved when it fires, not at every byte: that is once per io_timeout. */
void
request_on_silence(void *arg)
{
	struct request	*r = arg;
	uint64_t	 silent_ms = timer_now() - r->heard_ms, limit_ms;

	if (r->function == NULL && r->by_name == NULL)
		return;
	limit_ms = request_io_timeout_ms(r);
	if (silent_ms < limit_ms) {
		timer_start(r->silence, limit_ms - silent_ms);
		return;
	}
	/* Its own time limit is all that ends it. */
	if (r->state == REQUEST_SERVE && is_endpoint(r) &&
	    (r->client == NULL || !r->client->is_behind(r))) {
		timer_start(r->silence, r->function->io_timeout_ms);
		return;
	}
	r->is_silent = true;
	request_soon(r);
}

struct request *
request_create(struct services *services, const struct client *client,
    void *connection, uint16_t front_id, uint16_t role)
{
	struct request	*r;

	r = requests_take(services->requests);
	r->services = services;
	r->client = client;
	r->connection = connection;
	r->front_id = front_id;
	r->role = role;
	r->attempt = 1;
	r->method = r->path = r->user = r->caller = "";
	variables_init(&r->variables, r->arena);
	answer_init(&r->answer, front_id, services->settings->max_header_size);
	requests_make_id(services->requests, r->id);
	r->time_us = requests_time_us();
	r->arrived_us = request_clock_us();
	request_soon(r);
	return r;
}

/* --- fed by the front --------------------------------------------------- */

/* Refuse it in its turn, whatever else is still to come. */
static void
refuse_early(struct request *r, int status, const char *why)
{
	if (r->early_status != 0)
		return;
	r->early_status = status;
	r->early_why = why;
	request_soon(r);
}

/* Take whole pairs from the front of bytes; how many bytes they took up. */
static size_t
take_pairs(struct request *r, const uint8_t *bytes, size_t len)
{
	const struct gateway_settings	*s = r->services->settings;
	struct fcgi_pair		 pair;
	const char			*why;
	size_t				 used = 0;
	ptrdiff_t			 n;

	/* A pair too long for max_params_size is waited for until it is met. */
	while ((n = fcgi_pair_parse(bytes + used, len - used, SIZE_MAX,
	    &pair)) > 0) {
		used += (size_t)n;
		if (++r->params_count > s->max_params) {
			request_complain(r, "max_params = %" PRIu32 " exceeded",
			    s->max_params);
			refuse_early(r, 431, "more than max_params");
			return used;
		}
		if ((why = variables_add(&r->variables, &pair)) != NULL) {
			refuse_early(r, 400, why);
			return used;
		}
	}
	return used;
}

/*
 * Put bytes behind the pair that waits for its rest, if one does; bounded by
 * the caller.  What pairs have been taken from stays where it is.  A new place
 * has room for as much again as waits, so that a pair that comes in many small
 * records is not copied over and over.
 */
static void
keep_params(struct request *r, const uint8_t *bytes, size_t len)
{
	const uint8_t	*waiting = r->params;

	if (r->params_room - r->params_len < len) {
		r->params_room = 2 * r->params_len + len;
		r->params = arena_alloc(r->arena, r->params_room);
		if (r->params_len > 0)
			memcpy(r->params, waiting, r->params_len);
	}
	memcpy(r->params + r->params_len, bytes, len);
	r->params_len += len;
}

void
request_params(struct request *r, const uint8_t *bytes, size_t len)
{
	size_t	 used, limit = r->services->settings->max_params_size;

	if (r->early_status != 0 || r->params_ended)
		return;
	r->params_total += len;
	if (r->params_total > limit) {
		request_complain(r, "max_params_size = %zu exceeded", limit);
		refuse_early(r, 431, "more than max_params_size");
		return;
	}
	keep_params(r, bytes, len);
	used = take_pairs(r, r->params, r->params_len);
	r->params += used;
	r->params_len -= used;
	r->params_room -= used;
}

void
request_params_end(struct request *r)
{
	r->params_ended = true;
	if (r->params_len > 0)
		refuse_early(r, 400, "the last parameter is cut short");
	request_soon(r);
}

/*
 * May the body outgrow memory?  Once an answer has begun it is held back until
 * the body is here (the front sends no more of it once it has a header); a body
 * of unknown length must be whole before a CGI program is told of it, any
 * before an event is made of it or it is looked at as one; and a filter's DATA
 * may come before the STDIN that the worker is to have first.
 */
static bool
may_spool(const struct request *r)
{
	return (r->state == REQUEST_SERVE && !answer_is_empty(&r->answer)) ||
	    r->by_name != NULL ||
	    (r->signature != NULL && r->state == REQUEST_GUARD) ||
	    (r->function != NULL && r->data != NULL &&
	    (r->body == NULL || !body_has_ended(r->body))) ||
	    (r->state <= REQUEST_QUEUE && r->params_ended &&
	    (!r->has_length || is_endpoint(r)));
}

/*
 * Once it was full, reading goes on when all has been passed on: in a trickle
 * each read would wake the front, and the worker, for little.  Both streams
 * count, as they come by one connection.
 */
static bool
has_empty_body(const struct request *r)
{
	return (r->body == NULL || body_waiting(r->body) == 0) &&
	    (r->data == NULL || body_waiting(r->data) == 0);
}

void
request_resume_body(struct request *r)
{
	if (!r->is_stopped_reading || r->client == NULL ||
	    (!has_empty_body(r) && !may_spool(r)))
		return;
	r->is_stopped_reading = false;
	r->client->resume(r);
}

static struct body *
need_body(struct request *r, struct body **body)
{
	const struct gateway_settings	*s = r->services->settings;

	if (*body == NULL)
		*body = body_create(s->buffer_size, s->state_dir);
	return *body;
}

/* May len more bytes of this stream come?  False: refused, and logged. */
static bool
is_within_limit(struct request *r, const struct body *body, size_t len)
{
	uint64_t	 had = body != NULL ? body_received(body) : 0;

	if (had + len <= request_body_limit(r))
		return true;
	request_complain(r, "body longer than %s%" PRIu64,
	    r->by_name != NULL ? "an event may be: " :
	    "limits.max_body_size = ", request_body_limit(r));
	refuse_early(r, 413, "more than max_body_size");
	return false;
}

static bool
take_body(struct request *r, struct body **body, const uint8_t *bytes,
    size_t len)
{
	request_heard(r);
	if (body_append(need_body(r, body), bytes, len) == -1)
		refuse_early(r, 503, "its body cannot be kept");
	r->has_body_news = true;
	request_soon(r);
	if (!body_is_full(*body) || may_spool(r))
		return true;
	r->is_stopped_reading = true;
	return false;
}

static void
end_body(struct request *r, struct body **body)
{
	body_end(need_body(r, body));
	r->has_body_news = true;
	request_soon(r);
}

/* Is more of this stream of any use? */
static bool
takes_body(const struct request *r, const struct body *body)
{
	return r->early_status == 0 && r->state <= REQUEST_SERVE &&
	    (body == NULL || !body_has_ended(body));
}

bool
request_stdin(struct request *r, const uint8_t *bytes, size_t len)
{
	uint64_t	 had = r->body != NULL ? body_received(r->body) : 0;

	if (!takes_body(r, r->body) || !is_within_limit(r, r->body, len))
		return true;
	if (r->has_length && had + len > r->content_length) {
		r->has_surplus = true;
		len = (size_t)(r->content_length - had);
	}
	return len == 0 || take_body(r, &r->body, bytes, len);
}

void
request_stdin_end(struct request *r)
{
	r->stdin_ended = true;
	end_body(r, &r->body);
}

bool
request_data(struct request *r, const uint8_t *bytes, size_t len)
{
	if (r->role != FCGI_FILTER || !takes_body(r, r->data) ||
	    !is_within_limit(r, r->data, len))
		return true;
	return take_body(r, &r->data, bytes, len);
}

void
request_data_end(struct request *r)
{
	if (r->role == FCGI_FILTER)
		end_body(r, &r->data);
}

void
request_end_bodies(struct request *r)
{
	end_body(r, &r->body);
	request_data_end(r);
}

void
request_abort(struct request *r)
{
	r->is_aborted = true;
	request_soon(r);
}

void
request_leave(struct request *r)
{
	r->client = NULL;
	r->connection = NULL;
	request_abort(r);
}

void
request_room(struct request *r)
{
	request_heard(r);
	request_soon(r);
}

/* --- fed by the module -------------------------------------------------- */

void
request_heard(struct request *r)
{
	r->heard_ms = timer_now();
}

void
request_begun(struct request *r)
{
	if (r->begun_us != 0)
		return;
	r->begun_us = request_clock_us();
	if (r->is_cold)
		r->init_us = r->begun_us - r->init_from_us;
	r->worker->has_served = true;
	request_set_deadline(r, r->is_abandoned ? ABANDON_MS :
	    r->function->request_terminate_timeout_ms);
}

/* One buffer may wait here, and one more, a read's worth, on its way. */
bool
request_has_room(const struct request *r)
{
	return (r->answer.keep_max != 0 || buffer_size(&r->answer.ready) <
	    2 * r->services->settings->buffer_size) &&
	    (r->client == NULL || !r->client->is_behind(r));
}

/* Is it in the midst of a body that has begun to leave?  Then it counts. */
static bool
may_pass(struct request *r, size_t len)
{
	return r->has_sent && r->client != NULL && !r->client->is_behind(r) &&
	    answer_passes(&r->answer, len);
}

/*
 * Such goes straight on, in one record: neither copied nor kept until the
 * request's turn.
 */
static bool
pass_on(struct request *r, const struct iovec *pieces, int count, size_t len)
{
	struct iovec	 out[1 + REQUEST_PIECES];
	uint8_t		 header[FCGI_HEADER_LEN];

	if (!may_pass(r, len))
		return false;
	fcgi_put_header(header, FCGI_STDOUT, r->front_id, (uint16_t)len, 0);
	out[0] = (struct iovec){ header, sizeof(header) };
	memcpy(out + 1, pieces, (size_t)count * sizeof(*pieces));
	r->client->send(r, out, 1 + count);
	return true;
}

bool
request_take_stdout(struct request *r, const struct iovec *pieces, int count)
{
	size_t	 len = 0;
	int	 i;

	assert(count <= REQUEST_PIECES);
	request_heard(r);
	if (r->state > REQUEST_SERVE)
		return true;		/* nobody is there to have it */
	for (i = 0; i < count; i++)
		len += pieces[i].iov_len;
	if (!pass_on(r, pieces, count, len)) {
		for (i = 0; i < count; i++)
			answer_take(&r->answer, pieces[i].iov_base,
			    pieces[i].iov_len);
		request_soon(r);
	}
	r->is_paused = !request_has_room(r);
	return !r->is_paused;
}

bool
request_take_records(struct request *r, uint16_t id,
    const struct iovec *records, size_t len)
{
	if (r->state > REQUEST_SERVE || r->front_id != id || !may_pass(r, len))
		return false;
	request_heard(r);
	r->client->send(r, records, 1);
	r->is_paused = !request_has_room(r);
	return true;
}

void
request_take_stderr(struct request *r, const uint8_t *bytes, size_t len)
{
	request_heard(r);
	worker_log(r->worker, r->id, bytes, len);
}

void
request_stdout_end(struct request *r)
{
	r->answer_ended = true;
	request_soon(r);
}

static void
end_exchange(struct request *r, enum exchange_end end, const char *why)
{
	r->exchange = NULL;
	r->exchange_end = end;
	r->exchange_why = why;
	r->is_paused = false;
	request_soon(r);
}

void
request_done(struct request *r, uint32_t app_status, bool reusable)
{
	r->app_status = app_status;
	r->worker_reusable = reusable;
	r->answer_ended = true;
	end_exchange(r, EXCHANGE_DONE, NULL);
}

void
request_failed(struct request *r, enum exchange_end end, const char *why)
{
	end_exchange(r, end, why);
}

void
request_refused(struct request *r, unsigned refusal, int error,
    const char *step)
{
	r->exchange_refusal = refusal;
	r->exchange_error = error;
	end_exchange(r, EXCHANGE_REFUSED, arena_strdup(r->arena, step));
}

/* --- the first two states ----------------------------------------------- */

static enum verdict
step_read(struct request *r)
{
	/* Without all of its parameters it was no request yet. */
	if (r->is_aborted && !r->params_ended)
		return r->client == NULL ? OVER :
		    request_conclude(r, OUTCOME_ABORTED);
	if (r->early_status != 0)
		return request_refuse(r, r->early_status, OUTCOME_REJECTED,
		    r->early_why);
	if (r->is_overdue) {
		request_complain(r, "its parameters were not here within "
		    "header_timeout = %" PRIu64 "ms",
		    r->services->settings->header_timeout_ms);
		return request_refuse(r, 408, OUTCOME_REJECTED,
		    "its parameters took longer than header_timeout");
	}
	/* Most bring all of them at once, and need no clock for that. */
	if (!r->params_ended) {
		if (!timer_is_started(r->deadline))
			request_set_deadline(r,
			    r->services->settings->header_timeout_ms);
		return WAIT;
	}
	request_set_deadline(r, 0);
	return request_enter(r, REQUEST_ROUTE);
}

static enum verdict
step_route(struct request *r)
{
	const char	*why;
	int		 status;

	if ((status = request_admit(r, &why)) != 0)
		return request_refuse(r, status, OUTCOME_REJECTED, why);
	return request_enter(r, REQUEST_GUARD);
}
