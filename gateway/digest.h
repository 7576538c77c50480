/*
 * digest: hashes that stand for secrets.
 */
#ifndef TOLLGATE_DIGEST_H
#define TOLLGATE_DIGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DIGEST_LEN	32

struct digest {
	uint8_t	 bytes[DIGEST_LEN];
};

/* SHA-256, which is for keys that nobody can guess. */
void	digest_of(struct digest *, const void *bytes, size_t len);

/* The same of bytes that come in pieces; the run is the arena's. */
struct arena;
struct digest_run;
struct digest_run	*digest_begin(struct arena *);
void			 digest_add(struct digest_run *, const void *, size_t);
void			 digest_end(struct digest_run *, struct digest *);

/* In a time that does not depend on where they differ. */
bool	digest_is_equal(const struct digest *, const void *bytes);

/* HMAC-SHA-256 with a key of this process's own: of no use outside it. */
struct digest_key {
	uint8_t	 bytes[DIGEST_LEN];
};

void	digest_key_init(struct digest_key *);
/* Of texts, which do not run into each other. */
void	digest_of_texts(struct digest *, const struct digest_key *,
	    const char *const *texts, size_t count);

#endif
