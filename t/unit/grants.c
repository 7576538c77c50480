/*
 * grants: what a child that is held to them can open, make, run and reach.
 *
 * All of it in a folder that is neither the system's nor /tmp.
 */
#include "grants.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "function.h"
#include "mem.h"
#include "lib/suite.h"

#define ROWS(table)	((int)(sizeof(table) / sizeof((table)[0])))
#define BASE		"/var/tmp/tollgate-grants-XXXXXX"
#define PATH_ROOM	256

static char			 base[] = BASE;
static struct grants_system	 folders;
static struct function		*fn;
static struct sandbox_lists	 lists;
static struct grants_asked	 asked;
static struct word_list		 hidden_files;
static unsigned			 abi;

/* --- a tree of files ------------------------------------------------------ */

static const char *
in_base(const char *name)
{
	static char	 paths[4][PATH_ROOM];
	static unsigned	 next;
	char		*path = paths[next++ % 4];

	snprintf(path, PATH_ROOM, "%s%s%s", *name == '/' ? "" : base,
	    *name == '/' ? "" : "/", name);
	return path;
}

static void
make_file(const char *name, const char *text, mode_t mode)
{
	int	 fd;

	fd = open(in_base(name), O_WRONLY | O_CREAT | O_EXCL, mode);
	ck_assert_int_ne(fd, -1);
	ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

static void
make_folder(const char *name)
{
	ck_assert_int_eq(mkdir(in_base(name), 0755), 0);
}

static void
add_path(struct word_list *list, const char *name)
{
	if (list->words == NULL)
		list->words = arena_calloc(fn->arena, 8, sizeof(char *));
	list->words[list->count++] = arena_strdup(fn->arena, in_base(name));
}

static void
set_up(void)
{
	strcpy(base, BASE);
	ck_assert_ptr_nonnull(mkdtemp(base));
	ck_assert_int_eq(chmod(base, 0755), 0);
	make_folder("fn");
	make_file("fn/program", "#!/bin/sh\nexit 3\n", 0755);
	make_file("fn/module", "m", 0644);
	make_folder("other");
	make_file("other/file", "x", 0666);
	make_file("other/program", "#!/bin/sh\nexit 3\n", 0755);
	make_folder("ro");
	make_file("ro/file", "x", 0666);
	make_folder("ro/secret");
	make_file("ro/secret/key", "x", 0666);
	make_folder("ro/deep");
	make_folder("ro/deep/er");
	make_file("ro/deep/er/key", "x", 0666);
	make_file("ro/deep/er/plain", "x", 0666);
	make_folder("rw");
	make_folder("rw/in");
	make_file("rw/file", "x", 0666);
	ck_assert_int_eq(symlink(in_base("ro"), in_base("link")), 0);

	fn = function_create();
	memset(&lists, 0, sizeof(lists));
	memset(&hidden_files, 0, sizeof(hidden_files));
	fn->lists = &lists;
	fn->level = CONFINE_STANDARD;
	memset(&asked, 0, sizeof(asked));
	asked.function = fn;
	asked.hidden = &hidden_files;
	asked.program = arena_strdup(fn->arena, in_base("fn/program"));
	asked.folder = arena_strdup(fn->arena, in_base("fn"));
	asked.program_fd = open(asked.program, O_PATH | O_CLOEXEC);
	ck_assert_int_ne(asked.program_fd, -1);
	abi = landlock_abi();
	ck_assert_int_eq(grants_open_system(&folders, 5), 0);
}

static void
tear_down(void)
{
	char	 command[PATH_ROOM];

	grants_close_system(&folders);
	close(asked.program_fd);
	function_release(fn);
	snprintf(command, sizeof(command), "rm -rf %s", base);
	ck_assert_int_eq(system(command), 0);
}

/* --- what a child says ---------------------------------------------------- */

enum deed { READ_IT, WRITE_IT, CUT_IT, LIST_IT, MAKE_IT, MAKE_LINK, REMOVE_IT,
	RUN_IT, MOVE_IT };

/* 0 or errno. */
static int
run_program(const char *path)
{
	int	 status;
	pid_t	 pid;

	if ((pid = fork()) == 0) {
		execl(path, path, NULL);
		_exit(errno == EACCES ? 1 : 2);
	}
	waitpid(pid, &status, 0);
	return WIFEXITED(status) && WEXITSTATUS(status) == 3 ? 0 :
	    WIFEXITED(status) && WEXITSTATUS(status) == 1 ? EACCES : EIO;
}

static int
do_it(enum deed deed, const char *path)
{
	static const int	 flags[] = {
		[READ_IT] = O_RDONLY, [WRITE_IT] = O_WRONLY,
		[CUT_IT] = O_WRONLY | O_TRUNC,
		[LIST_IT] = O_RDONLY | O_DIRECTORY,
		[MAKE_IT] = O_WRONLY | O_CREAT | O_EXCL
	};
	int			 status;

	switch (deed) {
	case MAKE_LINK:
		status = symlink("x", path);
		break;
	case REMOVE_IT:
		status = unlink(path);
		break;
	case MOVE_IT:
		status = rename(path, in_base("rw/in/moved"));
		break;
	case RUN_IT:
		return run_program(path);
	default:
		status = open(path, flags[deed], 0600);
		break;
	}
	return status == -1 ? errno : 0;
}

static int
enter(void)
{
	struct landlock	 rules;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1)
		return -1;
	return grants_make(&folders, &asked, abi, &rules) == -1 ? -1 :
	    landlock_enter(&rules);
}

