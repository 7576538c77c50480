/*
 * route: hosts, nginx's precedence, methods, SCRIPT_NAME, PATH_INFO, captures,
 * and what is wrong with a load's routes.
 */
#include "route.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "function.h"
#include "mem.h"
#include "lib/suite.h"

#define ROWS(table)	((int)(sizeof(table) / sizeof((table)[0])))
#define RULES_MAX	4

/* One rule.  Rows of one function stand together, functions in byte order. */
struct rule_row {
	const char	*function;
	const char	*exact;
	const char	*prefix;
	const char	*prefix_final;
	const char	*regex;
	const char	*host;
	const char	*methods;
	const char	*captures;	/* of a template */
};

static struct config		 config;
static struct config_errors	 errors;
static struct router		*router;
static struct arena		*arena;

static void
set_up(void)
{
	memset(&config, 0, sizeof(config));
	memset(&errors, 0, sizeof(errors));
	router = NULL;
	arena = arena_create(1024);
}

static void
tear_down(void)
{
	size_t	 i;

	router_free(router);
	for (i = 0; i < config.count; i++)
		function_release(config.functions[i]);
	free(config.functions);
	config_errors_release(&errors);
	arena_free(arena);
}

static void
split(struct arena *owner, struct word_list *list, const char *text)
{
	char	*copy, *word, *rest;

	if (text == NULL)
		return;
	list->words = arena_calloc(owner, 8, sizeof(*list->words));
	copy = arena_strdup(owner, text);
	for (word = strtok_r(copy, " ", &rest); word != NULL;
	    word = strtok_r(NULL, " ", &rest))
		list->words[list->count++] = word;
}

static struct function *
add_function(const char *name)
{
	struct function	*fn;

	fn = function_create();
	fn->name = arena_strdup(fn->arena, name);
	fn->file = arena_printf(fn->arena, "%s.ini", name);
	fn->rules = arena_calloc(fn->arena, RULES_MAX, sizeof(*fn->rules));
	config.functions = xreallocarray(config.functions, config.count + 1,
	    sizeof(*config.functions));
	config.functions[config.count++] = fn;
	return fn;
}

static void
add_rule(const struct rule_row *row)
{
	struct function		*fn = NULL;
	struct route_rule	*rule;

	if (config.count > 0)
		fn = config.functions[config.count - 1];
	if (fn == NULL || strcmp(fn->name, row->function) != 0)
		fn = add_function(row->function);
	rule = &fn->rules[fn->rule_count++];
	rule->section = "route";
	rule->file = fn->file;
	rule->line = (unsigned)fn->rule_count;
	rule->regex = row->regex != NULL ? row->regex : "";
	split(fn->arena, &rule->exact, row->exact);
	split(fn->arena, &rule->prefix, row->prefix);
	split(fn->arena, &rule->prefix_final, row->prefix_final);
	split(fn->arena, &rule->host, row->host);
	split(fn->arena, &rule->methods, row->methods);
	if (row->captures != NULL) {
		split(fn->arena, &fn->captures, row->captures);
		fn->is_template = true;
		fn->handler = "/srv/${user}/app.cgi";
	}
}

static void
add_rules(const struct rule_row *rows, int count)
{
	int	 i;

	for (i = 0; i < count; i++)
		add_rule(&rows[i]);
	router = router_create(&config, &errors);
}

/* "exact" precedes "root", and so on: the order of regexes is this one. */
static const struct rule_row	 rules[] = {
	{ .function = "a-regex", .regex = "^/u/(?<user>[a-z]+)/(?<rest>.*)$" },
	{ .function = "a-regex", .regex = "\\.png$" },
	{ .function = "a-regex", .regex = "^/f/(?<path_info>/x)?" },
	{ .function = "exact", .exact = "/thumb /thumbnail /u/exact/x" },
	{ .function = "final", .prefix_final = "/static/" },
	{ .function = "host", .prefix = "/", .host = "example.org" },
	{ .function = "host-any", .prefix = "/", .host = "*.example.org" },
	{ .function = "host-deep", .prefix = "/d", .host = "*.a.example.org" },
	{ .function = "m-get", .exact = "/m", .methods = "GET" },
	{ .function = "m-post", .exact = "/m", .methods = "POST PUT" },
	{ .function = "m-prefix", .prefix = "/only", .methods = "POST" },
	{ .function = "m-regex", .regex = "^/only/r[0-9]$",
	  .methods = "DELETE" },
	{ .function = "php",
	  .regex = "^/php/.+?\\.php(?<path_info>/.*)?$" },
	{ .function = "php-b", .regex = "^/php/x\\.php$" },
	{ .function = "php-c", .regex = "^/cut/[a-z]" },
	{ .function = "prefix", .prefix = "/thumbs/ /p /static/deep /u" },
	{ .function = "slow", .regex = "^/slow/(a+)+$" },
	{ .function = "slow", .prefix = "/slow" },
};

