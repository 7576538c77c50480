/*
 * funclog: a function's own log.
 *
 * Streams share what belongs to the function, of a template what belongs to it
 * and one user: the open file and the rate.  That
 * struct is made when the first of them says something, and goes when it is
 * neither used by a stream nor among those that lately wrote.
 */
#include "funclog.h"

#include <sys/queue.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <search.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "function.h"
#include "log.h"
#include "mem.h"
#include "tenant.h"
#include "timer.h"

#define PREFIX_ROOM	160	/* time, request and worker */
#define ESCAPED_ROOM	(4 * FUNCLOG_LINE_MAX + 4)	/* \xNN each */
#define LINE_ROOM	(PREFIX_ROOM + ESCAPED_ROOM + 1)
#define OUT_SIZE	(2 * LINE_ROOM)
#define ERROR_LOG_ROOM	3072	/* of a line's text there */
#define REPORT_MS	1000	/* until what was dropped is told */
#define RETRY_MS	1000	/* until a file is tried again */
#define COMPLAIN_MS	60000	/* one error a minute and function */

/* A function that has said something. */
struct funclog {
	TAILQ_ENTRY(funclog)	 entry;		/* in recent, while is_recent */
	bool			 is_recent;
	char			*name;
	uid_t			 uid;		/* whose workers write */
	char			*file;		/* configured; "": by name */
	int			 fd;		/* -1: not open */
	unsigned		 streams;
	uint64_t		 retry_ms;	/* not opened before */
	uint64_t		 complain_ms;	/* no error before */
	struct bucket		 bucket;	/* bytes */
	uint64_t		 dropped;	/* bytes, not told yet */
};

TAILQ_HEAD(funclog_list, funclog);

/* A ring, of which the last bytes count. */
struct funclog_tail {
	LIST_ENTRY(funclog_tail)	 entry;
	const char			*request;
	size_t				 count;	/* of all bytes so far */
	char				 bytes[FUNCLOG_TAIL_MAX];
};

LIST_HEAD(tail_list, funclog_tail);

struct funclogs {
	char			*folder;
	void			*tree;		/* tsearch(3): all, by name */
	struct funclog_list	 recent;	/* last written to first */
	unsigned		 recent_count;
	struct timer		*report;
	struct tail_list	 tails;
	/* Whole lines on their way to one file, within one call. */
	char			 out[OUT_SIZE];
	size_t			 out_len;
};

struct funclog_stream {
	struct funclogs		*logs;
	struct funclog		*log;		/* NULL: has said nothing */
	struct funclog_source	 from;
	char			*half;		/* of a line, or NULL */
	size_t			 half_len;
};

/* --- files -------------------------------------------------------------- */

/* Do its lines go to the error log? */
static bool
has_no_file(const struct funclogs *logs, const struct funclog *f)
{
	return f->file[0] == '\0' && logs->folder[0] == '\0';
}

/* Say that its file cannot be opened or written to, as errno has it. */
static void
complain(struct funclog *f, const char *what)
{
	uint64_t	 now = timer_now();

	if (now < f->complain_ms)
		return;
	f->complain_ms = now + COMPLAIN_MS;
	log_errno("%s: log: %s", f->name, what);
}

static int
open_file(const char *path)
{
	struct stat	 st;
	int		 fd;

	fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW |
	    O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0640);
	if (fd == -1)
		return -1;
	if (fstat(fd, &st) == 0 &&
	    (S_ISREG(st.st_mode) || S_ISCHR(st.st_mode)))
		return fd;
	close(fd);
	errno = EINVAL;
	return -1;
}

static int
log_open_file(struct funclogs *logs, struct funclog *f)
{
	char	*path;

	if (f->fd != -1)
		return 0;
	if (timer_now() < f->retry_ms)
		return -1;
	path = f->file[0] != '\0' ? xstrdup(f->file) :
	    xasprintf("%s/%s.log", logs->folder, f->name);
	if ((f->fd = open_file(path)) == -1) {
		complain(f, path);
		f->retry_ms = timer_now() + RETRY_MS;
	}
	free(path);
	return f->fd == -1 ? -1 : 0;
}

