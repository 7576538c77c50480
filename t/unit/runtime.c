/*
 * runtime: languages by name, the file of file.function, and what may be said
 * together.
 */
#include "runtime.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "function.h"
#include "settings.h"
#include "lib/suite.h"

#define ROWS(array)	(int)(sizeof(array) / sizeof((array)[0]))

START_TEST(by_name)
{
	ck_assert_str_eq(runtime_find("nodejs")->name, "nodejs");
	ck_assert(runtime_find("provided")->is_provided);
	ck_assert(!runtime_find("perl")->is_provided);
	ck_assert_ptr_null(runtime_find(""));
	ck_assert_ptr_null(runtime_find("python"));
}
END_TEST

static const struct {
	const char	*name;
	size_t		 len;
} files[] = {
	{ "hello.handler", 5 }, { "a/b.c/hello.handler", 11 },
	{ "hello.Class.handler", 5 }, { "hello", 0 }, { "hello.", 0 },
	{ ".handler", 0 }, { "a.b/hello", 0 }, { "", 0 },
};

START_TEST(file_of_a_handler)
{
	ck_assert_uint_eq(runtime_file_length(files[_i].name), files[_i].len);
}
END_TEST

#define RUNTIME	"function.runtime"
#define NAME	"function.handler_name"

static const struct {
	const char	*protocol, *runtime, *name;
	bool		 is_template;
	const char	*wrong;		/* the key; NULL: nothing */
} checks[] = {
	{ "lambda", "", "", false, NULL },
	{ "lambda", "", "any/thing", false, NULL },
	{ "lambda", "perl", "hello.handler", false, NULL },
	{ "lambda", "perl", "a/..b/hello.handler", false, NULL },
	{ "lambda", "provided", "", false, NULL },
	{ "lambda", "provided", "anything", false, NULL },
	{ "lambda", "perl", "", false, NAME },
	{ "lambda", "perl", "hello", false, NAME },
	{ "lambda", "perl", "hello.hand ler", false, NAME },
	{ "lambda", "perl", "/hello.handler", false, NAME },
	{ "lambda", "perl", "../hello.handler", false, NAME },
	{ "lambda", "perl", "a/../hello.handler", false, NAME },
	{ "lambda", "perl", "hello.handler", true, RUNTIME },
	{ "cgi", "", "", false, NULL },
	{ "cgi", "perl", "hello.handler", false, RUNTIME },
	{ "cgi", "", "hello.handler", false, NAME },
};

START_TEST(together)
{
	struct protocol_settings	 protocol;
	struct function_code		 code = { .program = "" };
	struct function			*fn = function_create();
	const char			*key, *why;

	memset(&protocol, 0, sizeof(protocol));
	protocol.name = checks[_i].protocol;
	fn->protocol = &protocol;
	fn->code = &code;
	code.runtime = runtime_find(checks[_i].runtime);
	code.handler_name = checks[_i].name;
	fn->is_template = checks[_i].is_template;
	why = runtime_check(fn, &key);
	ck_assert_int_eq(why == NULL, checks[_i].wrong == NULL);
	if (why != NULL)
		ck_assert_str_eq(key, checks[_i].wrong);
	function_release(fn);
}
END_TEST

START_TEST(long_name)
{
	struct protocol_settings	 protocol = { .name = "lambda" };
	struct function_code		 code = { .program = "" };
	struct function			*fn = function_create();
	char				 name[131];
	const char			*key;

	memset(name, 'x', sizeof(name));
	memcpy(name, "a.", 2);
	fn->protocol = &protocol;
	fn->code = &code;
	code.runtime = runtime_find("ruby");
	code.handler_name = name;
	name[128] = '\0';
	ck_assert_ptr_null(runtime_check(fn, &key));
	name[128] = 'x';
	name[129] = '\0';
	ck_assert_ptr_nonnull(runtime_check(fn, &key));
	function_release(fn);
}
END_TEST

START_TEST(reserved)
{
	ck_assert(runtime_reserves("_HANDLER", 8));
	ck_assert(runtime_reserves("AWS_LAMBDA_RUNTIME_API=x", 22));
	ck_assert(!runtime_reserves("_HANDLER", 7));
	ck_assert(!runtime_reserves("AWS_REGION", 10));
	ck_assert(!runtime_reserves("", 0));
}
END_TEST

int
main(void)
{
	Suite	*s = suite_create("runtime");
	TCase	*tc = tcase_create("runtime");

	tcase_add_test(tc, by_name);
	tcase_add_loop_test(tc, file_of_a_handler, 0, ROWS(files));
	tcase_add_loop_test(tc, together, 0, ROWS(checks));
	tcase_add_test(tc, long_name);
	tcase_add_test(tc, reserved);
	suite_add_tcase(s, tc);
	return suite_run(s);
}
