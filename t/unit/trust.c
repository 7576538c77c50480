/*
 * trust: a tree of folders, links and files, each wrong in its own way.
 */
#include "trust.h"
#include "lib/suite.h"

#include <sys/stat.h>

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ROWS(table)	((int)(sizeof(table) / sizeof((table)[0])))
#define MIN_UID		5000
#define ANNA		5001
#define BERT		5002

static char	folder[PATH_MAX];

static void
make_folder(const char *name, mode_t mode, uid_t uid)
{
	ck_assert_int_eq(mkdir(name, 0755), 0);
	ck_assert_int_eq(chown(name, uid, uid), 0);
	ck_assert_int_eq(chmod(name, mode), 0);
}

static void
make_file(const char *name, mode_t mode, uid_t uid, gid_t gid)
{
	int	 fd = open(name, O_CREAT | O_EXCL | O_WRONLY, 0600);

	ck_assert_int_eq(write(fd, "#!/bin/sh\n", 10), 10);
	close(fd);
	ck_assert_int_eq(chown(name, uid, gid), 0);
	ck_assert_int_eq(chmod(name, mode), 0);
}

static void
make_link(const char *target, const char *name, uid_t uid)
{
	ck_assert_int_eq(symlink(target, name), 0);
	ck_assert_int_eq(lchown(name, uid, uid), 0);
}

static void
make_ordinary(void)
{
	make_folder("good", 0755, 0);
	make_folder("annas", 0755, ANNA);
	make_folder("berts", 0755, BERT);
	make_folder("open", 0777, 0);
	make_folder("sticky", 01777, 0);
	make_file("good/run", 0755, 0, 0);
	make_file("good/annas", 0755, ANNA, ANNA);
	make_file("good/berts", 0755, BERT, BERT);
	make_file("good/group", 0775, 0, 0);
	make_file("good/others", 0757, 0, 0);
	make_file("good/setuid", 04755, 0, 0);
	make_file("good/setgid", 02755, 0, 0);
	make_file("good/plain", 0644, 0, 0);
	make_file("annas/run", 0755, ANNA, ANNA);
	make_file("berts/run", 0755, 0, 0);
	make_file("open/run", 0755, 0, 0);
	make_file("sticky/run", 0755, 0, 0);
	make_link("run", "good/link", 0);
	make_link("../good/../good/./run", "annas/link", ANNA);
	make_link("../open/run", "good/to-open", 0);
	make_link("good/run", "sticky-link", BERT);
	make_link("loop", "loop", 0);
	make_link("good", "folder-link", 0);
	ck_assert_int_eq(mkfifo("good/fifo", 0755), 0);
}

static void
make_homes(void)
{
	make_folder("home", 0755, 0);
	make_folder("home/anna", 0755, ANNA);
	make_folder("home/anna/bin", 0755, ANNA);
	make_folder("home/anna/wide", 0775, ANNA);
	make_folder("home/anna/roots", 0755, 0);
	make_folder("home/anna/berts", 0755, BERT);
	make_folder("home/low", 0755, 100);
	make_file("home/anna/bin/run", 0755, ANNA, ANNA);
	make_file("home/anna/bin/berts", 0755, BERT, BERT);
	make_file("home/anna/bin/roots", 0755, 0, 0);
	make_file("home/anna/bin/group", 0775, ANNA, ANNA);
	make_file("home/anna/bin/setuid", 04755, ANNA, ANNA);
	make_file("home/anna/bin/plain", 0644, ANNA, ANNA);
	make_file("home/anna/bin/gid", 0755, ANNA, 33);
	make_file("home/anna/wide/run", 0755, ANNA, ANNA);
	make_file("home/anna/roots/run", 0755, ANNA, ANNA);
	make_file("home/anna/berts/run", 0755, BERT, BERT);
	make_file("home/low/run", 0755, 100, 100);
	make_link("run", "home/anna/bin/link", ANNA);
	make_link("bin", "home/anna/link", ANNA);
	make_link("anna", "home/link", 0);
	make_link("home", "home-link", 0);
}

static void
set_up(void)
{
	strcpy(folder, "/tmp/tollgate-trust-XXXXXX");
	umask(022);
	ck_assert_ptr_nonnull(mkdtemp(folder));
	ck_assert_int_eq(chmod(folder, 0755), 0);
	ck_assert_int_eq(chdir(folder), 0);
	make_ordinary();
	make_homes();
}

static void
tear_down(void)
{
	char	 command[PATH_MAX + 16];

	snprintf(command, sizeof(command), "rm -rf %s", folder);
	ck_assert_int_eq(chdir("/"), 0);
	ck_assert_int_eq(system(command), 0);
}

static int
lowest_free(void)
{
	int	 fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	close(fd);
	return fd;
}

struct row {
	const char	*path;		/* below the folder */
	const char	*step;		/* NULL: it may be run */
	enum refusal	 refusal;
	int		 error;
};

#define GOOD(path)		{ path, NULL, 0, 0 }
#define FAILED(path, step, e)	{ path, step, REFUSAL_FAILED, e }
#define DISTRUST(path, step)	{ path, step, REFUSAL_NOT_TRUSTED, EACCES }
#define NO_LINKS(path)							\
	{ path, "link on the way", REFUSAL_NOT_TRUSTED, ELOOP }
#define NOT_FOUND(path, e)	{ path, "open", REFUSAL_NOT_FOUND, e }

