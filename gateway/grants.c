/*
 * grants: the system's table, and a function's own.
 */
#include "grants.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "function.h"
#include "granting.h"

#define LENGTH(array)	(sizeof(array) / sizeof((array)[0]))

#define OPEN_MAX_FD	65536

#define MNT_ID_UNIQUE	0x4000U	/* STATX_..., since Linux 6.8 */

/* What nearly every program looks for; others say read_only_paths. */
static const struct grants_row system_rows[] = {
	{ "/usr",			GRANT_READ },
	{ "/bin",			GRANT_READ },	/* links, mostly */
	{ "/sbin",			GRANT_READ },
	{ "/lib",			GRANT_READ },
	{ "/lib32",			GRANT_READ },
	{ "/lib64",			GRANT_READ },
	{ "/opt",			GRANT_READ },
	{ "/etc",			GRANT_READ },
	{ "/proc",			GRANT_LOOK },
	{ "/sys/devices/system",	GRANT_LOOK },
	{ "/sys/fs/cgroup",		GRANT_LOOK },
	{ "/sys/kernel/mm",		GRANT_LOOK },
	/* /etc/resolv.conf leads there */
	{ "/run/systemd/resolve",	GRANT_LOOK },
	{ "/run/resolvconf",		GRANT_LOOK },
	{ "/run/NetworkManager",	GRANT_LOOK },
	{ "/var/cache/fontconfig",	GRANT_LOOK },
	{ "/dev/null",			GRANT_DEVICE },
	{ "/dev/zero",			GRANT_DEVICE },
	{ "/dev/full",			GRANT_DEVICE },
	{ "/dev/random",		GRANT_DEVICE },
	{ "/dev/urandom",		GRANT_DEVICE },
	{ "/dev/shm",			GRANT_SCRATCH },
	{ "/tmp",			GRANT_SCRATCH },
};

/* In a root of its own nothing is but what it may see. */
static const struct grants_row own_root_rows[] = {
	{ "/",				GRANT_READ },
	{ "/dev",			GRANT_DEVICE },
	{ "/dev/shm",			GRANT_SCRATCH },
	{ "/tmp",			GRANT_SCRATCH },
};

/* --- the system --------------------------------------------------------- */

/* The first of count free descriptors in a row; -1: there are none. */
static int
find_row_of_free(int least, int count)
{
	int	 fd, run = 0;

	for (fd = least; fd < OPEN_MAX_FD; fd++) {
		run = fcntl(fd, F_GETFD) == -1 ? run + 1 : 0;
		if (run == count)
			return fd - count + 1;
	}
	errno = EMFILE;
	return -1;
}

/* Put the descriptors in a row; those that were opened are closed. */
static int
move_together(struct grants_system *system, const int *fds, int least)
{
	int	 i, moved = 0, saved;

	system->first = find_row_of_free(least, system->count);
	if (system->first == -1)
		return -1;
	while (moved < system->count && dup3(fds[moved],
	    system->first + moved, O_CLOEXEC) != -1)
		moved++;
	saved = errno;
	for (i = 0; i < system->count; i++)
		close(fds[i]);
	if (moved == system->count)
		return 0;
	system->count = moved;
	grants_close_system(system);
	errno = saved;
	return -1;
}

