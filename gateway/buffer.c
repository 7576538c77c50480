/*
 * buffer: bytes on their way out, in one piece.
 */
#include "buffer.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mem.h"

#define ROOM_MIN	512
#define ROOM_KEPT	16384	/* of an empty one, for what comes next */

void
buffer_release(struct buffer *b)
{
	free(b->memory);
	memset(b, 0, sizeof(*b));
}

void
buffer_clear(struct buffer *b)
{
	b->at = b->end = 0;
	if (b->room > ROOM_KEPT)
		buffer_release(b);
}

void
buffer_consume(struct buffer *b, size_t len)
{
	assert(len <= buffer_size(b));
	b->at += len;
	if (b->at == b->end)
		buffer_clear(b);
}

/*
 * The bytes move to the front when that frees at least as much as is moved,
 * else the room doubles: either way each byte is moved a few times at most.
 */
uint8_t *
buffer_reserve(struct buffer *b, size_t len)
{
	size_t	 size = buffer_size(b), room = b->room;
	uint8_t	*memory;

	if (len <= b->room - b->end)
		return b->memory + b->end;
	if (len <= b->room - size && size <= b->at) {
		memmove(b->memory, b->memory + b->at, size);
		b->at = 0;
		b->end = size;
		return b->memory + size;
	}
	if (room < ROOM_MIN)
		room = ROOM_MIN;
	while (room - size < len)
		room = room < SIZE_MAX / 2 ? room * 2 : size + len;
	memory = xmalloc(room);
	if (size > 0)
		memcpy(memory, b->memory + b->at, size);
	free(b->memory);
	b->memory = memory;
	b->room = room;
	b->at = 0;
	b->end = size;
	return b->memory + size;
}

void
buffer_extend(struct buffer *b, size_t len)
{
	assert(len <= b->room - b->end);
	b->end += len;
}

void
buffer_add(struct buffer *b, const void *bytes, size_t len)
{
	if (len == 0)
		return;
	memcpy(buffer_reserve(b, len), bytes, len);
	b->end += len;
}

/* How many bytes went out, 0 if none can now; -1 with errno. */
static ssize_t
write_some(int fd, const struct iovec *pieces, int count)
{
	ssize_t	 n;

	do
		n = writev(fd, pieces, count);
	while (n == -1 && errno == EINTR);
	return n == -1 && errno == EAGAIN ? 0 : n;
}

int
buffer_flush(struct buffer *b, int fd)
{
	struct iovec	 all;
	ssize_t		 n;

	while (buffer_size(b) > 0) {
		all.iov_base = buffer_bytes(b);
		all.iov_len = buffer_size(b);
		if ((n = write_some(fd, &all, 1)) == -1)
			return -1;
		if (n == 0)
			break;
		buffer_consume(b, (size_t)n);
	}
	return 0;
}

/* Add all of the pieces but their first done bytes. */
static void
keep_rest(struct buffer *b, const struct iovec *pieces, int count, size_t done)
{
	int	 i;

	for (i = 0; i < count; i++) {
		if (done >= pieces[i].iov_len) {
			done -= pieces[i].iov_len;
			continue;
		}
		buffer_add(b, (uint8_t *)pieces[i].iov_base + done,
		    pieces[i].iov_len - done);
		done = 0;
	}
}

int
buffer_send(struct buffer *b, int fd, const struct iovec *pieces, int count)
{
	ssize_t	 n;

	if (buffer_size(b) > 0) {
		keep_rest(b, pieces, count, 0);
		return buffer_flush(b, fd);
	}
	if ((n = write_some(fd, pieces, count)) == -1)
		return -1;
	keep_rest(b, pieces, count, (size_t)n);
	return 0;
}
