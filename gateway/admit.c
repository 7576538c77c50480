/*
 * admit: parameters -> what is asked for, which function it means, and what
 * that function's handler is told.
 */
#include "walk.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <fastcgi.h>

#include "body.h"
#include "config.h"
#include "function.h"
#include "log.h"
#include "mem.h"
#include "pool.h"
#include "route.h"
#include "settings.h"

#define HOST_LEN	256

static int
malformed(const char **why, const char *words)
{
	*why = words;
	return 400;
}

/* What RFC 3875 says of the request must make sense before anybody sees it. */
static int
understand(struct request *r, const char **why)
{
	const struct variables	*vars = &r->variables;
	const char		*text;

	if (vars->length_differs)
		return malformed(why, "two different CONTENT_LENGTH");
	text = variables_get(vars, "REQUEST_METHOD");
	if (text == NULL || !cgi_method_is_valid(text))
		return malformed(why, "REQUEST_METHOD is no method");
	r->method = text;
	answer_set_method(&r->answer, text);

	switch (cgi_content_length(vars, &r->content_length)) {
	case 1:
		r->has_length = true;
		break;
	case 0:
		break;
	default:
		return malformed(why, "CONTENT_LENGTH is no length");
	}
	if (cgi_request_path(vars, &r->path) != PATH_GOOD) {
		r->path = "";
		return malformed(why, "its path is no path");
	}
	return 0;
}

/* Stdin that came before the function was known is held to its limits too. */
static int
check_body(struct request *r, const char **why)
{
	const struct function	*fn = r->function;
	uint64_t		 had;

	had = r->body != NULL ? body_received(r->body) : 0;
	if (r->content_length > fn->max_body_size || had > fn->max_body_size) {
		request_complain(r, "body of %" PRIu64 " bytes, "
		    "limits.max_body_size = %" PRIu64,
		    r->has_length ? r->content_length : had,
		    fn->max_body_size);
		*why = "its body is larger than max_body_size";
		return 413;
	}
	if (r->has_length && had > r->content_length)
		return malformed(why, "its body is longer than "
		    "CONTENT_LENGTH");
	return 0;
}

/* Tell the handler where it stands: RFC 3875 4.1.5, 4.1.13 and our own. */
static void
set_path_variables(struct request *r, const struct route_match *match,
    struct variables *captures)
{
	const struct route_capture	*c;
	size_t				 i;

	variables_set(&r->variables, "SCRIPT_NAME", match->script_name);
	variables_set(&r->variables, "PATH_INFO", match->path_info);
	variables_set(&r->variables, "TOLLGATE_REQUEST_ID", r->id);
	for (i = 0; i < match->capture_count; i++) {
		c = &match->captures[i];
		variables_set(captures, c->name, c->value);
		variables_set(&r->variables,
		    arena_printf(r->arena, "TOLLGATE_PATH_%s", c->name),
		    c->value);
	}
}

/* [function] parameters: NAME=value, added or put over what came. */
static void
set_parameters(struct request *r, const struct variables *captures)
{
	const struct word_list	*list = &r->function->parameters;
	const char		*equals;
	size_t			 i;

	for (i = 0; i < list->count; i++) {
		if ((equals = strchr(list->words[i], '=')) == NULL)
			continue;
		variables_set(&r->variables,
		    arena_strndup(r->arena, list->words[i],
			(size_t)(equals - list->words[i])),
		    variables_expand(&r->variables, equals + 1, captures));
	}
}

/* A template's program is named by captures: they must be fit for a path. */
static int
choose_pool(struct request *r, const struct variables *captures,
    const char **why)
{
	const struct function	*fn = r->function;
	const char		*values[FUNCTION_CAPTURES_MAX];
	size_t			 i;

	for (i = 0; i < fn->captures.count; i++) {
		values[i] = variables_get(captures, fn->captures.words[i]);
		if (values[i] == NULL ||
		    !function_capture_is_valid(values[i])) {
			*why = "no program can have that name";
			return 404;
		}
	}
	r->pool = pools_get(r->services->pools, r->function, values);
	return 0;
}

static int
choose_function(struct request *r, struct route_match *match,
    const char **why)
{
	const struct variable	*sent;
	char			 host[HOST_LEN] = "";

	if ((sent = variables_find(&r->variables, "HTTP_HOST")) != NULL)
		cgi_host(sent->value, sent->value_len, host, sizeof(host));
	switch (router_match(r->services->router, host, r->method, r->path,
	    r->arena, match)) {
	case ROUTE_FOUND:
		r->function = function_hold(match->function);
		r->user = r->function->user;
		return 0;
	case ROUTE_NOT_ALLOWED:
		r->allow = match->allow;
		*why = "no function takes this method here";
		return 405;
	case ROUTE_TOO_COSTLY:
		*why = "a regex of the routes gave up on its path";
		return 404;
	case ROUTE_NOT_FOUND:
		break;
	}
	*why = "no function is routed here";
	return 404;
}

int
request_admit(struct request *r, const char **why)
{
	int	 status;

	if ((status = understand(r, why)) != 0)
		return status;
	if (!ledger_accepts(r->services->ledger)) {
		*why = "the accounting file cannot be written to";
		return 503;
	}
	r->generation = r->services->generation;
	if (request_is_invoked(r))
		return request_admit_invoked(r, why);
	r->match = arena_calloc(r->arena, 1, sizeof(*r->match));
	if ((status = choose_function(r, r->match, why)) != 0)
		return status;
	if (r->role != FCGI_RESPONDER &&
	    r->function->protocol->way == WAY_LAUNCH) {
		r->protocol_status = FCGI_UNKNOWN_ROLE;
		*why = "a CGI program can only be a responder";
		return 501;
	}
	return 0;
}

int
request_equip(struct request *r, const char **why)
{
	struct variables	 captures;
	int			 status;

	if ((status = check_body(r, why)) != 0)
		return status;
	variables_init(&captures, r->arena);
	set_path_variables(r, r->match, &captures);
	set_parameters(r, &captures);
	return choose_pool(r, &captures, why);
}
