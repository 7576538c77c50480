/*
 * settings: what spawner and gateway must both know of each protocol.
 *
 * Pure data: its word in the configuration and which of the spawner's ways
 * starts its workers.  How a worker is spoken to is the module's business
 * (module.h), and the gateway's alone.
 */
#ifndef TOLLGATE_SETTINGS_H
#define TOLLGATE_SETTINGS_H

#include <stddef.h>

enum start_way {
	WAY_LISTEN = 0,	/* descriptor 0 is a listening unix socket */
	WAY_LAUNCH,	/* waits for one request's variables, then execs */
	WAY_ENDPOINT	/* a TCP listener, named in its environment */
};

struct protocol_settings {
	const char	*name;		/* function.protocol */
	enum start_way	 way;
	const char	*endpoint;	/* variable that names it, or NULL */
	unsigned	 concurrency_max;	/* in flight per worker */
};

/* NULL if there is none of that name. */
const struct protocol_settings	*protocol_settings_find(const char *name);

#endif