/* As for a function of Anna's. */
static const struct row ordinary[] = {
	GOOD("good/run"), GOOD("good/annas"), GOOD("annas/run"),
	GOOD("sticky/run"), GOOD("good/link"), GOOD("annas/link"),
	GOOD("folder-link/run"), GOOD("good//run"), GOOD("good/group"),
	FAILED("good/missing", "open", ENOENT),
	FAILED("missing/run", "open", ENOENT),
	FAILED("good/run/more", "open", ENOTDIR),
	FAILED("loop", "open", ELOOP),
	FAILED("good/plain", "file: not executable", EACCES),
	DISTRUST("good/berts", "file: wrong owner"),
	DISTRUST("good/others", "file: others may write"),
	DISTRUST("good/setuid", "file: setuid or setgid"),
	DISTRUST("good/setgid", "file: setuid or setgid"),
	DISTRUST("good/fifo", "file: not a regular one"),
	DISTRUST("good", "file: not a regular one"),
	DISTRUST("berts/run", "folder: wrong owner"),
	DISTRUST("open/run", "folder: others may write"),
	DISTRUST("good/to-open", "folder: others may write"),
	DISTRUST("sticky-link", "link: wrong owner"),
};

/* With ${} after home/. */
static const struct row template[] = {
	GOOD("home/anna/bin/run"),
	NOT_FOUND("home/nobody/bin/run", ENOENT),
	NOT_FOUND("home/anna/bin/missing", ENOENT),
	NOT_FOUND("home/anna/bin/run/x", ENOTDIR),
	NO_LINKS("home/anna/bin/link"), NO_LINKS("home/anna/link/run"),
	NO_LINKS("home/link/bin/run"), NO_LINKS("home-link/anna/bin/run"),
	DISTRUST("home/anna/bin/berts", "file: wrong owner"),
	DISTRUST("home/anna/bin/roots", "file: wrong owner"),
	DISTRUST("home/anna/bin/group", "file: its group may write"),
	DISTRUST("home/anna/bin/setuid", "file: setuid or setgid"),
	DISTRUST("home/anna/bin/plain", "file: not executable"),
	DISTRUST("home/anna/bin/gid", "file: group below min_uid"),
	DISTRUST("home/anna/bin", "file: not a regular one"),
	DISTRUST("home/anna/wide/run", "folder: others may write"),
	DISTRUST("home/anna/roots/run", "folder: not the file's owner's"),
	DISTRUST("home/anna/berts/run", "folder: wrong owner"),
	DISTRUST("home/low/run", "file: owner below min_uid"),
};

static void
check_row(const struct row *row, size_t fixed)
{
	struct trust_request	 request = { .uid = ANNA, .min_uid = MIN_UID };
	struct trust_program	 program;
	struct trust_failure	 failure;
	char			 path[2 * PATH_MAX];
	int			 before = lowest_free(), status;

	snprintf(path, sizeof(path), "%s/%s", folder, row->path);
	request.path = path;
	if (fixed != 0)
		request.fixed = strlen(folder) + fixed;
	status = trust_open(&request, &program, &failure);
	if (row->step == NULL) {
		ck_assert_msg(status == 0, "%s: %s: %s", row->path,
		    failure.step, strerror(failure.error));
		ck_assert(program.is_script);
		ck_assert_int_eq(fcntl(program.fd, F_GETFD), FD_CLOEXEC);
		close(program.fd);
	} else {
		ck_assert_msg(status == -1, "%s is trusted", row->path);
		ck_assert_msg(strcmp(failure.step, row->step) == 0,
		    "%s: %s", row->path, failure.step);
		ck_assert_int_eq(failure.refusal, row->refusal);
		ck_assert_int_eq(failure.error, row->error);
		ck_assert_uint_lt(strlen(failure.step), MESSAGE_STEP_LEN);
	}
	ck_assert_int_eq(lowest_free(), before);
}

START_TEST(ordinary_function)
{
	check_row(&ordinary[_i], 0);
}
END_TEST

START_TEST(template_function)
{
	check_row(&template[_i], sizeof("/home/") - 1);
}
END_TEST

START_TEST(elf_is_no_script)
{
	struct trust_request	 request = { .path = "/bin/true" };
	struct trust_program	 program;
	struct trust_failure	 failure;

	ck_assert_int_eq(trust_open(&request, &program, &failure), 0);
	ck_assert(!program.is_script);
	ck_assert_uint_eq(program.uid, 0);
	close(program.fd);
}
END_TEST

START_TEST(path_is_too_long)
{
	struct trust_request	 request = { 0 };
	struct trust_program	 program;
	struct trust_failure	 failure;
	char			 path[PATH_MAX + 10];

	memset(path, 'a', sizeof(path));
	path[0] = '/';
	path[sizeof(path) - 1] = '\0';
	request.path = path;
	ck_assert_int_eq(trust_open(&request, &program, &failure), -1);
	ck_assert_int_eq(failure.error, ENAMETOOLONG);
	request.fixed = 4;
	ck_assert_int_eq(trust_open(&request, &program, &failure), -1);
	ck_assert_int_eq(failure.error, ENAMETOOLONG);
	request.path = "relative";
	request.fixed = 0;
	ck_assert_int_eq(trust_open(&request, &program, &failure), -1);
	ck_assert_int_eq(failure.error, EINVAL);
}
END_TEST

int
main(void)
{
	Suite	*s;
	TCase	*tc;

	s = suite_create("trust");
	tc = tcase_create("paths");
	tcase_add_test(tc, elf_is_no_script);
	tcase_add_test(tc, path_is_too_long);
	suite_add_tcase(s, tc);
	/* Only root can make files of several users. */
	if (geteuid() == 0) {
		tc = tcase_create("owners");
		tcase_add_unchecked_fixture(tc, set_up, tear_down);
		tcase_add_loop_test(tc, ordinary_function, 0, ROWS(ordinary));
		tcase_add_loop_test(tc, template_function, 0, ROWS(template));
		suite_add_tcase(s, tc);
	}

	return suite_run(s);
}
