/*
 * router: the trees that a load's routes hang in, and what is wrong with them.
 */
#include "router.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cgi.h"
#include "config.h"
#include "function.h"
#include "mem.h"
#include "pattern.h"
#include "radix.h"

#define ARENA_CHUNK	4096
#define HOST_LEN	256	/* a longer name is no host's */

const char *
route_kind_name(enum route_kind kind)
{
	static const char *const	 names[] = {
		[ROUTE_EXACT]        = "exact",
		[ROUTE_PREFIX_FINAL] = "prefix_final",
		[ROUTE_REGEX]        = "regex",
		[ROUTE_PREFIX]       = "prefix",
	};

	return names[kind];
}

/* --- methods ------------------------------------------------------------ */

bool
route_rule_takes(const struct route_rule *rule, const char *method)
{
	const struct word_list	*list = &rule->methods;
	size_t			 i;

	if (list->count == 0)
		return true;
	for (i = 0; i < list->count; i++)
		if (strcmp(list->words[i], method) == 0 ||
		    (strcmp(method, "HEAD") == 0 &&
		    strcmp(list->words[i], "GET") == 0))
			return true;
	return false;
}

/* A method of a's that b takes too, or NULL. */
static const char *
first_taken(const struct route_rule *a, const struct route_rule *b)
{
	size_t	 i;

	if (a->methods.count == 0 && b->methods.count == 0)
		return "any";
	for (i = 0; i < a->methods.count; i++)
		if (route_rule_takes(b, a->methods.words[i]))
			return a->methods.words[i];
	return NULL;
}

static const char *
common_method(const struct route_rule *a, const struct route_rule *b)
{
	const char	*method;

	method = first_taken(a, b);
	return method != NULL ? method : first_taken(b, a);
}

/* --- making a router ---------------------------------------------------- */

/* What is being added, and where complaints go. */
struct build {
	struct router		*router;
	struct function		*function;
	const struct route_rule	*rule;
	struct config_errors	*errors;
};

static void	complain(const struct build *, const char *key,
		    const char *format, ...)
		    __attribute__((format(printf, 3, 4)));

static void
complain(const struct build *b, const char *key, const char *format, ...)
{
	va_list	 ap;
	char	*words;

	va_start(ap, format);
	if (vasprintf(&words, format, ap) == -1)
		abort();	/* out of memory */
	va_end(ap);
	config_errors_add(b->errors, "%s:%u: [%s] %s: %s", b->rule->file,
	    b->rule->line, b->rule->section, key, words);
	free(words);
}

static struct host *
host_create(struct arena *arena)
{
	struct host	*h;

	h = arena_alloc(arena, sizeof(*h));
	h->places = radix_create(arena);
	h->regexes = radix_create(arena);
	return h;
}

/*
 * Into out, reversed, so that what names have in common comes first.  Returns
 * the length, 0 for what can be no host's name.
 */
static size_t
reverse_host(const char *name, char out[HOST_LEN])
{
	size_t	 len = strlen(name), i;

	/* The root's dot says nothing. */
	if (len > 0 && name[len - 1] == '.')
		len--;
	if (len > HOST_LEN)
		return 0;
	for (i = 0; i < len; i++)
		out[i] = name[len - 1 - i];
	return len;
}

/* The trees of a host that a rule names; NULL if it is no host. */
static struct host *
host_named(struct router *router, const char *name)
{
	char	  reversed[HOST_LEN];
	void	**slot;
	size_t	  len;

	/* "*.example.org" becomes "gro.elpmaxe.". */
	if (strncmp(name, "*.", 2) == 0)
		name++;
	if ((len = reverse_host(name, reversed)) == 0)
		return NULL;
	slot = radix_slot(router->hosts, reversed, len);
	if (*slot == NULL) {
		*slot = host_create(router->arena);
		router->host_count++;
	}
	return *slot;
}

static struct place *
place_named(struct router *router, struct host *host, const char *text,
    size_t len)
{
	struct place	 *place;
	void		**slot;

	slot = radix_slot(host->places, text, len);
	if (*slot == NULL) {
		place = arena_calloc(router->arena, 1, sizeof(*place));
		place->regexes_end = &place->regexes;
		*slot = place;
	}
	return *slot;
}

/* Complain if one of the routes of the same text takes a common method. */
static bool
has_rival(const struct build *b, const struct route *r,
    const struct route *rival, const char *host)
{
	const char	*method;

	for (; rival != NULL; rival = rival->same) {
		if ((rival->kind == ROUTE_EXACT) != (r->kind == ROUTE_EXACT) ||
		    (method = common_method(rival->rule, r->rule)) == NULL)
			continue;
		complain(b, route_kind_name(r->kind),
		    "%s (host %s, method %s) is routed already, to function "
		    "%s by %s:%u: [%s] %s", r->text, host, method,
		    rival->function->name, rival->rule->file,
		    rival->rule->line, rival->rule->section,
		    route_kind_name(rival->kind));
		return true;
	}
	return false;
}

/* Put a copy of r into the trees of one host; name is for complaints. */
static void
host_add(const struct build *b, struct host *host, const char *name,
    const struct route *r)
{
	struct place	 *place;
	struct route	 *copy;
	void		**newest;

	copy = arena_alloc(b->router->arena, sizeof(*copy));
	*copy = *r;
	place = place_named(b->router, host, r->literal, r->literal_len);
	if (r->kind != ROUTE_REGEX) {
		if (has_rival(b, r, place->literals, name))
			return;
		copy->same = place->literals;
		place->literals = copy;
		return;
	}
	newest = radix_slot(host->regexes, r->text, strlen(r->text));
	if (has_rival(b, r, *newest, name))
		return;
	copy->same = *newest;
	*newest = copy;
	*place->regexes_end = copy;
	place->regexes_end = &copy->next;
}

