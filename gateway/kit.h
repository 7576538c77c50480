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

/* least: the first descriptor to be used.  NULL with errno. */
struct kit	*kit_create(const struct means *, int least);
void		 kit_free(struct kit *);	/* NULL is fine */

const struct means		*kit_means(const struct kit *);
const struct grants_system	*kit_system(const struct kit *);

/*
 * The filter that the function's workers are held to, in its arena if it is
 * its own; len 0: none.
 */
void	kit_filter(const struct kit *, const struct function *,
	    struct seccomp_code *);

#endif
