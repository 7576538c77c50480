/*
 * files: trusted files of the configuration, read whole.
 */
#include "files.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config.h"
#include "mem.h"

/* NULL, or in static words why others could change what this is. */
static const char *
distrust(const struct stat *st)
{
	if (st->st_uid != 0 && st->st_uid != geteuid())
		return "is neither root's nor the caller's own";
	if (S_ISDIR(st->st_mode) && st->st_mode & S_ISVTX)
		return NULL;
	if (st->st_mode & S_IWOTH)
		return "can be written to by everybody";
	/* A group of one's own, as many systems give each user, is fine. */
	if (st->st_mode & S_IWGRP && st->st_gid != 0 &&
	    (geteuid() == 0 || st->st_gid != getegid()))
		return "can be written to by its group";
	return NULL;
}

bool
files_check_folder(const char *path, struct config_errors *errors)
{
	char		 real[PATH_MAX], *slash;
	struct stat	 st;
	const char	*why;

	if (realpath(path, real) == NULL) {
		config_errors_add(errors, "%s: %s", path, strerror(errno));
		return false;
	}
	for (;;) {
		if (stat(real, &st) == -1)
			why = strerror(errno);
		else
			why = S_ISDIR(st.st_mode) ? distrust(&st) :
			    "is no folder";
		if (why != NULL) {
			config_errors_add(errors, "%s: %s%s%s", path,
			    strcmp(path, real) == 0 ? "" : real,
			    strcmp(path, real) == 0 ? "" : " ", why);
			return false;
		}
		if (strcmp(real, "/") == 0)
			return true;
		slash = strrchr(real, '/');
		slash[slash == real] = '\0';
	}
}

/* The folder of a path: its own, and, of a link, that of what it leads to. */
static bool
check_parents(const char *path, struct config_errors *errors)
{
	char	 real[PATH_MAX], *folder, *slash;
	bool	 is_good;

	if (realpath(path, real) == NULL) {
		config_errors_add(errors, "%s: %s", path, strerror(errno));
		return false;
	}
	folder = xasprintf("%s%s", strchr(path, '/') == NULL ? "./" : "",
	    path);
	slash = strrchr(folder, '/');
	slash[slash == folder] = '\0';
	is_good = files_check_folder(folder, errors);
	free(folder);
	slash = strrchr(real, '/');
	slash[slash == real] = '\0';
	return is_good && files_check_folder(real, errors);
}

/* Up to max bytes, and one more to tell that there are too many. */
static char *
read_whole(int fd, size_t max, size_t *len)
{
	char	*text;
	size_t	 size = 4096;
	ssize_t	 n;

	text = xmalloc(size);
	for (*len = 0; *len <= max; *len += (size_t)n) {
		if (*len + 1 >= size) {
			size *= 2;
			text = xreallocarray(text, size, 1);
		}
		n = read(fd, text + *len, size - *len - 1);
		if (n == -1) {
			free(text);
			return NULL;
		}
		if (n == 0)
			break;
	}
	text[*len] = '\0';
	return text;
}

static char *
read_trusted(int fd, const char *path, size_t max, size_t *len,
    struct config_errors *errors)
{
	struct stat	 st;
	const char	*why = NULL;
	char		*text = NULL;

	if (fstat(fd, &st) == -1)
		why = strerror(errno);
	else if (!S_ISREG(st.st_mode))
		why = "is no regular file";
	else if ((why = distrust(&st)) == NULL &&
	    (text = read_whole(fd, max, len)) == NULL)
		why = strerror(errno);
	if (why != NULL)
		config_errors_add(errors, "%s: %s", path, why);
	else if (*len > max) {
		config_errors_add(errors, "%s: too long; expected %zu bytes "
		    "at most", path, max);
		free(text);
		text = NULL;
	}
	return text;
}

char *
files_read(const char *path, size_t max, bool is_folder_known, size_t *len,
    struct config_errors *errors)
{
	/* A fifo must not hold the load up. */
	const int	 flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
	char		*text;
	int		 fd = -1;

	if (is_folder_known)
		fd = open(path, flags | O_NOFOLLOW);
	if (fd == -1 && (!is_folder_known || errno == ELOOP)) {
		if (!check_parents(path, errors))
			return NULL;
		fd = open(path, flags);
	}
	if (fd == -1) {
		config_errors_add(errors, "%s: %s", path, strerror(errno));
		return NULL;
	}
	text = read_trusted(fd, path, max, len, errors);
	close(fd);
	return text;
}
