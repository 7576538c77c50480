/*
 * cgroup: finds the group that is ours to divide, and divides it.
 */
#include "cgroup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

#include "log.h"
#include "mem.h"

#define TREE		"tollgate."	/* and a number */
#define MAIN		"main"
#define TREES_MAX	1000		/* tollgated in one BASE */
#define CLEAR_MS	2000		/* for what is left to die */

struct cgroups {
	char		*base;
	char		*tree;
	int		 lock;		/* of tree, as long as we live */
	unsigned	 controllers;	/* of leaves */
	unsigned	 enabled;	/* in base, by us */
	char		*home;		/* where we were; NULL: still are */
};

/* --- BASE --------------------------------------------------------------- */

/* A whole file of /proc, of any length; the caller's.  NULL with errno. */
static char *
read_proc(const char *path)
{
	char	*text = NULL;
	size_t	 room = 0;
	FILE	*in;

	if ((in = fopen(path, "re")) == NULL)
		return NULL;
	if (getdelim(&text, &room, '\0', in) == -1) {
		free(text);
		text = NULL;
	}
	fclose(in);
	return text;
}

/* Our own group's path; the caller's.  NULL with errno. */
static char *
own_group(void)
{
	char	*mountinfo = read_proc("/proc/self/mountinfo");
	char	*self = read_proc("/proc/self/cgroup"), *found = NULL;

	if (mountinfo != NULL && self != NULL)
		found = cgroupfs_locate(mountinfo, self);
	free(mountinfo);
	free(self);
	return found;
}

static bool
is_tree_name(const char *name)
{
	size_t	 len = sizeof(TREE) - 1;

	return strncmp(name, TREE, len) == 0 && name[len] != '\0' &&
	    name[len + strspn(name + len, "0123456789")] == '\0';
}

/* In a tree's main group, BASE is what is above the tree.  In place. */
static void
leave_tree(char *group)
{
	char	*main = strrchr(group, '/'), *tree;

	if (main == NULL || strcmp(main, "/" MAIN) != 0)
		return;
	*main = '\0';
	tree = strrchr(group, '/');
	if (tree != NULL && is_tree_name(tree + 1))
		*tree = '\0';
	else
		*main = '/';
}

/*
 * systemd takes controllers away again, as it likes, from groups that it has
 * not delegated; so those are not for us.
 */
static bool
is_delegated(const char *group)
{
	static const char *const	 names[] = { "user.delegate",
					     "trusted.delegate" };
	char				 value[1];
	size_t				 i;

	if (access("/run/systemd/system", F_OK) == -1)
		return true;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (getxattr(group, names[i], value, sizeof(value)) == 1 &&
		    value[0] == '1')
			return true;
	return false;
}

/* Who is not root can move processes only out of groups that are its own. */
static bool
may_move(void)
{
	char	*own, *procs;
	bool	 may;

	if (geteuid() == 0 || (own = own_group()) == NULL)
		return geteuid() == 0;
	procs = xasprintf("%s/cgroup.procs", own);
	may = access(procs, W_OK) == 0;
	free(procs);
	free(own);
	return may;
}

/* BASE; the caller's.  NULL with the reason in why. */
static char *
find_base(const char *setting, char why[CGROUP_WHY])
{
	char	*base = NULL;

	if (strcmp(setting, "none") == 0)
		snprintf(why, CGROUP_WHY, "gateway.cgroup = none");
	else if (*setting != '\0') {
		/* What is below /sys/fs/cgroup is gone with each boot. */
		if (mkdir(setting, 0755) == 0 || errno == EEXIST)
			base = realpath(setting, NULL);
		if (base == NULL)
			snprintf(why, CGROUP_WHY, "%s: %s", setting,
			    strerror(errno));
	} else if ((base = own_group()) == NULL)
		snprintf(why, CGROUP_WHY, "%s", errno == ENOENT ?
		    "no cgroup v2 is mounted" : strerror(errno));
	if (base == NULL)
		return NULL;
	if (*setting == '\0')
		leave_tree(base);
	if (strlen(base) > CGROUP_PATH_MAX - sizeof(TREE "1000"))
		snprintf(why, CGROUP_WHY, "its path is too long");
	else if (access(base, W_OK) == -1)
		snprintf(why, CGROUP_WHY, "%s: %s", base, strerror(errno));
	else if (!may_move())
		snprintf(why, CGROUP_WHY, "%s: this user may not move to it",
		    base);
	else if (*setting == '\0' && !is_delegated(base))
		snprintf(why, CGROUP_WHY, "%s: systemd has not delegated it "
		    "(Delegate=yes)", base);
	else
		return base;
	free(base);
	return NULL;
}

