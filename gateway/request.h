/*
 * request: one request's forward walk, from its first record to its last.
 *
 * A request is fed by its front (the first group of calls) and by the module
 * that speaks with its worker (the last group).  Neither kind does more than
 * take note: all that follows happens in the request's own turn, which comes
 * in the same turn of the loop, after whoever called has returned.  So nobody
 * who calls here is called back from inside the call, and a request is freed
 * only in its own turn.  Only what is in the midst of a long answer goes to
 * the client's connection at once, from where it lies.
 *
 * What its front must do for it is in struct client, what it needs of the
 * gateway in struct services.
 */
#ifndef TOLLGATE_REQUEST_H
#define TOLLGATE_REQUEST_H

#include <sys/queue.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "access.h"
#include "answer.h"
#include "cgi.h"

struct arena;
struct body;
struct config;
struct funclogs;
struct function;
struct gateway_settings;
struct invoke;
struct ledger;
struct outbox;
struct pool;
struct pools;
struct request;
struct requests;
struct route_match;
struct router;
struct signature;
struct ticket;
struct timer;
struct worker;

/* What requests need of the gateway, which changes it when a load comes. */
struct services {
	const struct gateway_settings	*settings;
	const struct config	*config;
	const struct router	*router;
	struct funclogs		*logs;
	struct pools		*pools;
	struct ledger		*ledger;
	struct requests		*requests;
	struct access		*access;
	uint64_t		 generation;	/* of the load in force */
	struct outbox		*outbox;	/* NULL: send at once */
};

enum client_end {
	CLIENT_SERVED = 0,	/* it has had its END_REQUEST */
	CLIENT_DISTRUSTED,	/* likewise, but it broke its word: close */
	CLIENT_CUT_OFF		/* its answer must not look whole */
};

/* What a request asks of the connection it came by. */
struct client {
	/* Send these whole records, in pieces that are copied if need be. */
	void	(*send)(struct request *, const struct iovec *, int count);
	/* Is so much unsent that the worker should pause? */
	bool	(*is_behind)(const struct request *);
	/* More of the body is welcome again (after it was full). */
	void	(*resume)(struct request *);
	/* The request has sent its last and forgets the client. */
	void	(*over)(struct request *, enum client_end);
};

enum request_state {
	REQUEST_READ = 0,	/* the parameters are arriving */
	REQUEST_ROUTE,		/* which function is meant? */
	REQUEST_GUARD,		/* is the caller let in? */
	REQUEST_QUEUE,		/* waiting for a worker */
	REQUEST_SERVE,		/* body out to the worker, answer back */
	REQUEST_RECORD,		/* answered; its record is being written */
	REQUEST_LINGER,		/* the client has all; the worker works on */
	REQUEST_STATES		/* how many there are; keep last */
};

/* What came of the conversation with the worker: set by the module. */
enum exchange_end {
	EXCHANGE_ON = 0,
	EXCHANGE_DONE,		/* the worker has done its work */
	EXCHANGE_CLOSED,	/* it closed in good order, without an end */
	EXCHANGE_RESET,		/* EPIPE or ECONNRESET */
	EXCHANGE_DIED,		/* it ended, having taken the request */
	EXCHANGE_GARBAGE,	/* it said what no worker may say */
	EXCHANGE_REFUSED,	/* the launcher could not exec the program */
	EXCHANGE_CUT		/* the request gave it up */
};

/*
 * Of a request by the Invoke API.  Its body is the event, JSON, and all of it
 * is here before a worker has it.  What the worker answers is the result: its
 * body, as it is; a status of 400 and more, or is_function_error, says that the
 * function failed, and the body how.
 */
struct by_name {
	const char	*client_context;	/* JSON, or "" */
	const char	*function_arn;	/* as the caller named it */
	const char	*trace_id;	/* X-Ray's */
	bool		 is_streamed;	/* the result leaves as it comes */
	struct invoke	*own;		/* invoke.c's */
};

struct request {
	struct services	*services;
	struct arena	*arena;
	char		 id[37];	/* UUID */
	enum request_state	 state;
	bool		 is_queued;	/* its turn comes */
	TAILQ_ENTRY(request)	 in_run_queue;
	TAILQ_ENTRY(request)	 in_all;

	/* the front's side; client is NULL once it has left or has all */
	const struct client	*client;
	void		*connection;
	uint16_t	 front_id;
	uint16_t	 role;
	TAILQ_ENTRY(request)	 in_connection;
	bool		 is_aborted;	/* the client left, or sent ABORT */
	bool		 is_stopped_reading;	/* until client->resume */

	/* what is asked for */
	struct variables	 variables;
	uint8_t		*params;	/* behind the last whole pair */
	size_t		 params_len;	/* of the one that is not */
	size_t		 params_room;
	size_t		 params_total;	/* bytes of PARAMS so far */
	uint32_t	 params_count;
	bool		 params_ended;
	const char	*method;
	const char	*path;
	bool		 has_length;
	bool		 has_surplus;	/* more body than CONTENT_LENGTH */
	uint64_t	 content_length;
	struct body	*body;		/* STDIN */
	struct body	*data;		/* DATA of the role filter, or NULL */
	bool		 stdin_ended;	/* the front has sent all of it */
	bool		 has_body_news;	/* for the module */
	int		 early_status;	/* refused before it was all there */
	const char	*early_why;
	const char	*allow;		/* of a 405 */

