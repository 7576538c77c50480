/*
 * users: the users and groups of this machine, read in one sweep.
 *
 * Ten thousand getpwnam(3) take seconds; one walk through passwd and group,
 * sorted, takes milliseconds.
 */
#ifndef TOLLGATE_USERS_H
#define TOLLGATE_USERS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct users;

struct user {
	const char	*name;	/* borrowed from users, or from the query */
	uid_t		 uid;
	gid_t		 gid;	/* (gid_t)-1: a number without an entry */
};

struct users	*users_create(void);
void		 users_free(struct users *);

/* A user by name or number; a number need not have an entry. */
bool	users_find(const struct users *, const char *text,
	    struct user *);
bool	users_group(const struct users *, const char *text, gid_t *);

/*
 * The groups of a user, gid first, into out.  Returns how many there are, which
 * may be more than max.
 */
size_t	users_groups(const struct users *, const char *user, gid_t gid,
	    gid_t *out, size_t max);

#endif
