/*
 * evil: a FastCGI worker that does what no worker should.
 *
 * Speaks FastCGI on bare sockets, so that it can say anything.  What it does
 * with a request stands in QUERY_STRING: mode=NAME&n=NUMBER&m=NUMBER, a row of
 * modes below; what it does before its first request is its first argument, a
 * row of starts.  One connection at a time.
 */
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <fastcgi.h>

#define PARAMS_MAX	(1024 * 1024)
#define PIECE		32768		/* bytes of one record of ours */

struct evil {
	int		 fd;		/* the connection; -1: closed */
	uint16_t	 id;
	unsigned char	 params[PARAMS_MAX];
	size_t		 params_len;
	char		 mode[64];
	long		 n, m;
	bool		 body_ended;
	uint64_t	 body;		/* bytes of STDIN read */
	unsigned	 served;
	long		 exit_after;	/* status to exit with when this
					   request is over; -1: none */
	char		 cork[8192];	/* kept for one write, while corked */
	size_t		 corked;
	bool		 is_corked;
	int		 on_next;	/* what to do with the next request */
	long		 on_next_status;
};

enum { NEXT_SERVE = 0, NEXT_RESET, NEXT_EOF };

/* --- bytes -------------------------------------------------------------- */

static uint64_t
now_ms(void)
{
	struct timespec	 t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static void
pause_ms(long ms)
{
	struct timespec	 t = { .tv_sec = ms / 1000,
	    .tv_nsec = ms % 1000 * 1000000 };

	while (nanosleep(&t, &t) == -1 && errno == EINTR)
		continue;
}

static void
hang_up(struct evil *e)
{
	if (e->fd != -1)
		close(e->fd);
	e->fd = -1;
}

static void
send_raw(struct evil *e, const void *bytes, size_t len)
{
	const char	*at = bytes;
	ssize_t		 n;

	if (e->is_corked && len <= sizeof(e->cork) - e->corked) {
		memcpy(e->cork + e->corked, bytes, len);
		e->corked += len;
		return;
	}
	while (len > 0 && e->fd != -1) {
		if ((n = send(e->fd, at, len, MSG_NOSIGNAL)) == -1) {
			if (errno == EINTR)
				continue;
			hang_up(e);
			return;
		}
		at += n;
		len -= (size_t)n;
	}
}

static void
uncork(struct evil *e)
{
	e->is_corked = false;
	send_raw(e, e->cork, e->corked);
	e->corked = 0;
}

/* A record of any kind; claimed: the length its header says. */
static void
send_record(struct evil *e, int version, int type, int id, const void *content,
    size_t len, size_t claimed)
{
	unsigned char	 header[FCGI_HEADER_LEN] = { (unsigned char)version,
	    (unsigned char)type, (unsigned char)(id >> 8), (unsigned char)id,
	    (unsigned char)(claimed >> 8), (unsigned char)claimed, 0, 0 };

	send_raw(e, header, sizeof(header));
	send_raw(e, content, len);
}

static void
say(struct evil *e, int type, const void *content, size_t len)
{
	const char	*at = content;
	size_t		 piece;

	for (; len > 0; at += piece, len -= piece) {
		piece = len < PIECE ? len : PIECE;
		send_record(e, 1, type, e->id, at, piece, piece);
	}
}

static void __attribute__((format(printf, 2, 3)))
out(struct evil *e, const char *format, ...)
{
	char	 text[4096];
	va_list	 ap;
	int	 len;

	va_start(ap, format);
	len = vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	if (len > (int)sizeof(text) - 1)
		len = (int)sizeof(text) - 1;
	say(e, FCGI_STDOUT, text, (size_t)len);
}

/* n bytes of c. */
static void
fill(struct evil *e, int type, int c, size_t n)
{
	static char	 piece[PIECE];
	size_t		 len;

	memset(piece, c, sizeof(piece));
	for (; n > 0 && e->fd != -1; n -= len) {
		len = n < sizeof(piece) ? n : sizeof(piece);
		say(e, type, piece, len);
	}
}

static void
end_with(struct evil *e, long app, long protocol)
{
	unsigned char	 body[8] = { (unsigned char)(app >> 24),
	    (unsigned char)(app >> 16), (unsigned char)(app >> 8),
	    (unsigned char)app, (unsigned char)protocol, 0, 0, 0 };

	send_record(e, 1, FCGI_STDOUT, e->id, "", 0, 0);
	send_record(e, 1, FCGI_END_REQUEST, e->id, body, 8, 8);
}

static void
head(struct evil *e)
{
	out(e, "Content-Type: text/plain\r\n\r\n");
}

static void
answer(struct evil *e)
{
	head(e);
	out(e, "pid=%d served=%u body=%llu mode=%s\n", (int)getpid(),
	    e->served, (unsigned long long)e->body, e->mode);
	end_with(e, 0, FCGI_REQUEST_COMPLETE);
}

/* --- reading ------------------------------------------------------------ */

static bool
receive(struct evil *e, void *bytes, size_t len)
{
	char	*at = bytes;
	ssize_t	 n;

	while (len > 0) {
		n = read(e->fd, at, len);
		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0) {
			hang_up(e);
			return false;
		}
		at += n;
		len -= (size_t)n;
	}
	return true;
}

