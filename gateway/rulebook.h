/*
 * rulebook: Landlock's rules of functions, kept for their next workers.
 *
 * Made by the first worker of a function, which sends them up, as the spawner
 * opens nothing of a user's.  Each is kept with a print of what it was made
 * from (grants.h), and used by who finds the same.  There are but a few, as
 * each is a descriptor that is copied with every fork: the oldest goes.
 */
#ifndef TOLLGATE_RULEBOOK_H
#define TOLLGATE_RULEBOOK_H

#include <stdint.h>

#define RULEBOOK_MAX	64

struct rules {
	int		 fd;		/* -1: none */
	uint64_t	 print;
};

struct rulebook {
	unsigned	 count;
	unsigned	 oldest;	/* once it is full */
	struct {
		uint32_t	 function;	/* its number in a load */
		struct rules	 rules;
	}		 kept[RULEBOOK_MAX];
};

/* Borrowed until the next call. */
struct rules	rulebook_find(const struct rulebook *, uint32_t function);
/* The descriptor is the book's then. */
void		rulebook_keep(struct rulebook *, uint32_t function,
		    struct rules);
/* Forget all. */
void		rulebook_clear(struct rulebook *);

#endif
