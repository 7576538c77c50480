/*
 * leaf: a worker's group, from its limits to its removal.
 */
#include "leaf.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cgroup.h"
#include "cgroupfs.h"
#include "log.h"

#define USER		"user."	/* and a uid */
#define WEIGHT		100	/* of a new group */
#define LEAF_MAX	(CGROUP_PATH_MAX + 128)	/* bytes of a leaf's path */
#define RACES_MAX	5	/* with those who remove what we make */


struct path {			/* a leaf's, and of those above it */
	char	 user[LEAF_MAX];
	char	 function[LEAF_MAX];
	char	 leaf[LEAF_MAX];
	unsigned own_tasks;
};

static void
leaf_path(const struct leaf *leaf, char path[LEAF_MAX])
{
	snprintf(path, LEAF_MAX, "%s/" USER "%lu/%s/%llu",
	    cgroups_path(leaf->groups), (unsigned long)leaf->uid,
	    leaf->function, (unsigned long long)leaf->serial);
}

static void
cut_last(char path[LEAF_MAX], const char *from)
{
	snprintf(path, LEAF_MAX, "%.*s", (int)(strrchr(from, '/') - from),
	    from);
}

static void
all_paths(const struct leaf *leaf, struct path *p)
{
	p->own_tasks = leaf->own_tasks;
	leaf_path(leaf, p->leaf);
	cut_last(p->function, p->leaf);
	cut_last(p->user, p->function);
}

/* --- limits ------------------------------------------------------------- */

/*
 * No swap comes on top, so that memory_max is what it says; kernels that do
 * not count swap have no such file.
 */
static int
limit_memory(const char *leaf, uint64_t max, const char **step)
{
	char	 text[24];

	/* Half a worker is none. */
	*step = "cgroup: memory.oom.group";
	if (cgroupfs_write(leaf, "memory.oom.group", "1") == -1)
		return -1;
	if (max == 0)
		return 0;
	snprintf(text, sizeof(text), "%llu", (unsigned long long)max);
	*step = "limits.memory_max: memory.max";
	if (cgroupfs_write(leaf, "memory.max", text) == -1)
		return -1;
	*step = "cgroup: memory.swap.max";
	if (cgroupfs_write(leaf, "memory.swap.max", "0") == -1 &&
	    errno != ENOENT)
		return -1;
	return 0;
}

static int
limit_tasks(const char *leaf, uint64_t max, unsigned own, const char **step)
{
	char	 text[24] = "max";

	if (max != 0)
		snprintf(text, sizeof(text), "%llu",
		    (unsigned long long)max + own);
	*step = "limits.tasks_max: pids.max";
	return cgroupfs_write(leaf, "pids.max", text);
}

/* The weight is the function's against its user's others. */
static int
limit_cpu(const struct path *p, const struct function *fn, const char **step)
{
	char	 text[24];

	*step = "limits.cpu_max: cpu.max";
	if (*fn->cpu_max != '\0' &&
	    cgroupfs_write(p->leaf, "cpu.max", fn->cpu_max) == -1)
		return -1;
	snprintf(text, sizeof(text), "%lu", (unsigned long)fn->cpu_weight);
	*step = "limits.cpu_weight: cpu.weight";
	return cgroupfs_write(p->function, "cpu.weight", text);
}

static int
set_limits(const struct path *p, unsigned controllers,
    const struct function *fn, const char **step)
{
	if (controllers & CGROUP_MEMORY &&
	    limit_memory(p->leaf, fn->memory_max, step) == -1)
		return -1;
	if (controllers & CGROUP_PIDS &&
	    limit_tasks(p->leaf, fn->tasks_max, p->own_tasks, step) == -1)
		return -1;
	if (controllers & CGROUP_CPU && limit_cpu(p, fn, step) == -1)
		return -1;
	return 0;
}

/* --- a user's ----------------------------------------------------------- */

/* One value of his, written unless it is as that of a new group is. */
struct user_value {
	const char	*file;
	const char	*step;
	unsigned	 controller;
	bool		 may_lack;	/* kernels have no such file */
	bool		 is_set;
	char		 text[ACCOUNT_CPU_MAX_LEN];
};

#define USER_VALUES	5

static void
put_ceiling(struct user_value *v, const struct user_value *model, uint64_t max)
{
	*v = *model;
	v->is_set = max != ACCOUNT_NO_CAP;
	if (v->is_set)
		snprintf(v->text, sizeof(v->text), "%llu",
		    (unsigned long long)max);
	else
		strcpy(v->text, "max");
}

