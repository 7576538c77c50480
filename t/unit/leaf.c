/*
 * leaf: what is written where for which limits, and that no leaf is left
 * without them: files are this test's, as they would be with all controllers.
 */
#include "leaf.h"

#include <check.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cgroup.h"
#include "cgroupfs.h"
#include "message.h"
#include "lib/suite.h"

#define ALL	(CGROUP_CPU | CGROUP_MEMORY | CGROUP_PIDS)

static char		 folder[] = "/tmp/tollgate-leaf-XXXXXX";
static unsigned		 controllers;
static char		 written[4096];	/* GROUP/FILE=TEXT, each a line */
static const char	*missing;	/* a file, until it is there */
static const char	*fails;		/* to be written */
static const char	*numbers;	/* "FILE KEY;" that can be read */

/* --- in place of cgroup and cgroupfs ------------------------------------ */

const char *
cgroups_path(const struct cgroups *groups)
{
	(void)groups;
	return folder;
}

unsigned
cgroups_controllers(const struct cgroups *groups)
{
	return groups != NULL ? controllers : 0;
}

char *
cgroupfs_words(char out[CGROUPFS_WORDS], unsigned wanted, const char *sign)
{
	ck_assert_str_eq(sign, "+");
	ck_assert_uint_eq(wanted, controllers);
	return strcpy(out, "all");
}

int
cgroupfs_write(const char *group, const char *file, const char *text)
{
	size_t	 len = strlen(written);

	snprintf(written + len, sizeof(written) - len, "%s/%s=%s\n",
	    group + strlen(folder) + 1, file, text);
	if (fails != NULL && strcmp(file, fails) == 0) {
		errno = EINVAL;
		return -1;
	}
	if (missing == NULL)
		return 0;
	if (strcmp(file, "cgroup.subtree_control") == 0) {
		if (strstr(group, "/fn") != NULL)
			missing = NULL;
		return 0;
	}
	if (strcmp(file, missing) != 0)
		return 0;
	errno = ENOENT;
	return -1;
}

int
cgroupfs_open(const char *group, const char *file)
{
	(void)group;
	(void)file;
	errno = ENOENT;
	return -1;
}

bool
cgroupfs_read_number(const char *group, const char *file, const char *key,
    uint64_t *number)
{
	char	 name[64];

	(void)group;
	snprintf(name, sizeof(name), "%s %s;", file, key != NULL ? key : "");
	*number = 5000;
	return numbers != NULL && strstr(numbers, name) != NULL;
}

/* --- the tests ---------------------------------------------------------- */

static struct function	*fn;
static struct leaf	 leaf;
static struct account_limits user;

