/*
 * tree: the kernel's calls for mounts, one each, and what to put where.
 */
#include "tree.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define FOLDER_OPTIONS	"mode=755,size=256k,nr_inodes=1k"

/* What is mounted there from now on concerns nobody else, and vice versa. */
static int
set_flags(int fd, const char *path, unsigned flags, uint64_t attributes)
{
	struct mount_attr	 a;

	memset(&a, 0, sizeof(a));
	a.attr_set = attributes;
	a.propagation = MS_PRIVATE;
	return (int)syscall(SYS_mount_setattr, fd, path, flags, &a, sizeof(a));
}

void
tree_own_all(void)
{
	setfsuid(0);
	setfsgid(0);
}

/* A copy of what is mounted at path, and in it; -1 with errno. */
int
tree_take(const char *path, uint64_t attributes)
{
	int	 fd, saved;

	fd = open_tree(AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC |
	    AT_RECURSIVE);
	if (fd == -1)
		return -1;
	if (set_flags(fd, "", AT_EMPTY_PATH | AT_RECURSIVE, attributes) == 0)
		return fd;
	saved = errno;
	close(fd);
	errno = saved;
	return -1;
}

int
tree_put(int fd, const char *path)
{
	int	 status, saved;

	status = move_mount(fd, "", AT_FDCWD, path, MOVE_MOUNT_F_EMPTY_PATH);
	saved = errno;
	close(fd);
	errno = saved;
	return status;
}

int
tree_make_read_only(const char *path)
{
	return set_flags(AT_FDCWD, path, 0, MOUNT_ATTR_RDONLY);
}

int
tree_make_target(const char *path, bool is_folder)
{
	char	 part[PATH_MAX];
	size_t	 len, all = strlen(path);

	if (all >= sizeof(part)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	if (is_folder && mkdir(path, 0755) == 0)
		return 0;
	for (len = strcspn(path + 1, "/") + 1; len < all;
	    len += strcspn(path + len + 1, "/") + 1) {
		memcpy(part, path, len);
		part[len] = '\0';
		if (mkdir(part, 0755) == -1 && errno != EEXIST)
			return -1;
	}
	if (is_folder ? mkdir(path, 0755) == 0 :
	    mknod(path, S_IFREG | 0644, 0) == 0)
		return 0;
	return errno == EEXIST ? 0 : -1;
}

/* --- places ------------------------------------------------------------- */

int
tree_put_folder(const char *path)
{
	return mount("tmpfs", path, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC,
	    FOLDER_OPTIONS);
}

/* A folder in the root that path, which is in none, can be put into. */
static int
put_top(char *path)
{
	size_t	 len = strcspn(path + 1, "/") + 1;
	int	 status;

	if (path[len] == '\0')
		return 0;
	path[len] = '\0';
	status = tree_put_folder(path);
	path[len] = '/';
	return status;
}

static int
put_made(int tree, const char *path)
{
	struct stat	 st;

	if (fstat(tree, &st) == -1 ||
	    tree_make_target(path, S_ISDIR(st.st_mode)) == -1)
		return -1;
	return tree_put(tree, path);
}

/* The same, for a path that may be in no place of the view. */
int
tree_put_besides(const struct view *view, int tree, char *path)
{
	struct stat	 st;

	if (fstat(tree, &st) == -1)
		return -1;
	if (tree_make_target(path, S_ISDIR(st.st_mode)) == -1 &&
	    (errno != EROFS || view_find(view, path) != NULL ||
	    put_top(path) == -1))
		return -1;
	return put_made(tree, path);
}

/* Where a link leads, which is seen itself, as it lies in another place. */
static int
put_behind_link(const struct view *view, const struct view_place *p, int tree)
{
	char	 target[PATH_MAX];
	ssize_t	 n;

	n = readlink(p->path, target, sizeof(target) - 1);
	if (n == -1)
		return tree_put(tree, p->path);
	target[n] = '\0';
	if (target[0] != '/' || strstr(target, "/.") != NULL) {
		close(tree);
		errno = ELOOP;
		return -1;
	}
	return tree_put_besides(view, tree, target);
}

int
tree_put_seen(const struct view *view, const struct view_place *p, int tree)
{
	return p->is_ours ? put_made(tree, p->path) :
	    put_behind_link(view, p, tree);
}

int
tree_put_hidden(const struct view_place *p)
{
	struct stat	 st;
	int		 tree;

	if (stat(p->path, &st) == -1)
		return p->may_lack && (errno == ENOENT || errno == ENOTDIR) ?
		    0 : -1;
	if (p->holds_more)
		return tree_put_folder(p->path);
	tree = tree_take(S_ISDIR(st.st_mode) ? TREE_HIDDEN_FOLDER :
	    TREE_HIDDEN_FILE, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID |
	    MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
	return tree == -1 ? -1 : tree_put(tree, p->path);
}

/*
 * That of the pid namespace we are in.  Not subset=pid: what programs want to
 * know of processors and memory is there as well.
 */
int
tree_put_proc(const char *path, int tree)
{
	if (tree != -1)
		return tree_put(tree, path);
	return mount("proc", path, "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC,
	    "hidepid=invisible");
}

/* The same, attached nowhere. */
int
tree_take_proc(void)
{
	int	 config, tree = -1, saved;

	if ((config = fsopen("proc", FSOPEN_CLOEXEC)) == -1)
		return -1;
	if (fsconfig(config, FSCONFIG_SET_STRING, "hidepid", "invisible",
	    0) == 0 &&
	    fsconfig(config, FSCONFIG_CMD_CREATE, NULL, NULL, 0) == 0)
		tree = fsmount(config, FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID |
		    MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
	saved = errno;
	close(config);
	errno = saved;
	return tree;
}

/* Take from the old root what shall be seen in the new one. */
int
trees_gather(const struct view *view, int *trees, const char **at)
{
	const struct view_place	*p;
	uint64_t		 attributes;
	size_t			 i;

	for (i = 0; i < view->count; i++) {
		p = &view->places[i];
		trees[i] = -1;
		if (p->is_common || (p->how != VIEW_READ_ONLY &&
		    p->how != VIEW_READ_WRITE))
			continue;
		*at = p->path;
		if (p->path[1] == '\0') {
			/* The root is what the others stand in. */
			errno = EINVAL;
			return -1;
		}
		attributes = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV;
		if (p->how == VIEW_READ_ONLY)
			attributes |= MOUNT_ATTR_RDONLY;
		trees[i] = tree_take(p->path, attributes);
		if (trees[i] == -1 && !(p->may_lack && errno == ENOENT))
			return -1;
	}
	return 0;
}
