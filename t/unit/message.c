/*
 * message: what is sent arrives, descriptors included; what cannot be believed
 * is refused and its descriptors are closed.
 */
#include "message.h"
#include "lib/suite.h"

#include <sys/socket.h>

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ROWS(table)	((int)(sizeof(table) / sizeof((table)[0])))
#define HEADER		offsetof(struct message, start)

static int	ends[2];

static void
set_up(void)
{
	ck_assert_int_eq(socketpair(AF_UNIX,
	    SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends), 0);
}

static void
tear_down(void)
{
	close(ends[0]);
	close(ends[1]);
}

/* The lowest descriptor that is free: it rises when one leaks. */
static int
lowest_free(void)
{
	int	 fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	close(fd);
	return fd;
}

static const struct row {
	uint32_t		 type;
	enum message_side	 side;
	int			 fds;
	struct message		 m;
} good[] = {
	{ MESSAGE_START, TO_SPAWNER, 0, { .start = { .worker = 7,
	    .generation = 3, .function = 2, .capture_count = 1,
	    .captures = { "anna" } } } },
	{ MESSAGE_SIGNAL, TO_SPAWNER, 0, { .signal = { 7, SIGTERM } } },
	{ MESSAGE_SIGNAL, TO_SPAWNER, 0, { .signal = { 7, SIGKILL } } },
	{ MESSAGE_FREEZE, TO_SPAWNER, 0, { .freeze = { 7, 1 } } },
	{ MESSAGE_LOADED, TO_SPAWNER, 0, { .load = { 3, 1, 0 } } },
	{ MESSAGE_READY, TO_SPAWNER, 0, { .type = 0 } },
	{ MESSAGE_HELP, TO_SPAWNER, 0, { .type = 0 } },
	{ MESSAGE_HELPER, TO_GATEWAY, 0, { .type = 0 } },
	{ MESSAGE_HELPER, TO_GATEWAY, 1, { .type = 0 } },
	{ MESSAGE_LOAD, TO_GATEWAY, 3, { .load = { 3, 0, 5 } } },
	{ MESSAGE_LOAD, TO_GATEWAY, 16, { .load = { 3, 0, 0x7fff } } },
	{ MESSAGE_COMMIT, TO_GATEWAY, 0, { .load = { 3, 0, 0 } } },
	{ MESSAGE_STARTED, TO_GATEWAY, 2, { .started =
	    { 7, 99, 33, 0, 0, 0 } } },
	{ MESSAGE_STARTED, TO_GATEWAY, 4, { .started =
	    { 7, 99, 33, 0, 0, 0 } } },
	{ MESSAGE_STARTED, TO_GATEWAY, 3, { .started =
	    { 7, 99, 33, 1, 0, 0 } } },
	{ MESSAGE_STARTED, TO_GATEWAY, 6, { .started =
	    { 7, 99, 33, 1, 1, 0 } } },
	{ MESSAGE_REFUSED, TO_GATEWAY, 0, { .refused = { 7,
	    REFUSAL_NOT_TRUSTED, EACCES, "folder", 33, 0 } } },
	{ MESSAGE_EXITED, TO_GATEWAY, 0, { .exited = { 7, 256, 0, "", 1000,
	    2000, 1, 0 } } },
	{ MESSAGE_REOPEN, TO_GATEWAY, 0, { .type = 0 } },
	{ MESSAGE_DRAIN, TO_GATEWAY, 0, { .type = 0 } },
	{ MESSAGE_STOP, TO_GATEWAY, 0, { .type = 0 } },
};

static void
fill(int *fds, int count)
{
	int	 i;

	for (i = 0; i < count; i++)
		ck_assert_int_ne(fds[i] = dup(STDERR_FILENO), -1);
}

static void
drop(const int *fds, int count)
{
	while (count > 0)
		close(fds[--count]);
}