/* One path or regex, for each of the rule's hosts.  pattern: of a regex. */
static void
add_route(const struct build *b, enum route_kind kind, const char *text,
    struct pattern *pattern)
{
	const struct word_list	*names = &b->rule->host;
	struct route		 r = { 0 };
	struct host		*host;
	char			*literal;
	size_t			 i;

	r.function = b->function;
	r.rule = b->rule;
	r.text = r.literal = text;
	r.literal_len = strlen(text);
	r.kind = kind;
	r.order = b->router->count++;
	if ((r.pattern = pattern) != NULL) {
		literal = arena_strdup(b->router->arena, text);
		r.literal_len = pattern_literal(text, literal);
		r.literal = literal;
	}
	if (names->count == 0)
		host_add(b, b->router->any, "any", &r);
	for (i = 0; i < names->count; i++) {
		host = host_named(b->router, names->words[i]);
		if (host == NULL)
			complain(b, "host", "\"%s\", expected a name of at "
			    "most %d bytes or *.NAME", names->words[i],
			    HOST_LEN);
		else
			host_add(b, host, names->words[i], &r);
	}
}

static void
add_literals(const struct build *b, enum route_kind kind,
    const struct word_list *paths)
{
	const struct word_list	*captures = &b->function->captures;
	const char		*key = route_kind_name(kind), *path;
	char			*normal;
	size_t			 i;

	if (paths->count > 0 && captures->count > 0) {
		complain(b, key, "the handler's path holds ${%s}, expected a "
		    "regex with a group of that name", captures->words[0]);
		return;
	}
	for (i = 0; i < paths->count; i++) {
		path = paths->words[i];
		normal = arena_strdup(b->router->arena, path);
		if (path[0] != '/')
			complain(b, key, "\"%s\" does not begin with a "
			    "slash", path);
		else if (cgi_path_normalise(normal) == -1 ||
		    strcmp(path, normal) != 0)
			complain(b, key, "\"%s\" is never met, as paths are "
			    "normalised: expected \"%s\"", path, normal);
		else
			add_route(b, kind, path, NULL);
	}
}

static void
add_regex(const struct build *b, const char *text)
{
	const struct word_list	*captures = &b->function->captures;
	struct pattern		*pattern;
	char			 why[256];
	size_t			 i;

	pattern = patterns_add(b->router->patterns, text, why, sizeof(why));
	if (pattern == NULL) {
		complain(b, "regex", "\"%s\" does not compile, %s", text, why);
		return;
	}
	for (i = 0; i < captures->count; i++)
		if (!pattern_has_name(pattern, captures->words[i]) ||
		    strcmp(captures->words[i], PATH_INFO_GROUP) == 0) {
			complain(b, "regex", "the handler's path holds ${%s}, "
			    "expected a group (?<%s>...)", captures->words[i],
			    captures->words[i]);
			return;
		}
	add_route(b, ROUTE_REGEX, text, pattern);
}

static bool
rule_has_paths(const struct route_rule *rule)
{
	return rule->exact.count > 0 || rule->prefix.count > 0 ||
	    rule->prefix_final.count > 0 || rule->regex[0] != '\0';
}

static void
add_function(struct router *router, struct function *fn,
    struct config_errors *errors)
{
	struct build	 b = { router, fn, NULL, errors };
	size_t		 i, routed = 0;

	for (i = 0; i < fn->rule_count; i++) {
		b.rule = &fn->rules[i];
		if (rule_has_paths(b.rule))
			routed++;
		else if (b.rule->host.count > 0 || b.rule->methods.count > 0)
			complain(&b, "prefix", "no path, expected exact, "
			    "prefix, prefix_final or regex");
		add_literals(&b, ROUTE_EXACT, &b.rule->exact);
		add_literals(&b, ROUTE_PREFIX_FINAL, &b.rule->prefix_final);
		add_literals(&b, ROUTE_PREFIX, &b.rule->prefix);
		if (b.rule->regex[0] != '\0')
			add_regex(&b, b.rule->regex);
	}
	if (fn->captures.count > 0 && routed == 0)
		config_errors_add(errors, "%s:0: [route] regex: none, but the "
		    "handler's path holds ${%s}, expected a group (?<%s>...)",
		    fn->file, fn->captures.words[0], fn->captures.words[0]);
}

struct router *
router_create(const struct config *config, struct config_errors *errors)
{
	struct router	*router;
	size_t		 i, before = errors->count;

	router = xcalloc(1, sizeof(*router));
	router->arena = arena_create(ARENA_CHUNK);
	router->patterns = patterns_create();
	router->hosts = radix_create(router->arena);
	router->any = host_create(router->arena);
	for (i = 0; i < config->count; i++)
		add_function(router, config->functions[i], errors);
	if (errors->count == before)
		return router;
	router_free(router);
	return NULL;
}

void
router_free(struct router *router)
{
	if (router == NULL)
		return;
	patterns_free(router->patterns);
	arena_free(router->arena);
	free(router);
}

/* --- asking it ---------------------------------------------------------- */

const struct host *
router_host(const struct router *router, const char *name)
{
	char			 reversed[HOST_LEN];
	const struct host	*host, *found = NULL;
	struct radix_walk	 walk;
	size_t			 len, at;

	if (router->host_count == 0)
		return NULL;	/* as most often: spare it the search */
	len = reverse_host(name, reversed);
	radix_walk_init(&walk, router->hosts, reversed, len);
	while ((host = radix_walk_next(&walk, &at)) != NULL)
		if (at == len || reversed[at - 1] == '.')
			found = host;
	return found;
}
