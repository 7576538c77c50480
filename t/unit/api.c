/*
 * api: targets and names of the Invoke API; what is answered where one is
 * wrong, in JSON that nothing breaks out of.
 */
#include "api.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "lib/suite.h"

#define ROWS(table)	((int)(sizeof(table) / sizeof((table)[0])))
#define N64		"nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn" \
			"nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn"

static const struct api_place	 place = { "us-east-1", "123456789012" };
static struct arena		*arena;

static void
set_up(void)
{
	arena = arena_create(4096);
}

static void
tear_down(void)
{
	arena_free(arena);
}

static const struct {
	const char		*method;
	const char		*target;
	enum api_operation	 operation;
} targets[] = {
	{ "POST", "/2015-03-31/functions/f/invocations", API_INVOKE },
	{ "POST", "/2015-03-31/functions/f/invocations/", API_INVOKE },
	{ "POST", "/2015-03-31/functions/f/invocations?Qualifier=1",
	    API_INVOKE },
	{ "POST", "/2015-03-31/functions/f%2F/invocations", API_INVOKE },
	{ "POST", "/2014-11-13/functions/f/invoke-async/", API_INVOKE_ASYNC },
	{ "POST", "/2021-11-15/functions/f/response-streaming-invocations",
	    API_INVOKE_STREAM },
	{ "GET", "/2015-03-31/functions/f/invocations", API_UNKNOWN },
	{ "POST", "/2015-03-31/functions/f/invocations/x", API_UNKNOWN },
	{ "POST", "/2015-03-31/functions/f/invocations//", API_UNKNOWN },
	{ "POST", "/2015-03-31/functions/f/invocation", API_UNKNOWN },
	{ "POST", "/2015-03-31/functions/f/invoke-async", API_UNKNOWN },
	{ "POST", "/2015-03-31/functions//invocations", API_UNKNOWN },
	{ "POST", "/2015-03-31/functions/f?/invocations", API_UNKNOWN },
	{ "POST", "/2015-03-31/functions/a/b/invocations", API_UNKNOWN },
	{ "GET", "/2015-03-31/functions/", API_UNKNOWN },
	{ "GET", "/2015-03-31/functions", API_UNKNOWN },
	{ "GET", "/2015-03-31/functions?Marker=x", API_UNKNOWN },
	{ "POST", "/2015-03-31/functionsf/invocations", API_NONE },
	{ "POST", "/2015-03-31/function", API_NONE },
	{ "POST", "//2015-03-31/functions/f/invocations", API_NONE },
	{ "POST", "/2015-03-3%31/functions/f/invocations", API_NONE },
	{ "POST", "/x?/2015-03-31/functions/f/invocations", API_NONE },
	{ "POST", "/", API_NONE }, { "POST", "", API_NONE },
};

START_TEST(target)
{
	ck_assert_int_eq(api_operation(targets[_i].method,
	    targets[_i].target), targets[_i].operation);
}
END_TEST

/* FunctionName and, behind a blank, the Qualifier of the query. */
static const struct {
	const char	*given;
	const char	*query;
	const char	*name;		/* NULL: an error, of this name: */
	const char	*qualifier;
	const char	*arn_end;	/* behind arn:aws:lambda: */
} names[] = {
	{ "f", "", "f", "", "us-east-1:123456789012:function:f" },
	{ N64, "", N64, "", "us-east-1:123456789012:function:" N64 },
	{ "f:1", "", "f", "1", "us-east-1:123456789012:function:f:1" },
	{ "f:$LATEST", "", "f", "$LATEST",
	    "us-east-1:123456789012:function:f:$LATEST" },
	{ "f:%24LATEST.PUBLISHED", "", "f", "$LATEST.PUBLISHED",
	    "us-east-1:123456789012:function:f:$LATEST.PUBLISHED" },
	{ "f", "?Qualifier=prod", "f", "prod",
	    "us-east-1:123456789012:function:f:prod" },
	{ "f:a-b_c", "?x=y&Qualifier=a-b_c", "f", "a-b_c",
	    "us-east-1:123456789012:function:f:a-b_c" },
	{ "111111111111:f", "", "f", "",
	    "us-east-1:111111111111:function:f" },
	{ "111111111111:function:f:q", "", "f", "q",
	    "us-east-1:111111111111:function:f:q" },
	{ "function:f", "", "f", "", "us-east-1:123456789012:function:f" },
	{ "us-east-1:f", "", "f", "", "us-east-1:123456789012:function:f" },
	{ "arn:aws:lambda:us-east-1:111111111111:function:f", "", "f", "",
	    "us-east-1:111111111111:function:f" },
	{ "arn%3Aaws-cn%3Alambda%3Aus-east-1%3A111111111111%3Afunction%3Af%3A1",
	    "", "f", "1", "us-east-1:111111111111:function:f:1" },
	{ "arn::lambda:f", "", "f", "",
	    "us-east-1:123456789012:function:f" },
	/* A name that looks like something else. */
	{ "function", "", "function", "",
	    "us-east-1:123456789012:function:function" },
	{ "123456789012", "", "123456789012", "",
	    "us-east-1:123456789012:function:123456789012" },
	{ "function:$LATEST", "", "function", "$LATEST",
	    "us-east-1:123456789012:function:function:$LATEST" },
	{ "arn:aws:lambda:eu-west-1:111111111111:function:f", "", NULL,
	    "ResourceNotFoundException", NULL },
	{ "us-gov-west-1:f", "", NULL, "ResourceNotFoundException", NULL },
	{ N64 "n", "", NULL, "InvalidParameterValueException", NULL },
	{ N64 N64 N64, "", NULL, "ValidationException", NULL },
	{ "a:b:c", "", NULL, "ValidationException", NULL },
	{ "f:", "", NULL, "ValidationException", NULL },
	{ ":f", "", NULL, "ValidationException", NULL },
	{ "f:$X", "", NULL, "ValidationException", NULL },
	{ "f%2Fg", "", NULL, "ValidationException", NULL },
	{ "f%00", "", NULL, "ValidationException", NULL },
	{ "f g", "", NULL, "ValidationException", NULL },
	{ "arn:aws:s3:us-east-1:111111111111:function:f", "", NULL,
	    "ValidationException", NULL },
	{ "arn:aws1:lambda:us-east-1:111111111111:function:f", "", NULL,
	    "ValidationException", NULL },
	{ "arn:aws:lambda:us-east-1:11111111111:function:f", "", NULL,
	    "ValidationException", NULL },
	{ "f:a", "?Qualifier=b", NULL, "InvalidParameterValueException",
	    NULL },
	{ "f", "?Qualifier=a%20b", NULL, "ValidationException", NULL },
	{ "f", "?Qualifier=" N64 N64 "n", NULL, "ValidationException", NULL },
};

