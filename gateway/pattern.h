/*
 * pattern: the regexes of routes: what they begin with, and matching them
 * within bounds.
 *
 * Subjects are bytes, not UTF-8; a dot fits a newline too, and a dollar only
 * the very end: an encoded newline in a path leads nobody astray.
 */
#ifndef TOLLGATE_PATTERN_H
#define TOLLGATE_PATTERN_H

#include <stdbool.h>
#include <stddef.h>

struct pattern;
struct patterns;		/* all of one load */

#define PATTERN_MATCH_LIMIT	10000	/* PCRE2's steps per match */

struct patterns	*patterns_create(void);
void		 patterns_free(struct patterns *);	/* NULL is fine */

/*
 * Compile text.  Owned by the set.  NULL if it is no regex, with words in why
 * (room bytes) that say where and what.
 */
struct pattern	*patterns_add(struct patterns *, const char *text, char *why,
		    size_t room);

/*
 * The length of the literal text that follows a leading ^ in a regex, so that
 * whatever the regex fits begins with it; its bytes go into out, which has
 * room for all of text.  0 if there is none, or none that is certain.
 */
size_t	pattern_literal(const char *text, char *out);

enum pattern_verdict { PATTERN_FITS, PATTERN_FITS_NOT, PATTERN_TOO_COSTLY };

/* Machine code is made at the first match, where the system permits it. */
enum pattern_verdict	pattern_match(struct pattern *, const char *subject,
			    size_t len);

/* Of the set's last match, which fit: the offset behind it. */
size_t	pattern_end(const struct pattern *);

/* Of the same: where a named group fit; false if it took no part. */
bool	pattern_span(const struct pattern *, const char *name, size_t *start,
	    size_t *end);

/* The i-th name of a group, each once; NULL past the last one. */
const char	*pattern_name(const struct pattern *, size_t i);
bool		 pattern_has_name(const struct pattern *, const char *name);

#endif