static void
log_close_file(struct funclog *f)
{
	if (f->fd != -1)
		close(f->fd);
	f->fd = -1;
	f->retry_ms = 0;
}

static void
drop(struct funclogs *logs, struct funclog *f, size_t len)
{
	f->dropped += len;
	if (!timer_is_started(logs->report))
		timer_start(logs->report, REPORT_MS);
}

/* Write what out holds. */
static void
write_out(struct funclogs *logs, struct funclog *f)
{
	ssize_t	 n;
	size_t	 done = 0;

	if (logs->out_len > 0 && log_open_file(logs, f) == 0)
		while (done < logs->out_len) {
			n = write(f->fd, logs->out + done,
			    logs->out_len - done);
			if (n > 0)
				done += (size_t)n;
			else if (n == -1 && errno != EINTR) {
				complain(f, "write");
				break;
			}
		}
	if (done < logs->out_len)
		drop(logs, f, logs->out_len - done);
	logs->out_len = 0;
}

/* --- what was dropped --------------------------------------------------- */

static size_t
put_time(char *at, size_t room)
{
	struct timespec	 now;
	struct tm	 tm;
	size_t		 len;

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &tm);
	len = strftime(at, room, "%Y-%m-%dT%H:%M:%S", &tm);
	return len + (size_t)snprintf(at + len, room - len, ".%03ldZ",
	    now.tv_nsec / 1000000);
}

/* Where that is not possible it stays to be told. */
static void
report_dropped(struct funclogs *logs, struct funclog *f)
{
	char	 line[PREFIX_ROOM];
	size_t	 len;

	if (f->dropped == 0)
		return;
	if (has_no_file(logs, f)) {
		log_notice("%s: log: %" PRIu64 " bytes dropped", f->name,
		    f->dropped);
		f->dropped = 0;
		return;
	}
	if (log_open_file(logs, f) == -1)
		return;
	len = put_time(line, sizeof(line));
	len += (size_t)snprintf(line + len, sizeof(line) - len,
	    " - tollgate: %" PRIu64 " bytes dropped\n", f->dropped);
	if (write(f->fd, line, len) == (ssize_t)len)
		f->dropped = 0;
}

static void
on_report(void *arg)
{
	struct funclogs	*logs = arg;
	struct funclog	*f;

	TAILQ_FOREACH(f, &logs->recent, entry) {
		report_dropped(logs, f);
		if (f->dropped > 0 && !timer_is_started(logs->report))
			timer_start(logs->report, REPORT_MS);
	}
}

/* --- functions ---------------------------------------------------------- */

static int
compare_source(const void *a, const void *b)
{
	const struct funclog	*x = a, *y = b;

	if (x->uid != y->uid)
		return x->uid < y->uid ? -1 : 1;
	return strcmp(x->name, y->name);
}

static void
log_destroy(struct funclogs *logs, struct funclog *f)
{
	tdelete(f, &logs->tree, compare_source);
	log_close_file(f);
	free(f->name);
	free(f->file);
	free(f);
}

static void
log_retire(struct funclogs *logs, struct funclog *f)
{
	report_dropped(logs, f);
	f->dropped = 0;
	log_close_file(f);
	TAILQ_REMOVE(&logs->recent, f, entry);
	logs->recent_count--;
	f->is_recent = false;
	if (f->streams == 0)
		log_destroy(logs, f);
}

/* It is about to write: put it first, and let the last one go. */
static void
log_touch(struct funclogs *logs, struct funclog *f)
{
	if (f->is_recent)
		TAILQ_REMOVE(&logs->recent, f, entry);
	else
		logs->recent_count++;
	TAILQ_INSERT_HEAD(&logs->recent, f, entry);
	f->is_recent = true;
	if (logs->recent_count > FUNCLOG_FILES)
		log_retire(logs, TAILQ_LAST(&logs->recent, funclog_list));
}

