/*
 * outbox: what one turn has to send leaves together, and what only was looked
 * at is taken off behind it.
 */
#include "outbox.h"
#include "lib/suite.h"

#include <check.h>
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PEERS	400		/* more than the ring holds */
#define BIG	1000000		/* more than a socket holds */

static struct peer {
	struct outbox_post	 post;
	struct buffer	 bytes;
	size_t		 seen;
	int		 fd;		/* of the other side; -1: closed */
	unsigned	 done;
	int		 error;
	void		(*then)(struct peer *);
} peers[PEERS];
static struct outbox	*outbox;

static void
on_done(void *arg, int error)
{
	struct peer	*p = arg;

	p->done++;
	p->error = error;
	ck_assert(!outbox_has(&p->post));
	if (p->then != NULL)
		p->then(p);
}

static void
set_up(void)
{
	struct peer	*p;
	int		 pair[2];

	signal(SIGPIPE, SIG_IGN);
	ck_assert_ptr_nonnull(outbox = outbox_create());
	memset(peers, 0, sizeof(peers));
	for (p = peers; p < peers + PEERS; p++) {
		ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM |
		    SOCK_NONBLOCK, 0, pair), 0);
		p->post.fd = pair[0];
		p->fd = pair[1];
		p->post.bytes = &p->bytes;
		p->post.seen = &p->seen;
		p->post.done = on_done;
		p->post.arg = p;
	}
}

static void
tear_down(void)
{
	struct peer	*p;

	for (p = peers; p < peers + PEERS; p++) {
		outbox_remove(&p->post);
		buffer_release(&p->bytes);
		close(p->post.fd);
		if (p->fd != -1)
			close(p->fd);
	}
	outbox_free(outbox);
}

static void
post(struct peer *p, const char *text)
{
	buffer_add(&p->bytes, text, strlen(text));
	outbox_add(outbox, &p->post);
}

static void
assert_got(const struct peer *p, const char *text)
{
	char	 got[64];
	ssize_t	 n;

	n = read(p->fd, got, sizeof(got));
	if (*text == '\0') {
		ck_assert_int_eq(n, -1);
		ck_assert_int_eq(errno, EAGAIN);
		return;
	}
	ck_assert_int_eq(n, (ssize_t)strlen(text));
	ck_assert_mem_eq(got, text, strlen(text));
}

START_TEST(together)
{
	struct peer	*p;

	for (p = peers; p < peers + PEERS; p++)
		post(p, "hello");
	for (p = peers; p < peers + PEERS; p++)
		assert_got(p, "");
	outbox_flush(outbox);
	for (p = peers; p < peers + PEERS; p++) {
		assert_got(p, "hello");
		ck_assert_uint_eq(p->done, 1);
		ck_assert_int_eq(p->error, 0);
		ck_assert_uint_eq(buffer_size(&p->bytes), 0);
	}
	outbox_flush(outbox);
	ck_assert_uint_eq(peers[0].done, 1);
}
END_TEST

START_TEST(once_however_often)
{
	post(peers, "one ");
	post(peers, "two");
	outbox_flush(outbox);
	assert_got(peers, "one two");
	ck_assert_uint_eq(peers[0].done, 1);
}
END_TEST

START_TEST(removed)
{
	post(&peers[0], "no");
	post(&peers[1], "yes");
	ck_assert(outbox_has(&peers[0].post));
	outbox_remove(&peers[0].post);
	outbox_remove(&peers[0].post);
	ck_assert(!outbox_has(&peers[0].post));
	outbox_flush(outbox);
	assert_got(&peers[0], "");
	assert_got(&peers[1], "yes");
	ck_assert_uint_eq(peers[0].done, 0);
	ck_assert_uint_eq(buffer_size(&peers[0].bytes), 2);
}
END_TEST

