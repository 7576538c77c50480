/*
 * launcher: what a worker's forked child does from its first moment on.
 *
 * It runs the sandbox's steps and then becomes the program: at once, or, on the
 * launch way, when one request's variables have come, the program being looked
 * at again then, so that an edited script runs at once.
 */
#ifndef TOLLGATE_LAUNCHER_H
#define TOLLGATE_LAUNCHER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct function;
struct sandbox;

/* In each worker's environment: its serial number, to know what it leaves. */
#define LAUNCHER_MARK	"TOLLGATE_WORKER"

/*
 * Never returns: execs, or reports and exits 127.  endpoint: NAME=value of the
 * worker's own listener, or NULL.
 */
_Noreturn void	launcher_become(struct sandbox *, uint64_t serial,
		    const char *endpoint);

/*
 * The environment of a worker, in memory of its own: PATH, the mark, what is
 * configured, the endpoint if any, and the variables of packet (len bytes, NUL
 * behind each; NULL: none).  What is configured wins.  NULL with errno EBADMSG
 * for a malformed packet, EPERM for a variable that may not be set.
 */
char	**launcher_environment(const struct function *, uint64_t serial,
	    const char *endpoint, char *packet, size_t len);

#endif
