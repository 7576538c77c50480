/*
 * apikeys: who may invoke functions by name: the lines of api_keys.
 *
 *	KEYID SECRET NAME ACTION:PATTERN...
 *
 * as in "AKIDTHUMBS wJalrXUt... anna lambda:InvokeFunction:thumb-*".  A secret
 * must be known as it is to check a signature (sigv4), so the gateway has it,
 * and nobody else.  Pure: the file is read by the load.
 */
#ifndef TOLLGATE_APIKEYS_H
#define TOLLGATE_APIKEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "value.h"

#define APIKEY_ID_MAX		128	/* bytes */
#define APIKEY_SECRET_MIN	16
#define APIKEY_SECRET_MAX	128
#define APIKEY_NAME_MAX		64
#define APIKEY_PATTERN_MAX	64

struct apikey_grant {
	const char	*action;	/* lambda:InvokeFunction, lambda:*, * */
	const char	*pattern;	/* of functions' names; * is any text */
};

struct apikey {
	const char		*id;
	const char		*secret;
	const char		*name;
	struct apikey_grant	*grants;
	size_t			 grant_count;
};

/* In byte order of their ids, each once. */
struct apikeys {
	struct apikey	*list;
	size_t		 count;
};

/*
 * Read one line, a NUL behind it; its texts are copied to the arena.  NULL, or
 * in static words that fit behind "is" what is wrong with it.
 */
const char	*apikey_parse(struct arena *, const char *line,
		    struct apikey *);

/*
 * Read a whole file: a line each; empty ones and those that begin with # are
 * passed over.  text ends in NUL and is changed.  Each error goes to on_error
 * with the line's number.
 */
void	apikeys_read(struct arena *, char *text, struct apikeys *,
	    void (*on_error)(void *arg, unsigned line, const char *why),
	    void *arg);

/* NULL if there is none of that id. */
const struct apikey	*apikeys_find(const struct apikeys *, const char *id);
/* May its holder do that with the function? */
bool			 apikey_permits(const struct apikey *,
			    const char *action, const char *function);

/* struct apikeys: adds one line, in the order of ids. */
setter	set_apikey;
void	apikey_print(FILE *, const struct apikey *);

#endif
