/*
 * failures: how often logins from an address have failed lately.
 *
 * A table of fixed size, so that no number of addresses takes more memory: who
 * has not failed for longest is forgotten first.  Of IPv6 a /64 counts as one.
 */
#ifndef TOLLGATE_FAILURES_H
#define TOLLGATE_FAILURES_H

#include <stddef.h>
#include <stdint.h>

struct failures;

struct failures	*failures_create(void);
void		 failures_free(struct failures *);	/* NULL is fine */

/*
 * Logins for what (an auth_file) from an address, as the front says it.  How
 * many seconds it must wait, as limit of them have failed within a minute; 0:
 * it may try.  limit 0: it always may.
 */
uint64_t	failures_wait_s(struct failures *, const char *what,
		    const char *address, size_t len, uint32_t limit);
/* One has failed, or is being tried; that one did not fail. */
void		failures_count(struct failures *, const char *what,
		    const char *address, size_t len);
void		failures_undo(struct failures *, const char *what,
		    const char *address, size_t len);

#endif
