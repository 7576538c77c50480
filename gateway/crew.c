/*
 * crew: the workers of one pool: how many there are, should be, may be; their
 * starts, good and bad, and their ends.
 */
#include "crew.h"

#include <stdio.h>
#include <stdlib.h>

#include "config.h"
#include "log.h"
#include "settings.h"
#include "timer.h"

#define CAPPED_MS	100	/* the spawner's count is ahead of ours */
#define REFILL_MS	20	/* a program has answered by then, or is slow */

#define MIN(a, b)	((a) < (b) ? (a) : (b))
#define MAX(a, b)	((a) > (b) ? (a) : (b))

/* --- counts ------------------------------------------------------------- */

size_t
crew_live(const size_t counts[PLACES])
{
	return counts[PLACE_STARTING] + counts[PLACE_IDLE] +
	    counts[PLACE_SHARED] + counts[PLACE_FULL];
}

size_t
crew_all(const size_t counts[PLACES])
{
	return crew_live(counts) + counts[PLACE_RETIRING] +
	    counts[PLACE_STOPPING];
}

bool
crew_is_launch(const struct pool *p)
{
	return p->fn->protocol->way == WAY_LAUNCH;
}

size_t
crew_room(const struct pool *p)
{
	size_t	 taken;

	taken = p->counts[PLACE_FULL] + p->counts[PLACE_RETIRING] +
	    p->counts[PLACE_STOPPING];
	return taken < p->fn->max_children ? p->fn->max_children - taken : 0;
}

/* Launchers that wait for a request, or soon will. */
static size_t
count_ready(const struct pool *p)
{
	return p->counts[PLACE_STARTING] + p->counts[PLACE_IDLE];
}

/* Launchers for those that wait, as far as they may run. */
static size_t
count_wanted(const struct pool *p)
{
	return MIN(p->waiting, crew_room(p));
}

/* Launchers in reserve: as many as lately ran at once. */
static size_t
count_reserve(const struct pool *p)
{
	size_t	 n = MAX(p->peak, p->peak_before);

	if (p->is_gone || p->pools->is_draining)
		return 0;
	n = MAX(n, p->fn->min_children);
	return MIN(n, p->fn->max_children);
}

/* Launchers that should be there now. */
static size_t
count_due(const struct pool *p)
{
	return count_wanted(p) +
	    (timer_is_started(p->refill) ? 0 : count_reserve(p));
}

/* Slots that are free, at least; who waits gets them in this turn. */
static size_t
count_free(const struct pool *p)
{
	return p->counts[PLACE_IDLE] * p->fn->concurrency +
	    p->counts[PLACE_SHARED];
}

/* Workers to be kept, busy or not. */
static size_t
count_kept(const struct pool *p)
{
	if (p->is_gone || p->pools->is_draining)
		return 0;
	return MIN(p->fn->min_children, p->fn->max_children);
}

size_t
crew_coming(const struct pool *p)
{
	size_t	 n;

	if (crew_is_launch(p))
		n = MIN(count_ready(p), crew_room(p)) +
		    p->counts[PLACE_STOPPING];
	else
		n = count_free(p) + p->fn->concurrency *
		    (p->counts[PLACE_STARTING] + p->counts[PLACE_STOPPING]);
	if (p->lacks != NULL && p->lacks->counts[PLACE_STOPPING] > 0)
		n++;		/* somebody is making room for it */
	return n;
}

bool
crew_has_hope(const struct pool *p)
{
	return (crew_is_launch(p) ? count_ready(p) : crew_live(p->counts)) > 0;
}

/* --- the questions ------------------------------------------------------ */

bool
crew_needs_start(const struct pool *p)
{
	if (crew_is_launch(p))
		return count_ready(p) < count_due(p);
	return crew_live(p->counts) < count_kept(p) || p->waiting >
	    count_free(p) + p->counts[PLACE_STARTING] * p->fn->concurrency;
}

bool
crew_can_start(const struct pool *p)
{
	if (p->is_gone || p->probe != NULL || crew_is_backing_off(p))
		return false;
	return crew_is_launch(p) || crew_all(p->counts) < p->fn->max_children;
}

