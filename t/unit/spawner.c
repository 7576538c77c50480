/*
 * spawner: a whole spawner, with this program in the gateway's place: what the
 * gateway asks for is done, what it must not ask for is not, and whatever dies
 * leaves nothing behind.
 *
 * Started as the gateway, the program plays the scene that its folder names and
 * writes there what came of it.
 */
#include "spawner.h"

#include "cgroup.h"
#include "cgroupfs.h"
#include "listeners.h"
#include "load.h"
#include "log.h"
#include "message.h"
#include "place.h"
#include "reaper.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define ROWS(table)	((int)(sizeof(table) / sizeof((table)[0])))
#define CHANNEL		3
#define PATIENCE_MS	10000

/* Functions, in the order of their names: so these are their numbers. */
enum { BAD_INTERPRETER, BAD_TEXT, CGI, LEAVES, LISTENS, MISSING, SETUID, STOPS,
    TENANT, ZOMBIES, FEW, SLOW };

#define FEW_UID		4242	/* who may have few workers */
#define SLOW_UID	4243	/* who may start them slowly */
#define TENANT_UID	4244	/* a template's, who may have one */

static const struct {
	const char	*name;
	const char	*protocol;
	const char	*script;	/* NULL: there is none */
} functions[] = {
	[BAD_INTERPRETER] = { "a", "fastcgi", "#!/no/such\n" },
	[BAD_TEXT] = { "b", "fastcgi", "no program\n" },
	[CGI] = { "c", "cgi", "#!/bin/sh\nenv\ncat\n" },
	/* It tells its children's pids, which we must know them by. */
	[LEAVES] = { "d", "fastcgi", "#!/bin/sh\n"
	    "setsid sleep 1000 >/dev/null 2>&1 & echo $!\n"
	    "(sleep 1000 & echo $!)\nexit 3\n" },
	[LISTENS] = { "e", "fastcgi", "#!/bin/sh\nexec sleep 1000\n" },
	[MISSING] = { "f", "fastcgi", NULL },
	[SETUID] = { "g", "fastcgi", "#!/bin/sh\n" },
	[STOPS] = { "h", "fastcgi", "#!/bin/sh\nkill -STOP $$\nexit 4\n" },
	[TENANT] = { "i", "cgi", NULL },
	[ZOMBIES] = { "j", "fastcgi", "#!/bin/sh\n"
	    "i=0; while [ $i -lt 300 ]; do true & i=$((i+1)); done\n"
	    "kill -KILL $$\n" },
	[FEW] = { "k", "fastcgi", "#!/bin/sh\nexec sleep 1000\n" },
	[SLOW] = { "l", "fastcgi", "#!/bin/sh\nexec sleep 1000\n" },
};

/* --- the gateway's side ------------------------------------------------- */

static uint64_t	last_worker;
static int	came[MESSAGE_FDS_MAX];
static int	came_count;

static _Noreturn void
report(const char *words, int line)
{
	struct message	 m;
	int		 fd = open("result", O_WRONLY | O_APPEND), n = 1;

	dprintf(fd, "%s (line %d)\n", words, line);
	close(fd);
	/* The test ends the spawner, which then ends us. */
	while (n == 1) {
		n = message_receive(CHANNEL, TO_GATEWAY, &m, came,
		    &came_count);
		if (m.type == MESSAGE_STOP)
			_exit(0);
	}
	_exit(1);
}

#define MUST(condition) do {						\
	if (!(condition))						\
		report(#condition, __LINE__);				\
} while (0)

static void
hear(struct message *m, uint32_t type)
{
	struct pollfd	 p = { .fd = CHANNEL, .events = POLLIN };

	MUST(poll(&p, 1, PATIENCE_MS) == 1);
	MUST(message_receive(CHANNEL, TO_GATEWAY, m, came, &came_count) == 1);
	if (m->type != type)
		report(message_name(m->type), __LINE__);
}

