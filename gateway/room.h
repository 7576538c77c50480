/*
 * room: workers that are counted together, and who waits for one more.
 *
 * All workers share max_workers; those of one user his account.  In either, the
 * least recently used idle worker makes room for a pool that needs one, and
 * pools that wait for room get it in the order of their coming.
 */
#ifndef TOLLGATE_ROOM_H
#define TOLLGATE_ROOM_H

#include <sys/queue.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pool;
struct tenant;
struct worker;

enum place {			/* of a worker, in its pool's eyes */
	PLACE_NONE = 0,		/* not yet ours, or its process is no more */
	PLACE_STARTING,		/* asked for */
	PLACE_IDLE,		/* nothing in hand */
	PLACE_SHARED,		/* requests in hand, and slots for more */
	PLACE_FULL,		/* no slot is free */
	PLACE_RETIRING,		/* gets no more: stopped when given back, or
				   a program that works on and ends itself */
	PLACE_STOPPING,		/* told to end */
	PLACES			/* how many there are; keep last */
};

enum room_kind {		/* a worker is in one of each */
	ROOM_ALL = 0,
	ROOM_TENANT,
	ROOM_KINDS		/* how many there are; keep last */
};

TAILQ_HEAD(pool_queue, pool);
TAILQ_HEAD(room_queue, room);
TAILQ_HEAD(worker_queue, worker);

struct room {
	enum room_kind		 kind;
	struct tenant		*tenant;	/* NULL: of all */
	size_t			 counts[PLACES];
	struct worker_queue	 lru;		/* idle ones, longest first */
	struct pool_queue	 starved;	/* longest first */
	size_t			 starved_count;
	TAILQ_ENTRY(room)	 in_crowded;	/* while there are some */
	uint64_t		 warned_ms;	/* that it is full */
};

#endif
