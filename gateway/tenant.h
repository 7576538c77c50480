/*
 * tenant: what the functions of one user take together, and what they may.
 *
 * Pools, workers and logs of one uid share a tenant, which knows the account
 * that the load in force has for it.  It counts; whoever starts, queues or
 * writes asks it first.
 */
#ifndef TOLLGATE_TENANT_H
#define TOLLGATE_TENANT_H

#include <sys/queue.h>
#include <sys/types.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "account.h"
#include "bucket.h"
#include "room.h"

struct config;
struct tenants;

enum tenant_complaint {		/* once a second each, at most */
	COMPLAINT_QUEUE = 0,	/* a request is refused */
	COMPLAINT_LATE,		/* it waited in vain */
	COMPLAINT_START,	/* the spawner starts no worker */
	COMPLAINTS		/* how many there are; keep last */
};

#define TENANT_UNKNOWN	((uid_t)-1)	/* of a template, until it is found */
#define TENANT_NAME_MAX	(ACCOUNT_NAME_MAX + 32)

struct tenant {
	struct tenants		*all;
	uid_t			 uid;
	unsigned		 references;
	const struct account	*account;	/* its own, or all others' */
	struct room		 room;		/* its workers: the pools' */
	size_t			 waiting;	/* requests, likewise */
	unsigned		 starting;	/* STARTs without an answer */
	uint64_t		 held_until_ms;	/* no start before */
	struct bucket		 starts;
	struct bucket		 log;		/* bytes */
	uint64_t		 told_ms[COMPLAINTS];
	uint64_t		 untold[COMPLAINTS];	/* since then */
	LIST_ENTRY(tenant)	 in_bucket;
	TAILQ_ENTRY(tenant)	 in_left;	/* while nobody refers to it */
};

struct tenants	*tenants_create(void);
/* Nobody refers to one any more.  NULL is fine. */
void		 tenants_free(struct tenants *);
/* A load is in force; config is borrowed until the next call. */
void		 tenants_configure(struct tenants *, const struct config *);

/* That of uid, for tenant_release; TENANT_UNKNOWN's has no limits. */
struct tenant	*tenants_get(struct tenants *, uid_t uid);
struct tenant	*tenant_hold(struct tenant *);
void		 tenant_release(struct tenant *);	/* NULL is fine */

/* Milliseconds until start_rate lets it start a worker; it has started one. */
uint64_t	tenant_start_wait_ms(struct tenant *);
void		tenant_started(struct tenant *);
/* None for so long, whatever its account says: the spawner would refuse it. */
void		tenant_hold_back(struct tenant *, uint64_t ms);

/* May its functions write to their logs?  They have, so many bytes. */
bool	tenant_may_log(struct tenant *);
void	tenant_logged(struct tenant *, size_t bytes);

/* "account alice", "account 1001 (default)", as the log calls it. */
const char	*tenant_name(const struct tenant *, char out[TENANT_NAME_MAX]);
/*
 * Warn "account alice: ...", once a second at most: the next says how many were
 * left out.
 */
void	tenant_complain(struct tenant *, enum tenant_complaint,
	    const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
