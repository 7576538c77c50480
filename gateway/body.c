/*
 * body: a request's body on its way, in a ring of memory, then in a file.
 *
 * The ring always holds the oldest bytes, the file those behind them.  A ring
 * that has run empty is filled again from the file, so bytes are handed out
 * from one place only; a file that has run empty is cut to nothing, so what
 * trickles through does not make it grow.
 */
#include "body.h"
#include "log.h"
#include "mem.h"

#include <sys/types.h>

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RING_MIN	4096
#define READ_MAX	65536	/* bytes read back from the file at a time */

/*
 * The ring, from its oldest byte on: kept bytes that were handed out and may
 * be wanted again, then, from `at`, those that wait.
 */
struct body {
	uint8_t		*ring;
	size_t		 size;
	size_t		 at;		/* < size, or both are 0 */
	size_t		 kept;
	size_t		 waiting;
	size_t		 memory_max;
	bool		 replayable;	/* all handed out so far is kept */
	bool		 ended;

	int		 fd;		/* -1: no file yet */
	off_t		 file_start;	/* what waits in the file */
	off_t		 file_end;

	uint64_t	 received;
	uint64_t	 handed_out;
	char		 folder[];
};

static size_t
smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

struct body *
body_create(size_t memory_max, const char *folder)
{
	struct body	*b;

	b = xcalloc(1, sizeof(*b) + strlen(folder) + 1);
	strcpy(b->folder, folder);
	b->memory_max = memory_max;
	b->fd = -1;
	b->replayable = true;
	return b;
}

void
body_free(struct body *b)
{
	if (b == NULL)
		return;
	if (b->fd != -1)
		close(b->fd);
	free(b->ring);
	free(b);
}

/* The place in the ring that is n bytes behind place i; n <= size. */
static size_t
ring_after(const struct body *b, size_t i, size_t n)
{
	return n < b->size - i ? i + n : n - (b->size - i);
}

static size_t
ring_before(const struct body *b, size_t i, size_t n)
{
	return n <= i ? i - n : i + (b->size - n);
}

/* Make the ring hold at least need bytes, doubling it up to the limit. */
static void
ring_reserve(struct body *b, size_t need)
{
	uint8_t	*ring;
	size_t	 size, used, oldest, first;

	if (need <= b->size)
		return;
	size = b->size <= b->memory_max / 2 ? b->size * 2 : b->memory_max;
	if (size < RING_MIN)
		size = smaller(RING_MIN, b->memory_max);
	if (size < need)
		size = need;
	ring = xmalloc(size);

	used = b->kept + b->waiting;
	if (used > 0) {
		oldest = ring_before(b, b->at, b->kept);
		first = smaller(used, b->size - oldest);
		memcpy(ring, b->ring + oldest, first);
		memcpy(ring + first, b->ring, used - first);
	}
	free(b->ring);
	b->ring = ring;
	b->size = size;
	b->at = b->kept;	/* < size: there is room for more */
}

static void
ring_put(struct body *b, const uint8_t *bytes, size_t len)
{
	size_t	 free_at, first;

	if (len == 0)
		return;
	ring_reserve(b, b->kept + b->waiting + len);
	free_at = ring_after(b, b->at, b->waiting);
	first = smaller(len, b->size - free_at);
	memcpy(b->ring + free_at, bytes, first);
	memcpy(b->ring, bytes + first, len - first);
	b->waiting += len;
}

