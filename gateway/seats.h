/*
 * seats: how many workers each user has, and how fast he got them.
 *
 * The spawner's own count, whatever the gateway asks for.  It is written to
 * between forks, when each page that is written to costs a copy: so as long as
 * users are few, all of it is inside of the struct, which stands beside what
 * else is written then.
 */
#ifndef TOLLGATE_SEATS_H
#define TOLLGATE_SEATS_H

#include <stdint.h>
#include <sys/types.h>

#include "bucket.h"

#define SEATS_FIRST	32	/* without memory of their own; a power of 2 */

struct account;

struct seat {
	struct bucket	 starts;
	uid_t		 uid;		/* (uid_t)-1: this one is free */
	uint32_t	 count;
};

struct seats {
	struct seat	*table;		/* first, or its own memory */
	uint32_t	 size;		/* a power of 2 */
	uint32_t	 used;
	struct seat	 first[SEATS_FIRST];
};

void	seats_init(struct seats *);
void	seats_release(struct seats *);

/*
 * NULL if the user may have one more worker now; or the key of his account that
 * it is beyond, fewer than MESSAGE_STEP_LEN bytes.
 */
const char	*seats_limit(struct seats *, uid_t, const struct account *,
		    uint64_t now_ms);
/* He has one more, one less. */
void	seats_take(struct seats *, uid_t, const struct account *,
	    uint64_t now_ms);
void	seats_give_back(struct seats *, uid_t);
uint32_t	 seats_count(const struct seats *, uid_t);

#endif
