/*
 * worker: the gateway's view of one worker, and the channel to the spawner.
 *
 * A worker is asked of the spawner (START), stands (STARTED), serves, and is
 * dead when the spawner says that it has been reaped (EXITED).  Its state
 * changes in one function, so that counts cannot drift.  Who asked for it hears
 * of each change through struct worker_events.
 */
#ifndef TOLLGATE_WORKER_H
#define TOLLGATE_WORKER_H

#include <sys/queue.h>
#include <sys/types.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "message.h"
#include "room.h"

struct errpipe;
struct event_base;
struct funclogs;
struct function;
struct outbox;
struct pool;
struct protocol;
struct runtimeapi;
struct tenant;
struct tenants;
struct timer;
struct worker;
struct workers;

enum worker_state {		/* only forward, but for IDLE <-> LENT */
	WORKER_ASKED = 0,	/* START is out, or waits its turn */
	WORKER_IDLE,		/* stands, has nothing in hand */
	WORKER_LENT,		/* has at least one request in hand */
	WORKER_STOPPING,	/* TERM is out, KILL follows */
	WORKER_DEAD,		/* reaped, or never was */
	WORKER_STATES
};

struct worker_end {		/* how it came to be DEAD */
	bool		 refused;	/* it never stood */
	enum refusal	 refusal;
	int		 status;	/* as of wait(2) */
	int		 error;		/* errno of step, 0: none failed */
	char		 step[MESSAGE_STEP_LEN];
	uint64_t	 cpu_us;
	uint64_t	 max_rss_kb;
	bool		 is_oom;	/* memory_max was used up, */
	bool		 is_above;	/* its account's, or the machine's */
};

/* Called from the loop, never from inside a call to worker_*. */
struct worker_events {
	void	(*stands)(struct worker *);
	void	(*ended)(struct worker *);	/* w->end says how */
};

struct worker {
	uint64_t	 number;
	struct workers	*workers;
	struct function	*function;	/* held; what it was started as */
	const struct protocol	*protocol;
	const struct worker_events	*events;
	enum worker_state	 state;
	pid_t		 pid;
	uid_t		 uid;
	uint64_t	 cgroup;	/* id of its group; 0: not known */
	struct tenant	*tenant;	/* held; uid's, once that is known */
	uint64_t	 asked_ms;	/* when START was asked for */
	uint64_t	 signalled_ms;	/* when TERM went out */
	bool		 is_frozen;
	bool		 is_retiring;	/* lent no more, stopped when idle */
	bool		 has_served;	/* has read a request: no longer cold */
	unsigned	 lent;		/* requests in hand */
	uint32_t	 served;	/* requests begun */
	uint32_t	 served_max;	/* then it retires; 0: never */
	struct worker_end	 end;

	/* the pool's */
	struct pool	*pool;
	unsigned	 place;		/* enum place, of crew.h */
	uint64_t	 idle_since_ms;
	TAILQ_ENTRY(worker)	 in_pool;
	TAILQ_ENTRY(worker)	 in_idle;
	TAILQ_ENTRY(worker)	 in_lru[ROOM_KINDS];

	void		*private;	/* the protocol's */

	/* worker.c's own */
	LIST_ENTRY(worker)	 in_hash;
	TAILQ_ENTRY(worker)	 in_asked;
	TAILQ_ENTRY(worker)	 in_ended;
	char		 captures[FUNCTION_CAPTURES_MAX]
			    [FUNCTION_CAPTURE_LEN + 1];
	uint32_t	 capture_count;
	uint64_t	 generation;
	struct errpipe	*errors;	/* stderr; NULL until it stands */
	struct timer	*kill_timer;
	clockid_t	 cpu_clock;
	uint64_t	 cpu_ns;	/* up to the last record */
	uint64_t	 others_ns;	/* of it: what its children used */
	bool		 has_others;	/* they have used some lately */
	uint64_t	 sampled_ns;	/* its own clock, when that was read */
	int		 cpu_stat;	/* of its control group, -1: none */
	int		 memory_peak;	/* likewise */
	int		 proc_status;	/* /proc/PID/status, -1: none */
	uint64_t	 peak_kb;	/* when it was read last, */
	uint64_t	 peak_cpu_ns;	/* having used so much */
};

