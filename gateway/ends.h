/*
 * ends: the descriptors of a new worker, by the way it is started: those that
 * become its 0, 1 and 2, and those the gateway gets (message_started).
 */
#ifndef TOLLGATE_ENDS_H
#define TOLLGATE_ENDS_H

#include <stdint.h>
#include <sys/types.h>

#include "settings.h"

#define ENDS_OURS	6	/* two of them put there by children */

struct ends {
	int	 theirs[3];		/* 0, 1 and 2 of the worker; 1 and 2
					   may be one */
	int	 variables;		/* the launcher's side, or -1 */
	int	 ours[ENDS_OURS];	/* for the gateway, in its order */
	int	 count;
	uint16_t port;			/* of an endpoint, else 0 */
};

/*
 * Make them.  A listening socket is bound in folder, where nobody else gets,
 * under the name of serial, opened to all and unlinked: who has no descriptor
 * of it cannot reach it.  -1 with errno, nothing being left open.
 */
int	ends_make(struct ends *, enum start_way, int folder, uint64_t serial);

/* Close the worker's, or the gateway's; what is closed becomes -1. */
void	ends_close_theirs(struct ends *);
void	ends_close_ours(struct ends *);

#endif
