/*
 * mounts: carries out a view: trees taken from the old root, put into a new
 * one.
 *
 * A tree gets its flags while it is attached nowhere, so that it is never seen
 * without them.
 */
#include "mounts.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mem.h"

#define ARENA_CHUNK	4096
#define BLOCK		4096
#define SPACE_MIN	64	/* the first numbers are the workers' */

/* What is put on what may not be seen; its mode is 0. */
#define HIDDEN_FOLDER	"/.hidden"
#define HIDDEN_FILE	"/.hidden-file"

#define FOLDER_OPTIONS	"mode=755,size=256k,nr_inodes=1k"

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

/* --- one call each ------------------------------------------------------ */

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

/* What is made is root's, where we are another user with root's powers. */
static void
own_all(void)
{
	setfsuid(0);
	setfsgid(0);
}

/* A copy of what is mounted at path, and in it; -1 with errno. */
static int
take_tree(const char *path, uint64_t attributes)
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

static int
put_tree(int fd, const char *path)
{
	int	 status, saved;

	status = move_mount(fd, "", AT_FDCWD, path, MOVE_MOUNT_F_EMPTY_PATH);
	saved = errno;
	close(fd);
	errno = saved;
	return status;
}

static int
make_read_only(const char *path)
{
	return set_flags(AT_FDCWD, path, 0, MOUNT_ATTR_RDONLY);
}

/* For something to be mounted on: a folder with those above it, or a file. */
static int
make_target(const char *path, bool is_folder)
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

static int
put_folder(const char *path)
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
	status = put_folder(path);
	path[len] = '/';
	return status;
}

static int
put_made(int tree, const char *path)
{
	struct stat	 st;

	if (fstat(tree, &st) == -1 ||
	    make_target(path, S_ISDIR(st.st_mode)) == -1)
		return -1;
	return put_tree(tree, path);
}

/* The same, for a path that may be in no place of the view. */
static int
put_besides(const struct view *view, int tree, char *path)
{
	struct stat	 st;

	if (fstat(tree, &st) == -1)
		return -1;
	if (make_target(path, S_ISDIR(st.st_mode)) == -1 &&
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
		return put_tree(tree, p->path);
	target[n] = '\0';
	if (target[0] != '/' || strstr(target, "/.") != NULL) {
		close(tree);
		errno = ELOOP;
		return -1;
	}
	return put_besides(view, tree, target);
}

static int
put_seen(const struct view *view, const struct view_place *p, int tree)
{
	return p->is_ours ? put_made(tree, p->path) :
	    put_behind_link(view, p, tree);
}

static int
put_hidden(const struct view_place *p)
{
	struct stat	 st;
	int		 tree;

	if (stat(p->path, &st) == -1)
		return p->may_lack && (errno == ENOENT || errno == ENOTDIR) ?
		    0 : -1;
	if (p->holds_more)
		return put_folder(p->path);
	tree = take_tree(S_ISDIR(st.st_mode) ? HIDDEN_FOLDER : HIDDEN_FILE,
	    MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
	    MOUNT_ATTR_NOEXEC);
	return tree == -1 ? -1 : put_tree(tree, p->path);
}

/*
 * That of the pid namespace we are in.  Not subset=pid: what programs want to
 * know of processors and memory is there as well.
 */
static int
put_proc(const char *path, int tree)
{
	if (tree != -1)
		return put_tree(tree, path);
	return mount("proc", path, "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC,
	    "hidepid=invisible");
}

/* The same, attached nowhere. */
static int
take_proc(void)
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

	if (make_target(path, true) == -1 || put_folder(path) == -1)
		return -1;
	for (i = 0; i < sizeof(links) / sizeof(links[0]); i++)
		if (symlink(links[i][0], links[i][1]) == -1)
			return -1;
	for (i = 0; i < DEVICES; i++)
		if (make_target(devices[i], false) == -1 ||
		    put_tree(trees[i], devices[i]) == -1)
			return -1;
	return make_read_only(path);
}

