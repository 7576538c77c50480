/*
 * common: looks for the system's folders, and puts them into a new root.
 */
#include "common.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mem.h"
#include "tree.h"

#define ARENA_CHUNK	4096
#define SPACE_MIN	64	/* the first numbers are the workers' */

struct mounts_common {
	struct arena		*arena;
	struct view_system	*system;
	size_t			 system_count;
	struct word_list	 tops;		/* folders in the root */
	struct word_list	 private;
	struct view		 view;
	int			*trees;
	int			 space;		/* the namespace, or -1 */
};

static const char *const	devices[] = { "/dev/full", "/dev/null",
				    "/dev/random", "/dev/urandom",
				    "/dev/zero" };

#define DEVICES		(sizeof(devices) / sizeof(devices[0]))

/* --- what all see ------------------------------------------------------- */

/*
 * An empty root in the old one's place.  It is put upon the old one, where
 * there is always a folder; so it can be reached from there, as pivot_root(2)
 * wants it.  The root that a machine boots with stays underneath for ever, and
 * cannot be reached from here either.
 */
static int
renew_root(void)
{
	int	 config, root = -1;

	if ((config = fsopen("tmpfs", FSOPEN_CLOEXEC)) == -1)
		return -1;
	if (fsconfig(config, FSCONFIG_SET_STRING, "mode", "0755", 0) == 0 &&
	    fsconfig(config, FSCONFIG_SET_STRING, "size", "256k", 0) == 0 &&
	    fsconfig(config, FSCONFIG_CMD_CREATE, NULL, NULL, 0) == 0)
		root = fsmount(config, FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID |
		    MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
	close(config);
	if (root == -1 || move_mount(root, "", AT_FDCWD, "/",
	    MOVE_MOUNT_F_EMPTY_PATH) == -1 || fchdir(root) == -1)
		return -1;
	close(root);
	if (syscall(SYS_pivot_root, ".", ".") == 0) {
		if (umount2(".", MNT_DETACH) == -1)
			return -1;
	} else if (errno != EINVAL || chroot(".") == -1)
		return -1;
	return chdir("/");
}

static int
put_devices(const char *path, int trees[DEVICES])
{
	static const char *const	links[][2] = {
		{ "/proc/self/fd", "/dev/fd" },
		{ "/proc/self/fd/0", "/dev/stdin" },
		{ "/proc/self/fd/1", "/dev/stdout" },
		{ "/proc/self/fd/2", "/dev/stderr" },
		/* One folder of the worker's own is enough, and a limit. */
		{ "/tmp", "/dev/shm" },
	};
	size_t	 i;

	if (tree_make_target(path, true) == -1 || tree_put_folder(path) == -1)
		return -1;
	for (i = 0; i < sizeof(links) / sizeof(links[0]); i++)
		if (symlink(links[i][0], links[i][1]) == -1)
			return -1;
	for (i = 0; i < DEVICES; i++)
		if (tree_make_target(devices[i], false) == -1 ||
		    tree_put(trees[i], devices[i]) == -1)
			return -1;
	return tree_make_read_only(path);
}

static int
put_common(const struct view *view, const struct view_place *p, int tree,
    int nodes[DEVICES])
{
	switch (p->how) {
	case VIEW_READ_ONLY:
	case VIEW_READ_WRITE:
		return tree == -1 ? 0 : tree_put_seen(view, p, tree);
	case VIEW_HIDDEN:
		return tree_put_hidden(p);
	case VIEW_LINK:
		return symlink(p->target, p->path);
	case VIEW_TMP:
	case VIEW_PROC:
		return tree_make_target(p->path, true);
	case VIEW_DEV:
		return put_devices(p->path, nodes);
	case VIEW_FOLDER:
		break;
	}
	return 0;
}

int
mounts_common_build(const struct mounts_common *c, const char **at)
{
	int	 nodes[DEVICES];
	size_t	 i;

	*at = "/";
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == -1)
		return -1;
	for (i = 0; i < DEVICES; i++) {
		*at = devices[i];
		nodes[i] = tree_take(devices[i], MOUNT_ATTR_RDONLY |
		    MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC);
		if (nodes[i] == -1)
			return -1;
	}
	if (trees_gather(&c->view, c->trees, at) == -1)
		return -1;
	*at = "a new root";
	if (renew_root() == -1 || mkdir(TREE_HIDDEN_FOLDER, 0) == -1 ||
	    mknod(TREE_HIDDEN_FILE, S_IFREG, 0) == -1)
		return -1;
	for (i = 0; i < c->tops.count; i++) {
		*at = c->tops.words[i];
		if (tree_make_target(*at, true) == -1)
			return -1;
	}
	for (i = 0; i < c->view.count; i++) {
		*at = c->view.places[i].path;
		if (put_common(&c->view, &c->view.places[i], c->trees[i],
		    nodes) == -1)
			return -1;
	}
	*at = "/";
	return tree_make_read_only("/");
}