/* A file without a name, that only b->fd leads to. */
static int
file_create(struct body *b)
{
	char	*path;

	b->fd = open(b->folder, O_TMPFILE | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
	if (b->fd != -1)
		return 0;
	if (errno != EOPNOTSUPP && errno != EISDIR) {
		log_errno("%s: cannot make a file for a body", b->folder);
		return -1;
	}

	/* Not every file system has O_TMPFILE. */
	path = xasprintf("%s/body.XXXXXX", b->folder);
	if ((b->fd = mkostemp(path, O_CLOEXEC)) == -1)
		log_errno("%s: cannot make a file for a body", path);
	else if (unlink(path) == -1)
		log_errno("%s: cannot remove a body's file", path);
	free(path);
	return b->fd == -1 ? -1 : 0;
}

static int
file_put(struct body *b, const uint8_t *bytes, size_t len)
{
	ssize_t	 n;

	if (b->fd == -1 && file_create(b) == -1)
		return -1;
	while (len > 0) {
		n = pwrite(b->fd, bytes, len, b->file_end);
		if (n == -1) {
			if (errno == EINTR)
				continue;
			log_errno("%s: cannot write a body", b->folder);
			return -1;
		}
		b->file_end += n;
		bytes += n;
		len -= (size_t)n;
	}
	return 0;
}

static bool
file_is_empty(const struct body *b)
{
	return b->file_start == b->file_end;
}

/* Fill the ring, which is empty, with the file's next bytes. */
static int
file_take(struct body *b)
{
	ssize_t	 n;
	size_t	 len;

	assert(b->waiting == 0 && b->kept == 0);
	len = READ_MAX;
	if (b->file_end - b->file_start < READ_MAX)
		len = (size_t)(b->file_end - b->file_start);
	ring_reserve(b, len);
	do
		n = pread(b->fd, b->ring, len, b->file_start);
	while (n == -1 && errno == EINTR);
	if (n == 0)
		errno = EIO;	/* someone has cut it short */
	if (n <= 0) {
		log_errno("%s: cannot read a body", b->folder);
		return -1;
	}
	b->at = 0;
	b->waiting = (size_t)n;
	b->file_start += n;
	if (!file_is_empty(b))
		return 0;

	b->file_start = b->file_end = 0;
	if (ftruncate(b->fd, 0) == -1) {
		log_errno("%s: cannot cut a body's file", b->folder);
		return -1;
	}
	return 0;
}

/* How many of len more bytes the ring may take. */
static size_t
memory_room(const struct body *b, size_t len)
{
	if (!file_is_empty(b) || b->waiting >= b->memory_max)
		return 0;
	return smaller(len, b->memory_max - b->waiting);
}

int
body_append(struct body *b, const void *data, size_t len)
{
	const uint8_t	*bytes = data;
	size_t		 room;

	/* Waiting bytes come before those that may be wanted again. */
	if (b->replayable && len > b->memory_max - b->kept - b->waiting)
		body_forget(b);

	room = memory_room(b, len);
	ring_put(b, bytes, room);
	if (room < len && file_put(b, bytes + room, len - room) == -1)
		return -1;
	b->received += len;
	return 0;
}

bool
body_is_full(const struct body *b)
{
	return memory_room(b, 1) == 0;
}

void
body_end(struct body *b)
{
	b->ended = true;
}

bool
body_has_ended(const struct body *b)
{
	return b->ended;
}

uint64_t
body_received(const struct body *b)
{
	return b->received;
}

uint64_t
body_waiting(const struct body *b)
{
	return b->received - b->handed_out;
}

ptrdiff_t
body_peek(struct body *b, const uint8_t **bytes, size_t max)
{
	if (b->waiting == 0 && !file_is_empty(b) && file_take(b) == -1)
		return -1;
	if (b->waiting == 0)
		return 0;
	*bytes = b->ring + b->at;
	return (ptrdiff_t)smaller(max, smaller(b->waiting, b->size - b->at));
}

void
body_consume(struct body *b, size_t len)
{
	assert(len <= b->waiting);
	b->handed_out += len;
	b->waiting -= len;
	b->at = ring_after(b, b->at, len);
	if (b->replayable)
		b->kept += len;
	else if (b->waiting == 0)
		b->at = 0;	/* the next bytes lie in one piece */
}

/* Of what is in the file, which is behind the ring. */
static ptrdiff_t
look_in_file(const struct body *b, uint64_t offset, void *out, size_t max)
{
	uint64_t	 left = (uint64_t)(b->file_end - b->file_start);
	ssize_t		 n;

	if (offset >= left)
		return 0;
	if (left - offset < max)
		max = (size_t)(left - offset);
	do
		n = pread(b->fd, out, max, b->file_start + (off_t)offset);
	while (n == -1 && errno == EINTR);
	if (n == 0)
		errno = EIO;
	if (n <= 0)
		log_errno("%s: cannot read a body", b->folder);
	return n <= 0 ? -1 : n;
}

ptrdiff_t
body_look(const struct body *b, uint64_t offset, void *out, size_t max)
{
	size_t	 at, n;

	if (offset >= b->waiting)
		return look_in_file(b, offset - b->waiting, out, max);
	at = ring_after(b, b->at, (size_t)offset);
	n = smaller(b->waiting - (size_t)offset, b->size - at);
	n = smaller(n, max);
	memcpy(out, b->ring + at, n);
	return (ptrdiff_t)n;
}

int
body_rewind(struct body *b)
{
	if (!b->replayable)
		return -1;
	b->at = ring_before(b, b->at, b->kept);
	b->waiting += b->kept;
	b->kept = 0;
	b->handed_out = 0;
	return 0;
}

void
body_forget(struct body *b)
{
	b->replayable = false;
	b->kept = 0;
}
