/*
 * walls: finds out once whether there are namespaces for us, and makes ready
 * what all workers share of them.
 */
#include "walls.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common.h"
#include "function.h"
#include "log.h"
#include "mem.h"
#include "mounts.h"
#include "namespaces.h"
#include "privileges.h"
#include "settings.h"

#define PATH_SHOWN	40	/* bytes of one, in a reason */

struct walls {
	struct mounts_common	*common;
	bool			 is_root;
	bool			 is_tried;
	bool			 is_there;
	char			 why[WALLS_WHY];
};

struct walls *
walls_create(const struct word_list *private)
{
	struct walls	*w = xcalloc(1, sizeof(*w));

	w->common = mounts_common_create(private);
	w->is_root = privileges_can_change_user();
	return w;
}

void
walls_free(struct walls *w)
{
	if (w == NULL)
		return;
	mounts_common_free(w->common);
	free(w);
}

static void
explain(struct walls *w, const char *at)
{
	snprintf(w->why, sizeof(w->why), "%.*s: %s", PATH_SHOWN, at,
	    strerror(errno));
}

/* --- without root ------------------------------------------------------- */

struct trial {			/* what the child of a trial came to */
	int	 error;
	char	 at[PATH_SHOWN];
};

/* In the child: all that a worker's would do. */
static int
try(struct mounts *m, uint64_t flags, const char **at)
{
	uid_t	 uid = geteuid();
	gid_t	 gid = getegid();
	pid_t	 pid;
	int	 status;

	*at = "user namespace";
	if (unshare(CLONE_NEWUSER | (int)flags) == -1 ||
	    namespaces_map_user(uid, gid) == -1)
		return -1;
	/* The pid namespace is its children's. */
	*at = "fork";
	if ((pid = fork()) == 0)
		_exit(mounts_enter(m) == 0 ? 0 : errno);
	if (pid == -1 || waitpid(pid, &status, 0) == -1)
		return -1;
	*at = "mounts";
	if (status == 0)
		return 0;
	errno = WIFEXITED(status) ? WEXITSTATUS(status) : ECHILD;
	return -1;
}

static _Noreturn void
run_trial(struct mounts *m, uint64_t flags, int say)
{
	struct trial	 trial;
	const char	*at;

	memset(&trial, 0, sizeof(trial));
	if (try(m, flags, &at) == -1)
		trial.error = errno;
	snprintf(trial.at, sizeof(trial.at), "%s", at);
	_exit(write(say, &trial, sizeof(trial)) == sizeof(trial) ? 0 : 1);
}

static bool
hold_trial(struct walls *w, struct mounts *m, uint64_t flags)
{
	struct trial	 trial = { ECHILD, "fork" };
	pid_t		 pid;
	int		 fds[2], status;

	if (pipe(fds) == -1) {
		explain(w, "pipe");
		return false;
	}
	if ((pid = fork()) == 0)
		run_trial(m, flags, fds[1]);
	close(fds[1]);
	if (pid != -1) {
		if (read(fds[0], &trial, sizeof(trial)) != sizeof(trial))
			trial.error = ECHILD;
		while (waitpid(pid, &status, 0) == -1 && errno == EINTR)
			continue;
	}
	close(fds[0]);
	errno = trial.error;
	if (errno != 0)
		explain(w, trial.at);
	return errno == 0;
}

static bool
try_as_user(struct walls *w)
{
	struct function	*fn = function_create();
	bool		 can;

	fn->level = CONFINE_STRICT;
	fn->tmp_max = 4096;
	can = hold_trial(w, mounts_prepare(fn->arena, w->common, fn, NULL),
	    namespaces_of(fn));
	function_release(fn);
	return can;
}

/* --- both --------------------------------------------------------------- */

static bool
try_as_root(struct walls *w)
{
	const char	*at;

	if (mounts_common_make(w->common, &at) == 0)
		return true;
	explain(w, at);
	return false;
}

bool
walls_can(struct walls *w, char why[WALLS_WHY])
{
	if (!w->is_tried) {
		w->is_tried = true;
		w->is_there = w->is_root ? try_as_root(w) : try_as_user(w);
	}
	memcpy(why, w->why, WALLS_WHY);
	return w->is_there;
}

/* Said once: nothing changes by itself. */
static bool
are_there(struct walls *w)
{
	char	 why[WALLS_WHY];

	if (w->is_tried)
		return w->is_there;
	if (walls_can(w, why))
		return true;
	log_warning("no namespaces: %s: level = strict does what standard "
	    "does, network = host", why);
	return false;
}

void
walls_enclose(struct walls *w, struct enclosure *e, struct arena *arena,
    const struct function *fn, const char *folder)
{
	uint64_t	 flags = namespaces_of(fn);

	memset(e, 0, sizeof(*e));
	e->space = -1;
	if (flags == 0 || !are_there(w))
		return;
	e->has_init = (flags & CLONE_NEWPID) != 0;
	e->has_network = (flags & CLONE_NEWNET) != 0;
	e->has_loopback = fn->network == NETWORK_LOOPBACK ||
	    (e->has_network && fn->protocol->way == WAY_ENDPOINT);
	if (flags & CLONE_NEWNS)
		e->mounts = mounts_prepare(arena, w->common, fn, folder);
	if (!w->is_root)
		e->later = flags | CLONE_NEWUSER;
	else {	/* it goes to the common part's, and then to its own */
		e->at_fork = flags & ~(uint64_t)CLONE_NEWNS;
		if (e->mounts != NULL)
			e->space = mounts_common_space(w->common);
	}
}
