/*
 * namespaces: clone(2)'s flags, and what some of them leave to be done.
 */
#include "namespaces.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "function.h"

#define BACKLOG	256	/* of a listener that one worker connects to */

uint64_t
namespaces_of(const struct function *fn)
{
	uint64_t	 flags = 0;

	/* That of control groups comes once the worker is in its group. */
	if (fn->level == CONFINE_STRICT)
		flags = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC |
		    CLONE_NEWUTS;
	if (fn->network != NETWORK_HOST)
		flags |= CLONE_NEWNET;
	return flags;
}

static int
write_file(const char *path, const char *text)
{
	ssize_t	 n;
	int	 fd, saved;

	if ((fd = open(path, O_WRONLY | O_CLOEXEC)) == -1)
		return -1;
	n = write(fd, text, strlen(text));
	saved = errno;
	close(fd);
	errno = saved;
	return n == -1 ? -1 : 0;
}

static int
write_maps(uid_t uid, gid_t gid)
{
	char	 text[64];

	snprintf(text, sizeof(text), "%lu %lu 1", (unsigned long)uid,
	    (unsigned long)uid);
	if (write_file("/proc/self/uid_map", text) == -1 ||
	    write_file("/proc/self/setgroups", "deny") == -1)
		return -1;
	snprintf(text, sizeof(text), "%lu %lu 1", (unsigned long)gid,
	    (unsigned long)gid);
	return write_file("/proc/self/gid_map", text);
}

/* Files of who is hidden (step_hide) are root's, so not ours to write. */
int
namespaces_map_user(uid_t uid, gid_t gid)
{
	int	 status, saved;

	if (prctl(PR_SET_DUMPABLE, 1) == -1)
		return -1;
	status = write_maps(uid, gid);
	saved = errno;
	if (prctl(PR_SET_DUMPABLE, 0) == -1)
		return -1;
	errno = saved;
	return status;
}

pid_t
namespaces_move(uint64_t flags)
{
	struct clone_args	 args;
	pid_t			 pid;

	memset(&args, 0, sizeof(args));
	args.flags = flags | CLONE_PARENT;
	pid = (pid_t)syscall(SYS_clone3, &args, sizeof(args));
	if (pid != -1 || errno != ENOSYS)
		return pid;
	/* Who filters calls by their flags cannot see those of clone3. */
	return (pid_t)syscall(SYS_clone, (unsigned long)args.flags, NULL, NULL,
	    NULL, 0UL);
}

int
namespaces_loopback_up(void)
{
	struct ifreq	 request;
	int		 fd, status = -1, saved;

	if ((fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) == -1)
		return -1;
	memset(&request, 0, sizeof(request));
	strcpy(request.ifr_name, "lo");
	if (ioctl(fd, SIOCGIFFLAGS, &request) == 0) {
		request.ifr_flags |= IFF_UP;
		status = ioctl(fd, SIOCSIFFLAGS, &request);
	}
	saved = errno;
	close(fd);
	errno = saved;
	return status;
}

int
namespaces_listen(unsigned port)
{
	struct sockaddr_in	 in = { .sin_family = AF_INET };
	int			 fd, saved;

	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd == -1)
		return -1;
	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	in.sin_port = htons((uint16_t)port);
	if (bind(fd, (const struct sockaddr *)&in, sizeof(in)) == 0 &&
	    listen(fd, BACKLOG) == 0)
		return fd;
	saved = errno;
	close(fd);
	errno = saved;
	return -1;
}
