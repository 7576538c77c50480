/*
 * serve: finding a worker, the conversation with it, and what becomes of both
 * when one of the three - client, worker, clock - ends it early.
 */
#include "walk.h"

#include <inttypes.h>

#include "body.h"
#include "config.h"
#include "function.h"
#include "mem.h"
#include "module.h"
#include "pool.h"
#include "settings.h"
#include "timer.h"
#include "worker.h"

#define HOLD_MS		10	/* an answer waits so long for its worker */
#define HOLD_EXIT_MS	100	/* and for a program's exit, if only that tells
				   that its output was all of it */

enum search { FOUND, WAITING, NONE };

/* --- finding a worker --------------------------------------------------- */

static void
on_ready(void *arg, struct worker *w, enum pool_answer answer)
{
	struct request	*r = arg;

	r->ticket = NULL;
	r->worker = w;
	r->pool_answer = answer;
	request_soon(r);
}

static enum search
find_worker(struct request *r)
{
	enum pool_answer	 answer;

	if (r->worker != NULL)
		return FOUND;
	if (r->ticket != NULL)
		return r->is_overdue ? NONE : WAITING;
	if (r->pool_answer != POOL_LENT)
		return NONE;
	if ((r->worker = pool_take(r->pool, r->id)) != NULL)
		return FOUND;
	r->ticket = pool_ask(r->pool, r->id, on_ready, r, &answer);
	if (r->ticket == NULL) {
		r->pool_answer = answer;
		return NONE;
	}
	request_set_deadline(r, r->function->queue_timeout_ms);
	return WAITING;
}

/* Give up the place in the queue, or a worker that was never spoken to. */
static void
leave_queue(struct request *r)
{
	if (r->ticket != NULL)
		pool_cancel(r->ticket);
	r->ticket = NULL;
	if (r->worker != NULL && r->exchange_end == EXCHANGE_ON &&
	    r->exchange == NULL)
		r->worker_use = WORKER_REUSABLE;
}

static enum verdict
refuse_late(struct request *r)
{
	/* As one user's clients may see to that with every request. */
	if (!(r->is_told = pool_complain_late(r->pool)))
		request_complain(r, "waited for a worker longer than "
		    "pool.queue_timeout = %" PRIu64 "ms (%zu workers, "
		    "%zu waiting)", r->function->queue_timeout_ms,
		    pool_workers(r->pool), pool_waiting(r->pool));
	leave_queue(r);
	return request_refuse(r, pool_protocol(r->pool)->full_status,
	    OUTCOME_REJECTED, "no worker was free in time");
}

/* What the table says, unless the protocol has another word for it. */
static int
unserved_status(const struct request *r, int status)
{
	const struct protocol	*protocol = pool_protocol(r->pool);

	switch ((enum pool_answer)r->pool_answer) {
	case POOL_FULL:
	case POOL_ACCOUNT_FULL:
		return protocol->full_status;
	case POOL_BACKING_OFF:
	case POOL_START_FAILED:
		return protocol->refused_status;
	case POOL_NOT_FOUND:
	case POOL_NOT_TRUSTED:
		/* A template's path may name what is not there. */
		if (r->function->protocol->way == WAY_ENDPOINT &&
		    !r->function->is_template)
			return protocol->refused_status;
		return status;
	case POOL_LENT:
	case POOL_GONE:
		break;
	}
	return status;
}

static enum verdict
refuse_unserved(struct request *r)
{
	static const struct {
		int		 status;
		enum outcome	 outcome;
		const char	*why;
	} by_answer[] = {
		[POOL_FULL] = { 503, OUTCOME_REJECTED,
		    "all workers are busy and the queue is full" },
		[POOL_ACCOUNT_FULL] = { 503, OUTCOME_REJECTED,
		    "as many wait already as its account allows" },
		[POOL_BACKING_OFF] = { 503, OUTCOME_ERROR,
		    "the function could not be started lately" },
		[POOL_START_FAILED] = { 503, OUTCOME_ERROR,
		    "the function cannot be started" },
		[POOL_NOT_FOUND] = { 404, OUTCOME_REJECTED,
		    "there is no such program" },
		[POOL_NOT_TRUSTED] = { 403, OUTCOME_REJECTED,
		    "the program may not be run" },
		[POOL_GONE] = { 404, OUTCOME_REJECTED,
		    "the function is no longer there" },
	};

	if (r->ticket != NULL)
		return refuse_late(r);
	if (r->pool_answer == POOL_ACCOUNT_FULL) {
		pool_complain_account(r->pool);
		r->is_told = true;
	} else if (r->pool_answer == POOL_FULL)
		request_complain(r, "%zu wait already, pool.queue_max = %"
		    PRIu32 ", pool.max_children = %" PRIu32,
		    pool_waiting(r->pool), r->function->queue_max,
		    r->function->max_children);
	return request_refuse(r,
	    unserved_status(r, by_answer[r->pool_answer].status),
	    by_answer[r->pool_answer].outcome, by_answer[r->pool_answer].why);
}

