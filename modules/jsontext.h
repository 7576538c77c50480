/*
 * jsontext: JSON as text: written piece by piece, and shortened.
 *
 * Pure: no I/O.  What is put may hold any bytes; what comes out is UTF-8.
 */
#ifndef TOLLGATE_JSONTEXT_H
#define TOLLGATE_JSONTEXT_H

#include <stdbool.h>
#include <stddef.h>

struct buffer;

/* These bytes as they are: punctuation, names of our own. */
void	json_put(struct buffer *, const char *text);
void	json_printf(struct buffer *, const char *format, ...)
	    __attribute__((format(printf, 2, 3)));

/*
 * A string with its quotes; or only what is between them.  Bytes that are not
 * UTF-8 are taken for ISO 8859-1, each for itself.
 */
void	json_put_string(struct buffer *, const char *bytes, size_t len);
void	json_put_bytes(struct buffer *, const char *bytes, size_t len);
/* Bytes in base64, with the quotes. */
void	json_put_base64(struct buffer *, const void *bytes, size_t len);

bool	json_is_utf8(const char *bytes, size_t len);

/* Valid JSON, without the blanks between its tokens; all else as it stands. */
void	json_put_compact(struct buffer *, const char *json, size_t len);

/*
 * Bytes of base64 into out; -1 if it is none: another byte, or a length that
 * cannot be.  Padding may be missing.
 */
int	base64_decode(struct buffer *out, const char *text, size_t len);

#endif