static const struct {
	const char	*host;
	const char	*method;
	const char	*path;
	const char	*answer;	/* FUNCTION SCRIPT_NAME PATH_INFO ...,
					   405 ALLOW, or a status */
} matches[] = {
	/* exact, prefix, final prefix, regex */
	{ "", "GET", "/thumb", "exact|/thumb||" },
	{ "", "GET", "/thumbnail", "exact|/thumbnail||" },
	{ "", "GET", "/thumb/", "404" },
	{ "", "GET", "/thumbs/a/b", "prefix|/thumbs|/a/b|" },
	{ "", "GET", "/thumbs/", "prefix|/thumbs|/|" },
	{ "", "GET", "/thumbs", "404" },
	{ "", "GET", "/p", "prefix|/p||" },
	{ "", "GET", "/p/x", "prefix|/p|/x|" },
	{ "", "GET", "/px", "404" },
	{ "", "GET", "/static/a.png", "final|/static|/a.png|" },
	{ "", "GET", "/static/deep/a.png", "a-regex|/static/deep/a.png||" },
	{ "", "GET", "/static/deep/a", "prefix|/static/deep|/a|" },
	{ "", "GET", "/p/a.png", "a-regex|/p/a.png||" },
	{ "", "GET", "/u/exact/x", "exact|/u/exact/x||" },
	{ "", "GET", "/u/anna/x/y",
	  "a-regex|/u/anna/x/y||rest=x/y user=anna" },
	{ "", "GET", "/u/Anna/x", "prefix|/u|/Anna/x|" },
	{ "", "GET", "/", "404" },
	{ "", "GET", "/nothing", "404" },
	/* regexes and PATH_INFO */
	{ "", "GET", "/php/a/b.php", "php|/php/a/b.php||" },
	{ "", "GET", "/php/a.php/x.php/y", "php|/php/a.php|/x.php/y|" },
	{ "", "GET", "/php/x.php", "php|/php/x.php||" },
	{ "", "GET", "/php/a.php\n", "404" },
	{ "", "GET", "/cut/abc/d", "php-c|/cut/abc|/d|" },
	{ "", "GET", "/cut/a/d", "php-c|/cut/a|/d|" },
	{ "", "GET", "/f/abc", "a-regex|/f|/abc|" },
	{ "", "GET", "/slow/b", "slow|/slow|/b|" },
	{ "", "GET", "/slow/aaa", "slow|/slow/aaa||" },
	{ "", "GET", "/slow/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!",
	  "costly" },
	/* methods */
	{ "", "GET", "/m", "m-get|/m||" },
	{ "", "HEAD", "/m", "m-get|/m||" },
	{ "", "PUT", "/m", "m-post|/m||" },
	{ "", "DELETE", "/m", "405 GET, HEAD, POST, PUT" },
	{ "", "get", "/m", "405 GET, HEAD, POST, PUT" },
	{ "", "GET", "/only/r1", "405 DELETE, POST" },
	{ "", "DELETE", "/only/r1", "m-regex|/only/r1||" },
	{ "", "DELETE", "/only/rx", "405 POST" },
	{ "", "POST", "/only/r1", "m-prefix|/only|/r1|" },
	/* hosts */
	{ "example.org", "GET", "/x", "host||/x|" },
	{ "example.org.", "GET", "/x", "host||/x|" },
	{ "example.org", "GET", "/thumb", "host||/thumb|" },
	{ "www.example.org", "GET", "/x", "host-any||/x|" },
	{ "a.b.example.org", "GET", "/x", "host-any||/x|" },
	{ "x.a.example.org", "GET", "/d/x", "host-deep|/d|/x|" },
	{ "x.a.example.org", "GET", "/x", "404" },
	{ "x.a.example.org", "GET", "/thumb", "exact|/thumb||" },
	{ "a.example.org", "GET", "/d", "host-any||/d|" },
	{ "badexample.org", "GET", "/x", "404" },
	{ "example.organic", "GET", "/x", "404" },
	{ ".", "GET", "/thumb", "exact|/thumb||" },
	{ "org", "GET", "/thumb", "exact|/thumb||" },
	{ "other.net", "GET", "/thumb", "exact|/thumb||" },
};