struct workers_setup {
	struct event_base	*base;
	int			 channel;	/* to the spawner; owned */
	struct funclogs		*logs;		/* borrowed */
	struct tenants		*tenants;	/* likewise */
	struct outbox		*outbox;	/* borrowed; NULL: none */
	struct runtimeapi	*runtimeapi;	/* likewise */
	uint64_t		 stop_timeout_ms;

	/* Messages that concern no worker; descriptors become the callee's. */
	void	(*on_control)(void *arg, const struct message *,
		    const int *fds, int count);
	/* The spawner has gone, or sends what cannot be believed. */
	void	(*on_lost)(void *arg);
	void	*arg;
};

struct workers	*workers_create(const struct workers_setup *);
/* Lets go of all workers, whatever their state; the spawner ends them. */
void		 workers_free(struct workers *);
void		 workers_configure(struct workers *, uint64_t stop_timeout_ms);

/* A buffer for one read at a time, shared by all that read in the loop. */
#define SCRATCH_SIZE	(256 * 1024)
uint8_t		*workers_scratch(struct workers *);
struct event_base	*workers_base(struct workers *);
struct outbox		*workers_outbox(struct workers *);
struct runtimeapi	*workers_runtimeapi(struct workers *);

/* Tell the spawner something that concerns no worker (LOADED, READY). */
int	workers_tell(struct workers *, const struct message *);

struct worker_order {		/* what a worker is asked for with */
	struct function		*function;
	uint64_t		 generation;	/* of the load that knows it */
	const char *const	*captures;	/* all it has, in order */
	const struct protocol	*protocol;
	const struct worker_events *events;
	struct tenant		*tenant;	/* whose, as far as is known */
};

/*
 * Ask for a worker.  At most MESSAGE_STARTS_MAX are asked of the spawner at
 * once, and half of those for one user; the others wait their turn here.
 * Never NULL.
 */
struct worker	*worker_start(struct workers *, const struct worker_order *);

/* TERM its group, KILL it stop_timeout later.  Again: nothing. */
void	worker_stop(struct worker *);
/* KILL its group at once; why is logged. */
void	worker_kill(struct worker *, const char *why);
/* Stop or go on with its group; a frozen one is thawed before any signal. */
void	worker_freeze(struct worker *, bool on);

/* Note that a request is in its hand, or no longer. */
void	worker_lend(struct worker *, const char *request_id);
void	worker_take_back(struct worker *);

/* Only when DEAD and nothing is lent. */
void	worker_free(struct worker *);

/* Something came from it, or it has ended, or its time has passed. */
void	worker_heard(struct worker *);
/*
 * What was written to stderr, up to the last worker_heard of any worker at
 * least, goes to the function's log.
 */
void	worker_read_stderr(struct worker *, const char *request_id);
/* Bytes of FCGI_STDERR go the same way. */
void	worker_log(struct worker *, const char *request_id, const void *,
	    size_t);

/*
 * The CPU time in microseconds it used since the last call: so that sums over
 * calls are whole.  That of what it forked is told in a while where it has a
 * control group; else, of children it has waited for, once it is dead.
 */
uint64_t	worker_cpu_us(struct worker *);
/* Tell that at the next call, not in a while: there may be no other. */
void		worker_count_others(struct worker *);
/*
 * The most memory so far, in KB, as of half a millisecond of its CPU time ago
 * or less: of its control group where that tells, or its resident set.
 */
uint64_t	worker_peak_kb(struct worker *);

/* "exited with status 3", "died of signal 11 (SIGSEGV)": into out. */
void	worker_describe_end(const struct worker *, char *out, size_t room);

#endif
