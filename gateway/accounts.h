/*
 * accounts: the users and groups of this machine, read in one sweep.
 *
 * Ten thousand getpwnam(3) take seconds; one walk through passwd and group,
 * sorted, takes milliseconds.
 */
#ifndef TOLLGATE_ACCOUNTS_H
#define TOLLGATE_ACCOUNTS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct accounts;

struct account {
	const char	*name;	/* borrowed from accounts, or from the query */
	uid_t		 uid;
	gid_t		 gid;	/* (gid_t)-1: a number without an entry */
};

struct accounts	*accounts_create(void);
void		 accounts_free(struct accounts *);

/* A user by name or number; a number need not have an entry. */
bool	accounts_user(const struct accounts *, const char *text,
	    struct account *);
bool	accounts_group(const struct accounts *, const char *text, gid_t *);

/*
 * The groups of a user, gid first, into out.  Returns how many there are, which
 * may be more than max.
 */
size_t	accounts_groups(const struct accounts *, const char *user, gid_t gid,
	    gid_t *out, size_t max);

#endif
