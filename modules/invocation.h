/*
 * invocation: one request on its way through a Lambda function: the event it
 * is told as, what becomes of what the function returns, and what the
 * function's log says of it.
 */
#ifndef TOLLGATE_INVOCATION_H
#define TOLLGATE_INVOCATION_H

#include <sys/queue.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buffer.h"

struct call;
struct request;
struct worker;

/* AWS's ceiling of event and result alike: 6 MiB and 100. */
#define INVOCATION_PAYLOAD_MAX	6291556
/* Of a result that is streamed. */
#define INVOCATION_STREAM_MAX	(200 * 1024 * 1024)

enum invocation_state {
	INVOCATION_WAITING = 0,	/* until its worker asks for it */
	INVOCATION_RUNNING,	/* the worker has the event */
	INVOCATION_RESPONDING,	/* its result is arriving */
	INVOCATION_ANSWERED	/* until the worker asks for the next one */
};

struct invocation {
	struct request	*request;
	enum invocation_state	 state;
	struct buffer	 event;		/* while it waits */
	const char	*trace_id;
	struct call	*call;		/* that brings the result */
	uint64_t	 began_us;	/* CLOCK_MONOTONIC */
	uint64_t	 init_us;	/* of its worker, if it is the first */
	uint64_t	 received;	/* bytes of the result */
	bool		 is_streamed;	/* as it comes */
	bool		 has_head;	/* of a stream: it was told */
	TAILQ_ENTRY(invocation)	 in_worker;
};

TAILQ_HEAD(invocations, invocation);

/* NULL if its event is too long: the request is answered and done. */
struct invocation	*invocation_create(struct request *);
void			 invocation_free(struct invocation *);

/* The worker gets it now.  When its time is up, in Unix milliseconds. */
uint64_t	invocation_start(struct invocation *);

/* --- results ------------------------------------------------------------ */

/* A whole result, or what it is instead of one if is_error. */
void	invocation_answer(struct invocation *, const void *payload,
	    size_t len, bool is_error);

/*
 * Some of a result that is streamed.  0: more may come; 1: it should pause; -1:
 * it is not as it must be, with *why.
 */
int	invocation_stream(struct invocation *, const char *content_type,
	    const void *, size_t, const char **why);
/* That was all; likewise. */
int	invocation_stream_end(struct invocation *, const char *content_type,
	    const char **why);

/* --- failures ----------------------------------------------------------- */

/*
 * What went wrong without the function's saying so: its caller is told, as
 * AWS would, in request->payload.
 */
void	invocation_timed_out(struct invocation *);
void	invocation_exited(struct invocation *, int wait_status);
/* As the function itself said. */
void	invocation_keep_payload(struct request *, const void *, size_t);

/* --- the function's log ------------------------------------------------- */

/* It is over: END and REPORT. */
void	invocation_report(struct invocation *, const char *status,
	    const char *error_type);
/* The worker's start went wrong: INIT_REPORT. */
void	invocation_report_init(struct worker *, const char *request_id,
	    uint64_t init_us, const char *status, const char *error_type);

#endif
