/*
 * sigv4: signatures that botocore made are good, and nothing else is.
 */
#include "sigv4.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "cgi.h"
#include "mem.h"
#include "lib/suite.h"

#define ROWS(table)	((int)(sizeof(table) / sizeof((table)[0])))
#define SECRET		"wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
#define SCOPE		"AKIDEXAMPLE/20260102/us-east-1/lambda/aws4_request"
#define NOW		1767323045	/* 20260102T030405Z */
#define BODY		"{\"k\":1}"
#define HEX64		"00112233445566778899aabbccddeeff" \
			"00112233445566778899aabbccddeeff"
#define GOOD		"f5cc800780ca88da9918fa77d5a6ba42" \
			"3be9ddfdd5bc13d35701f0e4eceece88"
#define TARGET		"/2015-03-31/functions/arn%3Aaws%3Alambda%3A" \
			"us-east-1%3A123456789012%3Afunction%3Ahello/" \
			"invocations?Qualifier=%24LATEST"
#define AUTHORIZATION	"AWS4-HMAC-SHA256 Credential=" SCOPE ", " \
			"SignedHeaders=host;x-amz-date;" \
			"x-amz-invocation-type, Signature=" GOOD

static struct arena	*arena;
static struct variables	 vars;

static void
set_up(void)
{
	arena = arena_create(4096);
	variables_init(&vars, arena);
	variables_set(&vars, "REQUEST_METHOD", "POST");
	variables_set(&vars, "REQUEST_URI", TARGET);
	variables_set(&vars, "HTTP_HOST", "lambda.us-east-1.amazonaws.com");
	variables_set(&vars, "HTTP_X_AMZ_DATE", "20260102T030405Z");
	variables_set(&vars, "HTTP_X_AMZ_INVOCATION_TYPE", "RequestResponse");
	variables_set(&vars, "HTTP_AUTHORIZATION", AUTHORIZATION);
}

static void
tear_down(void)
{
	arena_free(arena);
}

static enum sigv4_verdict
check(const char *body, const char *secret, int64_t now)
{
	struct digest		 digest;
	struct sigv4		 s;
	enum sigv4_verdict	 verdict;

	digest_of(&digest, body, strlen(body));
	verdict = sigv4_parse(&s, arena, &vars);
	if (verdict != SIGV4_GOOD)
		return verdict;
	return sigv4_check(&s, arena, &vars, &digest, secret, now);
}

START_TEST(canonical)
{
	static const uint8_t	 want[] = {
		0x92, 0x07, 0x7e, 0xad, 0x98, 0x40, 0x1c, 0xdb,
		0xd8, 0x36, 0xaf, 0xe0, 0x29, 0xea, 0xa7, 0xd5,
		0xe7, 0x98, 0x8a, 0x1b, 0xe9, 0x52, 0xaf, 0x5c,
		0xe9, 0x8a, 0x58, 0x92, 0x57, 0x2e, 0x4c, 0x94,
	};
	struct digest		 digest;
	struct sigv4		 s;
	const char		*text;

	digest_of(&digest, BODY, strlen(BODY));
	ck_assert_int_eq(sigv4_parse(&s, arena, &vars), SIGV4_GOOD);
	text = sigv4_canonical(&s, arena, &vars, &digest);
	digest_of(&digest, text, strlen(text));
	ck_assert_mem_eq(digest.bytes, want, sizeof(want));
}
END_TEST

START_TEST(parsed)
{
	struct sigv4	 s;

	ck_assert_int_eq(sigv4_parse(&s, arena, &vars), SIGV4_GOOD);
	ck_assert_str_eq(s.key_id, "AKIDEXAMPLE");
	ck_assert_str_eq(s.date, "20260102");
	ck_assert_str_eq(s.region, "us-east-1");
	ck_assert_str_eq(s.service, "lambda");
	ck_assert_str_eq(s.signature, GOOD);
	ck_assert_int_eq(s.time_s, NOW);
	ck_assert(!s.is_presigned);
}
END_TEST

START_TEST(good)
{
	ck_assert_int_eq(check(BODY, SECRET, NOW), SIGV4_GOOD);
	ck_assert_int_eq(check(BODY, SECRET, NOW + 300), SIGV4_GOOD);
	ck_assert_int_eq(check(BODY, SECRET, NOW - 300), SIGV4_GOOD);
	ck_assert_int_eq(check(BODY, SECRET, NOW + 301), SIGV4_EXPIRED);
	ck_assert_int_eq(check(BODY, SECRET, NOW - 301), SIGV4_EXPIRED);
	ck_assert_int_eq(check("{}", SECRET, NOW), SIGV4_MISMATCH);
	ck_assert_int_eq(check(BODY, SECRET "x", NOW), SIGV4_MISMATCH);
}
END_TEST

