/*
 * funclog: lines come out whole and the same however their bytes came in; a
 * flood is dropped and told; few files stay open.
 *
 * The clock is this file's own.
 */
#include "funclog.h"

#include <sys/stat.h>

#include <check.h>
#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config.h"
#include "function.h"
#include "log.h"
#include "mem.h"
#include "tenant.h"
#include "timer.h"
#include "lib/suite.h"

#define RATE		(1024 * 1024)	/* bytes a second, and at once */
#define ROWS(table)	((int)(sizeof(table) / sizeof((table)[0])))

/* --- a clock of our own ------------------------------------------------- */

struct timer {
	void	(*on_time)(void *arg);
	void	 *arg;
	bool	  is_started;
};

static uint64_t		 now_ms;
static struct timer	*report;	/* there is but one */

uint64_t
timer_now(void)
{
	return now_ms;
}

struct timer *
timer_new(void (*on_time)(void *arg), void *arg)
{
	report = xcalloc(1, sizeof(*report));
	report->on_time = on_time;
	report->arg = arg;
	return report;
}

void
timer_free(struct timer *t)
{
	free(t);
}

void
timer_start(struct timer *t, uint64_t ms)
{
	ck_assert_uint_eq(ms, 1000);
	t->is_started = true;
}

bool
timer_is_started(const struct timer *t)
{
	return t->is_started;
}

static void
second_passes(void)
{
	now_ms += 1000;
	if (report->is_started) {
		report->is_started = false;
		report->on_time(report->arg);
	}
}

/* --- fixtures ----------------------------------------------------------- */

static char		 folder[64];
static char		 path[128];	/* of the file read last */
static char		*content;
static struct funclogs	*logs;
static struct function	*fn;

static struct function *
make_function(const char *name)
{
	struct function	*made;

	made = function_create();
	made->name = arena_strdup(made->arena, name);
	made->log_rate = made->log_burst = RATE;
	return made;
}

static struct tenants	*tenants;
static struct tenant	*tenant;	/* whose workers say it */

static struct funclog_stream *
open_stream(const struct function *who, pid_t worker)
{
	const struct funclog_source	 source = { who, worker, tenant };

	return funclog_stream_create(logs, &source);
}