static const char *
word(enum route_verdict verdict, const struct route_match *m)
{
	const char	*text;
	size_t		 i;

	switch (verdict) {
	case ROUTE_NOT_FOUND:
		return "404";
	case ROUTE_NOT_ALLOWED:
		return arena_printf(arena, "405 %s", m->allow);
	case ROUTE_TOO_COSTLY:
		return "costly";
	case ROUTE_FOUND:
		break;
	}
	text = arena_printf(arena, "%s|%s|%s|", m->function->name,
	    m->script_name, m->path_info);
	for (i = 0; i < m->capture_count; i++)
		text = arena_printf(arena, "%s%s%s=%s", text,
		    i > 0 ? " " : "", m->captures[i].name,
		    m->captures[i].value);
	return text;
}

START_TEST(match_is_right)
{
	struct route_match	 m;
	enum route_verdict	 verdict;

	add_rules(rules, ROWS(rules));
	ck_assert_ptr_nonnull(router);
	verdict = router_match(router, matches[_i].host, matches[_i].method,
	    matches[_i].path, arena, &m);
	ck_assert_str_eq(word(verdict, &m), matches[_i].answer);
}
END_TEST

START_TEST(match_names_its_rule)
{
	struct route_match	 m;

	add_rules(rules, ROWS(rules));
	router_match(router, "", "GET", "/static/a", arena, &m);
	ck_assert_int_eq(m.kind, ROUTE_PREFIX_FINAL);
	ck_assert_str_eq(m.text, "/static/");
	ck_assert_ptr_eq(m.rule, &m.function->rules[0]);
}
END_TEST

START_TEST(nothing_is_routed)
{
	struct route_match	 m;

	add_function("idle");
	router = router_create(&config, &errors);
	ck_assert_ptr_nonnull(router);
	ck_assert_int_eq(router_match(router, "", "GET", "/", arena, &m),
	    ROUTE_NOT_FOUND);
}
END_TEST