static void
look_for_system(struct mounts_common *c, const char *path)
{
	struct view_system	*s = &c->system[c->system_count];
	char			 target[PATH_MAX];
	struct stat		 st;
	ssize_t			 n;

	if (lstat(path, &st) == -1)
		return;
	if (S_ISLNK(st.st_mode)) {
		n = readlink(path, target, sizeof(target) - 1);
		if (n == -1)
			return;
		s->target = arena_strndup(c->arena, target, (size_t)n);
	} else if (!S_ISDIR(st.st_mode))
		return;
	s->path = arena_strdup(c->arena, path);
	c->system_count++;
}

/* Where names are looked up may be said in a file that a link leads to. */
static void
look_for_resolver(struct mounts_common *c)
{
	char	 *real, *slash;

	if ((real = realpath("/etc/resolv.conf", NULL)) == NULL)
		return;
	slash = strrchr(real, '/');
	if (strncmp(real, "/run/", 5) == 0 && slash > real + 4) {
		*slash = '\0';
		look_for_system(c, real);
	}
	free(real);
}

/* Folders that others can be put into: those that the old root has. */
static void
look_for_tops(struct mounts_common *c)
{
	struct dirent	*entry;
	struct stat	 st;
	DIR		*root;
	size_t		 size = 64;

	c->tops.words = arena_calloc(c->arena, size, sizeof(*c->tops.words));
	if ((root = opendir("/")) == NULL)
		return;
	while ((entry = readdir(root)) != NULL && c->tops.count < size) {
		if (entry->d_name[0] == '.' || fstatat(dirfd(root),
		    entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == -1 ||
		    !S_ISDIR(st.st_mode))
			continue;
		c->tops.words[c->tops.count++] = arena_printf(c->arena, "/%s",
		    entry->d_name);
	}
	closedir(root);
}

struct mounts_common *
mounts_common_create(const struct word_list *private)
{
	static const char *const	system[] = { "/bin", "/etc", "/lib",
					    "/lib32", "/lib64", "/libx32",
					    "/opt", "/sbin", "/usr" };
	static const struct sandbox_lists no_lists;
	struct view_wishes		 wishes;
	struct mounts_common		*c;
	struct arena			*arena = arena_create(ARENA_CHUNK);
	size_t				 i, n = sizeof(system) /
					    sizeof(system[0]);

	c = arena_calloc(arena, 1, sizeof(*c));
	c->arena = arena;
	c->space = -1;
	c->private = *private;
	c->system = arena_calloc(arena, n + 1, sizeof(*c->system));
	for (i = 0; i < n; i++)
		look_for_system(c, system[i]);
	look_for_resolver(c);
	look_for_tops(c);

	memset(&wishes, 0, sizeof(wishes));
	wishes.system = c->system;
	wishes.system_count = c->system_count;
	wishes.chdir = "";
	wishes.lists = &no_lists;
	wishes.private = &c->private;
	view_make(&c->view, arena, &wishes);
	c->trees = arena_calloc(arena, c->view.count, sizeof(*c->trees));
	return c;
}

void
mounts_common_free(struct mounts_common *c)
{
	if (c == NULL)
		return;
	if (c->space != -1)
		close(c->space);
	arena_free(c->arena);
}

/* --- making the common part --------------------------------------------- */

struct made {			/* what the child says of it */
	int	 error;
	char	 at[PATH_MAX];
};

/* Room for the namespace's descriptor, aligned as cmsg(3) wants it. */
union control {
	char		 bytes[CMSG_SPACE(sizeof(int))];
	struct cmsghdr	 align;
};

static void
begin_message(struct msghdr *msg, struct iovec *iov, struct made *made,
    union control *control)
{
	memset(msg, 0, sizeof(*msg));
	memset(control, 0, sizeof(*control));
	iov->iov_base = made;
	iov->iov_len = sizeof(*made);
	msg->msg_iov = iov;
	msg->msg_iovlen = 1;
	msg->msg_control = control->bytes;
	msg->msg_controllen = sizeof(control->bytes);
}

static int
say_made(int socket, struct made *made, int space)
{
	union control	 control;
	struct iovec	 iov;
	struct msghdr	 msg;
	struct cmsghdr	*c;

	begin_message(&msg, &iov, made, &control);
	if (made->error != 0)
		msg.msg_controllen = 0;
	else {
		c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c), &space, sizeof(space));
	}
	return sendmsg(socket, &msg, MSG_NOSIGNAL) == -1 ? -1 : 0;
}

