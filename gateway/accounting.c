/*
 * accounting: the ledger: records wait for the end of the loop's turn and go
 * out in one write; whoever waits for them is told then.
 */
#include "accounting.h"

#include <sys/stat.h>

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "log.h"
#include "mem.h"
#include "timer.h"

#define RETRY_MS	1000	/* on a full disk, by the clock */
#define RETRY_LEAST_MS	100	/* and as records come, not more often */
#define TELL_MS		60000	/* the log hears of it so often */
#define ROOM_KEPT	(1 << 20)	/* bytes, for the next turns */

struct waiter {
	void	(*done)(void *arg);	/* NULL: forgotten */
	void	 *arg;
};

struct waiters {
	struct waiter	*list;
	size_t		 count;
	size_t		 room;
};

struct ledger {
	struct event	*turn;		/* active: records came in this turn */
	struct timer	*retry;
	int		 fd;
	char		*path;
	bool		 is_foreign;	/* the file ends in half a line that is
					   none of what waits here */
	enum accounting_full	 full;
	size_t		 memory_max;

	/* Whole lines, but the file has the first in_file bytes already. */
	char		*bytes;
	size_t		 len;
	size_t		 room;
	size_t		 in_file;
	struct record_second	 second;	/* of the last record */

	struct waiters	 added;
	struct waiters	 running;	/* whose done are being called */

	bool		 is_failing;
	bool		 is_told;	/* the log knows that it is failing */
	uint64_t	 since_ms;	/* failing */
	uint64_t	 tried_ms;	/* last */
	uint64_t	 tell_ms;	/* not before, again */
	struct ledger_counts	 counts;
	struct ledger_counts	 before;	/* when it began to fail */
};

/* --- the file ----------------------------------------------------------- */

/*
 * Does the file end in half a line?  One that another process is just writing
 * shows for an instant, as a file grows page by page: that has passed, or has
 * become more, a moment later.
 */
static bool
ends_in_mid_line(int fd)
{
	static const struct timespec	 moment = { .tv_nsec = 1000000 };
	struct stat			 st;
	off_t				 seen = -1;
	char				 last;

	for (;;) {
		if (fstat(fd, &st) == -1 || st.st_size == 0 ||
		    pread(fd, &last, 1, st.st_size - 1) != 1 || last == '\n')
			return false;
		if (st.st_size == seen)
			return true;
		seen = st.st_size;
		nanosleep(&moment, NULL);
	}
}

/* Returns a descriptor, or -1 with errno. */
static int
open_file(const char *path, struct stat *st)
{
	int	 fd;

	/* O_NONBLOCK: a fifo without reader must not hold us up. */
	fd = open(path, O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC |
	    O_NOCTTY | O_NONBLOCK, 0640);
	if (fd == -1)
		return -1;
	if (fstat(fd, st) == 0 && S_ISREG(st->st_mode))
		return fd;
	close(fd);
	errno = EINVAL;
	return -1;
}

static const char *
meanwhile(const struct ledger *l)
{
	return l->full == FULL_REFUSE ? "new requests are refused" :
	    "requests go on";
}

static void
fail(struct ledger *l, int error)
{
	uint64_t	 now = timer_now();

	l->counts.failures++;
	l->tried_ms = now;
	if (!l->is_failing) {
		l->is_failing = true;
		l->since_ms = now;
		l->before = l->counts;
	}
	timer_start(l->retry, RETRY_MS);
	if (now < l->tell_ms)
		return;
	l->tell_ms = now + TELL_MS;
	l->is_told = true;
	errno = error;
	log_errno("accounting %s: not written to for %" PRIu64 " s; %" PRIu64
	    " records wait (%zu bytes, %zu may), %" PRIu64 " are lost, %s",
	    l->path, (now - l->since_ms) / 1000, l->counts.waiting, l->len,
	    l->memory_max, l->counts.lost, meanwhile(l));
}

static void
recover(struct ledger *l)
{
	if (!l->is_failing)
		return;
	l->is_failing = false;
	timer_stop(l->retry);
	if (!l->is_told)
		return;
	l->is_told = false;
	log_notice("accounting %s: written to again after %" PRIu64 " s; %"
	    PRIu64 " records had waited, %" PRIu64 " were lost", l->path,
	    (timer_now() - l->since_ms) / 1000,
	    l->counts.written - l->before.written,
	    l->counts.lost - l->before.lost);
}

/* Let go of the whole lines that are in the file. */
static void
drop_written(struct ledger *l)
{
	const char	*end, *at;
	size_t		 size;

	if ((end = memrchr(l->bytes, '\n', l->in_file)) == NULL)
		return;
	end++;
	for (at = l->bytes; at < end; at++) {
		at = memchr(at, '\n', (size_t)(end - at));
		l->counts.written++;
		l->counts.waiting--;
	}
	size = (size_t)(end - l->bytes);
	memmove(l->bytes, end, l->len - size);
	l->len -= size;
	l->in_file -= size;

	/* What an outage took is given back. */
	if (l->len == 0 && l->room > ROOM_KEPT) {
		free(l->bytes);
		l->bytes = NULL;
		l->room = 0;
	}
}

/* 0, or errno. */
static int
append(struct ledger *l)
{
	ssize_t	 n;

	while (l->is_foreign) {
		if ((n = write(l->fd, "\n", 1)) == 1)
			l->is_foreign = false;
		else if (n != -1 || errno != EINTR)
			return n == -1 ? errno : ENOSPC;
	}
	while (l->in_file < l->len) {
		n = write(l->fd, l->bytes + l->in_file, l->len - l->in_file);
		if (n > 0)
			l->in_file += (size_t)n;
		else if (n != -1 || errno != EINTR)
			return n == -1 ? errno : ENOSPC;
	}
	return 0;
}

