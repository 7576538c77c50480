/*
 * buffer: bytes on their way out, in one piece.
 *
 * Most of what is sent fits the socket at once, so it is written from where it
 * lies; only what the socket does not take is copied and waits here.
 */
#ifndef TOLLGATE_BUFFER_H
#define TOLLGATE_BUFFER_H

#include <sys/uio.h>

#include <stddef.h>
#include <stdint.h>

/* All zero: empty.  Its bytes are those from at up to end. */
struct buffer {
	uint8_t	*memory;
	size_t	 room;
	size_t	 at;
	size_t	 end;
};

void	buffer_release(struct buffer *);	/* empty again */

static inline size_t
buffer_size(const struct buffer *b)
{
	return b->end - b->at;
}

/* Valid until the next call; NULL if nothing was ever added. */
static inline uint8_t *
buffer_bytes(const struct buffer *b)
{
	return b->memory != NULL ? b->memory + b->at : NULL;
}

void	buffer_add(struct buffer *, const void *, size_t len);

/* Where up to len bytes can be written; how many were, at most len. */
uint8_t	*buffer_reserve(struct buffer *, size_t len);
void	 buffer_extend(struct buffer *, size_t len);

/* Let go of the first len bytes; of all. */
void	buffer_consume(struct buffer *, size_t len);
void	buffer_clear(struct buffer *);

/*
 * Write what waits to fd, which does not block (writev(2)), until it takes no
 * more.  0, also if something is left; -1 with errno if it is broken.
 */
int	buffer_flush(struct buffer *, int fd);

/* Likewise, and these pieces behind it; what fd does not take is copied. */
int	buffer_send(struct buffer *, int fd, const struct iovec *, int count);

#endif
