/*
 * victim: the other tenant, with something of each kind to be got at.
 *
 *	victim			a CGI program that listens, says where, stays
 *	victim make KEY		leave files and objects behind
 *	victim clean KEY	remove them
 *
 * KEY is a number: objects of System V have it and those after it as keys, the
 * others in their names.  Who sends it SIGURG has a byte written to the file
 * PROGRAM.hits in its folder, where PROGRAM.socket is, too.
 */
#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <netinet/in.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static int	 hits = -1;

static void
fail(const char *what)
{
	fprintf(stderr, "victim: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* --- what stays --------------------------------------------------------- */

static const struct {
	const char	*format;
	mode_t		 mode;
} files[] = {
	{ "/tmp/victim-%ld-public",	0644 },
	{ "/tmp/victim-%ld-private",	0600 },
	{ "/dev/shm/victim-%ld-public",	0644 },
	{ "/dev/shm/victim-%ld-private", 0600 },
};

#define FILES	(sizeof(files) / sizeof(files[0]))

static void
make(long key)
{
	char	 name[64];
	mqd_t	 queue;
	size_t	 i;
	int	 fd;

	umask(0);
	for (i = 0; i < FILES; i++) {
		snprintf(name, sizeof(name), files[i].format, key);
		fd = open(name, O_WRONLY | O_CREAT | O_EXCL, files[i].mode);
		if (fd == -1 || write(fd, "secret", 6) != 6)
			fail(name);
		close(fd);
	}
	if (shmget((key_t)key, 4096, IPC_CREAT | 0666) == -1 ||
	    shmget((key_t)key + 1, 4096, IPC_CREAT | 0600) == -1 ||
	    semget((key_t)key, 1, IPC_CREAT | 0666) == -1 ||
	    msgget((key_t)key, IPC_CREAT | 0666) == -1)
		fail("System V objects");
	snprintf(name, sizeof(name), "/victim-%ld", key);
	queue = mq_open(name, O_RDWR | O_CREAT, 0666, NULL);
	if (queue == (mqd_t)-1)
		perror("victim: a message queue");
}

static void
clean(long key)
{
	char	 name[64];
	size_t	 i;

	for (i = 0; i < FILES; i++) {
		snprintf(name, sizeof(name), files[i].format, key);
		unlink(name);
	}
	shmctl(shmget((key_t)key, 0, 0), IPC_RMID, NULL);
	shmctl(shmget((key_t)key + 1, 0, 0), IPC_RMID, NULL);
	semctl(semget((key_t)key, 0, 0), 0, IPC_RMID);
	msgctl(msgget((key_t)key, 0), IPC_RMID, NULL);
	snprintf(name, sizeof(name), "/victim-%ld", key);
	mq_unlink(name);
}

/* --- what listens ------------------------------------------------------- */

static void
count(int sig)
{
	(void)sig;
	(void)!write(hits, "x", 1);
}

static int
listen_internet(int type)
{
	struct sockaddr_in	 at = { .sin_family = AF_INET };
	socklen_t		 len = sizeof(at);
	int			 fd = socket(AF_INET, type, 0);

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd == -1 || bind(fd, (const void *)&at, sizeof(at)) == -1 ||
	    (type == SOCK_STREAM && listen(fd, 64) == -1) ||
	    getsockname(fd, (void *)&at, &len) == -1)
		fail("a port");
	return ntohs(at.sin_port);
}

/* A name that begins with @ is abstract. */
static void
listen_unix(const char *name)
{
	struct sockaddr_un	 at = { .sun_family = AF_UNIX };
	int			 fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(at.sun_path, sizeof(at.sun_path), "%s", name);
	if (*name == '@')
		at.sun_path[0] = '\0';
	if (fd == -1 || bind(fd, (const void *)&at, (socklen_t)(offsetof(
	    struct sockaddr_un, sun_path) + strlen(name))) == -1 ||
	    listen(fd, 64) == -1)
		fail(name);
}

static void
serve(const char *program)
{
	char	 name[64];
	int	 port;

	umask(0);
	snprintf(name, sizeof(name), "%s.hits", program);
	if ((hits = open(name, O_WRONLY | O_CREAT | O_APPEND, 0644)) == -1)
		fail(name);
	signal(SIGURG, count);
	snprintf(name, sizeof(name), "%s.socket", program);
	unlink(name);
	listen_unix(name);
	/* A pid may be one in a namespace, but a port is its own. */
	port = listen_internet(SOCK_STREAM);
	snprintf(name, sizeof(name), "@victim-%d", port);
	listen_unix(name);
	printf("Content-Type: text/plain\r\n\r\n"
	    "pid=%d tcp=%d udp=%d abstract=%s\n", (int)getpid(), port,
	    listen_internet(SOCK_DGRAM), name);
	fflush(stdout);
	fprintf(stderr, "a secret\n");
	for (;;)
		pause();
}

int
main(int argc, char *argv[])
{
	if (argc == 3 && strcmp(argv[1], "make") == 0)
		make(atol(argv[2]));
	else if (argc == 3)
		clean(atol(argv[2]));
	else if (argc == 1)
		serve(basename(argv[0]));
	return 0;
}
