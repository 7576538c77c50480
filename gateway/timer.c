/*
 * timer: deadlines on the event loop, never early.
 *
 * libevent counts from a coarse clock that it reads once a turn, so what is
 * started late in a long turn would come early by as much.  Each timer knows
 * its own deadline, and one that libevent wakes too soon goes back to sleep.
 */
#include "timer.h"
#include "log.h"
#include "mem.h"

#include <event2/event.h>

#include <stdalign.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define US_PER_MS	UINT64_C(1000)
#define MS_MAX		(UINT64_C(100) * 366 * 24 * 60 * 60 * 1000)

/* As many as libevent has queues for; a power of two. */
#define QUEUES		256
#define QUEUES_LOG2	8

/*
 * A duration gets a queue once it has been asked for so often: one that
 * occurs once, what is left of another say, would hold its place for good.
 */
#define QUEUE_WORTH	4

struct timer {
	void		(*on_time)(void *arg);
	void		 *arg;
	uint64_t	  due_us;
	bool		  started;
	/* A struct event, of the size that the libevent at hand gives it. */
	alignas(max_align_t) unsigned char	 event[];
};

/*
 * What equal durations share, found by a hash of the duration.  Two that meet
 * in one place are no fault: the later one has its timers in libevent's heap.
 */
struct queue {
	uint64_t		 ms;
	unsigned int		 asked;		/* in a row, until it has one */
	const struct timeval	*handle;	/* libevent's; NULL: none */
};

/* There is one loop in a process, and a clock is the world's anyway. */
static struct event_base	*loop;
static struct queue		 queues[QUEUES];

static uint64_t
now_us(void)
{
	struct timespec	 ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

static struct timeval
us_to_timeval(uint64_t us)
{
	struct timeval	 tv;

	tv.tv_sec = (time_t)(us / 1000000);
	tv.tv_usec = (suseconds_t)(us % 1000000);
	return tv;
}

void
timer_init(struct event_base *base)
{
	loop = base;
	memset(queues, 0, sizeof(queues));
}

void
timer_release(void)
{
	/* The queues themselves go with the loop. */
	loop = NULL;
	memset(queues, 0, sizeof(queues));
}

uint64_t
timer_now(void)
{
	return now_us() / US_PER_MS;
}

static struct event *
timer_event(struct timer *t)
{
	return (struct event *)(void *)t->event;
}

/*
 * A deadline that is lost is a request that hangs for ever.  Only a lack of
 * memory loses one, and that ends the process here as everywhere.
 */
static void
timer_arm(struct timer *t, const struct timeval *tv)
{
	if (event_add(timer_event(t), tv) == -1) {
		log_error("timer: out of memory");
		abort();
	}
}

static void
on_event(evutil_socket_t fd, short what, void *arg)
{
	struct timer	*t = arg;
	struct timeval	 left;
	uint64_t	 now;

	(void)fd;
	(void)what;
	now = now_us();
	if (now < t->due_us) {
		left = us_to_timeval(t->due_us - now);
		timer_arm(t, &left);
		return;
	}
	t->started = false;
	t->on_time(t->arg);	/* t may be gone */
}

struct timer *
timer_new(void (*on_time)(void *arg), void *arg)
{
	struct timer	*t;

	t = xcalloc(1, sizeof(*t) + event_get_struct_event_size());
	t->on_time = on_time;
	t->arg = arg;
	event_assign(timer_event(t), loop, -1, 0, on_event, t);
	return t;
}

void
timer_free(struct timer *t)
{
	if (t == NULL)
		return;
	event_del(timer_event(t));
	free(t);
}

/* libevent's queue for durations of ms; NULL if it has none. */
static const struct timeval *
queue_find(uint64_t ms)
{
	struct queue	*q;
	struct timeval	 tv;

	q = &queues[(ms * UINT64_C(0x9e3779b97f4a7c15)) >> (64 - QUEUES_LOG2)];
	if (q->handle != NULL)
		return q->ms == ms ? q->handle : NULL;
	if (q->ms != ms) {
		q->ms = ms;
		q->asked = 0;
	}
	if (++q->asked < QUEUE_WORTH)
		return NULL;
	tv = us_to_timeval(ms * US_PER_MS);
	q->handle = event_base_init_common_timeout(loop, &tv);
	return q->handle;
}

void
timer_start(struct timer *t, uint64_t ms)
{
	const struct timeval	*shared;
	struct timeval		 tv;

	if (ms > MS_MAX)
		ms = MS_MAX;
	t->due_us = now_us() + ms * US_PER_MS;
	t->started = true;
	if ((shared = queue_find(ms)) != NULL) {
		timer_arm(t, shared);
		return;
	}
	tv = us_to_timeval(ms * US_PER_MS);
	timer_arm(t, &tv);
}

void
timer_stop(struct timer *t)
{
	if (!t->started)
		return;
	event_del(timer_event(t));
	t->started = false;
}

void
timer_soon(struct timer *t)
{
	timer_stop(t);
	t->due_us = 0;
	t->started = true;
	event_active(timer_event(t), EV_TIMEOUT, 0);
}

bool
timer_is_started(const struct timer *t)
{
	return t->started;
}
