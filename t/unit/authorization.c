/*
 * authorization: one text, one meaning; what is not well formed shows nothing.
 */
#include "authorization.h"
#include "lib/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define ROWS(table)	((int)(sizeof(table) / sizeof((table)[0])))

static struct authorization	 a;

/* From memory that ends with the text. */
static void
parse(void (*with)(struct authorization *, const char *, size_t),
    const char *text, size_t len)
{
	char	*copy;

	ck_assert_ptr_nonnull(copy = malloc(len > 0 ? len : 1));
	memcpy(copy, text, len);
	memset(&a, 0xff, sizeof(a));
	with(&a, copy, len);
	free(copy);
}

static const struct {
	const char	*text;
	enum scheme	 scheme;
	const char	*name;
	const char	*secret;
} headers[] = {
	{ "", SCHEME_NONE, NULL, NULL }, { " \t ", SCHEME_NONE, NULL, NULL },
	{ "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", SCHEME_BASIC, "Aladdin",
	    "open sesame" },
	{ "basic  QWxhZGRpbjpvcGVuIHNlc2FtZQ== ", SCHEME_BASIC, "Aladdin",
	    "open sesame" },
	{ "BASIC\tYTpi", SCHEME_BASIC, "a", "b" },
	{ "Basic YTo=", SCHEME_BASIC, "a", "" },
	{ "Basic Og==", SCHEME_BASIC, "", "" },
	{ "Basic YTpiOmM=", SCHEME_BASIC, "a", "b:c" },
	{ "Basic dGVzdDoxMjPCow==", SCHEME_BASIC, "test", "123\xc2\xa3" },
	{ "Basic", SCHEME_MALFORMED, NULL, NULL },
	{ "Basic YQ==", SCHEME_MALFORMED, NULL, NULL },	/* no colon */
	{ "Basic YTpi=", SCHEME_MALFORMED, NULL, NULL },
	{ "Basic YTo", SCHEME_MALFORMED, NULL, NULL },	/* not padded */
	{ "Basic YTp=", SCHEME_MALFORMED, NULL, NULL },	/* bits left over */
	{ "Basic YTo==", SCHEME_MALFORMED, NULL, NULL },
	{ "Basic YTpi====", SCHEME_MALFORMED, NULL, NULL },
	{ "Basic Y===", SCHEME_MALFORMED, NULL, NULL },
	{ "Basic YT pi", SCHEME_MALFORMED, NULL, NULL },
	{ "Basic YTpi, Basic YTpi", SCHEME_MALFORMED, NULL, NULL },
	{ "Basic YTp-", SCHEME_MALFORMED, NULL, NULL },	/* base64url */
	{ "Basic YTpiAA==", SCHEME_MALFORMED, NULL, NULL },	/* NUL */
	{ "Basic YTpiCg==", SCHEME_MALFORMED, NULL, NULL },	/* newline */
	{ "Basic YX86Yg==", SCHEME_MALFORMED, NULL, NULL },	/* DEL */
	{ "BasicYTpi", SCHEME_OTHER, NULL, NULL },
	{ "Digest username=\"a\"", SCHEME_OTHER, NULL, NULL },
	{ "Bearer abc.DEF-_~+/=", SCHEME_BEARER, "", "abc.DEF-_~+/=" },
	{ "bearer   x", SCHEME_BEARER, "", "x" },
	{ "Bearer", SCHEME_MALFORMED, NULL, NULL },
	{ "Bearer a b", SCHEME_MALFORMED, NULL, NULL },
	{ "Bearer a\x80", SCHEME_MALFORMED, NULL, NULL },
};

START_TEST(header)
{
	parse(authorization_parse, headers[_i].text, strlen(headers[_i].text));
	ck_assert_int_eq(a.scheme, headers[_i].scheme);
	if (headers[_i].name != NULL) {
		ck_assert_str_eq(a.name, headers[_i].name);
		ck_assert_str_eq(a.secret, headers[_i].secret);
	}
}
END_TEST

/* "Basic " and n times YWFh, which is aaa; then the end. */
static size_t
make_basic(char *out, int n, const char *end)
{
	int	 i;

	strcpy(out, "Basic ");
	for (i = 0; i < n; i++)
		strcat(out, "YWFh");
	strcat(out, end);
	return strlen(out);
}

START_TEST(lengths)
{
	char	 text[4096], key[AUTHORIZATION_SECRET_MAX + 2];

	/* A name of 63, 64 and 66 bytes. */
	parse(authorization_parse, text, make_basic(text, 21, "OmE="));
	ck_assert_int_eq(a.scheme, SCHEME_BASIC);
	ck_assert_uint_eq(strlen(a.name), 63);
	parse(authorization_parse, text, make_basic(text, 21, "YTph"));
	ck_assert_int_eq(a.scheme, SCHEME_BASIC);
	ck_assert_uint_eq(strlen(a.name), 64);
	parse(authorization_parse, text, make_basic(text, 22, "OmE="));
	ck_assert_int_eq(a.scheme, SCHEME_MALFORMED);
	parse(authorization_parse, text, make_basic(text, 800, "OmE="));
	ck_assert_int_eq(a.scheme, SCHEME_MALFORMED);

	memset(key, 'k', sizeof(key));
	parse(authorization_take_key, key, AUTHORIZATION_SECRET_MAX);
	ck_assert_int_eq(a.scheme, SCHEME_BEARER);
	ck_assert_uint_eq(strlen(a.secret), AUTHORIZATION_SECRET_MAX);
	parse(authorization_take_key, key, AUTHORIZATION_SECRET_MAX + 1);
	ck_assert_int_eq(a.scheme, SCHEME_MALFORMED);
	parse(authorization_take_key, "", 0);
	ck_assert_int_eq(a.scheme, SCHEME_MALFORMED);
	parse(authorization_take_key, "a\0b", 3);
	ck_assert_int_eq(a.scheme, SCHEME_MALFORMED);
}
END_TEST

START_TEST(forgets)
{
	static const char	 none[sizeof(a.secret)];

	parse(authorization_parse, "Basic YTpi", 10);
	authorization_forget(&a);
	ck_assert_mem_eq(a.secret, none, sizeof(none));
}
END_TEST

int
main(void)
{
	Suite	*s;
	TCase	*tc;

	s = suite_create("authorization");
	tc = tcase_create("authorization");
	tcase_add_loop_test(tc, header, 0, ROWS(headers));
	tcase_add_test(tc, lengths);
	tcase_add_test(tc, forgets);
	suite_add_tcase(s, tc);

	return suite_run(s);
}
