/*
 * leaf: the control group of one worker and of all that it forks.
 *
 * The groups above it, its function's and its user's, come with the first leaf
 * and go with the last: for a function that idles, nothing is kept open, in
 * memory or in the kernel.
 */
#ifndef TOLLGATE_LEAF_H
#define TOLLGATE_LEAF_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "account.h"
#include "function.h"

struct cgroups;

struct leaf {
	const struct cgroups	*groups;	/* borrowed; NULL: none */
	bool			 is_made;
	uid_t			 uid;
	uint64_t		 serial;
	unsigned		 own_tasks;	/* that are not the function's:
						   beyond its tasks_max */
	char			 function[FUNCTION_NAME_MAX + 1];
};

struct leaf_figures {
	uint64_t cpu_us;
	uint64_t peak_kb;	/* 0: not known */
	bool	 is_oom;	/* the kernel has killed for want of memory, */
	bool	 is_above;	/* its user's, or the machine's */
};

/*
 * Make it, all but is_made being filled in, limited as the function says, and
 * the user's group as his account does.
 * -1 with errno and in *step static words (fewer than MESSAGE_STEP_LEN) for
 * what failed: then there is none.
 */
int	leaf_make(struct leaf *, const struct function *,
	    const struct account_limits *, const char **step);
/*
 * _Fork(3) with these CLONE_NEW... flags, the child being in the leaf from its
 * first moment; where the kernel cannot do that, or there is no leaf yet,
 * *is_inside is false and the child's next step is leaf_join.
 */
pid_t	leaf_fork(const struct leaf *, uint64_t flags, bool *is_inside);
/* The caller moves into it.  -1 with errno. */
int	leaf_join(const struct leaf *);

/* All that is in it.  -1 with errno. */
int	leaf_kill(const struct leaf *);
int	leaf_freeze(const struct leaf *, bool on);

/* The kernel's number of it, which sock_diag(7) tells as well; 0: unknown. */
uint64_t	leaf_id(const struct leaf *);

/* Is this process in it? */
bool	leaf_holds(const struct leaf *, pid_t);
/* -1 with errno if it does not even tell processor time. */
int	leaf_read(const struct leaf *, struct leaf_figures *);
/*
 * Open one of its files, for pread(2), which gives the text of that moment.
 * -1 with errno: ENOENT where there is no such controller.
 */
int	leaf_open_file(const struct leaf *, const char *file);

/*
 * Remove it, and those above that are empty then.  -1 with errno, EBUSY as long
 * as a process is in it.
 */
int	leaf_remove(const struct leaf *);

/*
 * Another load is in force: hold each user's group that there is to what it
 * says now.  find gives the limits of a uid; what fails is logged.
 */
void	leaf_limit_users(const struct cgroups *,
	    void (*find)(const void *arg, uid_t, struct account_limits *),
	    const void *arg);

#endif
