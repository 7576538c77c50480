/*
 * listeners: the sockets on which the web server finds us.
 *
 * The spawner binds them and keeps them open as long as it lives, so that a
 * gateway can die and clients wait in the backlog for the next.  A reload makes
 * a second set beside the first, sharing what is in both.
 */
#ifndef TOLLGATE_LISTENERS_H
#define TOLLGATE_LISTENERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "config.h"

struct listener {
	char	*address;	/* as configured: unix:PATH, ADDR:PORT */
	int	 fd;
	bool	 is_inherited;	/* systemd's: left in place at the end */
	bool	 is_shared;	/* with the set this one replaces */
	dev_t	 dev;		/* of the path of a unix socket */
	ino_t	 ino;
};

struct listeners {
	struct listener	*list;
	size_t		 count;
};

/*
 * The sockets that systemd has handed over (sd_listen_fds(3)), by address.  The
 * variables are taken out of the environment, and all other descriptors but 0,
 * 1 and 2 are closed: so this comes first of all.
 */
void	listeners_inherit(struct listeners *);

/*
 * Have a socket for each address of settings.listen: those of old with that
 * address are shared, the others are bound.  -1 if one cannot be, logged; what
 * had been bound is then unbound.
 */
int	listeners_open(struct listeners *, const struct gateway_settings *,
	    const struct listeners *old);

/* The new set is in force: close what was in old alone, and empty old. */
void	listeners_replace(struct listeners *old, struct listeners *fresh,
	    const struct gateway_settings *);
/* It is not: close what is in fresh alone, and empty it. */
void	listeners_abandon(struct listeners *fresh);

/*
 * The descriptors of a LOAD, at most room of them: of all sockets, or only of
 * those not shared with the set before.  *bits says which (message_load).
 */
int	listeners_descriptors(const struct listeners *, bool all, int *fds,
	    int room, uint32_t *bits);

/* Close all; remove the paths that still are ours. */
void	listeners_close(struct listeners *);

#endif
