/*
 * mounts: a root of its own for a worker, as its view says.
 *
 * A copy of what all workers see alike (common), into which is put what is its
 * function's own.  Nothing here allocates but mounts_prepare: the rest runs in
 * the child.
 */
#ifndef TOLLGATE_MOUNTS_H
#define TOLLGATE_MOUNTS_H

#include <limits.h>

#include "view.h"

#define MOUNTS_OPTIONS	64

struct mounts_common;

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