static void
say(const struct message *m)
{
	MUST(message_send(CHANNEL, m, NULL, 0) == 0);
}

static void
say_start(uint32_t function, uint64_t generation, const char *capture)
{
	struct message	 m = { .type = MESSAGE_START };

	m.start.worker = ++last_worker;
	m.start.generation = generation;
	m.start.function = function;
	if (capture != NULL) {
		m.start.capture_count = 1;
		snprintf(m.start.captures[0], sizeof(m.start.captures[0]),
		    "%s", capture);
	}
	say(&m);
}

static void
say_signal(int sig)
{
	struct message	 m = { .type = MESSAGE_SIGNAL };

	m.signal.worker = last_worker;
	m.signal.signal = sig;
	say(&m);
}

/* So the test says. */
static bool
has_no_groups(void)
{
	return access("no groups", F_OK) == 0;
}

static void
begin(void)
{
	struct message	 m;

	hear(&m, MESSAGE_LOAD);
	MUST(came_count == 2 && m.load.listeners == 1);
	m.type = MESSAGE_LOADED;
	m.load.accepted = 1;
	say(&m);
	hear(&m, MESSAGE_COMMIT);
	MUST(m.load.generation == 1);
	memset(&m, 0, sizeof(m));
	m.type = MESSAGE_READY;
	say(&m);
}

/* How many of STARTED's descriptors are its control group's. */
static int
figures(const struct message *m)
{
	return (int)(m->started.has_cpu_stat + m->started.has_memory_peak);
}

/* Read all that comes until the last writer has gone. */
static void
read_all(int fd, char *text, size_t room)
{
	struct pollfd	 p = { .fd = fd, .events = POLLIN };
	size_t		 len = 0;
	ssize_t		 n = 1;

	while (n > 0 && len + 1 < room) {
		MUST(poll(&p, 1, PATIENCE_MS) == 1);
		MUST((n = read(fd, text + len, room - 1 - len)) >= 0);
		len += (size_t)n;
	}
	text[len] = '\0';
}

static void
scene_listen(void)
{
	struct sockaddr_un	 un = { .sun_family = AF_UNIX };
	struct message		 m;
	int			 fd;

	say_start(LISTENS, 1, NULL);
	hear(&m, MESSAGE_STARTED);
	MUST(came_count == 2 + figures(&m) && m.started.worker == 1);
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	snprintf(un.sun_path, sizeof(un.sun_path), "/proc/self/fd/%d",
	    came[0]);
	MUST(connect(fd, (struct sockaddr *)&un, sizeof(un)) == 0);
	say_signal(SIGTERM);
	hear(&m, MESSAGE_EXITED);
	MUST(m.exited.worker == 1 && m.exited.status == SIGTERM);
	MUST(m.exited.error == 0 && m.exited.step[0] == '\0');
	MUST(m.exited.max_rss_kb > 0);
	/* Its socket went with it. */
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	MUST(connect(fd, (struct sockaddr *)&un, sizeof(un)) == -1);
	MUST(errno == ECONNREFUSED);
	/* What is dead already does not matter. */
	say_signal(SIGKILL);
}

static void
scene_launch(void)
{
	static const char	 packet[] = "REQUEST_METHOD=GET\0HTTP_A=x y";
	struct message		 m;
	char			 text[4096];

	say_start(CGI, 1, NULL);
	hear(&m, MESSAGE_STARTED);
	MUST(came_count == 4 + figures(&m));
	MUST(send(came[0], packet, sizeof(packet), 0) ==
	    (ssize_t)sizeof(packet));
	MUST(write(came[1], "body", 4) == 4);
	close(came[1]);
	read_all(came[2], text, sizeof(text));
	MUST(strstr(text, "REQUEST_METHOD=GET\n") != NULL);
	MUST(strstr(text, "HTTP_A=x y\n") != NULL);
	MUST(strstr(text, "PATH=/usr/local/bin:/usr/bin:/bin\n") != NULL);
	MUST(strstr(text, "TOLLGATE_WORKER=") != NULL);
	MUST(strcmp(text + strlen(text) - 4, "body") == 0);
	/* The exec closed it. */
	MUST(recv(came[0], text, sizeof(text), 0) == 0);
	hear(&m, MESSAGE_EXITED);
	MUST(m.exited.status == 0);
}

