/*
 * files: read a file of the configuration, if it can be trusted.
 *
 * What root acts upon must not be writable by anybody else: the file, and each
 * folder on the way to it, belongs to root or to the caller, and nobody else
 * may write to it (a sticky folder, as /tmp, is fine).
 */
#ifndef TOLLGATE_FILES_H
#define TOLLGATE_FILES_H

#include <stdbool.h>
#include <stddef.h>

struct config_errors;

/* The folder and all above it, links followed.  False after adding an error. */
bool	files_check_folder(const char *path, struct config_errors *);

/*
 * Read a whole regular file of at most max bytes; is_folder_known: its folder
 * has been checked.  Owned by the caller, a NUL behind it; NULL after adding
 * an error.
 */
char	*files_read(const char *path, size_t max, bool is_folder_known,
	    size_t *len, struct config_errors *);

#endif
