/*
 * body: a request's body on its way from the front to the worker.
 *
 * What arrives waits in memory up to a limit, beyond that (only if allowed) in
 * an unlinked file.  While all of it so far fits in memory, the bytes already
 * handed out are kept too, so that a request can be tried once more with
 * another worker; body_forget gives that up.
 */
#ifndef TOLLGATE_BODY_H
#define TOLLGATE_BODY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct body;

/* memory_max: bytes kept in memory.  folder: where a file is made if needed. */
struct body	*body_create(size_t memory_max, const char *folder);
void		 body_free(struct body *);	/* NULL is fine */

/*
 * Append len bytes.  Bytes kept only for a rewind give way first; what still
 * does not fit in memory goes to the file.  Returns 0, or -1 with errno if the
 * file cannot be made or written (logged; the body is then useless).
 */
int	body_append(struct body *, const void *, size_t len);

/* Would body_append of one more byte go to the file?  Time to stop reading. */
bool	body_is_full(const struct body *);

/* No more comes. */
void	body_end(struct body *);
bool	body_has_ended(const struct body *);

uint64_t	body_received(const struct body *);	/* bytes appended */
uint64_t	body_waiting(const struct body *);	/* not yet handed out */

/*
 * The next bytes, at most max, that wait: returns how many are at *bytes (valid
 * until the next call), 0 if none wait, -1 with errno if the file cannot be
 * read (logged).  They may be fewer than max while more wait behind them.  They
 * count as handed out once body_consume says so.
 */
ptrdiff_t	body_peek(struct body *, const uint8_t **bytes, size_t max);
void		 body_consume(struct body *, size_t len);

/*
 * Copy up to max of the bytes from offset on, counted from the first that
 * waits; they wait on.  How many there were, -1 as body_peek.
 */
ptrdiff_t	body_look(const struct body *, uint64_t offset, void *out,
		    size_t max);

/*
 * Hand everything out again from the start.  -1 if it is no longer there: more
 * than memory_max was received, or it was forgotten.
 */
int	body_rewind(struct body *);
/* It will not be tried again: handed-out bytes need not be kept. */
void	body_forget(struct body *);

#endif
