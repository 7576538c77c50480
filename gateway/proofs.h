/*
 * proofs: passwords that have been found right a moment ago.
 *
 * Checking one takes milliseconds, on purpose; a browser sends it with each
 * request.  What is kept is no password but a keyed digest of all that it was
 * right for - file, name, stored hash -, so a change of any of these needs
 * another proof.
 */
#ifndef TOLLGATE_PROOFS_H
#define TOLLGATE_PROOFS_H

#include <stdbool.h>
#include <stdint.h>

#include "digest.h"

struct proofs;

struct proofs	*proofs_create(void);
void		 proofs_free(struct proofs *);	/* NULL is fine */

/* What one would be kept as. */
void	proofs_name(const struct proofs *, struct digest *, const char *file,
	    const char *name, const char *hash, const char *password);

/* Was it found right less than ms ago? */
bool	proofs_has(const struct proofs *, const struct digest *, uint64_t ms);
/* It has been found right just now. */
void	proofs_add(struct proofs *, const struct digest *);

#endif