static unsigned
read_controllers(const char *group, const char *file)
{
	char	 text[CGROUPFS_TEXT_MAX];

	if (cgroupfs_read(group, file, text, sizeof(text)) == -1)
		return 0;
	return cgroupfs_controllers(text);
}

/* The one group that may have processes beside groups with controllers. */
static bool
is_root(const char *group)
{
	char	*path = xasprintf("%s/cgroup.type", group);
	bool	 has_type = access(path, F_OK) == 0;

	free(path);
	return !has_type;
}

/* Are there processes in it, other than we and who has started us? */
static bool
has_others(const char *group)
{
	char	 text[CGROUPFS_TEXT_MAX];
	char	*at, *end;
	long	 pid;

	if (cgroupfs_read(group, "cgroup.procs", text, sizeof(text)) == -1)
		return false;
	for (at = text; (pid = strtol(at, &end, 10)) != 0 || end != at;
	    at = end)
		if (pid != (long)getpid() && pid != (long)getppid())
			return true;
	return false;
}

bool
cgroup_look(const char *setting, unsigned *controllers, char why[CGROUP_WHY])
{
	char	*base;

	*controllers = 0;
	if ((base = find_base(setting, why)) == NULL)
		return false;
	*controllers = read_controllers(base, "cgroup.subtree_control");
	if (is_root(base) || !has_others(base))
		*controllers |= read_controllers(base, "cgroup.controllers");
	free(base);
	return true;
}

/* --- what others have left ---------------------------------------------- */

