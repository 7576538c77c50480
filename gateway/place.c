/*
 * place: folders, lock and pid file.
 */
#include "place.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log.h"
#include "mem.h"

/* What was there before is left as it is. */
static int
make_folder(const char *path, mode_t mode, uid_t uid, gid_t gid)
{
	if (mkdir(path, mode) == -1) {
		if (errno == EEXIST)
			return 0;
		log_errno("%s", path);
		return -1;
	}
	/* The umask may have taken bits. */
	if (chmod(path, mode) == -1 ||
	    (uid != geteuid() && lchown(path, uid, gid) == -1)) {
		log_errno("%s", path);
		return -1;
	}
	return 0;
}

/* The folder of the workers' sockets must be ours alone. */
static int
open_workers(const char *run_dir)
{
	char		*path = xasprintf("%s/workers", run_dir);
	struct stat	 st;
	int		 fd = -1;

	if (make_folder(path, 0700, geteuid(), getegid()) == -1)
		goto out;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd == -1 || fstat(fd, &st) == -1)
		log_errno("%s", path);
	else if (st.st_uid != geteuid()) {
		log_error("%s: belongs to another user", path);
		errno = EPERM;
	} else if (fchmod(fd, 0700) == -1)
		log_errno("%s", path);
	else
		goto out;
	if (fd != -1)
		close(fd);
	fd = -1;
out:
	free(path);
	return fd;
}

static int
take_lock(const struct gateway_settings *settings)
{
	char	*path = xasprintf("%s/tollgated.lock", settings->run_dir);
	int	 fd;

	fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd == -1)
		log_errno("%s", path);
	else if (flock(fd, LOCK_EX | LOCK_NB) == -1) {
		if (errno == EWOULDBLOCK)
			log_error("listen = %s: another tollgated already runs "
			    "with run_dir = %s", settings->listen.words[0],
			    settings->run_dir);
		else
			log_errno("%s", path);
		close(fd);
		fd = -1;
	}
	free(path);
	return fd;
}

int
place_take(struct place *place, const struct gateway_settings *settings)
{
	place->workers = place->lock = place->pid_file = -1;
	place->pid_path = NULL;
	if (make_folder(settings->run_dir, 0755, geteuid(), getegid()) == -1 ||
	    make_folder(settings->state_dir, 0750, settings->uid,
	    settings->gid) == -1)
		return -1;
	place->lock = take_lock(settings);
	if (place->lock != -1)
		place->workers = open_workers(settings->run_dir);
	if (place->workers != -1)
		return 0;
	place_release(place);
	return -1;
}

int
place_write_pid(struct place *place, const char *path)
{
	int	 fd;

	fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (fd == -1) {
		log_errno("pid_file %s", path);
		return -1;
	}
	if (flock(fd, LOCK_EX | LOCK_NB) == -1) {
		log_error("pid_file %s: another tollgated runs with it", path);
		close(fd);
		return -1;
	}
	if (fchmod(fd, 0644) == -1 || ftruncate(fd, 0) == -1 ||
	    dprintf(fd, "%ld\n", (long)getpid()) < 0) {
		log_errno("pid_file %s", path);
		close(fd);
		return -1;
	}
	place->pid_file = fd;
	place->pid_path = xstrdup(path);
	return 0;
}

void
place_release(struct place *place)
{
	if (place->pid_file != -1) {
		unlink(place->pid_path);
		close(place->pid_file);
	}
	free(place->pid_path);
	if (place->workers != -1)
		close(place->workers);
	if (place->lock != -1)
		close(place->lock);
	place->workers = place->lock = place->pid_file = -1;
	place->pid_path = NULL;
}
