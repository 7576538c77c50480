/*
 * network: sockets of others, and what passes between processes without files.
 */
#include "attack.h"

#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* A name that begins with @ is abstract. */
static int
connect_unix(char *path)
{
	struct sockaddr_un	 to = { .sun_family = AF_UNIX };
	int			 fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(to.sun_path, sizeof(to.sun_path), "%s", path);
	if (*path == '@')
		to.sun_path[0] = '\0';
	if (fd == -1)
		return -1;
	return connect(fd, (const void *)&to, (socklen_t)(offsetof(
	    struct sockaddr_un, sun_path) + strlen(path)));
}

static int
internet(int type, const char *port, int (*call)(int, const struct sockaddr *,
    socklen_t))
{
	struct sockaddr_in	 to = { .sin_family = AF_INET };
	int			 fd = socket(AF_INET, type, 0);

	to.sin_port = htons((in_port_t)atoi(port));
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd == -1 || call(fd, (const void *)&to, sizeof(to)) == -1)
		return -1;
	return fd;
}

static int
connect_tcp(char *port)
{
	return internet(SOCK_STREAM, port, connect) == -1 ? -1 : 0;
}

/* Had nobody been there, the second would be told of the first. */
static int
send_udp(char *port)
{
	int	 fd = internet(SOCK_DGRAM, port, connect);

	if (fd == -1 || send(fd, "", 1, 0) == -1)
		return -1;
	return send(fd, "", 1, 0) == -1 ? -1 : 0;
}

static int
listen_tcp(char *port)
{
	return internet(SOCK_STREAM, port, bind) == -1 ? -1 : 0;
}

/* argument: family, type, protocol. */
static int
make_socket(char *argument)
{
	int	 family = 0, type = 0, protocol = 0;

	sscanf(argument, "%d %d %d", &family, &type, &protocol);
	return socket(family, type, protocol) == -1 ? -1 : 0;
}

/* Say that we are that process, of root. */
static int
forge_credentials(char *pid)
{
	struct ucred	 who = { .pid = (pid_t)atol(pid) };
	struct iovec	 bytes = { pid, 1 };
	union {
		struct cmsghdr	 header;
		char		 room[CMSG_SPACE(sizeof(who))];
	}		 control;
	struct msghdr	 message = { .msg_iov = &bytes, .msg_iovlen = 1,
			     .msg_control = &control,
			     .msg_controllen = sizeof(control) };
	struct cmsghdr	*c;
	int		 fds[2];

	if (socketpair(AF_UNIX, SOCK_DGRAM, 0, fds) == -1)
		return -1;
	memset(&control, 0, sizeof(control));
	c = CMSG_FIRSTHDR(&message);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_CREDENTIALS;
	c->cmsg_len = CMSG_LEN(sizeof(who));
	memcpy(CMSG_DATA(c), &who, sizeof(who));
	return sendmsg(fds[0], &message, 0) == -1 ? -1 : 0;
}

/* --- System V and POSIX ------------------------------------------------- */

static int
attach_memory(char *key)
{
	int	 id = shmget((key_t)atol(key), 0, 0);

	return id == -1 || shmat(id, NULL, SHM_RDONLY) == (void *)-1 ? -1 : 0;
}

static int
read_semaphore(char *key)
{
	int	 id = semget((key_t)atol(key), 0, 0);

	return id == -1 || semctl(id, 0, GETVAL) == -1 ? -1 : 0;
}

static int
send_message(char *key)
{
	struct {
		long	 type;
		char	 text[1];
	}	 message = { 1, "" };
	int	 id = msgget((key_t)atol(key), 0);

	return id == -1 ? -1 : msgsnd(id, &message, 1, IPC_NOWAIT);
}

static int
open_queue(char *name)
{
	return mq_open(name, O_RDWR) == (mqd_t)-1 ? -1 : 0;
}

const struct deed	deeds_network[] = {
	{ "connect-unix",	connect_unix },
	{ "connect-tcp",	connect_tcp },
	{ "send-udp",		send_udp },
	{ "listen-tcp",		listen_tcp },
	{ "socket",		make_socket },
	{ "forge-credentials",	forge_credentials },
	{ "attach-memory",	attach_memory },
	{ "read-semaphore",	read_semaphore },
	{ "send-message",	send_message },
	{ "open-queue",		open_queue },
	{ NULL,			NULL }
};
