/*
 * child: a worker's process in the table of children, which birth fills and
 * children empties.  For those two alone.
 */
#ifndef TOLLGATE_CHILD_H
#define TOLLGATE_CHILD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/types.h>

#include "ends.h"
#include "leaf.h"
#include "message.h"
#include "rulebook.h"
#include "sandbox.h"
#include "score.h"
#include "seats.h"
#include "watch.h"

/*
 * Of each hash; a power of 2.  Both must fit on one page or two: each page that
 * is written to between two forks is copied.
 */
#define CHILD_BUCKETS		128

struct cgroups;
struct channel;
struct children;
struct graves;
struct kit;
struct load;

struct child {
	LIST_ENTRY(child)	 by_number;
	LIST_ENTRY(child)	 by_pid;
	TAILQ_ENTRY(child)	 in_starting;
	struct children		*all;
	uint64_t		 number;	/* the gateway's */
	uint64_t		 serial;	/* ours: of all gateways */
	uint32_t		 function;	/* its number in */
	uint64_t		 generation;	/* that load */
	pid_t			 pid;		/* its init, if it has one */
	pid_t			 former;	/* not reaped yet; 0: none */
	uid_t			 uid;
	bool			 has_seat;	/* counts among that user's */
	bool			 asks;		/* for one, when it knows whose
						   it is */
	bool			 has_init;
	bool			 is_killed;	/* KILL was sent */
	bool			 has_status;
	int			 status;	/* its program's */
	bool			 stands;	/* STARTED has been sent */
	bool			 is_lost;	/* nobody hears of it now */
	uint64_t		 deadline_ms;	/* while it does not stand */
	struct watch		 report;
	struct sandbox_report	 failure;	/* step "": none */
	struct ends		 ends;		/* until STARTED */
	struct leaf		 leaf;
};

LIST_HEAD(child_list, child);

struct children {
	int			 epoll;
	int			 workers;
	const struct cgroups	*cgroups;	/* NULL: none */
	const struct kit	*kit;
	const struct load	*load;		/* in force */
	struct graves		*graves;
	struct channel		*channel;	/* NULL: no gateway */
	bool			 is_root;
	struct score		 score;
	struct rulebook		*rules;		/* of the load's functions */
	uint64_t		 last_serial;
	size_t			 count;
	struct child_list	 numbers[CHILD_BUCKETS];
	struct child_list	 pids[CHILD_BUCKETS];
	TAILQ_HEAD(, child)	 starting;	/* the oldest first */
	struct seats		 seats;
};

/* The one that this gateway has asked for by that number, or NULL. */
struct child	*child_find(struct children *, uint64_t number);
/* It has been forked, and has until deadline_ms to stand. */
void		 child_insert(struct children *, struct child *);
void		 child_no_longer_starting(struct child *);
/* Another process is it from now on. */
void		 child_move(struct child *, pid_t);

/* Read what it has said; at the end of file it was exec'ed, or died. */
void		 child_read_reports(struct child *);

/* It is one of that user's workers from now on. */
void		 child_take_seat(struct child *, uid_t,
		    const struct account *);

/*
 * Tell the gateway that no such worker came to be; capped: for how many there
 * are or were started lately, as the key step says.
 */
void		 child_refuse(struct children *, uint64_t number, enum refusal,
		    int error, const char *step);
void		 child_refuse_capped(struct children *, uint64_t number, uid_t,
		    const char *step);

#endif
