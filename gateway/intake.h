/*
 * intake: what the files of connection share: one connection from the web
 * server, and its two directions.
 *
 * intake.c reads: bytes are cut into records, which feed the requests that
 * they belong to.  connection.c writes, and ends it all.
 */
#ifndef TOLLGATE_INTAKE_H
#define TOLLGATE_INTAKE_H

#include <sys/queue.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <event2/event.h>

#include "buffer.h"
#include "connection.h"
#include "outbox.h"
#include "request.h"

struct connection {
	struct connections	*all;
	int		 fd;
	bool		 is_unix;
	struct event	*readable;	/* these three by edge */
	struct event	*hung_up;	/* only while reading is stopped */
	struct event	*writable;
	struct timer	*whole;		/* by when a record must be */
	struct buffer	 unsent;
	struct outbox_post	 post;	/* of unsent, then of seen */
	size_t		 seen;		/* bytes taken, still in the socket */
	size_t		 replied;	/* since nothing was unsent */
	uint8_t		*kept;		/* a record that is not whole yet */
	size_t		 kept_len;
	TAILQ_HEAD(, request)	 requests;
	unsigned	 request_count;
	unsigned	 stopped;	/* requests whose body is full */
	bool		 has_begun;	/* a request, at any time */
	bool		 keeps;		/* FCGI_KEEP_CONN of the last request */
	bool		 has_ended;	/* the peer sends no more */
	bool		 is_full;	/* its socket: writable is awaited */
	bool		 is_closing;	/* once its last bytes have left */
	bool		 is_deaf;	/* they have; what comes is dropped */
	bool		 is_dead;	/* freed when nobody is inside */
	unsigned	 inside;	/* calls that still need it */
	LIST_ENTRY(connection)	 in_all;
};

/* --- intake.c ------------------------------------------------------------- */

/* Both run from the loop; arg is the connection. */
void	intake_on_readable(evutil_socket_t, short what, void *arg);
/* While nothing is read, this alone tells that the peer has left. */
void	intake_on_hung_up(evutil_socket_t, short what, void *arg);

/* --- connection.c --------------------------------------------------------- */

/* What requests ask of a connection. */
extern const struct client	connection_client;

/* Nobody may be called back from inside a call, nor be freed under it. */
void	connection_enter(struct connection *);
void	connection_leave(struct connection *);

/* The peer is gone, or has to go: its requests are told, and forget it. */
void	connection_drop(struct connection *);

/*
 * What is said for the connection itself.  No request waits for it, so nothing
 * but this keeps a peer that asks and asks, and does not read, within bounds.
 */
void	connection_say(struct connection *, void *bytes, size_t len);

/* What waits for the end of the turn leaves now. */
void	connection_send_waiting(struct connection *);

/* Take off the socket what was only looked at; it is there. */
void	connection_take_off(struct connection *);

#endif