/* What chooses code never comes from a request. */
static void
scene_variables(void)
{
	static const struct {
		const char	*packet;
		size_t		 len;
		int		 error;
	} rows[] = {
		{ "LD_PRELOAD=/evil.so", 20, EPERM },
		{ "PATH=/evil", 11, EPERM },
		{ "BASH_ENV=/evil", 15, EPERM },
		{ "HTTP_PROXY=evil", 16, EPERM },
		{ "TOLLGATE_WORKER=7", 18, EPERM },
		{ "GATEWAY_INTERFACE", 18, EBADMSG },
		{ "=x", 3, EBADMSG },
		{ "HTTP_A=no end", 13, EBADMSG },
	};
	struct launch_failure	 failure;
	struct message		 m;
	int			 i;

	for (i = 0; i < ROWS(rows); i++) {
		say_start(CGI, 1, NULL);
		hear(&m, MESSAGE_STARTED);
		MUST(send(came[0], rows[i].packet, rows[i].len, 0) > 0);
		MUST(recv(came[0], &failure, sizeof(failure), 0) ==
		    (ssize_t)sizeof(failure));
		MUST(failure.error == rows[i].error);
		MUST(strcmp(failure.step, "variables") == 0);
		hear(&m, MESSAGE_EXITED);
		MUST(WEXITSTATUS(m.exited.status) == 127);
	}
	/* One that is not needed after all. */
	say_start(CGI, 1, NULL);
	hear(&m, MESSAGE_STARTED);
	close(came[0]);
	hear(&m, MESSAGE_EXITED);
	MUST(m.exited.status == 0);
}

static void
scene_refusals(void)
{
	static const struct {
		uint32_t	 function;
		uint64_t	 generation;
		const char	*capture;
		uint32_t	 refusal;
		const char	*step;
	} rows[] = {
		{ LISTENS, 2, NULL, REFUSAL_FAILED, "generation" },
		{ LISTENS, 0, NULL, REFUSAL_FAILED, "generation" },
		{ 4000, 1, NULL, REFUSAL_FAILED, "function" },
		{ UINT32_MAX, 1, NULL, REFUSAL_FAILED, "function" },
		{ LISTENS, 1, "x", REFUSAL_NOT_FOUND, "captures" },
		{ TENANT, 1, NULL, REFUSAL_NOT_FOUND, "captures" },
		{ TENANT, 1, "..", REFUSAL_NOT_FOUND, "captures" },
		{ TENANT, 1, "a/b", REFUSAL_NOT_FOUND, "captures" },
		{ TENANT, 1, "", REFUSAL_NOT_FOUND, "captures" },
		{ TENANT, 1, ".hidden", REFUSAL_NOT_FOUND, "captures" },
		{ TENANT, 1, "${who}", REFUSAL_NOT_FOUND, "captures" },
		{ TENANT, 1, "a\nb", REFUSAL_NOT_FOUND, "captures" },
		{ TENANT, 1, "nobody", REFUSAL_NOT_FOUND, "open" },
		{ MISSING, 1, NULL, REFUSAL_FAILED, "open" },
		{ SETUID, 1, NULL, REFUSAL_NOT_TRUSTED,
		    "file: setuid or setgid" },
	};
	struct message	 m;
	int		 i;

	for (i = 0; i < ROWS(rows); i++) {
		say_start(rows[i].function, rows[i].generation,
		    rows[i].capture);
		hear(&m, MESSAGE_REFUSED);
		MUST(m.refused.worker == last_worker);
		if (m.refused.refusal != rows[i].refusal ||
		    strcmp(m.refused.step, rows[i].step) != 0)
			report(m.refused.step, i);
	}
	/* The exec itself fails behind STARTED. */
	say_start(BAD_INTERPRETER, 1, NULL);
	hear(&m, MESSAGE_STARTED);
	hear(&m, MESSAGE_EXITED);
	MUST(m.exited.error == ENOENT);
	MUST(strcmp(m.exited.step, "exec: its interpreter") == 0);
	say_start(BAD_TEXT, 1, NULL);
	hear(&m, MESSAGE_STARTED);
	hear(&m, MESSAGE_EXITED);
	MUST(m.exited.error == ENOEXEC && strcmp(m.exited.step, "exec") == 0);
}