/* Read one record's content (room for 64 K) and type. */
static bool
read_record(struct evil *e, int *type, unsigned char *content, size_t *len)
{
	unsigned char	 header[FCGI_HEADER_LEN], padding[255];

	if (!receive(e, header, sizeof(header)))
		return false;
	*type = header[1];
	e->id = (uint16_t)(header[2] << 8 | header[3]);
	*len = (size_t)(header[4] << 8 | header[5]);
	return receive(e, content, *len) && receive(e, padding, header[6]);
}

static bool
read_body(struct evil *e)
{
	static unsigned char	 content[65536];
	size_t			 len;
	int			 type;

	while (!e->body_ended) {
		if (!read_record(e, &type, content, &len))
			return false;
		if (type == FCGI_STDIN && len == 0)
			e->body_ended = true;
		else if (type == FCGI_STDIN)
			e->body += len;
	}
	return true;
}

/* The value of name at *at among the parameters; moves *at on. */
static bool
next_param(struct evil *e, size_t *at, const char **name, size_t *name_len,
    const char **value, size_t *value_len)
{
	size_t	*lengths[2] = { name_len, value_len };
	size_t	 i, n;

	for (i = 0; i < 2; i++) {
		if (*at >= e->params_len)
			return false;
		n = e->params[(*at)++];
		if (n & 0x80) {
			n = (n & 0x7f) << 24 | (size_t)e->params[*at] << 16 |
			    (size_t)e->params[*at + 1] << 8 |
			    e->params[*at + 2];
			*at += 3;
		}
		*lengths[i] = n;
	}
	*name = (const char *)e->params + *at;
	*value = *name + *name_len;
	*at += *name_len + *value_len;
	return *at <= e->params_len;
}

static void
find_mode(struct evil *e)
{
	const char	*name, *value;
	size_t		 at = 0, name_len, value_len;
	char		 query[256];

	e->n = e->m = 0;
	strcpy(e->mode, "ok");
	while (next_param(e, &at, &name, &name_len, &value, &value_len)) {
		if (name_len != strlen("QUERY_STRING") ||
		    memcmp(name, "QUERY_STRING", name_len) != 0)
			continue;
		snprintf(query, sizeof(query), "%.*s", (int)value_len, value);
		sscanf(query, "mode=%63[a-z0-9-]&n=%ld&m=%ld", e->mode, &e->n,
		    &e->m);
	}
}

/* Read a request up to the end of its parameters. */
static bool
read_params(struct evil *e)
{
	static unsigned char	 content[65536];
	size_t			 len;
	int			 type;

	e->params_len = 0;
	e->body = 0;
	e->body_ended = false;
	for (;;) {
		if (!read_record(e, &type, content, &len))
			return false;
		if (type == FCGI_PARAMS && len == 0)
			break;
		if (type != FCGI_PARAMS || e->params_len + len > PARAMS_MAX)
			continue;
		memcpy(e->params + e->params_len, content, len);
		e->params_len += len;
	}
	find_mode(e);
	return true;
}

/* --- modes: what to do with a request ----------------------------------- */

static void
mode_ok(struct evil *e)
{
	answer(e);
}

/* Shows every parameter as it came, in order. */
static void
mode_params(struct evil *e)
{
	const char	*name, *value;
	size_t		 at = 0, name_len, value_len;

	head(e);
	while (next_param(e, &at, &name, &name_len, &value, &value_len)) {
		say(e, FCGI_STDOUT, name, name_len);
		say(e, FCGI_STDOUT, "=", 1);
		say(e, FCGI_STDOUT, value, value_len);
		say(e, FCGI_STDOUT, "\n", 1);
	}
	end_with(e, 0, FCGI_REQUEST_COMPLETE);
}

