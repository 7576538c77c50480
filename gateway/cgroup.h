/*
 * cgroup: the control groups of this tollgated.
 *
 *	BASE/tollgate.N		ours, as long as we hold its lock
 *	BASE/tollgate.N/main	spawner and gateway, if they were in BASE
 *	BASE/tollgate.N/user.UID/FUNCTION/SERIAL
 *				a worker with all that it forks: a leaf
 *
 * BASE is the group that was delegated to us: our own, or the one configured.
 * Several tollgated may share it.  Every limit is the kernel's where its
 * controller is there; without any, leaves still tell processor time, kill and
 * freeze.
 */
#ifndef TOLLGATE_CGROUP_H
#define TOLLGATE_CGROUP_H

#include <stdbool.h>
#include <sys/types.h>

#include "cgroupfs.h"

#define CGROUP_WHY	256	/* bytes, NUL included */
#define CGROUP_PATH_MAX	384	/* bytes of our folder's path */

struct cgroups;

/*
 * Could a tollgated that is started here use groups, and which controllers?
 * setting: gateway.cgroup.  False with the reason in why.
 */
bool	cgroup_look(const char *setting, unsigned *controllers,
	    char why[CGROUP_WHY]);

/*
 * Make our own, what is left of one that died being killed and removed first.
 * We move out of BASE, and so does starter (0: none), who waits for us.  What
 * cannot be had is logged; NULL if there are no groups to be used.
 */
struct cgroups	*cgroups_create(const char *setting, pid_t starter);
/* Remove them, and move back.  NULL is fine. */
void		 cgroups_free(struct cgroups *);

/* The folder of ours. */
const char	*cgroups_path(const struct cgroups *);
/* Which controllers set the limits of leaves; 0 of NULL. */
unsigned	 cgroups_controllers(const struct cgroups *);

#endif