static bool
is_body_short(const struct request *r)
{
	return r->has_length && r->body != NULL && body_has_ended(r->body) &&
	    body_received(r->body) < r->content_length;
}

/*
 * A CGI program is told the body's length before it starts (RFC 3875 4.1.2),
 * and an event holds all of it.
 */
static bool
needs_whole_body(const struct request *r)
{
	enum start_way	 way = r->function->protocol->way;

	return ((way == WAY_LAUNCH && !r->has_length) || way == WAY_ENDPOINT) &&
	    (r->body == NULL || !body_has_ended(r->body));
}

static enum verdict
refuse_stalled(struct request *r)
{
	request_complain(r, "no more of its body came for "
	    "limits.io_timeout = %" PRIu64 "ms", r->function->io_timeout_ms);
	return request_refuse(r, 408, OUTCOME_TIMEOUT,
	    "its body did not come in time");
}

enum verdict
request_step_queue(struct request *r)
{
	if (r->is_aborted) {
		leave_queue(r);
		return request_conclude(r, OUTCOME_ABORTED);
	}
	if (r->early_status != 0) {
		leave_queue(r);
		return request_refuse(r, r->early_status, OUTCOME_REJECTED,
		    r->early_why);
	}
	if (is_body_short(r)) {
		leave_queue(r);
		return request_refuse(r, 400, OUTCOME_REJECTED,
		    "its body is shorter than CONTENT_LENGTH");
	}
	if (needs_whole_body(r))
		return r->is_silent ? refuse_stalled(r) : WAIT;
	request_resume_body(r);
	switch (find_worker(r)) {
	case FOUND:
		return request_enter(r, REQUEST_SERVE);
	case WAITING:
		return WAIT;
	case NONE:
		break;
	}
	return refuse_unserved(r);
}

/* --- handing over ------------------------------------------------------- */

/*
 * A worker is cold until it has read its first request: what passes until then
 * is its start.  A launcher is, if it was started because this one came.
 */
static void
start_clocks(struct request *r)
{
	const struct function	*fn = r->function;
	const struct worker	*w = r->worker;
	uint64_t		 asked_us = w->asked_ms * 1000;

	r->lent_us = request_clock_us();
	r->begun_us = r->init_us = 0;
	r->is_cold = !w->has_served && (fn->protocol->way != WAY_LAUNCH ||
	    w->asked_ms >= r->arrived_us / 1000);
	r->init_from_us = r->lent_us;
	if (r->is_cold)
		r->init_from_us = asked_us > r->arrived_us ? asked_us :
		    r->arrived_us;
	if (w->has_served) {
		r->begun_us = r->lent_us;
		request_set_deadline(r, fn->request_terminate_timeout_ms);
	} else
		request_set_deadline(r, fn->start_timeout_ms);
}

static void
hand_over(struct request *r)
{
	/* A template's user is known once its program was found. */
	if (r->user[0] == '\0')
		r->user = arena_printf(r->arena, "%ld",
		    (long)r->worker->uid);
	r->is_handed_over = true;
	r->exchange_end = EXCHANGE_ON;
	r->worker_use = WORKER_BROKEN;
	r->has_body_news = false;
	start_clocks(r);
	request_heard(r);
	r->is_silent = false;
	/* One that runs since it came finds out when it fires. */
	if (r->function->io_timeout_ms != 0 && !timer_is_started(r->silence))
		timer_start(r->silence, r->function->io_timeout_ms);
	if (r->worker->protocol->begin(r) == -1) {
		r->exchange_end = EXCHANGE_RESET;
		r->exchange_why = "it does not accept requests";
	}
}

/* --- ends that come early ----------------------------------------------- */

/* The worker will not finish this: it is stopped when it is returned. */
static void
give_up(struct request *r, enum worker_use use)
{
	if (r->exchange != NULL)
		r->worker->protocol->cut(r);
	r->exchange = NULL;
	r->exchange_end = EXCHANGE_CUT;
	r->worker_use = use;
}

