/*
 * json: what is JSON and what is not, in pieces of any size; strings that read
 * back.
 */
#include "json.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "lib/suite.h"

#define ROWS(table)	((int)(sizeof(table) / sizeof((table)[0])))

static const struct {
	const char		*text;
	enum json_verdict	 verdict;
} texts[] = {
	{ "{}", JSON_GOOD }, { "[]", JSON_GOOD }, { "null", JSON_GOOD },
	{ "true", JSON_GOOD }, { "false", JSON_GOOD }, { "0", JSON_GOOD },
	{ "-0", JSON_GOOD }, { "-12.50e+07", JSON_GOOD }, { "1E9", JSON_GOOD },
	{ "0.1", JSON_GOOD }, { " \t\r\n1 \n", JSON_GOOD },
	{ "\"\"", JSON_GOOD }, { "\"a\\\"\\\\\\/\\b\\f\\n\\r\\t\"", JSON_GOOD },
	{ "\"\\u00Ff\\ud800\"", JSON_GOOD }, { "\"\x7f\"", JSON_GOOD },
	{ "[1,[2,{\"a\":[{}]}],3]", JSON_GOOD },
	{ "{\"a\" : 1 , \"a\" : [ ] }", JSON_GOOD },
	{ "\"\xc2\x80\xdf\xbf\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\"",
	    JSON_GOOD },
	{ "\"\xf0\x90\x80\x80\xf4\x8f\xbf\xbf\"", JSON_GOOD },
	{ "", JSON_UNFINISHED }, { " ", JSON_UNFINISHED },
	{ "{", JSON_UNFINISHED }, { "[1", JSON_UNFINISHED },
	{ "[1,", JSON_UNFINISHED }, { "{\"a\"", JSON_UNFINISHED },
	{ "{\"a\":", JSON_UNFINISHED }, { "\"a", JSON_UNFINISHED },
	{ "\"\\", JSON_UNFINISHED }, { "\"\\u12", JSON_UNFINISHED },
	{ "\"\xc3", JSON_UNFINISHED }, { "-", JSON_UNFINISHED },
	{ "1.", JSON_UNFINISHED }, { "1e", JSON_UNFINISHED },
	{ "1e+", JSON_UNFINISHED }, { "nul", JSON_UNFINISHED },
	{ "}", JSON_UNEXPECTED }, { "]", JSON_UNEXPECTED },
	{ "[}", JSON_UNEXPECTED }, { "{]", JSON_UNEXPECTED },
	{ "[1}", JSON_UNEXPECTED }, { "{\"a\":1]", JSON_UNEXPECTED },
	{ "[1,]", JSON_UNEXPECTED }, { "{\"a\":1,}", JSON_UNEXPECTED },
	{ "{1:2}", JSON_UNEXPECTED }, { "{\"a\" 1}", JSON_UNEXPECTED },
	{ "[1 2]", JSON_UNEXPECTED }, { "1 2", JSON_UNEXPECTED },
	{ "{}{}", JSON_UNEXPECTED }, { "1,2", JSON_UNEXPECTED },
	{ "01", JSON_UNEXPECTED }, { "+1", JSON_UNEXPECTED },
	{ ".1", JSON_UNEXPECTED }, { "1.e1", JSON_UNEXPECTED },
	{ "-a", JSON_UNEXPECTED }, { "--1", JSON_UNEXPECTED },
	{ "1e1.0", JSON_UNEXPECTED }, { "0x1", JSON_UNEXPECTED },
	{ "NaN", JSON_UNEXPECTED }, { "nulL", JSON_UNEXPECTED },
	{ "nulll", JSON_UNEXPECTED }, { "'a'", JSON_UNEXPECTED },
	{ "\"\n\"", JSON_UNEXPECTED }, { "\"\\x\"", JSON_UNEXPECTED },
	{ "\"\\u00g0\"", JSON_UNEXPECTED }, { "\xef\xbb\xbf{}",
	    JSON_UNEXPECTED },
	{ "/* */1", JSON_UNEXPECTED }, { "\x99", JSON_UNEXPECTED },
	{ "\"\x80\"", JSON_NOT_UTF8 }, { "\"\xc1\xbf\"", JSON_NOT_UTF8 },
	{ "\"\xc3\"", JSON_NOT_UTF8 }, { "\"\xe0\x9f\xbf\"", JSON_NOT_UTF8 },
	{ "\"\xed\xa0\x80\"", JSON_NOT_UTF8 },
	{ "\"\xf0\x8f\xbf\xbf\"", JSON_NOT_UTF8 },
	{ "\"\xf4\x90\x80\x80\"", JSON_NOT_UTF8 },
	{ "\"\xf5\x80\x80\x80\"", JSON_NOT_UTF8 },
	{ "n\x87", JSON_NOT_UTF8 },
};