/* The exit status of a child that is held to them and does it. */
static int
status_of(enum deed deed, const char *name)
{
	int	 status;
	pid_t	 pid;

	if ((pid = fork()) == 0) {
		if (enter() == -1)
			_exit(255);
		_exit(do_it(deed, in_base(name)));
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void
expect(int error, enum deed deed, const char *name)
{
	int	 got = status_of(deed, name);

	ck_assert_msg(got == error, "%d %s: %s, not %s", deed, name,
	    strerror(got), strerror(error));
}

/* --- tests ---------------------------------------------------------------- */

static const struct {
	enum deed	 deed;
	const char	*name;
	int		 error;
} deeds[] = {
	{ READ_IT, "/etc/passwd", 0 },
	{ READ_IT, "/proc/self/status", 0 },
	{ WRITE_IT, "/dev/null", 0 },
	{ CUT_IT, "/dev/null", 0 },
	{ READ_IT, "/dev/urandom", 0 },
	{ LIST_IT, "/usr/bin", 0 },
	{ LIST_IT, "/", EACCES },
	{ LIST_IT, "/var", EACCES },
	{ MAKE_IT, "/var/tmp/x", EACCES },
	{ READ_IT, "fn/program", 0 },
	{ READ_IT, "fn/module", 0 },
	{ RUN_IT, "fn/program", 0 },
	{ LIST_IT, "fn", 0 },
	{ WRITE_IT, "fn/module", EACCES },
	{ MAKE_IT, "fn/new", EACCES },
	{ REMOVE_IT, "fn/module", EACCES },
	{ LIST_IT, "", EACCES },
	{ READ_IT, "other/file", EACCES },
	{ WRITE_IT, "other/file", EACCES },
	{ RUN_IT, "other/program", EACCES },
	{ READ_IT, "ro/file", 0 },
	{ READ_IT, "link/file", 0 },
	{ READ_IT, "ro/secret/key", 0 },
	{ WRITE_IT, "ro/file", EACCES },
	{ CUT_IT, "ro/file", EACCES },
	{ MAKE_IT, "ro/new", EACCES },
	{ MAKE_LINK, "ro/new", EACCES },
	{ READ_IT, "rw/file", 0 },
	{ CUT_IT, "rw/file", 0 },
	{ MAKE_IT, "rw/new", 0 },
	{ MAKE_LINK, "rw/newlink", 0 },
	{ MOVE_IT, "rw/file", 0 },
	{ REMOVE_IT, "rw/file", 0 },
	{ MOVE_IT, "other/file", EACCES },
};

START_TEST(each_deed)
{
	int	 error = deeds[_i].error;

	add_path(&lists.read_only_paths, "ro");
	add_path(&lists.read_only_paths, "nothing/there");
	add_path(&lists.read_write_paths, "rw");
	if (abi == 0)
		return;
	/* What older versions cannot rule; the rest holds as well. */
	if (abi < LANDLOCK_RENAMES && deeds[_i].deed == MOVE_IT)
		error = EXDEV;
	if (abi < LANDLOCK_TRUNCATE && deeds[_i].deed == CUT_IT)
		return;
	expect(error, deeds[_i].deed, deeds[_i].name);
}
END_TEST

/* Of what is granted, but for a part; folders on the way cannot be listed. */
START_TEST(hidden)
{
	add_path(&lists.read_only_paths, "link");
	add_path(&lists.read_write_paths, "rw");
	add_path(&lists.inaccessible_paths, "ro/secret");
	add_path(&lists.inaccessible_paths, "ro/deep/er/key");
	add_path(&lists.inaccessible_paths, "rw/not-yet");
	add_path(&lists.inaccessible_paths, "/etc/passwd");
	if (abi == 0)
		return;
	expect(0, READ_IT, "ro/file");
	expect(EACCES, READ_IT, "ro/secret/key");
	expect(EACCES, READ_IT, "link/secret/key");
	expect(EACCES, LIST_IT, "ro/secret");
	expect(EACCES, LIST_IT, "ro");
	expect(EACCES, READ_IT, "ro/deep/er/key");
	expect(0, READ_IT, "ro/deep/er/plain");
	expect(EACCES, WRITE_IT, "ro/file");
	expect(EACCES, MAKE_IT, "rw/not-yet");
	expect(EACCES, MAKE_IT, "rw/new");
	expect(0, MAKE_IT, "rw/in/new");
	expect(EACCES, READ_IT, "/etc/passwd");
	expect(0, READ_IT, "/etc/group");
	expect(0, RUN_IT, "fn/program");
}
END_TEST

/* What is the daemon's own, wherever it is: but folders for all stay so. */
START_TEST(daemons_own)
{
	add_path(&hidden_files, "/etc/passwd");
	add_path(&hidden_files, "ro/secret");
	add_path(&hidden_files, "/tmp/tollgate");
	if (abi == 0)
		return;
	expect(EACCES, READ_IT, "/etc/passwd");
	expect(0, READ_IT, "/etc/group");
	expect(0, MAKE_IT, "/tmp/tollgate-grants-made");
	ck_assert_int_eq(unlink("/tmp/tollgate-grants-made"), 0);
	add_path(&lists.read_only_paths, "ro");
	expect(EACCES, READ_IT, "ro/secret/key");
	expect(0, READ_IT, "ro/file");
}
END_TEST

START_TEST(all_hidden)
{
	add_path(&lists.read_only_paths, "ro");
	add_path(&lists.inaccessible_paths, "");
	lists.inaccessible_paths.words[0] = base;
	if (abi == 0)
		return;
	expect(EACCES, READ_IT, "ro/file");
	expect(EACCES, READ_IT, "fn/module");
	expect(0, RUN_IT, "fn/program");	/* the file is its own */
}
END_TEST

/* In a root of its own what is there is for reading, and no more. */
START_TEST(own_root)
{
	asked.has_root = true;
	add_path(&lists.read_write_paths, "rw");
	if (abi == 0)
		return;
	expect(0, READ_IT, "other/file");
	expect(0, LIST_IT, "/");
	expect(EACCES, WRITE_IT, "other/file");
	expect(0, WRITE_IT, "/dev/null");
	expect(0, MAKE_IT, "rw/new");
}
END_TEST

/* A program that is a link brings the folder that it lies in. */
START_TEST(linked_program)
{
	ck_assert_int_eq(symlink(in_base("other/program"),
	    in_base("fn/linked")), 0);
	close(asked.program_fd);
	asked.program = arena_strdup(fn->arena, in_base("fn/linked"));
	asked.program_fd = open(asked.program, O_PATH | O_CLOEXEC);
	asked.is_linked = true;
	if (abi == 0)
		return;
	expect(0, RUN_IT, "fn/linked");
	expect(0, READ_IT, "other/file");
	expect(0, READ_IT, "fn/module");
}
END_TEST

static uint64_t
print_of_all(void)
{
	uint64_t	 print;

	ck_assert(grants_print(&asked, &print));
	return print;
}

/* What stands where another stood is another. */
START_TEST(prints)
{
	static const char *const	 moved[] = { "fn", "ro", "rw" };
	uint64_t			 print, last;
	char				 aside[PATH_ROOM];
	size_t				 i;

	if (!grants_print(&asked, &print))
		return;		/* an older kernel */
	add_path(&lists.read_only_paths, "ro");
	add_path(&lists.read_write_paths, "rw");
	last = print_of_all();
	ck_assert_uint_ne(last, print);
	ck_assert_uint_eq(last, print_of_all());
	for (i = 0; i < sizeof(moved) / sizeof(moved[0]); i++) {
		print = last;
		snprintf(aside, sizeof(aside), "%s-aside", in_base(moved[i]));
		ck_assert_int_eq(rename(in_base(moved[i]), aside), 0);
		ck_assert_uint_ne(last = print_of_all(), print);
		make_folder(moved[i]);
		ck_assert_uint_ne(print_of_all(), last);
		ck_assert_uint_ne(last = print_of_all(), print);
		ck_assert_int_eq(rmdir(in_base(moved[i])), 0);
		ck_assert_int_eq(rename(aside, in_base(moved[i])), 0);
		ck_assert_uint_eq(last = print_of_all(), print);
	}
	close(asked.program_fd);
	asked.program_fd = open(in_base("other/program"), O_PATH | O_CLOEXEC);
	ck_assert_uint_ne(print_of_all(), print);
}
END_TEST

/* Where they are for one worker alone, there is none. */
START_TEST(no_prints)
{
	uint64_t	 print;

	asked.is_linked = true;
	ck_assert(!grants_print(&asked, &print));
	asked.is_linked = false;
	asked.has_root = true;
	ck_assert(!grants_print(&asked, &print));
	asked.has_root = false;
	asked.port = 80;
	ck_assert(!grants_print(&asked, &print));
	asked.port = 0;
	fn->is_template = true;
	ck_assert(!grants_print(&asked, &print));
	fn->is_template = false;
	add_path(&hidden_files, "fn/module");
	ck_assert(!grants_print(&asked, &print));
	hidden_files.count = 0;
	add_path(&lists.inaccessible_paths, "ro");
	ck_assert(!grants_print(&asked, &print));
}
END_TEST

/* --- beyond files --------------------------------------------------------- */

static int
connect_to_port(unsigned port)
{
	struct sockaddr_in	 to;
	int			 fd = socket(AF_INET, SOCK_STREAM, 0);

	memset(&to, 0, sizeof(to));
	to.sin_family = AF_INET;
	to.sin_port = htons((uint16_t)port);
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0 ? 0 :
	    errno;
}

static int
status_of_port(unsigned port)
{
	int	 status;
	pid_t	 pid;

	if ((pid = fork()) == 0)
		_exit(enter() == -1 ? 255 : connect_to_port(port));
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return WEXITSTATUS(status);
}

static int
listen_tcp(unsigned *port)
{
	struct sockaddr_in	 at;
	socklen_t		 len = sizeof(at);
	int			 fd = socket(AF_INET, SOCK_STREAM, 0);

	memset(&at, 0, sizeof(at));
	at.sin_family = AF_INET;
	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	ck_assert_int_eq(listen(fd, 8), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&at, &len), 0);
	*port = ntohs(at.sin_port);
	return fd;
}

START_TEST(ports)
{
	unsigned	 port, other;
	int		 fd = listen_tcp(&port), second = listen_tcp(&other);

	if (abi < LANDLOCK_TCP)
		return;
	ck_assert_int_eq(status_of_port(port), 0);
	fn->network = NETWORK_NONE;
	ck_assert_int_eq(status_of_port(port), EACCES);
	asked.port = port;
	ck_assert_int_eq(status_of_port(port), 0);
	ck_assert_int_eq(status_of_port(other), EACCES);
	close(fd);
	close(second);
}
END_TEST

static socklen_t
abstract_name(struct sockaddr_un *name)
{
	memset(name, 0, sizeof(*name));
	name->sun_family = AF_UNIX;
	snprintf(name->sun_path + 1, sizeof(name->sun_path) - 1, "%s", base);
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 +
	    strlen(base));
}