/* Take from the old root what shall be seen in the new one. */
static int
gather(const struct view *view, int *trees, const char **at)
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
		trees[i] = take_tree(p->path, attributes);
		if (trees[i] == -1 && !(p->may_lack && errno == ENOENT))
			return -1;
	}
	return 0;
}

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
put_common(const struct view *view, const struct view_place *p, int tree,
    int nodes[DEVICES])
{
	switch (p->how) {
	case VIEW_READ_ONLY:
	case VIEW_READ_WRITE:
		return tree == -1 ? 0 : put_seen(view, p, tree);
	case VIEW_HIDDEN:
		return put_hidden(p);
	case VIEW_LINK:
		return symlink(p->target, p->path);
	case VIEW_TMP:
	case VIEW_PROC:
		return make_target(p->path, true);
	case VIEW_DEV:
		return put_devices(p->path, nodes);
	case VIEW_FOLDER:
		break;
	}
	return 0;
}

/* In a mount namespace of its own: only the common part, and nothing else. */
static int
build_common(const struct mounts_common *c, const char **at)
{
	int	 nodes[DEVICES];
	size_t	 i;

	*at = "/";
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == -1)
		return -1;
	for (i = 0; i < DEVICES; i++) {
		*at = devices[i];
		nodes[i] = take_tree(devices[i], MOUNT_ATTR_RDONLY |
		    MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC);
		if (nodes[i] == -1)
			return -1;
	}
	if (gather(&c->view, c->trees, at) == -1)
		return -1;
	*at = "a new root";
	if (renew_root() == -1 || mkdir(HIDDEN_FOLDER, 0) == -1 ||
	    mknod(HIDDEN_FILE, S_IFREG, 0) == -1)
		return -1;
	for (i = 0; i < c->tops.count; i++) {
		*at = c->tops.words[i];
		if (make_target(*at, true) == -1)
			return -1;
	}
	for (i = 0; i < c->view.count; i++) {
		*at = c->view.places[i].path;
		if (put_common(&c->view, &c->view.places[i], c->trees[i],
		    nodes) == -1)
			return -1;
	}
	*at = "/";
	return make_read_only("/");
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

/* --- one worker's ------------------------------------------------------- */

static int
put_own(const struct mounts *m, const struct view_place *p, int tree)
{
	const struct view	*view = &m->view;

	switch (p->how) {
	case VIEW_READ_ONLY:
	case VIEW_READ_WRITE:
		return tree == -1 ? 0 : put_seen(view, p, tree);
	case VIEW_HIDDEN:
		return put_hidden(p);
	case VIEW_TMP:
		return mount("tmpfs", p->path, "tmpfs", MS_NOSUID | MS_NODEV,
		    m->tmp);
	case VIEW_PROC:
		return put_proc(p->path, tree);
	case VIEW_FOLDER:
		return put_folder(p->path);
	case VIEW_LINK:
	case VIEW_DEV:
		break;
	}
	return 0;
}

static bool
is_per_worker(const struct view_place *p)
{
	return !p->is_common || p->how == VIEW_TMP || p->how == VIEW_PROC;
}

static int
put_places(struct mounts *m)
{
	const struct view_place	*p;
	size_t			 i;

	for (i = 0; i < m->view.count; i++) {
		p = &m->view.places[i];
		m->at = p->path;
		if (is_per_worker(p) && put_own(m, p, m->trees[i]) == -1)
			return -1;
	}
	return 0;
}

/* What is in a folder stands behind it, so they stay open until then. */
static int
close_folders(struct mounts *m)
{
	const struct view_place	*p;
	size_t			 i;

	for (i = 0; i < m->view.count; i++) {
		p = &m->view.places[i];
		m->at = p->path;
		if (p->how == VIEW_FOLDER && make_read_only(p->path) == -1)
			return -1;
	}
	return 0;
}

