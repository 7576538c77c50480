/*
 * front: connections from the web server.
 *
 * Records in, requests fed; answers' records out.  It speaks all of FastCGI
 * 1.0 on any number of listeners, multiplexed ids included, and keeps what
 * waits within bounds: who does not read is not written for, and whose worker
 * does not read is not read from.
 */
#ifndef TOLLGATE_FRONT_H
#define TOLLGATE_FRONT_H

#include <stddef.h>
#include <stdint.h>

struct event_base;
struct front;
struct services;

/* services is borrowed and must outlive the front. */
struct front	*front_create(struct event_base *, struct services *);
void		 front_free(struct front *);

/*
 * Listen on these descriptors (owned from now on; non-blocking is set).
 * Those at -1 in fds keep the listener that stands at the same place.
 */
void	front_listen(struct front *, const int *fds, size_t count);

/*
 * Take no new connections, close idle ones, and each other when its requests
 * are over.
 */
void	front_drain(struct front *);

#endif
