/*
 * lockdown: the gateway shuts itself in, before it serves anybody.
 *
 * It keeps no capability, can make no process, reach no file outside the
 * folders that it writes to, bind or connect no TCP socket, and make only the
 * system calls of callfilter's table.  What this kernel cannot hold it to is
 * said in the log, and left out.  There is no way back: a load that needs more
 * than what was opened takes a restart.
 */
#ifndef TOLLGATE_LOCKDOWN_H
#define TOLLGATE_LOCKDOWN_H

#include <stdbool.h>

struct config;
struct config_errors;
struct lockdown;

/*
 * Shut in, for what config says.  Say in the log what holds.  Never NULL; the
 * caller's, to be freed.
 */
struct lockdown	*lockdown_enter(const struct config *);
void		 lockdown_free(struct lockdown *);	/* NULL is fine */

/* Does this load need what was not opened?  Adds an error for each. */
bool	lockdown_permits(const struct lockdown *, const struct config *,
	    struct config_errors *);

#endif