/* Of several that a cold worker has in hand it may have read another. */
static void
give_up_start(struct request *r)
{
	request_complain(r, "worker %ld has not read its first request within "
	    "pool.start_timeout = %" PRIu64 "ms", (long)r->worker->pid,
	    r->function->start_timeout_ms);
	give_up(r, r->worker->has_served ? WORKER_BROKEN : WORKER_NO_START);
}

static enum verdict
refuse_overdue(struct request *r)
{
	if (r->begun_us == 0) {
		give_up_start(r);
		return request_refuse(r, r->worker->protocol->refused_status,
		    OUTCOME_TIMEOUT, "the function did not start in time");
	}
	request_complain(r, "worker %ld took longer than "
	    "limits.request_terminate_timeout = %" PRIu64 "ms",
	    (long)r->worker->pid, r->function->request_terminate_timeout_ms);
	give_up(r, WORKER_BROKEN);
	return request_refuse(r, r->worker->protocol->overdue_status,
	    OUTCOME_TIMEOUT, "the function took too long");
}

/* Nothing has moved for io_timeout: who kept the other waiting? */
static enum verdict
refuse_silent(struct request *r)
{
	uint64_t	 ms = r->function->io_timeout_ms;

	if (r->client != NULL && r->client->is_behind(r)) {
		request_complain(r, "its client took nothing for "
		    "limits.io_timeout = %" PRIu64 "ms", ms);
		give_up(r, WORKER_BROKEN);
		r->is_broken = true;
		return request_conclude(r, OUTCOME_ABORTED);
	}
	if ((r->body == NULL || !body_has_ended(r->body)) &&
	    (r->body == NULL || body_waiting(r->body) == 0)) {
		give_up(r, WORKER_BROKEN);
		return refuse_stalled(r);
	}
	request_complain(r, "worker %ld was silent for limits.io_timeout = %"
	    PRIu64 "ms", (long)r->worker->pid, ms);
	give_up(r, WORKER_BROKEN);
	return request_refuse(r, 504, OUTCOME_TIMEOUT,
	    "the function was silent for too long");
}

/*
 * The worker may come to its end, if that is soon; one that is still starting
 * has its time for that, so that impatient clients do not keep it cold.
 */
static void
let_end(struct request *r)
{
	request_end_bodies(r);
	r->worker->protocol->push(r);
	r->is_paused = true;	/* what still comes is thrown away */
	if (r->function->protocol->way == WAY_ENDPOINT)
		return;		/* it has all the time it was told */
	r->is_abandoned = true;
	if (r->begun_us != 0)
		request_set_deadline(r, ABANDON_MS);
}

/*
 * Nobody wants the answer any more.  A FastCGI worker that comes to its end
 * soon is good for another request; one that does not would keep others
 * waiting, and a program that serves this one alone need not go on.  An event
 * is handled to its end, as AWS does it.
 */
static void
abandon(struct request *r)
{
	if (r->function->protocol->way == WAY_LAUNCH)
		give_up(r, WORKER_BROKEN);
	else
		let_end(r);
}

/* --- the conversation --------------------------------------------------- */

static void
on_hold_over(void *arg)
{
	struct request	*r = arg;

	r->is_held_long = true;
	request_soon(r);
}

/*
 * The answer is whole but its worker works on: wait a moment, so that most
 * records hold all that the request cost, but let no client wait for it.
 */
static enum verdict
hold_answer(struct request *r)
{
	if (r->is_held_long) {
		r->worker_use = WORKER_REUSABLE;
		return request_conclude(r, OUTCOME_OK);
	}
	if (r->hold == NULL) {
		r->hold = timer_new(on_hold_over, r);
		timer_start(r->hold, r->answer.head.has_length ||
		    r->function->protocol->way != WAY_LAUNCH ? HOLD_MS :
		    HOLD_EXIT_MS);
	}
	return WAIT;
}

/* As far as can be told while the worker may still fail. */
static bool
is_answer_whole(const struct request *r)
{
	return r->answer.state == ANSWER_WHOLE || (r->answer_ended &&
	    r->answer.state == ANSWER_BODY && !r->answer.head.has_length);
}

/*
 * nginx sends no more of a body once it has an answer's header, so nothing
 * leaves before the body is here.
 */