bool
crew_wants_reserve(const struct pool *p)
{
	return crew_is_launch(p) &&
	    count_ready(p) >= count_wanted(p) + count_kept(p);
}

bool
crew_can_spare(const struct pool *p)
{
	return p->waiting == 0 && (crew_is_launch(p) ? count_ready(p) :
	    crew_live(p->counts)) > count_kept(p);
}

/* Nothing more is to come: even idle ones go at once. */
static bool
is_closing(const struct pool *p)
{
	return (p->is_gone || p->pools->is_draining) && p->waiting == 0;
}

bool
crew_has_too_many(const struct pool *p)
{
	if (is_closing(p) || room_has_too_many(&p->tenant->room))
		return true;
	return !crew_is_launch(p) && crew_all(p->counts) -
	    p->counts[PLACE_STOPPING] > p->fn->max_children;
}

/* Will one that has idled long enough not be missed? */
static bool
has_surplus(const struct pool *p)
{
	if (crew_is_launch(p))
		return count_ready(p) > count_wanted(p) + count_reserve(p);
	return crew_live(p->counts) > count_kept(p);
}

/* --- places ------------------------------------------------------------- */

static void
count(struct pool *p, enum place place)
{
	p->counts[place]++;
	p->pools->room.counts[place]++;
	p->tenant->room.counts[place]++;
}

static void
uncount(struct pool *p, enum place place)
{
	p->counts[place]--;
	p->pools->room.counts[place]--;
	p->tenant->room.counts[place]--;
}

static void
enter_lru(struct room *room, struct worker *w)
{
	TAILQ_INSERT_TAIL(&room->lru, w, in_lru[room->kind]);
}

static void
leave_lru(struct room *room, struct worker *w)
{
	TAILQ_REMOVE(&room->lru, w, in_lru[room->kind]);
}

void
crew_set_tenant(struct pool *p, struct tenant *next)
{
	struct tenant	*old = p->tenant;
	struct worker	*w;
	int		 i;

	if (old == next)
		return;
	room_forget(p);
	for (i = 0; i < PLACES; i++) {
		old->room.counts[i] -= p->counts[i];
		next->room.counts[i] += p->counts[i];
	}
	TAILQ_FOREACH_REVERSE(w, &p->idle, worker_queue, in_idle) {
		leave_lru(&old->room, w);
		enter_lru(&next->room, w);
	}
	old->waiting -= p->waiting;
	next->waiting += p->waiting;
	p->tenant = tenant_hold(next);
	tenant_release(old);
	pools_due(p);
}

void
crew_place(struct worker *w, enum place next)
{
	struct pool	*p = w->pool;

	if (w->place == PLACE_IDLE) {
		TAILQ_REMOVE(&p->idle, w, in_idle);
		leave_lru(&p->pools->room, w);
		leave_lru(&p->tenant->room, w);
	} else if (w->place == PLACE_SHARED)
		TAILQ_REMOVE(&p->shared, w, in_idle);

	uncount(p, (enum place)w->place);
	w->place = next;
	count(p, next);

	if (next == PLACE_IDLE) {
		w->idle_since_ms = timer_now();
		TAILQ_INSERT_HEAD(&p->idle, w, in_idle);
		enter_lru(&p->pools->room, w);
		enter_lru(&p->tenant->room, w);
		if (!timer_is_started(p->idle_timer))
			timer_start(p->idle_timer,
			    p->fn->process_idle_timeout_ms);
	} else if (next == PLACE_SHARED)
		TAILQ_INSERT_TAIL(&p->shared, w, in_idle);
}

bool
crew_is_worn(const struct worker *w)
{
	return w->served_max != 0 && w->served >= w->served_max;
}

void
crew_place_by_load(struct worker *w)
{
	struct pool	*p = w->pool;

	if (w->lent == 0)
		crew_place(w, PLACE_IDLE);
	else if (w->lent < p->fn->concurrency && !crew_is_worn(w) &&
	    !crew_is_launch(p))
		crew_place(w, PLACE_SHARED);
	else
		crew_place(w, PLACE_FULL);
}

/* --- starts and ends ---------------------------------------------------- */

