/*
 * variables: of each name one value, the same for router and handler, however
 * many copies come; and only names that may pass do.
 */
#include "cgi.h"
#include "fcgi.h"
#include "mem.h"
#include "lib/suite.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ROWS(table)	((int)(sizeof(table) / sizeof((table)[0])))
#define TEXT(s)	s, sizeof(s) - 1

static struct arena	*arena;
static struct variables	 vars;

static void
set_up(void)
{
	arena = arena_create(4096);
	variables_init(&vars, arena);
}

static void
tear_down(void)
{
	arena_free(arena);
}

/* The texts are borrowed. */
static const char *
add_bytes(const char *name, size_t name_len, const char *value,
    size_t value_len)
{
	struct fcgi_pair	 pair = { name, name_len, value, value_len, 0 };

	return variables_add(&vars, &pair);
}

/* The texts are copied. */
static const char *
add(const char *name, const char *value)
{
	name = arena_strdup(arena, name);
	value = arena_strdup(arena, value);
	return add_bytes(name, strlen(name), value, strlen(value));
}

static void
assert_variable(size_t i, const char *name, const char *value)
{
	const struct variable	*v = &vars.list[i];

	ck_assert_uint_lt(i, vars.count);
	ck_assert_uint_eq(v->name_len, strlen(name));
	ck_assert_mem_eq(v->name, name, v->name_len);
	ck_assert_uint_eq(v->value_len, strlen(value));
	ck_assert_mem_eq(v->value, value, v->value_len);
	ck_assert_ptr_eq(variables_find(&vars, name), v);
}

/* A copy of exactly that size: ASan sees what reads beyond. */
static char *
exact_copy(const char *bytes, size_t len)
{
	char	*copy;

	ck_assert_ptr_nonnull(copy = malloc(len > 0 ? len : 1));
	memcpy(copy, bytes, len);
	return copy;
}

static const struct {
	const char	*name;
	size_t		 name_len;
	const char	*value;
	size_t		 value_len;
	bool		 is_good;
} parameters[] = {
	{ TEXT("A"), TEXT("b"), true },
	{ TEXT("A"), TEXT(""), true },
	{ TEXT(""), TEXT("b"), false },
	{ TEXT(""), TEXT(""), false },
	{ TEXT("A=B"), TEXT("c"), false },
	{ TEXT("="), TEXT("c"), false },
	{ TEXT("A\nB"), TEXT("c"), false },
	{ TEXT("A\rB"), TEXT("c"), false },
	{ TEXT("A\0B"), TEXT("c"), false },
	{ TEXT("A\0"), TEXT("c"), false },
	{ TEXT("A"), TEXT("b\0"), false },
	{ TEXT("A"), TEXT("\0b"), false },
	{ TEXT("A"), TEXT("b\r\nc=\xff"), true },
	{ TEXT("a b-\xc3\xa4"), TEXT("c"), true },
};

START_TEST(parameter)
{
	char	*name, *value;

	name = exact_copy(parameters[_i].name, parameters[_i].name_len);
	value = exact_copy(parameters[_i].value, parameters[_i].value_len);
	ck_assert_int_eq(add_bytes(name, parameters[_i].name_len, value,
	    parameters[_i].value_len) == NULL, parameters[_i].is_good);
	ck_assert_uint_eq(vars.count, parameters[_i].is_good);
	if (parameters[_i].is_good) {
		assert_variable(0, parameters[_i].name, parameters[_i].value);
		ck_assert_str_eq(variables_get(&vars, parameters[_i].name),
		    parameters[_i].value);
	}
	free(name);
	free(value);
}
END_TEST

