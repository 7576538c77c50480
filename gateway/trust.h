/*
 * trust: may this file be run, as whom, and is it what was checked?
 *
 * An ordinary function's program: links are followed; the file is regular, not
 * setuid or setgid, owned by root or the function's user; each folder and link
 * on the way is owned by root or that user, and no folder can be written to by
 * others unless it is sticky.
 *
 * A template's program is found by what a client asked for, so below the first
 * ${} nothing is taken on trust: no links; file, its folder and all between
 * owned by one user of at least min_uid (or, above the file's own folder, by
 * root), and not writable by group or others.  That user is who it runs as;
 * its group is the file's, which must be at least min_uid as well.  Above the
 * first ${} only root's folders are followed.
 *
 * In a user namespace root's files look like those of any other stranger.  What
 * was checked before that was entered can since have been changed by none but
 * root and the user, as the folders are theirs; so then strangers are trusted.
 *
 * Every step is one openat(2) of one name from the folder checked before, so
 * nothing is looked up twice: what was checked is what is run.
 */
#ifndef TOLLGATE_TRUST_H
#define TOLLGATE_TRUST_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "message.h"

struct trust_request {
	const char	*path;		/* absolute, captures filled in */
	size_t		 fixed;		/* a template: bytes before its first
					   ${}; 0 for an ordinary function */
	uid_t		 uid;		/* an ordinary function's user */
	uid_t		 min_uid;
	bool		 is_again;	/* in a user namespace, after it was
					   checked outside: see below */
};

struct trust_program {
	int	 fd;		/* O_PATH, close-on-exec, the caller's */
	bool	 is_script;	/* must be exec'ed by path, as #! needs it */
	bool	 is_linked;	/* its path led over links */
	uid_t	 uid;		/* of the file */
	gid_t	 gid;
};

struct trust_failure {
	const char	*step;		/* static, under MESSAGE_STEP_LEN */
	enum refusal	 refusal;
	int		 error;		/* errno */
};

/* Returns 0, or -1 with the reason in failure.  May block on slow disks. */
int	trust_open(const struct trust_request *, struct trust_program *,
	    struct trust_failure *);

#endif
