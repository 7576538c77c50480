/*
 * starts: what it costs to start a worker, by how far it is confined.
 *
 *	starts PROGRAM ROUNDS
 *
 * PROGRAM says a byte on its descriptor 2 and ends (first.c).  In each round
 * it is started once bare, by clone3(2) and execve(2), and once by the
 * spawner's own code at each level.  Prints medians in us, from the fork to
 * that byte, with their ratios to the bare start, and from the gateway's START.
 */
#include <err.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/sched.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cgroup.h"
#include "channel.h"
#include "children.h"
#include "kit.h"
#include "leaf.h"
#include "load.h"
#include "log.h"
#include "message.h"
#include "privileges.h"
#include "reaper.h"
#include "sandbox.h"
#include "watch.h"

#define PATIENCE_MS	10000

/* In the order of their names, so each one's place is its number. */
static const struct {
	const char	*name;
	const char	*sandbox;
	double		 max;		/* times the bare one; 0: none is set */
} kinds[] = {
	{ "a-none",		"level = none\n", 0 },
	{ "b-standard",		"level = standard\n", 1.7 },
	{ "c-strict",		"level = strict\n", 3 },
	{ "d-strict-none",	"level = strict\nnetwork = none\n", 0 },
	{ "e-strict-loopback",	"level = strict\nnetwork = loopback\n", 0 },
};

#define KINDS		((int)(sizeof(kinds) / sizeof(kinds[0])))

struct bench {
	char		 folder[64];
	const char	*program;
	int		 epoll;
	int		 gateway;	/* its end of the channel */
	struct channel	*channel;
	struct children	*children;
	struct load	*load;
	uint64_t	 last_worker;
	double		*fork_us[KINDS + 1];	/* the last: bare */
	double		*start_us[KINDS];
};

static double	forked_us;	/* when the spawner's code did */

static double
now_us(void)
{
	struct timespec	 t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

/* The linker puts this in the place of the spawner's (--wrap). */
pid_t	__real_leaf_fork(const struct leaf *, uint64_t, bool *);
pid_t	__wrap_leaf_fork(const struct leaf *, uint64_t, bool *);

pid_t
__wrap_leaf_fork(const struct leaf *leaf, uint64_t flags, bool *is_inside)
{
	forked_us = now_us();
	return __real_leaf_fork(leaf, flags, is_inside);
}

static void
write_file(const char *folder, const char *name, const char *text)
{
	char	 path[128];
	FILE	*file;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	if ((file = fopen(path, "w")) == NULL || fputs(text, file) == EOF ||
	    fclose(file) == EOF)
		err(1, "%s", path);
}

static void
configure(struct bench *b)
{
	char	 text[2 * PATH_MAX], name[64];
	int	 i, fd;
	pid_t	 pid;

	snprintf(b->folder, sizeof(b->folder), "/tmp/tollgate-starts-XXXXXX");
	if (mkdtemp(b->folder) == NULL || chmod(b->folder, 0755) == -1)
		err(1, "%s", b->folder);
	snprintf(text, sizeof(text), "%s/functions.d", b->folder);
	mkdir(text, 0755);
	for (i = 0; i < KINDS; i++) {
		snprintf(name, sizeof(name), "functions.d/%s.ini",
		    kinds[i].name);
		snprintf(text, sizeof(text), "[function]\nhandler = %s\n"
		    "[sandbox]\n%s", b->program, kinds[i].sandbox);
		write_file(b->folder, name, text);
	}
	snprintf(text, sizeof(text), "[gateway]\nlisten = unix:%s/socket\n"
	    "run_dir = %s/run\nstate_dir = %s/state\naccounting = %s/log\n"
	    "error_log = stderr\nfunction_logs =\nuser = daemon\n",
	    b->folder, b->folder, b->folder, b->folder);
	write_file(b->folder, "tollgate.ini", text);
	snprintf(text, sizeof(text), "%s/tollgate.ini", b->folder);
	if ((pid = load_begin(text, &fd)) == -1)
		err(1, "load");
	b->load = load_finish(fd, 1);
	waitpid(pid, NULL, 0);
	if (b->load == NULL || load_hide(b->load) == -1)
		errx(1, "no configuration");
}

static void
on_message(void *arg, const struct message *m)
{
	(void)arg;
	(void)m;
}

static void
on_lost(void *arg, const char *why)
{
	(void)arg;
	errx(1, "channel: %s", why != NULL ? why : "closed");
}

/* What spawner.c would have. */
static void
set_up(struct bench *b)
{
	struct means	 means;
	struct kit	*kit;
	int		 pair[2], workers;
	sigset_t	 blocked;

	sigemptyset(&blocked);
	sigaddset(&blocked, SIGCHLD);
	sigaddset(&blocked, SIGTERM);
	sigprocmask(SIG_BLOCK, &blocked, NULL);
	if ((b->epoll = epoll_create1(EPOLL_CLOEXEC)) == -1 ||
	    reaper_init() == -1 || privileges_keep_needed() == -1)
		err(1, "set_up");
	if ((workers = open(b->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) ==
	    -1)
		err(1, "%s", b->folder);
	means_take(&means, NULL);
	if ((kit = kit_create(&means, SANDBOX_FREE)) == NULL)
		err(1, "kit");
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK,
	    0, pair) == -1)
		err(1, "socketpair");
	b->gateway = pair[1];
	b->channel = channel_create(b->epoll, pair[0], on_message, on_lost, b);
	b->children = children_create(b->epoll, workers, NULL, kit);
	children_configure(b->children, b->load);
	children_serve(b->children, b->channel);
}