/* Has that process gone?  It may be another user's. */
static void
must_vanish(pid_t pid)
{
	struct timespec	 pause_time = { .tv_nsec = 10000000 };
	int		 i;

	for (i = 0; i < PATIENCE_MS / 10; i++) {
		if (kill(pid, 0) == -1 && errno == ESRCH)
			return;
		nanosleep(&pause_time, NULL);
	}
	report("a process is left behind", (int)pid);
}

static void
scene_leftovers(void)
{
	struct message	 m;
	char		 text[256];
	char		*end;
	ssize_t		 n = 0;
	size_t		 len = 0;
	long		 first, second;

	say_start(LEAVES, 1, NULL);
	hear(&m, MESSAGE_STARTED);
	while (len < sizeof(text) - 1 && (n = read(came[1], text + len,
	    sizeof(text) - 1 - len)) > 0) {
		len += (size_t)n;
		text[len] = '\0';
		if (strchr(text, '\n') != strrchr(text, '\n'))
			break;
	}
	first = strtol(text, &end, 10);
	second = strtol(end, NULL, 10);
	MUST(first > 1 && second > 1);
	hear(&m, MESSAGE_EXITED);
	MUST(WEXITSTATUS(m.exited.status) == 3);
	must_vanish((pid_t)first);
	must_vanish((pid_t)second);

	/* A burst of zombies is nothing but work. */
	say_start(ZOMBIES, 1, NULL);
	hear(&m, MESSAGE_STARTED);
	hear(&m, MESSAGE_EXITED);
	MUST(m.exited.status == SIGKILL);
}

/* The kernel's letter for a process: R, S, T ... */
static char
state_of(pid_t pid)
{
	char	 path[64], text[256] = "";
	char	*at;
	FILE	*in;

	snprintf(path, sizeof(path), "/proc/%ld/stat", (long)pid);
	if ((in = fopen(path, "r")) == NULL)
		return '?';
	if (fgets(text, sizeof(text), in) == NULL)
		text[0] = '\0';
	fclose(in);
	at = strrchr(text, ')');
	return at != NULL ? at[2] : '?';
}

static void
read_text(const char *path, char *text, size_t room)
{
	int	 fd = open(path, O_RDONLY);
	ssize_t	 n;

	MUST(fd != -1 && (n = read(fd, text, room - 1)) > 0);
	text[n] = '\0';
	close(fd);
}

/* Frozen with its control group, or, without, stopped. */
static bool
is_still(pid_t pid)
{
	char		 mounts[32768], self[4096], path[64];
	char		*group;
	uint64_t	 frozen = 0;

	if (has_no_groups())
		return state_of(pid) == 'T';
	read_text("/proc/self/mountinfo", mounts, sizeof(mounts));
	snprintf(path, sizeof(path), "/proc/%ld/cgroup", (long)pid);
	read_text(path, self, sizeof(self));
	MUST((group = cgroupfs_locate(mounts, self)) != NULL);
	MUST(cgroupfs_read_number(group, "cgroup.events", "frozen", &frozen));
	free(group);
	return frozen != 0;
}