/* What is refused, and the one error that says so; NULL: nothing is wrong. */
static const struct {
	struct rule_row	 rows[2];
	const char	*error;
} loads[] = {
	{ { { .function = "a", .exact = "/x" },
	    { .function = "b", .exact = "/x" } },
	  "b.ini:1: [route] exact: /x (host any, method any) is routed "
	  "already, to function a by a.ini:1: [route] exact" },
	{ { { .function = "a", .exact = "/x" },
	    { .function = "b", .prefix = "/x" } }, NULL },
	{ { { .function = "a", .prefix = "/x" },
	    { .function = "b", .prefix = "/x/" } }, NULL },
	{ { { .function = "a", .prefix = "/x" },
	    { .function = "b", .prefix_final = "/x" } },
	  "b.ini:1: [route] prefix_final: /x (host any, method any) is routed "
	  "already, to function a by a.ini:1: [route] prefix" },
	{ { { .function = "a", .exact = "/x", .methods = "GET POST" },
	    { .function = "a", .exact = "/x", .methods = "PUT POST" } },
	  "a.ini:2: [route] exact: /x (host any, method POST) is routed "
	  "already, to function a by a.ini:1: [route] exact" },
	{ { { .function = "a", .exact = "/x", .methods = "GET" },
	    { .function = "b", .exact = "/x", .methods = "POST" } }, NULL },
	{ { { .function = "a", .exact = "/x", .methods = "GET" },
	    { .function = "b", .exact = "/x", .methods = "HEAD" } },
	  "b.ini:1: [route] exact: /x (host any, method HEAD) is routed "
	  "already, to function a by a.ini:1: [route] exact" },
	{ { { .function = "a", .exact = "/x", .methods = "GET" },
	    { .function = "b", .exact = "/x" } },
	  "b.ini:1: [route] exact: /x (host any, method GET) is routed "
	  "already, to function a by a.ini:1: [route] exact" },
	{ { { .function = "a", .exact = "/x", .host = "a.org b.org" },
	    { .function = "b", .exact = "/x", .host = "b.org" } },
	  "b.ini:1: [route] exact: /x (host b.org, method any) is routed "
	  "already, to function a by a.ini:1: [route] exact" },
	{ { { .function = "a", .exact = "/x", .host = "b.org" },
	    { .function = "b", .exact = "/x", .host = "*.b.org" } }, NULL },
	{ { { .function = "a", .exact = "/x" },
	    { .function = "b", .exact = "/x", .host = "b.org" } }, NULL },
	{ { { .function = "a", .regex = "^/x/\\d+$" },
	    { .function = "b", .regex = "^/x/\\d+$" } },
	  "b.ini:1: [route] regex: ^/x/\\d+$ (host any, method any) is routed "
	  "already, to function a by a.ini:1: [route] regex" },
	{ { { .function = "a", .exact = "/x /x" } },
	  "a.ini:1: [route] exact: /x (host any, method any) is routed "
	  "already, to function a by a.ini:1: [route] exact" },
	{ { { .function = "a", .regex = "^/x/(" } },
	  "a.ini:1: [route] regex: \"^/x/(\" does not compile, at offset 5: "
	  "missing closing parenthesis" },
	{ { { .function = "a", .prefix = "x" } },
	  "a.ini:1: [route] prefix: \"x\" does not begin with a slash" },
	{ { { .function = "a", .exact = "/a/../b" } },
	  "a.ini:1: [route] exact: \"/a/../b\" is never met, as paths are "
	  "normalised: expected \"/b\"" },
	{ { { .function = "a", .host = "a.org" } },
	  "a.ini:1: [route] prefix: no path, expected exact, prefix, "
	  "prefix_final or regex" },
	{ { { .function = "a" } }, NULL },
	{ { { .function = "a", .captures = "user",
	      .regex = "^/(?<user>[a-z]+)$" } }, NULL },
	{ { { .function = "a", .captures = "user", .regex = "^/([a-z]+)$" } },
	  "a.ini:1: [route] regex: the handler's path holds ${user}, expected "
	  "a group (?<user>...)" },
	{ { { .function = "a", .captures = "path_info",
	      .regex = "^/(?<path_info>[a-z]+)$" } },
	  "a.ini:1: [route] regex: the handler's path holds ${path_info}, "
	  "expected a group (?<path_info>...)" },
	{ { { .function = "a", .captures = "user", .prefix = "/x" } },
	  "a.ini:1: [route] prefix: the handler's path holds ${user}, "
	  "expected a regex with a group of that name" },
	{ { { .function = "a", .captures = "user" } },
	  "a.ini:0: [route] regex: none, but the handler's path holds "
	  "${user}, expected a group (?<user>...)" },
};

START_TEST(load_is_checked)
{
	const char	*expected = loads[_i].error;

	add_rules(loads[_i].rows, loads[_i].rows[1].function != NULL ? 2 : 1);
	if (expected == NULL) {
		ck_assert_uint_eq(errors.count, 0);
		ck_assert_ptr_nonnull(router);
		return;
	}
	ck_assert_ptr_null(router);
	ck_assert_uint_eq(errors.count, 1);
	ck_assert_str_eq(errors.lines[0], expected);
}
END_TEST

START_TEST(all_errors_are_told)
{
	static const struct rule_row	 rows[] = {
		{ .function = "a", .exact = "x y", .regex = "(" },
		{ .function = "b", .regex = ")" },
	};

	add_rules(rows, ROWS(rows));
	ck_assert_uint_eq(errors.count, 4);
}
END_TEST