static void
show_descriptors(struct evil *e)
{
	struct dirent	*entry;
	DIR		*dir = opendir("/proc/self/fd");
	int		 fd;

	out(e, "fds=");
	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		fd = atoi(entry->d_name);
		if (entry->d_name[0] != '.' && fd != dirfd(dir) && fd != e->fd)
			out(e, "%d,", fd);
	}
	out(e, "\n");
	closedir(dir);
}

/* Shows what kind of process this is. */
static void
mode_self(struct evil *e)
{
	extern char	**environ;
	struct rlimit	  files, core;
	sigset_t	  mask;
	char		  folder[4096];
	int		  i, blocked = 0;

	sigprocmask(SIG_SETMASK, NULL, &mask);
	for (i = 1; i < 32; i++)
		blocked += sigismember(&mask, i);
	getrlimit(RLIMIT_NOFILE, &files);
	getrlimit(RLIMIT_CORE, &core);
	head(e);
	show_descriptors(e);
	out(e, "pid=%d\nsid=%d\npgid=%d\nuid=%d\ngid=%d\ngroups=%d\n",
	    (int)getpid(), (int)getsid(0), (int)getpgrp(), (int)getuid(),
	    (int)getgid(), getgroups(0, NULL));
	out(e, "umask=%03o\nblocked=%d\nsigpipe=%s\nfiles=%llu\ncore=%llu\n",
	    umask(0), blocked,
	    signal(SIGPIPE, SIG_DFL) == SIG_DFL ? "default" : "other",
	    (unsigned long long)files.rlim_cur,
	    (unsigned long long)core.rlim_cur);
	out(e, "cwd=%s\n", getcwd(folder, sizeof(folder)));
	for (i = 0; environ[i] != NULL; i++)
		out(e, "env:%s\n", environ[i]);
	end_with(e, 0, FCGI_REQUEST_COMPLETE);
}

static void
mode_garbage(struct evil *e)
{
	static const char *const	 kinds[] = {
		"\xff\xfe\xfdnothing that anybody could call a record",
		"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
		"\x16\x03\x01\x02\x01\x01\x01\x01\xfc\x03\x03 hello",
	};

	send_raw(e, kinds[e->n % 3], strlen(kinds[e->n % 3]));
	pause_ms(60000);
}

/* An answer under another id: n, or one more than asked for. */
static void
mode_wrong_id(struct evil *e)
{
	const char	*text = "Content-Type: text/plain\r\n\r\nwrong";

	send_record(e, 1, FCGI_STDOUT, (int)e->n, text, strlen(text),
	    strlen(text));
	pause_ms(60000);
}

static void
mode_wrong_version(struct evil *e)
{
	const char	*text = "Content-Type: text/plain\r\n\r\nwrong";

	send_record(e, (int)e->n, FCGI_STDOUT, e->id, text, strlen(text),
	    strlen(text));
	pause_ms(60000);
}

static void
mode_end_other(struct evil *e)
{
	send_record(e, 1, FCGI_END_REQUEST, e->id + 7, "\0\0\0\0\0\0\0", 8, 8);
	pause_ms(60000);
}

/* A head of n bytes in all, then a body. */
static void
mode_header_size(struct evil *e)
{
	static const char	 first[] = "Content-Type: text/plain\r\nX: ";

	out(e, "%s", first);
	fill(e, FCGI_STDOUT, 'x', (size_t)e->n - (sizeof(first) - 1) - 4);
	out(e, "\r\n\r\nbody");
	end_with(e, 0, FCGI_REQUEST_COMPLETE);
}

static void
mode_no_blank_line(struct evil *e)
{
	out(e, "X: ");
	fill(e, FCGI_STDOUT, 'x', (size_t)e->n);
	pause_ms(60000);
}

static void
mode_eof_before_headers(struct evil *e)
{
	hang_up(e);
}

static void
mode_eof_in_headers(struct evil *e)
{
	out(e, "Content-Type: text/pl");
	hang_up(e);
}

/* n: the Content-Length that is promised; 0: none is. */
static void
broken_body(struct evil *e, const char *body)
{
	out(e, "Content-Type: text/plain\r\n");
	if (e->n > 0)
		out(e, "Content-Length: %ld\r\n", e->n);
	out(e, "\r\n%s", body);
	hang_up(e);
}

