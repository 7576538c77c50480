/*
 * pool_timer: time passes when the test says so.
 */
#include "timer.h"

#include <sys/queue.h>

#include <stdlib.h>

#include "mem.h"
#include "pool_fakes.h"

struct timer {
	TAILQ_ENTRY(timer)	 in_order;	/* while started */
	void			(*on_time)(void *);
	void			*arg;
	uint64_t		 due_ms;
	bool			 is_started;
};

TAILQ_HEAD(timer_queue, timer);

static struct timer_queue	order = TAILQ_HEAD_INITIALIZER(order);
static uint64_t			now_ms = 1000000;
static unsigned			count;

uint64_t
timer_now(void)
{
	return now_ms;
}

struct timer *
timer_new(void (*on_time)(void *), void *arg)
{
	struct timer	*t;

	t = xcalloc(1, sizeof(*t));
	t->on_time = on_time;
	t->arg = arg;
	count++;
	return t;
}

void
timer_free(struct timer *t)
{
	if (t == NULL)
		return;
	timer_stop(t);
	count--;
	free(t);
}

void
timer_stop(struct timer *t)
{
	if (t->is_started)
		TAILQ_REMOVE(&order, t, in_order);
	t->is_started = false;
}

void
timer_start(struct timer *t, uint64_t ms)
{
	struct timer	*before;

	timer_stop(t);
	t->is_started = true;
	t->due_ms = now_ms + ms;
	TAILQ_FOREACH_REVERSE(before, &order, timer_queue, in_order)
		if (before->due_ms <= t->due_ms)
			break;
	if (before != NULL)
		TAILQ_INSERT_AFTER(&order, before, t, in_order);
	else
		TAILQ_INSERT_HEAD(&order, t, in_order);
}

void
timer_soon(struct timer *t)
{
	if (!t->is_started || t->due_ms > now_ms)
		timer_start(t, 0);
}

bool
timer_is_started(const struct timer *t)
{
	return t->is_started;
}

void
fake_time_pass(uint64_t ms)
{
	uint64_t	 until = now_ms + ms;
	struct timer	*t;

	while ((t = TAILQ_FIRST(&order)) != NULL && t->due_ms <= until) {
		if (t->due_ms > now_ms)
			now_ms = t->due_ms;
		timer_stop(t);
		t->on_time(t->arg);
	}
	now_ms = until;
}

uint64_t
fake_time_left(void)
{
	const struct timer	*t = TAILQ_FIRST(&order);

	return t == NULL ? UINT64_MAX : t->due_ms - now_ms;
}

unsigned
fake_timers(void)
{
	return count;
}