	/* who serves it */
	struct function	*function;	/* held once routed */
	struct route_match	*match;
	struct by_name	*by_name;	/* NULL: it has a route */
	struct signature	*signature;	/* while it is checked */
	uint64_t	 generation;	/* of the load that says so */
	struct access_check	*check;	/* of a password, while it waits */
	struct access_answer	 access;
	const char	*caller;	/* who has logged in, or "" */
	const char	*refusal_header;	/* goes with it, or NULL */
	struct pool	*pool;
	struct ticket	*ticket;
	struct worker	*worker;	/* while lent */
	const char	*user;		/* Unix user, for the record */
	unsigned	 pool_answer;	/* enum pool_answer, once ready */
	unsigned	 attempt;	/* 1 for the first */
	void		*exchange;	/* the module's */
	enum exchange_end	 exchange_end;
	const char	*exchange_why;	/* static, or in the arena */
	int		 exchange_error;	/* errno of a refused exec */
	unsigned	 exchange_refusal;	/* enum refusal */
	uint32_t	 app_status;
	uint8_t		 protocol_status;	/* of END_REQUEST */
	bool		 worker_reusable;	/* says the module */
	bool		 is_function_error;	/* so is it, of the answer */
	const char	*payload;	/* what went wrong, in JSON, for who
					   invokes by name; or NULL */
	size_t		 payload_len;
	bool		 is_handed_over;
	bool		 is_abandoned;	/* nobody wants what it answers */
	unsigned	 worker_use;	/* enum worker_use, once given back */

	/* the answer */
	struct answer	 answer;
	bool		 answer_ended;	/* all of STDOUT is here */
	bool		 is_paused;	/* the module waits for pull */
	bool		 has_sent;	/* bytes of it have left */
	bool		 is_record_out;	/* given to the ledger */
	bool		 is_recorded;	/* and taken by it */

	/* clocks: _us of CLOCK_MONOTONIC but for time_us */
	uint64_t	 time_us;	/* CLOCK_REALTIME at arrival */
	uint64_t	 arrived_us;
	uint64_t	 lent_us;
	uint64_t	 begun_us;	/* the handler's work began */
	uint64_t	 ended_us;
	uint64_t	 init_from_us;	/* its worker's start began */
	uint64_t	 init_us;
	bool		 is_cold;
	struct timer	*deadline;	/* the state's */
	bool		 is_overdue;	/* it has passed */
	struct timer	*silence;	/* io_timeout's */
	bool		 is_silent;
	uint64_t	 heard_ms;	/* when bytes last moved */
	struct timer	*hold;		/* of a whole answer, or NULL */
	bool		 is_held_long;

	/* the verdict, for the record */
	int		 status;
	unsigned	 outcome;	/* enum outcome */
	bool		 is_broken;	/* answered in part */
	bool		 is_told;	/* the log knows why it is refused */
	uint64_t	 cpu_us;
	uint64_t	 peak_kb;
	int64_t		 worker_pid;
};

/* The run queue: requests that have their turn in this turn of the loop. */
struct requests	*requests_create(void);
/* Those that are left are broken off without another word. */
void		 requests_free(struct requests *);
size_t		 requests_count(const struct requests *);	/* alive */
/* on_none(arg) runs each time the last request has been freed. */
void		 requests_on_none(struct requests *, void (*on_none)(void *),
		    void *arg);

/* A new UUID; the time of day in microseconds.  For records of other things. */
void	requests_make_id(struct requests *, char out[37]);
uint64_t	requests_time_us(void);

/* --- called by the front ------------------------------------------------ */

/* BEGIN_REQUEST came.  The request frees itself when it is over. */
struct request	*request_create(struct services *, const struct client *,
		    void *connection, uint16_t front_id, uint16_t role);

/* Content of PARAMS; its end. */
void	request_params(struct request *, const uint8_t *, size_t);
void	request_params_end(struct request *);
/* Content of STDIN.  False: read no more until client->resume. */
bool	request_stdin(struct request *, const uint8_t *, size_t);
void	request_stdin_end(struct request *);
/* Content of DATA, for the role filter; its end. */
bool	request_data(struct request *, const uint8_t *, size_t);
void	request_data_end(struct request *);
/* ABORT_REQUEST came: it still gets its END_REQUEST. */
void	request_abort(struct request *);
/* The connection is gone: the client is never called again. */
void	request_leave(struct request *);
/* The connection has room again. */
void	request_room(struct request *);

/* --- called by modules -------------------------------------------------- */

/* A cold worker has read its first request: its start is over. */
void	request_begun(struct request *);

/* Bytes moved to or from the worker: the silence is broken. */
void	request_heard(struct request *);

/*
 * Content of the handler's STDOUT, in pieces, at most REQUEST_PIECES of them
 * and ANSWER_CONTENT_MAX bytes in all.  False: pause until pull.
 */
#define REQUEST_PIECES	32
bool	request_take_stdout(struct request *, const struct iovec *, int count);
/*
 * Likewise, in whole records of FastCGI that have this id and len bytes of
 * content in all.  True: they leave as they stand; request->is_paused tells
 * whether to pause.  False: nothing was taken, the other is to.
 */
bool	request_take_records(struct request *, uint16_t id,
	    const struct iovec *records, size_t len);
void	request_take_stderr(struct request *, const uint8_t *, size_t);

/* All of STDOUT is here, though the worker may work on. */
void	request_stdout_end(struct request *);

/*
 * The conversation is over and request->exchange is NULL again: the worker is
 * done (app_status; reusable: it can take another request), or failed (why:
 * static words for the log).
 */
void	request_done(struct request *, uint32_t app_status, bool reusable);
void	request_failed(struct request *, enum exchange_end, const char *why);
void	request_refused(struct request *, unsigned refusal, int error,
	    const char *step);

#endif
