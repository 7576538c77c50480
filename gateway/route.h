/*
 * route: which function does this request mean?
 *
 * The host's own routes come first (those of its name, else those of the
 * longest *.name), then the routes without host; inside each, nginx's
 * precedence: exact, then the longest prefix if it is marked final, then
 * regexes in order, then the longest prefix.  Only routes that take the method
 * count; whoever lists GET takes HEAD too.  Literal paths cost the same however
 * many there are.
 *
 * A prefix fits whole segments: /a fits /a and /a/b, /a/ only what begins so.
 */
#ifndef TOLLGATE_ROUTE_H
#define TOLLGATE_ROUTE_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct arena;
struct config;
struct config_errors;
struct function;
struct route_rule;
struct router;

/*
 * Make the router of a load.  Functions are borrowed from config, which must
 * outlive it.  NULL after adding to errors: two routes for the same host, path
 * and method, a regex that does not compile (with the offset), a literal that
 * does not begin with a slash or is not normalised, a template's route that
 * does not give each capture.
 */
struct router	*router_create(const struct config *, struct config_errors *);
void		 router_free(struct router *);	/* NULL is fine */

struct route_capture {
	const char	*name;
	const char	*value;
};

enum route_verdict {
	ROUTE_FOUND = 0,
	ROUTE_NOT_FOUND,	/* 404 */
	ROUTE_NOT_ALLOWED,	/* 405: the path fits, no method does */
	ROUTE_TOO_COSTLY	/* a regex met its match limit: 404; the log
				   has it, once for each regex */
};

enum route_kind { ROUTE_EXACT, ROUTE_PREFIX_FINAL, ROUTE_REGEX, ROUTE_PREFIX };

struct route_match {
	struct function		*function;	/* borrowed of the load */
	const struct route_rule	*rule;
	enum route_kind		 kind;
	const char		*text;		/* the path or regex that fit */
	const char		*script_name;	/* of the path, as below */
	const char		*path_info;
	struct route_capture	*captures;	/* named, path_info left out;
						   "" where it fit nothing */
	size_t			 capture_count;
	const char		*allow;		/* for 405: "GET, HEAD" */
};

/*
 * host: without port, lower case ("" if none); path: normalised.  The match
 * needs the router no more: its rule and text belong to its function, all else
 * is in arena or borrowed of path.
 */
enum route_verdict	router_match(const struct router *, const char *host,
			    const char *method, const char *path,
			    struct arena *, struct route_match *);

/*
 * tollgated -t -r: match "METHOD http://host/path" and print which function,
 * which rule, SCRIPT_NAME, PATH_INFO, captures and a template's handler, or the
 * status that would be answered, one a line.  Returns 0 if a function was
 * found, 1 if none was, 2 with words on stderr if request is not of that form.
 */
int	router_explain(const struct router *, const char *request, FILE *);

#endif
