/*
 * children: the workers' processes, as the spawner sees them.
 *
 * Forks them on the gateway's word and as the configuration says, answers with
 * STARTED or REFUSED once that is known, signals them, and reports their end.
 * No message of the gateway's names anything but a worker it has asked for.
 */
#ifndef TOLLGATE_CHILDREN_H
#define TOLLGATE_CHILDREN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "message.h"

struct cgroups;
struct channel;
struct children;
struct kit;
struct load;
struct orphan;

/*
 * workers: the folder of their sockets.  Each has its group in cgroups (NULL:
 * none has), and is confined by what is in kit.  Nothing is owned.
 */
struct children	*children_create(int epoll, int workers,
		    const struct cgroups *, const struct kit *);
void		 children_free(struct children *);

/*
 * A load is in force, as long as it is not another: hold users and their groups
 * to its accounts.
 */
void	children_configure(struct children *, const struct load *);

/* A gateway is there; NULL: it hears of nothing more. */
void	children_serve(struct children *, struct channel *);
/* It is no more: kill all workers; nobody hears of their ends. */
void	children_abandon(struct children *);

/* START; load is of the generation that it names, NULL if there is none. */
void	children_start(struct children *, const struct message_start *,
	    const struct load *);
/* SIGNAL and FREEZE.  What is dead already is fine. */
void	children_signal(struct children *, uint64_t worker, int sig);
void	children_freeze(struct children *, uint64_t worker, bool on);
/* TERM every one, frozen or not; at_once: KILL. */
void	children_end_all(struct children *, bool at_once);

/*
 * The child pid is dead: if it is a worker, kill what it leaves, reap it,
 * report it.
 * False if it is not; then it is not reaped.
 */
bool	children_ended(struct children *, pid_t);
bool	children_has(const struct children *, pid_t);
/* Does that process belong to a worker that lives? */
bool	children_owns(struct children *, const struct orphan *);
size_t	children_count(const struct children *);

/* Some do not come to stand in time: when to look, UINT64_MAX: never. */
uint64_t	children_deadline(const struct children *);
void		children_check(struct children *);

#endif
