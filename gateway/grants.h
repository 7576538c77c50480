/*
 * grants: what a worker may reach of the machine's files, as Landlock's rules.
 *
 * The system, which is the same for all, is opened once, and its descriptors
 * are handed to each child; a function's own is looked up by the child, as its
 * user, so that what has been replaced since is found.  What a user cannot
 * reach is not granted.  Allocates nothing but for grants_open_system.
 */
#ifndef TOLLGATE_GRANTS_H
#define TOLLGATE_GRANTS_H

#include <stdbool.h>
#include <stdint.h>

#include "landlock.h"

struct function;
struct word_list;

#define GRANTS_SYSTEM_MAX	32

struct grants_row {
	const char	*path;
	enum grant	 grant;
};

struct grants_system {
	int		 first;		/* descriptors in a row, so that all */
	int		 count;		/* but them are closed at once */
	const struct grants_row	*rows[GRANTS_SYSTEM_MAX];
};

/* What a function's own are worked out from. */
struct grants_asked {
	const struct function	*function;
	const char		*program;	/* its path */
	int			 program_fd;
	bool			 is_linked;	/* its path has links */
	const char		*folder;	/* that it starts in */
	unsigned		 port;		/* to connect to; 0: none */
	const struct word_list	*hidden;	/* the daemon's own: real
						   paths */
	bool			 has_root;	/* of its own: all in it is for
						   it to read */
};

/*
 * Open what there is of the system, beginning with descriptor least; that is
 * the caller's for good.  -1 with errno.
 */
int	grants_open_system(struct grants_system *, int least);
void	grants_close_system(const struct grants_system *);

/*
 * All that is granted, as rules to be entered (landlock.h); abi is at least 1.
 * -1 with errno.
 */
int	grants_make(const struct grants_system *, const struct grants_asked *,
	    unsigned abi, struct landlock *);

/*
 * A print of what a function's own paths lead to: rules that were made when it
 * was the same can be entered in place of new ones.  False: they cannot, as
 * they are for one worker alone, or it cannot be told.
 */
bool	grants_print(const struct grants_asked *, uint64_t *print);

#endif