/* Ten thousand functions, each with a host, a path and a regex of its own. */
START_TEST(many_functions)
{
	struct rule_row		 row = { 0 };
	struct route_match	 m;
	char			 text[5][32];
	int			 i;

	for (i = 0; i < 10000; i++) {
		snprintf(text[0], sizeof(text[0]), "f%05d", i);
		snprintf(text[1], sizeof(text[1]), "/f%05d", i);
		snprintf(text[2], sizeof(text[2]), "h%05d.org", i);
		row = (struct rule_row){ .function = text[0], .exact = text[1],
		    .prefix = text[1] };
		add_rule(&row);
		row = (struct rule_row){ .function = text[0], .prefix = "/",
		    .host = text[2] };
		add_rule(&row);
		row = (struct rule_row){ .function = text[0],
		    .regex = arena_printf(arena, "^/r%05d/(?<n>[0-9])$", i) };
		add_rule(&row);
	}
	router = router_create(&config, &errors);
	ck_assert_ptr_nonnull(router);
	ck_assert_str_eq(word(router_match(router, "", "GET", "/f04321", arena,
	    &m), &m), "f04321|/f04321||");
	ck_assert_str_eq(word(router_match(router, "h00007.org", "GET", "/a",
	    arena, &m), &m), "f00007||/a|");
	ck_assert_str_eq(word(router_match(router, "", "GET", "/r09999/7",
	    arena, &m), &m), "f09999|/r09999/7||n=7");
}
END_TEST

static const struct {
	const char	*request;
	int		 result;
	const char	*printed;
} questions[] = {
	{ "GET http://localhost/thumbs/a?b=c", 0,
	  "function prefix\n"
	  "rule [route] prefix /thumbs/ (prefix.ini:1)\n"
	  "SCRIPT_NAME /thumbs\n"
	  "PATH_INFO /a\n" },
	{ "GET https://Example.ORG:8080", 0,
	  "function host\n"
	  "rule [route] prefix / (host.ini:1)\n"
	  "SCRIPT_NAME\n"
	  "PATH_INFO /\n" },
	{ "GET http://localhost/x/../u/anna/%0a", 0,
	  "function a-regex\n"
	  "rule [route] regex ^/u/(?<user>[a-z]+)/(?<rest>.*)$ "
	  "(a-regex.ini:1)\n"
	  "SCRIPT_NAME /u/anna/\\n\n"
	  "PATH_INFO\n"
	  "capture rest = \\n\n"
	  "capture user = anna\n" },
	{ "DELETE http://localhost/m", 1, "405: only GET, HEAD, POST, PUT\n" },
	{ "GET http://localhost/nothing", 1, "404: no route fits\n" },
	{ "GET /nothing", 2, "" },
	{ "http://localhost/", 2, "" },
	{ "GET http://localhost/%00", 2, "" },
};

static int
ask(const char *request, char **printed)
{
	FILE	*out;
	size_t	 len;
	int	 result;

	out = open_memstream(printed, &len);
	ck_assert_ptr_nonnull(out);
	result = router_explain(router, request, out);
	fclose(out);
	return result;
}

START_TEST(explanation_is_printed)
{
	char	*printed;

	add_rules(rules, ROWS(rules));
	ck_assert_int_eq(ask(questions[_i].request, &printed),
	    questions[_i].result);
	ck_assert_str_eq(printed, questions[_i].printed);
	free(printed);
}
END_TEST

START_TEST(template_is_explained)
{
	static const struct rule_row	 row = {
		.function = "home", .captures = "user",
		.regex = "^/~(?<user>[^/]*)/app"
	};
	char	*printed;

	add_rules(&row, 1);
	ck_assert_int_eq(ask("GET http://h/~anna/app/x", &printed), 0);
	ck_assert_ptr_nonnull(strstr(printed,
	    "capture user = anna\nhandler /srv/anna/app.cgi\n"));
	free(printed);
	ck_assert_int_eq(ask("GET http://h/~.ssh/app", &printed), 1);
	ck_assert_ptr_nonnull(strstr(printed,
	    "404: a capture is not fit for the path of a handler\n"));
	free(printed);
}
END_TEST

int
main(void)
{
	Suite	*suite = suite_create("route");
	TCase	*tc = tcase_create("route");

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, match_is_right, 0, ROWS(matches));
	tcase_add_test(tc, match_names_its_rule);
	tcase_add_test(tc, nothing_is_routed);
	tcase_add_loop_test(tc, load_is_checked, 0, ROWS(loads));
	tcase_add_test(tc, all_errors_are_told);
	tcase_add_test(tc, many_functions);
	tcase_add_loop_test(tc, explanation_is_printed, 0, ROWS(questions));
	tcase_add_test(tc, template_is_explained);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
