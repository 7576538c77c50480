/*
 * trust: walks to a program, one name at a time, and checks all it passes.
 */
#include "trust.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define OVERFLOW_UID	65534	/* the kernel's, of who has none in here */
#define LINKS_MAX	40	/* as path_resolution(7) */

#define OPEN_FLAGS	(O_PATH | O_NOFOLLOW | O_CLOEXEC)

struct walk {
	int		 folder;	/* where we are */
	struct stat	 st;		/* of it, then of what was found */
	unsigned	 links;		/* followed so far */
	bool		 is_template;	/* the strict rules hold */
	bool		 is_again;
	uid_t		 uid;		/* besides root */
	struct trust_failure	*failure;
	const char	*name;		/* what was found, in folder */
	const char	*behind;	/* it: "" if it stood at the end */
	char		 rest[PATH_MAX];	/* the way that is left */
};

static int
fail(struct walk *w, const char *step, enum refusal refusal, int error)
{
	w->failure->step = step;
	w->failure->refusal = refusal;
	w->failure->error = error;
	return -1;
}

static int
distrust(struct walk *w, const char *step)
{
	return fail(w, step, REFUSAL_NOT_TRUSTED, EACCES);
}

/* What a template's path does not lead to is for the client to hear. */
static int
not_found(struct walk *w, int error)
{
	return fail(w, "open", w->is_template && (error == ENOENT ||
	    error == ENOTDIR) ? REFUSAL_NOT_FOUND : REFUSAL_FAILED, error);
}

static bool
is_owner(const struct walk *w, uid_t uid)
{
	return uid == 0 || uid == w->uid ||
	    (w->is_again && uid == OVERFLOW_UID);
}

/* The folder we have just entered. */
static int
check_folder(struct walk *w)
{
	const struct stat	*st = &w->st;

	if (w->is_template) {
		/* The first that is not root's says whose all must be. */
		if (st->st_uid != 0 && w->uid == 0)
			w->uid = st->st_uid;
		if (st->st_mode & (S_IWGRP | S_IWOTH))
			return distrust(w, "folder: others may write");
	} else if ((st->st_mode & S_IWOTH) && !(st->st_mode & S_ISVTX))
		return distrust(w, "folder: others may write");
	if (!is_owner(w, st->st_uid))
		return distrust(w, "folder: wrong owner");
	return 0;
}

static int
enter(struct walk *w, int folder)
{
	if (w->folder != -1)
		close(w->folder);
	w->folder = folder;
	return check_folder(w);
}

static int
enter_root(struct walk *w)
{
	int	 fd;

	if ((fd = open("/", OPEN_FLAGS | O_DIRECTORY)) == -1)
		return fail(w, "open", REFUSAL_FAILED, errno);
	if (fstat(fd, &w->st) == -1) {
		close(fd);
		return fail(w, "stat", REFUSAL_FAILED, errno);
	}
	return enter(w, fd);
}

/* Put the link's target in front of the way that is left. */
static int
follow(struct walk *w, int link, const char *behind)
{
	char	 target[PATH_MAX], way[PATH_MAX];
	ssize_t	 len;
	int	 n;

	if (w->is_template)
		return fail(w, "link on the way", REFUSAL_NOT_TRUSTED, ELOOP);
	if (!is_owner(w, w->st.st_uid))
		return distrust(w, "link: wrong owner");
	if (++w->links > LINKS_MAX)
		return fail(w, "open", REFUSAL_FAILED, ELOOP);
	len = readlinkat(link, "", target, sizeof(target) - 1);
	if (len == -1)
		return fail(w, "readlink", REFUSAL_FAILED, errno);
	target[len] = '\0';
	n = snprintf(way, sizeof(way), "%s/%s", target, behind);
	if (n < 0 || (size_t)n >= sizeof(way))
		return fail(w, "open", REFUSAL_FAILED, ENAMETOOLONG);
	memcpy(w->rest, way, sizeof(way));
	return target[0] == '/' ? enter_root(w) : 0;
}

/* Cut the next name off the way that is left; NULL at its end. */
static char *
next_name(char **at)
{
	char	*end = *at, *name;

	while (*end == '/')
		end++;
	if (*(name = end) == '\0')
		return NULL;
	while (*end != '/' && *end != '\0')
		end++;
	if (*end == '/')
		*end++ = '\0';
	while (*end == '/')
		end++;
	*at = end;
	return name;
}

/*
 * Go along w->rest.  Returns a descriptor of the first thing that is neither a
 * folder nor a link, with w->st, w->name and w->behind filled; -1 with error 0
 * if the way ended in a folder; -1 with the failure.
 */
static int
walk(struct walk *w)
{
	char	*at = w->rest, *name;
	int	 fd, status;

	w->failure->error = 0;
	while ((name = next_name(&at)) != NULL) {
		fd = openat(w->folder, name, OPEN_FLAGS);
		if (fd == -1)
			return not_found(w, errno);
		if (fstat(fd, &w->st) == -1) {
			close(fd);
			return fail(w, "stat", REFUSAL_FAILED, errno);
		}
		if (S_ISLNK(w->st.st_mode)) {
			status = follow(w, fd, at);
			close(fd);
			at = w->rest;
		} else if (S_ISDIR(w->st.st_mode))
			status = enter(w, fd);
		else {
			w->name = name;
			w->behind = at;
			return fd;
		}
		if (status == -1)
			return -1;
	}
	return -1;
}

