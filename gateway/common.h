/*
 * common: what all workers with a root of their own see alike.
 *
 * It is put together once, in a mount namespace that nobody lives in; a worker
 * takes a copy of that.  Without root there is no going from one namespace to
 * the other, so there each worker puts all of it together.
 */
#ifndef TOLLGATE_COMMON_H
#define TOLLGATE_COMMON_H

#include "view.h"

struct mounts_common;

/*
 * private: the daemon's own files, which nobody shall see; borrowed.  The
 * system's folders are looked for in this call, once.
 */
struct mounts_common	*mounts_common_create(const struct word_list *private);
void			 mounts_common_free(struct mounts_common *);

/*
 * Put it together, if it is not.  -1 with errno, *at being what it was about.
 * Takes a child and a millisecond or two.
 */
int	mounts_common_make(struct mounts_common *, const char **at);
/* The namespace's descriptor, far from the first; -1: it is not made. */
int	mounts_common_space(const struct mounts_common *);

/* The wishes that all have, with what comes of them. */
void	mounts_common_wish(const struct mounts_common *, struct view_wishes *);

/*
 * In a child with a mount namespace of its own, which stands in the common part
 * afterwards and in nothing else.  -1 with errno and *at.
 */
int	mounts_common_build(const struct mounts_common *, const char **at);

#endif