static void
scene_freeze(void)
{
	struct timespec	 pause_time = { .tv_nsec = 10000000 };
	struct message	 m, freeze = { .type = MESSAGE_FREEZE };
	pid_t		 pid;
	int		 i;

	say_start(LISTENS, 1, NULL);
	hear(&m, MESSAGE_STARTED);
	pid = m.started.pid;
	freeze.freeze.worker = last_worker;
	freeze.freeze.on = 1;
	say(&freeze);
	for (i = 0; i < 500 && !is_still(pid); i++)
		nanosleep(&pause_time, NULL);
	MUST(is_still(pid));
	freeze.freeze.on = 0;
	say(&freeze);
	for (i = 0; i < 500 && is_still(pid); i++)
		nanosleep(&pause_time, NULL);
	MUST(!is_still(pid));

	/* One that has stopped itself dies all the same. */
	say_start(STOPS, 1, NULL);
	hear(&m, MESSAGE_STARTED);
	say_signal(SIGKILL);
	hear(&m, MESSAGE_EXITED);
	MUST(m.exited.status == SIGKILL);
}

/* --- what a captured gateway could try ---------------------------------- */

/* True in the second gateway: the first has got what it deserves. */
static bool
is_second(void)
{
	int	 fd = open("second", O_CREAT | O_EXCL | O_WRONLY, 0600);

	if (fd == -1)
		return true;
	close(fd);
	return false;
}

static _Noreturn void
wait_for_death(void)
{
	struct timespec	 patience = { .tv_sec = PATIENCE_MS / 1000 };

	nanosleep(&patience, NULL);
	report("it lives on", __LINE__);
}

static void
scene_nonsense(void)
{
	if (is_second())
		return;
	if (send(CHANNEL, "nonsense", 8, 0) == 8)
		wait_for_death();
}

static void
scene_too_many(void)
{
	int	 i;

	if (is_second())
		return;
	/* The spawner is slower to start them than we to ask. */
	for (i = 0; i < 4096; i++)
		say_start(LISTENS, 1, NULL);
	wait_for_death();
}

/* Numbers it never had, and one that it has already. */
static void
scene_numbers(void)
{
	static const uint64_t	 numbers[] = { 0, 1, 2, 1025, UINT64_MAX };
	struct message		 m, other = { .type = MESSAGE_SIGNAL };
	int			 i, round;

	for (round = 0; round < 200; round++)
		for (i = 0; i < ROWS(numbers); i++) {
			other.type = MESSAGE_SIGNAL;
			other.signal.worker = numbers[i];
			other.signal.signal = SIGKILL;
			say(&other);
			other.type = MESSAGE_FREEZE;
			other.freeze.on = (uint32_t)round % 2;
			say(&other);
		}
	say_start(LISTENS, 1, NULL);
	hear(&m, MESSAGE_STARTED);
	last_worker--;
	say_start(LISTENS, 1, NULL);
	hear(&m, MESSAGE_REFUSED);
	MUST(strcmp(m.refused.step, "number") == 0);
	/* Its own is as it was. */
	say_signal(SIGTERM);
	hear(&m, MESSAGE_EXITED);
	MUST(m.exited.status == SIGTERM);
}

static void
scene_wrong_load(void)
{
	struct message	 m = { .type = MESSAGE_LOADED };

	if (is_second())
		return;
	m.load.generation = 77;
	m.load.accepted = 1;
	say(&m);
	wait_for_death();
}

/* Its workers go with it. */
static void
scene_dies(void)
{
	struct message	 m;
	FILE		*file;
	long		 pid = 0;

	if (!is_second()) {
		say_start(LISTENS, 1, NULL);
		hear(&m, MESSAGE_STARTED);
		file = fopen("worker", "w");
		fprintf(file, "%d\n", m.started.pid);
		fclose(file);
		raise(SIGKILL);
	}
	file = fopen("worker", "r");
	MUST(file != NULL && fscanf(file, "%ld", &pid) == 1);
	fclose(file);
	must_vanish((pid_t)pid);
}