/* Start the walk at the root, along len bytes of path. */
static int
walk_from_root(struct walk *w, const char *path, size_t len)
{
	if (path[0] != '/' || len >= sizeof(w->rest))
		return fail(w, "open", REFUSAL_FAILED,
		    path[0] != '/' ? EINVAL : ENAMETOOLONG);
	memcpy(w->rest, path, len);
	w->rest[len] = '\0';
	w->folder = -1;
	w->links = 0;
	if (enter_root(w) == -1)
		return -1;
	return walk(w);
}

/* A template: root's folders up to the first ${}, then the strict rules. */
static int
walk_template(struct walk *w, const char *path, size_t fixed)
{
	size_t	 base = fixed;
	int	 fd;

	while (base > 0 && path[base - 1] != '/')
		base--;
	if (strlen(path) >= sizeof(w->rest))
		return fail(w, "open", REFUSAL_FAILED, ENAMETOOLONG);
	w->uid = geteuid();
	if ((fd = walk_from_root(w, path, base)) != -1) {
		close(fd);
		return fail(w, "open", REFUSAL_FAILED, ENOTDIR);
	}
	if (w->failure->error != 0)
		return -1;

	w->is_template = true;
	w->uid = 0;
	strcpy(w->rest, path + base);
	return walk(w);
}

/* The file that was found at fd, w->folder being its folder. */
static int
check_file(struct walk *w)
{
	const struct stat	*st = &w->st;

	if (w->behind[0] != '\0')
		return not_found(w, ENOTDIR);
	if (!S_ISREG(st->st_mode))
		return distrust(w, "file: not a regular one");
	if (st->st_mode & (S_ISUID | S_ISGID))
		return distrust(w, "file: setuid or setgid");
	if (st->st_mode & S_IWOTH)
		return distrust(w, "file: others may write");
	if (w->is_template ? st->st_uid != w->uid : !is_owner(w, st->st_uid))
		return distrust(w, "file: wrong owner");
	if ((st->st_mode & (S_IXUSR | S_IXGRP | S_IXOTH)) == 0)
		return fail(w, "file: not executable", w->is_template ?
		    REFUSAL_NOT_TRUSTED : REFUSAL_FAILED, EACCES);
	return 0;
}

/* What a template's file must be besides. */
static int
check_owner(struct walk *w, uid_t min_uid)
{
	struct stat	 folder;

	if (fstat(w->folder, &folder) == -1)
		return fail(w, "stat", REFUSAL_FAILED, errno);
	if (w->st.st_mode & S_IWGRP)
		return distrust(w, "file: its group may write");
	if (w->st.st_uid < min_uid)
		return distrust(w, "file: owner below min_uid");
	if (w->st.st_gid < min_uid)
		return distrust(w, "file: group below min_uid");
	if (folder.st_uid != w->st.st_uid)
		return distrust(w, "folder: not the file's owner's");
	if (folder.st_mode & (S_IWGRP | S_IWOTH))
		return distrust(w, "folder: others may write");
	return 0;
}

/*
 * An ELF program is exec'ed by the descriptor that was checked.  For a script
 * the kernel gives its interpreter a name to open, so it needs its path.  What
 * cannot be read is no script, as its interpreter could not read it either.
 */
static int
find_kind(struct walk *w, bool *is_script)
{
	struct stat	 st;
	char		 magic[4];
	int		 fd;
	ssize_t		 n;

	*is_script = false;
	fd = openat(w->folder, w->name,
	    O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd == -1)
		return 0;
	if (fstat(fd, &st) == -1 || st.st_dev != w->st.st_dev ||
	    st.st_ino != w->st.st_ino) {
		close(fd);
		return fail(w, "file: has just changed", REFUSAL_FAILED,
		    EAGAIN);
	}
	n = read(fd, magic, sizeof(magic));
	close(fd);
	*is_script = n != (ssize_t)sizeof(magic) ||
	    memcmp(magic, "\177ELF", sizeof(magic)) != 0;
	return 0;
}

int
trust_open(const struct trust_request *request, struct trust_program *program,
    struct trust_failure *failure)
{
	struct walk	 w;
	int		 fd;

	memset(&w, 0, offsetof(struct walk, rest));
	w.folder = -1;
	w.uid = request->uid;
	w.is_again = request->is_again;
	w.failure = failure;
	if (request->fixed > 0)
		fd = walk_template(&w, request->path, request->fixed);
	else
		fd = walk_from_root(&w, request->path, strlen(request->path));
	if (fd == -1) {
		if (failure->error == 0)
			distrust(&w, "file: not a regular one");
		goto close_folder;
	}
	if (check_file(&w) == -1 || (request->fixed > 0 &&
	    check_owner(&w, request->min_uid) == -1) ||
	    find_kind(&w, &program->is_script) == -1)
		goto close_file;

	close(w.folder);
	program->fd = fd;
	program->is_linked = w.links > 0;
	program->uid = w.st.st_uid;
	program->gid = w.st.st_gid;
	return 0;

close_file:
	close(fd);
close_folder:
	if (w.folder != -1)
		close(w.folder);
	return -1;
}