START_TEST(arrives_as_it_was)
{
	const struct row	*row = &good[_i];
	struct message		 m = row->m, got;
	int			 fds[MESSAGE_FDS_MAX], came[MESSAGE_FDS_MAX];
	int			 before = lowest_free(), count, i;

	m.type = row->type;
	fill(fds, row->fds);
	ck_assert_int_eq(message_send(ends[0], &m, fds, row->fds), 0);
	drop(fds, row->fds);
	ck_assert_int_eq(message_receive(ends[1], row->side, &got, came,
	    &count), 1);
	ck_assert_int_eq(count, row->fds);
	for (i = 0; i < count; i++)
		ck_assert_int_eq(fcntl(came[i], F_GETFD), FD_CLOEXEC);
	ck_assert_mem_eq(&got, &m, HEADER + sizeof(struct message_signal));
	drop(came, count);
	ck_assert_int_eq(lowest_free(), before);
}
END_TEST

/* Nobody takes what is meant for the other side. */
START_TEST(other_side_refuses)
{
	const struct row	*row = &good[_i];
	struct message		 m = row->m, got;
	enum message_side	 other;
	int			 fds[MESSAGE_FDS_MAX], came[MESSAGE_FDS_MAX];
	int			 before = lowest_free(), count;

	other = row->side == TO_SPAWNER ? TO_GATEWAY : TO_SPAWNER;
	m.type = row->type;
	fill(fds, row->fds);
	ck_assert_int_eq(message_send(ends[0], &m, fds, row->fds), 0);
	drop(fds, row->fds);
	ck_assert_int_eq(message_receive(ends[1], other, &got, came, &count),
	    -1);
	ck_assert_int_eq(errno, EBADMSG);
	ck_assert_int_eq(count, 0);
	ck_assert_int_eq(lowest_free(), before);
}
END_TEST

static const struct bad {
	const char	*what;
	struct message	 m;
	size_t		 extra;		/* bytes more than it should have */
	int		 fds;
} bad[] = {
	{ "no type", { .type = 0 }, 0, 0 },
	{ "beyond the last type", { .type = MESSAGE_TYPES }, 0, 0 },
	{ "a huge type", { .type = UINT32_MAX }, 0, 0 },
	{ "reserved is used", { .type = MESSAGE_READY, .reserved = 1 }, 0, 0 },
	{ "bytes too many", { .type = MESSAGE_READY }, 1, 0 },
	{ "descriptors for the spawner", { .type = MESSAGE_READY }, 0, 1 },
	{ "a signal that is neither", { .type = MESSAGE_SIGNAL,
	    .signal = { 1, SIGSTOP } }, sizeof(struct message_signal), 0 },
	{ "a negative signal", { .type = MESSAGE_SIGNAL,
	    .signal = { 1, -9 } }, sizeof(struct message_signal), 0 },
	{ "half frozen", { .type = MESSAGE_FREEZE, .freeze = { 1, 2 } },
	    sizeof(struct message_freeze), 0 },
	{ "half loaded", { .type = MESSAGE_LOADED, .load = { 1, 2, 0 } },
	    sizeof(struct message_load), 0 },
	{ "cut short", { .type = MESSAGE_SIGNAL, .signal = { 1, SIGTERM } },
	    sizeof(struct message_signal) - 1, 0 },
	{ "captures too many", { .type = MESSAGE_START, .start = {
	    .capture_count = FUNCTION_CAPTURES_MAX + 1 } },
	    sizeof(struct message_start), 0 },
};

/* As a captured gateway could: bytes of any kind. */
static void
send_raw(const void *bytes, size_t len, int fds)
{
	char		 control[CMSG_SPACE(sizeof(int))] = { 0 };
	struct iovec	 iov = { (void *)(uintptr_t)bytes, len };
	struct msghdr	 msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr	*c;

	if (fds > 0) {
		msg.msg_control = control;
		msg.msg_controllen = sizeof(control);
		c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c), &ends[0], sizeof(int));
	}
	ck_assert_int_eq(sendmsg(ends[0], &msg, 0), (ssize_t)len);
}

