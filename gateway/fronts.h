/*
 * fronts: which web servers may speak to us at all.
 *
 * FastCGI has no passwords: whoever reaches a listener is believed.  So who
 * connects is looked at before a byte of it is read: on unix sockets the user
 * (allow_users), on TCP the address (loopback and trusted_fronts).
 */
#ifndef TOLLGATE_FRONTS_H
#define TOLLGATE_FRONTS_H

#include <stdbool.h>
#include <stddef.h>

struct gateway_settings;
struct sockaddr;

/*
 * A word of listen that others than trusted_fronts, which names none, could
 * reach; or NULL.
 */
const char	*fronts_find_open(const struct gateway_settings *);

/*
 * May the peer of this connection stay?  If not, who it is goes into who, for
 * the log.
 */
#define FRONTS_WHO	64
bool	fronts_may_connect(const struct gateway_settings *, int fd,
	    const struct sockaddr *peer, char who[FRONTS_WHO]);

#endif