/* What the child has said; its namespace, or -1 with made filled. */
static int
hear_made(int socket, struct made *made)
{
	union control	 control;
	struct iovec	 iov;
	struct msghdr	 msg;
	struct cmsghdr	*c;
	ssize_t		 n;
	int		 fd, space;

	begin_message(&msg, &iov, made, &control);
	do
		n = recvmsg(socket, &msg, MSG_CMSG_CLOEXEC);
	while (n == -1 && errno == EINTR);
	if (n != sizeof(*made)) {
		made->error = ECHILD;
		made->at[0] = '\0';
	}
	c = n == -1 ? NULL : CMSG_FIRSTHDR(&msg);
	if (c == NULL || c->cmsg_len != CMSG_LEN(sizeof(int)))
		return -1;
	memcpy(&fd, CMSG_DATA(c), sizeof(fd));
	space = fcntl(fd, F_DUPFD_CLOEXEC, SPACE_MIN);
	if (space == -1)
		made->error = errno;
	close(fd);
	return space;
}

/* In the child: a namespace, and the common part in it. */
static int
make_space(const struct mounts_common *c, const char **at)
{
	int	 space;

	*at = "namespace";
	if (unshare(CLONE_NEWNS) == -1 ||
	    (space = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC)) == -1)
		return -1;
	return mounts_common_build(c, at) == -1 ? -1 : space;
}

static _Noreturn void
run_maker(const struct mounts_common *c, int socket)
{
	struct made	 made;
	const char	*at;
	int		 space;

	memset(&made, 0, sizeof(made));
	umask(022);
	tree_own_all();
	if ((space = make_space(c, &at)) == -1)
		made.error = errno;
	snprintf(made.at, sizeof(made.at), "%s", at);
	_exit(say_made(socket, &made, space) == 0 ? 0 : 1);
}

/* A child does it, as there is no way back from another namespace. */
int
mounts_common_make(struct mounts_common *c, const char **at)
{
	struct made	 made = { .error = EAGAIN };
	pid_t		 child;
	int		 pair[2], status;

	if (c->space != -1)
		return 0;
	*at = "socketpair";
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == -1)
		return -1;
	if ((child = fork()) == 0)
		run_maker(c, pair[1]);
	close(pair[1]);
	if (child != -1) {
		c->space = hear_made(pair[0], &made);
		while (waitpid(child, &status, 0) == -1 && errno == EINTR)
			continue;
	}
	close(pair[0]);
	if (c->space != -1)
		return 0;
	*at = arena_strdup(c->arena, child == -1 ? "fork" : made.at);
	errno = made.error;
	return -1;
}

int
mounts_common_space(const struct mounts_common *c)
{
	return c->space;
}

void
mounts_common_wish(const struct mounts_common *c, struct view_wishes *w)
{
	w->system = c->system;
	w->system_count = c->system_count;
	w->private = &c->private;
	w->common = &c->view;
}