static void
flow(struct request *r)
{
	struct buffer	*ready = &r->answer.ready;
	struct iovec	 out = { buffer_bytes(ready), buffer_size(ready) };

	if (r->client != NULL && out.iov_len > 0 && r->answer.keep_max == 0 &&
	    r->body != NULL &&
	    body_has_ended(r->body)) {
		body_forget(r->body);
		r->client->send(r, &out, 1);
		buffer_clear(ready);
		r->has_sent = true;
		request_heard(r);
	}
	if (r->is_paused && request_has_room(r)) {
		r->is_paused = false;
		r->worker->protocol->pull(r);
	}
	request_resume_body(r);
}

/*
 * A worker whose answer is whole, but that has not said so, may still be
 * reading; and a front that has an answer sends no more.
 */
static bool
wants_body(const struct request *r)
{
	return !r->stdin_ended && !r->answer_ended && !r->is_aborted &&
	    r->early_status == 0 && !r->is_overdue && !r->is_silent;
}

static enum verdict
converse(struct request *r)
{
	if (is_answer_whole(r) && !wants_body(r))
		return hold_answer(r);
	if (r->answer.state == ANSWER_BAD) {
		give_up(r, WORKER_BROKEN);
		r->exchange_end = EXCHANGE_GARBAGE;
		r->exchange_why = r->answer.why;
		return request_judge(r);
	}
	if (r->is_aborted) {
		abandon(r);
		return request_conclude(r, OUTCOME_ABORTED);
	}
	if (r->early_status != 0) {
		abandon(r);
		return request_refuse(r, r->early_status, OUTCOME_REJECTED,
		    r->early_why);
	}
	if (r->is_overdue)
		return refuse_overdue(r);
	if (r->is_silent)
		return refuse_silent(r);
	if (r->has_body_news) {
		r->has_body_news = false;
		r->worker->protocol->push(r);
	}
	if (is_body_short(r)) {
		let_end(r);
		return request_refuse(r, 400, OUTCOME_ABORTED,
		    "its body is shorter than CONTENT_LENGTH");
	}
	flow(r);
	return WAIT;
}

enum verdict
request_step_serve(struct request *r)
{
	/* While it waits to be tried again it is as good as queued. */
	if (!r->is_handed_over && (r->is_aborted || r->early_status != 0))
		return request_step_queue(r);
	switch (find_worker(r)) {
	case FOUND:
		break;
	case WAITING:
		return WAIT;
	case NONE:
		return refuse_unserved(r);
	}
	if (!r->is_handed_over)
		hand_over(r);
	if (r->exchange_end != EXCHANGE_ON)
		return request_judge(r);
	return converse(r);
}

/* --- afterwards --------------------------------------------------------- */

void
request_settle(struct request *r)
{
	struct worker	*w = r->worker;

	if (w == NULL || r->exchange != NULL)
		return;
	r->worker = NULL;
	pool_return(w, (enum worker_use)r->worker_use);
}

static void
stop_lingering(struct request *r)
{
	if (r->begun_us == 0) {
		give_up_start(r);
		return;
	}
	if (r->is_abandoned)
		request_complain(r, "worker %ld is stopped: it did not end "
		    "within %dms what nobody waits for any more",
		    (long)r->worker->pid, ABANDON_MS);
	else
		request_complain(r, "worker %ld worked on after its answer, "
		    "longer than limits.request_terminate_timeout = %" PRIu64
		    "ms", (long)r->worker->pid,
		    r->function->request_terminate_timeout_ms);
	give_up(r, WORKER_BROKEN);
}

/*
 * The worker works on, for a client that has all or has left, under the same
 * time limit; what that costs is found in its next record.
 */
enum verdict
request_step_linger(struct request *r)
{
	if (r->exchange == NULL) {
		if (r->exchange_end == EXCHANGE_DONE)
			r->worker_use = r->worker_reusable ? WORKER_REUSABLE :
			    WORKER_SPENT;
		else if (r->exchange_end != EXCHANGE_CUT)
			r->worker_use = WORKER_BROKEN;
		request_settle(r);
		return OVER;
	}
	if (r->is_overdue) {
		stop_lingering(r);
		request_settle(r);
		return OVER;
	}
	if (r->has_body_news || r->is_paused) {
		r->has_body_news = r->is_paused = false;
		r->worker->protocol->push(r);
		if (r->exchange != NULL)
			r->worker->protocol->pull(r);
	}
	return WAIT;
}
