/*
 * pool_worker: states change as in the real one, only that the spawner's
 * answers come when the test says so.
 */
#include "worker.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "function.h"
#include "mem.h"
#include "pool_fakes.h"
#include "tenant.h"
#include "timer.h"

static struct worker	*started[FAKE_WORKERS_MAX];
static bool		 is_unheard[FAKE_WORKERS_MAX];	/* dead, on_ended due */
static unsigned		 count;

struct worker *
worker_start(struct workers *ws, const struct worker_order *order)
{
	struct function	*fn = order->function;
	struct worker	*w;
	size_t		 i;

	assert(count < FAKE_WORKERS_MAX);
	w = xcalloc(1, sizeof(*w));
	started[count++] = w;
	w->number = count;
	w->workers = ws;
	w->function = function_hold(fn);
	w->generation = order->generation;
	w->protocol = order->protocol;
	w->events = order->events;
	w->tenant = tenant_hold(order->tenant);
	w->asked_ms = timer_now();
	w->pid = (pid_t)(1000 + count);
	w->capture_count = (uint32_t)fn->captures.count;
	for (i = 0; i < fn->captures.count; i++)
		snprintf(w->captures[i], sizeof(w->captures[i]), "%s",
		    order->captures[i]);
	return w;
}

void
worker_stop(struct worker *w)
{
	w->is_retiring = true;
	if (w->state == WORKER_IDLE || w->state == WORKER_LENT) {
		worker_freeze(w, false);
		w->state = WORKER_STOPPING;
	}
}

void
worker_freeze(struct worker *w, bool on)
{
	w->is_frozen = on;
}

void
worker_lend(struct worker *w, const char *request_id)
{
	assert(request_id != NULL);
	assert(w->state == WORKER_IDLE || w->state == WORKER_LENT);
	worker_freeze(w, false);
	w->lent++;
	w->served++;
	w->state = WORKER_LENT;
}

void
worker_take_back(struct worker *w)
{
	assert(w->lent > 0);
	if (--w->lent == 0 && w->state == WORKER_LENT)
		w->state = WORKER_IDLE;
}

void
worker_free(struct worker *w)
{
	assert(w->state == WORKER_DEAD && w->lent == 0);
	assert(!is_unheard[w->number - 1]);
	started[w->number - 1] = NULL;
	tenant_release(w->tenant);
	function_release(w->function);
	free(w);
}

void
worker_describe_end(const struct worker *w, char *out, size_t room)
{
	snprintf(out, room, "ended with %d", w->end.status);
}

struct worker *
fake_worker(unsigned n)
{
	return n >= 1 && n <= count ? started[n - 1] : NULL;
}

unsigned
fake_workers_started(void)
{
	return count;
}

/* The spawner says whose a template's is. */
static void
learn_user(struct worker *w)
{
	struct tenant	*old = w->tenant;

	w->tenant = tenants_get(old->all, old->uid != TENANT_UNKNOWN ?
	    old->uid : FAKE_TEMPLATE_UID);
	tenant_release(old);
}

void
fake_stands(struct worker *w)
{
	assert(w->state == WORKER_ASKED);
	learn_user(w);
	w->state = WORKER_IDLE;
	if (w->is_retiring)
		worker_stop(w);
	else
		w->events->stands(w);
}

void
fake_refused(struct worker *w, enum refusal refusal)
{
	assert(w->state == WORKER_ASKED);
	if (refusal == REFUSAL_CAPPED)
		learn_user(w);
	w->end.refused = true;
	w->end.refusal = refusal;
	w->state = WORKER_DEAD;
	w->events->ended(w);
}

void
fake_dies_unheard(struct worker *w, int status)
{
	w->end.status = status;
	w->state = WORKER_DEAD;
	is_unheard[w->number - 1] = true;
}

static void
hear(struct worker *w)
{
	is_unheard[w->number - 1] = false;
	w->events->ended(w);
}

void
fake_dies(struct worker *w, int status)
{
	fake_dies_unheard(w, status);
	hear(w);
}

bool
fake_obey(void)
{
	bool		 happened = false;
	unsigned	 i;

	for (i = 0; i < count; i++) {
		if (started[i] == NULL)
			continue;
		if (is_unheard[i])
			hear(started[i]);
		else if (started[i]->state == WORKER_ASKED)
			fake_stands(started[i]);
		else if (started[i]->state == WORKER_STOPPING)
			fake_dies(started[i], 0);
		else
			continue;
		happened = true;
	}
	return happened;
}
