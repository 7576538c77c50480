/*
 * speech: what the files of fastcgi share: the connections of a worker, and
 * what is said to it over one.
 *
 * speech.c writes: BEGIN_REQUEST, PARAMS and the body, as fast as the worker
 * reads.  fastcgi.c opens and closes, and hears the answer.
 */
#ifndef TOLLGATE_SPEECH_H
#define TOLLGATE_SPEECH_H

#include <sys/queue.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <event2/event.h>

#include "buffer.h"
#include "outbox.h"
#include "request.h"

#define WORKER_ID	1	/* the request id on every connection */

struct connection {
	struct worker	*worker;
	struct request	*request;	/* NULL: idle, or cut */
	int		 fd;		/* -1: lost, its end is awaited */
	struct event	*readable;	/* both by edge */
	struct event	*writable;
	struct buffer	 unsent;
	struct outbox_post	 post;	/* of unsent, then of seen */
	uint8_t		*kept;		/* a record that is not whole yet */
	size_t		 kept_len;
	bool		 is_new;	/* nothing of an answer has come yet */
	size_t		 seen;		/* bytes taken, still in the socket */
	bool		 is_cold;	/* its worker has read no request */
	bool		 has_broken;	/* it can no longer be written to */
	bool		 sent_at_once;	/* the whole request was one write */
	bool		 stdin_ended;	/* the empty record is sent */
	bool		 data_ended;
	bool		 stdout_ended;
	bool		 is_paused;
	enum exchange_end	 lost;	/* how, while fd is -1 */
	struct timer	*exit_wait;	/* NULL until then */
	TAILQ_ENTRY(connection)	 in_worker;
};

TAILQ_HEAD(connections, connection);

struct speech {				/* worker->private */
	int			 socket;	/* O_PATH: where to connect */
	struct connections	 all;
	bool			 closes;	/* after each request */
};

/*
 * Say c->request to the worker; its body follows as it comes.  A cold worker is
 * sent that when it has read the rest, which request_begun is told then.
 */
void	speech_begin(struct connection *);

/* Write what is unsent, then of the body what the socket takes; now. */
void	speech_send_on(struct connection *);
/* The worker has read something; arg is the connection. */
void	speech_on_writable(evutil_socket_t, short, void *arg);

#endif