int
grants_open_system(struct grants_system *system, int least)
{
	struct stat	 st;
	int		 fds[LENGTH(system_rows)], fd;
	size_t		 i;

	system->count = 0;
	for (i = 0; i < LENGTH(system_rows); i++) {
		fd = open(system_rows[i].path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
		if (fd == -1)
			continue;
		/* Where a link leads is in the table as well. */
		if (fstat(fd, &st) == -1 || S_ISLNK(st.st_mode)) {
			close(fd);
			continue;
		}
		fds[system->count] = fd;
		system->rows[system->count++] = &system_rows[i];
	}
	return move_together(system, fds, least);
}

void
grants_close_system(const struct grants_system *system)
{
	if (system->count > 0)
		close_range((unsigned)system->first,
		    (unsigned)(system->first + system->count - 1), 0);
}

/* --- a function's ------------------------------------------------------- */

/* For each of the paths that are a function's own; 0, or -1 to end it. */
typedef int	own_path(void *arg, const char *path, enum grant);

static int
each_of(const struct word_list *paths, enum grant grant, own_path *visit,
    void *arg)
{
	size_t	 i;

	for (i = 0; i < paths->count; i++)
		if (visit(arg, paths->words[i], grant) == -1)
			return -1;
	return 0;
}

/* The folder of path, which is absolute. */
static int
folder_of(const char *path, own_path *visit, void *arg)
{
	const size_t	 len = (size_t)(strrchr(path, '/') - path);
	char		 folder[PATH_MAX];

	if (len >= sizeof(folder)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(folder, path, len);
	folder[len] = '\0';
	return visit(arg, len == 0 ? "/" : folder, GRANT_READ);
}

static int
each_own(const struct grants_asked *asked, own_path *visit, void *arg)
{
	const struct sandbox_lists	*lists = asked->function->lists;
	const char			*root;

	root = asked->function->code->task_root;
	if (folder_of(asked->program, visit, arg) == -1 ||
	    each_of(&lists->read_only_paths, GRANT_READ, visit, arg) == -1 ||
	    each_of(&lists->read_write_paths, GRANT_WRITE, visit, arg) == -1)
		return -1;
	if (*asked->function->chdir != '\0' &&
	    visit(arg, asked->folder, GRANT_READ) == -1)
		return -1;
	return *root == '\0' ? 0 : visit(arg, root, GRANT_READ);
}

static int
grant_path(void *arg, const char *path, enum grant grant)
{
	return granting_path(arg, path, grant);
}

/*
 * The program itself, as its folder may be none of the user's; and if its path
 * led over links, the folder that it really lies in.
 */
static int
grant_program(struct granting *g, const struct grants_asked *asked)
{
	char	 real[PATH_MAX];

	if (landlock_grant(&g->rules, asked->program_fd, GRANT_PROGRAM) == -1)
		return -1;
	if (!asked->is_linked || asked->function->is_template ||
	    granting_real_path(asked->program_fd, real) == -1 || *real != '/')
		return 0;
	return folder_of(real, grant_path, g);
}

/* A folder for all must stay one that files can be made in. */
static int
grant_system(struct granting *g, const struct grants_system *system)
{
	const size_t	 count = g->count;
	int		 i, status = 0;

	for (i = 0; i < system->count && status == 0; i++) {
		g->count = system->rows[i]->grant == GRANT_SCRATCH ? g->own :
		    count;
		status = granting_open(g, system->first + i,
		    system->rows[i]->grant);
	}
	g->count = count;
	return status;
}

static int
grant_own_root(const struct granting *g)
{
	size_t	 i;

	for (i = 0; i < LENGTH(own_root_rows); i++)
		if (granting_path(g, own_root_rows[i].path,
		    own_root_rows[i].grant) == -1)
			return -1;
	return 0;
}

static int
grant_own(struct granting *g, const struct grants_asked *asked)
{
	if (grant_program(g, asked) == -1 ||
	    each_own(asked, grant_path, g) == -1)
		return -1;
	return asked->port == 0 ? 0 :
	    landlock_grant_port(&g->rules, asked->port);
}

/*
 * The daemon's own is looked for in what all see, and wherever a function's
 * paths may lead; most have none, and then it costs nothing.
 */
static bool
may_reach(const struct grants_asked *asked, const char *path)
{
	const struct sandbox_lists	*lists = asked->function->lists;
	size_t				 folder, i;

	folder = (size_t)(strrchr(asked->program, '/') - asked->program);
	if (lists->read_only_paths.count + lists->read_write_paths.count > 0 ||
	    *asked->function->chdir != '\0' ||
	    *asked->function->code->task_root != '\0' ||
	    (strncmp(path, asked->program, folder) == 0 &&
	    path[folder] == '/'))
		return true;
	for (i = 0; i < LENGTH(system_rows); i++)
		if (system_rows[i].grant != GRANT_SCRATCH &&
		    granting_is_within(path, system_rows[i].path))
			return true;
	return false;
}

static int
hide_all(struct granting *g, const struct grants_asked *asked)
{
	const struct word_list	*own, *more = asked->hidden;
	size_t			 i;

	g->own = g->count = 0;
	if (asked->has_root)	/* there it is not to be seen */
		return 0;
	own = &asked->function->lists->inaccessible_paths;
	for (i = 0; i < own->count; i++)
		if (granting_hide(g, own->words[i]) == -1)
			return -1;
	g->own = g->count;
	for (i = 0; i < more->count && i < GRANTING_MORE_MAX; i++)
		if (may_reach(asked, more->words[i]))
			snprintf(g->hidden[g->count++], PATH_MAX, "%s",
			    more->words[i]);
	return 0;
}

int
grants_make(const struct grants_system *system,
    const struct grants_asked *asked, unsigned abi, struct landlock *rules)
{
	struct granting	 g;
	int		 saved;

	if (hide_all(&g, asked) == -1 || landlock_begin(&g.rules, abi,
	    asked->function->network == NETWORK_NONE) == -1)
		return -1;
	if ((asked->has_root ? grant_own_root(&g) :
	    grant_system(&g, system)) == -1 || grant_own(&g, asked) == -1) {
		saved = errno;
		close(g.rules.fd);
		errno = saved;
		return -1;
	}
	*rules = g.rules;
	return 0;
}

/* --- the print ---------------------------------------------------------- */

/*
 * Not one of secrets: who finds another file with the same is held to what
 * his own function was granted before.
 */
static void
add_word(uint64_t *print, uint64_t word)
{
	*print = (*print ^ word) * UINT64_C(0x9e3779b97f4a7c15);
	*print ^= *print >> 29;
}

/*
 * As rules hold a file, no other gets its number; but they forget it when it is
 * unmounted, so the mount counts, by a number that no other will have.
 */
static int
add_file(uint64_t *print, int fd)
{
	struct statx	 st;

	if (statx(fd, "", AT_EMPTY_PATH, STATX_INO | MNT_ID_UNIQUE, &st) == -1)
		return -1;
	if ((st.stx_mask & MNT_ID_UNIQUE) == 0) {
		errno = EOPNOTSUPP;
		return -1;
	}
	add_word(print, st.stx_mnt_id);
	add_word(print, (uint64_t)st.stx_dev_major << 32 | st.stx_dev_minor);
	add_word(print, st.stx_ino);
	return 0;
}

static int
add_path(void *arg, const char *path, enum grant grant)
{
	int	 fd, status;

	(void)grant;
	if ((fd = open(path, O_PATH | O_CLOEXEC)) == -1) {
		add_word(arg, 0);
		return 0;
	}
	status = add_file(arg, fd);
	close(fd);
	return status;
}

bool
grants_print(const struct grants_asked *asked, uint64_t *print)
{
	const struct word_list	*more = asked->hidden;
	size_t			 i;

	if (asked->function->is_template || asked->is_linked ||
	    asked->has_root || asked->port != 0 ||
	    asked->function->lists->inaccessible_paths.count > 0)
		return false;
	for (i = 0; i < more->count; i++)
		if (may_reach(asked, more->words[i]))
			return false;
	*print = 0;
	return add_file(print, asked->program_fd) == 0 &&
	    each_own(asked, add_path, print) == 0;
}
