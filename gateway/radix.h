/*
 * radix: texts -> values, found by what another text begins with.
 *
 * A look-up walks along the text once and meets, shortest first, each key that
 * the text begins with.  It costs by the text's length, however many keys
 * there are.  The tree lives in an arena and is never taken apart.
 */
#ifndef TOLLGATE_RADIX_H
#define TOLLGATE_RADIX_H

#include <stddef.h>

struct arena;
struct radix;
struct radix_node;

/* Owned by the arena, as is all that is added later. */
struct radix	*radix_create(struct arena *);

/* Where key's value is kept; NULL stands there until it is set.  key's len
   bytes are copied. */
void		**radix_slot(struct radix *, const char *key, size_t len);

struct radix_walk {
	const struct radix_node	*next;		/* NULL: the walk is over */
	const char		*text;
	size_t			 len;
	size_t			 at;		/* bytes of text behind next */
	size_t			 visited;	/* nodes so far: the cost */
};

/* text is borrowed for the walk. */
void		 radix_walk_init(struct radix_walk *, const struct radix *,
		    const char *text, size_t len);

/*
 * The value of the next longer key that text begins with, and that key's
 * length; NULL if there is none left.
 */
void		*radix_walk_next(struct radix_walk *, size_t *key_len);

#endif
