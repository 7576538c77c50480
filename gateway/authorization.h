/*
 * authorization: what a caller shows: RFC 7617 and 6750, and X-Api-Key.
 *
 * Pure.  What arrives here comes from the network.
 */
#ifndef TOLLGATE_AUTHORIZATION_H
#define TOLLGATE_AUTHORIZATION_H

#include <stddef.h>

#define AUTHORIZATION_NAME_MAX	64	/* bytes: no name has more */
#define AUTHORIZATION_SECRET_MAX 511	/* as crypt(3) takes them */

enum scheme {
	SCHEME_NONE = 0,	/* nothing is shown */
	SCHEME_BASIC,
	SCHEME_BEARER,
	SCHEME_OTHER,
	SCHEME_MALFORMED	/* no name and password, no key */
};

struct authorization {
	enum scheme	 scheme;
	char		 name[AUTHORIZATION_NAME_MAX + 1];	/* BASIC */
	char		 secret[AUTHORIZATION_SECRET_MAX + 1];	/* password,
								   or key */
};

/* The value of an Authorization header. */
void	authorization_parse(struct authorization *, const char *text,
	    size_t len);
/* That of X-Api-Key: a BEARER's. */
void	authorization_take_key(struct authorization *, const char *text,
	    size_t len);
/* Wipe the secret. */
void	authorization_forget(struct authorization *);

#endif
