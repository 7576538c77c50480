/*
 * access: who may call a function, by address, key or password.
 *
 * It decides at once, but for a password that has not been found right lately:
 * then whoever asks waits for the helper.  It knows nothing of requests: it is
 * given their variables, and says what they are to be answered.
 */
#ifndef TOLLGATE_ACCESS_H
#define TOLLGATE_ACCESS_H

#include <stdbool.h>

struct access;
struct access_check;	/* one that waits */
struct arena;
struct failures;
struct function;
struct gateway_settings;
struct variables;
struct verifier_setup;

struct access	*access_create(const struct verifier_setup *);
/* Nobody waits any more. */
void		 access_free(struct access *);	/* NULL is fine */

/* The helper that was asked for; owned from now on; -1: there is none. */
void	access_take_helper(struct access *, int fd);

/* For others that are shown secrets. */
struct failures	*access_failures(struct access *);

struct access_inquiry {
	const struct gateway_settings	*settings;	/* of the load in
							   force */
	const struct function	*function;
	const struct variables	*variables;
	struct arena		*arena;		/* the request's */
	const char		*request_id;	/* lives as long */
};

enum access_verdict {
	ACCESS_UNASKED = 0,
	ACCESS_WAITS,
	ACCESS_GRANTED,
	ACCESS_REFUSED
};

struct access_answer {
	enum access_verdict	 verdict;
	const char	*caller;	/* GRANTED: who it is; "": anybody */
	const char	*auth_type;	/* GRANTED: Basic or Bearer, or "" */
	int		 status;	/* REFUSED: 401, 403, 429, 503 */
	const char	*why;		/* static words */
	const char	*header;	/* lines that go with it, or "" */
};

/*
 * Decide into answer.  If it WAITS, what is returned is for access_cancel, and
 * ready(arg) runs once, after this has returned, when answer has been filled;
 * else NULL is returned.
 */
struct access_check	*access_ask(struct access *,
			    const struct access_inquiry *,
			    struct access_answer *, void (*ready)(void *arg),
			    void *arg);
void			 access_cancel(struct access_check *);

#endif
