/*
 * reaper: signals, waits for and looks for processes.
 */
#include "reaper.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "launcher.h"
#include "log.h"
#include "mem.h"

#define ENVIRONMENT_MAX	(256 * 1024)	/* bytes of one that are looked at */
#define LIST_STEP	4096

int
reaper_init(void)
{
	return prctl(PR_SET_CHILD_SUBREAPER, 1);
}

void
reaper_signal(pid_t child, int sig)
{
	if (child <= 1)
		return;
	/* Before its setsid(2) there is no such group; then it is alone. */
	if (kill(-child, sig) == -1)
		kill(child, sig);
}

pid_t
reaper_dead(void)
{
	siginfo_t	 info;

	memset(&info, 0, sizeof(info));
	if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == -1)
		return 0;
	return info.si_pid;
}

void
reaper_reap(pid_t child, int *status, struct rusage *usage)
{
	memset(usage, 0, sizeof(*usage));
	*status = 0;
	while (wait4(child, status, 0, usage) == -1 && errno == EINTR)
		continue;
}

bool
reaper_has_children(void)
{
	siginfo_t	 info;

	return waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0;
}

/* Read a file of /proc, which says nothing of its size; the caller's. */
static char *
read_file(const char *path, size_t max, size_t *len)
{
	char	*bytes = NULL;
	ssize_t	 n = 1;
	int	 fd;

	if ((fd = open(path, O_RDONLY | O_CLOEXEC)) == -1)
		return NULL;
	for (*len = 0; n > 0 && *len < max; *len += (size_t)n) {
		bytes = xreallocarray(bytes, *len + LIST_STEP + 1, 1);
		if ((n = read(fd, bytes + *len, LIST_STEP)) == -1)
			break;
	}
	close(fd);
	if (n == -1) {
		free(bytes);
		return NULL;
	}
	bytes[*len] = '\0';
	return bytes;
}

static uint64_t
read_mark(pid_t pid)
{
	static const char	 mark[] = LAUNCHER_MARK "=";
	char			 path[64];
	char			*environment, *at;
	uint64_t		 number = 0;
	size_t			 len;

	snprintf(path, sizeof(path), "/proc/%ld/environ", (long)pid);
	environment = read_file(path, ENVIRONMENT_MAX, &len);
	if (environment == NULL)
		return 0;
	for (at = environment; at < environment + len; at += strlen(at) + 1)
		if (strncmp(at, mark, sizeof(mark) - 1) == 0) {
			number = strtoull(at + sizeof(mark) - 1, NULL, 10);
			break;
		}
	free(environment);
	return number;
}

static void
look_at(struct orphan *o, pid_t pid)
{
	char		 path[64];
	struct stat	 st;

	o->pid = pid;
	o->session = getsid(pid);
	o->mark = read_mark(pid);
	snprintf(path, sizeof(path), "/proc/%ld", (long)pid);
	o->uid = stat(path, &st) == 0 ? st.st_uid : (uid_t)-1;
}

/*
 * The whole group at once, as one that forks and exits without end is never
 * there when its turn comes.  Groups do not reach beyond a session, and this
 * one's session is no live worker's.
 */
static void
kill_orphan(pid_t pid)
{
	pid_t	 group = getpgid(pid);

	if (group > 1 && group != getpgrp())
		kill(-group, SIGKILL);
	kill(pid, SIGKILL);
}

int
reaper_sweep(bool (*is_known)(void *arg, pid_t),
    bool (*may_live)(void *arg, const struct orphan *), void *arg)
{
	struct orphan	 o;
	char		 path[64];
	char		*list, *at, *end;
	size_t		 len;
	pid_t		 pid;
	int		 killed = 0;

	snprintf(path, sizeof(path), "/proc/self/task/%ld/children",
	    (long)getpid());
	if ((list = read_file(path, SIZE_MAX / 2, &len)) == NULL)
		return -1;
	for (at = list; (pid = (pid_t)strtol(at, &end, 10)) > 0; at = end) {
		if (is_known(arg, pid))
			continue;
		look_at(&o, pid);
		if (may_live(arg, &o))
			continue;
		kill_orphan(pid);
		killed++;
	}
	free(list);
	return killed;
}
