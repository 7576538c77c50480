/*
 * cgroupfs: text of control groups' files, and reading and writing them.
 */
#include "cgroupfs.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mem.h"

#define LENGTH(array)	(sizeof(array) / sizeof((array)[0]))

static const struct {
	unsigned	 controller;
	const char	*name;
} controllers[] = {
	{ CGROUP_CPU,	 "cpu" },
	{ CGROUP_MEMORY, "memory" },
	{ CGROUP_PIDS,	 "pids" },
};

/* --- where a group is --------------------------------------------------- */

/* mountinfo writes a blank as \040, and so on.  In place. */
static void
unescape(char *text)
{
	char	*to = text;

	for (; *text != '\0'; text++) {
		if (text[0] == '\\' && isdigit((unsigned char)text[1]) &&
		    isdigit((unsigned char)text[2]) &&
		    isdigit((unsigned char)text[3])) {
			*to++ = (char)((text[1] - '0') << 6 |
			    (text[2] - '0') << 3 | (text[3] - '0'));
			text += 3;
		} else
			*to++ = *text;
	}
	*to = '\0';
}

/*
 * A line of mountinfo: "ID PARENT MAJOR:MINOR ROOT POINT OPTIONS ... - TYPE".
 * False if it is no cgroup2.  Root and point are the line's own, cut off.
 */
static bool
read_mount(char *line, char **root, char **point)
{
	char	*words[5], *rest = line, *type;
	size_t	 i;

	if ((type = strstr(line, " - ")) == NULL ||
	    strncmp(type + 3, "cgroup2 ", 8) != 0)
		return false;
	for (i = 0; i < LENGTH(words); i++)
		if ((words[i] = strsep(&rest, " ")) == NULL)
			return false;
	*root = words[3];
	*point = words[4];
	unescape(*root);
	unescape(*point);
	return true;
}

/* What is behind the folder in a path that is in it; NULL if it is not. */
static const char *
path_below(const char *path, const char *folder)
{
	size_t	 len = strlen(folder);

	if (len == 1)		/* "/" */
		len = 0;
	if (strncmp(path, folder, len) != 0 ||
	    (path[len] != '/' && path[len] != '\0'))
		return NULL;
	path += len;
	return strcmp(path, "/") == 0 ? "" : path;
}

/* Version 2 is the line "0::/PATH"; the path is the caller's. */
static char *
own_path(const char *self)
{
	const char	*line;

	for (line = self; line != NULL; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, "0::/", 4) == 0)
			return xstrndup(line + 3, strcspn(line + 3, "\n"));
	}
	return NULL;
}

char *
cgroupfs_locate(const char *mountinfo, const char *self)
{
	char		*lines = xstrdup(mountinfo), *rest = lines, *line;
	char		*own = own_path(self), *root, *point, *found = NULL;
	const char	*below;
	int		 error = ENOENT;

	while (own != NULL && found == NULL &&
	    (line = strsep(&rest, "\n")) != NULL) {
		if (!read_mount(line, &root, &point))
			continue;
		error = EXDEV;
		/* A group outside our namespace is shown as "/../NAME". */
		below = path_below(own, root);
		if (below != NULL && strstr(own, "/..") == NULL)
			found = xasprintf("%s%s", point, below);
	}
	free(own);
	free(lines);
	errno = error;
	return found;
}

/* --- what stands in files ----------------------------------------------- */

unsigned
cgroupfs_controllers(const char *words)
{
	unsigned	 found = 0;
	size_t		 len, i;

	for (; *words != '\0'; words += len) {
		words += strspn(words, " \n");
		len = strcspn(words, " \n");
		for (i = 0; i < LENGTH(controllers); i++)
			if (strlen(controllers[i].name) == len &&
			    strncmp(controllers[i].name, words, len) == 0)
				found |= controllers[i].controller;
	}
	return found;
}

char *
cgroupfs_words(char out[CGROUPFS_WORDS], unsigned wanted, const char *sign)
{
	char	*at = out;
	size_t	 i;

	*at = '\0';
	for (i = 0; i < LENGTH(controllers); i++)
		if (wanted & controllers[i].controller)
			at += sprintf(at, "%s%s%s", at == out ? "" : " ", sign,
			    controllers[i].name);
	return out;
}

bool
cgroupfs_number(const char *text, const char *key, uint64_t *number)
{
	size_t	 len = key != NULL ? strlen(key) : 0;

	for (; key != NULL; text++) {
		if (strncmp(text, key, len) == 0 && text[len] == ' ') {
			text += len + 1;
			break;
		}
		if ((text = strchr(text, '\n')) == NULL)
			return false;
	}
	if (!isdigit((unsigned char)*text))
		return false;
	*number = strtoull(text, NULL, 10);
	return true;
}

/* --- files -------------------------------------------------------------- */

static int
open_file(const char *group, const char *file, int flags)
{
	char	 path[CGROUPFS_PATH_MAX];

	if (snprintf(path, sizeof(path), "%s/%s", group, file) >=
	    (int)sizeof(path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	return open(path, flags | O_CLOEXEC | O_NOFOLLOW);
}

int
cgroupfs_open(const char *group, const char *file)
{
	return open_file(group, file, O_RDONLY);
}

int
cgroupfs_read(const char *group, const char *file, char *out, size_t room)
{
	int	 fd, saved;
	ssize_t	 n;

	if ((fd = open_file(group, file, O_RDONLY)) == -1)
		return -1;
	n = read(fd, out, room - 1);
	saved = errno;
	close(fd);
	errno = saved;
	out[n > 0 ? n : 0] = '\0';
	return (int)n;
}

int
cgroupfs_write(const char *group, const char *file, const char *text)
{
	int	 fd, saved;
	ssize_t	 n;

	if ((fd = open_file(group, file, O_WRONLY)) == -1)
		return -1;
	n = write(fd, text, strlen(text));
	saved = errno;
	close(fd);
	errno = saved;
	return n == -1 ? -1 : 0;
}

bool
cgroupfs_read_number(const char *group, const char *file, const char *key,
    uint64_t *number)
{
	char	 text[CGROUPFS_TEXT_MAX];

	return cgroupfs_read(group, file, text, sizeof(text)) != -1 &&
	    cgroupfs_number(text, key, number);
}
