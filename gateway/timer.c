/*
 * timer: deadlines on the event loop, never early.
 *
 * Nearly all deadlines are of a few durations, and nearly none is met.  Those
 * of one duration stand in a queue in the order in which they were started,
 * which is the order in which they are due, so that starting and stopping one
 * is putting it at the end and taking it out; libevent knows of one event a
 * queue, and is left alone until that fires.  It may find that all who were
 * due then have been stopped.
 *
 * libevent counts from a coarse clock that it reads once a turn, so what is
 * started late in a long turn would come early by as much.  Each timer knows
 * its own deadline, and who is woken too soon goes back to sleep.
 */
#include "timer.h"
#include "log.h"
#include "mem.h"

#include <sys/queue.h>

#include <event2/event.h>

#include <stdalign.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define US_PER_MS	UINT64_C(1000)
#define MS_MAX		(UINT64_C(100) * 366 * 24 * 60 * 60 * 1000)

#define QUEUES		256	/* a power of two */
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
	struct queue	 *queue;	/* NULL: an event of its own */
	TAILQ_ENTRY(timer)	 in_queue;
	/* A struct event, of the size that the libevent at hand gives it. */
	alignas(max_align_t) unsigned char	 event[];
};

TAILQ_HEAD(timer_list, timer);

/*
 * Those of one duration, found by a hash of it.  Two durations that meet in one
 * place are no fault: the timers of the later one have events of their own.
 */
struct queue {
	uint64_t		 ms;
	unsigned int		 asked;		/* in a row, until it has one */
	struct event		*event;		/* NULL: not a queue yet */
	bool			 is_armed;	/* not later than the first */
	struct timer_list	 timers;	/* the first due is the first */
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
	size_t	 i;

	for (i = 0; i < QUEUES; i++)
		if (queues[i].event != NULL)
			event_free(queues[i].event);
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
arm(struct event *event, uint64_t us)
{
	struct timeval	 tv = us_to_timeval(us);

	if (event_add(event, &tv) == -1) {
		log_error("timer: out of memory");
		abort();
	}
}

static void
on_event(evutil_socket_t fd, short what, void *arg)
{
	struct timer	*t = arg;
	uint64_t	 now;

	(void)fd;
	(void)what;
	now = now_us();
	if (now < t->due_us) {
		arm(timer_event(t), t->due_us - now);
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
	timer_stop(t);
	free(t);
}

static void
queue_arm(struct queue *q, uint64_t us)
{
	arm(q->event, us);
	q->is_armed = true;
}

/* Some are due, and may start, stop and free any timers. */
static void
on_queue(evutil_socket_t fd, short what, void *arg)
{
	struct queue	*q = arg;
	struct timer	*t;
	uint64_t	 now = now_us();

	(void)fd;
	(void)what;
	q->is_armed = false;
	while ((t = TAILQ_FIRST(&q->timers)) != NULL && t->due_us <= now) {
		timer_stop(t);
		t->on_time(t->arg);	/* t may be gone */
	}
	if (t != NULL)
		queue_arm(q, t->due_us - now);
}

/* The queue for durations of ms; NULL if they have none. */
static struct queue *
queue_find(uint64_t ms)
{
	struct queue	*q;

	q = &queues[(ms * UINT64_C(0x9e3779b97f4a7c15)) >> (64 - QUEUES_LOG2)];
	if (q->event != NULL)
		return q->ms == ms ? q : NULL;
	if (q->ms != ms) {
		q->ms = ms;
		q->asked = 0;
	}
	if (++q->asked < QUEUE_WORTH)
		return NULL;
	TAILQ_INIT(&q->timers);
	q->event = event_new(loop, -1, 0, on_queue, q);
	return q->event != NULL ? q : NULL;
}

void
timer_start(struct timer *t, uint64_t ms)
{
	struct queue	*q;

	timer_stop(t);
	if (ms > MS_MAX)
		ms = MS_MAX;
	t->due_us = now_us() + ms * US_PER_MS;
	t->started = true;
	t->queue = q = queue_find(ms);
	if (q == NULL) {
		arm(timer_event(t), ms * US_PER_MS);
		return;
	}
	TAILQ_INSERT_TAIL(&q->timers, t, in_queue);
	if (!q->is_armed)
		queue_arm(q, ms * US_PER_MS);
}

void
timer_stop(struct timer *t)
{
	if (!t->started)
		return;
	if (t->queue != NULL)
		TAILQ_REMOVE(&t->queue->timers, t, in_queue);
	else
		event_del(timer_event(t));
	t->queue = NULL;
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
