/*
 * init: process 1 of a pid namespace tells how its child ended, hands signals
 * on, reaps what others leave, and leaves nothing.
 */
#include "init.h"
#include "lib/suite.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATIENCE_MS	30000

static pid_t	init;
static int	said = -1;	/* what the two of them say, each word a byte */

static void
say_end(void *arg, int status)
{
	int	 fd = *(int *)arg;

	dprintf(fd, "%c%c", WIFSIGNALED(status) ? 's' : 'e',
	    WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
}

/* With run as the program; what it is given is its end's descriptor. */
static void
start(void (*run)(void *arg))
{
	struct clone_args	 args;
	int			 fds[2];

	ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);
	memset(&args, 0, sizeof(args));
	args.flags = CLONE_NEWPID | (geteuid() == 0 ? 0 : CLONE_NEWUSER);
	args.exit_signal = SIGCHLD;
	init = (pid_t)syscall(SYS_clone3, &args, sizeof(args));
	ck_assert_int_ne(init, -1);
	if (init == 0) {
		const struct init_work	 work = {
			.program = run, .ended = say_end, .arg = &fds[1],
			.keep = fds[1],
		};

		init_run(&work);
		_exit(100);
	}
	close(fds[1]);
	said = fds[0];
}

/* The next byte; 0: nobody is left who could say any. */
static char
hear(void)
{
	struct pollfd	 p = { .fd = said, .events = POLLIN };
	char		 byte = 0;

	ck_assert_int_eq(poll(&p, 1, PATIENCE_MS), 1);
	ck_assert_int_ne(read(said, &byte, 1), -1);
	return byte;
}

/* The end of all, how the program ended having been heard of. */
static void
must_end(char how, int what)
{
	int	 status;

	ck_assert_int_eq(hear(), how);
	ck_assert_int_eq(hear(), what);
	ck_assert_int_eq(waitpid(init, &status, 0), init);
	ck_assert(WIFEXITED(status));
	ck_assert_int_eq(WEXITSTATUS(status), how == 'e' ? what : 128 + what);
	ck_assert_int_eq(hear(), 0);
	close(said);
}

static void
exits(void *arg)
{
	sigset_t	 blocked;

	sigprocmask(SIG_SETMASK, NULL, &blocked);
	if (getpid() != 2 || getsid(0) != 2 || !sigisemptyset(&blocked))
		_exit(1);
	(void)arg;
	_exit(7);
}

START_TEST(how_it_exits)
{
	start(exits);
	must_end('e', 7);
}
END_TEST

static void
crashes(void *arg)
{
	(void)arg;
	raise(SIGABRT);
}

START_TEST(signal_that_killed_it)
{
	start(crashes);
	must_end('s', SIGABRT);
}
END_TEST

static void
waits(void *arg)
{
	(void)!write(*(int *)arg, "r", 1);
	for (;;)
		pause();
}

START_TEST(told_to_end)
{
	start(waits);
	ck_assert_int_eq(hear(), 'r');
	kill(init, SIGTERM);
	must_end('s', SIGTERM);
}
END_TEST

/* Before the program stands: it must not be lost. */
START_TEST(told_early)
{
	sigset_t	 term;

	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	sigprocmask(SIG_BLOCK, &term, NULL);
	start(waits);
	kill(init, SIGTERM);
	while (hear() != 's')
		continue;
	ck_assert_int_eq(hear(), SIGTERM);
	ck_assert_int_eq(waitpid(init, NULL, 0), init);
}
END_TEST

static void
counts(void *arg)
{
	if (fork() == 0)
		for (;;)
			pause();
	for (;;) {
		(void)!write(*(int *)arg, ".", 1);
		usleep(1000);
	}
}

/* What is in the pipe already is read; then nothing comes. */
START_TEST(stopped)
{
	struct pollfd	 p;
	bool		 is_silent = false;
	int		 i;

	start(counts);
	ck_assert_int_eq(hear(), '.');
	kill(init, INIT_STOP);
	p.fd = said;
	p.events = POLLIN;
	for (i = 0; i < PATIENCE_MS / 100 && !is_silent; i++)
		while (!(is_silent = poll(&p, 1, 300) == 0) && i++ < 1000)
			hear();
	ck_assert(is_silent);
	kill(init, INIT_GO_ON);
	ck_assert_int_eq(hear(), '.');
	kill(init, SIGTERM);
	while (hear() != 's')
		continue;
	ck_assert_int_eq(hear(), SIGTERM);
	ck_assert_int_eq(waitpid(init, NULL, 0), init);
}
END_TEST

/* A child of a child that has died; its end is seen by its pipe's. */
static void
leaves(void *arg)
{
	pid_t	 child;
	int	 status;

	if ((child = fork()) == 0) {
		if (fork() == 0)
			_exit(0);
		_exit(0);
	}
	waitpid(child, &status, 0);
	/* Reaped, it is no process any more. */
	while (kill(4, 0) == 0)
		usleep(1000);
	(void)arg;
	_exit(errno == ESRCH ? 5 : 6);
}

START_TEST(orphans_are_reaped)
{
	start(leaves);
	must_end('e', 5);
}
END_TEST

static void
leaves_one_running(void *arg)
{
	if (fork() == 0) {
		setsid();
		(void)!write(*(int *)arg, "c", 1);
		for (;;)
			pause();
	}
	waits(arg);
}

START_TEST(all_end_with_it)
{
	start(leaves_one_running);
	ck_assert_int_ne(hear(), 0);
	ck_assert_int_ne(hear(), 0);
	kill(init, SIGKILL);
	ck_assert_int_eq(hear(), 0);
	ck_assert_int_eq(waitpid(init, NULL, 0), init);
}
END_TEST

static bool
has_namespaces(void)
{
	struct clone_args	 args;
	pid_t			 pid;

	memset(&args, 0, sizeof(args));
	args.flags = CLONE_NEWPID | (geteuid() == 0 ? 0 : CLONE_NEWUSER);
	args.exit_signal = SIGCHLD;
	if ((pid = (pid_t)syscall(SYS_clone3, &args, sizeof(args))) == 0)
		_exit(0);
	return pid != -1 && waitpid(pid, NULL, 0) == pid;
}

int
main(void)
{
	Suite	*s = suite_create("init");
	TCase	*tc = tcase_create("process 1");

	if (!has_namespaces()) {
		printf("1..0 # SKIP no pid namespace can be made here\n");
		return EXIT_SUCCESS;
	}
	tcase_add_test(tc, how_it_exits);
	tcase_add_test(tc, signal_that_killed_it);
	tcase_add_test(tc, told_to_end);
	tcase_add_test(tc, told_early);
	tcase_add_test(tc, stopped);
	tcase_add_test(tc, orphans_are_reaped);
	tcase_add_test(tc, all_end_with_it);
	suite_add_tcase(s, tc);
	return suite_run(s);
}
