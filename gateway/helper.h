/*
 * helper: tollgate-auth, which checks passwords for the gateway.
 *
 * Started when the gateway asks for it, as the gateway's user, with a socket
 * to it; one at a time, and no more often than a gateway would be.  It ends
 * with the gateway's end of the socket.
 */
#ifndef TOLLGATE_HELPER_H
#define TOLLGATE_HELPER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct channel;
struct gateway_settings;
struct helper;

/* executable: keeper_find's. */
struct helper	*helper_create(int executable, bool is_quiet);
void		 helper_free(struct helper *);

/* The gateway asks for one; one that runs is of no use to it any more. */
void	helper_want(struct helper *);
/* The gateway has gone. */
void	helper_leave(struct helper *);

bool	helper_is(const struct helper *, pid_t);
/* It has been reaped with this status. */
void	helper_ended(struct helper *, int status);

/* When helper_check is due; UINT64_MAX: it is not. */
uint64_t	helper_deadline(const struct helper *);
/* Start it; HELPER goes by the channel. */
void		helper_check(struct helper *, const struct gateway_settings *,
		    struct channel *);

#endif