static void
mode_eof_after_headers(struct evil *e)
{
	broken_body(e, "");
}

static void
mode_eof_mid_body(struct evil *e)
{
	broken_body(e, "half of it");
}

/* Dies (signal m) in the middle of a body. */
static void
mode_crash_mid_body(struct evil *e)
{
	out(e, "Content-Type: text/plain\r\n\r\nhalf of it");
	raise((int)e->m);
}

static void
mode_partial_record_hang(struct evil *e)
{
	send_raw(e, "\1\6\0", 3);
	pause_ms(60000);
}

static void
mode_fin_in_record(struct evil *e)
{
	const char	*text = "Content-Type: text/plain\r\n\r\npart";

	send_record(e, 1, FCGI_STDOUT, e->id, text, strlen(text), 4000);
	hang_up(e);
}

/* END_REQUEST with appStatus n and protocolStatus m. */
static void
mode_end_status(struct evil *e)
{
	head(e);
	out(e, "body");
	end_with(e, e->n, e->m);
}

static void
mode_no_end(struct evil *e)
{
	head(e);
	out(e, "body");
	send_record(e, 1, FCGI_STDOUT, e->id, "", 0, 0);
	hang_up(e);
}

static void
mode_stdout_after_end(struct evil *e)
{
	/* In one write: apart, the second might answer what came between. */
	e->is_corked = true;
	answer(e);
	out(e, "Content-Type: text/plain\r\n\r\nLEAKED");
	uncork(e);
}

static void
mode_unasked_answer(struct evil *e)
{
	e->is_corked = true;
	answer(e);
	out(e, "Content-Type: text/plain\r\n\r\nLEAKED");
	end_with(e, 0, FCGI_REQUEST_COMPLETE);
	uncork(e);
}

/* n bytes of stderr in lines of 100, by record, or with m by descriptor 2. */
static void
mode_stderr_flood(struct evil *e)
{
	char	 line[101];
	long	 left;

	memset(line, 'e', sizeof(line));
	line[99] = '\n';
	for (left = e->n; left > 0; left -= 100) {
		if (e->m == 0)
			say(e, FCGI_STDERR, line, 100);
		else if (write(STDERR_FILENO, line, 100) == -1)
			break;
	}
	answer(e);
}

/* One line of n bytes without its end. */
static void
mode_stderr_line(struct evil *e)
{
	fill(e, FCGI_STDERR, 'e', (size_t)e->n);
	answer(e);
}

static void
mode_stderr_controls(struct evil *e)
{
	static const char	 text[] = "a\rb\033[31mc\177d\\e\"f\001g\n"
	    "2026-01-01T00:00:00Z forged\nhalf";

	if (e->m == 0)
		say(e, FCGI_STDERR, text, sizeof(text) - 1);
	else
		(void)!write(STDERR_FILENO, text, sizeof(text) - 1);
	answer(e);
}

/* The last thing before END_REQUEST. */
static void
mode_stderr_last(struct evil *e)
{
	char	 line[64];
	int	 len;

	head(e);
	len = snprintf(line, sizeof(line), "last %ld\n", e->n);
	(void)!write(STDERR_FILENO, line, (size_t)len);
	end_with(e, 0, FCGI_REQUEST_COMPLETE);
}

/* A body of n bytes; with m its Content-Length is said. */
static void
mode_big(struct evil *e)
{
	out(e, "Content-Type: text/plain\r\n");
	if (e->m)
		out(e, "Content-Length: %ld\r\n", e->n);
	out(e, "\r\n");
	fill(e, FCGI_STDOUT, 'b', (size_t)e->n);
	end_with(e, 0, FCGI_REQUEST_COMPLETE);
}

/* Says Content-Length n and sends a body of m bytes. */
static void
mode_length_lies(struct evil *e)
{
	out(e, "Content-Type: text/plain\r\nContent-Length: %ld\r\n\r\n", e->n);
	fill(e, FCGI_STDOUT, 'b', (size_t)e->m);
	end_with(e, 0, FCGI_REQUEST_COMPLETE);
}

static void
mode_hang(struct evil *e)
{
	(void)e;
	pause_ms(3600000);
}

/* Writes n bytes before it reads its body. */
static void
mode_write_before_read(struct evil *e)
{
	head(e);
	fill(e, FCGI_STDOUT, 'w', (size_t)e->n);
	if (!read_body(e))
		return;
	out(e, "\nbody=%llu\n", (unsigned long long)e->body);
	end_with(e, 0, FCGI_REQUEST_COMPLETE);
}

