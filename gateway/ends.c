/*
 * ends: sockets and pipes between gateway and worker.
 */
#include "ends.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "message.h"

#define WORKER_BACKLOG	256	/* connections: only the gateway makes any */

static void
close_one(int *fd)
{
	if (*fd != -1)
		close(*fd);
	*fd = -1;
}

void
ends_close_theirs(struct ends *e)
{
	/* Two of them may be the same descriptor. */
	if (e->theirs[1] == e->theirs[2])
		e->theirs[1] = -1;
	close_one(&e->theirs[0]);
	close_one(&e->theirs[1]);
	close_one(&e->theirs[2]);
	close_one(&e->variables);
}

void
ends_close_ours(struct ends *e)
{
	while (e->count > 0)
		close_one(&e->ours[--e->count]);
}

/* A pipe whose one end, 0 to read or 1 to write, is the gateway's next. */
static int
make_pipe(struct ends *e, int ours, int *theirs)
{
	int	 fds[2];

	if (pipe2(fds, O_CLOEXEC) == -1)
		return -1;
	e->ours[e->count++] = fds[ours];
	*theirs = fds[1 - ours];
	return 0;
}

/* stdout and stderr into one pipe. */
static int
make_stderr(struct ends *e)
{
	if (make_pipe(e, 0, &e->theirs[2]) == -1)
		return -1;
	e->theirs[1] = e->theirs[2];
	return 0;
}

/*
 * By way of /proc, as run_dir may be longer than a socket's address.  A file
 * of that name is left from a tollgated that was killed: the folder is ours.
 */
static int
bind_in(int fd, int folder, const char *name)
{
	struct sockaddr_un	 un = { .sun_family = AF_UNIX };

	snprintf(un.sun_path, sizeof(un.sun_path), "/proc/self/fd/%d/%s",
	    folder, name);
	if (bind(fd, (const struct sockaddr *)&un, sizeof(un)) == 0)
		return 0;
	if (errno != EADDRINUSE || unlinkat(folder, name, 0) == -1)
		return -1;
	return bind(fd, (const struct sockaddr *)&un, sizeof(un));
}

static int
make_listen(struct ends *e, int folder, uint64_t serial)
{
	char	 name[24];
	int	 fd;

	snprintf(name, sizeof(name), "%llu", (unsigned long long)serial);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd == -1)
		return -1;
	e->theirs[0] = fd;
	if (bind_in(fd, folder, name) == -1)
		return -1;
	/* To connect asks for the right to write to it; but who gets here? */
	if (fchmodat(folder, name, 0666, 0) == -1)
		return -1;
	fd = openat(folder, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (unlinkat(folder, name, 0) == -1 || fd == -1) {
		close_one(&fd);
		return -1;
	}
	e->ours[e->count++] = fd;
	if (listen(e->theirs[0], WORKER_BACKLOG) == -1)
		return -1;
	return make_stderr(e);
}

static int
make_launch(struct ends *e)
{
	int	 pair[2], room = 2 * LAUNCH_VARIABLES_MAX;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == -1)
		return -1;
	e->ours[e->count++] = pair[0];
	e->variables = pair[1];
	/* One packet must fit whatever wmem_default is; FORCE asks for root. */
	if (setsockopt(pair[0], SOL_SOCKET, SO_SNDBUFFORCE, &room,
	    sizeof(room)) == -1)
		setsockopt(pair[0], SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
	if (make_pipe(e, 1, &e->theirs[0]) == -1 ||
	    make_pipe(e, 0, &e->theirs[1]) == -1)
		return -1;
	return make_pipe(e, 0, &e->theirs[2]);
}

static int
make_endpoint(struct ends *e)
{
	struct sockaddr_in	 in = { .sin_family = AF_INET };
	socklen_t		 len = sizeof(in);
	int			 fd;

	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd == -1)
		return -1;
	e->ours[e->count++] = fd;
	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (bind(fd, (const struct sockaddr *)&in, sizeof(in)) == -1 ||
	    listen(fd, WORKER_BACKLOG) == -1 ||
	    getsockname(fd, (struct sockaddr *)&in, &len) == -1)
		return -1;
	e->port = ntohs(in.sin_port);
	e->theirs[0] = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (e->theirs[0] == -1)
		return -1;
	return make_stderr(e);
}

int
ends_make(struct ends *e, enum start_way way, int folder, uint64_t serial)
{
	int	 saved, status = -1;

	memset(e, 0, sizeof(*e));
	e->theirs[0] = e->theirs[1] = e->theirs[2] = e->variables = -1;
	switch (way) {
	case WAY_LISTEN:
		status = make_listen(e, folder, serial);
		break;
	case WAY_LAUNCH:
		status = make_launch(e);
		break;
	case WAY_ENDPOINT:
		status = make_endpoint(e);
		break;
	}
	if (status == 0)
		return 0;
	saved = errno;
	ends_close_theirs(e);
	ends_close_ours(e);
	errno = saved;
	return -1;
}
