/*
 * variables: of each name one value, the same for router and handler, however
 * many copies come; and only names that may pass do.
 */
#include "cgi.h"
#include "mem.h"

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

static const char *
add(const char *name, const char *value)
{
	return variables_add(&vars, name, strlen(name), value, strlen(value));
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
	ck_assert_int_eq(variables_add(&vars, name, parameters[_i].name_len,
	    value, parameters[_i].value_len) == NULL, parameters[_i].is_good);
	ck_assert_uint_eq(vars.count, parameters[_i].is_good);
	free(name);
	free(value);
	if (!parameters[_i].is_good)
		return;
	ck_assert_str_eq(variables_get(&vars, parameters[_i].name),
	    parameters[_i].value);
	ck_assert_uint_eq(vars.list[0].name_len, parameters[_i].name_len);
	ck_assert_uint_eq(vars.list[0].value_len, parameters[_i].value_len);
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
	ck_assert_str_eq(vars.list[1].name, repeats[_i].name);
	ck_assert_str_eq(vars.list[1].value, repeats[_i].expected);
	ck_assert_uint_eq(vars.list[1].value_len,
	    strlen(repeats[_i].expected));
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
		if (strcmp(vars.list[i].name, name) != 0 ||
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

START_TEST(set_and_unset)
{
	char	 name[16];
	int	 i, k;

	for (i = 0; i < 100; i++) {
		snprintf(name, sizeof(name), "V%d", i);
		add(name, "old");
	}
	variables_set(&vars, "HTTP_X", "1");
	variables_set(&vars, "HTTP_X", "2");	/* over it, never joined */
	ck_assert_str_eq(variables_get(&vars, "HTTP_X"), "2");
	variables_set(&vars, "V7", "new");
	ck_assert_str_eq(variables_get(&vars, "V7"), "new");
	ck_assert_str_eq(vars.list[7].value, "new");
	variables_set(&vars, "V8", variables_get(&vars, "V7"));
	ck_assert_str_eq(variables_get(&vars, "V8"), "new");
	variables_unset(&vars, "ABSENT");
	ck_assert_uint_eq(vars.count, 101);

	for (i = 0; i < 100; i += 2) {
		snprintf(name, sizeof(name), "V%d", i);
		variables_unset(&vars, name);
		for (k = 0; k < 100; k++) {
			snprintf(name, sizeof(name), "V%d", k);
			if ((variables_get(&vars, name) == NULL) !=
			    (k <= i && k % 2 == 0))
				ck_abort_msg("%s after %d", name, i);
		}
	}
	ck_assert_uint_eq(vars.count, 51);
	ck_assert_str_eq(vars.list[0].name, "V1");
	ck_assert_str_eq(vars.list[50].name, "HTTP_X");
	add("V0", "back");
	ck_assert_str_eq(variables_get(&vars, "V0"), "back");
	ck_assert_str_eq(vars.list[51].name, "V0");
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
	SRunner	*sr;
	Suite	*s;
	TCase	*tc;
	int	 failed;

	s = suite_create("variables");
	tc = tcase_create("variables");
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_loop_test(tc, parameter, 0, ROWS(parameters));
	tcase_add_loop_test(tc, repeated, 0, ROWS(repeats));
	tcase_add_test(tc, ten_thousand_names);
	tcase_add_test(tc, ten_thousand_copies);
	tcase_add_test(tc, set_and_unset);
	tcase_add_loop_test(tc, expand, 0, ROWS(expansions));
	tcase_add_test(tc, name_passes);
	suite_add_tcase(s, tc);

	sr = srunner_create(s);
	srunner_set_tap(sr, "-");
	srunner_run_all(sr, CK_SILENT);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