/* Its answer is whole, by its length, before it reads its body. */
static void
mode_whole_before_read(struct evil *e)
{
	char	 line[64];

	out(e, "Content-Type: text/plain\r\nContent-Length: %ld\r\n\r\n", e->n);
	fill(e, FCGI_STDOUT, 'w', (size_t)e->n);
	if (!read_body(e))
		return;
	snprintf(line, sizeof(line), "body=%llu\n",
	    (unsigned long long)e->body);
	say(e, FCGI_STDERR, line, strlen(line));
	end_with(e, 0, FCGI_REQUEST_COMPLETE);
}

/* n bytes, each in a record of its own, m ms apart. */
static void
mode_byte_records(struct evil *e)
{
	long	 i;

	head(e);
	for (i = 0; i < e->n; i++) {
		out(e, "%c", (char)('a' + i % 26));
		pause_ms(e->m);
	}
	end_with(e, 0, FCGI_REQUEST_COMPLETE);
}

/* n empty records of stderr among the answer's. */
static void
mode_empty_records(struct evil *e)
{
	long	 i;

	head(e);
	for (i = 0; i < e->n; i++)
		send_record(e, 1, FCGI_STDERR, e->id, "", 0, 0);
	out(e, "body");
	end_with(e, 0, FCGI_REQUEST_COMPLETE);
}

/* A head of one's own: the n-th of these. */
static void
mode_bad_head(struct evil *e)
{
	static const char *const	 heads[] = {
		"no colon\r\n\r\nbody",
		": empty name\r\n\r\nbody",
		"Content-Type: text/plain\r\nX: a\001b\r\n\r\nbody",
		"Content-Type: text/plain\r\nX: a\rY: b\r\n\r\nbody",
		"Content-Type: text/plain\r\nX: a\r\n folded\r\n\r\nbody",
		"Content-Length: 4\r\nContent-Length: 5\r\n\r\nbody",
		"Status: 099 Low\r\n\r\nbody",
		"Status: 1000 High\r\n\r\nbody",
		"Status: abc\r\n\r\nbody",
		"Content-Length: four\r\n\r\nbody",
		"X-Only: this\r\n\r\nbody",
	};

	out(e, "%s", heads[(size_t)e->n % (sizeof(heads) / sizeof(heads[0]))]);
	end_with(e, 0, FCGI_REQUEST_COMPLETE);
}

/* Status n. */
static void
mode_status(struct evil *e)
{
	out(e, "Status: %ld Whatever\r\nContent-Type: text/plain\r\n\r\nbody",
	    e->n);
	end_with(e, 0, FCGI_REQUEST_COMPLETE);
}

static void
mode_crash(struct evil *e)
{
	signal((int)e->n, SIG_DFL);
	raise((int)e->n);
}

static void
mode_exit(struct evil *e)
{
	exit((int)e->n);
}

static void
mode_exit_after(struct evil *e)
{
	e->exit_after = e->n;
	answer(e);
}

/* Answers, then works on for n ms. */
static void
mode_work_after(struct evil *e)
{
	answer(e);
	pause_ms(e->n);
}

/* Answers; the next request is reset unread, exit status n. */
static void
mode_reset_next(struct evil *e)
{
	e->on_next = NEXT_RESET;
	e->on_next_status = e->n;
	answer(e);
}

/* Answers; the next request is read and met with end of file, status n. */
static void
mode_eof_next(struct evil *e)
{
	e->on_next = NEXT_EOF;
	e->on_next_status = e->n;
	answer(e);
}

static void
mode_close_each(struct evil *e)
{
	answer(e);
	hang_up(e);
}

static void
mode_stop(struct evil *e)
{
	raise(SIGSTOP);
	answer(e);
}

static void
mode_ignore_term(struct evil *e)
{
	signal(SIGTERM, SIG_IGN);
	answer(e);
}

static void
mode_spin(struct evil *e)
{
	volatile unsigned	 i = 0;

	for (;;)
		i++;
	answer(e);
}

/* Uses n ms of CPU. */
static void
mode_burn(struct evil *e)
{
	clock_t	 end = clock() + e->n * (CLOCKS_PER_SEC / 1000);

	while (clock() < end)
		continue;
	answer(e);
}

