/*
 * callfilter: the system calls that the gateway may make from now on.
 *
 * A table (callfilter.c) says which, and why.  Of those that it has no use for,
 * the ones that only a captured gateway would try end it at once; the rest
 * fail as if the kernel had none, which libraries are prepared for.
 */
#ifndef TOLLGATE_CALLFILTER_H
#define TOLLGATE_CALLFILTER_H

#include <stddef.h>

/*
 * For this process for good; it must have no_new_privs.  How many calls are
 * allowed goes to *count.  0, or -1 with errno: ENOSYS where this processor's
 * calls are not known.
 */
int	callfilter_install(size_t *count);

#endif