START_TEST(scopes)
{
	struct sockaddr_un	 name;
	socklen_t		 len = abstract_name(&name);
	int			 fd = socket(AF_UNIX, SOCK_STREAM, 0), status;
	pid_t			 pid;

	ck_assert_int_eq(bind(fd, (struct sockaddr *)&name, len), 0);
	ck_assert_int_eq(listen(fd, 1), 0);
	if (abi < LANDLOCK_SCOPES)
		return;
	if ((pid = fork()) == 0) {
		if (enter() == -1)
			_exit(255);
		if (kill(getppid(), 0) != -1 || errno != EPERM)
			_exit(1);
		if (kill(getpid(), 0) == -1)
			_exit(2);
		fd = socket(AF_UNIX, SOCK_STREAM, 0);
		_exit(connect(fd, (struct sockaddr *)&name, len) == -1 &&
		    errno == EPERM ? 0 : 3);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(WEXITSTATUS(status), 0);
	close(fd);
}
END_TEST

/* Each version that this kernel's contains works as well. */
START_TEST(older_versions)
{
	unsigned	 newest = abi;

	add_path(&lists.read_write_paths, "rw");
	for (abi = 1; abi <= newest; abi++) {
		expect(0, READ_IT, "fn/module");
		expect(EACCES, READ_IT, "other/file");
		expect(0, RUN_IT, "fn/program");
	}
	abi = newest;
}
END_TEST

START_TEST(in_a_row)
{
	struct stat	 st;
	int		 i;

	ck_assert_int_gt(folders.count, 5);
	ck_assert_int_ge(folders.first, 5);
	for (i = 0; i < folders.count; i++) {
		ck_assert_int_eq(fstat(folders.first + i, &st), 0);
		ck_assert_int_eq(fcntl(folders.first + i, F_GETFD),
		    FD_CLOEXEC);
	}
}
END_TEST

int
main(void)
{
	Suite	*s;
	TCase	*tc;

	if (landlock_abi() == 0)
		fputs("# no landlock in this kernel: little is tested\n",
		    stdout);
	s = suite_create("grants");
	tc = tcase_create("grants");
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_loop_test(tc, each_deed, 0, ROWS(deeds));
	tcase_add_test(tc, hidden);
	tcase_add_test(tc, daemons_own);
	tcase_add_test(tc, all_hidden);
	tcase_add_test(tc, own_root);
	tcase_add_test(tc, linked_program);
	tcase_add_test(tc, prints);
	tcase_add_test(tc, no_prints);
	tcase_add_test(tc, ports);
	tcase_add_test(tc, scopes);
	tcase_add_test(tc, older_versions);
	tcase_add_test(tc, in_a_row);
	suite_add_tcase(s, tc);

	return suite_run(s);
}