/* Ask for one; it must come to be, or be refused for that limit. */
static void
must_get(uint32_t function, const char *capture, const char *limit, uid_t uid)
{
	struct message	 m;

	say_start(function, 1, capture);
	if (limit == NULL) {
		hear(&m, MESSAGE_STARTED);
		MUST(m.started.uid == uid);
		return;
	}
	hear(&m, MESSAGE_REFUSED);
	if (strcmp(m.refused.step, limit) != 0)
		report(m.refused.step, __LINE__);
	MUST(m.refused.refusal == REFUSAL_CAPPED && m.refused.uid == uid);
}

static void
must_end(void)
{
	struct message	 m;

	say_signal(SIGTERM);
	hear(&m, MESSAGE_EXITED);
}

/* No more, and no faster, than the accounts say, whatever is asked for. */
static void
scene_accounts(void)
{
	int	 i;

	must_get(FEW, NULL, NULL, FEW_UID);
	must_get(FEW, NULL, NULL, FEW_UID);
	must_get(FEW, NULL, "account.max_children", FEW_UID);
	last_worker--;
	must_end();
	last_worker++;
	must_get(FEW, NULL, NULL, FEW_UID);
	must_get(FEW, NULL, "account.max_children", FEW_UID);

	for (i = 0; i < 3; i++) {
		must_get(SLOW, NULL, NULL, SLOW_UID);
		must_end();
	}
	must_get(SLOW, NULL, "account.start_rate", SLOW_UID);

	must_get(TENANT, "him", NULL, TENANT_UID);
	must_get(TENANT, "him", "account.max_children", TENANT_UID);
	last_worker--;
	must_end();
	last_worker++;
	must_get(TENANT, "him", NULL, TENANT_UID);
}

static void
write_file(const char *path, mode_t mode, const char *format, ...)
{
	va_list	 ap;
	FILE	*out = fopen(path, "w");

	ck_assert_ptr_nonnull(out);
	va_start(ap, format);
	vfprintf(out, format, ap);
	va_end(ap);
	fclose(out);
	ck_assert_int_eq(chmod(path, mode), 0);
}

static void
prepare_accounts(void)
{
	static const struct {
		const char	*file;
		const char	*text;
	} files[] = {
		{ "accounts.d/4242.ini", "max_children = 2\n" },
		{ "accounts.d/4243.ini", "start_rate = 1\nstart_burst = 3\n" },
		{ "accounts.d/default.ini", "max_children = 1\n" },
	};
	int	 i;

	mkdir("accounts.d", 0755);
	for (i = 0; i < ROWS(files); i++)
		write_file(files[i].file, 0644, "[account]\n%s", files[i].text);
	mkdir("home/him", 0755);
	write_file("home/him/i.sh", 0755, "#!/bin/sh\n");
	ck_assert_int_eq(chown("home/him/i.sh", TENANT_UID, TENANT_UID), 0);
	ck_assert_int_eq(chown("home/him", TENANT_UID, TENANT_UID), 0);
}

#define MOST	5	/* workers, in the next scene */

static void
scene_max_workers(void)
{
	int	 i;

	for (i = 0; i < MOST; i++)
		must_get(FEW, NULL, NULL, FEW_UID);
	must_get(SLOW, NULL, "gateway.max_workers", SLOW_UID);
	must_get(TENANT, "him", "gateway.max_workers", (uid_t)-1);
	last_worker = MOST;
	must_end();
	last_worker += 2;
	must_get(SLOW, NULL, NULL, SLOW_UID);
}

static void
prepare_max_workers(void)
{
	FILE	*out = fopen("tollgate.ini", "a");

	ck_assert_ptr_nonnull(out);
	fprintf(out, "max_workers = %d\n", MOST);
	fclose(out);
}