/* The function's log, made if it is not there. */
static struct funclog *
log_of(struct funclogs *logs, const struct funclog_source *from)
{
	const struct function	*fn = from->function;
	struct funclog		*f, **node;

	f = xcalloc(1, sizeof(*f));
	f->name = xstrdup(fn->name);
	f->uid = from->tenant->uid;
	if ((node = tsearch(f, &logs->tree, compare_source)) == NULL)
		abort();	/* out of memory */
	if (*node == f) {
		f->fd = -1;
		f->file = xstrdup(fn->stderr_log);
		return f;
	}
	free(f->name);
	free(f);
	f = *node;
	if (strcmp(f->file, fn->stderr_log) != 0) {
		log_close_file(f);
		free(f->file);
		f->file = xstrdup(fn->stderr_log);
	}
	return f;
}

struct funclogs *
funclogs_create(const char *folder)
{
	struct funclogs	*logs;

	logs = xcalloc(1, sizeof(*logs));
	logs->folder = xstrdup(folder);
	logs->report = timer_new(on_report, logs);
	TAILQ_INIT(&logs->recent);
	LIST_INIT(&logs->tails);
	return logs;
}

void
funclogs_free(struct funclogs *logs)
{
	if (logs == NULL)
		return;
	while (!TAILQ_EMPTY(&logs->recent))
		log_retire(logs, TAILQ_FIRST(&logs->recent));
	timer_free(logs->report);
	free(logs->folder);
	free(logs);
}

void
funclogs_reopen(struct funclogs *logs, const char *folder)
{
	struct funclog	*f;
	char		*copy;

	TAILQ_FOREACH(f, &logs->recent, entry)
		log_close_file(f);
	copy = xstrdup(folder);
	free(logs->folder);
	logs->folder = copy;
}

/* --- last lines --------------------------------------------------------- */

struct funclog_tail *
funclog_tail_create(struct funclogs *logs, const char *request)
{
	struct funclog_tail	*tail;

	tail = xcalloc(1, sizeof(*tail));
	tail->request = request;
	LIST_INSERT_HEAD(&logs->tails, tail, entry);
	return tail;
}

void
funclog_tail_free(struct funclog_tail *tail)
{
	if (tail == NULL)
		return;
	LIST_REMOVE(tail, entry);
	free(tail);
}

size_t
funclog_tail_text(const struct funclog_tail *tail, char *out)
{
	size_t	 at = tail->count % FUNCLOG_TAIL_MAX;

	if (tail->count <= FUNCLOG_TAIL_MAX) {
		memcpy(out, tail->bytes, tail->count);
		return tail->count;
	}
	memcpy(out, tail->bytes + at, FUNCLOG_TAIL_MAX - at);
	memcpy(out + FUNCLOG_TAIL_MAX - at, tail->bytes, at);
	return FUNCLOG_TAIL_MAX;
}

static void
tail_add(struct funclog_tail *tail, const char *text, size_t len)
{
	size_t	 i;

	for (i = 0; i < len; i++)
		tail->bytes[tail->count++ % FUNCLOG_TAIL_MAX] = text[i];
}

/* Whoever wants this request's lines has this one too. */
static void
tell_tails(struct funclogs *logs, const char *request, const char *text,
    size_t len)
{
	struct funclog_tail	*tail;

	LIST_FOREACH(tail, &logs->tails, entry)
		if (strcmp(tail->request, request) == 0) {
			tail_add(tail, text, len);
			tail_add(tail, "\n", 1);
		}
}

/* --- lines -------------------------------------------------------------- */

static struct quota
quota_of(const struct function *fn)
{
	return (struct quota){ fn->log_rate, fn->log_burst };
}

/* May it write more now? */
static bool
is_within_rate(const struct funclog_stream *s)
{
	struct quota	 quota = quota_of(s->from.function);

	return bucket_has(&s->log->bucket, &quota, timer_now()) &&
	    tenant_may_log(s->from.tenant);
}