static void
set_up(void)
{
	snprintf(folder, sizeof(folder), "/tmp/tollgate-funclog.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	now_ms = 5000;
	content = NULL;
	logs = funclogs_create(folder);
	tenants = tenants_create();
	tenant = tenants_get(tenants, 1000);
	fn = make_function("thumb");
}

static void
tear_down(void)
{
	char		 name[512];
	struct dirent	*entry;
	DIR		*dir;

	funclogs_free(logs);
	tenant_release(tenant);
	tenants_free(tenants);
	function_release(fn);
	free(content);
	dir = opendir(folder);
	while ((entry = readdir(dir)) != NULL) {
		snprintf(name, sizeof(name), "%s/%s", folder, entry->d_name);
		if (entry->d_name[0] != '.')
			remove(name);
	}
	closedir(dir);
	ck_assert_int_eq(rmdir(folder), 0);
}

static const char *
read_log(const char *name)
{
	struct stat	 st;
	FILE		*in;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	free(content);
	content = NULL;
	if ((in = fopen(path, "r")) == NULL)
		return "";
	fstat(fileno(in), &st);
	content = xcalloc(1, (size_t)st.st_size + 1);
	ck_assert_uint_eq(fread(content, 1, (size_t)st.st_size, in),
	    (size_t)st.st_size);
	fclose(in);
	return content;
}

/* Behind their times, the file's lines are these. */
static void
assert_log(const char *name, const char *expected)
{
	const char	*at = read_log(name), *end;
	char		*rest, *to;

	rest = to = xcalloc(1, strlen(at) + 1);
	for (; *at != '\0'; at = end) {
		end = strchr(at, '\n');
		ck_assert_ptr_nonnull(end++);
		ck_assert_msg(at[4] == '-' && at[10] == 'T' && at[19] == '.' &&
		    at[23] == 'Z' && at[24] == ' ', "time: %s", at);
		memcpy(to, at + 25, (size_t)(end - at) - 25);
		to += end - at - 25;
	}
	ck_assert_str_eq(rest, expected);
	free(rest);
}

/* Open descriptors of this process. */
static int
descriptors(void)
{
	DIR	*dir = opendir("/proc/self/fd");
	int	 count = 0;

	while (readdir(dir) != NULL)
		count++;
	closedir(dir);
	return count;
}

static void
say(const struct function *who, const char *text)
{
	struct funclog_stream	*s;

	s = open_stream(who, 42);
	funclog_write(s, "r1", text, strlen(text));
	funclog_stream_free(s);
}

/* --- lines -------------------------------------------------------------- */

static const struct {
	const char	*said;
	const char	*lines;
} lines[] = {
	{ "one\n", "r1 worker 42: one\n" },
	{ "one\ntwo\n", "r1 worker 42: one\nr1 worker 42: two\n" },
	{ "one\ntwo", "r1 worker 42: one\nr1 worker 42: two\n" },
	{ "\n\n", "r1 worker 42: \nr1 worker 42: \n" },
	{ "a\tb\x1b[31m\r\n", "r1 worker 42: a\\tb\\x1b[31m\\r\n" },
	{ "\xc3\xa9\xff\n", "r1 worker 42: \xc3\xa9\\xff\n" },
	{ "2026-11-24T16:05:01.123Z r2 worker 1: forged\\\n",
	  "r1 worker 42: 2026-11-24T16:05:01.123Z r2 worker 1: forged\\\\\n" },
};

START_TEST(lines_are_the_same_however_split)
{
	const char		*said = lines[_i].said;
	struct funclog_stream	*s;
	size_t			 len = strlen(said), at;

	for (at = 0; at <= len; at++) {
		s = open_stream(fn, 42);
		funclog_write(s, "r1", said, at);
		funclog_write(s, "r1", said + at, len - at);
		funclog_flush(s, "r1");
		funclog_stream_free(s);
		assert_log("thumb.log", lines[_i].lines);
		ck_assert_int_eq(truncate(path, 0), 0);
	}
}
END_TEST

/* Lines about as long as the longest, in chunks that divide none of them. */
START_TEST(long_line_comes_in_pieces)
{
	static const size_t	 chunks[] = {
		1, 4096, 8191, 8192, 8193, 65536
	};
	size_t			 len = 2 * FUNCLOG_LINE_MAX + (size_t)_i - 2;
	struct funclog_stream	*s;
	char			*said, *expected;
	size_t			 at, i, n;

	said = xcalloc(1, len + 1);
	memset(said, 'x', len);
	said[len - 1] = '\n';
	if (len - 1 <= 2 * FUNCLOG_LINE_MAX)
		expected = xasprintf("r1 worker 42: %.8192s\n"
		    "r1 worker 42: %s", said, said + FUNCLOG_LINE_MAX);
	else
		expected = xasprintf("r1 worker 42: %.8192s\n"
		    "r1 worker 42: %.8192s\nr1 worker 42: x\n", said, said);
	for (i = 0; i < ROWS(chunks); i++) {
		s = open_stream(fn, 42);
		for (at = 0; at < len; at += n) {
			n = len - at < chunks[i] ? len - at : chunks[i];
			funclog_write(s, "r1", said + at, n);
		}
		funclog_stream_free(s);
		assert_log("thumb.log", expected);
		ck_assert_int_eq(truncate(path, 0), 0);
	}
	free(said);
	free(expected);
}
END_TEST

START_TEST(escapes_never_overflow)
{
	struct funclog_stream	*s;
	char			*said;
	size_t			 len = 20 * FUNCLOG_LINE_MAX;
	const char		*at;

	said = xmalloc(len);
	memset(said, 0xff, len);
	s = open_stream(fn, 42);
	funclog_write(s, "r1", said, len);
	funclog_stream_free(s);
	free(said);
	len = 0;
	for (at = read_log("thumb.log"); *at != '\0'; at++)
		len += strncmp(at, "\\xff", 4) == 0;
	ck_assert_uint_eq(len, 20 * FUNCLOG_LINE_MAX);
}
END_TEST

START_TEST(end_of_request_ends_its_line)
{
	struct funclog_stream	*s;

	s = open_stream(fn, 42);
	funclog_write(s, "r1", "half", 4);
	ck_assert_str_eq(read_log("thumb.log"), "");
	funclog_flush(s, "r1");
	funclog_flush(s, "r1");
	funclog_write(s, "r2", "whole\nlast", 10);
	funclog_stream_free(s);
	assert_log("thumb.log", "r1 worker 42: half\nr2 worker 42: whole\n"
	    "- worker 42: last\n");
}
END_TEST

/* --- where they go ------------------------------------------------------ */

START_TEST(silence_opens_nothing)
{
	struct funclog_stream	*s;

	s = open_stream(fn, 42);
	funclog_flush(s, "-");
	funclog_stream_free(s);
	ck_assert_str_eq(read_log("thumb.log"), "");
	ck_assert_int_eq(access(path, F_OK), -1);
}
END_TEST

START_TEST(file_is_not_for_all)
{
	struct stat	 st;

	umask(0);
	say(fn, "x\n");
	read_log("thumb.log");
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0640);
}
END_TEST

