/*
 * reaper: signals, waits for and looks for processes.
 */
#include "reaper.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "launcher.h"
#include "mem.h"

#define ENVIRONMENT_MAX	(256 * 1024)	/* bytes of one that are looked at */
#define LIST_STEP	4096
#define STOP_ROUNDS	50

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

/*
 * Its environment is for its own user to read: without CAP_SYS_PTRACE, which
 * would be good for much else, we do so as that one.
 */
static void
look_at(struct orphan *o, pid_t pid)
{
	char		 path[64];
	struct stat	 st;

	o->pid = pid;
	o->session = getsid(pid);
	o->mark = 0;
	o->uid = (uid_t)-1;
	snprintf(path, sizeof(path), "/proc/%ld", (long)pid);
	if (stat(path, &st) == -1)
		return;
	o->uid = st.st_uid;
	setfsgid(st.st_gid);
	setfsuid(st.st_uid);
	o->mark = read_mark(pid);
	setfsuid(geteuid());
	setfsgid(getegid());
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

/* --- what descends from them -------------------------------------------- */

struct pids {
	pid_t	*list;
	size_t	 count;
	size_t	 size;
};

static void
pids_add(struct pids *p, pid_t pid)
{
	if (p->count == p->size) {
		p->size = p->size == 0 ? 64 : p->size * 2;
		p->list = xreallocarray(p->list, p->size, sizeof(*p->list));
	}
	p->list[p->count++] = pid;
}

/* Add the children that one thread has forked or adopted. */
static int
add_children(struct pids *p, const char *pid, const char *thread)
{
	char	 path[64];
	char	*list, *at, *end;
	size_t	 len;
	pid_t	 child;

	snprintf(path, sizeof(path), "/proc/%.20s/task/%.20s/children", pid,
	    thread);
	if ((list = read_file(path, SIZE_MAX / 2, &len)) == NULL)
		return -1;
	for (at = list; (child = (pid_t)strtol(at, &end, 10)) > 0; at = end)
		pids_add(p, child);
	free(list);
	return 0;
}

static void
add_all_children(struct pids *p, pid_t pid)
{
	char		 text[24], path[64];
	struct dirent	*entry;
	DIR		*threads;

	snprintf(text, sizeof(text), "%ld", (long)pid);
	snprintf(path, sizeof(path), "/proc/%s/task", text);
	if ((threads = opendir(path)) == NULL)
		return;		/* it has gone: what it had is ours by now */
	while ((entry = readdir(threads)) != NULL)
		if (entry->d_name[0] != '.')
			add_children(p, text, entry->d_name);
	closedir(threads);
}

/* Its state's letter and its parent, from proc(5)'s stat; false: gone. */
static bool
read_state(pid_t pid, char *state, pid_t *parent)
{
	char	 path[64];
	char	*text, *end;
	size_t	 len;
	long	 number;
	bool	 is_read;

	snprintf(path, sizeof(path), "/proc/%ld/stat", (long)pid);
	if ((text = read_file(path, LIST_STEP, &len)) == NULL)
		return false;
	/* Its name, which may hold anything, ends at the last bracket. */
	end = strrchr(text, ')');
	is_read = end != NULL && sscanf(end, ") %c %ld", state, &number) == 2;
	*parent = is_read ? (pid_t)number : 0;
	free(text);
	return is_read;
}

static bool
has(const struct pids *p, pid_t pid)
{
	size_t	 i;

	for (i = 0; i < p->count; i++)
		if (p->list[i] == pid)
			return true;
	return false;
}

/*
 * Stop one of the tree.  It may have died since it was listed, and its number
 * be another's: so it is held by a pidfd, and must still be of the tree.  True
 * if it had been running.
 */
static bool
stop_one(const struct pids *tree, pid_t pid)
{
	pid_t	 parent;
	char	 state;
	bool	 did_run = false;
	int	 fd;

	if ((fd = pidfd_open(pid, 0)) == -1)
		return false;
	if (read_state(pid, &state, &parent) &&
	    strchr("TtZXx", state) == NULL &&
	    (parent == getpid() || has(tree, parent)))
		did_run = pidfd_send_signal(fd, SIGSTOP, NULL, 0) == 0;
	close(fd);
	return did_run;
}

/*
 * Killing one of a crowd that forks without end makes room for the next.  So
 * stop all, again and again until none is found running, and only then kill.
 */
static void
stop_trees(const struct pids *roots)
{
	struct pids	 tree = { NULL, 0, 0 };
	size_t		 i, fresh;
	int		 round;

	for (round = 0; round < STOP_ROUNDS; round++) {
		tree.count = 0;
		for (i = 0; i < roots->count; i++)
			pids_add(&tree, roots->list[i]);
		for (i = 0; i < tree.count; i++)
			add_all_children(&tree, tree.list[i]);
		for (fresh = 0, i = 0; i < tree.count; i++)
			if (stop_one(&tree, tree.list[i]))
				fresh++;
		if (fresh == 0)
			break;
	}
	free(tree.list);
}

int
reaper_sweep(const struct reaper_judge *judge, bool stop_first)
{
	struct pids	 found = { NULL, 0, 0 };
	struct orphan	 o;
	char		 self[24];
	size_t		 i, n = 0;

	snprintf(self, sizeof(self), "%ld", (long)getpid());
	if (add_children(&found, self, self) == -1)
		return -1;
	for (i = 0; i < found.count; i++) {
		if (judge->is_known(judge->arg, found.list[i]))
			continue;
		look_at(&o, found.list[i]);
		if (!judge->may_live(judge->arg, &o))
			found.list[n++] = found.list[i];
	}
	found.count = n;
	if (stop_first)
		stop_trees(&found);
	for (i = 0; i < found.count; i++)
		kill_orphan(found.list[i]);
	free(found.list);
	return (int)n;
}
