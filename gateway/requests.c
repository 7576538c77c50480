/*
 * requests: all of them together: whose turn it is, what is handed on from one
 * to the next, ids and clocks.
 */
#include "walk.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "mem.h"
#include "timer.h"
#include "worker.h"

#define ARENA_CHUNK	4096	/* holds the parameters of most requests */
#define RANDOM_BYTES	4096	/* for ids, fetched at a time */
#define SPARES_MAX	64	/* requests that are kept for the next */

TAILQ_HEAD(request_queue, request);

struct requests {
	struct request_queue	 run_queue;
	struct request_queue	 all;
	struct request_queue	 spares;	/* nobody's: arena and timers */
	size_t			 spare_count;
	struct timer		*run;
	size_t			 count;
	void			(*on_none)(void *);
	void			*arg;
	uint8_t			 random[RANDOM_BYTES];
	size_t			 random_left;
};

/* --- objects ------------------------------------------------------------ */

/*
 * One that is zero but for its arena and timers, which are dear to make: they
 * are handed on from request to request.
 */
static struct request *
take_spare(struct requests *rs)
{
	struct request	*r;

	if ((r = TAILQ_FIRST(&rs->spares)) != NULL) {
		TAILQ_REMOVE(&rs->spares, r, in_all);
		rs->spare_count--;
		return r;
	}
	r = xcalloc(1, sizeof(*r));
	r->arena = arena_create(ARENA_CHUNK);
	r->deadline = timer_new(request_on_deadline, r);
	r->silence = timer_new(request_on_silence, r);
	return r;
}

static void
spare_free(struct request *r)
{
	timer_free(r->deadline);
	timer_free(r->silence);
	arena_free(r->arena);
	free(r);
}

static void
keep_spare(struct requests *rs, struct request *r)
{
	struct timer	*deadline = r->deadline, *silence = r->silence;
	struct arena	*arena = r->arena;

	if (rs->spare_count == SPARES_MAX) {
		spare_free(r);
		return;
	}
	timer_stop(deadline);
	timer_stop(silence);
	arena_reset(arena);
	memset(r, 0, sizeof(*r));
	r->deadline = deadline;
	r->silence = silence;
	r->arena = arena;
	TAILQ_INSERT_HEAD(&rs->spares, r, in_all);
	rs->spare_count++;
}

struct request *
requests_take(struct requests *rs)
{
	struct request	*r = take_spare(rs);

	TAILQ_INSERT_TAIL(&rs->all, r, in_all);
	rs->count++;
	return r;
}

void
requests_return(struct request *r)
{
	struct requests	*rs = r->services->requests;

	if (r->is_queued)
		TAILQ_REMOVE(&rs->run_queue, r, in_run_queue);
	TAILQ_REMOVE(&rs->all, r, in_all);
	keep_spare(rs, r);
	rs->count--;
	if (rs->count == 0 && rs->on_none != NULL)
		rs->on_none(rs->arg);
}

/* --- the run queue ------------------------------------------------------ */

static void
on_run(void *arg)
{
	struct requests	*rs = arg;
	struct request	*r;

	while ((r = TAILQ_FIRST(&rs->run_queue)) != NULL) {
		TAILQ_REMOVE(&rs->run_queue, r, in_run_queue);
		r->is_queued = false;
		request_run(r);
	}
}

void
request_soon(struct request *r)
{
	struct requests	*rs = r->services->requests;

	/* Whatever it is that r has to see to, what it wrote came before. */
	if (r->worker != NULL)
		worker_heard(r->worker);
	if (r->is_queued)
		return;
	r->is_queued = true;
	if (TAILQ_EMPTY(&rs->run_queue))
		timer_soon(rs->run);
	TAILQ_INSERT_TAIL(&rs->run_queue, r, in_run_queue);
}

struct requests *
requests_create(void)
{
	struct requests	*rs;

	rs = xcalloc(1, sizeof(*rs));
	TAILQ_INIT(&rs->run_queue);
	TAILQ_INIT(&rs->all);
	TAILQ_INIT(&rs->spares);
	rs->run = timer_new(on_run, rs);
	return rs;
}

void
requests_free(struct requests *rs)
{
	struct request	*r;

	if (rs == NULL)
		return;
	rs->on_none = NULL;
	while ((r = TAILQ_FIRST(&rs->all)) != NULL)
		request_break_off(r);
	while ((r = TAILQ_FIRST(&rs->spares)) != NULL) {
		TAILQ_REMOVE(&rs->spares, r, in_all);
		spare_free(r);
	}
	timer_free(rs->run);
	free(rs);
}

size_t
requests_count(const struct requests *rs)
{
	return rs->count;
}

void
requests_on_none(struct requests *rs, void (*on_none)(void *), void *arg)
{
	rs->on_none = on_none;
	rs->arg = arg;
}

/* --- ids and clocks ----------------------------------------------------- */

static uint64_t
read_clock_us(clockid_t which)
{
	struct timespec	 now;

	clock_gettime(which, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

uint64_t
request_clock_us(void)
{
	return read_clock_us(CLOCK_MONOTONIC);
}

uint64_t
requests_time_us(void)
{
	return read_clock_us(CLOCK_REALTIME);
}

/* A random UUID (RFC 9562 section 5.4). */
void
requests_make_id(struct requests *rs, char out[37])
{
	static const char	 hex[] = "0123456789abcdef";
	const uint8_t		*bytes;
	uint8_t			 byte;
	size_t			 i;

	if (rs->random_left < 16) {
		while (getrandom(rs->random, RANDOM_BYTES, 0) != RANDOM_BYTES)
			continue;	/* interrupted before it was seeded */
		rs->random_left = RANDOM_BYTES;
	}
	rs->random_left -= 16;
	bytes = rs->random + rs->random_left;
	for (i = 0; i < 16; i++) {
		byte = bytes[i];
		if (i == 6)
			byte = (uint8_t)(0x40 | (byte & 0x0f));
		else if (i == 8)
			byte = (uint8_t)(0x80 | (byte & 0x3f));
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*out++ = '-';
		*out++ = hex[byte >> 4];
		*out++ = hex[byte & 0x0f];
	}
	*out = '\0';
}