static uint64_t
now_ms(void)
{
	struct timespec	 now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* Call visit with the path of each group in this one. */
static void
for_each_group(const char *group, void (*visit)(const char *path))
{
	struct dirent	*entry;
	char		*path;
	DIR		*all;

	if ((all = opendir(group)) == NULL)
		return;
	while ((entry = readdir(all)) != NULL) {
		if (entry->d_type != DT_DIR || entry->d_name[0] == '.')
			continue;
		path = xasprintf("%s/%s", group, entry->d_name);
		visit(path);
		free(path);
	}
	closedir(all);
}

/* The group with all below it, as far as no process is in them. */
static void
remove_all(const char *group)
{
	if (rmdir(group) == 0)
		return;
	for_each_group(group, remove_all);
	rmdir(group);
}

/* Wait until no process is in the group; false: not in time. */
static bool
wait_until_empty(const char *group)
{
	char		 text[CGROUPFS_TEXT_MAX];
	struct pollfd	 events;
	uint64_t	 until = now_ms() + CLEAR_MS, now, populated = 1;
	ssize_t		 n;

	events.fd = cgroupfs_open(group, "cgroup.events");
	events.events = POLLPRI;
	if (events.fd == -1)
		return true;	/* it is no group any more */
	while ((n = pread(events.fd, text, sizeof(text) - 1, 0)) > 0) {
		text[n] = '\0';
		if (!cgroupfs_number(text, "populated", &populated) ||
		    populated == 0 || (now = now_ms()) >= until)
			break;
		poll(&events, 1, (int)(until - now));
	}
	close(events.fd);
	return populated == 0;
}

/* The lock of a tree, whose owner is dead if we get it; -1: he is not. */
static int
lock_tree(const char *tree)
{
	struct stat	 ours, there;
	int		 fd;

	fd = open(tree, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd == -1)
		return -1;
	/* Between open and lock, somebody may have found it and removed it. */
	if (flock(fd, LOCK_EX | LOCK_NB) == 0 && fstat(fd, &ours) == 0 &&
	    stat(tree, &there) == 0 && ours.st_ino == there.st_ino)
		return fd;
	close(fd);
	return -1;
}

static void
clear_left_tree(const char *tree)
{
	int	 lock;

	if (!is_tree_name(strrchr(tree, '/') + 1) ||
	    (lock = lock_tree(tree)) == -1)
		return;
	log_notice("cgroup %s: left by a tollgated that was killed: removed",
	    tree);
	if (cgroupfs_write(tree, "cgroup.kill", "1") == -1)
		log_errno("cgroup %s/cgroup.kill", tree);
	else if (!wait_until_empty(tree))
		log_warning("cgroup %s: what is left in it does not die", tree);
	remove_all(tree);
	close(lock);
}

/* --- ours --------------------------------------------------------------- */

/* Make a tree under the first number that is free.  -1 with errno. */
static int
make_tree(struct cgroups *gs)
{
	int	 n;

	for (n = 1; n <= TREES_MAX; n++) {
		gs->tree = xasprintf("%s/" TREE "%d", gs->base, n);
		if (mkdir(gs->tree, 0755) == 0) {
			if ((gs->lock = lock_tree(gs->tree)) != -1)
				return 0;
		} else if (errno != EEXIST)
			return -1;
		free(gs->tree);
		gs->tree = NULL;
	}
	errno = EEXIST;
	return -1;
}

/* With starter.  -1 with errno. */
static int
move_to_main(struct cgroups *gs, pid_t starter)
{
	char	*main = xasprintf("%s/" MAIN, gs->tree), number[24];
	int	 status = -1;

	snprintf(number, sizeof(number), "%ld", (long)starter);
	if (mkdir(main, 0755) == 0 &&
	    cgroupfs_write(main, "cgroup.procs", "0") == 0)
		status = 0;
	else
		log_errno("cgroup %s/cgroup.procs", main);
	if (status == 0 && starter != 0 &&
	    cgroupfs_write(main, "cgroup.procs", number) == -1 &&
	    errno != ESRCH)
		log_errno("cgroup %s/cgroup.procs: %s", main, number);
	free(main);
	return status;
}

/*
 * Out of BASE, where with controllers no process may be; root stays in any
 * other group, which a service manager may hold it by.  Who is not root can
 * move workers only within what is its own, so must be there.
 */
static int
settle(struct cgroups *gs, pid_t starter)
{
	char	*own = own_group(), *real;
	bool	 is_base;

	real = own != NULL ? realpath(own, NULL) : NULL;
	is_base = real != NULL && strcmp(real, gs->base) == 0;
	free(own);
	if ((is_base || geteuid() != 0) && move_to_main(gs, starter) == 0)
		gs->home = real;
	else
		free(real);
	return gs->home == NULL && geteuid() != 0 ? -1 : 0;
}

/*
 * Gateway and spawner are one among many users there, and all wait for them:
 * they get the processor first.  It is little that they take of it.
 */
static void
favour_main(const struct cgroups *gs)
{
	char	*main = xasprintf("%s/" MAIN, gs->tree);

	if (gs->home != NULL && gs->controllers & CGROUP_CPU &&
	    cgroupfs_write(main, "cpu.weight", "10000") == -1)
		log_errno("cgroup %s/cpu.weight", main);
	free(main);
}

/* Hand controllers down from a group; those that are there then. */
static unsigned
enable(const char *group, unsigned wanted)
{
	unsigned	 one, has;
	char		 word[CGROUPFS_WORDS];

	has = read_controllers(group, "cgroup.subtree_control");
	for (one = 1; one <= wanted; one <<= 1) {
		if ((wanted & one & ~has) == 0)
			continue;
		cgroupfs_words(word, one, "+");
		if (cgroupfs_write(group, "cgroup.subtree_control", word) == 0)
			has |= one;
		else
			log_errno("cgroup %s/cgroup.subtree_control: %s",
			    group, word);
	}
	return has & wanted;
}

static void
enable_all(struct cgroups *gs)
{
	unsigned	 before;

	before = read_controllers(gs->base, "cgroup.subtree_control");
	gs->controllers = enable(gs->base,
	    read_controllers(gs->base, "cgroup.controllers"));
	gs->enabled = gs->controllers & ~before;
	gs->controllers = enable(gs->tree, gs->controllers);
	favour_main(gs);
}

/* cgroup.kill came with Linux 5.14; all else that we need is older. */
static bool
can_kill(const char *group)
{
	char	*path = xasprintf("%s/cgroup.kill", group);
	bool	 can = access(path, W_OK) == 0;

	free(path);
	return can;
}

static struct cgroups *
create_in(char *base, pid_t starter, char why[CGROUP_WHY])
{
	struct cgroups	*gs;

	gs = xcalloc(1, sizeof(*gs));
	gs->base = base;
	gs->lock = -1;
	for_each_group(base, clear_left_tree);
	if (make_tree(gs) == -1)
		snprintf(why, CGROUP_WHY, "%s: %s", base, strerror(errno));
	else if (!can_kill(gs->tree))
		snprintf(why, CGROUP_WHY, "%s: no cgroup v2 of Linux 5.14 or "
		    "later", base);
	else if (settle(gs, starter) == -1)
		snprintf(why, CGROUP_WHY, "%s: this user may not move to it",
		    base);
	else {
		enable_all(gs);
		return gs;
	}
	cgroups_free(gs);
	return NULL;
}

struct cgroups *
cgroups_create(const char *setting, pid_t starter)
{
	struct cgroups	*gs = NULL;
	char		 why[CGROUP_WHY], words[CGROUPFS_WORDS], *base;

	if ((base = find_base(setting, why)) != NULL)
		gs = create_in(base, starter, why);
	if (gs != NULL)
		log_notice("cgroup %s: controllers: %s", gs->tree,
		    gs->controllers == 0 ? "none, so limits are rlimits" :
		    cgroupfs_words(words, gs->controllers, ""));
	else if (*setting == '/')
		log_warning("gateway.cgroup = %s is not used: %s: limits are "
		    "rlimits", setting, why);
	else
		log_notice("no cgroup: %s: limits are rlimits, a worker ends "
		    "with its process group, freeze is SIGSTOP", why);
	return gs;
}

/*
 * Back to where we were, so that nothing is left; with controllers of ours
 * there that takes having none below.  A service manager would see to the rest,
 * and so does the next tollgated.
 */
static void
move_back(struct cgroups *gs)
{
	char	 word[CGROUPFS_WORDS];

	if (gs->enabled != 0) {
		cgroupfs_write(gs->tree, "cgroup.subtree_control",
		    cgroupfs_words(word, gs->controllers, "-"));
		cgroupfs_write(gs->base, "cgroup.subtree_control",
		    cgroupfs_words(word, gs->enabled, "-"));
	}
	cgroupfs_write(gs->home, "cgroup.procs", "0");
}

void
cgroups_free(struct cgroups *gs)
{
	if (gs == NULL)
		return;
	if (gs->tree != NULL) {
		if (gs->home != NULL)
			move_back(gs);
		remove_all(gs->tree);
	}
	if (gs->lock != -1)
		close(gs->lock);
	free(gs->home);
	free(gs->tree);
	free(gs->base);
	free(gs);
}

const char *
cgroups_path(const struct cgroups *gs)
{
	return gs->tree;
}

unsigned
cgroups_controllers(const struct cgroups *gs)
{
	return gs != NULL ? gs->controllers : 0;
}
