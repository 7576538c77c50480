/*
 * body: what goes in comes out, in order, whatever the schedule; the limits of
 * memory, of the file and of a second try are where the header says.
 *
 * The n-th byte of every body is byte_at(n), so bytes lost, doubled or out of
 * order show.
 */
#include "body.h"
#include "lib/suite.h"

#include <sys/resource.h>
#include <sys/stat.h>

#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ROWS(table)	((int)(sizeof(table) / sizeof((table)[0])))
#define CHUNK_MAX	200000

static char	folder[64];
static uint8_t	chunk[CHUNK_MAX];

static void
make_folder(void)
{
	snprintf(folder, sizeof(folder), "/tmp/tollgate-body.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
}

/* A file that had stayed behind would make this fail. */
static void
remove_folder(void)
{
	ck_assert_int_eq(rmdir(folder), 0);
}

static uint8_t
byte_at(uint64_t n)
{
	return (uint8_t)(n * 2654435761u >> 13 ^ n);
}

/* Append the len bytes that come next. */
static int
feed(struct body *b, size_t len)
{
	uint64_t	 from;
	size_t		 i;

	ck_assert_uint_le(len, sizeof(chunk));
	from = body_received(b);
	for (i = 0; i < len; i++)
		chunk[i] = byte_at(from + i);
	return body_append(b, chunk, len);
}

/* Peek at max, check what is seen, consume at most take of it. */
static size_t
drink(struct body *b, size_t max, size_t take)
{
	const uint8_t	*bytes;
	uint64_t	 from, waiting;
	ptrdiff_t	 n;
	ptrdiff_t	 i;

	from = body_received(b) - body_waiting(b);
	waiting = body_waiting(b);
	n = body_peek(b, &bytes, max);
	ck_assert_int_ge(n, 0);
	ck_assert_uint_le((size_t)n, max);
	ck_assert_uint_le((uint64_t)n, waiting);
	ck_assert((n == 0) == (waiting == 0 || max == 0));
	for (i = 0; i < n; i++)
		if (bytes[i] != byte_at(from + (uint64_t)i))
			ck_abort_msg("byte %ju is wrong", from + (uint64_t)i);
	if (take > (size_t)n)
		take = (size_t)n;
	body_consume(b, take);
	return take;
}

/* Take and check all that waits; returns how much it was. */
static uint64_t
drain(struct body *b)
{
	uint64_t	 sum;
	size_t		 n;

	sum = 0;
	while ((n = drink(b, SIZE_MAX / 2, SIZE_MAX)) > 0)
		sum += n;
	ck_assert_uint_eq(body_waiting(b), 0);
	return sum;
}

static const struct {
	const char	*what;
	size_t		 memory_max;
	size_t		 fed;
	bool		 full;
	int		 rewind;
} sizes[] = {
	{ "nothing",		4096, 0, false, 0 },
	{ "one byte",		4096, 1, false, 0 },
	{ "one short of full",	4096, 4095, false, 0 },
	{ "just full",		4096, 4096, true, 0 },
	{ "one too many",	4096, 4097, true, -1 },
	{ "no power of two",	100001, 100001, true, 0 },
	{ "much in the file",	1000, 200000, true, -1 },
	{ "no memory at all",	0, 3000, true, -1 },
	{ "no bytes, no memory", 0, 0, true, 0 },
	{ "no limit",		SIZE_MAX, 200000, false, 0 },
};

START_TEST(in_and_out)
{
	struct body	*b;

	b = body_create(sizes[_i].memory_max, folder);
	ck_assert_int_eq(feed(b, sizes[_i].fed), 0);
	ck_assert_msg(body_is_full(b) == sizes[_i].full, "%s", sizes[_i].what);
	ck_assert_uint_eq(body_received(b), sizes[_i].fed);
	ck_assert_uint_eq(body_waiting(b), sizes[_i].fed);
	ck_assert_uint_eq(drain(b), sizes[_i].fed);
	ck_assert_msg(body_rewind(b) == sizes[_i].rewind, "%s",
	    sizes[_i].what);
	ck_assert_uint_eq(drain(b), sizes[_i].rewind ? 0 : sizes[_i].fed);
	body_free(b);
}
END_TEST

START_TEST(its_end)
{
	struct body	*b;

	b = body_create(10, folder);
	ck_assert(!body_has_ended(b));
	body_end(b);
	ck_assert(body_has_ended(b));
	body_free(b);
	body_free(NULL);
}
END_TEST

START_TEST(rewound_when_half_out)
{
	struct body	*b;

	b = body_create(10000, folder);
	feed(b, 6000);
	ck_assert_uint_eq(drink(b, 5000, 4000), 4000);
	ck_assert_int_eq(body_rewind(b), 0);
	ck_assert_uint_eq(body_waiting(b), 6000);
	ck_assert_uint_eq(drink(b, 10, 10), 10);
	feed(b, 4000);
	ck_assert_int_eq(body_rewind(b), 0);
	ck_assert_uint_eq(drain(b), 10000);
	body_forget(b);
	ck_assert_int_eq(body_rewind(b), -1);
	body_free(b);
}
END_TEST

/*
 * Bytes kept for a second try must not stop a body whose reader takes all it
 * gets: they give way, and no file is made.
 */
START_TEST(kept_bytes_give_way)
{
	struct body	*b;

	b = body_create(1000, "/nonexistent");
	feed(b, 1000);
	ck_assert(body_is_full(b));
	drain(b);
	ck_assert(!body_is_full(b));
	ck_assert_int_eq(feed(b, 1000), 0);
	ck_assert_int_eq(body_rewind(b), -1);
	ck_assert_uint_eq(drain(b), 1000);
	body_free(b);
}
END_TEST

/* Forgotten, memory serves again and again; a file could not be made. */
START_TEST(memory_is_used_again)
{
	struct body	*b;
	int		 i;

	b = body_create(1000, "/nonexistent");
	body_forget(b);
	for (i = 0; i < 1000; i++) {
		ck_assert_int_eq(feed(b, 600), 0);
		ck_assert_uint_gt(drink(b, 600, 599), 0);
		drain(b);
	}
	body_free(b);
}
END_TEST

/* The descriptor of the one file in the folder, -1 if there is none. */
static int
find_file(void)
{
	struct dirent	*entry;
	char		 path[300], target[300];
	ssize_t		 n;
	DIR		*dir;
	int		 fd;

	fd = -1;
	ck_assert_ptr_nonnull(dir = opendir("/proc/self/fd"));
	while ((entry = readdir(dir)) != NULL) {
		snprintf(path, sizeof(path), "/proc/self/fd/%s", entry->d_name);
		n = readlink(path, target, sizeof(target) - 1);
		if (n == -1)
			continue;
		target[n] = '\0';
		if (strncmp(target, folder, strlen(folder)) != 0)
			continue;
		ck_assert_int_eq(fd, -1);
		fd = atoi(entry->d_name);
	}
	closedir(dir);
	return fd;
}

static struct stat
stat_file(void)
{
	struct stat	 st;

	ck_assert_int_eq(fstat(find_file(), &st), 0);
	return st;
}

/* No name leads to the file, nor does it outlive its body. */
START_TEST(file_has_no_name)
{
	struct body	*b;

	b = body_create(100, folder);
	feed(b, 100);
	ck_assert_int_eq(find_file(), -1);
	feed(b, 1);
	ck_assert_uint_eq(stat_file().st_nlink, 0);
	ck_assert_uint_eq(stat_file().st_mode & 0777, 0600);
	ck_assert_int_eq(stat_file().st_size, 1);
	ck_assert_int_eq(rmdir(folder), 0);
	body_free(b);
	ck_assert_int_eq(find_file(), -1);
	make_folder();
}
END_TEST

/* Much goes through the file, never much at a time: it must not grow. */
START_TEST(file_is_used_again)
{
	struct body	*b;
	int		 i;

	b = body_create(100, folder);
	for (i = 0; i < 100; i++) {
		feed(b, 5000);
		drink(b, 70, 60);
		feed(b, 3000);
		ck_assert_int_le(stat_file().st_size, 8000);
		drain(b);
		ck_assert_int_eq(stat_file().st_size, 0);
	}
	body_free(b);
}
END_TEST

static void
be_quiet(void)
{
	ck_assert_ptr_nonnull(freopen("/dev/null", "w", stderr));
}

/* The write that hits the end of the room is a short one. */
START_TEST(file_has_no_room)
{
	struct rlimit	 limit, old;
	struct body	*b;
	int		 result, error;

	be_quiet();
	signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &old), 0);
	limit = old;
	limit.rlim_cur = 4096;
	b = body_create(100, folder);

	/* Check itself writes to a file, so no ck_assert with the limit on. */
	setrlimit(RLIMIT_FSIZE, &limit);
	result = body_append(b, chunk, 10000);
	error = errno;
	setrlimit(RLIMIT_FSIZE, &old);
	ck_assert_int_eq(result, -1);
	ck_assert_int_eq(error, EFBIG);
	ck_assert_int_eq(stat_file().st_size, 4096);
	body_free(b);
}
END_TEST

