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

#include "request.h"

#define WORKER_ID	1	/* the request id on every connection */

struct connection {
	struct worker	*worker;
	struct request	*request;	/* NULL: idle, or cut */
	int		 fd;		/* -1: lost, its end is awaited */
	struct event	*readable;
	struct event	*writable;
	struct event	*first_read;	/* a cold worker's; NULL when it has */
	struct evbuffer	*unsent;
	uint8_t		*kept;		/* a record that is not whole yet */
	size_t		 kept_len;
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

/* Say c->request to the worker; its body follows as it comes. */
void	speech_begin(struct connection *);

/* Write what is unsent, refilling from the body while the socket takes it. */
void	speech_send_on(struct connection *);
/* The socket takes more; arg is the connection. */
void	speech_on_writable(evutil_socket_t, short, void *arg);

/*
 * A cold worker is sent the body when it has read its first request, which
 * request_begun is told then.  -1 with errno.
 */
int	speech_watch_first_read(struct connection *);
void	speech_watch_no_more(struct connection *);

#endif