static void
user_values(const struct account_limits *a, struct user_value v[USER_VALUES])
{
	static const struct user_value	 memory = { "memory.max",
	    "account.memory_max: memory.max", CGROUP_MEMORY, false, false, "" };
	static const struct user_value	 swap = { "memory.swap.max",
	    "cgroup: memory.swap.max", CGROUP_MEMORY, true, false, "" };
	static const struct user_value	 tasks = { "pids.max",
	    "account.tasks_max: pids.max", CGROUP_PIDS, false, false, "" };
	static const struct user_value	 cpu = { "cpu.max",
	    "account.cpu_max: cpu.max", CGROUP_CPU, false, false, "" };
	static const struct user_value	 weight = { "cpu.weight",
	    "account.cpu_weight: cpu.weight", CGROUP_CPU, false, false, "" };

	put_ceiling(&v[0], &memory, a->memory_max);
	/* As with a worker's: no swap comes on top. */
	put_ceiling(&v[1], &swap, a->memory_max == ACCOUNT_NO_CAP ?
	    ACCOUNT_NO_CAP : 0);
	put_ceiling(&v[2], &tasks, a->tasks_max);
	v[3] = cpu;
	v[3].is_set = *a->cpu_max != '\0';
	snprintf(v[3].text, sizeof(v[3].text), "%s",
	    v[3].is_set ? a->cpu_max : "max");
	put_ceiling(&v[4], &weight, a->cpu_weight);
	v[4].is_set = a->cpu_weight != WEIGHT;
}

/* all: also what is as it would be in a new group.  -1 with errno. */
static int
limit_user(const char *group, unsigned controllers,
    const struct account_limits *a, bool all, const char **step)
{
	struct user_value	 values[USER_VALUES], *v;

	user_values(a, values);
	for (v = values; v < values + USER_VALUES; v++) {
		if (!(controllers & v->controller) || !(all || v->is_set))
			continue;
		*step = v->step;
		if (cgroupfs_write(group, v->file, v->text) == -1 &&
		    !(v->may_lack && errno == ENOENT))
			return -1;
	}
	return 0;
}

void
leaf_limit_users(const struct cgroups *groups,
    void (*find)(const void *, uid_t, struct account_limits *),
    const void *arg)
{
	struct account_limits	 limits;
	struct dirent		*entry;
	const char		*step = "";
	char			 path[LEAF_MAX];
	uid_t			 uid;
	DIR			*all;

	if ((all = opendir(cgroups_path(groups))) == NULL) {
		log_errno("%s", cgroups_path(groups));
		return;
	}
	while ((entry = readdir(all)) != NULL) {
		if (strncmp(entry->d_name, USER, sizeof(USER) - 1) != 0)
			continue;
		uid = (uid_t)strtoul(entry->d_name + sizeof(USER) - 1, NULL,
		    10);
		find(arg, uid, &limits);
		snprintf(path, sizeof(path), "%s/" USER "%lu",
		    cgroups_path(groups), (unsigned long)uid);
		if (limit_user(path, cgroups_controllers(groups), &limits,
		    true, &step) == -1 && errno != ENOENT)
			log_errno("user %lu: %s", (unsigned long)uid, step);
	}
	closedir(all);
}

/* --- a worker's --------------------------------------------------------- */

/* Hand controllers down from a group; again: nothing. */
static int
enable(const char *group, unsigned controllers, const char **step)
{
	char	 words[CGROUPFS_WORDS];

	*step = "cgroup: cgroup.subtree_control";
	return cgroupfs_write(group, "cgroup.subtree_control",
	    cgroupfs_words(words, controllers, "+"));
}

/*
 * A file that is not there shows that this is the first leaf: the groups above
 * it have not been asked to hand anything down.
 */
static int
limit(const struct path *p, unsigned controllers, const struct function *fn,
    const char **step)
{
	if (controllers == 0 || set_limits(p, controllers, fn, step) == 0)
		return 0;
	if (errno != ENOENT || enable(p->user, controllers, step) == -1 ||
	    enable(p->function, controllers, step) == -1)
		return -1;
	return set_limits(p, controllers, fn, step);
}

/* --- making and removing ------------------------------------------------ */

/*
 * Others may remove what is empty while we make what shall be in it, and make
 * it as well.  The function's group is made only when the user's has been
 * limited: so where there is one, that was done, by whomever.
 */
static int
make_folders(const struct path *p, unsigned controllers,
    const struct account_limits *a, const char **step)
{
	int	 i, saved;

	for (i = 0; i < RACES_MAX; i++) {
		*step = "cgroup: mkdir";
		if (mkdir(p->leaf, 0755) == 0)
			return 0;
		if (errno != ENOENT)
			return -1;
		mkdir(p->user, 0755);
		if (limit_user(p->user, controllers, a, false, step) == 0)
			mkdir(p->function, 0755);
		else if (errno != ENOENT) {
			saved = errno;
			rmdir(p->user);
			errno = saved;
			return -1;
		}
	}
	return -1;
}