/*
 * A short write leaves half a line: no reader shall see it, so it is taken
 * back, unless somebody else has appended meanwhile; then its rest follows as
 * soon as there is room.
 */
static void
take_back(struct ledger *l)
{
	struct stat	 st;
	off_t		 end;

	if (l->in_file == 0)
		return;
	end = lseek(l->fd, 0, SEEK_CUR);
	if (end != -1 && fstat(l->fd, &st) == 0 && st.st_size == end &&
	    ftruncate(l->fd, end - (off_t)l->in_file) == 0)
		l->in_file = 0;
}

static void
flush(struct ledger *l)
{
	int	 error;

	if (l->len == 0)
		return;
	error = append(l);
	drop_written(l);
	if (error == 0)
		recover(l);
	else {
		take_back(l);
		fail(l, error);
	}
}

/* --- whoever waits ------------------------------------------------------ */

static void
waiters_add(struct waiters *w, void (*done)(void *), void *arg)
{
	if (w->count == w->room) {
		w->room = w->room == 0 ? 64 : w->room * 2;
		w->list = xreallocarray(w->list, w->room, sizeof(*w->list));
	}
	w->list[w->count].done = done;
	w->list[w->count].arg = arg;
	w->count++;
}

static void
waiters_forget(struct waiters *w, const void *arg)
{
	size_t	 i;

	for (i = 0; i < w->count; i++)
		if (w->list[i].arg == arg)
			w->list[i].done = NULL;
}

/*
 * Tell all who wait.  They may add records and forget others meanwhile, so
 * this list is set aside and another takes what is added.
 */
static void
tell_waiters(struct ledger *l)
{
	struct waiters	 empty = l->running;
	struct waiter	 w;
	size_t		 i;

	l->running = l->added;
	l->added = empty;
	for (i = 0; i < l->running.count; i++) {
		w = l->running.list[i];
		l->running.list[i].done = NULL;
		if (w.done != NULL)
			w.done(w.arg);
	}
	l->running.count = 0;
}

static void
on_turn(evutil_socket_t fd, short what, void *arg)
{
	struct ledger	*l = arg;

	(void)fd;
	(void)what;
	if (!l->is_failing || timer_now() - l->tried_ms >= RETRY_LEAST_MS)
		flush(l);
	tell_waiters(l);
}

static void
on_retry(void *arg)
{
	flush(arg);
}

/* --- what others call --------------------------------------------------- */

struct ledger *
ledger_create(struct event_base *base, const char *path,
    enum accounting_full full, size_t memory_max)
{
	struct ledger	*l;
	struct stat	 st;
	int		 fd;

	if ((fd = open_file(path, &st)) == -1)
		return NULL;
	l = xcalloc(1, sizeof(*l));
	if ((l->turn = event_new(base, -1, 0, on_turn, l)) == NULL) {
		close(fd);
		free(l);
		errno = ENOMEM;
		return NULL;
	}
	l->retry = timer_new(on_retry, l);
	l->fd = fd;
	l->path = xstrdup(path);
	l->is_foreign = ends_in_mid_line(fd);
	l->full = full;
	l->memory_max = memory_max;
	return l;
}

void
ledger_free(struct ledger *l)
{
	if (l == NULL)
		return;
	flush(l);
	if (l->counts.waiting > 0)
		log_error("accounting %s: %" PRIu64 " records that waited are "
		    "lost", l->path, l->counts.waiting);
	event_free(l->turn);
	timer_free(l->retry);
	close(l->fd);
	free(l->path);
	free(l->bytes);
	free(l->added.list);
	free(l->running.list);
	free(l);
}

void
ledger_add(struct ledger *l, const struct record *r, void (*done)(void *),
    void *arg)
{
	size_t	 size;

	if (l->room - l->len < RECORD_MAX) {
		l->room = l->room * 2 + RECORD_MAX;
		l->bytes = xreallocarray(l->bytes, l->room, 1);
	}
	size = record_format(l->bytes + l->len, r, &l->second);
	if (l->is_failing && l->len + size > l->memory_max)
		l->counts.lost++;
	else {
		l->len += size;
		l->counts.waiting++;
	}
	if (done != NULL)
		waiters_add(&l->added, done, arg);
	event_active(l->turn, EV_TIMEOUT, 0);
}

void
ledger_forget(struct ledger *l, void *arg)
{
	waiters_forget(&l->added, arg);
	waiters_forget(&l->running, arg);
}

bool
ledger_accepts(const struct ledger *l)
{
	return !l->is_failing || l->full == FULL_CONTINUE;
}

void
ledger_configure(struct ledger *l, enum accounting_full full,
    size_t memory_max)
{
	l->full = full;
	l->memory_max = memory_max;
}

int
ledger_reopen(struct ledger *l, const char *path)
{
	struct stat	 st, old;
	char		*copy;
	int		 fd;

	if ((fd = open_file(path, &st)) == -1)
		return -1;
	flush(l);
	/* The same file's half line is ours; another has to get it whole. */
	if (fstat(l->fd, &old) == -1 || old.st_dev != st.st_dev ||
	    old.st_ino != st.st_ino) {
		l->in_file = 0;
		l->is_foreign = ends_in_mid_line(fd);
	}
	close(l->fd);
	l->fd = fd;
	copy = xstrdup(path);	/* path may be l->path */
	free(l->path);
	l->path = copy;
	flush(l);
	return 0;
}

void
ledger_count(const struct ledger *l, struct ledger_counts *counts)
{
	*counts = l->counts;
}
