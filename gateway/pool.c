/*
 * pool: brings the requests of one function and its workers together.
 */
#include "pool.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "config.h"
#include "crew.h"
#include "log.h"
#include "mem.h"
#include "timer.h"

#define STARVED_MS	1000	/* then others make room for who waits */

/* --- lending ------------------------------------------------------------ */

/*
 * One with a free slot, or NULL: an idle one rather than one at work.  Its
 * module may have killed it meanwhile because it spoke out of turn, or it has
 * died and on_ended is yet to come.
 */
static struct worker *
find_free(struct pool *p)
{
	struct worker	*w;

	if (crew_is_launch(p) && crew_room(p) == 0)
		return NULL;
	while ((w = TAILQ_FIRST(&p->idle)) != NULL ||
	    (w = TAILQ_FIRST(&p->shared)) != NULL) {
		if (w->state == WORKER_IDLE || w->state == WORKER_LENT)
			return w;
		crew_place(w, w->state == WORKER_DEAD ? PLACE_FULL :
		    PLACE_STOPPING);
	}
	return NULL;
}

static void
lend(struct worker *w, const char *request_id)
{
	struct pool	*p = w->pool;

	worker_lend(w, request_id);
	p->pools->lent++;
	crew_place_by_load(w);
	if (crew_is_launch(p))
		crew_launched(p);
}

struct worker *
pool_take(struct pool *p, const char *request_id)
{
	struct worker	*w;

	if (p->waiting > 0 || (w = find_free(p)) == NULL)
		return NULL;
	lend(w, request_id);
	return w;
}

/* --- tickets ------------------------------------------------------------ */

/* The counts are of those that may still be served. */
static void
unqueue(struct ticket *t)
{
	TAILQ_REMOVE(t->queue, t, in_queue);
	if (t->queue == &t->pool->tickets) {
		t->pool->waiting--;
		t->pool->tenant->waiting--;
		t->pool->pools->waiting--;
	}
}

void
ticket_free(struct ticket *t)
{
	unqueue(t);
	free(t);
}

void
ticket_tell(struct ticket *t, struct worker *w)
{
	unqueue(t);
	t->ready(t->arg, w, w != NULL ? POOL_LENT : t->answer);
	free(t);
}

void
pool_cancel(struct ticket *t)
{
	struct pool	*p = t->pool;

	ticket_free(t);
	pools_due(p);
}

static enum pool_answer
find_refusal(const struct pool *p)
{
	if (crew_has_hope(p))
		return POOL_LENT;
	if (p->is_gone)
		return POOL_GONE;
	if (p->tenant->account->max_children == 0)
		return POOL_ACCOUNT_FULL;
	return crew_is_backing_off(p) ? p->refusal : POOL_LENT;
}

/* Those who need not wait for a busy worker do not count. */
static enum pool_answer
find_full_queue(const struct pool *p)
{
	const struct tenant	*t = p->tenant;
	uint64_t		 coming = crew_coming(p), all_coming;

	if (p->waiting > p->fn->queue_max + coming)
		return POOL_FULL;
	all_coming = t->room.counts[PLACE_STARTING] +
	    t->room.counts[PLACE_STOPPING];
	if (all_coming < coming)
		all_coming = coming;
	if (t->waiting > all_coming &&
	    t->waiting - all_coming > t->account->queue_max)
		return POOL_ACCOUNT_FULL;
	return POOL_LENT;
}

struct ticket *
pool_ask(struct pool *p, const char *request_id,
    void (*ready)(void *, struct worker *, enum pool_answer), void *arg,
    enum pool_answer *refused)
{
	struct ticket	*t;

	*refused = find_refusal(p);
	if (*refused == POOL_START_FAILED)
		*refused = POOL_BACKING_OFF;
	if (*refused != POOL_LENT)
		return NULL;

	/* It counts in what is to be started, and may be refused then. */
	p->waiting++;
	p->tenant->waiting++;
	room_start_needed(p);
	if ((*refused = find_full_queue(p)) != POOL_LENT) {
		p->waiting--;
		p->tenant->waiting--;
		pools_due(p);
		return NULL;
	}
	p->pools->waiting++;
	t = xcalloc(1, sizeof(*t));
	t->pool = p;
	t->request_id = request_id;
	t->ready = ready;
	t->arg = arg;
	t->asked_ms = timer_now();
	t->queue = &p->tickets;
	TAILQ_INSERT_TAIL(t->queue, t, in_queue);
	return t;
}