/* What does not fit stays, and is no error. */
START_TEST(full)
{
	char	*big = malloc(BIG + 1);

	memset(big, 'x', BIG);
	big[BIG] = '\0';
	post(peers, big);
	outbox_flush(outbox);
	ck_assert_int_eq(peers[0].error, 0);
	ck_assert_uint_gt(buffer_size(&peers[0].bytes), 0);
	ck_assert_uint_lt(buffer_size(&peers[0].bytes), BIG);
	outbox_add(outbox, &peers[0].post);
	outbox_flush(outbox);
	ck_assert_int_eq(peers[0].error, 0);
	ck_assert_uint_eq(peers[0].done, 2);
	free(big);
}
END_TEST

/* One that has gone costs no other anything. */
START_TEST(broken)
{
	close(peers[1].fd);
	peers[1].fd = -1;
	post(&peers[0], "a");
	post(&peers[1], "b");
	post(&peers[2], "c");
	outbox_flush(outbox);
	ck_assert_int_eq(peers[1].error, EPIPE);
	ck_assert_uint_eq(buffer_size(&peers[1].bytes), 1);
	assert_got(&peers[0], "a");
	assert_got(&peers[2], "c");
}
END_TEST

START_TEST(taken_off)
{
	char	 left[8];

	ck_assert_int_eq(write(peers[0].fd, "seen, new", 9), 9);
	peers[0].seen = 6;
	post(&peers[0], "more");
	outbox_flush(outbox);
	assert_got(&peers[0], "more");
	ck_assert_int_eq(peers[0].error, 0);
	ck_assert_uint_eq(peers[0].seen, 0);
	ck_assert_int_eq(read(peers[0].post.fd, left, sizeof(left)), 3);
	ck_assert_mem_eq(left, "new", 3);
}
END_TEST

/* What is said to have been seen is not there: its owner has to know. */
START_TEST(not_there)
{
	peers[0].seen = 6;
	post(&peers[0], "more");
	ck_assert_int_eq(write(peers[1].fd, "abc", 3), 3);
	peers[1].seen = 6;
	post(&peers[1], "more");
	outbox_flush(outbox);
	ck_assert_int_eq(peers[0].error, EAGAIN);
	ck_assert_int_eq(peers[1].error, EBADMSG);
	ck_assert_uint_eq(peers[0].seen, 0);
	assert_got(&peers[0], "more");
	assert_got(&peers[1], "more");
}
END_TEST

static void
post_next(struct peer *p)
{
	if (p + 1 < peers + 3)
		post(p + 1, "next");
}

static void
remove_next(struct peer *p)
{
	outbox_remove(&p[1].post);
}

/* What a done adds leaves in the same flush; whom it removes is not told. */
START_TEST(from_inside)
{
	peers[0].then = peers[1].then = post_next;
	post(&peers[0], "first");
	outbox_flush(outbox);
	assert_got(&peers[0], "first");
	assert_got(&peers[1], "next");
	assert_got(&peers[2], "next");

	peers[0].then = remove_next;
	peers[1].done = 0;
	post(&peers[0], "a");
	post(&peers[1], "b");
	outbox_flush(outbox);
	ck_assert_uint_eq(peers[1].done, 0);
}
END_TEST

START_TEST(none)
{
	outbox_flush(NULL);
	outbox_free(NULL);
}
END_TEST

int
main(void)
{
	Suite		*s = suite_create("outbox");
	TCase		*tc = tcase_create("outbox");
	struct outbox	*probe;

	if ((probe = outbox_create()) == NULL) {
		printf("1..0 # SKIP no io_uring: %s\n", strerror(errno));
		return 0;
	}
	outbox_free(probe);
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, together);
	tcase_add_test(tc, once_however_often);
	tcase_add_test(tc, removed);
	tcase_add_test(tc, full);
	tcase_add_test(tc, broken);
	tcase_add_test(tc, taken_off);
	tcase_add_test(tc, not_there);
	tcase_add_test(tc, from_inside);
	tcase_add_test(tc, none);
	suite_add_tcase(s, tc);
	return suite_run(s);
}
