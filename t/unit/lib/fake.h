/*
 * fake: a request, its worker and a clock that only take note, in place
 * of request.c, worker.c and timer.c, for the tests of modules.
 *
 * A module that goes on telling a request something after it has told it the
 * end fails its test here, whatever that test is about.
 */
#ifndef TOLLGATE_FAKE_H
#define TOLLGATE_FAKE_H

#include "module.h"
#include "request.h"
#include "worker.h"

#include <check.h>

struct workers {
	struct event_base	*base;
	struct outbox		*outbox;	/* NULL: no io_uring here */
	unsigned		 kills;
	uint8_t			 scratch[SCRATCH_SIZE];
};

struct fake {
	struct request	 request;	/* first: one is cast to the other */
	struct function	*function;
	unsigned	 begun;		/* how often it was told so */
	unsigned	 heard;
	unsigned	 rooms;
	unsigned	 stdout_ends;
	struct evbuffer	*out;		/* of STDOUT and STDERR */
	struct evbuffer	*err;
	size_t		 room;		/* of out: then it says pause */
};

/* An idle worker that has served before; freed by fake_worker_free. */
struct worker	*fake_worker_create(const struct protocol *);
void		 fake_worker_free(struct worker *);

/* A request in that worker's hand, without variables or body. */
struct fake	*fake_create(struct worker *);
void		 fake_free(struct fake *);

/* All of its body, of len bytes, is here. */
void	fake_set_body(struct fake *, const char *, size_t len);

/* Hand it to its worker, in a turn of the loop of its own. */
void	fake_begin(struct fake *);

/* Run what is ready in the loop, and what that makes ready, until all is. */
void	fake_settle(struct worker *);

/* The time of all timers has come.  Returns how many were started. */
unsigned	fake_fire_timers(void);

/* What is in a buffer, as text; valid until the next call. */
const char	*fake_text(struct evbuffer *);

/* One program of one suite: run it and say TAP. */
int	fake_run(Suite *);

#endif