static int
put_real(struct mounts *m)
{
	if (m->real_tree == -1)
		return 0;
	m->at = m->real;
	return put_besides(&m->view, m->real_tree, m->real);
}

/*
 * Into a copy of the common part: what is mounted in one copy is not in the
 * others, as that part is private.
 */
static int
enter_common(int space)
{
	if (setns(space, CLONE_NEWNS) == -1)
		return -1;
	close(space);
	return unshare(CLONE_NEWNS);
}

/*
 * In a user namespace there is a /proc only for who has one that hides nothing,
 * as in the root that is about to be left.
 */
static int
gather_proc(struct mounts *m)
{
	size_t	 i;

	for (i = 0; i < m->view.count; i++)
		if (m->view.places[i].how == VIEW_PROC) {
			m->at = m->view.places[i].path;
			m->trees[i] = take_proc();
			return m->trees[i] == -1 ? -1 : 0;
		}
	return 0;
}

static int
enter(struct mounts *m)
{
	const struct mounts_common	*c = m->common;

	if (gather(&m->view, m->trees, &m->at) == -1)
		return -1;
	m->at = "/";
	if (c->space != -1 ? enter_common(c->space) == -1 :
	    gather_proc(m) == -1 || build_common(c, &m->at) == -1)
		return -1;
	if (put_places(m) == -1 || put_real(m) == -1)
		return -1;
	return close_folders(m);
}

int
mounts_enter(struct mounts *m)
{
	mode_t	 before = umask(022);
	int	 status;

	own_all();
	status = enter(m);
	umask(before);
	return status;
}

int
mounts_add_folder_of(struct mounts *m, int fd)
{
	const struct view_place	*place;
	char			 link[64], *slash;
	ssize_t			 n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, m->real, sizeof(m->real) - 1);
	if (n == -1)
		return -1;
	m->real[n] = '\0';
	if ((slash = strrchr(m->real, '/')) == NULL || slash == m->real)
		return 0;
	*slash = '\0';
	place = view_find(&m->view, m->real);
	if (place != NULL && (place->how == VIEW_READ_ONLY ||
	    place->how == VIEW_READ_WRITE))
		return 0;
	m->at = m->real;
	m->real_tree = take_tree(m->real, MOUNT_ATTR_NOSUID |
	    MOUNT_ATTR_NODEV | MOUNT_ATTR_RDONLY);
	return m->real_tree == -1 ? -1 : 0;
}

struct mounts *
mounts_prepare(struct arena *arena, const struct mounts_common *c,
    const struct function *fn, const char *folder)
{
	struct view_wishes	 w;
	struct mounts		*m;

	memset(&w, 0, sizeof(w));
	w.system = c->system;
	w.system_count = c->system_count;
	w.common = &c->view;
	w.program = folder;
	w.chdir = fn->chdir;
	w.code = *fn->code->task_root != '\0' ? fn->code->task_root : NULL;
	w.lists = fn->lists;
	w.private = &c->private;

	m = arena_alloc(arena, sizeof(*m));
	memset(m, 0, offsetof(struct mounts, real));
	m->common = c;
	m->real_tree = -1;
	view_make(&m->view, arena, &w);
	m->trees = arena_calloc(arena, m->view.count, sizeof(*m->trees));
	/* A file that is empty takes memory as well. */
	snprintf(m->tmp, sizeof(m->tmp), "mode=1777,size=%llu,nr_inodes=%llu",
	    (unsigned long long)fn->tmp_max,
	    (unsigned long long)(fn->tmp_max / BLOCK + 16));
	return m;
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
	return build_common(c, at) == -1 ? -1 : space;
}

static _Noreturn void
run_maker(const struct mounts_common *c, int socket)
{
	struct made	 made;
	const char	*at;
	int		 space;

	memset(&made, 0, sizeof(made));
	umask(022);
	own_all();
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
mounts_space(const struct mounts_common *c)
{
	return c->space;
}
