/*
 * granting: Landlock's rules for paths, but for what is hidden of them.
 *
 * Landlock only grants, so a folder that holds what is hidden is granted entry
 * by entry.  Allocates nothing.
 */
#ifndef TOLLGATE_GRANTING_H
#define TOLLGATE_GRANTING_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "function.h"
#include "landlock.h"

#define GRANTING_MORE_MAX	16	/* hidden besides a function's own */
#define GRANTING_HIDDEN_MAX	(SANDBOX_PATHS_MAX + GRANTING_MORE_MAX)

struct granting {
	struct landlock	 rules;
	size_t		 own;		/* so many are its function's */
	size_t		 count;
	char		 hidden[GRANTING_HIDDEN_MAX][PATH_MAX];	/* real */
};

/*
 * Nothing in path is granted from now on.  What does not exist yet is hidden by
 * the name that it was given.  -1 with errno.
 */
int	granting_hide(struct granting *, const char *path);

/*
 * Grant what path leads to, or what is open.  What is not there, or not for
 * this user, is none: that is no failure.  -1 with errno.
 */
int	granting_path(const struct granting *, const char *path, enum grant);
int	granting_open(const struct granting *, int fd, enum grant);

/* The real path of what is open, in PATH_MAX bytes.  -1 with errno. */
int	granting_real_path(int fd, char *path);

/* Is path the folder, or in it? */
bool	granting_is_within(const char *path, const char *folder);

#endif
