/*
 * pool: the workers of one function (and, of a template, of one set of
 * captures).
 *
 * A pool starts workers when they are needed, lends an idle one to each
 * request, first come first served, replaces those that die or have answered
 * their fill, and backs off when they cannot be started.  All pools together
 * keep below max_workers, those of one user to its account: the least recently
 * used idle worker anywhere, or of that user, makes room.  It knows nothing of
 * HTTP or of what a worker says.
 */
#ifndef TOLLGATE_POOL_H
#define TOLLGATE_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct config;
struct function;
struct pool;
struct pools;
struct protocol;
struct tenants;
struct ticket;
struct worker;
struct workers;

struct pools_setup {
	struct workers	*workers;	/* borrowed */
	struct tenants	*tenants;	/* borrowed; the load's before it is
					   the pools' */
	/* The protocol of that name, or NULL. */
	const struct protocol	*(*find_protocol)(const char *name);
	/*
	 * A worker is gone for good, its process reaped (or see
	 * pools_close_accounts): what it used since its last record is still
	 * to be accounted for.
	 */
	void	(*on_worker_gone)(void *arg, struct worker *);
	void	*arg;
};

struct pools	*pools_create(const struct pools_setup *);
/* At the very end: workers that are left are the caller's. */
void		 pools_free(struct pools *);

/* Nobody is left to see workers end: they are as good as gone now. */
void		 pools_close_accounts(struct pools *);

/*
 * A load is in force: take its numbers, drain workers whose function's process
 * digest has changed or that is gone, apply the rest in place, start up to
 * min_children.  config is borrowed until the next call.
 */
void	pools_configure(struct pools *, const struct config *);

/*
 * Keep no worker that nobody waits for: idle ones are stopped now, lent ones
 * when they are returned.  Who waits, or still comes, is served.
 */
void	pools_drain(struct pools *);
size_t	pools_lent(const struct pools *);	/* requests in workers' hands */
size_t	pools_waiting(const struct pools *);	/* tickets */

/*
 * The pool of fn with these values of its captures; made if there is none.
 * fn is one of the load in force.  The pool can be asked and looked at until
 * pool_release, whatever becomes of the function; every ticket and worker of
 * it is to be given back before.
 */
struct pool	*pools_get(struct pools *, struct function *fn,
		    const char *const *captures);
void		 pool_release(struct pool *);	/* NULL is fine */

enum pool_answer {
	POOL_LENT = 0,		/* here is a worker */
	POOL_FULL,		/* queue_max are waiting already */
	POOL_ACCOUNT_FULL,	/* so many as its user's account allows */
	POOL_BACKING_OFF,	/* it could not be started lately */
	POOL_START_FAILED,	/* it could not be started just now */
	POOL_NOT_FOUND,		/* there is no such program */
	POOL_NOT_TRUSTED,	/* its file or folders must not be run */
	POOL_GONE		/* the function is no longer configured */
};

/* An idle worker, lent at once; NULL if none is idle or others wait. */
struct worker	*pool_take(struct pool *, const char *request_id);

/*
 * Wait for a worker.  ready(arg, w, answer) runs once, always after pool_ask
 * has returned; w is lent until pool_return, or NULL and answer says why.
 * Returns NULL, with *refused, if it makes no sense to wait.  How long to wait
 * is the asker's decision (pool_cancel).
 */
struct ticket	*pool_ask(struct pool *, const char *request_id,
		    void (*ready)(void *arg, struct worker *,
			enum pool_answer), void *arg,
		    enum pool_answer *refused);
void		 pool_cancel(struct ticket *);

enum worker_use {
	WORKER_REUSABLE = 0,	/* may be lent again */
	WORKER_SPENT,		/* has done its work: end it */
	WORKER_BROKEN,		/* misbehaved or died: end it, start another */
	WORKER_NO_START		/* ended before it read its first request */
};

/* The request lets go of its worker.  w may be gone afterwards. */
void	pool_return(struct worker *, enum worker_use);

const struct protocol	*pool_protocol(const struct pool *);
/* Milliseconds until the back-off ends; 0 if there is none. */
uint64_t	pool_backoff_ms(const struct pool *);
#define POOL_LIMIT_LEN	160

/*
 * Which limit of its user's account it is that no worker can be started now,
 * as "account alice: max_children = 4", into out; false: none.
 */
bool	pool_account_limit(const struct pool *, char out[POOL_LIMIT_LEN]);
/*
 * Warn, once a second at most, of a request refused for its account; or, if it
 * was for that, of one that waited in vain: else false.
 */
void	pool_complain_account(const struct pool *);
bool	pool_complain_late(const struct pool *);
/* Workers, all states but DEAD; requests waiting. */
size_t	pool_workers(const struct pool *);
size_t	pool_waiting(const struct pool *);

#endif
