/*
 * keeper: runs the gateway's executable, and its helper's, as its user.
 *
 * An executable is opened once, at the start: beside our own, as in a build
 * folder, else where it was installed.  So a gateway that is started again is
 * of the same build as the spawner, even if a new one has been installed since:
 * the messages between them are structs.
 */
#ifndef TOLLGATE_KEEPER_H
#define TOLLGATE_KEEPER_H

#include <stdbool.h>
#include <sys/types.h>

#include "config.h"

#define KEEPER_GATEWAY	"tollgate-gateway"
#define KEEPER_AUTH	"tollgate-auth"

/* A descriptor of the executable of that name (O_PATH); -1, logged. */
int	keeper_find(const char *program);

/*
 * Start it with one end of a new pair as its descriptor 3; *channel is ours.
 * is_quiet: it gets no stdout and stderr.  The pid; -1, logged.
 */
pid_t	keeper_start(int executable, const struct gateway_settings *,
	    bool is_quiet, int *channel);

/* The same of tollgate-auth; *fd is the other end, for the gateway. */
pid_t	keeper_start_helper(int executable, const struct gateway_settings *,
	    bool is_quiet, int *fd);

/*
 * tollgated -t: have it check a load, its file for the gateway, and if request
 * is not NULL say where that leads.  Returns its exit status; -1, logged.
 */
int	keeper_check(int executable, const struct gateway_settings *, int load,
	    const char *request);

#endif