/* Uses n MB of memory, for m ms more than it takes. */
static void
mode_touch(struct evil *e)
{
	size_t	 size = (size_t)e->n << 20;
	char	*block;

	if ((block = malloc(size)) == NULL)
		exit(1);
	memset(block, e->mode[0], size);
	e->mode[0] = block[size / 2];	/* or the compiler leaves it all out */
	pause_ms(e->m);
	free(block);
	answer(e);
}

/* Forks n children, or as many as it may, and kills them again. */
static void
mode_crowd(struct evil *e)
{
	pid_t	*pids = calloc((size_t)e->n, sizeof(*pids));
	long	 count;
	int	 error = 0;
	long	 i;

	for (count = 0; count < e->n; count++) {
		if ((pids[count] = fork()) == 0)
			pause_ms(3600000);
		if (pids[count] == -1) {
			error = errno;
			break;
		}
	}
	for (i = 0; i < count; i++) {
		kill(pids[i], SIGKILL);
		waitpid(pids[i], NULL, 0);
	}
	free(pids);
	head(e);
	out(e, "forked=%ld error=%s\n", count, strerrorname_np(error));
	end_with(e, 0, FCGI_REQUEST_COMPLETE);
}

/* Its children's children fork, too, all of them, for n ms. */
static void
mode_bomb(struct evil *e)
{
	uint64_t	 end = now_ms() + (uint64_t)e->n;
	pid_t		 self = getpid();

	signal(SIGCHLD, SIG_IGN);
	while (now_ms() < end)
		if (fork() == -1)
			pause_ms(1);
	if (getpid() != self)
		_exit(0);
	answer(e);
}

/* Leaves n files of m KB in /tmp, of which this process knows. */
static void
mode_litter(struct evil *e)
{
	static char	 block[1024];
	char		 path[32];
	long		 i, kb;
	int		 fd, first = -1;

	for (i = 0; i < e->n; i++) {
		strcpy(path, "/tmp/evil-XXXXXX");
		if ((fd = mkstemp(path)) == -1)
			break;
		unlink(path);
		if (first == -1)
			first = fd;
		for (kb = 0; kb < e->m; kb++)
			if (write(fd, block, sizeof(block)) == -1)
				break;
	}
	head(e);
	out(e, "files=%ld\n", i);
	end_with(e, 0, FCGI_REQUEST_COMPLETE);
	if (first != -1)
		close_range((unsigned)first, ~0U, 0);
}

/* A child uses n ms of CPU, and is never waited for. */
static void
mode_burn_child(struct evil *e)
{
	siginfo_t	 info;
	clock_t		 end;
	pid_t		 pid;

	if ((pid = fork()) == 0) {
		end = clock() + e->n * (CLOCKS_PER_SEC / 1000);
		while (clock() < end)
			continue;
		_exit(0);
	}
	waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT);
	answer(e);
}

static void
mode_sleep(struct evil *e)
{
	pause_ms(e->n);
	answer(e);
}

/* Answers its head, then n ms nothing. */
static void
mode_sleep_mid_body(struct evil *e)
{
	head(e);
	out(e, "half of it");
	pause_ms(e->n);
	end_with(e, 0, FCGI_REQUEST_COMPLETE);
}

/* Answers n bytes, a descriptor with each. */
static void
mode_send_descriptors(struct evil *e)
{
	unsigned char	 record[] = { 1, FCGI_STDOUT, 0, (unsigned char)e->id,
			     0, 1, 0, 0, 'x' };
	union {
		struct cmsghdr	 head;
		char		 room[CMSG_SPACE(sizeof(int))];
	}		 control;
	struct iovec	 iov = { record, sizeof(record) };
	struct msghdr	 msg;
	int		 fd = STDERR_FILENO;
	long		 i;

	head(e);
	for (i = 0; i < e->n; i++) {
		memset(&msg, 0, sizeof(msg));
		memset(&control, 0, sizeof(control));
		msg.msg_iov = &iov;
		msg.msg_iovlen = 1;
		msg.msg_control = control.room;
		msg.msg_controllen = sizeof(control.room);
		control.head.cmsg_level = SOL_SOCKET;
		control.head.cmsg_type = SCM_RIGHTS;
		control.head.cmsg_len = CMSG_LEN(sizeof(fd));
		memcpy(CMSG_DATA(&control.head), &fd, sizeof(fd));
		if (sendmsg(e->fd, &msg, MSG_NOSIGNAL) == -1)
			return;
	}
	end_with(e, 0, FCGI_REQUEST_COMPLETE);
}

