/*
 * launcher: what a worker's forked child does from its first moment on.
 *
 * It runs the sandbox's steps and then becomes the program: at once, or, on the
 * launch way, when one request's variables have come, the program being looked
 * at again then, so that an edited script runs at once.
 */
#ifndef TOLLGATE_LAUNCHER_H
#define TOLLGATE_LAUNCHER_H

#include <stddef.h>
#include <stdint.h>

#include "function.h"

struct arena;
struct sandbox;

/* In each worker's environment: its serial number, to know what it leaves. */
#define LAUNCHER_MARK	"TOLLGATE_WORKER"

/* What the program is exec'ed with: made before the fork (see sandbox.h). */
struct launch {
	const char	**arguments;	/* with a NULL at their end */
	const char	**environment;	/* without a request's variables */
	size_t		  variables;	/* how many that are */
};

/* What a protocol puts into the environment, NAME=value each. */
struct launch_words {
	struct word_list	 fixed;	/* over what is configured */
	struct word_list	 usual;	/* unless that is configured */
};

/*
 * The arguments, path being the program's; and the environment: PATH, the mark,
 * what is configured, and more (NULL: nothing).  All in arena, or borrowed of
 * path, function and more.
 */
void	launcher_prepare(struct launch *, struct arena *,
	    const struct function *, const char *path, uint64_t serial,
	    const struct launch_words *more);

/* Never returns: execs, or reports and exits 127. */
_Noreturn void	launcher_become(struct sandbox *, const struct launch *);

/*
 * Put the launch's environment into env, and the variables of packet (len
 * bytes, NUL behind each) behind it, pointing there; what is configured wins.
 * env has room for all of these and LAUNCHER_VARIABLES(len).  -1 with errno
 * EBADMSG for a malformed packet, EPERM for a variable that may not be set.
 */
#define LAUNCHER_VARIABLES(len)	((len) / sizeof("A=") + 1)
int	launcher_environment(const struct launch *, const struct function *,
	    const char *packet, size_t len, const char **env);

#endif
