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

static int
grant_paths(const struct granting *g, const struct word_list *paths,
    enum grant grant)
{
	size_t	 i;

	for (i = 0; i < paths->count; i++)
		if (granting_path(g, paths->words[i], grant) == -1)
			return -1;
	return 0;
}

/* The folder of path, which is absolute and PATH_MAX at most. */
static int
grant_folder_of(const struct granting *g, const char *path, enum grant grant)
{
	const char	*slash = strrchr(path, '/');
	char		 folder[PATH_MAX];

	snprintf(folder, sizeof(folder), "%.*s",
	    slash == path ? 1 : (int)(slash - path), path);
	return granting_path(g, folder, grant);
}

/*
 * The program with its folder; if that was a link, the folder that it really
 * lies in as well.  The file itself, as that folder may be none of the user's.
 */
static int
grant_program(const struct granting *g, const struct grants_asked *asked)
{
	char	 real[PATH_MAX];

	if (landlock_grant(&g->rules, asked->program_fd, GRANT_PROGRAM) == -1 ||
	    grant_folder_of(g, asked->program, GRANT_READ) == -1)
		return -1;
	if (asked->function->is_template ||
	    granting_real_path(asked->program_fd, real) == -1 ||
	    strcmp(real, asked->program) == 0 || *real != '/')
		return 0;
	return grant_folder_of(g, real, GRANT_READ);
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
grant_own(const struct granting *g, const struct grants_asked *asked)
{
	const struct sandbox_lists	*lists = asked->function->lists;

	if (grant_program(g, asked) == -1 ||
	    grant_paths(g, &lists->read_only_paths, GRANT_READ) == -1 ||
	    grant_paths(g, &lists->read_write_paths, GRANT_WRITE) == -1)
		return -1;
	if (*asked->function->chdir != '\0' &&
	    granting_path(g, asked->folder, GRANT_READ) == -1)
		return -1;
	if (*asked->function->code->task_root != '\0' &&
	    granting_path(g, asked->function->code->task_root,
	    GRANT_READ) == -1)
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
grants_enter(const struct grants_system *system,
    const struct grants_asked *asked, unsigned abi)
{
	struct granting	 g;

	if (hide_all(&g, asked) == -1 || landlock_begin(&g.rules, abi,
	    asked->function->network == NETWORK_NONE) == -1)
		return -1;
	if ((asked->has_root ? grant_own_root(&g) :
	    grant_system(&g, system)) == -1 || grant_own(&g, asked) == -1) {
		close(g.rules.fd);
		return -1;
	}
	return landlock_enter(&g.rules);
}