/* All at once, and a byte at a time. */
START_TEST(text)
{
	struct json_check	 whole, bytes;
	const char		*at = texts[_i].text;

	memset(&whole, 0, sizeof(whole));
	memset(&bytes, 0, sizeof(bytes));
	json_feed(&whole, at, strlen(at));
	ck_assert_int_eq(json_end(&whole), texts[_i].verdict);
	for (; *at != '\0'; at++)
		json_feed(&bytes, at, 1);
	ck_assert_int_eq(json_end(&bytes), texts[_i].verdict);
	ck_assert_uint_eq(whole.column, bytes.column);
}
END_TEST

START_TEST(depth)
{
	struct json_check	 j;
	int			 i;

	memset(&j, 0, sizeof(j));
	for (i = 0; i < JSON_DEPTH_MAX; i++)
		ck_assert_int_eq(json_feed(&j, i % 3 == 0 ? "[" :
		    "{\"a\":", i % 3 == 0 ? 1 : 5), JSON_GOOD);
	while (--i >= 0)
		json_feed(&j, i == JSON_DEPTH_MAX - 1 && i % 3 != 0 ?
		    "1}" : i % 3 == 0 ? "]" : "}",
		    i == JSON_DEPTH_MAX - 1 && i % 3 != 0 ? 2 : 1);
	ck_assert_int_eq(json_end(&j), JSON_GOOD);

	memset(&j, 0, sizeof(j));
	for (i = 0; i < JSON_DEPTH_MAX; i++)
		json_feed(&j, "[", 1);
	ck_assert_int_eq(json_feed(&j, "[", 1), JSON_TOO_DEEP);
	ck_assert_int_eq(json_feed(&j, "]", 1), JSON_TOO_DEEP);
	ck_assert_int_eq(json_end(&j), JSON_TOO_DEEP);
}
END_TEST

START_TEST(place)
{
	struct json_check	 j;

	memset(&j, 0, sizeof(j));
	json_feed(&j, "{\n \"a\": x", 9);
	ck_assert_int_eq(json_end(&j), JSON_UNEXPECTED);
	ck_assert_uint_eq(j.line, 1);
	ck_assert_uint_eq(j.column, 7);
	ck_assert_int_eq(j.wrong, 'x');
}
END_TEST

static const struct {
	const char	*text;
	size_t		 len;
	const char	*quoted;
} strings[] = {
	{ "", 0, "\"\"" },
	{ "a\"b\\c/", 6, "\"a\\\"b\\\\c/\"" },
	{ "\0\n\x1f\x7f", 4, "\"\\u0000\\u000a\\u001f\\u007f\"" },
	{ "\xc3\xa4\xf0\x9f\x98\x80", 6, "\"\xc3\xa4\xf0\x9f\x98\x80\"" },
	{ "\xc3", 1, "\"\\ufffd\"" },
	{ "\xc3z", 2, "\"\\ufffdz\"" },
	{ "\xed\xa0\x80", 3, "\"\\ufffd\\ufffd\\ufffd\"" },
	{ "\xff\xff", 2, "\"\\ufffd\\ufffd\"" },
};

START_TEST(string)
{
	struct arena		*arena = arena_create(256);
	struct json_check	 j;
	const char		*quoted;

	quoted = json_quote(arena, strings[_i].text, strings[_i].len);
	ck_assert_str_eq(quoted, strings[_i].quoted);
	memset(&j, 0, sizeof(j));
	json_feed(&j, quoted, strlen(quoted));
	ck_assert_int_eq(json_end(&j), JSON_GOOD);
	arena_free(arena);
}
END_TEST

int
main(void)
{
	Suite	*s;
	TCase	*tc;

	s = suite_create("json");
	tc = tcase_create("json");
	tcase_add_loop_test(tc, text, 0, ROWS(texts));
	tcase_add_test(tc, depth);
	tcase_add_test(tc, place);
	tcase_add_loop_test(tc, string, 0, ROWS(strings));
	suite_add_tcase(s, tc);

	return suite_run(s);
}