static void
refuse_all(struct pool *p, enum pool_answer answer)
{
	struct ticket	*t;

	while ((t = TAILQ_FIRST(&p->tickets)) != NULL) {
		unqueue(t);
		t->answer = answer;
		t->queue = &p->pools->refused;
		TAILQ_INSERT_TAIL(t->queue, t, in_queue);
		pools_due(p);
	}
}

/*
 * A busy function does not keep out the others for ever: where one has waited
 * for room, long, and longer than any of ours, one of our workers makes room.
 */
static bool
must_yield_in(const struct pool *p, const struct room *room,
    const struct ticket *ours)
{
	const struct pool	*other = TAILQ_FIRST(&room->starved);
	const struct ticket	*theirs;

	if (other == NULL || other == p || !room_is_full(p->pools, room) ||
	    room->counts[PLACE_STOPPING] > 0)
		return false;
	theirs = TAILQ_FIRST(&other->tickets);
	return theirs != NULL && theirs->asked_ms < ours->asked_ms &&
	    timer_now() - theirs->asked_ms >= STARVED_MS;
}

static bool
must_yield(const struct pool *p, const struct ticket *ours)
{
	if (TAILQ_EMPTY(&p->idle) ||
	    crew_live(p->counts) <= p->fn->min_children)
		return false;
	return must_yield_in(p, &p->pools->room, ours) ||
	    must_yield_in(p, &p->tenant->room, ours);
}

void
pool_serve_waiting(struct pool *p)
{
	struct ticket		*t;
	struct worker		*w;
	enum pool_answer	 refusal;

	while ((t = TAILQ_FIRST(&p->tickets)) != NULL) {
		if (must_yield(p, t)) {
			crew_stop(TAILQ_LAST(&p->idle, worker_queue));
			continue;
		}
		if ((w = find_free(p)) == NULL)
			break;
		lend(w, t->request_id);
		ticket_tell(t, w);
	}
	if ((refusal = find_refusal(p)) != POOL_LENT)
		refuse_all(p, refusal);
}

/* --- what the spawner reports ------------------------------------------- */

static void
on_stands(struct worker *w)
{
	struct pool	*p = w->pool;

	crew_place(w, PLACE_IDLE);
	if (p->fn->is_template)
		crew_set_tenant(p, w->tenant);
	if (p->probe == w)
		timer_start(p->retry, p->backoff_ms);
	pools_due(p);
}

/* It ended with nothing in its hand. */
static void
note_end(struct worker *w, enum place was)
{
	const struct pool	*p = w->pool;
	char			 how[160];

	if (was == PLACE_STOPPING || was == PLACE_RETIRING)
		return;
	if (w->end.refused && w->end.refusal == REFUSAL_CAPPED) {
		crew_start_capped(w);
		return;
	}
	/* Asked for by the load before, and too late: that is no failure. */
	if (w->end.refused && w->generation != p->pools->config->generation)
		return;
	if (!w->has_served) {
		crew_start_failed(w);
		return;
	}
	worker_describe_end(w, how, sizeof(how));
	log_info("%s: worker %ld left: %s", p->title, (long)w->pid, how);
}

static void
on_ended(struct worker *w)
{
	struct pools	*ps = w->pool->pools;
	enum place	 was = (enum place)w->place;

	timer_stop(w->pool->refill);
	pools_due(w->pool);
	crew_place(w, PLACE_NONE);
	if (w->lent == 0) {
		note_end(w, was);
		crew_forget(w);
	}
	room_share(ps);
}

const struct worker_events	pool_worker_events = { on_stands, on_ended };

/* --- giving back -------------------------------------------------------- */

/* Does this show that workers can be started again? */
static bool
is_proof(const struct worker *w, enum worker_use use)
{
	return w->number > w->pool->last_failed && (w->has_served ||
	    (use == WORKER_SPENT && crew_is_launch(w->pool)));
}

