/*
 * granting: real paths, and folders that are granted entry by entry.
 */
#include "granting.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define ENTRIES_ROOM	4096	/* bytes of a folder's entries at a time */

/* Not there, or not for this user: then there is nothing to be granted. */
static bool
is_out_of_reach(int error)
{
	return error == ENOENT || error == EACCES || error == ENOTDIR ||
	    error == ELOOP;
}

/* The real path of what is open, of less than PATH_MAX bytes.  -1: errno. */
int
granting_real_path(int fd, char *path)
{
	char	 link[32];
	ssize_t	 len;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	if ((len = readlink(link, path, PATH_MAX)) == -1)
		return -1;
	if (len == PATH_MAX) {
		errno = ENAMETOOLONG;
		return -1;
	}
	path[len] = '\0';
	return 0;
}

/* What does not exist yet is hidden by the name that it was given. */
int
granting_hide(struct granting *g, const char *path)
{
	char	*real = g->hidden[g->count++];
	int	 fd, status, saved;

	if ((fd = open(path, O_PATH | O_CLOEXEC)) == -1) {
		snprintf(real, PATH_MAX, "%s", path);
		return is_out_of_reach(errno) ? 0 : -1;
	}
	status = granting_real_path(fd, real);
	saved = errno;
	close(fd);
	errno = saved;
	return status;
}

/* Is path the folder, or in it? */
bool
granting_is_within(const char *path, const char *folder)
{
	size_t	 len = strlen(folder);

	if (strcmp(folder, "/") == 0)
		return true;
	return strncmp(path, folder, len) == 0 &&
	    (path[len] == '/' || path[len] == '\0');
}

static bool
is_hidden(const struct granting *g, const char *path)
{
	size_t	 i;

	for (i = 0; i < g->count; i++)
		if (granting_is_within(path, g->hidden[i]))
			return true;
	return false;
}

static bool
holds_hidden(const struct granting *g, const char *path)
{
	size_t	 i;

	for (i = 0; i < g->count; i++)
		if (granting_is_within(g->hidden[i], path))
			return true;
	return false;
}

static int	grant_around(const struct granting *, int fd, char *path,
		    enum grant);

/* One in a folder that is open; a link leads to what is granted by itself. */
static int
grant_entry(const struct granting *g, int folder, const char *name, char *path,
    enum grant grant)
{
	struct stat	 st;
	int		 fd, status, saved;

	fd = openat(folder, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd == -1)
		return is_out_of_reach(errno) ? 0 : -1;
	status = fstat(fd, &st);
	if (status == 0 && !S_ISLNK(st.st_mode))
		status = grant_around(g, fd, path, grant);
	saved = errno;
	close(fd);
	errno = saved;
	return status;
}

/* All in a folder; its path has room for the names. */
static int
grant_entries(const struct granting *g, int fd, char *path, enum grant grant)
{
	/* As getdents64(2) fills it; readdir(3) would allocate. */
	union {
		char		 bytes[ENTRIES_ROOM];
		struct dirent64	 align;
	}			 room;
	const struct dirent64	*entry;
	size_t			 len = strlen(path);
	long			 n, at;

	if (len == 1)
		len = 0;	/* the root's slash is the entries' own */
	while ((n = syscall(SYS_getdents64, fd, room.bytes, ENTRIES_ROOM)) > 0)
		for (at = 0; at < n; at += entry->d_reclen) {
			entry = (const void *)(room.bytes + at);
			if (strcmp(entry->d_name, ".") == 0 ||
			    strcmp(entry->d_name, "..") == 0)
				continue;
			if (len + 1 + strlen(entry->d_name) >= PATH_MAX) {
				errno = ENAMETOOLONG;
				return -1;
			}
			path[len] = '/';
			strcpy(path + len + 1, entry->d_name);
			if (grant_entry(g, fd, entry->d_name, path, grant) ==
			    -1)
				return -1;
		}
	path[len == 0 ? 1 : len] = '\0';
	return n == -1 ? -1 : 0;
}

/*
 * Grant what is open, path being its real one, but for what is hidden of it.
 * By descriptors all the way, so that nothing is put in its place meanwhile.
 */
static int
grant_around(const struct granting *g, int fd, char *path, enum grant grant)
{
	int	 folder, status, saved;

	if (is_hidden(g, path))
		return 0;
	if (!holds_hidden(g, path))
		return landlock_grant(&g->rules, fd, grant);
	folder = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder == -1)
		return is_out_of_reach(errno) ? 0 : -1;
	status = grant_entries(g, folder, path, grant);
	saved = errno;
	close(folder);
	errno = saved;
	return status;
}

int
granting_open(const struct granting *g, int fd, enum grant grant)
{
	char	 path[PATH_MAX];

	if (g->count == 0)
		return landlock_grant(&g->rules, fd, grant);
	if (granting_real_path(fd, path) == -1)
		return -1;
	return grant_around(g, fd, path, grant);
}

int
granting_path(const struct granting *g, const char *path, enum grant grant)
{
	int	 fd, status, saved;

	if ((fd = open(path, O_PATH | O_CLOEXEC)) == -1)
		return is_out_of_reach(errno) ? 0 : -1;
	status = granting_open(g, fd, grant);
	saved = errno;
	close(fd);
	errno = saved;
	return status;
}