START_TEST(function_names_another_file)
{
	say(fn, "one\n");
	fn->stderr_log = arena_printf(fn->arena, "%s/mine", folder);
	say(fn, "two\n");
	assert_log("thumb.log", "r1 worker 42: one\n");
	assert_log("mine", "r1 worker 42: two\n");
}
END_TEST

START_TEST(files_are_opened_anew)
{
	char	 from[128], to[128];

	say(fn, "one\n");
	snprintf(from, sizeof(from), "%s/thumb.log", folder);
	snprintf(to, sizeof(to), "%s/thumb.log.1", folder);
	ck_assert_int_eq(rename(from, to), 0);
	say(fn, "two\n");
	funclogs_reopen(logs, folder);
	say(fn, "three\n");
	assert_log("thumb.log.1", "r1 worker 42: one\nr1 worker 42: two\n");
	assert_log("thumb.log", "r1 worker 42: three\n");
}
END_TEST

START_TEST(no_folder_means_the_error_log)
{
	char	 error_log[128];

	snprintf(error_log, sizeof(error_log), "%s/error", folder);
	ck_assert_int_eq(log_open(error_log, LEVEL_INFO, "test"), 0);
	funclogs_reopen(logs, "");
	say(fn, "o\tne\ntwo\n");
	ck_assert_ptr_nonnull(strstr(read_log("error"),
	    ": thumb: request r1 worker 42: o\\tne\n"));
	ck_assert_ptr_nonnull(strstr(content,
	    ": thumb: request r1 worker 42: two\n"));
}
END_TEST

START_TEST(link_is_refused_and_told_once)
{
	char	 name[128];
	int	 i;

	snprintf(name, sizeof(name), "%s/error", folder);
	ck_assert_int_eq(log_open(name, LEVEL_INFO, "test"), 0);
	snprintf(name, sizeof(name), "%s/thumb.log", folder);
	ck_assert_int_eq(symlink("/dev/null", name), 0);
	for (i = 0; i < 5; i++) {
		say(fn, "one\n");
		second_passes();
	}
	ck_assert_ptr_nonnull(strstr(read_log("error"),
	    "thumb.log: Too many levels of symbolic links\n"));
	ck_assert_ptr_eq(strchr(content, '\n') + 1,
	    content + strlen(content));

	/* Once it can be written to, it says how much is missing. */
	ck_assert_int_eq(unlink(name), 0);
	second_passes();
	ck_assert_ptr_nonnull(strstr(read_log("thumb.log"),
	    "Z - tollgate: "));
	say(fn, "two\n");
	ck_assert_ptr_nonnull(strstr(read_log("thumb.log"),
	    "r1 worker 42: two\n"));
}
END_TEST

START_TEST(few_files_stay_open)
{
	struct funclog_stream	*streams[200];
	struct function		*many[200];
	char			 name[32], expected[64];
	int			 before = descriptors(), round, i;

	for (i = 0; i < 200; i++) {
		snprintf(name, sizeof(name), "f%d", i);
		many[i] = make_function(name);
		streams[i] = open_stream(many[i], i);
	}
	for (round = 0; round < 2; round++)
		for (i = 0; i < 200; i++)
			funclog_write(streams[i], "r", "x\n", 2);
	ck_assert_int_eq(descriptors(), before + FUNCLOG_FILES);
	for (i = 0; i < 200; i++) {
		funclog_stream_free(streams[i]);
		snprintf(name, sizeof(name), "f%d.log", i);
		snprintf(expected, sizeof(expected), "r worker %d: x\n"
		    "r worker %d: x\n", i, i);
		assert_log(name, expected);
		function_release(many[i]);
	}
	funclogs_free(logs);
	ck_assert_int_eq(descriptors(), before);
	logs = NULL;
}
END_TEST

/* --- floods ------------------------------------------------------------- */

