/*
 * namespaces: which ones a worker has of its own, and how it gets them.
 *
 * Files, which take most of the work, are mounts' business.
 */
#ifndef TOLLGATE_NAMESPACES_H
#define TOLLGATE_NAMESPACES_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct function;

/* The CLONE_NEW... that its level and network come to; 0: none. */
uint64_t	namespaces_of(const struct function *);

/*
 * Without root: a user namespace, in which we may have the others.  Its one
 * user and group are the caller's own.  Called in it.  -1 with errno.
 */
int	namespaces_map_user(uid_t, gid_t);

/*
 * The caller's child goes on in these, as a child of the caller's parent, to
 * which the caller leaves it.  As fork(2).
 */
pid_t	namespaces_move(uint64_t flags);

/* 127.0.0.1 in a network namespace of our own.  -1 with errno. */
int	namespaces_loopback_up(void);
/* A TCP listener there; nobody else has that port.  -1 with errno. */
int	namespaces_listen(unsigned port);

#endif
