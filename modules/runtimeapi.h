/*
 * runtimeapi: the HTTP of the Lambda Runtime API (2018-06-01).
 *
 * Each worker has an endpoint, a listener of its own; all are served by one
 * daemon of libmicrohttpd inside the loop.  A call is one HTTP request: what
 * it is, its body as it comes, and one reply, given at once or later.  What
 * the calls mean is lambda.c's business; those that mean nothing to it are
 * answered here.
 */
#ifndef TOLLGATE_RUNTIMEAPI_H
#define TOLLGATE_RUNTIMEAPI_H

#include <sys/queue.h>
#include <sys/types.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buffer.h"

struct call;
struct endpoint;
struct event_base;
struct link;
struct MHD_Response;
struct runtimeapi;

/* Before the gateway locks itself down.  NULL with errno. */
struct runtimeapi	*runtimeapi_create(struct event_base *);
/* All endpoints are freed before.  NULL is fine. */
void			 runtimeapi_free(struct runtimeapi *);

/* --- endpoints ---------------------------------------------------------- */

struct endpoint_setup {
	int	 listener;		/* becomes ours */
	uid_t	 uid;			/* who alone may connect, */
	uint64_t cgroup;		/* and from where; 0: anywhere */
	bool	 has_own_network;	/* so that nobody else can */
	unsigned connections_max;

	/* Called from the loop; none of them may free the endpoint. */
	/* The head is here: reply to refuse it, what follows is dropped. */
	void	(*on_head)(void *arg, struct call *);
	/* Some of its body.  False: no more until call_resume. */
	bool	(*on_body)(void *arg, struct call *, const void *, size_t);
	/* It is whole: reply, or keep it to reply later. */
	void	(*on_whole)(void *arg, struct call *);
	/* It is over and about to be freed; was it replied to? */
	void	(*on_over)(void *arg, struct call *, bool is_done);
	void	*arg;
};

/* NULL with errno: the listener is closed. */
struct endpoint	*endpoint_create(struct runtimeapi *,
		    const struct endpoint_setup *);
/* Its worker has ended: hear what it said before, by the callbacks. */
void		 endpoint_finish(struct endpoint *);
/* Closes its connections; no callback comes any more.  NULL is fine. */
void		 endpoint_free(struct endpoint *);

/* --- calls -------------------------------------------------------------- */

enum call_kind {
	CALL_NEXT = 0,		/* GET  runtime/invocation/next */
	CALL_RESPONSE,		/* POST runtime/invocation/ID/response */
	CALL_ERROR,		/* POST runtime/invocation/ID/error */
	CALL_INIT_ERROR,	/* POST runtime/init/error */
	CALL_REGISTER,		/* POST extension/register */
	CALL_EXTENSION_NEXT,	/* GET  extension/event/next */
	CALL_ANSWERED		/* replied to already */
};

#define CALL_ID_MAX	64

struct call {
	enum call_kind	 kind;
	char		 id[CALL_ID_MAX + 1];	/* of the invocation, or "" */
	struct buffer	 body;		/* for who takes it */
	void		*arg;		/* likewise */
	TAILQ_ENTRY(call)	 in_list;

	/* runtimeapi.c's own */
	struct link	*link;
	struct MHD_Response	*response;
	unsigned	 status;
	bool		 is_suspended;	/* the daemon does not look at it */
	bool		 is_paused;	/* until call_resume: on_body said so */
	bool		 is_whole;
};

TAILQ_HEAD(call_list, call);

/* A header of the request, or a trailer behind its body; or NULL. */
const char	*call_header(const struct call *, const char *name);
const char	*call_trailer(const struct call *, const char *name);

/* Is who called still there?  A call that is kept does not find out itself. */
bool	call_is_alive(const struct call *);
/* Who called is not: drop it. */
void	call_drop(struct call *);

struct call_header {
	const char	*name;
	const char	*value;		/* NULL: left out */
};

bool	call_has_reply(const struct call *);
/* headers end with one without name; body's bytes become the reply's. */
void	call_reply(struct call *, unsigned status,
	    const struct call_header *headers, struct buffer *body);
/* 202 and {"status":"OK"}. */
void	call_reply_accepted(struct call *);
void	call_reply_error(struct call *, unsigned status, const char *type,
	    const char *message);

/* More of its body is welcome again. */
void	call_resume(struct call *);

#endif
