/*
 * apikeys: lines that are keys, what they permit, and that they travel.
 */
#include "apikeys.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "lib/suite.h"

#define ROWS(table)	((int)(sizeof(table) / sizeof((table)[0])))
#define SECRET		"wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"

static struct arena	*arena;

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
	const char	*line;
	bool		 is_good;
} lines[] = {
	{ "AKID " SECRET " anna lambda:InvokeFunction:f", true },
	{ "AKID\t" SECRET "  anna  lambda:*:* *:x-*-y", true },
	{ "a_1 0123456789abcdef a.b@c+d-e lambda:InvokeFunctionUrl:f", true },
	{ "", false }, { "AKID", false }, { "AKID " SECRET " anna", false },
	{ "AKID 0123456789abcde anna lambda:*:*", false },
	{ "AKID 0123456789abc:ef anna lambda:*:*", false },
	{ "AK/ID " SECRET " anna lambda:*:*", false },
	{ "AKID " SECRET " an/na lambda:*:*", false },
	{ "AKID " SECRET " anna lambda", false },
	{ "AKID " SECRET " anna lambda:InvokeFunction", false },
	{ "AKID " SECRET " anna lambda:DeleteFunction:f", false },
	{ "AKID " SECRET " anna lambda:Invoke*:f", false },
	{ "AKID " SECRET " anna s3:*:f", false },
	{ "AKID " SECRET " anna lambda:*:", false },
	{ "AKID " SECRET " anna lambda:*:f?", false },
	{ "AKID " SECRET " anna lambda:*:\"f", false },
};

START_TEST(line)
{
	struct apikey	 key;

	ck_assert_int_eq(apikey_parse(arena, lines[_i].line, &key) == NULL,
	    lines[_i].is_good);
}
END_TEST

static const struct {
	const char	*pattern;
	const char	*name;
	bool		 fits;
} patterns[] = {
	{ "thumb", "thumb", true }, { "thumb", "thumbs", false },
	{ "thumb", "Thumb", false }, { "thumb", "thum", false },
	{ "thumb-*", "thumb-", true }, { "thumb-*", "thumb-a-b", true },
	{ "thumb-*", "thumb", false }, { "*", "f", true }, { "*", "", true },
	{ "**", "f", true }, { "*-x", "a-x-x", true },
	{ "*-x", "a-xy", false }, { "a*b*c", "aXbbYc", true },
	{ "a*b*c", "acb", false }, { "*a*", "bab", true },
	{ "*aab", "aaab", true },
};

START_TEST(pattern)
{
	struct apikey	 key;
	const char	*text;

	text = arena_printf(arena, "AKID " SECRET " anna "
	    "lambda:InvokeFunction:%s", patterns[_i].pattern);
	ck_assert_ptr_null(apikey_parse(arena, text, &key));
	ck_assert_int_eq(apikey_permits(&key, "lambda:InvokeFunction",
	    patterns[_i].name), patterns[_i].fits);
	ck_assert(!apikey_permits(&key, "lambda:InvokeFunctionUrl",
	    patterns[_i].name));
}
END_TEST

START_TEST(actions)
{
	struct apikey	 key;

	ck_assert_ptr_null(apikey_parse(arena, "AKID " SECRET " anna "
	    "lambda:*:a *:b", &key));
	ck_assert(apikey_permits(&key, "lambda:InvokeFunction", "a"));
	ck_assert(!apikey_permits(&key, "s3:GetObject", "a"));
	ck_assert(apikey_permits(&key, "s3:GetObject", "b"));
}
END_TEST

static char	said[256];

static void
on_error(void *arg, unsigned number, const char *why)
{
	(void)arg;
	snprintf(said + strlen(said), sizeof(said) - strlen(said), "%u %s\n",
	    number, why);
}

START_TEST(file)
{
	char			 text[] = "# keys\n\nB " SECRET " bert *:*\r\n"
				    "  A " SECRET " anna lambda:*:x\nwrong\n"
				    "B " SECRET " carl *:*";
	struct apikeys		 all, again = { NULL, 0 };
	char			*printed;
	size_t			 len, i;
	FILE			*out;

	said[0] = '\0';
	apikeys_read(arena, text, &all, on_error, NULL);
	ck_assert_str_eq(said, "5 not KEYID SECRET NAME ACTION:PATTERN...\n"
	    "6 of an id that was there before\n");
	ck_assert_uint_eq(all.count, 2);
	ck_assert_str_eq(apikeys_find(&all, "A")->name, "anna");
	ck_assert_str_eq(apikeys_find(&all, "B")->name, "bert");
	ck_assert_ptr_null(apikeys_find(&all, "C"));
	ck_assert_ptr_null(apikeys_find(&again, "A"));
	for (i = 0; i < all.count; i++) {
		out = open_memstream(&printed, &len);
		apikey_print(out, &all.list[i]);
		fclose(out);
		ck_assert_ptr_null(set_apikey(arena, &again, printed, NULL));
		free(printed);
	}
	ck_assert_uint_eq(again.count, 2);
	ck_assert_str_eq(apikeys_find(&again, "A")->secret, SECRET);
	ck_assert_ptr_nonnull(set_apikey(arena, &again,
	    "A " SECRET " anna *:*", NULL));
}
END_TEST

int
main(void)
{
	Suite	*s;
	TCase	*tc;

	s = suite_create("apikeys");
	tc = tcase_create("apikeys");
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_loop_test(tc, line, 0, ROWS(lines));
	tcase_add_loop_test(tc, pattern, 0, ROWS(patterns));
	tcase_add_test(tc, actions);
	tcase_add_test(tc, file);
	suite_add_tcase(s, tc);

	return suite_run(s);
}
