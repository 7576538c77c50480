/*
 * mounts: a root is what its view says, and what is mounted there is seen by
 * nobody else.  In a mount namespace of its own, where all is shared with each
 * other, as systemd has it.
 */
#include "mounts.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common.h"
#include "function.h"
#include "mem.h"
#include "lib/suite.h"

static char	folder[] = "/tmp/tollgate-mounts-XXXXXX";

static void
make(const char *path, bool is_folder)
{
	char	 whole[256];
	int	 fd;

	snprintf(whole, sizeof(whole), "%s/%s", folder, path);
	if (is_folder)
		ck_assert_int_eq(mkdir(whole, 0755), 0);
	else {
		ck_assert_int_ne(fd = open(whole, O_CREAT | O_WRONLY, 0644),
		    -1);
		close(fd);
	}
}

static void
set_up(void)
{
	static const char *const	folders[] = { "fn", "fn/own", "fn/data",
					    "disk", "rw" };
	size_t				 i;

	umask(022);
	ck_assert_int_eq(unshare(CLONE_NEWNS), 0);
	ck_assert_int_eq(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
	ck_assert_int_eq(mount(NULL, "/", NULL, MS_REC | MS_SHARED, NULL), 0);
	ck_assert_ptr_nonnull(mkdtemp(folder));
	chmod(folder, 0755);
	for (i = 0; i < sizeof(folders) / sizeof(folders[0]); i++)
		make(folders[i], true);
	make("fn/own/secret", false);
	make("fn/file", false);
	make("fn/data/x", false);
}

static void
tear_down(void)
{
	char	 command[128];

	snprintf(command, sizeof(command), "rm -rf %s", folder);
	ck_assert_int_eq(system(command), 0);
}

static const char *
in(struct arena *arena, const char *path)
{
	return arena_printf(arena, "%s/%s", folder, path);
}

static struct word_list
one(struct arena *arena, const char *path)
{
	struct word_list	 l;

	l.words = arena_calloc(arena, 1, sizeof(*l.words));
	l.words[0] = in(arena, path);
	l.count = 1;
	return l;
}

#define CHECK(condition) do {						\
	if (!(condition)) {						\
		fprintf(stderr, "# line %d: %s: %s\n", __LINE__,	\
		    #condition, strerror(errno));			\
		_exit(1);						\
	}								\
} while (0)

static bool
can_write(struct arena *arena, const char *path)
{
	int	 fd = open(in(arena, path), O_CREAT | O_WRONLY, 0644);

	if (fd != -1)
		close(fd);
	return fd != -1;
}

static unsigned
mode_of(const char *path)
{
	struct stat	 st;

	return stat(path, &st) == 0 ? st.st_mode & 07777 : 07777;
}

/* In the new root, before anything is given up: only modes are checked. */
static _Noreturn void
look_around(struct mounts *m, struct arena *arena)
{
	struct stat	 st;

	if (unshare(CLONE_NEWPID | CLONE_NEWIPC) == -1)
		_exit(2);
	CHECK(mounts_enter(m) == 0);
	CHECK(access(in(arena, "fn/file"), R_OK) == 0);
	CHECK(!can_write(arena, "fn/new") && errno == EROFS);
	CHECK(!can_write(arena, "fn/file") && errno == EROFS);
	CHECK(can_write(arena, "rw/new"));
	CHECK(access(in(arena, "disk"), F_OK) == -1 && errno == ENOENT);
	CHECK(mode_of(in(arena, "fn/own")) == 0);
	CHECK(access(in(arena, "fn/own/secret"), F_OK) == -1);
	CHECK(mode_of("/tmp") == 01777 && mode_of("/dev/shm") == 01777);
	CHECK(mode_of("/proc") == 0555);
	CHECK(access("/usr/bin", X_OK) == 0 && access("/bin/sh", X_OK) == 0);
	CHECK(mkdir("/new", 0755) == -1 && errno == EROFS);
	CHECK(mkdir("/srv/new", 0755) == -1);
	CHECK(stat("/dev/null", &st) == 0 && S_ISCHR(st.st_mode));
	CHECK(open("/dev/null", O_RDWR) != -1);
	CHECK(access("/root/.", F_OK) == 0 && mkdir("/root/x", 0755) == -1);
	CHECK(mkdir("/tmp/mine", 0755) == 0);
	_exit(0);
}

static void
must_exit_0(pid_t child)
{
	int	 status;

	ck_assert_int_ne(child, -1);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
}

/* What is mounted here has not become more. */
static size_t
count_mounts(void)
{
	FILE	*in_file = fopen("/proc/self/mountinfo", "r");
	size_t	 n = 0;
	int	 c;

	ck_assert_ptr_nonnull(in_file);
	while ((c = getc(in_file)) != EOF)
		n += c == '\n';
	fclose(in_file);
	return n;
}

/* _i: with the common part made before. */
START_TEST(a_root)
{
	struct function		*fn = function_create();
	struct arena		*arena = fn->arena;
	struct word_list	 private = one(arena, "fn/own");
	struct mounts_common	*c = mounts_common_create(&private);
	struct sandbox_lists	 lists;
	struct mounts		*m;
	const char		*at;
	size_t			 before = count_mounts();
	pid_t			 child;
	int			 round;

	memset(&lists, 0, sizeof(lists));
	lists.read_write_paths = one(arena, "rw");
	lists.read_only_paths = one(arena, "not-there");
	fn->lists = &lists;
	fn->tmp_max = 65536;
	ck_assert_int_eq(mounts_common_space(c), -1);
	if (_i == 1) {
		ck_assert_int_eq(mounts_common_make(c, &at), 0);
		ck_assert_int_ge(mounts_common_space(c), 64);
		ck_assert_int_eq(mounts_common_make(c, &at), 0);
	}
	m = mounts_prepare(arena, c, fn, in(arena, "fn"));
	for (round = 0; round < 2; round++) {
		if ((child = fork()) == 0) {
			if (_i == 0 && unshare(CLONE_NEWNS) == -1)
				_exit(2);
			/* The pid namespace is a child's. */
			if (unshare(CLONE_NEWPID) == -1)
				_exit(2);
			if ((child = fork()) == 0)
				look_around(m, arena);
			must_exit_0(child);
			_exit(0);
		}
		must_exit_0(child);
	}
	ck_assert_uint_eq(count_mounts(), before);
	ck_assert_int_eq(access(in(arena, "fn/own/secret"), F_OK), 0);
	ck_assert_int_eq(access("/tmp/mine", F_OK), -1);
	mounts_common_free(c);
	function_release(fn);
}
END_TEST

/* What is missing is told by its name. */
START_TEST(what_fails)
{
	struct function		*fn = function_create();
	struct word_list	 private = { NULL, 0 };
	struct mounts_common	*c = mounts_common_create(&private);
	struct mounts		*m;
	const char		*at;
	pid_t			 child;

	ck_assert_int_eq(mounts_common_make(c, &at), 0);
	m = mounts_prepare(fn->arena, c, fn, "/");
	if ((child = fork()) == 0) {
		CHECK(mounts_enter(m) == -1);
		CHECK(strcmp(m->at, "/") == 0);
		_exit(0);
	}
	must_exit_0(child);
	mounts_common_free(c);
	function_release(fn);
}
END_TEST

int
main(void)
{
	Suite	*s = suite_create("mounts");
	TCase	*tc = tcase_create("roots");
	int	 status;

	if (geteuid() != 0 || (fork() == 0 ? _exit(unshare(CLONE_NEWNS)), 1 :
	    wait(&status) == -1 || status != 0)) {
		printf("1..0 # SKIP only root can mount\n");
		return EXIT_SUCCESS;
	}
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_loop_test(tc, a_root, 0, 2);
	tcase_add_test(tc, what_fails);
	suite_add_tcase(s, tc);
	return suite_run(s);
}
