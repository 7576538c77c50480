/*
 * function: which handlers are templates, and what may stand in their path.
 */
#include "function.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "lib/suite.h"

#define ROWS(table)	((int)(sizeof(table) / sizeof((table)[0])))

static const struct {
	const char	*handler;
	const char	*captures;	/* apart by blanks; NULL: refused */
} handlers[] = {
	{ "/srv/fn/hello", "" },
	{ "/home/${user}/fn", "user" },
	{ "/home/${user}/${name}.cgi", "user name" },
	{ "/home/${user}/${user}-${x}", "user x" },
	{ "/a$b/c{d}", "" },
	{ "/srv/../fn", "" },
	{ "/${a}${b}${c}${d}", "a b c d" },
	{ "/${a}${b}${c}${d}${e}", NULL },
	{ "/${a}${b}${c}${d}${a}", "a b c d" },
	{ "", NULL },
	{ "srv/fn", NULL },
	{ "/${", NULL },
	{ "/${}", NULL },
	{ "/${user", NULL },
	{ "/${us er}", NULL },
	{ "/${1}", NULL },
	{ "/${a012345678901234567890123456789012}", NULL },
	{ "/${user}/../x", NULL },
	{ "/${user}/.", NULL },
	{ "/./${user}", NULL },
	{ "/${user}/..x/.y", "user" },
};

START_TEST(captures)
{
	struct function	*fn = function_create();
	char		 found[128] = "";
	const char	*why;
	size_t		 i;

	fn->handler = handlers[_i].handler;
	why = function_find_captures(fn);
	if (handlers[_i].captures == NULL) {
		ck_assert_ptr_nonnull(why);
	} else {
		ck_assert_msg(why == NULL, "%s: %s", fn->handler, why);
		for (i = 0; i < fn->captures.count; i++) {
			strcat(found, i > 0 ? " " : "");
			strcat(found, fn->captures.words[i]);
		}
		ck_assert_str_eq(found, handlers[_i].captures);
		ck_assert_int_eq(fn->is_template, *found != '\0');
	}
	function_release(fn);
}
END_TEST

static const struct {
	const char	*value;
	bool		 is_valid;
} values[] = {
	{ "alice", true }, { "a.b-c_d", true }, { "-", true }, { "_", true },
	{ "", false }, { ".", false }, { "..", false }, { ".ssh", false },
	{ "a/b", false }, { "a b", false }, { "a\n", false }, { "\xe9", false },
	{ "0123456789012345678901234567890123456789012345678901234567890123",
	  true },
	{ "01234567890123456789012345678901234567890123456789012345678901234",
	  false },
};

START_TEST(paths)
{
	struct function	*fn = function_create();
	const char	*two[2] = { "x", values[_i].value };
	char		*path, expected[256];

	fn->handler = "/home/${user}/fn/${name}-${user}.cgi";
	ck_assert_ptr_null(function_find_captures(fn));
	ck_assert_int_eq(function_capture_is_valid(values[_i].value),
	    values[_i].is_valid);
	errno = 0;
	path = function_handler_path(fn, two);
	if (values[_i].is_valid) {
		snprintf(expected, sizeof(expected), "/home/x/fn/%s-x.cgi",
		    values[_i].value);
		ck_assert_str_eq(path, expected);
	} else {
		ck_assert_ptr_null(path);
		ck_assert_int_eq(errno, EINVAL);
	}
	free(path);
	function_release(fn);
}
END_TEST

START_TEST(names)
{
	ck_assert(function_name_is_valid("a"));
	ck_assert(function_name_is_valid("Az09_-"));
	ck_assert(!function_name_is_valid(""));
	ck_assert(!function_name_is_valid("a.b"));
	ck_assert(!function_name_is_valid("a/b"));
	ck_assert(function_name_is_valid("0123456789012345678901234567890123"
	    "456789012345678901234567890123"));
	ck_assert(!function_name_is_valid("0123456789012345678901234567890123"
	    "4567890123456789012345678901234"));
}
END_TEST

START_TEST(lives_until_the_last_lets_go)
{
	struct function	*fn = function_create();

	ck_assert_ptr_eq(function_hold(fn), fn);
	function_release(fn);
	ck_assert_str_eq(fn->handler, "");
	function_release(fn);
	function_release(NULL);
}
END_TEST

int
main(void)
{
	Suite	*s;
	TCase	*tc;

	s = suite_create("function");
	tc = tcase_create("function");
	tcase_add_loop_test(tc, captures, 0, ROWS(handlers));
	tcase_add_loop_test(tc, paths, 0, ROWS(values));
	tcase_add_test(tc, names);
	tcase_add_test(tc, lives_until_the_last_lets_go);
	suite_add_tcase(s, tc);

	return suite_run(s);
}