/* One variable is another: what becomes of it? */
static const struct {
	const char		*name;
	const char		*value;
	enum sigv4_verdict	 verdict;
} changes[] = {
	{ "REQUEST_METHOD", "GET", SIGV4_MISMATCH },
	{ "REQUEST_URI", "/2015-03-31/functions/hello/invocations",
	    SIGV4_MISMATCH },
	{ "REQUEST_URI", "/2015-03-31/functions/arn:aws:lambda:us-east-1:"
	    "123456789012:function:hello/invocations?Qualifier=%24LATEST",
	    SIGV4_MISMATCH },
	{ "REQUEST_URI", "/x/.." TARGET, SIGV4_GOOD },
	{ "REQUEST_URI", TARGET "&", SIGV4_GOOD },
	{ "REQUEST_URI", TARGET "&x", SIGV4_MISMATCH },
	{ "HTTP_HOST", "lambda.us-east-1.amazonaws.com:80", SIGV4_MISMATCH },
	{ "HTTP_X_AMZ_INVOCATION_TYPE", "  RequestResponse ", SIGV4_GOOD },
	{ "HTTP_X_AMZ_INVOCATION_TYPE", "Event", SIGV4_MISMATCH },
	{ "HTTP_X_OTHER", "not signed", SIGV4_GOOD },
	{ "HTTP_X_AMZ_CONTENT_SHA256", HEX64, SIGV4_GOOD },
	{ "HTTP_X_AMZ_CONTENT_SHA256", "UNSIGNED-PAYLOAD", SIGV4_MISMATCH },
	{ "HTTP_X_AMZ_DATE", "20260102T030406Z", SIGV4_MISMATCH },
	{ "HTTP_X_AMZ_DATE", "20260103T030405Z", SIGV4_INCOMPLETE },
	{ "HTTP_X_AMZ_DATE", "2026-01-02T03:04", SIGV4_INCOMPLETE },
	{ "HTTP_X_AMZ_DATE", "", SIGV4_INCOMPLETE },
	{ "HTTP_AUTHORIZATION", "Basic YTpi", SIGV4_MISSING },
	{ "HTTP_AUTHORIZATION", "", SIGV4_MISSING },
	{ "HTTP_AUTHORIZATION", "AWS4-HMAC-SHA256", SIGV4_INCOMPLETE },
	{ "HTTP_AUTHORIZATION", "AWS4-HMAC-SHA256 Credential=" SCOPE,
	    SIGV4_INCOMPLETE },
	{ "HTTP_AUTHORIZATION", "AWS4-HMAC-SHA256 Credential=a/b, "
	    "SignedHeaders=host;x-amz-date, Signature=" HEX64,
	    SIGV4_INCOMPLETE },
	{ "HTTP_AUTHORIZATION", "AWS4-HMAC-SHA256 Credential=" SCOPE ", "
	    "SignedHeaders=host;x-amz-date, Signature=00", SIGV4_INCOMPLETE },
	{ "HTTP_AUTHORIZATION", "AWS4-HMAC-SHA256 Credential=" SCOPE ", "
	    "SignedHeaders=x-amz-date, Signature=" HEX64, SIGV4_INCOMPLETE },
	{ "HTTP_AUTHORIZATION", "AWS4-HMAC-SHA256 Credential=" SCOPE ", "
	    "SignedHeaders=host, Signature=" HEX64, SIGV4_INCOMPLETE },
	{ "HTTP_AUTHORIZATION", "AWS4-HMAC-SHA256 Credential=" SCOPE ", "
	    "SignedHeaders=host;x-amz-date, Signature=" HEX64,
	    SIGV4_MISMATCH },
	{ "HTTP_AUTHORIZATION", "AWS4-HMAC-SHA256 Credential=" SCOPE ","
	    "SignedHeaders=host;x-amz-date;x-amz-invocation-type,"
	    "Signature=" GOOD, SIGV4_GOOD },
};

START_TEST(changed)
{
	variables_set(&vars, changes[_i].name, changes[_i].value);
	ck_assert_int_eq(check(BODY, SECRET, NOW), changes[_i].verdict);
}
END_TEST

/* What botocore's SigV4QueryAuth made, of an empty body, good for a minute. */
#define PRESIGNED	"/2015-03-31/functions/hello/invocations?" \
			"X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=" \
			"AKIDEXAMPLE%2F20260102%2Fus-east-1%2Flambda%2F" \
			"aws4_request&X-Amz-Date=20260102T030405Z&" \
			"X-Amz-Expires=60&X-Amz-SignedHeaders=host&" \
			"X-Amz-Signature="
#define PRESIGNATURE	"6a2783e96c0e19babf7ae11a51adf6af" \
			"d736ff6ffd85ff9bd6868a1a816a13a2"

static const struct {
	const char		*target;
	int			 later;
	enum sigv4_verdict	 verdict;
} presigned[] = {
	{ PRESIGNED PRESIGNATURE, 0, SIGV4_GOOD },
	{ PRESIGNED PRESIGNATURE, 60, SIGV4_GOOD },
	{ PRESIGNED PRESIGNATURE, 61, SIGV4_EXPIRED },
	{ PRESIGNED PRESIGNATURE, -300, SIGV4_GOOD },
	{ PRESIGNED PRESIGNATURE, -301, SIGV4_EXPIRED },
	{ PRESIGNED PRESIGNATURE "&Qualifier=x", 0, SIGV4_MISMATCH },
	{ PRESIGNED HEX64, 0, SIGV4_MISMATCH },
	{ PRESIGNED "x", 0, SIGV4_INCOMPLETE },
	{ "/?X-Amz-Algorithm=x", 0, SIGV4_INCOMPLETE },
	{ "/?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Expires=604801", 0,
	    SIGV4_INCOMPLETE },
	{ "/?x=y", 0, SIGV4_MISSING },
	{ "/", 0, SIGV4_MISSING },
};

START_TEST(query)
{
	variables_remove(&vars, "HTTP_AUTHORIZATION");
	variables_set(&vars, "REQUEST_URI", presigned[_i].target);
	ck_assert_int_eq(check("", SECRET, NOW + presigned[_i].later),
	    presigned[_i].verdict);
}
END_TEST

int
main(void)
{
	Suite	*suite = suite_create("sigv4");
	TCase	*tc = tcase_create("all");

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, canonical);
	tcase_add_test(tc, parsed);
	tcase_add_test(tc, good);
	tcase_add_loop_test(tc, changed, 0, ROWS(changes));
	tcase_add_loop_test(tc, query, 0, ROWS(presigned));
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
