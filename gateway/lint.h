/*
 * lint: what an ini file says, line by line, before iniparser reads it.
 *
 * iniparser 4.1 drops lines in silence: the last of repeated keys wins, a value
 * ends at # or ;, text behind a closing quote is gone, a line of more than its
 * buffer ends the file.  The lint pass finds all of these, gives each a line
 * number, and takes bad lines out, so that iniparser reads the rest as it was
 * meant.  Pure: text in, entries and errors out.
 */
#ifndef TOLLGATE_LINT_H
#define TOLLGATE_LINT_H

#include <stdbool.h>
#include <stddef.h>

#include "keys.h"

struct arena;
struct config_errors;

#define LINT_LINE_MAX		1022	/* bytes, what iniparser can read */
#define LINT_ENTRIES_MAX	8192	/* settings in one file */
#define LINT_SECTIONS_MAX	1024

struct lint_entry {
	unsigned	 line;
	const char	*section;	/* lower case, as iniparser has it */
	const char	*key;		/* likewise */
	const char	*value;		/* as it was meant */
};

struct lint {
	struct lint_entry	*entries;	/* in the order of the file */
	size_t			 count;
	size_t			 sections;	/* how many known ones */
	char			*clean;		/* the text for iniparser */
	size_t			 clean_len;
};

/*
 * Go over the text of file; kind: which sections there may be.  Adds to
 * errors; what is returned is owned by the arena.
 */
void	lint_text(struct lint *, struct arena *, const char *file,
	    enum keys_file kind, const char *text, size_t len,
	    struct config_errors *errors);

#endif