START_TEST(file_cannot_be_made)
{
	struct body	*b;

	be_quiet();
	b = body_create(100, "/nonexistent");
	ck_assert_int_eq(feed(b, 100), 0);
	ck_assert_int_eq(feed(b, 1), -1);
	ck_assert_int_eq(errno, ENOENT);
	body_free(b);
}
END_TEST

/* Someone reaches it through /proc, say. */
START_TEST(file_was_cut)
{
	const uint8_t	*bytes;
	struct body	*b;

	be_quiet();
	b = body_create(0, folder);
	feed(b, 1000);
	ck_assert_int_eq(ftruncate(find_file(), 0), 0);
	ck_assert_int_eq(body_peek(b, &bytes, 1000), -1);
	ck_assert_int_eq(errno, EIO);
	body_free(b);
}
END_TEST

/* What the header promises, by counting alone; drink checks the bytes. */
struct model {
	uint64_t	 received;
	uint64_t	 handed_out;
	size_t		 memory_max;
	bool		 forgotten;
};

static bool
model_may_rewind(const struct model *m)
{
	return !m->forgotten && m->received <= m->memory_max;
}

/* Sizes of all orders of magnitude up to max. */
static size_t
random_size(unsigned int *seed, size_t max)
{
	size_t	 n;

	n = (size_t)1 << rand_r(seed) % 18;
	n = (size_t)rand_r(seed) % (n + 1);
	return n < max ? n : max;
}

