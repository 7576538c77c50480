/*
 * room: shares among pools how many workers there may be, of all and of each
 * user, and how fast those may be started.
 */
#include "crew.h"

#include <inttypes.h>

#include "config.h"
#include "log.h"
#include "timer.h"

#define WARN_EVERY_MS	1000	/* of what may happen at each request */
#define NEVER		UINT64_MAX

void
room_init(struct room *room, enum room_kind kind, struct tenant *tenant)
{
	room->kind = kind;
	room->tenant = tenant;
	TAILQ_INIT(&room->lru);
	TAILQ_INIT(&room->starved);
}

/* --- what there is of it ------------------------------------------------ */

bool
room_is_full(const struct pools *ps, const struct room *room)
{
	return crew_all(room->counts) >= (room->tenant == NULL ?
	    ps->config->gateway.max_workers :
	    room->tenant->account->max_children);
}

/* Less may be allowed than was. */
bool
room_has_too_many(const struct room *room)
{
	return room->tenant != NULL && crew_all(room->counts) -
	    room->counts[PLACE_STOPPING] > room->tenant->account->max_children;
}

/* Until one more may be started, ends of others apart. */
static uint64_t
wait_ms(const struct pools *ps, const struct room *room)
{
	if (room_is_full(ps, room))
		return NEVER;
	return room->tenant != NULL ? tenant_start_wait_ms(room->tenant) : 0;
}

/* The user's own comes first: who may start none need not keep others out. */
static struct room *
find_closed(const struct pool *p)
{
	if (wait_ms(p->pools, &p->tenant->room) > 0)
		return &p->tenant->room;
	if (wait_ms(p->pools, &p->pools->room) > 0)
		return &p->pools->room;
	return NULL;
}

bool
room_is_wanted(const struct pool *p)
{
	return p->pools->room.starved_count > 0 ||
	    p->tenant->room.starved_count > 0;
}

/* --- who waits for it --------------------------------------------------- */

/* The least recently used idle workers leave, one for each pool in need. */
static void
evict(struct pools *ps, struct room *room)
{
	struct worker	*w, *next;

	if (!room_is_full(ps, room))
		return;
	for (w = TAILQ_FIRST(&room->lru); w != NULL; w = next) {
		if (room->counts[PLACE_STOPPING] >= room->starved_count)
			return;
		next = TAILQ_NEXT(w, in_lru[room->kind]);
		if (crew_can_spare(w->pool))
			crew_stop(w);
	}
}

/* Now and then, as it may be so for each request. */
static void
complain(const struct pool *p, struct room *room)
{
	char	 limit[POOL_LIMIT_LEN];

	if (timer_now() - room->warned_ms < WARN_EVERY_MS)
		return;
	room->warned_ms = timer_now();
	if (room->tenant == NULL)
		log_warning("%s: waits for a worker of another function to "
		    "end: max_workers = %" PRIu32 " reached", p->title,
		    p->pools->config->gateway.max_workers);
	else if (pool_account_limit(p, limit))
		log_warning("%s: waits for a worker: %s", p->title, limit);
}

void
room_forget(struct pool *p)
{
	struct room	*room = p->lacks;

	if (room == NULL)
		return;
	p->lacks = NULL;
	TAILQ_REMOVE(&room->starved, p, in_starved);
	if (--room->starved_count == 0)
		TAILQ_REMOVE(&p->pools->crowded, room, in_crowded);
}

static void
starve(struct pool *p, struct room *room)
{
	if (p->lacks != room) {
		room_forget(p);
		p->lacks = room;
		TAILQ_INSERT_TAIL(&room->starved, p, in_starved);
		if (room->starved_count++ == 0)
			TAILQ_INSERT_TAIL(&p->pools->crowded, room,
			    in_crowded);
	}
	evict(p->pools, room);
	if (room->counts[PLACE_STOPPING] == 0)
		complain(p, room);
	timer_soon(p->pools->start_time);
}

void
room_start_needed(struct pool *p)
{
	struct room	*room;

	if (p->probe != NULL && p->probe->has_served)
		crew_recover(p);
	while (crew_needs_start(p) && crew_can_start(p)) {
		if ((room = find_closed(p)) == NULL) {
			crew_start(p);
			continue;
		}
		if (crew_wants_reserve(p))
			break;	/* nobody has to make room for that */
		starve(p, room);
		return;
	}
	room_forget(p);
}

static void
share(struct pools *ps, struct room *room)
{
	struct pool	*p;

	while ((p = TAILQ_FIRST(&room->starved)) != NULL &&
	    wait_ms(ps, room) == 0) {
		room_forget(p);		/* its next turn is after the others */
		room_start_needed(p);
	}
	evict(ps, room);
}

void
room_share(struct pools *ps)
{
	struct room	*room, *next;
	uint64_t	 least = NEVER, ms;

	for (room = TAILQ_FIRST(&ps->crowded); room != NULL; room = next) {
		next = TAILQ_NEXT(room, in_crowded);
		share(ps, room);
	}
	TAILQ_FOREACH(room, &ps->crowded, in_crowded)
		if ((ms = wait_ms(ps, room)) < least)
			least = ms;
	if (least != NEVER)
		timer_start(ps->start_time, least);
	else
		timer_stop(ps->start_time);
}

void
room_on_start_time(void *arg)
{
	room_share(arg);
}