/* Jittered, as workers of one age should not all leave at once. */
static uint32_t
choose_served_max(const struct pool *p)
{
	uint32_t	 n = p->fn->max_requests;

	if (n == 0 || crew_is_launch(p))
		return 0;
	return n - arc4random_uniform(n / 8 + 1);
}

void
crew_start(struct pool *p)
{
	struct pools		*ps = p->pools;
	const struct worker_order	 order = {
		.function = p->fn,
		.generation = ps->config->generation,
		.captures = p->captures,
		.protocol = p->protocol,
		.events = &pool_worker_events,
		.tenant = p->tenant,
	};
	struct worker		*w;

	tenant_started(p->tenant);
	w = worker_start(ps->setup.workers, &order);
	w->pool = p;
	w->served_max = choose_served_max(p);
	TAILQ_INSERT_TAIL(&p->workers, w, in_pool);
	count(p, PLACE_NONE);
	crew_place(w, PLACE_STARTING);
	if (p->failures > 0)
		p->probe = w;
}

/* It tells no more whether starts go well: another may try at once. */
static void
end_probe(struct worker *w)
{
	struct pool	*p = w->pool;

	if (p->probe == w) {
		p->probe = NULL;
		timer_stop(p->retry);
	}
}

void
crew_stop(struct worker *w)
{
	end_probe(w);
	crew_place(w, PLACE_STOPPING);
	worker_stop(w);
}

void
crew_retire(struct worker *w)
{
	switch ((enum place)w->place) {
	case PLACE_STARTING:
	case PLACE_IDLE:
		crew_stop(w);
		break;
	case PLACE_SHARED:
	case PLACE_FULL:
		end_probe(w);
		w->is_retiring = true;
		crew_place(w, PLACE_RETIRING);
		break;
	default:		/* it is on its way already */
		break;
	}
}

void
crew_forget(struct worker *w)
{
	struct pool	*p = w->pool;

	end_probe(w);
	TAILQ_REMOVE(&p->workers, w, in_pool);
	uncount(p, PLACE_NONE);
	p->pools->setup.on_worker_gone(p->pools->setup.arg, w);
	worker_free(w);
	pools_due(p);
}

void
crew_stop_surplus(struct pool *p)
{
	struct worker	*w;

	if (is_closing(p)) {
		TAILQ_FOREACH(w, &p->workers, in_pool)
			if (w->place == PLACE_STARTING ||
			    w->place == PLACE_IDLE)
				crew_stop(w);
		return;
	}
	while (crew_has_too_many(p) && !TAILQ_EMPTY(&p->idle))
		crew_stop(TAILQ_LAST(&p->idle, worker_queue));
}

/* --- idling ------------------------------------------------------------- */

static size_t
count_at_work(const struct pool *p)
{
	return p->counts[PLACE_FULL] + p->counts[PLACE_RETIRING];
}

static void
note_peak(struct pool *p)
{
	if (p->fn->process_idle_timeout_ms == 0)
		return;		/* there is no lately */
	if (count_at_work(p) > p->peak)
		p->peak = count_at_work(p);
	if (!timer_is_started(p->idle_timer))
		timer_start(p->idle_timer, p->fn->process_idle_timeout_ms);
}

void
crew_launched(struct pool *p)
{
	note_peak(p);
	if (!timer_is_started(p->refill))
		timer_start(p->refill, REFILL_MS);
}

void
crew_on_refill(void *arg)
{
	pools_due(arg);
}

/* A peak counts for one to two times process_idle_timeout. */
static void
fade_peak(struct pool *p)
{
	p->peak_before = p->peak;
	p->peak = p->fn->process_idle_timeout_ms > 0 ? count_at_work(p) : 0;
	if (p->peak_before > 0)
		timer_start(p->idle_timer, p->fn->process_idle_timeout_ms);
}

/*
 * Due at the oldest deadline there was when it was started: it is moved only
 * here, not whenever a worker is used.
 */
