/*
 * timer: deadlines on the event loop.
 *
 * One callback a timer, once per start.  Durations that many timers share are
 * kept in libevent's common-timeout queues, where starting and stopping costs
 * the same however many there are.  All that decides by time asks timer_now,
 * so unit tests put a clock of their own in this file's place.
 */
#ifndef TOLLGATE_TIMER_H
#define TOLLGATE_TIMER_H

#include <stdbool.h>
#include <stdint.h>

struct event_base;
struct timer;

/* The loop that timers run on; called once, before any other of these. */
void	timer_init(struct event_base *);
void	timer_release(void);

/* Milliseconds of CLOCK_MONOTONIC as of this turn of the loop. */
uint64_t	timer_now(void);

/* on_time(arg) runs from the loop; the timer may be freed in it. */
struct timer	*timer_create(void (*on_time)(void *arg), void *arg);
void		 timer_free(struct timer *);	/* NULL is fine */

/* Due in ms from now; one already started is moved. */
void	timer_start(struct timer *, uint64_t ms);
void	timer_stop(struct timer *);
bool	timer_is_started(const struct timer *);

#endif
