/*
 * route: which function does this request mean?
 *
 * One walk along the path meets the routes that can fit it (router.h); which
 * of them does is nginx's precedence.
 */
#include "route.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cgi.h"
#include "config.h"
#include "function.h"
#include "log.h"
#include "mem.h"
#include "pattern.h"
#include "radix.h"
#include "router.h"

#define ALLOW_MAX	32	/* methods named in one 405 */
#define HOST_LEN	256	/* a longer name is no host's */

/* --- matching ----------------------------------------------------------- */

/* Regexes of one place that the path passes. */
struct cursor {
	struct cursor	*next;
	struct route	*regex;		/* the next one here to be tried */
};

struct search {
	const char		*method;
	const char		*path;
	size_t			 len;
	struct arena		*arena;
	struct route_match	*match;
};

/*
 * Does a literal of at bytes that the path begins with fit it?  A prefix must
 * end where a segment does.
 */
static bool
literal_fits(const struct search *s, enum route_kind kind, size_t at)
{
	if (kind == ROUTE_EXACT)
		return at == s->len;
	return s->path[at - 1] == '/' || s->path[at] == '/' || at == s->len;
}

/* Part of the path.  What reaches to its end needs no copy. */
static const char *
part(const struct search *s, size_t start, size_t len)
{
	if (start + len == s->len)
		return s->path + start;
	return arena_strndup(s->arena, s->path + start, len);
}

static void
found(const struct search *s, const struct route *r, size_t script_len,
    size_t path_info_len)
{
	struct route_match	*m = s->match;

	m->function = r->function;
	m->rule = r->rule;
	m->kind = r->kind;
	m->text = r->text;
	m->script_name = part(s, 0, script_len);
	m->path_info = part(s, script_len, path_info_len);
}

static void
found_literal(const struct search *s, const struct route *r)
{
	size_t	 len = r->literal_len;

	/* A prefix's last slash is PATH_INFO's first. */
	if (r->kind != ROUTE_EXACT && s->path[len - 1] == '/')
		len--;
	found(s, r, len, s->len - len);
}

/*
 * The first end of a segment from end on, so that what is behind it can be a
 * PATH_INFO: one begins with a slash (RFC 3875 4.1.5).
 */
static size_t
segment_end(const struct search *s, size_t end)
{
	if (end == s->len)
		return end;
	if (end > 0 && s->path[end - 1] == '/')
		return end - 1;
	return end + strcspn(s->path + end, "/");
}

static void
found_regex(const struct search *s, const struct route *r)
{
	struct route_match	*m = s->match;
	struct route_capture	*c;
	const char		*name;
	size_t			 start, end, i;

	if (pattern_span(r->pattern, PATH_INFO_GROUP, &start, &end))
		found(s, r, start, end - start);
	else {
		end = segment_end(s, pattern_end(r->pattern));
		found(s, r, end, s->len - end);
	}
	for (i = 0; pattern_name(r->pattern, i) != NULL; i++)
		continue;
	m->captures = arena_calloc(s->arena, i, sizeof(*m->captures));
	for (i = 0; (name = pattern_name(r->pattern, i)) != NULL; i++) {
		if (strcmp(name, PATH_INFO_GROUP) == 0)
			continue;
		c = &m->captures[m->capture_count++];
		c->name = arena_strdup(s->arena, name);
		c->value = "";
		if (pattern_span(r->pattern, name, &start, &end))
			c->value = part(s, start, end - start);
	}
}

static enum pattern_verdict
try_regex(const struct search *s, struct route *r)
{
	enum pattern_verdict	 verdict;
	char			 path[256];

	verdict = pattern_match(r->pattern, s->path, s->len);
	if (verdict == PATTERN_TOO_COSTLY && !r->was_costly) {
		r->was_costly = true;
		log_warning("%s:%u: [%s] regex: gave up on \"%s\" after %d "
		    "steps; this is said once", r->rule->file, r->rule->line,
		    r->rule->section,
		    log_escape(path, sizeof(path), s->path, s->len),
		    PATTERN_MATCH_LIMIT);
	}
	return verdict;
}

/* The regex that stands first among those the cursors point at, or NULL. */
static struct route *
next_regex(struct cursor *cursors)
{
	struct cursor	*c, *first = NULL;
	struct route	*r;

	for (c = cursors; c != NULL; c = c->next)
		if (c->regex != NULL && (first == NULL ||
		    c->regex->order < first->regex->order))
			first = c;
	if (first == NULL)
		return NULL;
	r = first->regex;
	first->regex = r->next;
	return r;
}

