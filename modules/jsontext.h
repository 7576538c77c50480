/*
 * jsontext: JSON as text: written piece by piece, looked at without a tree of
 * its values being made.
 *
 * Pure: no I/O.  What is put may hold any bytes; what comes out is UTF-8.  All
 * runs through what may be megabytes once, as fast as memory goes: it happens
 * inside the loop.
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

/* A value inside of a text; at is NULL where there is none. */
struct json_value {
	const char	*at;
	size_t		 len;
};

#define JSON_DEPTH_MAX	512

/*
 * Is this one value, blanks around it apart (RFC 8259), in UTF-8, nested no
 * deeper than that?  Then what is between the blanks goes to value.
 */
bool	json_parse(const char *json, size_t len, struct json_value *value);

/*
 * The next member of an object that json_parse gave; *at is NULL for the first,
 * and kept between calls.  name is without quotes, as it stands there.
 */
bool	json_next_member(const struct json_value *object, const char **at,
	    struct json_value *name, struct json_value *value);

bool	json_is_text(const struct json_value *, const char *literal);
/* What a string means, unescaped; half a surrogate pair is U+FFFD. */
void	json_put_meaning(struct buffer *, const struct json_value *string);

/* Valid JSON, without the blanks between its tokens; all else as it stands. */
void	json_put_compact(struct buffer *, const char *json, size_t len);

/*
 * Bytes of base64 into out; -1 if it is none: another byte, or a length that
 * cannot be.  Padding may be missing.
 */
int	base64_decode(struct buffer *out, const char *text, size_t len);

#endif
