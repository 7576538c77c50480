/*
 * json: is it JSON (RFC 8259)?  And text as one of its strings.
 *
 * Pure.  What is checked comes in pieces of any size, and is not kept.
 */
#ifndef TOLLGATE_JSON_H
#define TOLLGATE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;

#define JSON_DEPTH_MAX	1000	/* of arrays and objects in each other */

/* All zero: nothing has come. */
struct json_check {
	unsigned	 state;
	unsigned	 depth;
	uint8_t		 is_object[JSON_DEPTH_MAX / 8];	/* a bit each */
	bool		 is_key;	/* the string that is being read */
	const char	*literal;	/* what is left of null, true, false */
	unsigned	 left;		/* bytes of a character, hex digits */
	uint8_t		 low, high;	/* of the character's next byte */
	uint64_t	 line;		/* newlines so far */
	uint64_t	 column;	/* bytes since the last */
	uint8_t		 wrong;		/* the byte that is */
};

enum json_verdict {
	JSON_GOOD = 0,
	JSON_UNEXPECTED,	/* the byte wrong */
	JSON_NOT_UTF8,		/* likewise */
	JSON_TOO_DEEP,
	JSON_UNFINISHED
};

/* GOOD: so far.  What is wrong stays so. */
enum json_verdict	json_feed(struct json_check *, const void *, size_t);
/* No more comes: was it one value, and blanks? */
enum json_verdict	json_end(struct json_check *);

/*
 * len bytes as a string, with its quotes; what is not UTF-8 becomes U+FFFD.
 * Owned by the arena.
 */
const char	*json_quote(struct arena *, const char *, size_t len);

#endif