static enum route_verdict
search_regexes(const struct search *s, struct cursor *cursors)
{
	struct route	*r;

	while ((r = next_regex(cursors)) != NULL) {
		if (!route_rule_takes(r->rule, s->method))
			continue;
		switch (try_regex(s, r)) {
		case PATTERN_FITS:
			found_regex(s, r);
			return ROUTE_FOUND;
		case PATTERN_TOO_COSTLY:
			return ROUTE_TOO_COSTLY;
		case PATTERN_FITS_NOT:
			break;
		}
	}
	return ROUTE_NOT_FOUND;
}

static enum route_verdict
search_host(const struct search *s, const struct host *host)
{
	const struct route	*r, *prefix = NULL;
	const struct place	*place;
	struct cursor		*cursors = NULL, *c;
	struct radix_walk	 walk;
	enum route_verdict	 verdict;
	size_t			 at;

	radix_walk_init(&walk, host->places, s->path, s->len);
	while ((place = radix_walk_next(&walk, &at)) != NULL) {
		for (r = place->literals; r != NULL; r = r->same) {
			if (!literal_fits(s, r->kind, at) ||
			    !route_rule_takes(r->rule, s->method))
				continue;
			if (r->kind == ROUTE_EXACT) {
				found_literal(s, r);
				return ROUTE_FOUND;
			}
			prefix = r;	/* longer than those before */
		}
		if (place->regexes != NULL) {
			c = arena_alloc(s->arena, sizeof(*c));
			c->regex = place->regexes;
			c->next = cursors;
			cursors = c;
		}
	}
	if (prefix == NULL || prefix->kind != ROUTE_PREFIX_FINAL) {
		verdict = search_regexes(s, cursors);
		if (verdict != ROUTE_NOT_FOUND)
			return verdict;
	}
	if (prefix == NULL)
		return ROUTE_NOT_FOUND;
	found_literal(s, prefix);
	return ROUTE_FOUND;
}

/* --- 405 ---------------------------------------------------------------- */

/* Methods, sorted, each once. */
struct allow {
	const char	*methods[ALLOW_MAX];
	size_t		 count;
};

static void
allow_add(struct allow *allow, const char *method)
{
	size_t	 i;

	for (i = allow->count; i > 0; i--) {
		if (strcmp(allow->methods[i - 1], method) == 0)
			return;
		if (strcmp(allow->methods[i - 1], method) < 0)
			break;
	}
	if (allow->count == ALLOW_MAX)
		return;
	memmove(allow->methods + i + 1, allow->methods + i,
	    (allow->count - i) * sizeof(*allow->methods));
	allow->methods[i] = method;
	allow->count++;
}

static void
allow_rule(struct allow *allow, const struct route_rule *rule)
{
	size_t	 i;

	for (i = 0; i < rule->methods.count; i++) {
		allow_add(allow, rule->methods.words[i]);
		if (strcmp(rule->methods.words[i], "GET") == 0)
			allow_add(allow, "HEAD");
	}
}

/* What fits the path but for the method, after nothing fitted with it. */
static void
allow_host(struct allow *allow, const struct search *s,
    const struct host *host)
{
	const struct place	*place;
	const struct route	*r;
	struct route		*regex;
	struct radix_walk	 walk;
	size_t			 at;

	radix_walk_init(&walk, host->places, s->path, s->len);
	while ((place = radix_walk_next(&walk, &at)) != NULL) {
		for (r = place->literals; r != NULL; r = r->same)
			if (literal_fits(s, r->kind, at))
				allow_rule(allow, r->rule);
		for (regex = place->regexes; regex != NULL; regex = regex->next)
			if (!route_rule_takes(regex->rule, s->method) &&
			    try_regex(s, regex) == PATTERN_FITS)
				allow_rule(allow, regex->rule);
	}
}

static const char *
allow_join(const struct allow *allow, struct arena *arena)
{
	const char	*text = allow->methods[0];
	size_t		 i;

	for (i = 1; i < allow->count; i++)
		text = arena_printf(arena, "%s, %s", text, allow->methods[i]);
	return text;
}

enum route_verdict
router_match(const struct router *router, const char *host_name,
    const char *method, const char *path, struct arena *arena,
    struct route_match *match)
{
	struct search		 s = { method, path, strlen(path), arena,
				    match };
	struct allow		 allow = { .count = 0 };
	const struct host	*host;
	enum route_verdict	 verdict = ROUTE_NOT_FOUND;

	memset(match, 0, sizeof(*match));
	if ((host = router_host(router, host_name)) != NULL)
		verdict = search_host(&s, host);
	if (verdict == ROUTE_NOT_FOUND)
		verdict = search_host(&s, router->any);
	if (verdict != ROUTE_NOT_FOUND)
		return verdict;

