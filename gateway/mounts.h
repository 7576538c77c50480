/*
 * mounts: a root of its own for a worker, as its view says.
 *
 * What all workers see alike is put together once, in a mount namespace that
 * nobody lives in; a worker takes a copy of that and puts into it what is its
 * function's own.  Without root there is no going from one namespace to the
 * other, so each worker puts all of it together.
 *
 * Nothing here allocates but mounts_prepare and mounts_common_create: the rest
 * runs in the child.
 */
#ifndef TOLLGATE_MOUNTS_H
#define TOLLGATE_MOUNTS_H

#include <limits.h>

#include "view.h"

#define MOUNTS_OPTIONS	64

struct mounts_common;

/*
 * private: the daemon's own files, which nobody shall see; borrowed.  The
 * system's folders are looked for now.
 */
struct mounts_common	*mounts_common_create(const struct word_list *private);
void			 mounts_common_free(struct mounts_common *);

/*
 * Put it together, if it is not.  -1 with errno, *at being what it was about.
 * Takes a child and a millisecond or two.
 */
int	mounts_common_make(struct mounts_common *, const char **at);

/* Its descriptor, which mounts_enter needs and closes; -1: it is not made. */
int	mounts_space(const struct mounts_common *);

struct mounts {			/* of one worker */
	const struct mounts_common	*common;	/* NULL: none */
	struct view			 view;
	int				*trees;		/* by place; -1 */
	char				 tmp[MOUNTS_OPTIONS];
	const char			*at;	/* what failed was about this */
	int				 real_tree;	/* -1: none */
	char				 real[PATH_MAX];	/* not prepared:
						   nobody may need its page */
};

/* folder: the one of its program.  All in arena. */
struct mounts	*mounts_prepare(struct arena *, const struct mounts_common *,
		    const struct function *, const char *folder);

/*
 * Show the folder that this file is really in as well, where that is another
 * than the view has, as a link has led to it.  -1 with errno.
 */
int	mounts_add_folder_of(struct mounts *, int fd);

/*
 * In a child with a mount namespace of its own, or, where the common part is
 * made, without one: put the worker's root together and go there.  -1 with
 * errno.
 */
int	mounts_enter(struct mounts *);

#endif
