/*
 * connection: one connection from the web server: records in, requests fed;
 * answers' records out.
 *
 * What waits is bounded both ways: who does not read is not written for, and
 * whose worker does not read is not read from.
 */
#ifndef TOLLGATE_CONNECTION_H
#define TOLLGATE_CONNECTION_H

#include <sys/queue.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct connection;
struct event_base;
struct services;

/* All connections of a front, and what they share. */
struct connections {
	struct event_base	*base;
	struct services		*services;
	uint8_t			*scratch;	/* CONNECTION_SCRATCH bytes */
	LIST_HEAD(, connection)	 list;
	size_t			 count;
	bool			 is_draining;	/* close what has no request */
	/* One has been closed and freed; runs from the loop or from a drop. */
	void			(*on_gone)(void *arg);
	void			*arg;
};

#define CONNECTION_SCRATCH	(192 * 1024)

/* Take an accepted descriptor (owned from now on, non-blocking). */
void	connection_create(struct connections *, int fd, bool is_unix);

/* Drop all: their requests are told that the client has left. */
void	connections_drop_all(struct connections *);

/* Drop those that have nothing to do. */
void	connections_drop_idle(struct connections *);

#endif