/* on_ended has been, and left it to us; or is yet to come. */
static void
return_dead(struct worker *w, enum worker_use use)
{
	if (w->lent > 0)
		return;
	if (w->place != PLACE_NONE) {
		if (use != WORKER_NO_START)
			crew_place(w, PLACE_RETIRING);
		return;
	}
	if (use == WORKER_NO_START)
		crew_start_failed(w);
	crew_forget(w);
}

/* A launcher's program ends in its own time. */
static void
return_spent(struct worker *w)
{
	if (w->lent > 0 || crew_is_launch(w->pool))
		crew_retire(w);
	else
		crew_stop(w);
}

static void
return_broken(struct worker *w, enum worker_use use)
{
	if (use == WORKER_NO_START &&
	    (w->place == PLACE_FULL || w->place == PLACE_SHARED))
		crew_start_failed(w);
	crew_stop(w);
}

static void
return_good(struct worker *w)
{
	const struct pool	*p = w->pool;

	if (w->state == WORKER_STOPPING)
		crew_place(w, PLACE_STOPPING);
	else if (w->place == PLACE_RETIRING || crew_is_worn(w)) {
		if (w->lent == 0)
			crew_stop(w);
	} else
		crew_place_by_load(w);

	if (w->place == PLACE_IDLE && p->waiting == 0 && p->fn->freeze &&
	    w->has_served && !crew_is_launch(p))
		worker_freeze(w, true);
}

void
pool_return(struct worker *w, enum worker_use use)
{
	struct pool	*p = w->pool;

	worker_take_back(w);
	p->pools->lent--;
	if (p->failures > 0 && is_proof(w, use))
		crew_recover(p);
	if (w->state == WORKER_DEAD)
		return_dead(w, use);
	else if (use == WORKER_REUSABLE)
		return_good(w);
	else if (use == WORKER_SPENT)
		return_spent(w);
	else
		return_broken(w, use);
	if (p->waiting > 0 || room_is_wanted(p) || p->failures > 0 ||
	    crew_has_too_many(p))
		pools_due(p);
}

/* --- what the log is told ----------------------------------------------- */

/* Its key, and *value; or NULL. */
static const char *
find_limit(const struct pool *p, uint64_t *value)
{
	const struct account	*a = p->tenant->account;

	*value = a->max_children;
	if (room_is_full(p->pools, &p->tenant->room))
		return "max_children";
	*value = a->start_rate;
	if (a->start_rate != ACCOUNT_NO_CAP &&
	    tenant_start_wait_ms(p->tenant) > 0)
		return "start_rate";
	return NULL;
}

bool
pool_account_limit(const struct pool *p, char out[POOL_LIMIT_LEN])
{
	const char	*key;
	char		 name[TENANT_NAME_MAX];
	uint64_t	 value;

	if ((key = find_limit(p, &value)) == NULL)
		return false;
	snprintf(out, POOL_LIMIT_LEN, "%s: %s = %" PRIu64,
	    tenant_name(p->tenant, name), key, value);
	return true;
}

bool
pool_complain_late(const struct pool *p)
{
	const char	*key;
	uint64_t	 value;

	if ((key = find_limit(p, &value)) == NULL)
		return false;
	tenant_complain(p->tenant, COMPLAINT_LATE, "%s = %" PRIu64 ": a "
	    "request waited longer than %s's pool.queue_timeout = %" PRIu64
	    "ms (%zu workers, %zu waiting)", key, value, p->title,
	    p->fn->queue_timeout_ms, pool_workers(p), p->waiting);
	return true;
}

void
pool_complain_account(const struct pool *p)
{
	const struct account	*a = p->tenant->account;

	if (a->max_children == 0)
		tenant_complain(p->tenant, COMPLAINT_QUEUE, "max_children = 0: "
		    "a request of %s is refused", p->title);
	else
		tenant_complain(p->tenant, COMPLAINT_QUEUE, "queue_max = %"
		    PRIu64 ": a request of %s is refused (%zu workers, "
		    "%zu waiting)", a->queue_max, p->title,
		    crew_all(p->tenant->room.counts), p->tenant->waiting);
}

const struct protocol *
pool_protocol(const struct pool *p)
{
	return p->protocol;
}

/* --- figures ------------------------------------------------------------ */

size_t
pool_workers(const struct pool *p)
{
	return crew_all(p->counts);
}

size_t
pool_waiting(const struct pool *p)
{
	return p->waiting;
}
