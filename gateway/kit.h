/*
 * kit: what a start needs to confine a worker, made once.
 *
 * What this kernel has, the system's files that all may see, and the default
 * filters.  Children use it as it is, so it is not written to afterwards.
 */
#ifndef TOLLGATE_KIT_H
#define TOLLGATE_KIT_H

#include "grants.h"
#include "means.h"
#include "seccomp.h"

struct function;
struct kit;

/*
 * Joins an empty session keyring, too.  least: the first descriptor to be used.
 * NULL with errno.
 */
struct kit	*kit_create(const struct means *, int least);
void		 kit_free(struct kit *);	/* NULL is fine */

const struct means		*kit_means(const struct kit *);
const struct grants_system	*kit_system(const struct kit *);

/*
 * May the function's workers stay in the spawner's session keyring?  It is
 * empty, and stays so, as their filters let nobody in there make a key.
 */
bool	kit_shares_keyring(const struct kit *, const struct function *);

/*
 * The filter that the function's workers are held to, in its arena if it is
 * its own; len 0: none.
 */
void	kit_filter(const struct kit *, const struct function *,
	    struct seccomp_code *);

#endif