static const struct scene {
	const char	*name;
	void		(*play)(void);
	void		(*prepare)(void);	/* as root, or not at all */
} scenes[] = {
	{ "listen", scene_listen, NULL },
	{ "launch", scene_launch, NULL },
	{ "variables", scene_variables, NULL },
	{ "refusals", scene_refusals, NULL },
	{ "leftovers", scene_leftovers, NULL },
	{ "freeze", scene_freeze, NULL },
	{ "nonsense", scene_nonsense, NULL },
	{ "too many", scene_too_many, NULL },
	{ "numbers", scene_numbers, NULL },
	{ "wrong load", scene_wrong_load, NULL },
	{ "dies", scene_dies, NULL },
	{ "accounts", scene_accounts, prepare_accounts },
	{ "max_workers", scene_max_workers, prepare_max_workers },
};

static _Noreturn void
play(void)
{
	char	 name[32] = "";
	FILE	*in = fopen("scene", "r");
	int	 i;

	signal(SIGPIPE, SIG_IGN);
	if (in == NULL || fgets(name, sizeof(name), in) == NULL)
		_exit(2);
	fclose(in);
	begin();
	for (i = 0; i < ROWS(scenes); i++)
		if (strcmp(scenes[i].name, name) == 0) {
			scenes[i].play();
			report("ok", 0);
		}
	report("no such scene", 0);
}

/* --- the test's side ---------------------------------------------------- */

static char	folder[] = "/tmp/tollgate-spawner-XXXXXX";

/* Once with control groups, if they can be had here, and once without. */
static bool	can_have_groups;

static void
allow_groups(void)
{
	char		 why[CGROUP_WHY];
	unsigned	 controllers;

	can_have_groups = cgroup_look("", &controllers, why);
}

static void
forbid_groups(void)
{
	can_have_groups = false;
}

/* Its section of the ini. */
static const char *
user_of(int i)
{
	if (geteuid() != 0)
		return "";
	if (i == FEW)
		return "[sandbox]\nuser = 4242\ngroup = 4242\n";
	return i == SLOW ? "[sandbox]\nuser = 4243\ngroup = 4243\n" : "";
}

static void
write_function(int i)
{
	char	 path[64], handler[128];

	snprintf(path, sizeof(path), "%s.sh", functions[i].name);
	snprintf(handler, sizeof(handler), i == TENANT ?
	    "%s/home/${who}/%s" : "%s/%s", folder, path);
	if (functions[i].script != NULL)
		write_file(path, i == SETUID ? 04755 : 0755, "%s",
		    functions[i].script);
	snprintf(path, sizeof(path), "functions.d/%s.ini", functions[i].name);
	write_file(path, 0644, "[function]\nhandler = %s\nprotocol = %s\n"
	    "[route]\nregex = \"^/%s/(?<who>.*)$\"\n%s", handler,
	    functions[i].protocol, functions[i].name, i == LEAVES ?
	    "[sandbox]\nlevel = standard\n" : user_of(i));
}

