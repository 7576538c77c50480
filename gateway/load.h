/*
 * load: one reading of the configuration, as the spawner keeps it.
 *
 * A short-lived child reads the files, so that what it allocates never weighs
 * on a fork, and leaves two sealed memory files: the whole, which the spawner
 * maps (but never into a child: it holds every function's secrets), and one
 * without secrets for the gateway.
 */
#ifndef TOLLGATE_LOAD_H
#define TOLLGATE_LOAD_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "config.h"

struct ini_load;
struct walls;

struct load_account {		/* where a user's account stands */
	uid_t		 uid;
	uint32_t	 number;	/* in the index */
};

struct load {
	uint64_t		 generation;
	char			*text;		/* mapped */
	size_t			 len;
	int			 gateway_fd;	/* the memory file for it */
	struct config_index	*index;
	struct arena		*arena;		/* of settings' texts */
	struct gateway_settings	 settings;
	struct load_account	*accounts;	/* by uid */
	size_t			 account_count;
	struct account		 others;	/* who has none of these */
	struct walls		*walls;		/* for its workers */
	struct word_list	 open_files;	/* the daemon's own that users
						   could open */
};

/*
 * The account of a user, its text owned by arena: his own, or that of all
 * others.
 */
void	load_account(const struct load *, uid_t, struct arena *,
	    struct account *);
/* Is there any account at all? */
bool	load_has_accounts(const struct load *);

/*
 * Begin to read the file at path.  Returns the child's pid (the caller's to
 * reap) with *fd to be read by load_finish; -1 with errno.
 */
pid_t	load_begin(const char *path, int *fd);

/*
 * The child has left its files, or has logged why not: then NULL.  fd is
 * closed.
 */
struct load	*load_finish(int fd, uint64_t generation);
void		 load_free(struct load *);	/* NULL is fine */

/*
 * From now on no child has the text: only once we are the process that stays,
 * as a daemon is its own child.  -1 with errno.
 */
int	load_hide(const struct load *);

/* Make the two sealed files of texts that were read.  -1 with errno. */
int	load_make_files(const struct ini_load *, int *whole, int *gateway);

#endif
