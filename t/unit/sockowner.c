/*
 * sockowner: whose a connection is, as the kernel says by either of two ways.
 */
#include "sockowner.h"

#include <check.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/suite.h"

#define OTHER	65533		/* some user */

static int	listener;
static int	ours;		/* of the connection */
static int	theirs;

static void
set_up(void)
{
	struct sockaddr_in	 to = { .sin_family = AF_INET };
	socklen_t		 len = sizeof(to);

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	listener = socket(AF_INET, SOCK_STREAM, 0);
	ck_assert_int_eq(bind(listener, (struct sockaddr *)&to, len), 0);
	ck_assert_int_eq(listen(listener, 1), 0);
	getsockname(listener, (struct sockaddr *)&to, &len);
	theirs = socket(AF_INET, SOCK_STREAM, 0);
	ck_assert_int_eq(connect(theirs, (struct sockaddr *)&to, len), 0);
	ours = accept(listener, NULL, NULL);
	ck_assert_int_ne(ours, -1);
}

static void
tear_down(void)
{
	close(listener);
	close(ours);
	if (theirs != -1)
		close(theirs);
}

/* By netlink, or else by the list. */
static int
way_of(bool by_netlink)
{
	return by_netlink ? sockowner_open() : -1;
}

START_TEST(mine)
{
	struct sockowner	 owner;
	int			 way = way_of(_i == 1);

	memset(&owner, 0xff, sizeof(owner));
	ck_assert_int_eq(sockowner_ask(way, ours, &owner), 0);
	ck_assert_uint_eq(owner.uid, geteuid());
	close(way);
}
END_TEST

/* One who has become another user makes his own, whoever has it then. */
START_TEST(anothers)
{
	struct sockaddr_in	 to;
	struct sockowner	 owner;
	socklen_t		 len = sizeof(to);
	pid_t			 pid;
	int			 way = way_of(_i == 1), fd, status;

	if (geteuid() != 0)
		return;
	getsockname(listener, (struct sockaddr *)&to, &len);
	if ((pid = fork()) == 0) {
		if (setuid(OTHER) == -1)
			_exit(1);
		fd = socket(AF_INET, SOCK_STREAM, 0);
		status = connect(fd, (struct sockaddr *)&to, len);
		_exit(status != 0 || read(fd, &status, 1) != 0);
	}
	fd = accept(listener, NULL, NULL);
	ck_assert_int_eq(sockowner_ask(way, fd, &owner), 0);
	ck_assert_uint_eq(owner.uid, OTHER);
	close(fd);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	close(way);
}
END_TEST

START_TEST(closed)
{
	struct sockowner	 owner;
	int			 way = way_of(_i == 1);

	/* A reset: not even the kernel remembers it. */
	ck_assert_int_eq(setsockopt(theirs, SOL_SOCKET, SO_LINGER,
	    &(struct linger){ 1, 0 }, sizeof(struct linger)), 0);
	close(theirs);
	theirs = -1;
	ck_assert_int_eq(sockowner_ask(way, ours, &owner), -1);
	ck_assert_int_ne(errno, 0);
	close(way);
}
END_TEST

int
main(void)
{
	Suite	*s = suite_create("sockowner");
	TCase	*tc = tcase_create("sockowner");

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_loop_test(tc, mine, 0, 2);
	tcase_add_loop_test(tc, anothers, 0, 2);
	tcase_add_loop_test(tc, closed, 0, 2);
	suite_add_tcase(s, tc);
	return suite_run(s);
}
