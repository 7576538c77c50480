/*
 * walls: what separates workers from each other and from the system, as far as
 * this kernel gives it to us.
 *
 * A load's walls are tried when the first worker asks for some: where the
 * kernel forbids namespaces, that is said once and its workers do without.
 */
#ifndef TOLLGATE_WALLS_H
#define TOLLGATE_WALLS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct arena;
struct function;
struct mounts;
struct walls;
struct word_list;

#define WALLS_WHY	96	/* bytes of a reason */

/* private: the daemon's own files, which no worker sees; borrowed. */
struct walls	*walls_create(const struct word_list *private);
void		 walls_free(struct walls *);	/* NULL is fine */

/* Can we have namespaces?  If not, why says what failed and how. */
bool	walls_can(struct walls *, char why[WALLS_WHY]);

struct enclosure {		/* of one worker */
	uint64_t	 at_fork;	/* CLONE_NEW... flags */
	uint64_t	 later;		/* those that it moves to: a user
					   namespace and what needs one */
	bool		 has_init;	/* it is process 1, and forks */
	bool		 has_network;	/* of its own */
	bool		 has_loopback;	/* which is up there */
	struct mounts	*mounts;	/* NULL: the system's root */
	int		 space;		/* a descriptor that they need, or -1;
					   far from the first */
};

/*
 * What the function asks for, as far as it can be had; folder is its program's.
 * In arena.
 */
void	walls_enclose(struct walls *, struct enclosure *, struct arena *,
	    const struct function *, const char *folder);

#endif