void
crew_on_idle_time(void *arg)
{
	struct pool	*p = arg;
	struct worker	*w;
	uint64_t	 idle_ms;

	pool_serve_waiting(p);	/* nobody idles whom they could have */
	if (crew_is_launch(p))
		fade_peak(p);
	while (has_surplus(p) &&
	    (w = TAILQ_LAST(&p->idle, worker_queue)) != NULL) {
		idle_ms = timer_now() - w->idle_since_ms;
		if (idle_ms < p->fn->process_idle_timeout_ms) {
			if (!timer_is_started(p->idle_timer))
				timer_start(p->idle_timer,
				    p->fn->process_idle_timeout_ms - idle_ms);
			break;
		}
		crew_stop(w);
	}
}

/* --- starts that fail --------------------------------------------------- */

bool
crew_is_backing_off(const struct pool *p)
{
	return p->failures > 0 && p->probe == NULL &&
	    timer_is_started(p->retry);
}

static void
wait_for_retry(struct pool *p)
{
	p->retry_at_ms = timer_now() + p->backoff_ms;
	timer_start(p->retry, p->backoff_ms);
}

/* Try less and less often. */
static void
back_off(struct pool *p)
{
	const struct gateway_settings	*s = &p->pools->config->gateway;

	if (p->failures++ == 0)
		p->backoff_ms = s->start_backoff_ms;
	else
		p->backoff_ms = MIN(p->backoff_ms * 2,
		    s->start_backoff_max_ms);
	wait_for_retry(p);
}

/*
 * That a template has no such program, or may not run it, is an answer rather
 * than a fault; it is kept for a while to spare the spawner.
 */
static void
keep_refusal(struct pool *p)
{
	p->failures = 1;
	p->backoff_ms = p->pools->config->gateway.start_backoff_ms;
	wait_for_retry(p);
}

static void
log_failure(const struct pool *p, const struct worker *w)
{
	char	 why[160];

	if (w->state == WORKER_DEAD)
		worker_describe_end(w, why, sizeof(why));
	else
		snprintf(why, sizeof(why), "it did not take its first "
		    "request");
	log_warning("%s: worker %llu could not be started: %s; "
	    "next try in %.1fs", p->title, (unsigned long long)w->number, why,
	    (double)pool_backoff_ms(p) / 1000);
}

void
crew_start_failed(struct worker *w)
{
	static const enum pool_answer	 by_refusal[] = {
		[REFUSAL_FAILED] = POOL_START_FAILED,
		[REFUSAL_NOT_FOUND] = POOL_NOT_FOUND,
		[REFUSAL_NOT_TRUSTED] = POOL_NOT_TRUSTED,
		[REFUSAL_CAPPED] = POOL_START_FAILED,
	};
	struct pool	*p = w->pool;
	bool		 counts = p->failures == 0 || p->probe == w;

	end_probe(w);
	p->refusal = w->end.refused ? by_refusal[w->end.refusal] :
	    POOL_START_FAILED;
	p->last_failed = MAX(p->last_failed, w->number);
	/* Of several that were started together only the first counts. */
	if (counts && p->fn->is_template && p->refusal != POOL_START_FAILED)
		keep_refusal(p);
	else if (counts)
		back_off(p);
	log_failure(p, w);
}

void
crew_start_capped(struct worker *w)
{
	struct pool	*p = w->pool;

	/* Whose limit it is, of a template's, we hear with it. */
	if (p->fn->is_template && w->tenant != p->tenant)
		crew_set_tenant(p, w->tenant);
	tenant_complain(p->tenant, COMPLAINT_START, "%s: not started: %.*s; "
	    "next try in %d ms", p->title, MESSAGE_STEP_LEN, w->end.step,
	    CAPPED_MS);
	tenant_hold_back(p->tenant, CAPPED_MS);
	pools_due(p);
}

void
crew_recover(struct pool *p)
{
	p->failures = 0;
	p->probe = NULL;
	timer_stop(p->retry);
	pools_due(p);
}

/* The back-off is over; or the probe has stood as long, which will do. */
void
crew_on_retry(void *arg)
{
	struct pool	*p = arg;

	if (p->probe != NULL && p->probe->place == PLACE_IDLE)
		crew_recover(p);
	pools_due(p);
}

uint64_t
pool_backoff_ms(const struct pool *p)
{
	uint64_t	 now = timer_now();

	if (!crew_is_backing_off(p) || p->retry_at_ms <= now)
		return 0;
	return p->retry_at_ms - now;
}