static const struct {
	const char	*name;
	const char	*values[4];
	const char	*expected;
	bool		 differs;
} repeats[] = {
	{ "SCRIPT_NAME", { "/a", "/b" }, "/b", false },
	{ "REQUEST_METHOD", { "GET", "POST", "GET" }, "GET", false },
	{ "QUERY_STRING", { "a", "" }, "", false },
	{ "HTTP_HOST", { "a", "b" }, "b", false },
	{ "HTTP_AUTHORIZATION", { "a", "b" }, "b", false },
	{ "HTTP_CONTENT_TYPE", { "a", "b" }, "b", false },
	{ "HTTP_CONTENT_ENCODING", { "gzip", "br" }, "br", false },
	{ "HTTP_COOKIE", { "a=1", "b=2", "c=3" }, "a=1; b=2; c=3", false },
	{ "HTTP_COOKIE2", { "a", "b" }, "a, b", false },
	{ "HTTP_X_FORWARDED_FOR", { "1", "2", "3" }, "1, 2, 3", false },
	{ "HTTP_HOSTS", { "a", "b" }, "a, b", false },
	{ "HTTP_", { "a", "b" }, "b", false },
	{ "http_x", { "a", "b" }, "b", false },
	{ "HTTP_X", { "", "a" }, "a", false },
	{ "HTTP_X", { "a", "" }, "a", false },
	{ "HTTP_X", { "a", "", "b" }, "a, b", false },
	{ "HTTP_X", { "", "" }, "", false },
	{ "CONTENT_LENGTH", { "5", "5" }, "5", false },
	{ "CONTENT_LENGTH", { "", "5" }, "5", false },
	{ "CONTENT_LENGTH", { "5", "" }, "", false },
	{ "CONTENT_LENGTH", { "5", "6" }, "6", true },
	{ "CONTENT_LENGTH", { "5", "6", "6" }, "6", true },
	{ "CONTENT_LENGTH", { "5", "05" }, "05", true },
	{ "CONTENT_LENGTH", { "5", "55" }, "55", true },
};

START_TEST(repeated)
{
	int	 i;

	add("BEFORE", "1");
	for (i = 0; i < 4 && repeats[_i].values[i] != NULL; i++) {
		ck_assert_ptr_null(add(repeats[_i].name,
		    repeats[_i].values[i]));
		add("BETWEEN", "2");
	}
	ck_assert_uint_eq(vars.count, 3);
	assert_variable(1, repeats[_i].name, repeats[_i].expected);
	ck_assert_int_eq(vars.length_differs, repeats[_i].differs);
	ck_assert_str_eq(variables_get(&vars, "BEFORE"), "1");
	ck_assert_str_eq(variables_get(&vars, "BETWEEN"), "2");
}
END_TEST

