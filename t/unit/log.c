/*
 * log: one whole line an event, into the file it should go to, and nothing
 * from outside that could pass for more than text.
 */
#include "log.h"
#include "lib/suite.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ROWS(table)	((int)(sizeof(table) / sizeof((table)[0])))

/* --- log_escape --------------------------------------------------------- */

#define TEXT(s)	s, sizeof(s) - 1

static const struct {
	const char	*bytes;
	size_t		 len;
	const char	*expected;
} escapes[] = {
	{ TEXT(""), "" },
	{ TEXT("plain ~ text"), "plain ~ text" },
	{ TEXT("a\nb\rc\td"), "a\\nb\\rc\\td" },
	{ TEXT("\"\\"), "\\\"\\\\" },
	{ TEXT("\0\x1b[2J\x7f"), "\\x00\\x1b[2J\\x7f" },
	{ TEXT("gr\xc3\xbc\xc3\x9f"), "gr\xc3\xbc\xc3\x9f" },
	{ TEXT("\xe2\x82\xac \xf0\x9f\x98\x80"),
	    "\xe2\x82\xac \xf0\x9f\x98\x80" },
	{ TEXT("\xc2\x9b" "2J"), "\\xc2\\x9b" "2J" },	/* C1's CSI */
	{ TEXT("\xc2\xa0"), "\xc2\xa0" },
	{ TEXT("\xff\xfe\x80"), "\\xff\\xfe\\x80" },
	{ TEXT("\xc0\xaf"), "\\xc0\\xaf" },		/* overlong */
	{ TEXT("\xc1\xbf"), "\\xc1\\xbf" },
	{ TEXT("\xe0\x9f\xbf"), "\\xe0\\x9f\\xbf" },
	{ TEXT("\xe0\xa0\x80"), "\xe0\xa0\x80" },
	{ TEXT("\xf0\x8f\xbf\xbf"), "\\xf0\\x8f\\xbf\\xbf" },
	{ TEXT("\xf0\x90\x80\x80"), "\xf0\x90\x80\x80" },
	{ TEXT("\xed\x9f\xbf"), "\xed\x9f\xbf" },
	{ TEXT("\xed\xa0\x80"), "\\xed\\xa0\\x80" },	/* surrogate */
	{ TEXT("\xf4\x8f\xbf\xbf"), "\xf4\x8f\xbf\xbf" },
	{ TEXT("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80" },
	{ TEXT("\xf5\x80\x80\x80"), "\\xf5\\x80\\x80\\x80" },
	{ TEXT("a\xc3"), "a\\xc3" },			/* cut off */
	{ TEXT("\xe2\x82"), "\\xe2\\x82" },
	{ TEXT("\xc3z"), "\\xc3z" },
};

/* A copy of exactly that size: ASan sees what reads beyond. */
static char *
exact_copy(const void *bytes, size_t len)
{
	char	*copy;

	ck_assert_ptr_nonnull(copy = malloc(len > 0 ? len : 1));
	memcpy(copy, bytes, len);
	return copy;
}

START_TEST(escape)
{
	char	*bytes, out[256];

	bytes = exact_copy(escapes[_i].bytes, escapes[_i].len);
	ck_assert_ptr_eq(log_escape(out, sizeof(out), bytes, escapes[_i].len),
	    out);
	ck_assert_str_eq(out, escapes[_i].expected);
	free(bytes);
}
END_TEST

/* In every room: whole if it fits, else whole pieces and "...". */
START_TEST(escape_in_room)
{
	const char	*expected = escapes[_i].expected;
	size_t		 whole = strlen(expected), room, len;
	char		*out;

	for (room = 0; room <= whole + 2; room++) {
		out = exact_copy("", 0);
		ck_assert_ptr_nonnull(out = realloc(out, room ? room : 1));
		*out = 'x';
		log_escape(out, room, escapes[_i].bytes, escapes[_i].len);
		if (room == 0)
			ck_assert_int_eq(*out, 'x');
		else if (room > whole)
			ck_assert_str_eq(out, expected);
		else if (room < 4)
			ck_assert_str_eq(out, "");
		else {
			len = strlen(out);
			ck_assert_uint_lt(len, room);
			ck_assert_uint_ge(len, 3);
			ck_assert_str_eq(out + len - 3, "...");
			ck_assert_mem_eq(out, expected, len - 3);
			/* No piece is longer than four bytes. */
			ck_assert_uint_ge(len + 4, room);
		}
		free(out);
	}
}
END_TEST

/* Whatever comes in, what comes out is one printable line. */
START_TEST(escape_every_byte)
{
	char	 bytes[2], out[16], *p;
	int	 i;

	for (i = 0; i < 65536; i++) {
		bytes[0] = (char)(i >> 8);
		bytes[1] = (char)i;
		log_escape(out, sizeof(out), bytes, sizeof(bytes));
		for (p = out; *p != '\0'; p++)
			if ((uint8_t)*p < 0x20 || *p == 0x7f)
				ck_abort_msg("%04x: control byte", i);
	}
}
END_TEST

/* --- the log ------------------------------------------------------------ */

static char	folder[32];
static char	path[64];
static char	text[16384];

static void
set_up(void)
{
	strcpy(folder, "/tmp/tollgate-log-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/log", folder);
	ck_assert_int_eq(log_open(path, LEVEL_INFO, "tester"), 0);
}

static void
tear_down(void)
{
	char	 command[128];

	snprintf(command, sizeof(command), "rm -rf %s", folder);
	ck_assert_int_eq(system(command), 0);
}

/* The whole file, into text. */
static const char *
read_file(const char *name)
{
	FILE	*in;
	size_t	 len;

	ck_assert_ptr_nonnull(in = fopen(name, "r"));
	len = fread(text, 1, sizeof(text) - 1, in);
	text[len] = '\0';
	fclose(in);
	return text;
}

static int
count_lines(const char *s)
{
	int	 lines = 0;

	for (; *s != '\0'; s++)
		lines += *s == '\n';
	return lines;
}

START_TEST(line)
{
	char	 expected[64];
	int	 year, month, day, hour, minute, second, ms, used = 0;

	log_warning("%s is %d", "answer", 42);
	read_file(path);
	ck_assert_int_eq(sscanf(text, "%4d-%2d-%2dT%2d:%2d:%2d.%3dZ %n",
	    &year, &month, &day, &hour, &minute, &second, &ms, &used), 7);
	snprintf(expected, sizeof(expected),
	    "[warning] tester[%ld]: answer is 42\n", (long)getpid());
	ck_assert_str_eq(text + used, expected);
}
END_TEST

START_TEST(level)
{
	static const struct {
		void		(*say)(const char *, ...);
		const char	 *word;
	} levels[LEVELS] = {
		[LEVEL_DEBUG] = { log_debug, "debug" },
		[LEVEL_INFO] = { log_info, "info" },
		[LEVEL_NOTICE] = { log_notice, "notice" },
		[LEVEL_WARNING] = { log_warning, "warning" },
		[LEVEL_ERROR] = { log_error, "error" },
	};
	int	 i;

	ck_assert_int_eq(log_open(path, (enum log_level)_i, "tester"), 0);
	for (i = 0; i < LEVELS; i++) {
		ck_assert_str_eq(log_level_name((enum log_level)i),
		    levels[i].word);
		levels[i].say("%s", "words");
	}
	ck_assert_int_eq(count_lines(read_file(path)), LEVELS - _i);
	ck_assert_str_eq(log_level_name(LEVELS), "");
}
END_TEST

START_TEST(errno_is_said_and_kept)
{
	errno = ENOENT;
	log_errno("%s", "thing");
	ck_assert_int_eq(errno, ENOENT);
	ck_assert_ptr_nonnull(strstr(read_file(path),
	    "[error] tester"));
	ck_assert_ptr_nonnull(strstr(text,
	    ": thing: No such file or directory\n"));
}
END_TEST

/* However long it is, it is one line that ends. */
START_TEST(long_line_is_cut)
{
	char	*words;
	size_t	 len;

	for (len = 3900; len < 4200; len++) {
		ck_assert_int_eq(truncate(path, 0), 0);
		ck_assert_ptr_nonnull(words = malloc(len + 1));
		memset(words, 'x', len);
		words[len] = '\0';
		errno = EACCES;
		log_errno("%s", words);
		free(words);
		ck_assert_int_eq(count_lines(read_file(path)), 1);
		ck_assert_int_eq(text[strlen(text) - 1], '\n');
		ck_assert_uint_le(strlen(text), 4096);
	}
}
END_TEST

START_TEST(reopened_after_a_move)
{
	char	 moved[80];

	log_info("before");
	snprintf(moved, sizeof(moved), "%s.1", path);
	ck_assert_int_eq(rename(path, moved), 0);
	log_info("moved");
	ck_assert_int_eq(log_reopen(), 0);
	log_info("after");
	ck_assert_int_eq(count_lines(read_file(moved)), 2);
	ck_assert_int_eq(count_lines(read_file(path)), 1);
}
END_TEST

/* What cannot be opened leaves the log where it was. */
START_TEST(refused)
{
	char		 name[5000], target[80];
	struct stat	 st;
	int		 fd = log_fd();

	snprintf(name, sizeof(name), "%s/link", folder);
	snprintf(target, sizeof(target), "%s/target", folder);
	ck_assert_int_eq(symlink(target, name), 0);
	ck_assert_int_eq(log_open(name, LEVEL_DEBUG, "liar"), -1);
	ck_assert_int_eq(errno, ELOOP);
	ck_assert_int_eq(stat(target, &st), -1);

	ck_assert_int_eq(log_open("/nonexistent/log", LEVEL_DEBUG, "liar"),
	    -1);
	ck_assert_int_eq(errno, ENOENT);

	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	ck_assert_int_eq(log_open(name, LEVEL_DEBUG, "liar"), -1);
	ck_assert_int_eq(errno, ENAMETOOLONG);

	ck_assert_int_eq(log_fd(), fd);
	log_debug("dropped");
	log_info("kept");
	ck_assert_int_eq(count_lines(read_file(path)), 1);
	ck_assert_ptr_nonnull(strstr(text, "tester"));
}
END_TEST

START_TEST(file_is_for_us_alone)
{
	struct stat	 st;

	ck_assert_int_eq(fstat(log_fd(), &st), 0);
	ck_assert_int_eq(st.st_mode & 07137, 0);
	ck_assert_int_ne(fcntl(log_fd(), F_GETFL) & O_APPEND, 0);
	ck_assert_int_ne(fcntl(log_fd(), F_GETFD) & FD_CLOEXEC, 0);
}
END_TEST

/* Going over to another file or stderr closes the old one, once. */
START_TEST(no_descriptor_is_left)
{
	int	 first = log_fd(), i;

	for (i = 0; i < 100; i++) {
		ck_assert_int_eq(log_open("stderr", LEVEL_ERROR, "tester"), 0);
		ck_assert_int_eq(log_fd(), STDERR_FILENO);
		ck_assert_int_eq(log_reopen(), 0);
		ck_assert_int_eq(log_open(path, LEVEL_ERROR, "tester"), 0);
		ck_assert_int_eq(log_reopen(), 0);
		ck_assert_int_le(log_fd(), first + 1);
	}
}
END_TEST

START_TEST(fatal_ends)
{
	errno = EPERM;
	fatal("over");
}
END_TEST

int
main(void)
{
	Suite	*s;
	TCase	*tc;

	s = suite_create("log");
	tc = tcase_create("escape");
	tcase_add_loop_test(tc, escape, 0, ROWS(escapes));
	tcase_add_loop_test(tc, escape_in_room, 0, ROWS(escapes));
	tcase_add_test(tc, escape_every_byte);
	suite_add_tcase(s, tc);
	tc = tcase_create("file");
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, line);
	tcase_add_loop_test(tc, level, 0, LEVELS);
	tcase_add_test(tc, errno_is_said_and_kept);
	tcase_add_test(tc, long_line_is_cut);
	tcase_add_test(tc, reopened_after_a_move);
	tcase_add_test(tc, refused);
	tcase_add_test(tc, file_is_for_us_alone);
	tcase_add_test(tc, no_descriptor_is_left);
	suite_add_tcase(s, tc);
	tc = tcase_create("end");
	tcase_add_exit_test(tc, fatal_ends, 1);
	suite_add_tcase(s, tc);

	return suite_run(s);
}