/*
 * Leaves a grandchild in a session of its own, which holds every descriptor.
 * n: this process then exits in mid-answer.
 */
static void
mode_double_fork(struct evil *e)
{
	int	 ends[2];
	pid_t	 pid;

	if (pipe(ends) == -1)
		return;
	if ((pid = fork()) == 0) {
		setsid();
		if ((pid = fork()) == 0)
			pause_ms(3600000);
		(void)!write(ends[1], &pid, sizeof(pid));
		_exit(0);
	}
	waitpid(pid, NULL, 0);
	(void)!read(ends[0], &pid, sizeof(pid));
	close(ends[0]);
	close(ends[1]);
	head(e);
	out(e, "grandchild=%d\n", (int)pid);
	if (e->n)
		_exit(0);
	end_with(e, 0, FCGI_REQUEST_COMPLETE);
}

static void
mode_close_listen(struct evil *e)
{
	close(STDIN_FILENO);
	answer(e);
}

/* Changes the flags of everything it was given. */
static void
mode_nonblock(struct evil *e)
{
	int	 fd;

	for (fd = 0; fd < 3; fd++)
		fcntl(fd, F_SETFL, O_NONBLOCK | O_APPEND);
	answer(e);
	shutdown(STDIN_FILENO, SHUT_RDWR);
}

#define UNREAD	true	/* the mode itself reads the body, or does not */

static const struct mode {
	const char	*name;
	void		(*run)(struct evil *);
	bool		 unread;
} modes[] = {
	{ "ok",			mode_ok,		false },
	{ "params",		mode_params,		false },
	{ "self",		mode_self,		false },
	{ "garbage",		mode_garbage,		false },
	{ "wrong-id",		mode_wrong_id,		false },
	{ "wrong-version",	mode_wrong_version,	false },
	{ "end-other",		mode_end_other,		false },
	{ "header-size",	mode_header_size,	false },
	{ "no-blank-line",	mode_no_blank_line,	false },
	{ "eof-before-headers",	mode_eof_before_headers, false },
	{ "eof-in-headers",	mode_eof_in_headers,	false },
	{ "eof-after-headers",	mode_eof_after_headers,	false },
	{ "eof-mid-body",	mode_eof_mid_body,	false },
	{ "crash-mid-body",	mode_crash_mid_body,	false },
	{ "partial-record-hang", mode_partial_record_hang, false },
	{ "fin-in-record",	mode_fin_in_record,	false },
	{ "end-status",		mode_end_status,	false },
	{ "no-end",		mode_no_end,		false },
	{ "stdout-after-end",	mode_stdout_after_end,	false },
	{ "unasked-answer",	mode_unasked_answer,	false },
	{ "stderr-flood",	mode_stderr_flood,	false },
	{ "stderr-line",	mode_stderr_line,	false },
	{ "stderr-controls",	mode_stderr_controls,	false },
	{ "stderr-last",	mode_stderr_last,	false },
	{ "big",		mode_big,		false },
	{ "length-lies",	mode_length_lies,	false },
	{ "hang",		mode_hang,		false },
	{ "never-read",		mode_hang,		UNREAD },
	{ "write-before-read",	mode_write_before_read,	UNREAD },
	{ "whole-before-read",	mode_whole_before_read,	UNREAD },
	{ "answer-unread",	mode_ok,		UNREAD },
	{ "byte-records",	mode_byte_records,	false },
	{ "empty-records",	mode_empty_records,	false },
	{ "bad-head",		mode_bad_head,		false },
	{ "status",		mode_status,		false },
	{ "crash",		mode_crash,		false },
	{ "crash-unread",	mode_crash,		UNREAD },
	{ "exit",		mode_exit,		false },
	{ "exit-after",		mode_exit_after,	false },
	{ "work-after",		mode_work_after,	false },
	{ "reset-next",		mode_reset_next,	false },
	{ "eof-next",		mode_eof_next,		false },
	{ "close-each",		mode_close_each,	false },
	{ "stop",		mode_stop,		false },
	{ "ignore-term",	mode_ignore_term,	false },
	{ "spin",		mode_spin,		false },
	{ "burn",		mode_burn,		false },
	{ "touch",		mode_touch,		false },
	{ "crowd",		mode_crowd,		false },
	{ "bomb",		mode_bomb,		false },
	{ "litter",		mode_litter,		false },
	{ "burn-child",		mode_burn_child,	false },
	{ "sleep",		mode_sleep,		false },
	{ "sleep-mid-body",	mode_sleep_mid_body,	false },
	{ "send-descriptors",	mode_send_descriptors,	false },
	{ "double-fork",	mode_double_fork,	false },
	{ "close-listen",	mode_close_listen,	false },
	{ "nonblock",		mode_nonblock,		false },
};

