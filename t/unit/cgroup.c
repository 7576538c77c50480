/*
 * cgroup: where groups are, what stands in their files, and what can be used of
 * them, on folders and files that look like groups.
 */
#include "cgroup.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log.h"
#include "lib/suite.h"

#define ROWS(table)	((int)(sizeof(table) / sizeof((table)[0])))

/* --- where a group is --------------------------------------------------- */

#define ROOT	"25 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n"
#define V1	"31 30 0:28 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n"
#define V2	"30 25 0:27 / /sys/fs/cgroup rw,nosuid shared:4 - "	\
		"cgroup2 cgroup2 rw,nsdelegate\n"
#define UNIFIED	"40 30 0:37 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n"
#define PART	"50 25 0:27 /docker/a /cg\\0402 rw - cgroup2 cgroup rw\n"

static const struct {
	const char	*mountinfo;
	const char	*self;
	const char	*path;		/* NULL: none */
	int		 error;
} places[] = {
	{ ROOT V2, "0::/system.slice/tollgate.service\n",
	  "/sys/fs/cgroup/system.slice/tollgate.service", 0 },
	{ V1 UNIFIED ROOT, "9:name=systemd:/x\n1:cpu:/y\n0::/\n",
	  "/sys/fs/cgroup/unified", 0 },
	{ ROOT PART, "0::/docker/a/b\n", "/cg 2/b", 0 },
	{ PART V2, "0::/docker/ab", "/sys/fs/cgroup/docker/ab", 0 },
	{ ROOT PART, "0::/docker/ab\n", NULL, EXDEV },
	{ ROOT V2, "0::/../other\n", NULL, EXDEV },
	{ ROOT V1, "1:cpu:/\n0::/\n", NULL, ENOENT },
	{ ROOT V2, "1:cpu:/x\n", NULL, ENOENT },
	{ "", "", NULL, ENOENT },
	{ "a - cgroup2 b\n - cgroup2 \n", "0::/\n", NULL, ENOENT },
};

START_TEST(place)
{
	char	*path;

	errno = 0;
	path = cgroupfs_locate(places[_i].mountinfo, places[_i].self);
	if (places[_i].path != NULL)
		ck_assert_str_eq(path, places[_i].path);
	else {
		ck_assert_ptr_null(path);
		ck_assert_int_eq(errno, places[_i].error);
	}
	free(path);
}
END_TEST

/* --- what stands in files ----------------------------------------------- */

static const struct {
	const char	*text;
	unsigned	 controllers;
} lists[] = {
	{ "", 0 },
	{ "\n", 0 },
	{ "cpuset cpu io memory hugetlb pids rdma misc\n",
	  CGROUP_CPU | CGROUP_MEMORY | CGROUP_PIDS },
	{ "cpuset memory.x mem\n", 0 },
	{ "pids", CGROUP_PIDS },
};

START_TEST(controllers)
{
	ck_assert_uint_eq(cgroupfs_controllers(lists[_i].text),
	    lists[_i].controllers);
}
END_TEST

START_TEST(words)
{
	char	 out[CGROUPFS_WORDS];

	ck_assert_str_eq(cgroupfs_words(out, 0, "+"), "");
	ck_assert_str_eq(cgroupfs_words(out, CGROUP_PIDS, "-"), "-pids");
	ck_assert_str_eq(cgroupfs_words(out, ~0U, "+"), "+cpu +memory +pids");
}
END_TEST

static const struct {
	const char	*text;
	const char	*key;
	bool		 is_there;
	uint64_t	 number;
} numbers[] = {
	{ "usage_usec 42\nuser_usec 1\n", "usage_usec", true, 42 },
	{ "usage_usec 42\nuser_usec 1\n", "user_usec", true, 1 },
	{ "oom 1\noom_kill 2\noom_group_kill 3\n", "oom_kill", true, 2 },
	{ "oom_kill_x 1\n", "oom_kill", false, 0 },
	{ "populated", "populated", false, 0 },
	{ "populated \n", "populated", false, 0 },
	{ "1048576\n", NULL, true, 1048576 },
	{ "max\n", NULL, false, 0 },
	{ "", NULL, false, 0 },
	{ "", "key", false, 0 },
};

START_TEST(number)
{
	uint64_t	 n = 0;

	ck_assert_int_eq(cgroupfs_number(numbers[_i].text, numbers[_i].key,
	    &n), numbers[_i].is_there);
	ck_assert_uint_eq(n, numbers[_i].number);
}
END_TEST

/* --- folders that look like groups -------------------------------------- */

static char	folder[] = "/tmp/tollgate-cgroup-XXXXXX";

static void
put(const char *name, const char *text)
{
	FILE	*out = fopen(name, "w");

	ck_assert_ptr_nonnull(out);
	fputs(text, out);
	fclose(out);
}

