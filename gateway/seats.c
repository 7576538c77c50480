/*
 * seats: a small hash table with open addressing, made anew when it is full.
 *
 * Who has no worker keeps his seat until the table is made anew and he could
 * have been forgotten at any rate there is.
 */
#include "seats.h"

#include <stdlib.h>
#include <string.h>

#include "account.h"
#include "mem.h"

#define FREE		((uid_t)-1)

static struct seat *
find(struct seat *table, uint32_t size, uid_t uid)
{
	/* Fibonacci's: numbers of users follow each other. */
	uint32_t	 i = uid * UINT32_C(2654435769) >> 7;

	while (table[i & (size - 1)].uid != uid &&
	    table[i & (size - 1)].uid != FREE)
		i++;
	return &table[i & (size - 1)];
}

static void
clear(struct seat *table, uint32_t size)
{
	uint32_t	 i;

	memset(table, 0, size * sizeof(*table));
	for (i = 0; i < size; i++)
		table[i].uid = FREE;
}

void
seats_init(struct seats *s)
{
	s->table = s->first;
	s->size = SEATS_FIRST;
	s->used = 0;
	clear(s->first, SEATS_FIRST);
}

void
seats_release(struct seats *s)
{
	if (s->table != s->first)
		free(s->table);
}

/* The lowest rate is one a second. */
static bool
is_needed(const struct seat *seat, uint64_t now_ms)
{
	const struct quota	 lowest = { 1, 1 };
	struct bucket		 copy = seat->starts;

	return seat->uid != FREE &&
	    (seat->count > 0 || !bucket_is_full(&copy, &lowest, now_ms));
}

/* Room for one more, and as many again as are needed. */
static void
make_anew(struct seats *s, uint64_t now_ms)
{
	struct seat	*old;
	uint32_t	 old_size = s->size, needed = 0, i;

	old = xreallocarray(NULL, old_size, sizeof(*old));
	memcpy(old, s->table, old_size * sizeof(*old));
	for (i = 0; i < old_size; i++)
		needed += is_needed(&old[i], now_ms);
	seats_release(s);
	s->table = s->first;
	for (s->size = SEATS_FIRST; s->size <= 2 * needed; )
		s->size *= 2;
	if (s->size > SEATS_FIRST)
		s->table = xreallocarray(NULL, s->size, sizeof(*s->table));
	clear(s->table, s->size);
	for (i = 0; i < old_size; i++)
		if (is_needed(&old[i], now_ms))
			*find(s->table, s->size, old[i].uid) = old[i];
	s->used = needed;
	free(old);
}

static struct quota
start_quota(const struct account *a)
{
	return (struct quota){ a->start_rate, a->start_burst };
}

const char *
seats_limit(struct seats *s, uid_t uid, const struct account *a,
    uint64_t now_ms)
{
	struct seat	*seat = find(s->table, s->size, uid);
	struct quota	 quota = start_quota(a);

	if (seat->count >= a->max_children)
		return "account.max_children";
	if (seat->uid != FREE && !bucket_has(&seat->starts, &quota, now_ms))
		return "account.start_rate";
	return NULL;
}

void
seats_take(struct seats *s, uid_t uid, const struct account *a,
    uint64_t now_ms)
{
	struct seat	*seat = find(s->table, s->size, uid);
	struct quota	 quota = start_quota(a);

	if (seat->uid == FREE) {
		if (s->used >= s->size / 4 * 3) {
			make_anew(s, now_ms);
			seat = find(s->table, s->size, uid);
		}
		seat->uid = uid;
		s->used++;
	}
	seat->count++;
	bucket_take(&seat->starts, &quota, 1, now_ms);
}

void
seats_give_back(struct seats *s, uid_t uid)
{
	find(s->table, s->size, uid)->count--;
}

uint32_t
seats_count(const struct seats *s, uid_t uid)
{
	return find(s->table, s->size, uid)->count;
}
