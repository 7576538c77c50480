/*
 * failures: a hash table of rows that are looked through.
 */
#include "failures.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "digest.h"
#include "mem.h"
#include "netmask.h"
#include "timer.h"

#define ROWS		2048		/* a power of 2 */
#define COLUMNS		4		/* addresses of one row */
#define MINUTE_MS	60000
#define TEXT_MAX	(INET6_ADDRSTRLEN + 4)

struct failure {
	uint64_t	 who;		/* a digest's first bytes; 0: free */
	uint64_t	 since_ms;	/* of the first that is counted */
	uint32_t	 count;
};

struct failures {
	struct digest_key	 key;
	uint64_t		 last_ms;	/* when one was counted */
	struct failure		 table[ROWS][COLUMNS];
};

struct failures *
failures_create(void)
{
	struct failures	*f;

	f = xcalloc(1, sizeof(*f));
	digest_key_init(&f->key);
	return f;
}

void
failures_free(struct failures *f)
{
	free(f);
}

/* The network of one subscriber, in words; what is no address is one. */
static void
name_network(char out[TEXT_MAX], const char *address, size_t len)
{
	struct ip	 ip;

	memset(&ip, 0, sizeof(ip));
	if (ip_parse(address, len, &ip) && !ip_is_ipv4(&ip))
		memset(ip.bytes + 8, 0, 8);
	inet_ntop(AF_INET6, ip.bytes, out, TEXT_MAX);
}

static uint64_t
identify(const struct failures *f, const char *what, const char *address,
    size_t len)
{
	char		 network[TEXT_MAX];
	const char	*texts[] = { what, network };
	struct digest	 digest;
	uint64_t	 who;

	name_network(network, address, len);
	digest_of_texts(&digest, &f->key, texts, 2);
	memcpy(&who, digest.bytes, sizeof(who));
	return who | 1;
}

/* Its place, or NULL. */
static struct failure *
find(struct failures *f, uint64_t who)
{
	struct failure	*row = f->table[who >> 1 & (ROWS - 1)];
	size_t		 i;

	for (i = 0; i < COLUMNS; i++)
		if (row[i].who == who)
			return &row[i];
	return NULL;
}

/* A free place, or that of whoever began to fail longest ago. */
static struct failure *
take_place(struct failures *f, uint64_t who)
{
	struct failure	*row = f->table[who >> 1 & (ROWS - 1)], *oldest = row;
	size_t		 i;

	for (i = 0; i < COLUMNS; i++) {
		if (row[i].who == 0)
			return &row[i];
		if (row[i].since_ms < oldest->since_ms)
			oldest = &row[i];
	}
	return oldest;
}

uint64_t
failures_wait_s(struct failures *f, const char *what, const char *address,
    size_t len, uint32_t limit)
{
	const struct failure	*one;
	uint64_t		 now = timer_now();

	/* Mostly nobody fails, and nobody need be looked for. */
	if (limit == 0 || f->last_ms == 0 || now - f->last_ms >= MINUTE_MS)
		return 0;
	one = find(f, identify(f, what, address, len));
	if (one == NULL || one->count < limit ||
	    now - one->since_ms >= MINUTE_MS)
		return 0;
	return (MINUTE_MS - (now - one->since_ms) + 999) / 1000;
}

void
failures_count(struct failures *f, const char *what, const char *address,
    size_t len)
{
	struct failure	*one;
	uint64_t	 who = identify(f, what, address, len);

	f->last_ms = timer_now();
	one = find(f, who);
	if (one == NULL || f->last_ms - one->since_ms >= MINUTE_MS) {
		if (one == NULL)
			one = take_place(f, who);
		*one = (struct failure){ who, f->last_ms, 0 };
	}
	one->count++;
}

void
failures_undo(struct failures *f, const char *what, const char *address,
    size_t len)
{
	struct failure	*one = find(f, identify(f, what, address, len));

	if (one != NULL && one->count > 0)
		one->count--;
}