static int
remove_folders(const struct path *p)
{
	if (rmdir(p->leaf) == -1)
		return -1;
	if (rmdir(p->function) == 0)
		rmdir(p->user);
	return 0;
}

int
leaf_make(struct leaf *leaf, const struct function *fn,
    const struct account_limits *a, const char **step)
{
	struct path	 p;
	unsigned	 controllers = cgroups_controllers(leaf->groups);
	int		 saved;

	all_paths(leaf, &p);
	if (make_folders(&p, controllers, a, step) == -1)
		return -1;
	if (limit(&p, controllers, fn, step) == -1) {
		saved = errno;
		remove_folders(&p);
		errno = saved;
		return -1;
	}
	leaf->is_made = true;
	return 0;
}

int
leaf_remove(const struct leaf *leaf)
{
	struct path	 p;

	all_paths(leaf, &p);
	return remove_folders(&p);
}

/* --- what is in it ------------------------------------------------------ */

static int
write_file(const struct leaf *leaf, const char *file, const char *text)
{
	char	 path[LEAF_MAX];

	leaf_path(leaf, path);
	return cgroupfs_write(path, file, text);
}

/* Linux 5.7's CLONE_INTO_CGROUP, if group is not -1. */
static pid_t
fork_into(int group, uint64_t flags)
{
	struct clone_args	 args;

	memset(&args, 0, sizeof(args));
	args.flags = flags;
	args.exit_signal = SIGCHLD;
	if (group != -1) {
		args.flags |= CLONE_INTO_CGROUP;
		args.cgroup = (unsigned)group;
	}
	return (pid_t)syscall(SYS_clone3, &args, sizeof(args));
}

/* The leaf's folder; -1 with errno. */
static int
open_group(const struct leaf *leaf)
{
	char	 path[LEAF_MAX];

	leaf_path(leaf, path);
	return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

pid_t
leaf_fork(const struct leaf *leaf, uint64_t flags, bool *is_inside)
{
	pid_t	 pid;
	int	 group, saved;

	if (leaf->is_made && (group = open_group(leaf)) != -1) {
		*is_inside = true;	/* in the child's copy */
		pid = fork_into(group, flags);
		saved = errno;
		close(group);
		errno = saved;
		if (pid != -1 || errno == EAGAIN || errno == ENOMEM)
			return pid;
	}
	*is_inside = false;
	if ((pid = fork_into(-1, flags)) != -1 ||
	    (errno != ENOSYS && errno != EPERM))
		return pid;
	/* Who filters calls by their flags cannot see those of clone3. */
	return (pid_t)syscall(SYS_clone, (unsigned long)flags | SIGCHLD, NULL,
	    NULL, NULL, 0UL);
}

int
leaf_join(const struct leaf *leaf)
{
	return write_file(leaf, "cgroup.procs", "0");
}

int
leaf_kill(const struct leaf *leaf)
{
	return write_file(leaf, "cgroup.kill", "1");
}

int
leaf_freeze(const struct leaf *leaf, bool on)
{
	return write_file(leaf, "cgroup.freeze", on ? "1" : "0");
}

bool
leaf_holds(const struct leaf *leaf, pid_t pid)
{
	long	 one;
	bool	 holds = false;
	FILE	*in;
	int	 fd;

	if ((fd = leaf_open_file(leaf, "cgroup.procs")) == -1)
		return false;
	if ((in = fdopen(fd, "r")) == NULL) {
		close(fd);
		return false;
	}
	while (!holds && fscanf(in, "%ld", &one) == 1)
		holds = one == (long)pid;
	fclose(in);
	return holds;
}

uint64_t
leaf_id(const struct leaf *leaf)
{
	char		 path[LEAF_MAX];
	struct stat	 st;

	leaf_path(leaf, path);
	return stat(path, &st) == -1 ? 0 : (uint64_t)st.st_ino;
}

int
leaf_read(const struct leaf *leaf, struct leaf_figures *figures)
{
	char		 path[LEAF_MAX];
	uint64_t	 n;

	memset(figures, 0, sizeof(*figures));
	leaf_path(leaf, path);
	if (cgroupfs_read_number(path, "memory.peak", NULL, &n))
		figures->peak_kb = n / 1024;
	figures->is_oom = cgroupfs_read_number(path, "memory.events",
	    "oom_kill", &n) && n > 0;
	/* Its own limit it has not met then. */
	figures->is_above = figures->is_oom && cgroupfs_read_number(path,
	    "memory.events", "oom", &n) && n == 0;
	return cgroupfs_read_number(path, "cpu.stat", "usage_usec",
	    &figures->cpu_us) ? 0 : -1;
}

int
leaf_open_file(const struct leaf *leaf, const char *file)
{
	char	 path[LEAF_MAX];

	leaf_path(leaf, path);
	return cgroupfs_open(path, file);
}
