/*
 * buffer: whatever the socket takes at a time, all bytes leave once, in order.
 */
#include "buffer.h"
#include "lib/suite.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BIG	1000000
#define ROWS(table)	((int)(sizeof(table) / sizeof((table)[0])))

static uint8_t		 bytes[BIG];
static struct buffer	 b;
static int		 pair[2];	/* written to, read from */

static void
set_up(void)
{
	size_t	 i;

	for (i = 0; i < BIG; i++)
		bytes[i] = (uint8_t)(i * 7 + i / 256);
	memset(&b, 0, sizeof(b));
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0,
	    pair), 0);
	signal(SIGPIPE, SIG_IGN);
}

static void
tear_down(void)
{
	buffer_release(&b);
	close(pair[0]);
	if (pair[1] != -1)
		close(pair[1]);
}

START_TEST(empty)
{
	ck_assert_uint_eq(buffer_size(&b), 0);
	buffer_add(&b, NULL, 0);
	buffer_consume(&b, 0);
	ck_assert_int_eq(buffer_flush(&b, pair[0]), 0);
	ck_assert_int_eq(buffer_send(&b, pair[0], NULL, 0), 0);
	ck_assert_ptr_null(buffer_bytes(&b));
}
END_TEST

/* Added and consumed by turns, in steps of which neither divides the other. */
static const struct { size_t add, consume; } steps[] = {
	{ 1, 1 }, { 7, 3 }, { 500, 499 }, { 4099, 4096 }, { 100, 50 },
};

START_TEST(first_in_first_out)
{
	size_t	 added = 0, taken = 0, n;

	while (taken < 200000) {
		buffer_add(&b, bytes + added, steps[_i].add);
		added += steps[_i].add;
		n = steps[_i].consume;
		if (added > 200000)
			n = buffer_size(&b);
		ck_assert_uint_eq(buffer_size(&b), added - taken);
		ck_assert_mem_eq(buffer_bytes(&b), bytes + taken, n);
		buffer_consume(&b, n);
		taken += n;
	}
	ck_assert_uint_eq(buffer_size(&b), 0);
}
END_TEST

/* What trickles through does not make it grow, nor does an outage stay. */
START_TEST(memory)
{
	int	 i;

	buffer_add(&b, bytes, 100);
	for (i = 0; i < 10000; i++) {
		buffer_add(&b, bytes, 300);
		buffer_consume(&b, 300);
	}
	ck_assert_uint_le(b.room, 1024);
	buffer_add(&b, bytes, BIG);
	ck_assert_uint_ge(b.room, BIG);
	buffer_consume(&b, 100 + BIG);
	ck_assert_uint_le(b.room, 16384);
}
END_TEST

START_TEST(reserved)
{
	uint8_t	*at;

	buffer_add(&b, bytes, 10);
	at = buffer_reserve(&b, 2000);
	memcpy(at, bytes + 10, 1500);
	buffer_extend(&b, 1500);
	buffer_add(&b, bytes + 1510, 90);
	ck_assert_uint_eq(buffer_size(&b), 1600);
	ck_assert_mem_eq(buffer_bytes(&b), bytes, 1600);
}
END_TEST

/* Read all there is; how much that was. */
static size_t
read_all(uint8_t *into, size_t room)
{
	size_t	 had = 0;
	ssize_t	 n;

	while ((n = read(pair[1], into + had, room - had)) > 0)
		had += (size_t)n;
	return had;
}

START_TEST(at_once)
{
	struct iovec	 pieces[] = { { bytes, 8 }, { bytes + 8, 0 },
			    { bytes + 8, 92 } };
	uint8_t		 got[200];

	ck_assert_int_eq(buffer_send(&b, pair[0], pieces, 3), 0);
	ck_assert_uint_eq(buffer_size(&b), 0);
	ck_assert_ptr_null(b.memory);	/* nothing was copied */
	ck_assert_uint_eq(read_all(got, sizeof(got)), 100);
	ck_assert_mem_eq(got, bytes, 100);
}
END_TEST

/* The socket holds less than is sent: the rest waits, cut where it may be. */
START_TEST(in_turns)
{
	struct iovec	 pieces[] = { { bytes, BIG / 3 },
			    { bytes + BIG / 3, BIG / 3 },
			    { bytes + 2 * (BIG / 3), BIG - 2 * (BIG / 3) } };
	uint8_t		*got = malloc(BIG);
	size_t		 had = 0;

	ck_assert_int_eq(buffer_send(&b, pair[0], pieces, 2), 0);
	ck_assert_uint_gt(buffer_size(&b), 0);
	/* What is sent while something waits comes behind it. */
	ck_assert_int_eq(buffer_send(&b, pair[0], pieces + 2, 1), 0);
	while (had < BIG) {
		had += read_all(got + had, BIG - had);
		ck_assert_int_eq(buffer_flush(&b, pair[0]), 0);
	}
	ck_assert_uint_eq(buffer_size(&b), 0);
	ck_assert_mem_eq(got, bytes, BIG);
	free(got);
}
END_TEST

START_TEST(broken)
{
	struct iovec	 piece = { bytes, 10 };

	close(pair[1]);
	pair[1] = -1;
	ck_assert_int_eq(buffer_send(&b, pair[0], &piece, 1), -1);
	ck_assert_int_eq(errno, EPIPE);
	buffer_add(&b, bytes, 10);
	ck_assert_int_eq(buffer_flush(&b, pair[0]), -1);
	ck_assert_int_eq(errno, EPIPE);
}
END_TEST

int
main(void)
{
	Suite	*s = suite_create("buffer");
	TCase	*tc = tcase_create("buffer");

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, empty);
	tcase_add_loop_test(tc, first_in_first_out, 0, ROWS(steps));
	tcase_add_test(tc, memory);
	tcase_add_test(tc, reserved);
	tcase_add_test(tc, at_once);
	tcase_add_test(tc, in_turns);
	tcase_add_test(tc, broken);
	suite_add_tcase(s, tc);
	return suite_run(s);
}
