/*
 * urlreply: what a function returned as the answer that AWS Lambda's function
 * URLs make of it, in the form a CGI program would give it: head and body.
 *
 * Pure: no I/O.
 */
#ifndef TOLLGATE_URLREPLY_H
#define TOLLGATE_URLREPLY_H

#include <stddef.h>

struct buffer;

struct urlreply {
	const char	*request_id;
	const char	*trace_id;	/* NULL: not told */
};

/* Bytes of NUL between prelude and body of a streamed answer. */
#define URLREPLY_NULS	8

/*
 * Append the answer that a payload means.  -1 with *why in static words if it
 * means none; nothing was appended then.
 */
int	urlreply_write(struct buffer *, const struct urlreply *,
	    const char *payload, size_t len, const char **why);

/* Append the head that a prelude (without its NULs) means; likewise. */
int	urlreply_write_prelude(struct buffer *, const struct urlreply *,
	    const char *prelude, size_t len, const char **why);
/* The head of a stream that has no prelude. */
void	urlreply_write_stream(struct buffer *, const struct urlreply *,
	    const char *content_type);

/* What all that goes wrong is answered with: 502, 429 or 413. */
void	urlreply_write_failure(struct buffer *, const struct urlreply *,
	    int status);

#endif
