/*
 * judge: what came of the conversation with a worker: an answer, another try,
 * or a refusal.
 */
#include "walk.h"

#include <stdio.h>
#include <string.h>

#include "body.h"
#include "function.h"
#include "log.h"
#include "module.h"
#include "pool.h"
#include "worker.h"

#define ATTEMPTS_MAX	2	/* a request is tried again once */

static const char *
describe(const struct request *r, char *out, size_t room)
{
	char	 end[128];

	if (r->worker->state != WORKER_DEAD) {
		snprintf(out, room, "worker %ld: %s", (long)r->worker->pid,
		    r->exchange_why);
		return out;
	}
	worker_describe_end(r->worker, end, sizeof(end));
	snprintf(out, room, "worker %ld %s%s%s", (long)r->worker->pid, end,
	    r->exchange_why != NULL ? ", " : "",
	    r->exchange_why != NULL ? r->exchange_why : "");
	return out;
}

/* Dead, and not because it had nothing more to do. */
static bool
has_crashed(const struct worker *w)
{
	return w->state == WORKER_DEAD && w->end.status != 0;
}

/* What it is called that there is no answer, or half of one. */
static enum outcome
outcome_of(const struct worker *w)
{
	if (!has_crashed(w))
		return OUTCOME_ERROR;
	return w->end.is_oom ? OUTCOME_OOM : OUTCOME_CRASH;
}

/*
 * A worker may leave between two requests just as it is handed one.  That
 * request did not run if not a byte came back, the connection broke and the
 * process ended in good order or lives on; where it was closed politely it may
 * have run, so then only what may be repeated is.
 */
static bool
may_try_again(struct request *r)
{
	if (r->attempt >= ATTEMPTS_MAX || r->is_aborted || r->has_sent ||
	    !answer_is_empty(&r->answer) || has_crashed(r->worker))
		return false;
	if (r->exchange_end == EXCHANGE_CLOSED &&
	    strcmp(r->method, "GET") != 0 && strcmp(r->method, "HEAD") != 0)
		return false;
	return (r->body == NULL || body_rewind(r->body) == 0) &&
	    (r->data == NULL || body_rewind(r->data) == 0);
}

static enum verdict
try_again(struct request *r)
{
	char	 words[256];

	log_info("%s: request %s: tried again: %s", r->function->name, r->id,
	    describe(r, words, sizeof(words)));
	request_measure(r);
	pool_return(r->worker, WORKER_SPENT);
	r->worker = NULL;
	r->attempt++;
	r->is_handed_over = r->answer_ended = false;
	r->exchange_end = EXCHANGE_ON;
	return GO_ON;		/* this same state, with another worker */
}

/* It was handed its first request and ended before reading it. */
static enum verdict
refuse_no_start(struct request *r)
{
	char	 words[256];

	request_complain(r, "%s before it read its first request",
	    describe(r, words, sizeof(words)));
	r->worker_use = WORKER_NO_START;
	return request_refuse(r, r->worker->protocol->refused_status,
	    OUTCOME_ERROR, "the function cannot be started");
}

static enum verdict
refuse_dead(struct request *r)
{
	char	 words[256];

	request_complain(r, "%s", describe(r, words, sizeof(words)));
	return request_refuse(r, r->worker->protocol->died_status,
	    outcome_of(r->worker), "the function failed");
}

static enum verdict
on_lost(struct request *r)
{
	if (r->answer.state == ANSWER_WHOLE) {
		r->worker_use = WORKER_SPENT;
		return request_conclude(r, OUTCOME_OK);
	}
	if (!r->worker->has_served)
		return refuse_no_start(r);
	if (may_try_again(r))
		return try_again(r);
	return refuse_dead(r);
}

static enum verdict
refuse_garbage(struct request *r)
{
	request_complain(r, "worker %ld: %s", (long)r->worker->pid,
	    r->exchange_why);
	r->worker_use = WORKER_BROKEN;
	return request_refuse(r, r->worker->protocol->died_status,
	    OUTCOME_ERROR, "the function's answer cannot be understood");
}

/* The worker has done its work: is that an answer? */
static enum verdict
on_done(struct request *r)
{
	r->worker_use = r->worker_reusable ? WORKER_REUSABLE : WORKER_SPENT;
	switch (answer_end(&r->answer)) {
	case ANSWER_WHOLE:
		return request_conclude(r, OUTCOME_OK);
	case ANSWER_BODY:
		r->exchange_why = "its answer is shorter than its "
		    "Content-Length";
		break;
	case ANSWER_HEAD:
	case ANSWER_BAD:
		r->exchange_why = r->answer.why;
		break;
	}
	request_complain(r, "worker %ld: %s", (long)r->worker->pid,
	    r->exchange_why);
	return request_refuse(r, r->worker->protocol->died_status,
	    outcome_of(r->worker), "the function's answer is not whole");
}

/* The launcher could not exec the program. */
static enum verdict
on_exec_refused(struct request *r)
{
	static const struct {
		int		 status;
		enum outcome	 outcome;
		const char	*why;
	} by_refusal[] = {
		[REFUSAL_FAILED] = { 503, OUTCOME_ERROR,
		    "the program cannot be started" },
		[REFUSAL_NOT_FOUND] = { 404, OUTCOME_REJECTED,
		    "there is no such program" },
		[REFUSAL_NOT_TRUSTED] = { 403, OUTCOME_REJECTED,
		    "the program may not be run" },
	};
	unsigned	 i = r->exchange_refusal;

	request_complain(r, "%s: %s: %s", r->function->handler,
	    r->exchange_why, strerror(r->exchange_error));
	r->worker_use = WORKER_SPENT;
	return request_refuse(r, by_refusal[i].status, by_refusal[i].outcome,
	    by_refusal[i].why);
}

enum verdict
request_judge(struct request *r)
{
	if (r->is_aborted) {
		r->worker_use = WORKER_BROKEN;
		if (r->exchange_end == EXCHANGE_DONE)
			r->worker_use = r->worker_reusable ? WORKER_REUSABLE :
			    WORKER_SPENT;
		return request_conclude(r, OUTCOME_ABORTED);
	}
	switch (r->exchange_end) {
	case EXCHANGE_DONE:
		return on_done(r);
	case EXCHANGE_CLOSED:
	case EXCHANGE_RESET:
		return on_lost(r);
	case EXCHANGE_DIED:
		return refuse_dead(r);
	case EXCHANGE_REFUSED:
		return on_exec_refused(r);
	case EXCHANGE_GARBAGE:
	case EXCHANGE_CUT:
	case EXCHANGE_ON:
		break;
	}
	return refuse_garbage(r);
}
