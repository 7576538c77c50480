/*
 * credentials: a line is a name and a hash that is worth something, or an
 * error; what is read travels and is the same at the other end.
 */
#include "credentials.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "lib/suite.h"

#define ROWS(table)	((int)(sizeof(table) / sizeof((table)[0])))
#define H43		"abcdefghijklmnopqrstuvwxyz./0123456789ABCDE"
#define H86		H43 H43
#define HEX		"00112233445566778899aabbccddeeff" \
			"00112233445566778899AABBCCDDEEFF"
#define NAME64		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" \
			"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

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
	int		 kind;		/* -1: refused */
} lines[] = {
	{ "a:$y$j9T$salt$" H43, CREDENTIAL_PASSWORD },
	{ "a:$gy$j9T$salt$" H43, CREDENTIAL_PASSWORD },
	{ "a:$7$CU..../....salt$" H43, CREDENTIAL_PASSWORD },
	{ "a:$6$salt$" H86, CREDENTIAL_PASSWORD },
	{ "a:$6$rounds=5000$salt$" H86, CREDENTIAL_PASSWORD },
	{ "a:$5$salt$" H43, CREDENTIAL_PASSWORD },
	{ "a:$2b$05$abcdefghij" H43, CREDENTIAL_PASSWORD },
	{ "A.b_c-d+e@f9:$sha256$" HEX, CREDENTIAL_KEY },
	{ NAME64 ":$sha256$" HEX, CREDENTIAL_KEY },
	{ NAME64 "a:$sha256$" HEX, -1 },
	{ "", -1 }, { ":", -1 }, { "a", -1 }, { "a:", -1 },
	{ ":$sha256$" HEX, -1 }, { "a b:$sha256$" HEX, -1 },
	{ "a\xc3\xa4:$sha256$" HEX, -1 }, { "a :$sha256$" HEX, -1 },
	{ "a:secret", -1 }, { "a:$sha256$", -1 }, { "a:$sha256$" HEX "0", -1 },
	{ "a:$sha256$" HEX ":x", -1 }, { "a:$sha256$g" HEX, -1 },
	{ "a:$SHA256$" HEX, -1 }, { "a:*", -1 }, { "a:!$y$j9T$salt$" H43, -1 },
	{ "a:rl.3StKT.4T8M", -1 },				/* DES */
	{ "a:_J9..rasmBYk8r9AiWNc", -1 },			/* BSDI */
	{ "a:$1$salt$qJH7.N4xYta3aEG/dfqo/0", -1 },		/* MD5 */
	{ "a:$apr1$salt$qJH7.N4xYta3aEG/dfqo/0", -1 },
	{ "a:$3$$8846f7eaee8fb117ad06bdd830b7586c", -1 },	/* NT */
	{ "a:$y$j9T$salt$", -1 }, { "a:$y$j9T$salt$" H43 "x", -1 },
	{ "a:$y$", -1 }, { "a:$6$salt$" H43, -1 },
	{ "a:$y$j9T$sa lt$" H43, -1 }, { "a:$y$j9T$salt$" H43 " ", -1 },
	{ "a:$y$j9T$sa:lt$" H43, -1 },
};

START_TEST(line)
{
	struct credential	 c;
	const char		*why;

	why = credential_parse(arena, lines[_i].line, &c);
	if (lines[_i].kind == -1) {
		ck_assert_ptr_nonnull(why);
		return;
	}
	ck_assert_msg(why == NULL, "%s is %s", lines[_i].line, why);
	ck_assert_int_eq(c.kind, lines[_i].kind);
	ck_assert_uint_eq(strlen(c.name), strcspn(lines[_i].line, ":"));
	if (c.kind == CREDENTIAL_KEY) {
		ck_assert_uint_eq(c.key[1], 0x11);
		ck_assert_uint_eq(c.key[31], 0xff);
	}
}
END_TEST

static unsigned	wrong[8], wrong_count;

static void
on_error(void *arg, unsigned number, const char *why)
{
	(void)arg;
	ck_assert_ptr_nonnull(why);
	ck_assert_uint_lt(wrong_count, 8);
	wrong[wrong_count++] = number;
}

