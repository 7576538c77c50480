/*
 * files: reading, changing, planting and running what is not the attacker's.
 */
#include "attack.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

static int
read_file(char *path)
{
	char	 bytes[8192];	/* a message of the kernel's is long */
	ssize_t	 n;
	int	 fd;

	if ((fd = open(path, O_RDONLY | O_NONBLOCK)) == -1 ||
	    (n = read(fd, bytes, sizeof(bytes))) == -1)
		return -1;
	attack_note("%zd bytes", n);
	return n > 0 ? 0 : -1;
}

static int
list_folder(char *path)
{
	DIR	*folder = opendir(path);

	return folder != NULL && readdir(folder) != NULL ? 0 : -1;
}

static int
follow_link(char *path)
{
	char	 target[64];
	ssize_t	 n = readlink(path, target, sizeof(target));

	return n == -1 ? -1 : 0;
}

static int
see_file(char *path)
{
	struct stat	 st;

	return stat(path, &st);
}

static int
open_to_write(char *path)
{
	return open(path, O_WRONLY | O_NONBLOCK) == -1 ? -1 : 0;
}

static int
truncate_file(char *path)
{
	struct stat	 st;

	return stat(path, &st) == -1 ? -1 : truncate(path, st.st_size);
}

static int
change_mode(char *path)
{
	struct stat	 st;

	return stat(path, &st) == -1 ? -1 : chmod(path, st.st_mode & 07777);
}

static int
rename_file(char *path)
{
	char	 other[PATH_MAX];

	snprintf(other, sizeof(other), "%s.moved", path);
	return rename(path, other) == -1 ? -1 : rename(other, path);
}

static int
plant_file(char *folder)
{
	char	 path[PATH_MAX];
	int	 fd;

	snprintf(path, sizeof(path), "%s/planted-%d", folder, (int)getpid());
	if ((fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600)) == -1)
		return -1;
	close(fd);
	return unlink(path);
}

/* Hear of what happens to the files in there. */
static int
watch_folder(char *path)
{
	int	 fd = inotify_init1(0);

	return fd == -1 || inotify_add_watch(fd, path, IN_ALL_EVENTS) == -1 ?
	    -1 : 0;
}

static int
run_program(char *path)
{
	return attack_run(path, "nothing");
}

/* One that belongs to root and lends its user. */
static int
run_setuid(char *path)
{
	int	 status = attack_run(path, "is-root");

	if (status <= 0)
		return status;
	errno = 0;
	return -1;
}

/* A program of our own, put into a folder. */
static int
run_planted(char *folder)
{
	char		 path[PATH_MAX];
	struct stat	 st;
	int		 from, to, status, saved;

	snprintf(path, sizeof(path), "%s/program-%d", folder, (int)getpid());
	if ((from = open("/proc/self/exe", O_RDONLY)) == -1 ||
	    fstat(from, &st) == -1 ||
	    (to = open(path, O_WRONLY | O_CREAT | O_EXCL, 0700)) == -1)
		return -1;
	status = sendfile(to, from, NULL, (size_t)st.st_size) == st.st_size ?
	    0 : -1;
	saved = errno;
	close(to);
	if (status == 0) {
		status = attack_run(path, "nothing");
		saved = errno;
	}
	unlink(path);
	errno = saved;
	return status;
}

static int
make_disk(char *folder)
{
	char	 path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/disk-%d", folder, (int)getpid());
	if (mknod(path, S_IFBLK | 0600, (dev_t)0x700) == -1)
		return -1;
	return unlink(path);
}

/* A file by what its inode is called, past all folders. */
static int
open_by_handle(char *path)
{
	union {
		struct file_handle	 handle;
		char			 room[sizeof(struct file_handle) +
					    MAX_HANDLE_SZ];
	}	 h;
	int	 mount, folder;

	memset(&h, 0, sizeof(h));
	h.handle.handle_bytes = MAX_HANDLE_SZ;
	/* What it is of does not matter to who may. */
	if (name_to_handle_at(AT_FDCWD, path, &h.handle, &mount, 0) == -1) {
		if (errno == EPERM)
			return -1;
		h.handle.handle_bytes = 8;
		h.handle.handle_type = 1;
	}
	if ((folder = open("/usr", O_RDONLY | O_DIRECTORY)) == -1)
		return -1;
	return open_by_handle_at(folder, &h.handle, O_RDONLY) == -1 &&
	    errno != ESTALE ? -1 : 0;
}

const struct deed	deeds_files[] = {
	{ "read",		read_file },
	{ "list",		list_folder },
	{ "follow",		follow_link },
	{ "see",		see_file },
	{ "write",		open_to_write },
	{ "truncate",		truncate_file },
	{ "chmod",		change_mode },
	{ "rename",		rename_file },
	{ "plant",		plant_file },
	{ "watch",		watch_folder },
	{ "run",		run_program },
	{ "run-setuid",		run_setuid },
	{ "run-planted",	run_planted },
	{ "make-disk",		make_disk },
	{ "open-by-handle",	open_by_handle },
	{ NULL,			NULL }
};
