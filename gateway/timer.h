/*
 * timer: deadlines on the event loop.
 *
 * One callback a timer, once per start.  Timers of durations that are often
 * asked for stand in a queue each, where starting and stopping costs next to
 * nothing, however many there are.  All that decides by time asks timer_now,
 * so unit tests put a clock of their own in this file's place.
 */
#ifndef TOLLGATE_TIMER_H
#define TOLLGATE_TIMER_H

#include <stdbool.h>
#include <stdint.h>

struct event_base;
struct timer;

/*
 * The loop that timers run on; called once, before any other of these.  It is
 * borrowed; all timers are freed before timer_release, the loop after it.
 */
void	timer_init(struct event_base *);
void	timer_release(void);

/* Milliseconds of CLOCK_MONOTONIC, read anew each time (some 25 ns). */
uint64_t	timer_now(void);

/* on_time(arg) runs from the loop; the timer may be freed in it. */
struct timer	*timer_new(void (*on_time)(void *arg), void *arg);
void		 timer_free(struct timer *);	/* NULL is fine */

/*
 * Due in ms from now, never earlier by timer_now; one already started is
 * moved.  With 0 ms on_time still runs only after this has returned.
 */
void	timer_start(struct timer *, uint64_t ms);

/*
 * Due as soon as what runs now has returned, in this same turn of the loop:
 * behind all that is due already.
 */
void	timer_soon(struct timer *);
void	timer_stop(struct timer *);
bool	timer_is_started(const struct timer *);

#endif
