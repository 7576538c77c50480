/*
 * accounting: what a record looks like; that whoever is told has it in the
 * file; that a full disk tears no line and loses only what it must.
 *
 * The clock is this file's own.
 */
#include "accounting.h"

#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <check.h>
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "mem.h"
#include "timer.h"
#include "lib/suite.h"

#define ROWS(table)	((int)(sizeof(table) / sizeof((table)[0])))
#define MEMORY		(1 << 20)

/* --- a clock of our own ------------------------------------------------- */

struct timer {
	void	(*on_time)(void *arg);
	void	 *arg;
	bool	  is_started;
};

static uint64_t		 now_ms;
static struct timer	*retry;		/* the ledger has but one */

uint64_t
timer_now(void)
{
	return now_ms;
}

struct timer *
timer_new(void (*on_time)(void *arg), void *arg)
{
	retry = xcalloc(1, sizeof(*retry));
	retry->on_time = on_time;
	retry->arg = arg;
	return retry;
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

void
timer_stop(struct timer *t)
{
	t->is_started = false;
}

/* --- records ------------------------------------------------------------ */

static const struct record	 sample = {
	.time_us = UINT64_C(1795536301123456),
	.id = "2f1c7a52-5e4f-4b7e-9e3a-0d8c1b2a3f4d",
	.function = "thumb",
	.version = "00d1e2f3a4b5c6d7",
	.trigger = "http",
	.user = "anna",
	.caller = "berta",
	.method = "GET",
	.path = "/thumbs/a.png",
	.status = 200,
	.outcome = OUTCOME_OK,
	.duration_us = 12345,
	.queue_us = 7,
	.init_us = 3000001,
	.billed_ms = 100,
	.cpu_us = 1050,
	.memory_bytes = 128 << 20,
	.max_memory_kb = 20480,
	.bytes_in = 0,
	.bytes_out = 5000000000,
	.worker = 4242,
	.cold = true,
	.attempt = 1
};

static char			line[RECORD_MAX + 1];
static struct record_second	last;

static size_t
format(const struct record *r)
{
	size_t	 len;

	len = record_format(line, r, &last);
	ck_assert_uint_lt(len, RECORD_MAX);
	line[len] = '\0';
	ck_assert_ptr_eq(strchr(line, '\n'), line + len - 1);
	return len;
}

START_TEST(record_is_a_line)
{
	struct record	 r = sample;

	format(&r);
	ck_assert_str_eq(line,
	    "{\"time\":\"2026-11-24T16:05:01.123456Z\","
	    "\"id\":\"2f1c7a52-5e4f-4b7e-9e3a-0d8c1b2a3f4d\","
	    "\"function\":\"thumb\",\"version\":\"00d1e2f3a4b5c6d7\","
	    "\"trigger\":\"http\",\"user\":\"anna\",\"caller\":\"berta\","
	    "\"method\":\"GET\","
	    "\"path\":\"/thumbs/a.png\",\"status\":200,\"outcome\":\"ok\","
	    "\"duration_ms\":12.345,\"queue_ms\":0.007,\"init_ms\":3000.001,"
	    "\"billed_ms\":100,\"cpu_ms\":1.050,\"memory_mb\":128,"
	    "\"max_memory_kb\":20480,\"gb_ms\":12.500000,\"bytes_in\":0,"
	    "\"bytes_out\":5000000000,\"worker\":4242,\"cold\":true,"
	    "\"attempt\":1}\n");
	r.cold = false;
	format(&r);
	ck_assert_ptr_null(strstr(line, "init_ms"));
	ck_assert_ptr_nonnull(strstr(line, "\"cold\":false"));
}
END_TEST

/* What a path becomes. */
static const struct {
	const char	*text;
	const char	*string;
} strings[] = {
	{ "", "" },
	{ NULL, "" },
	{ "/a b", "/a b" },
	{ "/\"\\,{}", "/\\\"\\\\,{}" },
	{ "/\n\r\t\b\x1b\x7f", "/\\u000a\\u000d\\u0009\\u0008\\u001b\\u007f" },
	{ "/\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80",
	  "/\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80" },
	{ "/\xe9t\xe9", "/\\ufffdt\\ufffd" },		/* Latin 1 */
	{ "/\xc0\xaf", "/\\ufffd\\ufffd" },		/* overlong */
	{ "/\xed\xa0\x80", "/\\ufffd\\ufffd\\ufffd" },	/* a surrogate */
	{ "/\xe2\x82", "/\\ufffd\\ufffd" },		/* cut short */
	{ "/\xc2\x85", "/\\ufffd\\ufffd" },		/* a C1 control */
};

START_TEST(text_is_escaped)
{
	struct record	 r = sample;
	char		 expected[128];

	r.path = strings[_i].text;
	format(&r);
	snprintf(expected, sizeof(expected), "\"path\":\"%s\",\"status\"",
	    strings[_i].string);
	ck_assert_msg(strstr(line, expected) != NULL, "%s: %s", expected,
	    line);
}
END_TEST

/* Text is taken eight bytes at a time: one that is not plain in each place. */
START_TEST(no_byte_slips_through)
{
	struct record	 r = sample;
	char		 text[20], piece[8], expected[64];
	int		 at, i;

	for (at = 0; at < 19; at++)
		for (i = 1; i < 256; i++) {
			memset(text, 'a', 19);
			text[19] = '\0';
			text[at] = (char)i;
			snprintf(piece, sizeof(piece), i < 0x20 || i == 0x7f ?
			    "\\u%04x" : i > 0x7f ? "\\ufffd" :
			    i == '"' || i == '\\' ? "\\%c" : "%c", i);
			snprintf(expected, sizeof(expected),
			    "\"path\":\"%.*s%s%s\",", at, text, piece,
			    text + at + 1);
			r.path = text;
			format(&r);
			ck_assert_msg(strstr(line, expected) != NULL, "%s: %s",
			    expected, line);
		}
}
END_TEST

START_TEST(numbers_of_every_length)
{
	struct record	 r = sample;
	char		 expected[80];
	uint64_t	 n;
	int		 i, digits;

	for (n = 1, digits = 1; digits <= 20; digits++, n *= 10)
		for (i = -1; i <= 1; i++) {
			r.bytes_in = n + (uint64_t)i;
			r.status = (int)(n % 1000000007);
			r.worker = -(int64_t)(n >> 1);
			format(&r);
			snprintf(expected, sizeof(expected),
			    "\"bytes_in\":%" PRIu64 ",", r.bytes_in);
			ck_assert_ptr_nonnull(strstr(line, expected));
			snprintf(expected, sizeof(expected), "\"status\":%d,",
			    r.status);
			ck_assert_ptr_nonnull(strstr(line, expected));
			snprintf(expected, sizeof(expected),
			    "\"worker\":%" PRId64 ",", r.worker);
			ck_assert_ptr_nonnull(strstr(line, expected));
		}
}
END_TEST

static const struct {
	uint64_t	 us;
	const char	*text;
} times[] = {
	{ 0, "1970-01-01T00:00:00.000000Z" },
	{ 999999, "1970-01-01T00:00:00.999999Z" },
	{ 1000000, "1970-01-01T00:00:01.000000Z" },
	{ 1709251199000007, "2024-02-29T23:59:59.000007Z" },
	{ 1709251200000000, "2024-03-01T00:00:00.000000Z" },
	{ 1709251199100000, "2024-02-29T23:59:59.100000Z" },
};

START_TEST(seconds_follow_each_other)
{
	struct record	 r = sample;
	int		 i;

	memset(&last, 0, sizeof(last));
	for (i = 0; i < ROWS(times); i++) {
		r.time_us = times[i].us;
		format(&r);
		ck_assert_int_eq(strncmp(line + sizeof("{\"time\":\"") - 1,
		    times[i].text, strlen(times[i].text)), 0);
	}
}
END_TEST

/* Long text, of units that are bytes, characters or escapes. */
static const struct {
	const char	*unit;
	size_t		 width;		/* of one in the line */
} units[] = {
	{ "a", 1 }, { "\"", 2 }, { "\xc3\xa9", 2 }, { "\xe2\x82\xac", 3 },
	{ "\xf0\x9f\x98\x80", 4 }, { "\n", 6 }, { "\xff", 6 },
};

START_TEST(long_text_is_cut)
{
	struct record	 r = sample;
	char		*text, *path, *cut;
	int		 i;

	text = xcalloc(65536 + 8, 1);
	for (i = 0; i < 65536; i += (int)strlen(units[_i].unit))
		strcpy(text + i, units[_i].unit);
	r.id = r.function = r.version = r.trigger = r.user = text;
	r.caller = r.method = text;
	r.path = text;
	r.duration_us = r.queue_us = r.init_us = r.billed_ms = UINT64_MAX;
	r.cpu_us = r.memory_bytes = r.max_memory_kb = UINT64_MAX;
	r.time_us = r.bytes_in = r.bytes_out = UINT64_MAX;
	r.worker = INT64_MIN;
	r.status = -2147483647;
	r.attempt = UINT32_MAX;
	format(&r);

	path = strstr(line, "\"path\":\"") + 8;
	cut = strstr(path, "...\",\"status\":");
	ck_assert_ptr_nonnull(cut);
	ck_assert_uint_eq((size_t)(cut - path) % units[_i].width, 0);
	ck_assert_uint_ge((size_t)(cut - path), 6144 - 2 - 3 - 6);
	free(text);
}
END_TEST

/* What just fits is not cut, one byte more is. */
START_TEST(text_that_fits_is_whole)
{
	struct record	 r = sample;
	char		 text[128] = "", expected[256];

	memset(text, 'm', 126);
	r.method = text;
	format(&r);
	snprintf(expected, sizeof(expected), "\"method\":\"%.126s\",", text);
	ck_assert_ptr_nonnull(strstr(line, expected));
	text[126] = 'm';
	format(&r);
	snprintf(expected, sizeof(expected), "\"method\":\"%.123s...\",",
	    text);
	ck_assert_ptr_nonnull(strstr(line, expected));
}
END_TEST

START_TEST(big_numbers_are_whole)
{
	struct record	 r = sample;

	r.bytes_in = UINT64_C(1) << 32;
	r.bytes_out = (UINT64_C(1) << 53) + 1;
	r.cpu_us = UINT64_MAX;
	r.time_us = UINT64_MAX;
	r.duration_us = 0;
	r.memory_bytes = UINT64_C(1) << 40;
	r.billed_ms = UINT64_C(86400000);
	format(&r);
	ck_assert_ptr_nonnull(strstr(line, "\"bytes_in\":4294967296,"));
	ck_assert_ptr_nonnull(strstr(line, "\"bytes_out\":9007199254740993,"));
	ck_assert_ptr_nonnull(strstr(line,
	    "\"cpu_ms\":18446744073709551.615,"));
	ck_assert_ptr_nonnull(strstr(line, "\"time\":\"9999-12-31T23:59:59."));
	ck_assert_ptr_nonnull(strstr(line, "\"duration_ms\":0.000,"));
	ck_assert_ptr_nonnull(strstr(line, "\"gb_ms\":88473600000.000000,"));
}
END_TEST

static const struct {
	uint64_t	 duration_us;
	uint64_t	 granularity_ms;
	uint64_t	 billed_ms;
} bills[] = {
	{ 0, 100, 0 }, { 1, 100, 100 }, { 100000, 100, 100 },
	{ 100001, 100, 200 }, { 0, 0, 0 }, { 1, 0, 1 }, { 1000, 0, 1 },
	{ 1001, 1, 2 }, { 86400000000, 1000, 86400000 },
};

START_TEST(duration_is_rounded_up)
{
	ck_assert_uint_eq(record_billed_ms(bills[_i].duration_us,
	    bills[_i].granularity_ms), bills[_i].billed_ms);
}
END_TEST

START_TEST(outcomes_have_names)
{
	int	 i, k;

	for (i = 0; i < OUTCOMES; i++)
		for (k = 0; k < i; k++)
			ck_assert_str_ne(outcome_name((enum outcome)i),
			    outcome_name((enum outcome)k));
	ck_assert_str_eq(outcome_name(OUTCOME_REJECTED), "rejected");
	ck_assert_str_eq(outcome_name(OUTCOMES), "");
}
END_TEST

/* --- the ledger --------------------------------------------------------- */

static struct event_base	*base;
static struct ledger		*ledger;
static char			 folder[64];
static char			 path[80], other[80];
static char			*content;	/* of the file read last */
static unsigned			 added;

static void
set_up(void)
{
	snprintf(folder, sizeof(folder), "/tmp/tollgate-ledger.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/ledger", folder);
	snprintf(other, sizeof(other), "%s/other", folder);
	ck_assert_int_eq(log_open("stderr", LEVELS, "test"), 0);
	signal(SIGXFSZ, SIG_IGN);
	base = event_base_new();
	ledger = NULL;
	content = NULL;
	now_ms = 5000;
	added = 0;
}

static void
tear_down(void)
{
	ledger_free(ledger);
	event_base_free(base);
	free(content);
	unlink(path);
	unlink(other);
	ck_assert_int_eq(rmdir(folder), 0);
}

static void
open_ledger(enum accounting_full full, size_t memory_max)
{
	ledger = ledger_create(base, path, full, memory_max);
	ck_assert_ptr_nonnull(ledger);
}

/* Records are numbered, in attempt. */
static void
add(void (*done)(void *), void *arg)
{
	struct record	 r = sample;

	r.attempt = ++added;
	ledger_add(ledger, &r, done, arg);
}

static void
turn(void)
{
	event_base_loop(base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
}

/*
 * As on a disk with so many bytes of room in a file, then as before: the test
 * framework has a file of its own to write to.
 */
static void
with_room(rlim_t bytes, void (*what)(void))
{
	struct rlimit	 limit, small;

	getrlimit(RLIMIT_FSIZE, &limit);
	small = limit;
	small.rlim_cur = bytes;
	setrlimit(RLIMIT_FSIZE, &small);
	what();
	setrlimit(RLIMIT_FSIZE, &limit);
}

static void
fire_retry(void)
{
	ck_assert(retry->is_started);
	retry->is_started = false;
	retry->on_time(retry->arg);
}

static const char *
read_file(const char *name)
{
	struct stat	 st;
	FILE		*in;

	free(content);
	in = fopen(name, "r");
	ck_assert_ptr_nonnull(in);
	fstat(fileno(in), &st);
	content = xcalloc(1, (size_t)st.st_size + 1);
	ck_assert_uint_eq(fread(content, 1, (size_t)st.st_size, in),
	    (size_t)st.st_size);
	fclose(in);
	return content;
}

/* The file's whole lines are the records from..to, in order, and no more. */
static void
assert_records(const char *name, unsigned from, unsigned to)
{
	struct record	 r = sample;
	const char	*at;
	size_t		 len;

	at = read_file(name);
	for (r.attempt = from; r.attempt <= to; r.attempt++) {
		len = format(&r);
		ck_assert_msg(strncmp(at, line, len) == 0, "record %u: %s",
		    r.attempt, at);
		at += len;
	}
	ck_assert_str_eq(at, "");
}

static void
assert_counts(uint64_t written, uint64_t waiting, uint64_t lost)
{
	struct ledger_counts	 c;

	ledger_count(ledger, &c);
	ck_assert_uint_eq(c.written, written);
	ck_assert_uint_eq(c.waiting, waiting);
	ck_assert_uint_eq(c.lost, lost);
}

static char	told[64];	/* the letters that were told, in order */

static void
tell(void *arg)
{
	strcat(told, arg);
}

static void
tell_from_file(void *arg)
{
	tell(arg);
	assert_records(path, 1, 2);
}

START_TEST(who_is_told_is_in_the_file)
{
	char	 a[] = "a", b[] = "b";

	open_ledger(FULL_REFUSE, MEMORY);
	told[0] = '\0';
	add(tell_from_file, a);
	add(tell_from_file, b);
	ck_assert_str_eq(told, "");
	assert_records(path, 1, 0);	/* nothing yet: they go together */
	assert_counts(0, 2, 0);
	turn();
	ck_assert_str_eq(told, "ab");
	assert_counts(2, 0, 0);
}
END_TEST

static void
add_one_more(void *arg)
{
	static char	 z[] = "z";

	tell(arg);
	add(tell, z);
}

START_TEST(who_is_told_may_add)
{
	char	 a[] = "a", b[] = "b";

	open_ledger(FULL_REFUSE, MEMORY);
	told[0] = '\0';
	add(add_one_more, a);
	add(tell, b);
	add(NULL, NULL);
	turn();		/* in the same one */
	ck_assert_str_eq(told, "abz");
	assert_records(path, 1, 4);
}
END_TEST

static void
forget_other(void *arg)
{
	tell("f");
	ledger_forget(ledger, arg);
}

START_TEST(who_has_gone_is_not_told)
{
	char	 a[] = "a", b[] = "b", c[] = "c";

	open_ledger(FULL_REFUSE, MEMORY);
	told[0] = '\0';
	add(tell, a);
	add(forget_other, b);	/* while it is being told */
	add(tell, b);
	add(tell, c);
	ledger_forget(ledger, a);
	turn();
	ck_assert_str_eq(told, "fc");
	assert_records(path, 1, 4);
}
END_TEST

/* --- a full disk -------------------------------------------------------- */

START_TEST(short_write_is_completed)
{
	char	 a[] = "a", b[] = "b", c[] = "c";
	size_t	 len;

	/* Whatever the place at which the second line is torn. */
	open_ledger(FULL_REFUSE, MEMORY);
	len = format(&sample);
	told[0] = '\0';
	add(tell, a);
	add(tell, b);
	with_room(len + (rlim_t)_i * len / 10, turn);
	ck_assert_str_eq(told, "ab");
	assert_counts(1, 1, 0);
	/* The half line is taken back. */
	assert_records(path, 1, 1);
	ck_assert(!ledger_accepts(ledger));
	ck_assert(retry->is_started);

	/* Those under way end and wait; it is not tried each time. */
	add(tell, c);
	turn();
	ck_assert_str_eq(told, "abc");
	assert_counts(1, 2, 0);

	fire_retry();
	ck_assert(ledger_accepts(ledger));
	ck_assert(!retry->is_started);
	assert_counts(3, 0, 0);
	assert_records(path, 1, 3);
}
END_TEST

START_TEST(record_that_comes_tries_again)
{
	open_ledger(FULL_REFUSE, MEMORY);
	add(NULL, NULL);
	with_room(100, turn);
	assert_counts(0, 1, 0);
	now_ms += 99;
	add(NULL, NULL);
	turn();
	assert_counts(0, 2, 0);
	now_ms += 1;
	add(NULL, NULL);
	turn();
	assert_counts(3, 0, 0);
	assert_records(path, 1, 3);
}
END_TEST

START_TEST(disk_stays_full)
{
	struct ledger_counts	 counts;
	int			 i;

	open_ledger(FULL_CONTINUE, MEMORY);
	add(NULL, NULL);
	with_room(0, turn);
	for (i = 0; i < 3; i++)
		with_room((rlim_t)i, fire_retry);
	ledger_count(ledger, &counts);
	ck_assert_uint_eq(counts.failures, 4);
	ck_assert(ledger_accepts(ledger));	/* continue */
	ledger_configure(ledger, FULL_REFUSE, MEMORY);
	ck_assert(!ledger_accepts(ledger));
	fire_retry();
	assert_records(path, 1, 1);
}
END_TEST

START_TEST(what_is_too_much_is_lost)
{
	size_t	 len = format(&sample);
	int	 i;

	open_ledger(FULL_CONTINUE, 3 * len);
	told[0] = '\0';
	add(tell, "a");
	with_room(0, turn);
	for (i = 0; i < 5; i++)
		add(tell, "b");
	turn();
	ck_assert_str_eq(told, "abbbbb");
	assert_counts(0, 3, 3);
	fire_retry();
	assert_counts(3, 0, 3);
	assert_records(path, 1, 3);
}
END_TEST

/* --- other files -------------------------------------------------------- */

START_TEST(file_is_taken_anew)
{
	open_ledger(FULL_REFUSE, MEMORY);
	add(NULL, NULL);
	turn();
	add(NULL, NULL);	/* still waits when logrotate comes */
	ck_assert_int_eq(rename(path, other), 0);
	ck_assert_int_eq(ledger_reopen(ledger, path), 0);
	add(NULL, NULL);
	turn();
	assert_records(other, 1, 2);
	assert_records(path, 3, 3);
}
END_TEST

static void
reopen_path(void)
{
	ck_assert_int_eq(ledger_reopen(ledger, path), 0);
}

START_TEST(new_file_begins_with_a_whole_line)
{
	size_t	 len = format(&sample);

	open_ledger(FULL_REFUSE, MEMORY);
	add(NULL, NULL);
	add(NULL, NULL);
	with_room(len + 50, turn);
	assert_counts(1, 1, 0);
	ck_assert_int_eq(rename(path, other), 0);
	/* The old one has no room for its rest, the new one for 60 bytes. */
	with_room(60, reopen_path);
	assert_counts(1, 1, 0);
	fire_retry();
	assert_counts(2, 0, 0);
	assert_records(path, 2, 2);
	assert_records(other, 1, 1);
}
END_TEST

START_TEST(same_file_gets_the_rest)
{
	open_ledger(FULL_REFUSE, MEMORY);
	add(NULL, NULL);
	with_room(50, turn);
	with_room(50, reopen_path);
	fire_retry();
	assert_records(path, 1, 1);
}
END_TEST

START_TEST(half_line_of_others_is_ended)
{
	FILE	*out;

	out = fopen(path, "w");
	fputs("{\"time\":", out);
	fclose(out);
	open_ledger(FULL_REFUSE, MEMORY);
	add(NULL, NULL);
	turn();
	ck_assert_int_eq(strncmp(read_file(path), "{\"time\":\n{\"time\":",
	    17), 0);
	ck_assert_str_eq(content + strlen(content) - 2, "}\n");
}
END_TEST

static void
make_link(const char *name)
{
	ck_assert_int_eq(symlink("/dev/null", name), 0);
}

static void
make_fifo(const char *name)
{
	ck_assert_int_eq(mkfifo(name, 0600), 0);
}

static void
make_folder(const char *name)
{
	ck_assert_int_eq(mkdir(name, 0700), 0);
}

static const struct {
	void	(*make)(const char *name);
	int	 error;
} refusals[] = {
	{ make_link, ELOOP }, { make_fifo, EINVAL }, { make_folder, EISDIR },
};

START_TEST(what_is_no_file_is_refused)
{
	refusals[_i].make(other);
	errno = 0;
	ck_assert_ptr_null(ledger_create(base, other, FULL_REFUSE, MEMORY));
	ck_assert_int_eq(errno, refusals[_i].error);

	open_ledger(FULL_REFUSE, MEMORY);
	ck_assert_int_eq(ledger_reopen(ledger, other), -1);
	ck_assert_int_eq(errno, refusals[_i].error);
	add(NULL, NULL);
	turn();
	assert_records(path, 1, 1);
	rmdir(other);
}
END_TEST

START_TEST(file_is_not_for_all)
{
	struct stat	 st;

	umask(0);
	open_ledger(FULL_REFUSE, MEMORY);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0640);
}
END_TEST

/* --- several writers ---------------------------------------------------- */

static _Noreturn void
write_much(void)
{
	struct event_base	*own;
	int			 i;

	own = event_base_new();
	ledger = ledger_create(own, path, FULL_REFUSE, MEMORY);
	for (i = 0; i < 2000; i++) {
		add(NULL, NULL);
		if (i % 7 == 0)
			event_base_loop(own, EVLOOP_NONBLOCK);
	}
	ledger_free(ledger);
	event_base_free(own);
	_exit(0);
}

START_TEST(four_writers_tear_nothing)
{
	pid_t		 children[4];
	const char	*at, *end;
	int		 i, status, lines = 0;

	for (i = 0; i < 4; i++)
		if ((children[i] = fork()) == 0)
			write_much();
	for (i = 0; i < 4; i++) {
		ck_assert_int_eq(waitpid(children[i], &status, 0),
		    children[i]);
		ck_assert_int_eq(status, 0);
	}
	for (at = read_file(path); *at != '\0'; at = end + 1, lines++) {
		end = strchr(at, '\n');
		ck_assert_ptr_nonnull(end);
		ck_assert_int_eq(strncmp(at, "{\"time\":", 8), 0);
		ck_assert_int_eq(end[-1], '}');
		ck_assert_ptr_eq(memchr(at, '}', (size_t)(end - at)), end - 1);
	}
	ck_assert_int_eq(lines, 8000);
}
END_TEST

static void
add_record_tests(TCase *tc)
{
	tcase_add_test(tc, record_is_a_line);
	tcase_add_loop_test(tc, text_is_escaped, 0, ROWS(strings));
	tcase_add_test(tc, no_byte_slips_through);
	tcase_add_test(tc, numbers_of_every_length);
	tcase_add_test(tc, seconds_follow_each_other);
	tcase_add_loop_test(tc, long_text_is_cut, 0, ROWS(units));
	tcase_add_test(tc, text_that_fits_is_whole);
	tcase_add_test(tc, big_numbers_are_whole);
	tcase_add_loop_test(tc, duration_is_rounded_up, 0, ROWS(bills));
	tcase_add_test(tc, outcomes_have_names);
}

static void
add_ledger_tests(TCase *tc)
{
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, who_is_told_is_in_the_file);
	tcase_add_test(tc, who_is_told_may_add);
	tcase_add_test(tc, who_has_gone_is_not_told);
	tcase_add_loop_test(tc, short_write_is_completed, 0, 10);
	tcase_add_test(tc, record_that_comes_tries_again);
	tcase_add_test(tc, disk_stays_full);
	tcase_add_test(tc, what_is_too_much_is_lost);
	tcase_add_test(tc, file_is_taken_anew);
	tcase_add_test(tc, new_file_begins_with_a_whole_line);
	tcase_add_test(tc, same_file_gets_the_rest);
	tcase_add_test(tc, half_line_of_others_is_ended);
	tcase_add_loop_test(tc, what_is_no_file_is_refused, 0, ROWS(refusals));
	tcase_add_test(tc, file_is_not_for_all);
	tcase_add_test(tc, four_writers_tear_nothing);
}

int
main(void)
{
	Suite	*suite = suite_create("accounting");
	TCase	*records = tcase_create("record");
	TCase	*ledgers = tcase_create("ledger");

	add_record_tests(records);
	add_ledger_tests(ledgers);
	suite_add_tcase(suite, records);
	suite_add_tcase(suite, ledgers);
	return suite_run(suite);
}