static void
count(const struct funclog_stream *s, size_t bytes)
{
	struct quota	 quota = quota_of(s->from.function);

	bucket_take(&s->log->bucket, &quota, bytes, timer_now());
	tenant_logged(s->from.tenant, bytes);
}

static void
error_log_line(const struct funclog_stream *s, const char *request,
    const char *text, size_t len)
{
	char	 escaped[ERROR_LOG_ROOM];

	log_notice("%s: request %s worker %ld: %s", s->from.function->name,
	    request, (long)s->from.worker,
	    log_escape(escaped, sizeof(escaped), text, len));
}

/* One line, without its newline, of FUNCLOG_LINE_MAX bytes at most. */
static void
put_line(struct funclog_stream *s, const char *request, const char *text,
    size_t len)
{
	struct funclogs	*logs = s->logs;
	struct funclog	*f = s->log;
	char		*line = logs->out + logs->out_len;
	size_t		 n;

	if (!LIST_EMPTY(&logs->tails))
		tell_tails(logs, request, text, len);
	if (!is_within_rate(s)) {
		drop(logs, f, len + 1);
		return;
	}
	if (has_no_file(logs, f)) {
		count(s, len + 1);
		error_log_line(s, request, text, len);
		return;
	}
	n = put_time(line, PREFIX_ROOM);
	n += (size_t)snprintf(line + n, PREFIX_ROOM - n, " %.64s worker %ld: ",
	    request, (long)s->from.worker);
	log_escape(line + n, ESCAPED_ROOM, text, len);
	n += strlen(line + n);
	line[n++] = '\n';
	count(s, n);
	logs->out_len += n;
	if (OUT_SIZE - logs->out_len < LINE_ROOM)
		write_out(logs, f);
}

static void
put_half(struct funclog_stream *s, const char *request)
{
	put_line(s, request, s->half, s->half_len);
	s->half_len = 0;
}

struct funclog_stream *
funclog_stream_create(struct funclogs *logs,
    const struct funclog_source *source)
{
	struct funclog_stream	*s;

	s = xcalloc(1, sizeof(*s));
	s->logs = logs;
	s->from = *source;
	return s;
}

void
funclog_stream_free(struct funclog_stream *s)
{
	if (s == NULL)
		return;
	funclog_flush(s, "-");
	if (s->log != NULL && --s->log->streams == 0 && !s->log->is_recent)
		log_destroy(s->logs, s->log);
	free(s);
}

/* Add to the unfinished line; what is too long goes out in pieces. */
static void
keep_half(struct funclog_stream *s, const char *request, const char *text,
    size_t len)
{
	size_t	 n;

	if (s->half == NULL)
		s->half = xmalloc(FUNCLOG_LINE_MAX);
	for (; len > 0; text += n, len -= n) {
		if (s->half_len == FUNCLOG_LINE_MAX)
			put_half(s, request);
		n = FUNCLOG_LINE_MAX - s->half_len;
		if (n > len)
			n = len;
		memcpy(s->half + s->half_len, text, n);
		s->half_len += n;
	}
}

void
funclog_write(struct funclog_stream *s, const char *request, const void *bytes,
    size_t len)
{
	const char	*text = bytes, *newline;
	size_t		 n;

	if (s->log == NULL) {
		s->log = log_of(s->logs, &s->from);
		s->log->streams++;
	}
	log_touch(s->logs, s->log);
	for (; len > 0; text += n, len -= n) {
		newline = memchr(text, '\n', len);
		n = newline != NULL ? (size_t)(newline - text) : len;
		if (newline != NULL && s->half_len == 0 &&
		    n <= FUNCLOG_LINE_MAX)
			put_line(s, request, text, n);
		else {
			keep_half(s, request, text, n);
			if (newline != NULL)
				put_half(s, request);
		}
		if (newline != NULL)
			n++;
	}
	write_out(s->logs, s->log);
}

void
funclog_flush(struct funclog_stream *s, const char *request)
{
	if (s->half_len > 0) {
		log_touch(s->logs, s->log);
		put_half(s, request);
		write_out(s->logs, s->log);
	}
	free(s->half);
	s->half = NULL;
}