/* --- starts: what to do before the first request ------------------------ */

static void
start_exit(long n)
{
	exit((int)n);
}

static void
start_crash(long n)
{
	raise((int)n);
}

static void
start_slow(long n)
{
	pause_ms(n);
}

/* Connections wait in the backlog for ever. */
static void
start_never_accept(long n)
{
	(void)n;
	pause_ms(3600000);
}

static void
start_close_listen(long n)
{
	(void)n;
	close(STDIN_FILENO);
	pause_ms(3600000);
}

static void
start_ignore_term(long n)
{
	(void)n;
	signal(SIGTERM, SIG_IGN);
}

/* Complains, then exits with n. */
static void
start_complain(long n)
{
	fprintf(stderr, "cannot find my configuration\n");
	exit((int)n);
}

/* A process for each connection, so that concurrency can be more than 1. */
static void
start_forking(long n)
{
	int	 fd;

	(void)n;
	signal(SIGCHLD, SIG_IGN);
	while ((fd = accept(STDIN_FILENO, NULL, NULL)) != -1) {
		if (fork() == 0) {
			dup2(fd, STDIN_FILENO);
			close(fd);
			return;
		}
		close(fd);
	}
}

static const struct {
	const char	*name;
	void		(*run)(long n);
} starts[] = {
	{ "exit",		start_exit },
	{ "crash",		start_crash },
	{ "slow",		start_slow },
	{ "never-accept",	start_never_accept },
	{ "close-listen",	start_close_listen },
	{ "ignore-term",	start_ignore_term },
	{ "complain",		start_complain },
	{ "forking",		start_forking },
};

/* ------------------------------------------------------------------------ */

/* What mode_reset_next and mode_eof_next ordered, on the request after. */
static void
leave(struct evil *e)
{
	struct pollfd	 p = { .fd = e->fd, .events = POLLIN };

	poll(&p, 1, -1);
	if (e->on_next == NEXT_EOF && read_params(e))
		read_body(e);
	hang_up(e);
	exit((int)e->on_next_status);
}

static void
serve_request(struct evil *e)
{
	size_t	 i;

	for (i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		if (strcmp(modes[i].name, e->mode) != 0)
			continue;
		if (!modes[i].unread && !read_body(e))
			return;
		e->served++;
		modes[i].run(e);
		return;
	}
	out(e, "Status: 500 No Such Mode\r\n\r\n%s\n", e->mode);
	end_with(e, 0, FCGI_REQUEST_COMPLETE);
}

static void
serve_connection(struct evil *e)
{
	while (e->fd != -1) {
		if (e->on_next != NEXT_SERVE)
			leave(e);
		if (!read_params(e))
			break;
		serve_request(e);
		if (e->exit_after >= 0)
			exit((int)e->exit_after);
	}
	hang_up(e);
}

static void
start_as(const char *name, long n)
{
	size_t	 i;

	for (i = 0; i < sizeof(starts) / sizeof(starts[0]); i++) {
		if (strcmp(starts[i].name, name) == 0) {
			starts[i].run(n);
			return;
		}
	}
	fprintf(stderr, "evil: no start named %s\n", name);
	exit(2);
}

int
main(int argc, char *argv[])
{
	static struct evil	 e;
	int			 accepting;
	socklen_t		 len = sizeof(accepting);

	e.exit_after = -1;
	if (argc > 1)
		start_as(argv[1], argc > 2 ? atol(argv[2]) : 0);
	if (getsockopt(STDIN_FILENO, SOL_SOCKET, SO_ACCEPTCONN, &accepting,
	    &len) == 0 && !accepting) {
		e.fd = dup(STDIN_FILENO);	/* a child of start_forking */
		serve_connection(&e);
		return 0;
	}
	while ((e.fd = accept(STDIN_FILENO, NULL, NULL)) != -1)
		serve_connection(&e);
	/* Its listening socket may be closed; its orders are to stay. */
	if (e.served > 0)
		pause();
	return 1;
}