static void
one_step(struct body *b, struct model *m, unsigned int *seed)
{
	size_t	 n;

	switch (rand_r(seed) % 32) {
	case 0:
		body_forget(b);
		m->forgotten = true;
		break;
	case 1:
	case 2:
		ck_assert_int_eq(body_rewind(b),
		    model_may_rewind(m) ? 0 : -1);
		if (model_may_rewind(m))
			m->handed_out = 0;
		break;
	case 3:
		m->handed_out += drain(b);
		break;
	case 4: case 5: case 6: case 7: case 8: case 9: case 10: case 11:
	case 12: case 13: case 14: case 15:
		n = random_size(seed, CHUNK_MAX);
		ck_assert_int_eq(feed(b, n), 0);
		m->received += n;
		break;
	default:
		n = random_size(seed, CHUNK_MAX);
		m->handed_out += drink(b, n, random_size(seed, n));
		break;
	}
	ck_assert_uint_eq(body_received(b), m->received);
	ck_assert_uint_eq(body_waiting(b), m->received - m->handed_out);
	if (m->received - m->handed_out >= m->memory_max)
		ck_assert(body_is_full(b));
	if (m->received < m->memory_max)
		ck_assert(!body_is_full(b));
}

static const size_t	memories[] = { 0, 1, 100, 4096, 5000, 65536, 1000000 };

START_TEST(any_schedule)
{
	struct model	 m;
	struct body	*b;
	unsigned int	 seed;
	int		 i, step;

	seed = (unsigned int)_i + 1;
	for (i = 0; i < 10; i++) {
		m = (struct model){ .memory_max = memories[_i] };
		b = body_create(m.memory_max, folder);
		for (step = 0; step < 500; step++)
			one_step(b, &m, &seed);
		ck_assert_uint_eq(drain(b), m.received - m.handed_out);
		body_free(b);
	}
}
END_TEST

int
main(void)
{
	Suite	*s;
	TCase	*tc;

	s = suite_create("body");
	tc = tcase_create("body");
	tcase_add_checked_fixture(tc, make_folder, remove_folder);
	tcase_add_loop_test(tc, in_and_out, 0, ROWS(sizes));
	tcase_add_test(tc, its_end);
	tcase_add_test(tc, rewound_when_half_out);
	tcase_add_test(tc, kept_bytes_give_way);
	tcase_add_test(tc, memory_is_used_again);
	tcase_add_test(tc, file_has_no_name);
	tcase_add_test(tc, file_is_used_again);
	tcase_add_test(tc, file_has_no_room);
	tcase_add_test(tc, file_cannot_be_made);
	tcase_add_test(tc, file_was_cut);
	tcase_add_loop_test(tc, any_schedule, 0, ROWS(memories));
	suite_add_tcase(s, tc);

	return suite_run(s);
}
