/*
 * reaper: ends processes, and finds those that dead workers leave.
 *
 * The spawner is a child subreaper: whatever its descendants leave becomes its
 * child.  A child that has not been waited for keeps its pid, and the number of
 * its process group, from being used again; so a pid in the spawner always
 * means who it meant, and this is the only place that signals one.
 */
#ifndef TOLLGATE_REAPER_H
#define TOLLGATE_REAPER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

/* Become the parent of what dead children leave.  -1 with errno. */
int	reaper_init(void);

/*
 * Signal a child that has not been reaped, and the group it leads if it leads
 * one.
 */
void	reaper_signal(pid_t child, int sig);

/* A child that is dead but not reaped, or 0. */
pid_t	reaper_dead(void);
/* Reap that child. */
void	reaper_reap(pid_t child, int *status, struct rusage *);
/* Are there children at all, dead or alive? */
bool	reaper_has_children(void);

/* What there is to know of a child that nobody here has forked. */
struct orphan {
	pid_t	 pid;
	pid_t	 session;
	uid_t	 uid;		/* (uid_t)-1: not known */
	uint64_t mark;		/* LAUNCHER_MARK of its environment; 0: none */
};

struct reaper_judge {
	bool	(*is_known)(void *arg, pid_t);	/* one of our own */
	bool	(*may_live)(void *arg, const struct orphan *);
	void	*arg;
};

/*
 * Kill each child that is not known and may not live.
 * stop_first: those that fork faster than they are killed are stopped first,
 * with all that descends from them.  Returns how many were killed; -1 with
 * errno if children cannot be listed.
 */
int	reaper_sweep(const struct reaper_judge *, bool stop_first);

#endif
