/*
 * graves: groups of workers that have ended, until the last process in each is
 * dead and it can be removed.
 */
#ifndef TOLLGATE_GRAVES_H
#define TOLLGATE_GRAVES_H

struct graves;
struct leaf;

struct graves	*graves_create(int epoll);
/* What is not empty yet stays. */
void		 graves_free(struct graves *);

/* Remove a leaf all of whose processes have been killed: now, or later. */
void		 graves_add(struct graves *, const struct leaf *);

#endif
