/*
 * lockdown: what a process that has shut itself in can still reach.
 */
#include "lockdown.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <linux/landlock.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "callfilter.h"
#include "config.h"
#include "log.h"
#include "mem.h"
#include "lib/suite.h"

#define LENGTH(array)	(sizeof(array) / sizeof((array)[0]))

static char	 folder[] = "/tmp/tollgate-lockdown-XXXXXX";

static char	 accounting[PATH_MAX], state[PATH_MAX], own[PATH_MAX];

static struct function	 function = { .name = "tall" };
static struct function	*functions[] = { &function };
static struct config	 config;
static struct lockdown	*lockdown;
static bool		 holds;		/* else nothing is forbidden */

/* In the parent, which may also remove it. */
static void
make_folder(void)
{
	static const char *const	 folders[] = { "log", "state", "own",
					     "other" };
	size_t				 i;

	ck_assert_ptr_nonnull(mkdtemp(folder));
	ck_assert_int_eq(chdir(folder), 0);
	for (i = 0; i < LENGTH(folders); i++)
		ck_assert_int_eq(mkdir(folders[i], 0755), 0);
}

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static void
remove_folder(void)
{
	nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void
set_up(void)
{
	/* That cannot be asked any more afterwards. */
	holds = !IS_SANITIZED && syscall(SYS_landlock_create_ruleset, NULL, 0,
	    LANDLOCK_CREATE_RULESET_VERSION) >= 1;
	memset(&config, 0, sizeof(config));
	config.functions = functions;
	config.count = 1;
	snprintf(accounting, PATH_MAX, "%s/log/accounting", folder);
	snprintf(state, PATH_MAX, "%s/state", folder);
	snprintf(own, PATH_MAX, "%s/own/tall.log", folder);
	config.gateway.accounting = accounting;
	config.gateway.error_log = "syslog";
	config.gateway.function_logs = "";
	config.gateway.state_dir = state;
	function.stderr_log = own;
	lockdown = lockdown_enter(&config);
}

static void
tear_down(void)
{
	lockdown_free(lockdown);
}

static int
error_of(long result)
{
	return result == -1 ? errno : 0;
}

static const struct {
	const char	*path;
	int		 flags;
	bool		 may;
} files[] = {
	{ "log/new",		O_CREAT | O_WRONLY | O_APPEND,	true },
	{ "log/accounting",	O_CREAT | O_RDWR | O_APPEND,	true },
	{ "own/new",		O_CREAT | O_WRONLY | O_APPEND,	true },
	{ "own/new2",		O_CREAT | O_RDWR | O_APPEND,	false },
	{ "own",		O_RDONLY | O_DIRECTORY,		false },
	{ "state",		O_TMPFILE | O_EXCL | O_RDWR,	true },
	{ "state/body",		O_CREAT | O_RDWR | O_EXCL,	true },
	{ "other/new",		O_CREAT | O_WRONLY | O_APPEND,	false },
	{ "other",		O_RDONLY | O_DIRECTORY,		false },
	{ "/etc/passwd",	O_RDONLY,			false },
	{ "/proc/1/status",	O_RDONLY,			true },
	{ "/proc/self/comm",	O_WRONLY,			false },
	{ "/proc",		O_RDONLY | O_DIRECTORY,		false },
	{ "/dev/null",		O_WRONLY,			true },
	{ "/dev/zero",		O_RDONLY,			false },
};

START_TEST(file)
{
	int	 fd;

	if (!holds)
		return;
	fd = open(files[_i].path, files[_i].flags | O_CLOEXEC, 0600);
	ck_assert_msg((fd != -1) == files[_i].may, "%s: %s", files[_i].path,
	    strerror(fd == -1 ? errno : 0));
	if (fd == -1)
		ck_assert_int_eq(errno, EACCES);
}
END_TEST

START_TEST(spool)
{
	int	 fd;

	if (!holds)
		return;
	fd = open("state/body", O_CREAT | O_RDWR, 0600);
	ck_assert_int_eq(error_of(unlink("state/body")), 0);
	ck_assert_int_eq(error_of(ftruncate(fd, 0)), 0);
	fd = open("log/accounting", O_CREAT | O_RDWR, 0600);
	ck_assert_int_eq(error_of(ftruncate(fd, 0)), 0);
	ck_assert_int_ne(error_of(unlink("log/accounting")), 0);
}
END_TEST

/* --- loads that come later ------------------------------------------------ */

static const struct {
	const char	*key;
	const char	*path;		/* "" is the folder of the test */
	bool		 may;
} loads[] = {
	{ "accounting",		"/log/other",		true },
	{ "accounting",		"/log/below/other",	true },
	{ "accounting",		"/logger/other",	false },
	{ "accounting",		"/own/accounting",	false },
	{ "error_log",		"/own/error.log",	true },
	{ "error_log",		"/other/error.log",	false },
	{ "function_logs",	"/own",			true },
	{ "function_logs",	"/other",		false },
	{ "log.stderr",		"/log/x",		true },
	{ "log.stderr",		"/other/x",		false },
	{ "state_dir",		"/state/below",		true },
	{ "state_dir",		"/log",			false },
};

START_TEST(load)
{
	struct config_errors	 errors = { NULL, 0 };
	struct config		 next = config;
	char			*path;
	const char		*key = loads[_i].key;
	bool			 may;

	path = xasprintf("%s%s", folder, loads[_i].path);
	if (strcmp(key, "accounting") == 0)
		next.gateway.accounting = path;
	else if (strcmp(key, "error_log") == 0)
		next.gateway.error_log = path;
	else if (strcmp(key, "function_logs") == 0)
		next.gateway.function_logs = path;
	else if (strcmp(key, "state_dir") == 0)
		next.gateway.state_dir = path;
	else
		function.stderr_log = path;
	may = !holds || loads[_i].may;
	ck_assert_int_eq(lockdown_permits(lockdown, &next, &errors), may);
	ck_assert_uint_eq(errors.count, may ? 0 : 1);
	if (!may) {
		ck_assert_ptr_nonnull(strstr(errors.lines[0], key));
		ck_assert_ptr_nonnull(strstr(errors.lines[0], path));
		ck_assert_ptr_nonnull(strstr(errors.lines[0], "restart"));
	}
	config_errors_release(&errors);
	free(path);
}
END_TEST

START_TEST(before)
{
	struct config_errors	 errors = { NULL, 0 };

	ck_assert(lockdown_permits(NULL, &config, &errors));
}
END_TEST

int
main(void)
{
	Suite	*s;
	TCase	*tc;

	log_open("/dev/null", LEVEL_ERROR, "test");
	s = suite_create("lockdown");
	tc = tcase_create("shut in");
	tcase_add_unchecked_fixture(tc, make_folder, remove_folder);
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_loop_test(tc, file, 0, LENGTH(files));
	tcase_add_test(tc, spool);
	tcase_add_loop_test(tc, load, 0, LENGTH(loads));
	suite_add_tcase(s, tc);
	tc = tcase_create("before");
	tcase_add_test(tc, before);
	suite_add_tcase(s, tc);

	return suite_run(s);
}