static void
set_up(void)
{
	int	 i;

	umask(022);
	strcpy(folder + strlen(folder) - 6, "XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	/* The gateway's user leaves files here. */
	ck_assert_int_eq(chmod(folder, 01777), 0);
	ck_assert_int_eq(chdir(folder), 0);
	mkdir("functions.d", 0755);
	mkdir("home", 0755);
	for (i = 0; i < ROWS(functions); i++)
		write_function(i);
	write_file("tollgate.ini", 0644, "[gateway]\n"
	    "listen = unix:%s/socket\nfunctions = %s/functions.d\n"
	    "run_dir = %s/run\nstate_dir = %s/state\n"
	    "accounting = %s/accounting\nerror_log = stderr\n"
	    "pid_file = %s/pid\nstop_timeout = 1s\n%s%s", folder, folder,
	    folder, folder, folder, folder,
	    geteuid() == 0 ? "user = daemon\n" : "",
	    can_have_groups ? "" : "cgroup = none\n");
	if (!can_have_groups)
		write_file("no groups", 0644, "%s", "");
	write_file("result", 0666, "%s", "");
}

static void
tear_down(void)
{
	char	 command[64];

	if (chdir("/") == 0) {
		snprintf(command, sizeof(command), "rm -rf %s", folder);
		ck_assert_int_eq(system(command), 0);
	}
}

static _Noreturn void
run_spawner(void)
{
	struct spawner_setup	 setup = { .config = "tollgate.ini",
				     .ready = -1 };
	struct listeners	 none = { NULL, 0 }, listeners;
	struct place		 place;
	int			 fd;

	if (load_begin("tollgate.ini", &fd) == -1 ||
	    (setup.load = load_finish(fd, 1)) == NULL ||
	    place_take(&place, &setup.load->settings) == -1 ||
	    listeners_open(&listeners, &setup.load->settings, &none) == -1)
		_exit(99);
	listeners_replace(&none, &listeners, &setup.load->settings);
	setup.listeners = &none;
	setup.place = &place;
	setup.executable = open("/proc/self/exe", O_PATH | O_CLOEXEC);
	fd = spawner_run(&setup);
	place_release(&place);
	_exit(fd);
}

/* The first line of the result, once it is there. */
static void
wait_for_result(char *line, int room)
{
	struct timespec	 pause_time = { .tv_nsec = 10000000 };
	FILE		*in;
	int		 i;

	strcpy(line, "nothing");
	for (i = 0; i < 2 * PATIENCE_MS / 10; i++) {
		in = fopen("result", "r");
		ck_assert_ptr_nonnull(in);
		if (fgets(line, room, in) != NULL)
			i = 2 * PATIENCE_MS;
		fclose(in);
		nanosleep(&pause_time, NULL);
	}
}

START_TEST(scene)
{
	char	 line[128], path[128];
	pid_t	 pid;
	int	 status;

	if (scenes[_i].prepare != NULL) {
		if (geteuid() != 0)
			return;
		scenes[_i].prepare();
	}
	write_file("scene", 0644, "%s", scenes[_i].name);
	if ((pid = fork()) == 0)
		run_spawner();
	wait_for_result(line, sizeof(line));
	ck_assert_int_eq(kill(pid, SIGTERM), 0);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_msg(strncmp(line, "ok", 2) == 0, "%s: %s", scenes[_i].name,
	    line);
	ck_assert_int_eq(status, 0);
	/* Workers, orphans, the gateway: all are gone with it. */
	ck_assert(!reaper_has_children());
	snprintf(path, sizeof(path), "%s/socket", folder);
	ck_assert_int_eq(access(path, F_OK), -1);
}
END_TEST

static TCase *
make_case(const char *name, void (*choose)(void))
{
	TCase	*tc = tcase_create(name);

	tcase_set_timeout(tc, 60);
	tcase_add_unchecked_fixture(tc, choose, NULL);
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_loop_test(tc, scene, 0, ROWS(scenes));
	return tc;
}

int
main(int argc, char *argv[])
{
	SRunner	*sr;
	Suite	*s;
	int	 failed;

	if (argc == 1 && strcmp(argv[0], "tollgated: gateway") == 0)
		play();
	/* What a spawner left would become ours, and be seen. */
	if (reaper_init() == -1)
		return EXIT_FAILURE;
	s = suite_create("spawner");
	suite_add_tcase(s, make_case("without control groups", forbid_groups));
	suite_add_tcase(s, make_case("with control groups", allow_groups));

	sr = srunner_create(s);
	srunner_set_fork_status(sr, CK_NOFORK);
	srunner_set_tap(sr, "-");
	srunner_run_all(sr, CK_SILENT);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
