/*
 * module: the contract between the gateway and the modules that plug into it.
 *
 * A protocol says how a worker is spoken to and heard.  It is given a worker
 * with the descriptors its way of starting left (message.h), is handed one
 * request after another, and tells the request what comes of it by the calls
 * at the end of request.h.  It knows nothing of pools, routes or the front.
 *
 * All its functions are called from the loop, none from inside one of its own
 * calls to request_*: those only take note and return.
 */
#ifndef TOLLGATE_MODULE_H
#define TOLLGATE_MODULE_H

struct buffer;
struct request;
struct worker;

struct protocol {
	const char	*name;		/* as in settings.c */

	/*
	 * The worker stands: take its descriptors, stderr's not among them,
	 * and keep what is needed in worker->private.  -1 with errno: the
	 * descriptors are closed, the worker will be killed.
	 */
	int	(*attach)(struct worker *, const int *fds, int count);

	/*
	 * Hand a request over; request->worker is the worker.  Its body is in
	 * request->body, more of it may come (push).  -1 with errno: nothing
	 * was sent and request->exchange is NULL.
	 */
	int	(*begin)(struct request *);

	/* There is more of the body, or it has ended. */
	void	(*push)(struct request *);

	/* There is room again for more of the answer. */
	void	(*pull)(struct request *);

	/*
	 * The request gives its worker up before the worker was done: drop
	 * request->exchange, tell the request nothing more.
	 */
	void	(*cut)(struct request *);

	/*
	 * The process has ended (worker->end says how): conclude what is still
	 * open, after reading what it left behind.
	 */
	void	(*ended)(struct worker *);

	/* Close and free all that attach and begin made; no request is on. */
	void	(*detach)(struct worker *);

	/*
	 * How a request that is refused with such a status is answered, head
	 * and body; NULL: in words of ours.
	 */
	void	(*put_refusal)(const struct request *, int status,
		    struct buffer *);

	/* With what: a worker that cannot be started, dies, ... */
	int	 refused_status;
	int	 died_status;
	int	 overdue_status;	/* takes longer than it may */
	int	 full_status;		/* or none is free, and none to come */
};

/* Each module's one symbol; gateway.c lists them. */
extern const struct protocol	protocol_fastcgi;
extern const struct protocol	protocol_cgi;
extern const struct protocol	protocol_lambda;
extern const struct protocol	protocol_skeleton;

#endif
