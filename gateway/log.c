/*
 * log: the error log: stderr, a file or syslog.
 */
#include "log.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#define LINE_MAX_BYTES	4096	/* a longer line is cut */

static const struct {
	const char	*name;
	int		 priority;	/* syslog(3)'s */
} levels[LEVELS] = {
	[LEVEL_DEBUG]   = { "debug",   LOG_DEBUG },
	[LEVEL_INFO]    = { "info",    LOG_INFO },
	[LEVEL_NOTICE]  = { "notice",  LOG_NOTICE },
	[LEVEL_WARNING] = { "warning", LOG_WARNING },
	[LEVEL_ERROR]   = { "error",   LOG_ERR },
};

static struct {
	int		 fd;		/* -1: syslog */
	enum log_level	 level;
	const char	*who;
	char		 path[PATH_MAX];	/* "" unless a file */
} out = { STDERR_FILENO, LEVEL_INFO, "tollgate", "" };

const char *
log_level_name(enum log_level level)
{
	return (unsigned)level < LEVELS ? levels[level].name : "";
}

static int
open_file(const char *path)
{
	return open(path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW |
	    O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0640);
}

static void
take(int fd, const char *path)
{
	if (out.path[0] != '\0' && out.fd > STDERR_FILENO)
		close(out.fd);
	out.fd = fd;
	snprintf(out.path, sizeof(out.path), "%s", path);
}

int
log_open(const char *destination, enum log_level level, const char *who)
{
	int	 fd;

	if (strcmp(destination, "stderr") == 0)
		take(STDERR_FILENO, "");
	else if (strcmp(destination, "syslog") == 0) {
		openlog("tollgated", LOG_PID | LOG_NDELAY, LOG_DAEMON);
		take(-1, "");
	} else {
		if (strlen(destination) >= sizeof(out.path)) {
			errno = ENAMETOOLONG;
			return -1;
		}
		if ((fd = open_file(destination)) == -1)
			return -1;
		take(fd, destination);
	}
	out.level = level;
	out.who = who;
	return 0;
}

int
log_reopen(void)
{
	char	 path[PATH_MAX];
	int	 fd;

	if (out.path[0] == '\0')
		return 0;
	memcpy(path, out.path, sizeof(path));
	if ((fd = open_file(path)) == -1)
		return -1;
	take(fd, path);
	return 0;
}

int
log_fd(void)
{
	return out.fd;
}

bool
log_wants(enum log_level level)
{
	return level >= out.level;
}

static size_t
put_time(char *line, size_t room)
{
	struct timespec	 now;
	struct tm	 tm;
	size_t		 len;

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &tm);
	len = strftime(line, room, "%Y-%m-%dT%H:%M:%S", &tm);
	return len + (size_t)snprintf(line + len, room - len, ".%03ldZ ",
	    now.tv_nsec / 1000000);
}

static void
put_line(enum log_level level, const char *words)
{
	char	 line[LINE_MAX_BYTES];
	size_t	 len;
	int	 n;

	len = put_time(line, sizeof(line));
	n = snprintf(line + len, sizeof(line) - len - 1, "[%s] %s[%ld]: %s",
	    levels[level].name, out.who, (long)getpid(), words);
	if (n > 0)
		len += (size_t)n;
	if (len > sizeof(line) - 2)
		len = sizeof(line) - 2;
	line[len++] = '\n';

	/* A log that cannot be written to is nothing anybody can be told. */
	if (write(out.fd, line, len) == -1 && out.fd != STDERR_FILENO &&
	    write(STDERR_FILENO, line, len) == -1)
		return;
}

static void
say(enum log_level level, int error, const char *format, va_list ap)
{
	char	 words[LINE_MAX_BYTES - 128];
	size_t	 len;
	int	 n;

	if (!log_wants(level))
		return;
	n = vsnprintf(words, sizeof(words), format, ap);
	if (n < 0)
		return;
	len = (size_t)n < sizeof(words) ? (size_t)n : sizeof(words) - 1;
	if (error != 0)
		snprintf(words + len, sizeof(words) - len, ": %s",
		    strerror(error));
	if (out.fd == -1)
		syslog(levels[level].priority, "%s", words);
	else
		put_line(level, words);
}

#define SAY(level, error) do {						\
	va_list	 ap;							\
	va_start(ap, format);						\
	say(level, error, format, ap);					\
	va_end(ap);							\
} while (0)

/* In brackets, as the macro of that name is not meant. */
void
(log_debug)(const char *format, ...)
{
	SAY(LEVEL_DEBUG, 0);
}

void
log_info(const char *format, ...)
{
	SAY(LEVEL_INFO, 0);
}

void
log_notice(const char *format, ...)
{
	SAY(LEVEL_NOTICE, 0);
}

void
log_warning(const char *format, ...)
{
	SAY(LEVEL_WARNING, 0);
}

void
log_error(const char *format, ...)
{
	SAY(LEVEL_ERROR, 0);
}

void
log_errno(const char *format, ...)
{
	int	 saved = errno;

	SAY(LEVEL_ERROR, saved);
	errno = saved;
}

_Noreturn void
fatal(const char *format, ...)
{
	int	 saved = errno;

	SAY(LEVEL_ERROR, saved);
	exit(1);
}

size_t
utf8_length(const void *bytes, size_t len)
{
	static const uint8_t	 low[4] = { 0, 0, 0xa0, 0x90 };
	const uint8_t		*s = bytes;
	size_t			 n, i;

	if (s[0] < 0xc2 || s[0] > 0xf4)
		return 0;
	n = s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
	if (n > len)
		return 0;
	for (i = 1; i < n; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	/* Overlong forms, surrogates and what lies beyond U+10FFFF. */
	if ((s[0] == 0xe0 || s[0] == 0xf0) && s[1] < low[n - 1])
		return 0;
	if ((s[0] == 0xed && s[1] > 0x9f) || (s[0] == 0xf4 && s[1] > 0x8f))
		return 0;
	/* C1 controls are what U+0080 to U+009F are. */
	if (s[0] == 0xc2 && s[1] < 0xa0)
		return 0;
	return n;
}

/* Word one byte that must not stand as it is; returns the length. */
static size_t
put_escape(char *piece, uint8_t byte)
{
	static const char	 short_form[256] = {
		['\n'] = 'n', ['\r'] = 'r', ['\t'] = 't',
		['\\'] = '\\', ['"'] = '"',
	};

	if (short_form[byte] == '\0')
		return (size_t)sprintf(piece, "\\x%02x", byte);
	piece[0] = '\\';
	piece[1] = short_form[byte];
	return 2;
}

char *
log_escape(char *dst, size_t room, const void *bytes, size_t len)
{
	const uint8_t	*s = bytes;
	char		 piece[8];
	size_t		 used = 0, cut = 0, n, width;

	for (; len > 0; s += n, len -= n) {
		if (*s >= 0x20 && *s < 0x7f && *s != '\\' && *s != '"') {
			n = width = 1;
			piece[0] = (char)*s;
		} else if ((n = utf8_length(s, len)) != 0) {
			width = n;
			memcpy(piece, s, n);
		} else {
			n = 1;
			width = put_escape(piece, *s);
		}
		if (used + width + 1 > room) {
			used = cut;
			if (room >= 4)
				used = cut + (size_t)sprintf(dst + cut, "...");
			break;
		}
		memcpy(dst + used, piece, width);
		used += width;
		/* So far, if what follows does not fit. */
		if (used + 4 <= room)
			cut = used;
	}
	if (room > 0)
		dst[used] = '\0';
	return dst;
}