static double
seconds(void)
{
	struct timespec	 ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* The most that may come: found again, in order, before one notices. */
START_TEST(ten_thousand_names)
{
	enum { NAMES = 10000 };
	char	 name[16], value[16];
	double	 started = seconds();
	size_t	 i;
	int	 turn;

	for (turn = 0; turn < 2; turn++)
		for (i = 0; i < NAMES; i++) {
			snprintf(name, sizeof(name), "N%zu", i);
			snprintf(value, sizeof(value), "%zu", i * 3);
			if (add(name, value) != NULL)
				ck_abort_msg("%s refused", name);
		}
	ck_assert_uint_eq(vars.count, NAMES);
	for (i = 0; i < NAMES; i++) {
		snprintf(name, sizeof(name), "N%zu", i);
		snprintf(value, sizeof(value), "%zu", i * 3);
		if (variables_find(&vars, name) != &vars.list[i] ||
		    strcmp(variables_get(&vars, name), value) != 0)
			ck_abort_msg("%s is lost", name);
	}
	ck_assert_ptr_null(variables_get(&vars, "N10000"));
	ck_assert(seconds() - started < 1.0);
}
END_TEST

START_TEST(ten_thousand_copies)
{
	const char	*value;
	double		 started = seconds();
	int		 i;

	for (i = 0; i < 10000; i++)
		if (add("HTTP_X", "abc") != NULL)
			ck_abort_msg("refused");
	value = variables_get(&vars, "HTTP_X");
	ck_assert_uint_eq(strlen(value), 10000 * 5 - 2);
	ck_assert_uint_eq(vars.list[0].value_len, 10000 * 5 - 2);
	for (i = 0; i < 9999; i++)
		if (strncmp(value + 5 * i, "abc, ", 5) != 0)
			ck_abort_msg("copy %d", i);
	ck_assert(seconds() - started < 1.0);
}
END_TEST

START_TEST(set)
{
	char	 name[16];
	int	 i;

	for (i = 0; i < 100; i++) {
		snprintf(name, sizeof(name), "V%d", i);
		add(name, "old");
	}
	variables_set(&vars, "HTTP_X", "1");
	variables_set(&vars, "HTTP_X", "2");	/* over it, never joined */
	variables_set(&vars, "V7", "new");
	variables_set(&vars, "V8", variables_get(&vars, "V7"));
	variables_set(&vars, "V9", "");
	ck_assert_uint_eq(vars.count, 101);
	assert_variable(6, "V6", "old");
	assert_variable(7, "V7", "new");
	assert_variable(8, "V8", "new");
	assert_variable(9, "V9", "");
	assert_variable(100, "HTTP_X", "2");
	ck_assert_ptr_null(variables_find(&vars, "ABSENT"));
	ck_assert_ptr_null(variables_get(&vars, "ABSENT"));
}
END_TEST

/* Which still stand where they came, as pairs, and which no more. */
START_TEST(pairs_that_stand)
{
	static const char	 pairs[] = "\3\1ONE1" "\3\1TWO2" "\6\1HTTP_A3"
	    "\200\0\0\6\1HTTP_B4" "\3\1TWO5" "\6\1HTTP_B6" "\4\1FIVE7";
	static const uint8_t	 heads[] = { 2, 2, 2, 0, 0 };
	struct fcgi_pair	 pair;
	size_t			 at = 0, len = sizeof(pairs) - 1;
	ptrdiff_t		 n;
	int			 i;

	for (; at < len; at += (size_t)n) {
		n = fcgi_pair_parse((const uint8_t *)pairs + at, len - at,
		    len - at, &pair);
		ck_assert_int_gt(n, 0);
		ck_assert_ptr_null(variables_add(&vars, &pair));
		if (pair.head == 5)
			ck_assert_uint_eq(vars.list[3].head, 5);
	}
	variables_set(&vars, "ONE", "1");	/* as it was */
	variables_set(&vars, "FIVE", "8");
	variables_set(&vars, "SIX", "9");
	assert_variable(1, "TWO", "5");
	assert_variable(3, "HTTP_B", "4, 6");
	for (i = 0; i < ROWS(heads); i++)
		ck_assert_uint_eq(vars.list[i].head, heads[i]);
	ck_assert_ptr_eq(vars.list[0].name, pairs + 2);
	ck_assert_ptr_eq(vars.list[1].name, vars.list[1].value - 3);
	ck_assert_uint_eq(vars.list[5].head, 0);
}
END_TEST

/* As good as never sent, until it is set again. */
START_TEST(removed)
{
	add("HTTP_AUTHORIZATION", "Basic YTpi");
	add("REMOTE_USER", "root");
	variables_remove(&vars, "HTTP_AUTHORIZATION");
	variables_remove(&vars, "HTTP_AUTHORIZATION");
	variables_remove(&vars, "REMOTE_USER");
	variables_remove(&vars, "NEVER_THERE");
	ck_assert_ptr_null(variables_find(&vars, "HTTP_AUTHORIZATION"));
	ck_assert_ptr_null(variables_get(&vars, "REMOTE_USER"));
	ck_assert_str_eq(variables_expand(&vars,
	    "<${HTTP_AUTHORIZATION}${REMOTE_USER}>", NULL), "<>");
	ck_assert(!vars.list[0].passes && vars.list[0].is_removed);
	ck_assert_uint_eq(vars.list[0].head, 0);
	variables_set(&vars, "REMOTE_USER", "anna");
	ck_assert_str_eq(variables_get(&vars, "REMOTE_USER"), "anna");
	ck_assert(vars.list[1].passes && !vars.list[1].is_removed);
	variables_remove(&vars, "REMOTE_USER");
	variables_set(&vars, "REMOTE_USER", "");
	ck_assert_str_eq(variables_get(&vars, "REMOTE_USER"), "");
	ck_assert_uint_eq(vars.count, 2);
}
END_TEST

/*
 * Names of any length that differ in one byte alone, wherever it is, or in
 * their length alone: an index in which they met could be made slow.
 */
START_TEST(every_byte_counts)
{
	enum { LENGTH = 40 };
	char	 name[LENGTH + 1];
	size_t	 len, i, k;

	for (len = 1; len <= LENGTH; len++) {
		memset(name, '_', len);
		name[len] = '\0';
		add(name, "");
		for (i = 0; i < len; i++) {
			name[i] = 'a';
			add(name, "");
			name[i] = '_';
		}
	}
	ck_assert_uint_eq(vars.count, LENGTH + LENGTH * (LENGTH + 1) / 2);
	for (i = 0; i < vars.count; i++)
		for (k = 0; k < i; k++)
			if (vars.list[i].hash == vars.list[k].hash)
				ck_abort_msg("%zu and %zu meet", i, k);
}
END_TEST

static const struct {
	const char	*text;
	const char	*expected;
} expansions[] = {
	{ "", "" },
	{ "plain", "plain" },
	{ "/srv/www${SCRIPT_NAME}", "/srv/www/a/b" },
	{ "${user}", "captured" },		/* a capture comes first */
	{ "${SCRIPT_NAME}${user}${SCRIPT_NAME}", "/a/bcaptured/a/b" },
	{ "${ABSENT}x${}", "x" },
	{ "$SCRIPT_NAME $ {} }", "$SCRIPT_NAME $ {} }" },
	{ "${SCRIPT_NAME", "${SCRIPT_NAME" },
	{ "a${user}b${", "acapturedb${" },
	{ "$${user}", "$captured" },
	{ "${nested}", "${user}" },		/* never expanded twice */
	{ "${${user}}", "}" },
};

START_TEST(expand)
{
	struct variables	 captures;

	variables_init(&captures, arena);
	variables_set(&captures, "user", "captured");
	add("user", "sent");
	add("SCRIPT_NAME", "/a/b");
	add("nested", "${user}");
	ck_assert_str_eq(variables_expand(&vars, expansions[_i].text,
	    &captures), expansions[_i].expected);
	ck_assert_str_eq(variables_expand(&vars, "${user}", NULL), "sent");
}
END_TEST

static const struct {
	const char	*name;
	bool		 fastcgi;
	bool		 cgi;
} names[] = {
	{ "AUTH_TYPE", true, true }, { "CONTENT_LENGTH", true, true },
	{ "CONTENT_TYPE", true, true }, { "GATEWAY_INTERFACE", true, true },
	{ "PATH_INFO", true, true }, { "PATH_TRANSLATED", true, true },
	{ "QUERY_STRING", true, true }, { "REMOTE_ADDR", true, true },
	{ "REMOTE_HOST", true, true }, { "REMOTE_IDENT", true, true },
	{ "REMOTE_USER", true, true }, { "REQUEST_METHOD", true, true },
	{ "SCRIPT_NAME", true, true }, { "SERVER_NAME", true, true },
	{ "SERVER_PORT", true, true }, { "SERVER_PROTOCOL", true, true },
	{ "SERVER_SOFTWARE", true, true },
	{ "HTTPS", true, true }, { "REQUEST_URI", true, true },
	{ "DOCUMENT_ROOT", true, true }, { "SCRIPT_FILENAME", true, true },
	{ "REDIRECT_STATUS", true, true },
	{ "HTTP_HOST", true, true }, { "HTTP_X", true, true },
	{ "HTTP_CONTENT_ENCODING", true, true },
	{ "HTTP_PROXY_CONNECTION", true, true },
	{ "TOLLGATE_REQUEST_ID", true, true },
	{ "TOLLGATE_PATH_user", true, true },
	{ "HTTP_PROXY", false, false }, { "http_proxy", false, false },
	{ "HTTP_Proxy", false, false },
	{ "HTTP_CONTENT_LENGTH", false, false },
	{ "HTTP_CONTENT_TYPE", false, false },
	{ "LD_PRELOAD", true, false }, { "LD_LIBRARY_PATH", true, false },
	{ "PATH", true, false }, { "IFS", true, false },
	{ "BASH_ENV", true, false }, { "PYTHONPATH", true, false },
	{ "PERL5LIB", true, false }, { "NODE_OPTIONS", true, false },
	{ "GCONV_PATH", true, false }, { "PHP_VALUE", true, false },
	{ "PHP_ADMIN_VALUE", true, false }, { "REMOTE_PORT", true, false },
	{ "HTTP_", true, false }, { "HTTP", true, false },
	{ "http_x", true, false }, { "HTTPS2", true, false },
	{ "HTTP_X-Y", true, false }, { "HTTP_X%%", true, false },
	{ "HTTP_X()", true, false }, { "HTTP_\xc3\xa4", true, false },
	{ "0HTTP_X", true, false }, { "TOLLGATE_", true, false },
	{ "PATH_INFO ", true, false }, { "", true, false },
};

START_TEST(name_passes)
{
	char	*name;
	size_t	 len;
	int	 i;

	for (i = 0; i < ROWS(names); i++) {
		len = strlen(names[i].name);
		name = exact_copy(names[i].name, len);
		if (variable_name_passes(name, len, NAME_FASTCGI) !=
		    names[i].fastcgi ||
		    variable_name_passes(name, len, NAME_CGI) != names[i].cgi)
			ck_abort_msg("%s", names[i].name);
		free(name);
	}
}
END_TEST

int
main(void)
{
	Suite	*s;
	TCase	*tc;

	s = suite_create("variables");
	tc = tcase_create("variables");
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_loop_test(tc, parameter, 0, ROWS(parameters));
	tcase_add_loop_test(tc, repeated, 0, ROWS(repeats));
	tcase_add_test(tc, ten_thousand_names);
	tcase_add_test(tc, ten_thousand_copies);
	tcase_add_test(tc, set);
	tcase_add_test(tc, pairs_that_stand);
	tcase_add_test(tc, removed);
	tcase_add_test(tc, every_byte_counts);
	tcase_add_loop_test(tc, expand, 0, ROWS(expansions));
	tcase_add_test(tc, name_passes);
	suite_add_tcase(s, tc);

	return suite_run(s);
}
