/*
 * callfilter: the system calls that a process of ours may make from now on.
 *
 * A table for each (callfilter.c) says which, and why.  Of those that it has no
 * use for, the ones that only a captured process would try end it at once; the
 * rest fail as if the kernel had none, which libraries are prepared for.
 */
#ifndef TOLLGATE_CALLFILTER_H
#define TOLLGATE_CALLFILTER_H

#include <stddef.h>

/* Sanitizers look at themselves in ways that no table allows. */
#if defined(__SANITIZE_ADDRESS__)
#define IS_SANITIZED	1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define IS_SANITIZED	1
#endif
#endif
#ifndef IS_SANITIZED
#define IS_SANITIZED	0
#endif

enum callfilter {
	CALLS_OF_GATEWAY = 0,
	CALLS_OF_AUTH		/* the helper that checks passwords */
};

/*
 * For this process for good; it must have no_new_privs.  How many calls are
 * allowed goes to *count.  0, or -1 with errno: ENOSYS where this processor's
 * calls are not known.
 */
int	callfilter_install(enum callfilter, size_t *count);

#endif