static void
await_byte(int fd)
{
	struct pollfd	 p = { .fd = fd, .events = POLLIN };
	char		 byte;

	if (poll(&p, 1, PATIENCE_MS) != 1 || read(fd, &byte, 1) != 1)
		errx(1, "the program said nothing");
}

static void
start_bare(struct bench *b, int round)
{
	struct clone_args	 args;
	char			*argv[] = { (char *)(uintptr_t)b->program,
				     NULL };
	char			*envp[] = { NULL };
	double			 begin;
	int			 fds[2];
	pid_t			 pid;

	if (pipe2(fds, O_CLOEXEC) == -1)
		err(1, "pipe");
	memset(&args, 0, sizeof(args));
	args.exit_signal = SIGCHLD;
	begin = now_us();
	if ((pid = (pid_t)syscall(SYS_clone3, &args, sizeof(args))) == 0) {
		dup2(fds[1], 2);
		execve(b->program, argv, envp);
		_exit(1);
	}
	close(fds[1]);
	await_byte(fds[0]);
	b->fork_us[KINDS][round] = now_us() - begin;
	waitpid(pid, NULL, 0);
	close(fds[0]);
}

/* The next message, while the spawner's loop runs. */
static void
hear(struct bench *b, struct message *m, int *fds, int *count, uint32_t type)
{
	while (message_receive(b->gateway, TO_GATEWAY, m, fds, count) != 1)
		if (watch_wait(b->epoll, PATIENCE_MS) == -1)
			err(1, "epoll_wait");
	if (m->type == MESSAGE_REFUSED)
		errx(1, "%s: %s: %s", b->program, m->refused.step,
		    strerror(m->refused.error));
	if (m->type != type)
		errx(1, "%s came", message_name(m->type));
}

static void
start_kind(struct bench *b, int kind, int round)
{
	struct message	 m;
	int		 fds[MESSAGE_FDS_MAX], count;
	double		 begin, end;
	pid_t		 dead;

	memset(&m, 0, sizeof(m));
	m.type = MESSAGE_START;
	m.start.worker = ++b->last_worker;
	m.start.generation = 1;
	m.start.function = (uint32_t)kind;
	begin = now_us();
	children_start(b->children, &m.start, b->load);
	hear(b, &m, fds, &count, MESSAGE_STARTED);
	await_byte(fds[1]);
	end = now_us();
	b->start_us[kind][round] = end - begin;
	b->fork_us[kind][round] = end - forked_us;
	while (count > 0)
		close(fds[--count]);
	while ((dead = reaper_dead()) == 0)
		watch_wait(b->epoll, 1);
	children_ended(b->children, dead);
	hear(b, &m, fds, &count, MESSAGE_EXITED);
}

static int
compare(const void *a, const void *b)
{
	const double	*x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static double
median(double *us, int count)
{
	qsort(us, (size_t)count, sizeof(*us), compare);
	return us[count / 2];
}

static void
report(const struct bench *b, int rounds)
{
	double	 bare = median(b->fork_us[KINDS], rounds), forked;
	int	 i;

	printf("%-18s %7s %6s %5s %7s\n", "us, medians", "fork to", "/ bare",
	    "aim", "START");
	printf("%-18s %7s %6s %5s %7s\n", "", "byte", "", "", "to byte");
	printf("%-18s %7.0f %6s\n", "bare clone, exec", bare, "1");
	for (i = 0; i < KINDS; i++) {
		forked = median(b->fork_us[i], rounds);
		printf("%-18s %7.0f %6.2f ", kinds[i].name + 2, forked,
		    forked / bare);
		if (kinds[i].max > 0)
			printf("%5.1f", kinds[i].max);
		else
			printf("%5s", "");
		printf(" %7.0f\n", median(b->start_us[i], rounds));
	}
}

int
main(int argc, char *argv[])
{
	struct bench	 b;
	char		 command[128];
	int		 rounds, i, round;

	if (argc != 3 || (rounds = atoi(argv[2])) < 1)
		errx(1, "usage: starts PROGRAM ROUNDS");
	if (geteuid() != 0)
		errx(1, "only root can start workers as others");
	memset(&b, 0, sizeof(b));
	if ((b.program = realpath(argv[1], NULL)) == NULL)
		err(1, "%s", argv[1]);
	log_open("stderr", LEVEL_WARNING, "starts");
	configure(&b);
	set_up(&b);
	for (i = 0; i <= KINDS; i++)
		b.fork_us[i] = calloc((size_t)rounds, sizeof(*b.fork_us[i]));
	for (i = 0; i < KINDS; i++)
		b.start_us[i] = calloc((size_t)rounds, sizeof(*b.start_us[i]));
	for (i = 0; i < KINDS; i++)
		start_kind(&b, i, 0);	/* what is made with the first */
	for (round = 0; round < rounds; round++) {
		start_bare(&b, round);
		for (i = 0; i < KINDS; i++)
			start_kind(&b, i, round);
	}
	report(&b, rounds);
	snprintf(command, sizeof(command), "rm -rf %s", b.folder);
	return system(command) == 0 ? 0 : 1;
}