static void
set_up(void)
{
	strcpy(folder + strlen(folder) - 6, "XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	ck_assert_int_eq(chdir(folder), 0);
}

static void
tear_down(void)
{
	char	 command[64];

	ck_assert_int_eq(chdir("/"), 0);
	snprintf(command, sizeof(command), "rm -r %s", folder);
	ck_assert_int_eq(system(command), 0);
}

START_TEST(files)
{
	char		 text[8];
	uint64_t	 n;

	put("cgroup.kill", "old");
	ck_assert_int_eq(cgroupfs_write(folder, "cgroup.kill", "new"), 0);
	ck_assert_int_eq(cgroupfs_read(folder, "cgroup.kill", text,
	    sizeof(text)), 3);
	ck_assert_str_eq(text, "new");
	put("memory.peak", "4096\n");
	ck_assert(cgroupfs_read_number(folder, "memory.peak", NULL, &n));
	ck_assert_uint_eq(n, 4096);

	/* What is not there is not made; nor is a link followed. */
	ck_assert_int_eq(cgroupfs_write(folder, "pids.max", "1"), -1);
	ck_assert_int_eq(errno, ENOENT);
	ck_assert_int_eq(symlink("memory.peak", "link"), 0);
	ck_assert_int_eq(cgroupfs_write(folder, "link", "1"), -1);
	ck_assert_int_eq(errno, ELOOP);
}
END_TEST

/* Which controllers would a tollgated have in such a group? */
static const struct {
	const char	*type;		/* NULL: it is the root */
	const char	*procs;
	const char	*has;
	const char	*hands_down;
	unsigned	 controllers;
} groups[] = {
	{ "domain\n", "", "cpu memory pids\n", "",
	  CGROUP_CPU | CGROUP_MEMORY | CGROUP_PIDS },
	{ "domain\n", "SELF", "memory\n", "", CGROUP_MEMORY },
	{ "domain\n", "1\n", "cpu memory\n", "", 0 },
	{ "domain\n", "1\n", "cpu memory\n", "memory\n", CGROUP_MEMORY },
	{ NULL, "1\n2\n", "hugetlb pids\n", "", CGROUP_PIDS },
	{ NULL, "1\n", "hugetlb\n", "", 0 },
};

START_TEST(look)
{
	char		 self[64], why[CGROUP_WHY];
	unsigned	 found;

	snprintf(self, sizeof(self), "%ld\n%ld\n", (long)getppid(),
	    (long)getpid());
	if (groups[_i].type != NULL)
		put("cgroup.type", groups[_i].type);
	put("cgroup.procs", strcmp(groups[_i].procs, "SELF") == 0 ? self :
	    groups[_i].procs);
	put("cgroup.controllers", groups[_i].has);
	put("cgroup.subtree_control", groups[_i].hands_down);
	ck_assert_msg(cgroup_look(folder, &found, why), "%s", why);
	ck_assert_uint_eq(found, groups[_i].controllers);
}
END_TEST

START_TEST(none)
{
	char		 path[128], why[CGROUP_WHY];
	unsigned	 found = 7;

	ck_assert(!cgroup_look("none", &found, why));
	ck_assert_str_eq(why, "gateway.cgroup = none");
	ck_assert_uint_eq(found, 0);
	snprintf(path, sizeof(path), "%s/no/such", folder);
	ck_assert(!cgroup_look(path, &found, why));
	ck_assert_ptr_nonnull(strstr(why, "/no/such: No such file"));
	ck_assert_ptr_null(cgroups_create("none", 0));
	ck_assert_uint_eq(cgroups_controllers(NULL), 0);
	cgroups_free(NULL);
}
END_TEST

/* An ordinary folder is noticed, and nothing left in it. */
START_TEST(no_group)
{
	ck_assert_ptr_null(cgroups_create(folder, 0));
	ck_assert_int_eq(access("tollgate.1", F_OK), -1);
}
END_TEST

/* What seems to be a tree but is none of ours stays. */
START_TEST(others)
{
	mkdir("tollgate.x", 0755);
	mkdir("tollgate.", 0755);
	mkdir("tollgate.1x", 0755);
	ck_assert_ptr_null(cgroups_create(folder, 0));
	ck_assert_int_eq(access("tollgate.x", F_OK), 0);
	ck_assert_int_eq(access("tollgate.", F_OK), 0);
	ck_assert_int_eq(access("tollgate.1x", F_OK), 0);
}
END_TEST

int
main(void)
{
	Suite	*s;
	TCase	*tc;

	log_open("/dev/null", LEVEL_ERROR, "test");
	s = suite_create("cgroup");
	tc = tcase_create("text");
	tcase_add_loop_test(tc, place, 0, ROWS(places));
	tcase_add_loop_test(tc, controllers, 0, ROWS(lists));
	tcase_add_test(tc, words);
	tcase_add_loop_test(tc, number, 0, ROWS(numbers));
	suite_add_tcase(s, tc);
	tc = tcase_create("folders");
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, files);
	tcase_add_loop_test(tc, look, 0, ROWS(groups));
	tcase_add_test(tc, none);
	tcase_add_test(tc, no_group);
	tcase_add_test(tc, others);
	suite_add_tcase(s, tc);

	return suite_run(s);
}
