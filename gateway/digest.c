/*
 * digest: nettle's SHA-256 and HMAC.
 */
#include "digest.h"

#include <errno.h>
#include <nettle/hmac.h>
#include <nettle/memops.h>
#include <nettle/sha2.h>
#include <string.h>
#include <sys/random.h>

#include "log.h"
#include "mem.h"

struct digest_run {
	struct sha256_ctx	 sha;
};

void
digest_of(struct digest *out, const void *bytes, size_t len)
{
	struct sha256_ctx	 sha;

	sha256_init(&sha);
	sha256_update(&sha, len, bytes);
	sha256_digest(&sha, sizeof(out->bytes), out->bytes);
}

struct digest_run *
digest_begin(struct arena *arena)
{
	struct digest_run	*run = arena_alloc(arena, sizeof(*run));

	sha256_init(&run->sha);
	return run;
}

void
digest_add(struct digest_run *run, const void *bytes, size_t len)
{
	sha256_update(&run->sha, len, bytes);
}

void
digest_end(struct digest_run *run, struct digest *out)
{
	sha256_digest(&run->sha, sizeof(out->bytes), out->bytes);
}

bool
digest_is_equal(const struct digest *digest, const void *bytes)
{
	return memeql_sec(digest->bytes, bytes, sizeof(digest->bytes)) != 0;
}

void
digest_key_init(struct digest_key *key)
{
	while (getrandom(key->bytes, sizeof(key->bytes), 0) !=
	    (ssize_t)sizeof(key->bytes))
		if (errno != EINTR)
			fatal("getrandom");
}

/* Each with its NUL, which none holds within. */
void
digest_of_texts(struct digest *out, const struct digest_key *key,
    const char *const *texts, size_t count)
{
	struct hmac_sha256_ctx	 hmac;
	size_t			 i;

	hmac_sha256_set_key(&hmac, sizeof(key->bytes), key->bytes);
	for (i = 0; i < count; i++)
		hmac_sha256_update(&hmac, strlen(texts[i]) + 1,
		    (const uint8_t *)texts[i]);
	hmac_sha256_digest(&hmac, sizeof(out->bytes), out->bytes);
	explicit_bzero(&hmac, sizeof(hmac));
}
