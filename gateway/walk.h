/*
 * walk: what the files of request share among themselves.
 *
 * requests.c gives requests their turns; request.c feeds them and walks them
 * from state to state; admit.c turns parameters into something that can be
 * served; guard.c asks who calls, signed.c by a signature; invoke.c does both
 * for the Invoke API, and fault.c says what that answers; serve.c is the
 * conversation with the worker, judge.c what came of that; verdict.c what is
 * answered and recorded in the end.
 */
#ifndef TOLLGATE_WALK_H
#define TOLLGATE_WALK_H

#include "accounting.h"
#include "request.h"

struct api_error;

enum verdict {
	WAIT,		/* for something to happen */
	GO_ON,		/* another state was entered */
	OVER		/* nothing is left to do */
};

/* --- requests.c --------------------------------------------------------- */

/* One that is zero but for its arena and timers; and when it is over. */
struct request	*requests_take(struct requests *);
void		 requests_return(struct request *);

/* Have its turn in this turn of the loop. */
void	request_soon(struct request *);

/* CLOCK_MONOTONIC in microseconds. */
uint64_t	request_clock_us(void);

/* --- request.c ---------------------------------------------------------- */

/* The only place a state changes; GO_ON. */
enum verdict	request_enter(struct request *, enum request_state);

/* Its turn: as far as it can go now.  It may be over with that. */
void	request_run(struct request *);

/* It is over, whatever its state: the gateway ends. */
void	request_break_off(struct request *);

/* How long nothing may move. */
uint64_t	request_io_timeout_ms(const struct request *);

/* What its timers call. */
void	request_on_deadline(void *);
void	request_on_silence(void *);

#define ABANDON_MS	1000	/* a worker may end what nobody wants */

/* No more of the body comes, whatever the front still sends. */
void	request_end_bodies(struct request *);

/* --- admit.c: parameters -> a function that may serve ------------------- */

/*
 * Understand what is asked for and who serves it.  0, or the status it is
 * refused with, already logged, its words in *why.
 */
int	request_admit(struct request *, const char **why);
/* It may be served: prepare what its handler is told.  Likewise. */
int	request_equip(struct request *, const char **why);

/* --- guard.c: may it be served? ----------------------------------------- */

enum verdict	request_step_guard(struct request *);
/* It waits for no answer any more. */
void		request_leave_guard(struct request *);

/* --- invoke.c: requests by the Invoke API ------------------------------- */

/* Is it one, on a host where that is? */
bool		request_is_invoked(const struct request *);
/* As request_admit, for such. */
int		request_admit_invoked(struct request *, const char **why);
/* As request_step_guard, once nothing else ends it. */
enum verdict	request_step_invoked(struct request *);
/* All of its body must be here first: wait, or refuse it. */
enum verdict	request_wait_for_body(struct request *);
/* So many bytes of its body may come. */
uint64_t	request_body_limit(const struct request *);
/* It is over. */
void		request_leave_invoked(struct request *);

/* --- fault.c: what they are answered ------------------------------------ */

/*
 * Refused with a status, which is the function's fault or not: what it is
 * answered; the status that was put.
 */
int		invoke_refuse(struct request *, int status,
		    enum outcome, const char *why);
/* Of an answer some of which has left: can it still be told what went wrong? */
bool		invoke_can_end(const struct request *);
/* The head of an answer that leaves as it comes: the last line is not there. */
const char	*invoke_stream_head(const struct request *);
/* The worker's answer is whole, or none is wanted; what it comes to. */
enum outcome	invoke_conclude(struct request *, enum outcome);

/* --- signed.c: [access] auth = iam -------------------------------------- */

/* Decide into r->access; UNASKED: once more of its body is here. */
void		request_check_signed(struct request *);

/* --- serve.c ------------------------------------------------------------ */

enum verdict	request_step_queue(struct request *);
enum verdict	request_step_serve(struct request *);
enum verdict	request_step_linger(struct request *);

/* Give the worker back, unless it still works on. */
void	request_settle(struct request *);

/* Read on, if reading stopped because the body was full and it no longer is. */
void	request_resume_body(struct request *);

/* May the worker go on, or is too much of its answer waiting already? */
bool	request_has_room(const struct request *);

/* Start the state's deadline; 0: none. */
void	request_set_deadline(struct request *, uint64_t ms);

/* --- judge.c ------------------------------------------------------------ */

/* The conversation is over: what does that mean? */
enum verdict	request_judge(struct request *);

/* --- verdict.c ---------------------------------------------------------- */

/*
 * Answer with a status of our own, or break off an answer of which something
 * has left already; and go on to RECORD.
 */
enum verdict	request_refuse(struct request *, int status, enum outcome,
		    const char *why);

/* The handler's own answer is whole; or there is to be none. */
enum verdict	request_conclude(struct request *, enum outcome);

/* Measure what it cost so far, while the worker is still in hand. */
void	request_measure(struct request *);

enum verdict	request_step_record(struct request *);

/* A warning that names function, request and reason. */
void	request_complain(const struct request *, const char *, ...)
	    __attribute__((format(printf, 2, 3)));

#endif
