/*
 * proofs: a hash table of fixed size; the oldest of a row makes room.
 */
#include "proofs.h"

#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "timer.h"

#define ROWS	1024		/* a power of 2 */
#define COLUMNS	4

struct proof {
	struct digest	 digest;
	uint64_t	 since_ms;	/* 0: free */
};

struct proofs {
	struct digest_key	 key;
	struct proof		 table[ROWS][COLUMNS];
};

struct proofs *
proofs_create(void)
{
	struct proofs	*p;

	p = xcalloc(1, sizeof(*p));
	digest_key_init(&p->key);
	return p;
}

void
proofs_free(struct proofs *p)
{
	free(p);
}

void
proofs_name(const struct proofs *p, struct digest *out, const char *file,
    const char *name, const char *hash, const char *password)
{
	const char	*texts[] = { file, name, hash, password };

	digest_of_texts(out, &p->key, texts, 4);
}

static size_t
row_of(const struct digest *digest)
{
	return (size_t)digest->bytes[0] << 8 | digest->bytes[1];
}

bool
proofs_has(const struct proofs *p, const struct digest *digest, uint64_t ms)
{
	const struct proof	*row = p->table[row_of(digest) & (ROWS - 1)];
	size_t			 i;

	for (i = 0; i < COLUMNS; i++)
		if (row[i].since_ms != 0 &&
		    digest_is_equal(digest, &row[i].digest))
			return timer_now() - row[i].since_ms < ms;
	return false;
}

void
proofs_add(struct proofs *p, const struct digest *digest)
{
	struct proof	*row = p->table[row_of(digest) & (ROWS - 1)];
	struct proof	*place = row;
	size_t		 i;

	for (i = 0; i < COLUMNS; i++) {
		if (digest_is_equal(digest, &row[i].digest)) {
			place = &row[i];
			break;
		}
		if (row[i].since_ms < place->since_ms)
			place = &row[i];
	}
	place->digest = *digest;
	place->since_ms = timer_now();
}