	if (host != NULL)
		allow_host(&allow, &s, host);
	allow_host(&allow, &s, router->any);
	if (allow.count == 0)
		return ROUTE_NOT_FOUND;
	match->allow = allow_join(&allow, arena);
	return ROUTE_NOT_ALLOWED;
}

/* --- explaining --------------------------------------------------------- */

/* What "METHOD http://host/path" asks for, text owned by arena. */
struct question {
	const char	*method;
	const char	*path;
	char		 host[HOST_LEN];
};

/* Read a question.  NULL, or in static words what is wrong with it. */
static const char *
question_read(struct question *q, const char *text, struct arena *arena)
{
	struct variables	 variables;
	const char		*url, *host, *target;

	url = text + strcspn(text, " ");
	q->method = arena_strndup(arena, text, (size_t)(url - text));
	if (!cgi_method_is_valid(q->method))
		return "the method is none";
	url += strspn(url, " ");
	if (strncasecmp(url, "http://", 7) == 0)
		host = url + 7;
	else if (strncasecmp(url, "https://", 8) == 0)
		host = url + 8;
	else
		return "no http:// or https:// behind the method";
	target = host + strcspn(host, "/?#");
	cgi_host(host, (size_t)(target - host), q->host, sizeof(q->host));

	target = arena_printf(arena, "%s%s", target[0] == '/' ? "" : "/",
	    target);
	variables_init(&variables, arena);
	variables_set(&variables, "REQUEST_URI",
	    arena_strndup(arena, target, strcspn(target, "#")));
	if (cgi_request_path(&variables, &q->path) != PATH_GOOD)
		return "the path is none";
	return NULL;
}

/* A line of label and value, which may hold what was percent-encoded. */
static void
explain_line(FILE *out, const char *label, const char *value)
{
	char	 text[1024];

	fprintf(out, "%s%s%s\n", label, value[0] != '\0' ? " " : "",
	    log_escape(text, sizeof(text), value, strlen(value)));
}

static void
explain_match(FILE *out, const struct route_match *m)
{
	size_t	 i;

	fprintf(out, "function %s\n", m->function->name);
	fprintf(out, "rule [%s] %s %s (%s:%u)\n", m->rule->section,
	    route_kind_name(m->kind), m->text, m->rule->file, m->rule->line);
	explain_line(out, "SCRIPT_NAME", m->script_name);
	explain_line(out, "PATH_INFO", m->path_info);
	for (i = 0; i < m->capture_count; i++) {
		fprintf(out, "capture %s =", m->captures[i].name);
		explain_line(out, "", m->captures[i].value);
	}
}

/*
 * The program that a template would run, whether it is there or not.  Returns
 * -1 if a capture is not fit to stand in its path.
 */
static int
explain_handler(FILE *out, const struct route_match *m)
{
	const struct function	*fn = m->function;
	const char		*values[FUNCTION_CAPTURES_MAX];
	char			*path;
	size_t			 i, k;

	for (i = 0; i < fn->captures.count; i++) {
		values[i] = "";
		for (k = 0; k < m->capture_count; k++)
			if (strcmp(m->captures[k].name,
			    fn->captures.words[i]) == 0)
				values[i] = m->captures[k].value;
	}
	if ((path = function_handler_path(fn, values)) == NULL) {
		fprintf(out, "404: a capture is not fit for the path of a "
		    "handler\n");
		return -1;
	}
	explain_line(out, "handler", path);
	free(path);
	return 0;
}

/* Returns as router_explain does. */
static int
explain(const struct router *router, const struct question *q,
    struct arena *arena, FILE *out)
{
	struct route_match	 match;

	switch (router_match(router, q->host, q->method, q->path, arena,
	    &match)) {
	case ROUTE_FOUND:
		explain_match(out, &match);
		if (match.function->is_template &&
		    explain_handler(out, &match) == -1)
			return 1;
		return 0;
	case ROUTE_NOT_ALLOWED:
		fprintf(out, "405: only %s\n", match.allow);
		return 1;
	case ROUTE_TOO_COSTLY:
		fprintf(out, "404: a regex gave up\n");
		return 1;
	case ROUTE_NOT_FOUND:
		break;
	}
	fprintf(out, "404: no route fits\n");
	return 1;
}

int
router_explain(const struct router *router, const char *request, FILE *out)
{
	struct question	 question;
	struct arena	*arena;
	const char	*why;
	int		 result = 2;

	arena = arena_create(4096);
	if ((why = question_read(&question, request, arena)) == NULL)
		result = explain(router, &question, arena, out);
	else
		fprintf(stderr, "\"%s\": %s, expected "
		    "\"METHOD http://host/path\"\n", request, why);
	arena_free(arena);
	return result;
}
