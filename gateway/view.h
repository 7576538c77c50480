/*
 * view: which files a worker with a root of its own sees there, and how.
 *
 * Pure: it makes a list of what is asked for, and touches no file.  What is
 * seen has the name that it has outside; its order is that in which it can be
 * mounted, so a folder stands before what is in it.
 */
#ifndef TOLLGATE_VIEW_H
#define TOLLGATE_VIEW_H

#include <stdbool.h>
#include <stddef.h>

#include "function.h"

struct arena;

/* Of two wishes for one path the one with the lower number counts. */
enum view_how {
	VIEW_HIDDEN = 0,	/* cannot even be listed */
	VIEW_READ_WRITE,
	VIEW_READ_ONLY,
	VIEW_LINK,		/* a symbolic link of the system's */
	VIEW_TMP,		/* an empty folder of the worker's own */
	VIEW_DEV,		/* a few devices, and links to descriptors */
	VIEW_PROC,		/* its own processes */
	VIEW_FOLDER		/* to put others into */
};

struct view_place {
	const char	*path;
	enum view_how	 how;
	const char	*target;	/* of a link */
	bool		 may_lack;	/* that is no failure */
	bool		 is_listed;	/* by name: it may be a link there */
	bool		 is_ours;	/* what it is put upon must be made */
	bool		 holds_more;	/* hidden, but something in it is not */
	bool		 is_common;	/* as it stands in wishes' common */
};

struct view {
	struct view_place	*places;
	size_t			 count;
};

/* A folder of the system's that all see, or a link to one. */
struct view_system {
	const char	*path;
	const char	*target;	/* NULL: it is a folder */
};

struct view_wishes {
	const struct view_system *system;
	size_t			  system_count;
	const struct view	 *common;	/* which all see; NULL: none */
	const char		 *program;	/* its folder; NULL: none */
	const char		 *chdir;	/* "": that one */
	const char		 *code;		/* a runtime's; NULL: none */
	const struct sandbox_lists	 *lists;
	const struct word_list	 *private;	/* the daemon's own files */
};

/*
 * All that is wished for, in arena; paths are absolute, without "." and "..",
 * and borrowed.  What a folder above it already brings is left out, and so is
 * hiding what nobody would see.  A program's folder is seen even where it is
 * one of the daemon's.
 */
void	view_make(struct view *, struct arena *, const struct view_wishes *);

/* The place that path is in, or NULL: in none. */
const struct view_place	*view_find(const struct view *, const char *path);

#endif
