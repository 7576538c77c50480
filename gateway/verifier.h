/*
 * verifier: has passwords checked, by the helper tollgate-auth.
 *
 * The helper is asked for when the first password is to be checked; it gets
 * one at a time, the others wait here.  If it dies, what it had in hand is
 * asked once more of the next one.
 */
#ifndef TOLLGATE_VERIFIER_H
#define TOLLGATE_VERIFIER_H

#include <stddef.h>

#include "digest.h"

struct event_base;
struct verifier;
struct verifier_wait;

struct verifier_setup {
	struct event_base	*base;
	/* Ask the spawner for a helper: verifier_take_helper follows. */
	void	(*ask_helper)(void *arg);
	void	*arg;
};

struct verifier	*verifier_create(const struct verifier_setup *);
/* Who waits is never called. */
void		 verifier_free(struct verifier *);	/* NULL is fine */

/* The helper's socket, owned from now on; -1: there is none. */
void	verifier_take_helper(struct verifier *, int fd);

enum verifier_verdict {
	VERIFIER_RIGHT = 0,
	VERIFIER_WRONG,
	VERIFIER_UNABLE,	/* no helper, or it does not answer */
	VERIFIER_FULL		/* others made it give up its place */
};

struct verifier_question {	/* texts are borrowed for the call */
	struct digest	 name;	/* the same for the same question */
	const char	*lane;	/* lanes have turns, so that a flood in one
				   does not hold up the others */
	const char	*hash;
	const char	*password;
};

/*
 * Wait for the answer to a question that another waits for already; NULL if
 * nobody does.
 */
struct verifier_wait	*verifier_join(struct verifier *,
			    const struct digest *name,
			    void (*ready)(void *arg, enum verifier_verdict),
			    void *arg);
/*
 * Ask.  If max questions wait, the newest in the longest lane makes room; NULL
 * if that would be this one.  ready(arg, verdict) runs once, never inside a
 * call for the same arg; it may only take note of it.
 */
struct verifier_wait	*verifier_ask(struct verifier *, size_t max,
			    const struct verifier_question *,
			    void (*ready)(void *arg, enum verifier_verdict),
			    void *arg);
void			 verifier_cancel(struct verifier_wait *);

#endif