START_TEST(name)
{
	const struct api_headers	 none = { NULL, NULL, NULL };
	const struct api_error		*e;
	struct api_call			 call;

	e = api_parse(&call, arena, &place, "POST", arena_printf(arena,
	    "/2015-03-31/functions/%s/invocations%s", names[_i].given,
	    names[_i].query), &none);
	if (names[_i].name == NULL) {
		ck_assert_ptr_nonnull(e);
		ck_assert_str_eq(e->name, names[_i].qualifier);
		return;
	}
	ck_assert_ptr_null(e);
	ck_assert_str_eq(call.name, names[_i].name);
	ck_assert_str_eq(call.qualifier, names[_i].qualifier);
	ck_assert_str_eq(api_arn(&call, arena, ""), arena_printf(arena,
	    "arn:aws:lambda:%s", names[_i].arn_end));
}
END_TEST

static const struct {
	struct api_headers	 headers;
	enum api_type		 type;		/* -1: refused */
	bool			 wants_log;
	const char		*context;
} headers[] = {
	{ { NULL, NULL, NULL }, API_REQUEST_RESPONSE, false, "" },
	{ { "", "", "" }, API_REQUEST_RESPONSE, false, "" },
	{ { "RequestResponse", "None", NULL }, API_REQUEST_RESPONSE, false,
	    "" },
	{ { "Event", "Tail", NULL }, API_EVENT, true, "" },
	{ { "DryRun", NULL, "e30=" }, API_DRY_RUN, false, "{}" },
	{ { NULL, NULL, "eyJhIjoxfQ" }, API_REQUEST_RESPONSE, false,
	    "{\"a\":1}" },
	{ { "event", NULL, NULL }, (enum api_type)-1, false, "" },
	{ { NULL, "tail", NULL }, (enum api_type)-1, false, "" },
	{ { NULL, NULL, "MQ==" }, (enum api_type)-1, false, "" },
	{ { NULL, NULL, "ew==" }, (enum api_type)-1, false, "" },
	{ { NULL, NULL, "e3 0=" }, (enum api_type)-1, false, "" },
	{ { NULL, NULL, "ewB9" }, (enum api_type)-1, false, "" },
};

START_TEST(header)
{
	const struct api_error	*e;
	struct api_call		 call;

	e = api_parse(&call, arena, &place, "POST",
	    "/2015-03-31/functions/f/invocations", &headers[_i].headers);
	if (headers[_i].type == (enum api_type)-1) {
		ck_assert_ptr_nonnull(e);
		ck_assert_int_eq(e->status, 400);
		return;
	}
	ck_assert_ptr_null(e);
	ck_assert_int_eq(call.type, headers[_i].type);
	ck_assert_int_eq(call.wants_log, headers[_i].wants_log);
	ck_assert_str_eq(call.client_context, headers[_i].context);
}
END_TEST

START_TEST(errors)
{
	const struct api_error	*e;

	e = api_fail(arena, API_NOT_FOUND, "%s", "a\"b\\c\n\xff");
	ck_assert_int_eq(e->status, 404);
	ck_assert_str_eq(e->body, "{\"Type\":\"User\",\"Message\":"
	    "\"a\\\"b\\\\c\\u000a\\ufffd\"}");
	e = api_fail(arena, API_UNRECOGNIZED, "no");
	ck_assert_int_eq(e->status, 403);
	ck_assert_str_eq(e->name, "UnrecognizedClientException");
	ck_assert_str_eq(e->body, "{\"message\":\"no\"}");
	e = api_throttle(arena, "CallerRateLimitExceeded");
	ck_assert_int_eq(e->status, 429);
	ck_assert_str_eq(e->body, "{\"Reason\":\"CallerRateLimitExceeded\","
	    "\"Type\":\"User\",\"message\":\"Rate Exceeded.\"}");
	ck_assert_str_eq(api_fault(arena, "Runtime.ExitError", "%s", "\""),
	    "{\"errorType\":\"Runtime.ExitError\",\"errorMessage\":\"\\\"\"}");
}
END_TEST

int
main(void)
{
	Suite	*s;
	TCase	*tc;

	s = suite_create("api");
	tc = tcase_create("api");
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_loop_test(tc, target, 0, ROWS(targets));
	tcase_add_loop_test(tc, name, 0, ROWS(names));
	tcase_add_loop_test(tc, header, 0, ROWS(headers));
	tcase_add_test(tc, errors);
	suite_add_tcase(s, tc);

	return suite_run(s);
}
