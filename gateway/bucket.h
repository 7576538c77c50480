/*
 * bucket: how often something may happen: so many times a second, and so many
 * at once after a time of fewer.  Pure: the time is the caller's.
 */
#ifndef TOLLGATE_BUCKET_H
#define TOLLGATE_BUCKET_H

#include <stdbool.h>
#include <stdint.h>

#define QUOTA_MAX	(UINT64_MAX / 2000)	/* more is no limit */

struct quota {
	uint64_t	 rate;		/* a second; over QUOTA_MAX: no limit */
	uint64_t	 burst;
};

/* Zeroed it is full. */
struct bucket {
	int64_t		 lacks;		/* thousandths, of burst */
	uint64_t	 at_ms;		/* when it did */
};

/* Is there one left?  Milliseconds until there is. */
bool	 bucket_has(struct bucket *, const struct quota *, uint64_t now_ms);
uint64_t bucket_wait_ms(struct bucket *, const struct quota *, uint64_t now_ms);
/* So many are taken, more than there are as well: then it lacks for longer. */
void	 bucket_take(struct bucket *, const struct quota *, uint64_t count,
	    uint64_t now_ms);
/* Does it lack nothing, so that it may as well be forgotten? */
bool	 bucket_is_full(struct bucket *, const struct quota *, uint64_t now_ms);

#endif