START_TEST(unbelievable_is_refused)
{
	const struct bad	*row = &bad[_i];
	struct message		 got;
	int			 came[MESSAGE_FDS_MAX], count;
	int			 before = lowest_free();

	send_raw(&row->m, HEADER + row->extra, row->fds);
	ck_assert_msg(message_receive(ends[1], TO_SPAWNER, &got, came,
	    &count) == -1 && errno == EBADMSG, "%s", row->what);
	ck_assert_int_eq(count, 0);
	ck_assert_int_eq(lowest_free(), before);
}
END_TEST

/* Text without its NUL is never read past its end. */
START_TEST(unterminated_text)
{
	struct message	 m = { .type = MESSAGE_START }, got;
	int		 came[MESSAGE_FDS_MAX], count;

	m.start.capture_count = 1;
	memset(m.start.captures[0], 'a', sizeof(m.start.captures[0]));
	send_raw(&m, HEADER + sizeof(m.start), 0);
	ck_assert_int_eq(message_receive(ends[1], TO_SPAWNER, &got, came,
	    &count), -1);

	memset(&m, 0, sizeof(m));
	m.type = MESSAGE_EXITED;
	memset(m.exited.step, 'a', sizeof(m.exited.step));
	send_raw(&m, HEADER + sizeof(m.exited), 0);
	ck_assert_int_eq(message_receive(ends[1], TO_GATEWAY, &got, came,
	    &count), -1);
}
END_TEST

/* LOAD's bits say how many descriptors come; others are not taken. */
START_TEST(load_without_its_listeners)
{
	struct message	 m = { .type = MESSAGE_LOAD }, got;
	int		 fds[2], came[MESSAGE_FDS_MAX], count;
	int		 before = lowest_free();

	m.load.listeners = 7;
	fill(fds, 2);
	ck_assert_int_eq(message_send(ends[0], &m, fds, 2), 0);
	drop(fds, 2);
	ck_assert_int_eq(message_receive(ends[1], TO_GATEWAY, &got, came,
	    &count), -1);
	ck_assert_int_eq(errno, EBADMSG);
	ck_assert_int_eq(lowest_free(), before);
}
END_TEST

START_TEST(nothing_and_the_end)
{
	struct message	 m;
	int		 came[MESSAGE_FDS_MAX], count;

	ck_assert_int_eq(message_receive(ends[1], TO_SPAWNER, &m, came,
	    &count), -1);
	ck_assert_int_eq(errno, EAGAIN);
	close(ends[0]);
	ck_assert_int_eq(message_receive(ends[1], TO_SPAWNER, &m, came,
	    &count), 0);
	memset(&m, 0, sizeof(m));
	m.type = MESSAGE_READY;
	ck_assert_int_eq(message_send(ends[1], &m, NULL, 0), -1);
	ck_assert_int_eq(errno, EPIPE);
}
END_TEST

START_TEST(full_is_said)
{
	struct message	 m = { .type = MESSAGE_EXITED };
	int		 i;

	for (i = 0; i < 100000; i++)
		if (message_send(ends[0], &m, NULL, 0) == -1)
			break;
	ck_assert_int_lt(i, 100000);
	ck_assert_int_eq(errno, EAGAIN);
}
END_TEST

START_TEST(names)
{
	ck_assert_str_eq(message_name(MESSAGE_START), "START");
	ck_assert_str_eq(message_name(MESSAGE_STOP), "STOP");
	ck_assert_str_eq(message_name(0), "?");
	ck_assert_str_eq(message_name(MESSAGE_TYPES), "?");
}
END_TEST

int
main(void)
{
	Suite	*s;
	TCase	*tc;

	s = suite_create("message");
	tc = tcase_create("message");
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_loop_test(tc, arrives_as_it_was, 0, ROWS(good));
	tcase_add_loop_test(tc, other_side_refuses, 0, ROWS(good));
	tcase_add_loop_test(tc, unbelievable_is_refused, 0, ROWS(bad));
	tcase_add_test(tc, unterminated_text);
	tcase_add_test(tc, load_without_its_listeners);
	tcase_add_test(tc, nothing_and_the_end);
	tcase_add_test(tc, full_is_said);
	tcase_add_test(tc, names);
	suite_add_tcase(s, tc);

	return suite_run(s);
}
