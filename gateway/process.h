/*
 * process: what a child does first, whatever it is to become.
 *
 * All return 0, or -1 with errno.
 */
#ifndef TOLLGATE_PROCESS_H
#define TOLLGATE_PROCESS_H

#include <stddef.h>
#include <sys/types.h>

/* Neither handle nor ignore any signal; block none; both. */
void	process_default_signals(void);
int	process_unblock_signals(void);
int	process_reset_signals(void);

/* Be killed when parent, which forked us, ends. */
int	process_die_with(pid_t parent);

/* Be this user for good, with no capability that is not his. */
int	process_become(uid_t, gid_t, const gid_t *groups, size_t count);

#endif
