/*
 * pool_fakes: a clock and workers that do as they are told, in place of
 * timer.c and worker.c, for the tests of pools.
 */
#ifndef TOLLGATE_POOL_FAKES_H
#define TOLLGATE_POOL_FAKES_H

#include <stdbool.h>
#include <stdint.h>

#include "worker.h"

#define FAKE_WORKERS_MAX	4096
#define FAKE_TEMPLATE_UID	3	/* of whom templates' programs are */

/* --- the clock ---------------------------------------------------------- */

/* Let so much time pass; what falls due is called, in order. */
void		fake_time_pass(uint64_t ms);
uint64_t	fake_time_left(void);	/* ms until something falls due */
unsigned	fake_timers(void);	/* that exist */

/* --- workers ------------------------------------------------------------ */

/* The nth to be started, from 1; NULL once it is freed or if there is none. */
struct worker	*fake_worker(unsigned n);
unsigned	 fake_workers_started(void);

/* The spawner answers: it stands, does not, or has ended. */
void		fake_stands(struct worker *);
void		fake_refused(struct worker *, enum refusal);
void		fake_dies(struct worker *, int status);
/* Likewise, but on_ended comes only with the next fake_obey. */
void		fake_dies_unheard(struct worker *, int status);

/*
 * Whoever has been asked for stands, whoever was told to end has ended.
 * Returns whether anything happened.
 */
bool		fake_obey(void);

#endif
