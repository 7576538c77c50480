/*
 * router: the trees that a load's routes hang in.
 *
 * Between router.c, which makes them, and route.c, which asks them; all others
 * know struct router from route.h, by name.  Each host has a radix tree of the
 * paths that its routes name.  A regex hangs in it at the literal text that it
 * begins with, so that one walk along a path meets all that can fit it.
 */
#ifndef TOLLGATE_ROUTER_H
#define TOLLGATE_ROUTER_H

#include <stdbool.h>
#include <stddef.h>

#include "route.h"

struct pattern;
struct patterns;
struct radix;

#define PATH_INFO_GROUP	"path_info"	/* what it captures is PATH_INFO */

/* One path or regex of a rule, for one of its hosts. */
struct route {
	struct function		*function;
	const struct route_rule	*rule;
	const char		*text;
	const char		*literal;	/* what it fits begins so */
	size_t			 literal_len;
	enum route_kind		 kind;
	unsigned		 order;		/* of functions, then rules */
	struct pattern		*pattern;	/* of a regex */
	bool			 was_costly;	/* which the log has said */
	struct route		*same;		/* earlier, of this text */
	struct route		*next;		/* regex behind it here */
};

/* What hangs at one text.  Only one of the literals can fit a request. */
struct place {
	struct route	 *literals;	/* by same */
	struct route	 *regexes;	/* by next, in order */
	struct route	**regexes_end;
};

/* What is routed on one host, or on those of one *.NAME. */
struct host {
	struct radix	*places;
	struct radix	*regexes;	/* by text, to know one met twice */
};

struct router {
	struct arena		*arena;
	struct patterns		*patterns;
	struct radix		*hosts;		/* names are reversed, and those
						   of *.NAME end in a dot */
	unsigned		 host_count;
	struct host		*any;		/* of routes without host */
	unsigned		 count;		/* routes so far */
};

/* The kind's key in a [route] section. */
const char	*route_kind_name(enum route_kind);

/* A rule without methods takes any; one that lists GET takes HEAD too. */
bool	route_rule_takes(const struct route_rule *, const char *method);

/*
 * The trees of a request's host: its own, or those of the longest *.NAME that
 * it ends in; NULL if it has none.
 */
const struct host	*router_host(const struct router *, const char *name);

#endif