static void
set_up(void)
{
	static int	 groups;

	strcpy(folder + strlen(folder) - 6, "XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	controllers = ALL;
	written[0] = '\0';
	missing = fails = numbers = NULL;
	fn = function_create();
	fn->memory_max = 1 << 20;
	fn->tasks_max = 7;
	fn->cpu_max = "50000 100000";
	fn->cpu_weight = 200;
	memset(&user, 0, sizeof(user));
	user.memory_max = user.tasks_max = ACCOUNT_NO_CAP;
	user.cpu_weight = 100;
	memset(&leaf, 0, sizeof(leaf));
	leaf.groups = (const struct cgroups *)&groups;
	leaf.uid = 1000;
	leaf.serial = 3;
	strcpy(leaf.function, "fn");
}

static void
tear_down(void)
{
	function_release(fn);
	/* All that was made has gone. */
	ck_assert_int_eq(rmdir(folder), 0);
}

static bool
is_there(const char *name)
{
	char	 path[256];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return access(path, F_OK) == 0;
}

static void
make_and_remove(void)
{
	const char	*step = NULL;

	ck_assert_msg(leaf_make(&leaf, fn, &user, &step) == 0, "%s", step);
	ck_assert(leaf.is_made && is_there("user.1000/fn/3"));
	ck_assert_int_eq(leaf_remove(&leaf), 0);
}

START_TEST(limits)
{
	make_and_remove();
	ck_assert_str_eq(written,
	    "user.1000/fn/3/memory.oom.group=1\n"
	    "user.1000/fn/3/memory.max=1048576\n"
	    "user.1000/fn/3/memory.swap.max=0\n"
	    "user.1000/fn/3/pids.max=7\n"
	    "user.1000/fn/3/cpu.max=50000 100000\n"
	    "user.1000/fn/cpu.weight=200\n");
}
END_TEST

START_TEST(no_limits)
{
	fn->memory_max = fn->tasks_max = 0;
	fn->cpu_max = "";
	make_and_remove();
	ck_assert_str_eq(written,
	    "user.1000/fn/3/memory.oom.group=1\n"
	    "user.1000/fn/3/pids.max=max\n"
	    "user.1000/fn/cpu.weight=200\n");
}
END_TEST

START_TEST(no_controllers)
{
	controllers = 0;
	make_and_remove();
	ck_assert_str_eq(written, "");
}
END_TEST

/* The groups above it are told to hand down what they have. */
START_TEST(first)
{
	missing = "memory.oom.group";
	make_and_remove();
	ck_assert_ptr_nonnull(strstr(written,
	    "user.1000/cgroup.subtree_control=all\n"
	    "user.1000/fn/cgroup.subtree_control=all\n"
	    "user.1000/fn/3/memory.oom.group=1\n"
	    "user.1000/fn/3/memory.max=1048576\n"));
	controllers = CGROUP_PIDS;
	missing = "pids.max";
	make_and_remove();
}
END_TEST

/* A kernel that does not count swap. */
START_TEST(no_swap)
{
	missing = "memory.swap.max";
	make_and_remove();
	ck_assert_ptr_null(strstr(written, "subtree_control"));
}
END_TEST

static const struct {
	const char	*file;
	const char	*step;
} failures[] = {
	{ "memory.oom.group",	"cgroup: memory.oom.group" },
	{ "memory.max",		"limits.memory_max: memory.max" },
	{ "memory.swap.max",	"cgroup: memory.swap.max" },
	{ "pids.max",		"limits.tasks_max: pids.max" },
	{ "cpu.max",		"limits.cpu_max: cpu.max" },
	{ "cpu.weight",		"limits.cpu_weight: cpu.weight" },
	{ "cgroup.subtree_control", "cgroup: cgroup.subtree_control" },
};

/* What cannot be limited is not there. */
START_TEST(fails_closed)
{
	const char	*step = "";

	fails = failures[_i].file;
	if (strcmp(fails, "cgroup.subtree_control") == 0)
		missing = "pids.max";
	ck_assert_int_eq(leaf_make(&leaf, fn, &user, &step), -1);
	ck_assert_int_eq(errno, EINVAL);
	ck_assert_str_eq(step, failures[_i].step);
	ck_assert(!leaf.is_made && !is_there("user.1000"));
}
END_TEST

/* The user's group, before there is anything in it. */
START_TEST(account)
{
	struct leaf	 other = leaf;
	const char	*step = "";

	user.memory_max = 5 << 20;
	user.tasks_max = 9;
	user.cpu_weight = 50;
	strcpy(user.cpu_max, "1000 2000");
	ck_assert_int_eq(leaf_make(&leaf, fn, &user, &step), 0);
	ck_assert_ptr_eq(strstr(written,
	    "user.1000/memory.max=5242880\n"
	    "user.1000/memory.swap.max=0\n"
	    "user.1000/pids.max=9\n"
	    "user.1000/cpu.max=1000 2000\n"
	    "user.1000/cpu.weight=50\n"
	    "user.1000/fn/3/memory.oom.group=1\n"), written);

	/* Where the function has a group, the user's is limited. */
	written[0] = '\0';
	other.serial = 4;
	ck_assert_int_eq(leaf_make(&other, fn, &user, &step), 0);
	ck_assert_ptr_null(strstr(written, "user.1000/memory.max"));
	leaf_remove(&leaf);
	leaf_remove(&other);
}
END_TEST

static const struct {
	const char	*file;
	const char	*step;
} user_failures[] = {
	{ "memory.max",		"account.memory_max: memory.max" },
	{ "memory.swap.max",	"cgroup: memory.swap.max" },
	{ "pids.max",		"account.tasks_max: pids.max" },
	{ "cpu.max",		"account.cpu_max: cpu.max" },
	{ "cpu.weight",		"account.cpu_weight: cpu.weight" },
};

START_TEST(account_fails_closed)
{
	const char	*step = "";

	user.memory_max = 5 << 20;
	user.tasks_max = 9;
	user.cpu_weight = 50;
	strcpy(user.cpu_max, "1000 2000");
	fails = user_failures[_i].file;
	ck_assert_int_eq(leaf_make(&leaf, fn, &user, &step), -1);
	ck_assert_int_eq(errno, EINVAL);
	ck_assert_str_eq(step, user_failures[_i].step);
	ck_assert_uint_lt(strlen(step), MESSAGE_STEP_LEN);
	ck_assert(!leaf.is_made && !is_there("user.1000"));
}
END_TEST

static void
find_limits(const void *arg, uid_t uid, struct account_limits *found)
{
	ck_assert_ptr_eq(arg, &user);
	*found = user;
	if (uid != 1000)
		found->memory_max = 1 << 20;
}

/* All of them, as they may have been otherwise. */
START_TEST(another_load)
{
	struct leaf	 other = leaf;
	const char	*step = "";

	ck_assert_int_eq(leaf_make(&leaf, fn, &user, &step), 0);
	other.uid = 1001;
	ck_assert_int_eq(leaf_make(&other, fn, &user, &step), 0);
	written[0] = '\0';
	leaf_limit_users(leaf.groups, find_limits, &user);
	ck_assert_ptr_nonnull(strstr(written,
	    "user.1000/memory.max=max\n"
	    "user.1000/memory.swap.max=max\n"
	    "user.1000/pids.max=max\n"
	    "user.1000/cpu.max=max\n"
	    "user.1000/cpu.weight=100\n"));
	ck_assert_ptr_nonnull(strstr(written,
	    "user.1001/memory.max=1048576\n"
	    "user.1001/memory.swap.max=0\n"));
	leaf_remove(&leaf);
	leaf_remove(&other);
}
END_TEST

START_TEST(twice)
{
	struct leaf	 other = leaf;
	const char	*step = "";

	ck_assert_int_eq(leaf_make(&leaf, fn, &user, &step), 0);
	ck_assert_int_eq(leaf_make(&other, fn, &user, &step), -1);
	ck_assert_int_eq(errno, EEXIST);
	ck_assert_str_eq(step, "cgroup: mkdir");
	ck_assert(is_there("user.1000/fn/3"));

	/* Those above go with the last one. */
	other.serial = 4;
	ck_assert_int_eq(leaf_make(&other, fn, &user, &step), 0);
	ck_assert_int_eq(leaf_remove(&leaf), 0);
	ck_assert(is_there("user.1000/fn"));
	ck_assert_int_eq(leaf_remove(&other), 0);
	ck_assert(!is_there("user.1000"));
	ck_assert_int_eq(leaf_remove(&other), -1);
	ck_assert_int_eq(errno, ENOENT);
}
END_TEST

START_TEST(figures)
{
	struct leaf_figures	 f;

	ck_assert_int_eq(leaf_read(&leaf, &f), -1);
	numbers = "cpu.stat usage_usec;";
	ck_assert_int_eq(leaf_read(&leaf, &f), 0);
	ck_assert(f.cpu_us == 5000 && f.peak_kb == 0 && !f.is_oom);
	numbers = "cpu.stat usage_usec;memory.peak ;memory.events oom_kill;";
	ck_assert_int_eq(leaf_read(&leaf, &f), 0);
	ck_assert(f.cpu_us == 5000 && f.peak_kb == 4 && f.is_oom);
}
END_TEST

START_TEST(orders)
{
	ck_assert_int_eq(leaf_freeze(&leaf, true), 0);
	ck_assert_int_eq(leaf_freeze(&leaf, false), 0);
	ck_assert_int_eq(leaf_kill(&leaf), 0);
	ck_assert_int_eq(leaf_join(&leaf), 0);
	ck_assert_str_eq(written,
	    "user.1000/fn/3/cgroup.freeze=1\n"
	    "user.1000/fn/3/cgroup.freeze=0\n"
	    "user.1000/fn/3/cgroup.kill=1\n"
	    "user.1000/fn/3/cgroup.procs=0\n");
}
END_TEST

int
main(void)
{
	Suite	*s;
	TCase	*tc;

	s = suite_create("leaf");
	tc = tcase_create("leaf");
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, limits);
	tcase_add_test(tc, no_limits);
	tcase_add_test(tc, no_controllers);
	tcase_add_test(tc, first);
	tcase_add_test(tc, no_swap);
	tcase_add_loop_test(tc, fails_closed, 0,
	    (int)(sizeof(failures) / sizeof(failures[0])));
	tcase_add_test(tc, account);
	tcase_add_loop_test(tc, account_fails_closed, 0,
	    (int)(sizeof(user_failures) / sizeof(user_failures[0])));
	tcase_add_test(tc, another_load);
	tcase_add_test(tc, twice);
	tcase_add_test(tc, figures);
	tcase_add_test(tc, orders);
	suite_add_tcase(s, tc);

	return suite_run(s);
}