static void
read_text(struct credentials *all, const char *text)
{
	char	*copy = xstrdup(text);

	wrong_count = 0;
	all->file = "/etc/my users";
	credentials_read(arena, copy, all, on_error, NULL);
	free(copy);
}

START_TEST(file)
{
	struct credentials	 all;

	read_text(&all, "# who may\n\nbert:$sha256$" HEX "\r\n"
	    "  \nanna:$y$j9T$salt$" H43 " \t\nzoe:$sha256$" HEX);
	ck_assert_uint_eq(wrong_count, 0);
	ck_assert_uint_eq(all.count, 3);
	ck_assert_uint_eq(all.kinds[CREDENTIAL_KEY], 2);
	ck_assert_uint_eq(all.kinds[CREDENTIAL_PASSWORD], 1);
	ck_assert_str_eq(all.list[0].name, "anna");
	ck_assert_str_eq(credential_find(&all, "zoe")->hash, "$sha256$" HEX);
	ck_assert_ptr_null(credential_find(&all, "zo"));
	/* Either of two names that have one key. */
	ck_assert_mem_eq(credential_find_key(&all, all.list[1].key)->key,
	    all.list[2].key, CREDENTIAL_KEY_LEN);
	ck_assert_ptr_null(credential_find_key(&all,
	    (const uint8_t *)"no key has these bytes, none at all"));
	ck_assert_ptr_null(credential_find(&all, ""));

	read_text(&all, "bad\na:$sha256$" HEX "\nbad:\na:$sha256$" HEX
	    "\nb:$sha256$" HEX "\na:$sha256$" HEX "\n");
	ck_assert_uint_eq(wrong_count, 4);
	ck_assert_uint_eq(wrong[0], 1);
	ck_assert_uint_eq(wrong[1], 3);
	ck_assert_uint_eq(wrong[2], 4);		/* a, again */
	ck_assert_uint_eq(wrong[3], 6);

	read_text(&all, "");
	ck_assert_uint_eq(wrong_count + all.count, 0);
	ck_assert_ptr_null(credential_find(&all, "a"));
}
END_TEST

START_TEST(travels)
{
	struct credential_files	 files = { NULL, 0 };
	struct credentials	 all;
	const struct credentials *found;
	char			*text;
	size_t			 len;
	FILE			*out;

	read_text(&all, "b:$sha256$" HEX "\na:$y$j9T$salt$" H43 "\n");
	ck_assert_ptr_nonnull(out = open_memstream(&text, &len));
	credentials_print(out, &all);
	fclose(out);
	ck_assert_ptr_null(set_credentials(arena, &files, text, NULL));
	/* Files come in order, each once. */
	ck_assert_ptr_nonnull(set_credentials(arena, &files, text, NULL));
	ck_assert_ptr_null(set_credentials(arena, &files, "/etc/x", NULL));
	ck_assert_ptr_null(set_credentials(arena, &files, "/etc/y", NULL));
	ck_assert_ptr_nonnull(set_credentials(arena, &files, "/a", NULL));
	ck_assert_ptr_nonnull(set_credentials(arena, &files, "/z a:b", NULL));
	ck_assert_ptr_null(set_credentials(arena, &files, "", NULL));
	free(text);

	found = credentials_find(&files, "/etc/my users");
	ck_assert_ptr_nonnull(found);
	ck_assert_uint_eq(found->count, 2);
	ck_assert_str_eq(found->list[0].hash, "$y$j9T$salt$" H43);
	ck_assert_uint_eq(found->kinds[CREDENTIAL_KEY], 1);
	ck_assert_ptr_null(credentials_find(&files, "/etc/my"));
	ck_assert_uint_eq(credentials_find(&files, "/etc/y")->count, 0);
}
END_TEST

int
main(void)
{
	Suite	*s;
	TCase	*tc;

	s = suite_create("credentials");
	tc = tcase_create("credentials");
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_loop_test(tc, line, 0, ROWS(lines));
	tcase_add_test(tc, file);
	tcase_add_test(tc, travels);
	suite_add_tcase(s, tc);

	return suite_run(s);
}
