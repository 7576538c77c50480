/*
 * means, confined, kernel: what is required of what there is, and what is said
 * to hold on kernels that have less than this one.
 */
#include "means.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "confined.h"
#include "function.h"
#include "landlock.h"
#include "mem.h"
#include "settings.h"
#include "value.h"
#include "lib/suite.h"

#define ROWS(table)	((int)(sizeof(table) / sizeof((table)[0])))

static struct function		*fn;
static struct sandbox_lists	 lists;
static struct means		 means;

static void
set_up(void)
{
	fn = function_create();
	memset(&lists, 0, sizeof(lists));
	fn->lists = &lists;
	fn->protocol = protocol_settings_find("fastcgi");
	memset(&means, 0, sizeof(means));
}

static void
tear_down(void)
{
	function_release(fn);
}

static void
require(const char *words)
{
	ck_assert_ptr_null(words_parse(fn->arena, words, &lists.require));
}

/* --- require -------------------------------------------------------------- */

static const struct {
	const char	*words;
	const char	*lacking;	/* on a kernel of nothing; NULL: none */
} requirements[] = {
	{ "", NULL },
	{ "landlock", "landlock" },
	{ "landlock>=3 seccomp", "landlock>=3" },
	{ "seccomp cgroup", "seccomp" },
	{ "namespaces", "namespaces" },
	{ "userns", "userns" },
	{ "cgroup", "cgroup" },
	{ "memory", "memory" },
	{ "pids", "pids" },
	{ "cpu", "cpu" },
};

START_TEST(of_nothing)
{
	const char	*lacking;

	require(requirements[_i].words);
	lacking = means_lack(&means, fn);
	if (requirements[_i].lacking == NULL)
		ck_assert_ptr_null(lacking);
	else
		ck_assert_str_eq(lacking, requirements[_i].lacking);
}
END_TEST

START_TEST(of_all)
{
	means.has_groups = means.kernel.seccomp = true;
	means.kernel.namespaces = means.kernel.userns = true;
	means.kernel.landlock = 3;
	means.controllers = CGROUP_MEMORY | CGROUP_PIDS | CGROUP_CPU;
	require("landlock seccomp namespaces userns cgroup memory pids cpu");
	ck_assert_ptr_null(means_lack(&means, fn));
	require("landlock>=3");
	ck_assert_ptr_null(means_lack(&means, fn));
	require("seccomp landlock>=4");
	ck_assert_str_eq(means_lack(&means, fn), "landlock>=4");
	means.controllers = CGROUP_MEMORY | CGROUP_PIDS;
	require("memory pids cpu");
	ck_assert_str_eq(means_lack(&means, fn), "cpu");
}
END_TEST

/* --- what holds ----------------------------------------------------------- */

#define NONE		CONFINE_NONE
#define STANDARD	CONFINE_STANDARD
#define STRICT		CONFINE_STRICT

static const struct {
	const char	*key;
	enum confinement level;
	enum network	 network;
	unsigned	 landlock;
	bool		 seccomp;
	bool		 namespaces;
	const char	*by;		/* how it begins; NULL: nothing does */
} holds[] = {
	{ "sandbox.level", STRICT, 0, 0, 0, 1, "namespaces" },
	{ "sandbox.level", STRICT, 0, 7, 1, 0, NULL },
	{ "sandbox.level", STANDARD, 0, 0, 0, 0, "no capabilities" },
	{ "sandbox.level", NONE, 0, 0, 0, 0, "its user" },
	{ "sandbox.network", STRICT, NETWORK_HOST, 0, 0, 0, "the machine's" },
	{ "sandbox.network", STANDARD, NETWORK_NONE, 0, 0, 1, "a network" },
	{ "sandbox.network", STANDARD, NETWORK_NONE, 0, 1, 0, "seccomp" },
	{ "sandbox.network", STANDARD, NETWORK_NONE, 4, 0, 0, "Landlock, for" },
	{ "sandbox.network", STANDARD, NETWORK_NONE, 3, 0, 0, NULL },
	{ "sandbox.network", STRICT, NETWORK_LOOPBACK, 7, 1, 0, NULL },
	{ "sandbox.network", STRICT, NETWORK_LOOPBACK, 0, 0, 1, "a network" },
	{ "sandbox.network", NONE, NETWORK_NONE, 7, 1, 0, NULL },
	{ "sandbox.read_only_paths", STRICT, 0, 7, 1, 1, "a root of its own," },
	{ "sandbox.read_only_paths", STRICT, 0, 0, 1, 1, "a root of its own" },
	{ "sandbox.read_only_paths", STANDARD, 0, 7, 1, 1, "Landlock; abstr" },
	{ "sandbox.read_write_paths", STANDARD, 0, 5, 1, 0, "Landlock; not" },
	{ "sandbox.read_only_paths", STANDARD, 0, 2, 1, 0, "Landlock, but" },
	{ "sandbox.read_only_paths", STANDARD, 0, 0, 1, 1, NULL },
	{ "sandbox.read_only_paths", NONE, 0, 7, 1, 1, NULL },
	{ "sandbox.inaccessible_paths", NONE, 0, 0, 0, 0, "not set" },
	{ "sandbox.tmp_max", STRICT, 0, 0, 0, 1, "a tmpfs" },
	{ "sandbox.tmp_max", STANDARD, 0, 7, 1, 1, "no limit" },
	{ "sandbox.system_call_filter", STANDARD, 0, 0, 1, 0, "seccomp" },
	{ "sandbox.system_call_filter", STRICT, 0, 7, 0, 1, NULL },
	{ "sandbox.system_call_filter", NONE, 0, 7, 1, 1, NULL },
};

static const struct confined_row *
find_row(const char *key)
{
	const struct confined_row	*row;
	size_t				 i;

	for (i = 0; (row = confined_find(i)) != NULL; i++)
		if (strcmp(row->key, key) == 0)
			return row;
	ck_abort_msg("%s", key);
	return NULL;
}

START_TEST(by_what)
{
	const char	*by, *expected = holds[_i].by;

	fn->level = holds[_i].level;
	fn->network = holds[_i].network;
	means.kernel.landlock = holds[_i].landlock;
	means.kernel.seccomp = holds[_i].seccomp;
	means.kernel.namespaces = holds[_i].namespaces;
	by = find_row(holds[_i].key)->by(fn, &means);
	if (expected == NULL) {
		ck_assert_msg(by == NULL, "%s", by);
		ck_assert_ptr_nonnull(confined_lacks(fn, &means));
	} else
		ck_assert_msg(by != NULL && strncmp(by, expected,
		    strlen(expected)) == 0, "%s", by == NULL ? "" : by);
}
END_TEST

/* What is found agrees with itself. */
START_TEST(this_kernel)
{
	struct kernel	 kernel, again;

	kernel_probe(&kernel);
	kernel_probe(&again);
	ck_assert_int_eq(memcmp(&kernel, &again, sizeof(kernel)), 0);
	ck_assert_uint_eq(kernel.landlock, landlock_abi());
}
END_TEST

int
main(void)
{
	Suite	*s;
	TCase	*tc;

	s = suite_create("means");
	tc = tcase_create("means");
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_loop_test(tc, of_nothing, 0, ROWS(requirements));
	tcase_add_test(tc, of_all);
	tcase_add_loop_test(tc, by_what, 0, ROWS(holds));
	tcase_add_test(tc, this_kernel);
	suite_add_tcase(s, tc);

	return suite_run(s);
}
