/*
 * ini: a whole load of the configuration, out of files.
 *
 * Reads tollgate.ini and the functions' files by iniparser, finds what is wrong
 * with them (lint, config), works out what no file says (the numbers of users
 * and groups, rlimits, environment files, digests) and leaves it as lines for
 * config_read.  Runs in a short-lived child of the spawner: it takes memory and
 * opens files as it likes.
 */
#ifndef TOLLGATE_INI_H
#define TOLLGATE_INI_H

#include <stdbool.h>
#include <stddef.h>

#include "config.h"

#define INI_FILE_MAX	(1024 * 1024)	/* bytes of one file */

/* Text that grows; zeroed is empty. */
struct ini_text {
	char	*bytes;
	size_t	 len;
	size_t	 size;
};

void	ini_text_release(struct ini_text *);

struct ini_load {
	struct ini_text		 whole;		/* for the spawner */
	struct ini_text		 gateway;	/* without secrets */
	struct config_errors	 errors;	/* any: there is no load */
	struct config_errors	 warnings;	/* for -t */
	struct config_errors	 refused;	/* functions that are not run */
};

/*
 * Read the load that tollgate.ini at path begins, as the effective user: as
 * root, functions get users of their own; else everything is the caller's.
 * Returns 0, or -1 with errors, sorted by file and line, and empty texts.
 * load is zeroed first; ini_release it in both cases.
 */
int	ini_load(const char *path, struct ini_load *load);
void	ini_release(struct ini_load *);

/*
 * Append what one file's text says as lines; function is "" for tollgate.ini.
 * Part of ini_load; by itself for tests.
 */
void	ini_read_text(const char *file, const char *function,
	    const char *text, size_t len, struct ini_text *lines,
	    struct config_errors *errors);

#endif
