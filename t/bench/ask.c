/*
 * ask: clients for the benchmarks that Perl would be too slow for.
 *
 *	ask exec PROGRAM
 *		fork and exec it; prints the us until its first byte
 *	ask connect SOCKET N INTERVAL <REQUEST
 *		N connections with the same FastCGI request, one each INTERVAL
 *		us; a line for each: us until its first byte, and whether that
 *		was a refusal
 *	ask leave SOCKET N 0 <REQUEST
 *		the same at once, but all leave when all have asked
 *	ask hold SOCKET N 0 <REQUEST
 *		ask on one after the other, keep them all, say so and stay
 */
#include <err.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define REQUEST_MAX	65536
#define WAIT_MS		30000
#define WAIT_US		(WAIT_MS * 1000.0)

struct client {
	double	 asked_us;
	double	 took_us;
	bool	 is_refused;
};

static char	request[REQUEST_MAX];
static size_t	request_len;

static double
now_us(void)
{
	struct timespec	t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static void
read_request(void)
{
	request_len = fread(request, 1, sizeof(request), stdin);
	if (request_len == 0)
		errx(1, "no request");
}

static void
ask_exec(const char *program)
{
	int	 fds[2];
	char	 byte;
	double	 start = now_us();
	pid_t	 pid;

	if (pipe(fds) == -1 || (pid = fork()) == -1)
		err(1, "fork");
	if (pid == 0) {
		dup2(fds[1], 1);
		close(fds[0]);
		close(fds[1]);
		execl(program, program, (char *)NULL);
		_exit(127);
	}
	close(fds[1]);
	if (read(fds[0], &byte, 1) != 1)
		errx(1, "%s says nothing", program);
	printf("%.1f\n", now_us() - start);
	waitpid(pid, NULL, 0);
}

static int
connect_to(const char *path)
{
	struct sockaddr_un	 to = { .sun_family = AF_UNIX };
	int			 fd;

	snprintf(to.sun_path, sizeof(to.sun_path), "%s", path);
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	if (fd == -1 || connect(fd, (struct sockaddr *)&to, sizeof(to)) == -1)
		err(1, "%s", path);
	return fd;
}

static void
send_request(int fd)
{
	if (write(fd, request, request_len) != (ssize_t)request_len)
		err(1, "write");
}

/* The first bytes of an answer: a record's header, then CGI's. */
static void
take_answer(struct client *c, int fd)
{
	char	 bytes[256];
	ssize_t	 n = read(fd, bytes, sizeof(bytes) - 1);

	c->took_us = now_us() - c->asked_us;
	bytes[n > 0 ? n : 0] = '\0';
	c->is_refused = n > 8 && strstr(bytes + 8, "Status: 503") != NULL;
}

/* Those of the first n that have an answer.  How many these were. */
static nfds_t
take_answers(struct client *all, struct pollfd *polls, nfds_t n, double wait_us)
{
	struct timespec	 t = { (time_t)(wait_us / 1e6),
	    (long)wait_us % 1000000 * 1000 };
	nfds_t		 i, taken = 0;

	if (ppoll(polls, n, &t, NULL) == -1)
		err(1, "poll");
	for (i = 0; i < n; i++)
		if (polls[i].fd >= 0 && polls[i].revents != 0) {
			take_answer(&all[i], polls[i].fd);
			polls[i].fd = -1;
			taken++;
		}
	return taken;
}

static void
ask_all(struct client *all, struct pollfd *polls, const char *path, nfds_t n,
    double interval_us)
{
	double	 next = now_us(), until;
	nfds_t	 sent = 0, answered = 0, taken;

	while (answered < n) {
		if (sent < n && now_us() >= next) {
			polls[sent] = (struct pollfd){ connect_to(path), POLLIN,
			    0 };
			all[sent].asked_us = now_us();
			send_request(polls[sent++].fd);
			next += interval_us;
		}
		until = sent < n ? next - now_us() : WAIT_US;
		taken = take_answers(all, polls, sent, until > 0 ? until : 0);
		if (sent == n && taken == 0)
			errx(1, "%lu are not answered",
			    (unsigned long)(n - answered));
		answered += taken;
	}
}

static void
ask_and_report(const char *path, nfds_t n, double interval_us)
{
	struct client	*all = calloc(n, sizeof(*all));
	struct pollfd	*polls = calloc(n, sizeof(*polls));
	nfds_t		 i;

	if (all == NULL || polls == NULL)
		err(1, "calloc");
	ask_all(all, polls, path, n, interval_us);
	for (i = 0; i < n; i++)
		printf("%.1f %s\n", all[i].took_us,
		    all[i].is_refused ? "refused" : "served");
	free(all);
	free(polls);
}

static void
ask_and_leave(const char *path, nfds_t n)
{
	for (; n > 0; n--)
		send_request(connect_to(path));
}

static void
hold(const char *path, nfds_t n)
{
	struct pollfd	 p = { .events = POLLIN };
	char		 bytes[4096];
	nfds_t		 i;

	for (i = 0; i < n; i++) {
		p.fd = connect_to(path);
		send_request(p.fd);
		if (poll(&p, 1, WAIT_MS) != 1 ||
		    read(p.fd, bytes, sizeof(bytes)) <= 0)
			errx(1, "connection %lu is not answered",
			    (unsigned long)i);
	}
	puts("held");
	fflush(stdout);
	pause();
}

int
main(int argc, char **argv)
{
	struct rlimit	 files;
	nfds_t		 n = argc == 5 ? strtoul(argv[3], NULL, 10) : 0;

	if (argc < 3 || (argc < 5 && strcmp(argv[1], "exec") != 0))
		errx(1, "usage: see the source");
	if (strcmp(argv[1], "exec") == 0) {
		ask_exec(argv[2]);
		return 0;
	}
	files.rlim_cur = files.rlim_max = n + 64;
	if (setrlimit(RLIMIT_NOFILE, &files) == -1)
		err(1, "setrlimit");
	read_request();
	if (strcmp(argv[1], "hold") == 0)
		hold(argv[2], n);
	else if (strcmp(argv[1], "leave") == 0)
		ask_and_leave(argv[2], n);
	else
		ask_and_report(argv[2], n, strtod(argv[4], NULL));
	return 0;
}