START_TEST(flood_is_dropped_and_told)
{
	static char		 said[64 * 1024];
	struct funclog_stream	*one, *two;
	struct function		*quiet;
	unsigned long		 dropped;
	const char		*told;
	int			 i;

	for (i = 0; i < (int)sizeof(said); i++)
		said[i] = i % 64 == 63 ? '\n' : 'x';
	one = open_stream(fn, 1);
	two = open_stream(fn, 2);
	for (i = 0; i < 32; i++) {	/* 2 MB each: of the function, 4 */
		funclog_write(one, "r1", said, sizeof(said));
		funclog_write(two, "r2", said, sizeof(said));
	}
	ck_assert_uint_lt(strlen(read_log("thumb.log")), RATE + 200);
	ck_assert_ptr_null(strstr(content, "tollgate"));
	quiet = make_function("quiet");
	say(quiet, "heard\n");
	assert_log("quiet.log", "r1 worker 42: heard\n");

	/* A second later that is told, and there is room again. */
	second_passes();
	told = strstr(read_log("thumb.log"), "Z - tollgate: ");
	ck_assert_ptr_nonnull(told);
	dropped = strtoul(told + 14, NULL, 10);
	ck_assert_uint_gt(dropped, 4 * RATE - RATE);
	ck_assert_str_eq(strchr(told + 14, ' '), " bytes dropped\n");
	funclog_write(one, "r3", "again\n", 6);
	ck_assert_ptr_nonnull(strstr(read_log("thumb.log"),
	    "r3 worker 1: again\n"));
	ck_assert(!report->is_started);
	funclog_stream_free(one);
	funclog_stream_free(two);
	function_release(quiet);
}
END_TEST

/* A user's functions share his account's rate, others have theirs. */
START_TEST(account_is_a_limit_of_its_own)
{
	static char		 said[64 * 1024];
	static struct config	 config;	/* tear_down needs them */
	static struct account	 account;
	struct function		*second = make_function("second");
	struct tenant		*mine = tenant;

	memset(said, 'x', sizeof(said) - 1);
	config_default_account(&account);
	account.uid = 1000;
	account.log_rate = 1024;
	account.log_burst = 64 * 1024;
	config_default_account(&config.others);
	config.accounts = &account;
	config.account_count = 1;
	tenants_configure(tenants, &config);
	say(fn, said);
	say(second, "lost\n");
	ck_assert_str_eq(read_log("second.log"), "");
	tenant = tenants_get(tenants, 1001);
	say(second, "another's\n");
	assert_log("second.log", "r1 worker 42: another's\n");
	tenant_release(tenant);
	tenant = mine;
	second_passes();
	say(second, "heard\n");
	ck_assert_ptr_nonnull(strstr(read_log("second.log"),
	    " - tollgate: 5 bytes dropped\n"));
	ck_assert_ptr_nonnull(strstr(content, ": heard\n"));
	function_release(second);
}
END_TEST

/* Of a template, one user's flood costs another nothing. */
START_TEST(rate_is_each_users)
{
	static char	 said[2 * RATE];
	struct tenant	*mine = tenant;

	memset(said, '\n', sizeof(said) - 1);
	say(fn, said);
	say(fn, "lost\n");
	ck_assert_ptr_null(strstr(read_log("thumb.log"), "lost"));
	tenant = tenants_get(tenants, 1001);
	say(fn, "heard\n");
	tenant_release(tenant);
	tenant = mine;
	ck_assert_ptr_nonnull(strstr(read_log("thumb.log"), ": heard\n"));
}
END_TEST

START_TEST(end_tells_what_was_dropped)
{
	static char	 said[2 * RATE];

	memset(said, '\n', sizeof(said) - 1);
	say(fn, said);
	funclogs_free(logs);
	logs = NULL;
	ck_assert_ptr_nonnull(strstr(read_log("thumb.log"),
	    " bytes dropped\n"));
}
END_TEST

int
main(void)
{
	Suite	*suite = suite_create("funclog");
	TCase	*tc = tcase_create("funclog");

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, lines_are_the_same_however_split, 0,
	    ROWS(lines));
	tcase_add_loop_test(tc, long_line_comes_in_pieces, 0, 5);
	tcase_add_test(tc, escapes_never_overflow);
	tcase_add_test(tc, end_of_request_ends_its_line);
	tcase_add_test(tc, silence_opens_nothing);
	tcase_add_test(tc, file_is_not_for_all);
	tcase_add_test(tc, function_names_another_file);
	tcase_add_test(tc, files_are_opened_anew);
	tcase_add_test(tc, no_folder_means_the_error_log);
	tcase_add_test(tc, link_is_refused_and_told_once);
	tcase_add_test(tc, few_files_stay_open);
	tcase_add_test(tc, flood_is_dropped_and_told);
	tcase_add_test(tc, account_is_a_limit_of_its_own);
	tcase_add_test(tc, rate_is_each_users);
	tcase_add_test(tc, end_tells_what_was_dropped);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
