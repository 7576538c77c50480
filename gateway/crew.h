/*
 * crew: what the files of pool share among themselves.
 *
 * crew.c knows the workers of a pool: each has one place there, and whether
 * another may be started, is needed, or is one too many follows from how many
 * there are in each.  room.c shares max_workers, and what a user's account
 * allows, among pools.  pool.c brings requests and workers together.  pools.c
 * has all pools: it finds them, and sees to those where something is due.
 */
#ifndef TOLLGATE_CREW_H
#define TOLLGATE_CREW_H

#include <sys/queue.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "function.h"
#include "pool.h"
#include "room.h"
#include "tenant.h"
#include "worker.h"

struct timer;

TAILQ_HEAD(ticket_queue, ticket);
LIST_HEAD(pool_list, pool);

struct ticket {
	struct pool		*pool;
	struct ticket_queue	*queue;		/* the pool's, or refused */
	TAILQ_ENTRY(ticket)	 in_queue;
	const char		*request_id;	/* borrowed */
	void			(*ready)(void *, struct worker *,
				    enum pool_answer);
	void			*arg;
	uint64_t		 asked_ms;
	enum pool_answer	 answer;	/* once refused */
};

struct pool {
	struct pools		*pools;
	struct function		*fn;		/* held; of the load in force */
	const struct protocol	*protocol;
	bool			 is_gone;	/* no longer configured */
	struct tenant		*tenant;	/* held; whose workers these
						   are */
	unsigned		 references;	/* who may still ask it */
	LIST_ENTRY(pool)	 in_bucket;
	TAILQ_ENTRY(pool)	 in_all;

	/* the crew */
	size_t			 counts[PLACES];
	struct worker_queue	 workers;	/* also dead but lent ones */
	struct worker_queue	 idle;		/* last used first */
	struct worker_queue	 shared;	/* longest untouched first */
	struct timer		*idle_timer;
	size_t			 peak;		/* launchers at work at once
						   since idle_timer ran */
	size_t			 peak_before;	/* and the time before */
	struct timer		*refill;	/* started: the reserve waits */

	/* starts that failed */
	unsigned		 failures;	/* in a row */
	uint64_t		 last_failed;	/* number of that worker */
	enum pool_answer	 refusal;	/* what it meant */
	uint64_t		 backoff_ms;
	uint64_t		 retry_at_ms;
	struct timer		*retry;
	struct worker		*probe;		/* the one try afterwards */

	/* who waits */
	struct ticket_queue	 tickets;
	size_t			 waiting;
	struct room		*lacks;		/* would start, had this room */
	TAILQ_ENTRY(pool)	 in_starved;
	bool			 is_due;
	TAILQ_ENTRY(pool)	 in_due;

	const char		*title;		/* for the log */
	size_t			 capture_count;
	const char		*captures[FUNCTION_CAPTURES_MAX];
	char			 text[];	/* of title and captures */
};

#define POOL_BUCKETS	4096	/* a power of 2 */

struct pools {
	struct pools_setup	 setup;
	const struct config	*config;	/* in force; borrowed */
	bool			 is_draining;
	struct pool_list	 buckets[POOL_BUCKETS];
	struct pool_queue	 all;
	struct room		 room;		/* of all workers */
	struct room_queue	 crowded;	/* where pools lack some */
	struct timer		*start_time;	/* when a rate lets one start */
	struct pool_queue	 due;
	struct ticket_queue	 refused;	/* to be told */
	struct timer		*run_due;
	size_t			 lent;
	size_t			 waiting;
};

/* --- crew.c ------------------------------------------------------------- */

bool	crew_is_launch(const struct pool *);

/* Workers that serve or will; those and the ones on their way out. */
size_t	crew_live(const size_t counts[PLACES]);
size_t	crew_all(const size_t counts[PLACES]);
/* How many more programs may run at once (launch). */
size_t	crew_room(const struct pool *);
/* Requests that will not have to wait for a busy worker. */
size_t	crew_coming(const struct pool *);
/* May who waits be served, even if nothing can be started? */
bool	crew_has_hope(const struct pool *);
bool	crew_is_backing_off(const struct pool *);

/* Is one more wanted; may it be, max_workers apart; only as a reserve? */
bool	crew_needs_start(const struct pool *);
bool	crew_can_start(const struct pool *);
bool	crew_wants_reserve(const struct pool *);
/* Could it do without one of its idle workers?  Must it? */
bool	crew_can_spare(const struct pool *);
bool	crew_has_too_many(const struct pool *);

/* Whose they are is known now, or another's: count them there. */
void	crew_set_tenant(struct pool *, struct tenant *);
/* The only place where places change. */
void	crew_place(struct worker *, enum place);
/* By what it has in hand: idle, shared or full. */
void	crew_place_by_load(struct worker *);
/* Has it answered its fill? */
bool	crew_is_worn(const struct worker *);

void	crew_start(struct pool *);
void	crew_stop(struct worker *);
/* Stopped at once if nothing is in its hand, else when it is given back. */
void	crew_retire(struct worker *);
/* Its process is no more and nothing is in its hand: free it. */
void	crew_forget(struct worker *);
/*
 * A launcher has set to work: how many do at once is how many should wait.
 * Another takes its place, but only once its program has ended or should be
 * well under way: to start two processes at once makes both late.
 */
void	crew_launched(struct pool *);
/* Stop idle workers that are too many now. */
void	crew_stop_surplus(struct pool *);

/* It ended, or had to be given up, before it ever served. */
void	crew_start_failed(struct worker *);
/* The spawner has held it to a limit: it is no fault of the program's. */
void	crew_start_capped(struct worker *);
/* A start turned out well: no more caution. */
void	crew_recover(struct pool *);

/* The timers' callbacks; arg is the pool. */
void	crew_on_idle_time(void *arg);
void	crew_on_retry(void *arg);
void	crew_on_refill(void *arg);

/* --- room.c ------------------------------------------------------------- */

void	room_init(struct room *, enum room_kind, struct tenant *);
/* Are there as many workers as there may be?  More? */
bool	room_is_full(const struct pools *, const struct room *);
bool	room_has_too_many(const struct room *);
/* The full room that a pool could not start one more in, or NULL. */
struct room	*room_that_is_full(const struct pool *);
/* Start what is needed and can be; queue for room if there is none. */
void	room_start_needed(struct pool *);
/* The pool no longer waits for room. */
void	room_forget(struct pool *);
/* Give what room there is to those that queue for it; see that more comes. */
void	room_share(struct pools *);
/* Does somebody queue for room that a worker of this pool takes? */
bool	room_is_wanted(const struct pool *);
/* A timer's callback; arg is pools. */
void	room_on_start_time(void *arg);

/* --- pool.c ------------------------------------------------------------- */

extern const struct worker_events	pool_worker_events;

/* Lend free workers to those that wait; refuse those for whom all is lost. */
void	pool_serve_waiting(struct pool *);
/* ready(w), or with what it was refused with.  Frees the ticket. */
void	ticket_tell(struct ticket *, struct worker *);
void	ticket_free(struct ticket *);	/* out of its queue, untold */

/* --- pools.c ------------------------------------------------------------ */

/* See to this pool when what runs now has returned. */
void	pools_due(struct pool *);

#endif
