/*
 * pools: all pools: where they are found, and what a new load means to them.
 *
 * What may not happen inside a caller's call - waiters hear of their workers,
 * workers are started and stopped in consequence of a return - is done in
 * on_due, in the same turn of the loop.
 */
#include "pool.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "crew.h"
#include "log.h"
#include "mem.h"
#include "settings.h"
#include "timer.h"

/* --- pools come and go -------------------------------------------------- */

/* FNV-1a over the final NULs too, so that no two texts run together. */
static uint64_t
hash_text(uint64_t hash, const char *text)
{
	do
		hash = (hash ^ (uint8_t)*text) * 0x100000001b3;
	while (*text++ != '\0');
	return hash;
}

static struct pool_list *
find_bucket(struct pools *ps, const struct function *fn,
    const char *const *captures)
{
	uint64_t	 hash;
	size_t		 i;

	hash = hash_text(0xcbf29ce484222325, fn->name);
	for (i = 0; i < fn->captures.count; i++)
		hash = hash_text(hash, captures[i]);
	return &ps->buckets[(hash ^ hash >> 32) & (POOL_BUCKETS - 1)];
}

static bool
is_pool_of(const struct pool *p, const struct function *fn,
    const char *const *captures)
{
	size_t	 i;

	if (p->capture_count != fn->captures.count ||
	    strcmp(p->fn->name, fn->name) != 0)
		return false;
	for (i = 0; i < p->capture_count; i++)
		if (strcmp(p->captures[i], captures[i]) != 0)
			return false;
	return true;
}

/* "name", or of a template "name/capture/capture", and each capture. */
static void
fill_text(struct pool *p, const char *const *captures)
{
	char	*end;
	size_t	 i;

	p->title = p->text;
	end = stpcpy(p->text, p->fn->name);
	for (i = 0; i < p->capture_count; i++) {
		end = stpcpy(end, "/");
		end = stpcpy(end, captures[i]);
	}
	for (i = 0; i < p->capture_count; i++) {
		p->captures[i] = ++end;
		end = stpcpy(end, captures[i]);
	}
}

static void
set_function(struct pool *p, struct function *fn)
{
	struct function	*old = p->fn;

	p->fn = function_hold(fn);
	p->protocol = p->pools->setup.find_protocol(fn->protocol->name);
	assert(p->protocol != NULL);
	function_release(old);
}

/* A template's is known once a worker of it stands, and stays so. */
static void
set_tenant(struct pool *p)
{
	struct tenants	*all = p->pools->setup.tenants;
	struct tenant	*t;

	if (p->tenant == NULL) {
		p->tenant = tenants_get(all, p->fn->uid);
		return;
	}
	if (p->fn->uid == TENANT_UNKNOWN)
		return;
	t = tenants_get(all, p->fn->uid);
	crew_set_tenant(p, t);
	tenant_release(t);
}

static struct pool *
pool_create(struct pools *ps, struct function *fn, const char *const *captures)
{
	struct pool	*p;
	size_t		 i, len = strlen(fn->name) + 1;

	for (i = 0; i < fn->captures.count; i++)
		len += 2 * (strlen(captures[i]) + 1);
	p = xcalloc(1, sizeof(*p) + len);
	p->pools = ps;
	set_function(p, fn);
	set_tenant(p);
	p->capture_count = fn->captures.count;
	fill_text(p, captures);
	TAILQ_INIT(&p->workers);
	TAILQ_INIT(&p->idle);
	TAILQ_INIT(&p->shared);
	TAILQ_INIT(&p->tickets);
	p->idle_timer = timer_new(crew_on_idle_time, p);
	p->retry = timer_new(crew_on_retry, p);
	p->refill = timer_new(crew_on_refill, p);
	LIST_INSERT_HEAD(find_bucket(ps, fn, captures), p, in_bucket);
	TAILQ_INSERT_TAIL(&ps->all, p, in_all);
	return p;
}

static void
pool_free(struct pool *p)
{
	struct ticket	*t;

	while ((t = TAILQ_FIRST(&p->tickets)) != NULL)
		ticket_free(t);
	room_forget(p);
	if (p->is_due)
		TAILQ_REMOVE(&p->pools->due, p, in_due);
	LIST_REMOVE(p, in_bucket);
	TAILQ_REMOVE(&p->pools->all, p, in_all);
	timer_free(p->idle_timer);
	timer_free(p->retry);
	timer_free(p->refill);
	tenant_release(p->tenant);
	function_release(p->fn);
	free(p);
}

static struct pool *
find_or_create(struct pools *ps, struct function *fn,
    const char *const *captures)
{
	struct pool	*p;

	LIST_FOREACH(p, find_bucket(ps, fn, captures), in_bucket)
		if (is_pool_of(p, fn, captures))
			return p;
	return pool_create(ps, fn, captures);
}

struct pool *
pools_get(struct pools *ps, struct function *fn, const char *const *captures)
{
	struct pool	*p = find_or_create(ps, fn, captures);

	p->references++;
	return p;
}

void
pool_release(struct pool *p)
{
	if (p == NULL || --p->references > 0)
		return;
	if (p->is_gone || p->fn->is_template)
		pools_due(p);	/* which frees it, if it is useless now */
}

/* Those of templates, and of functions that are gone, end with their use. */
static bool
is_useless(const struct pool *p)
{
	return (p->is_gone || p->fn->is_template) && p->references == 0 &&
	    TAILQ_EMPTY(&p->workers) && !crew_is_backing_off(p);
}

/* --- what is due -------------------------------------------------------- */

void
pools_due(struct pool *p)
{
	if (p->is_due)
		return;
	p->is_due = true;
	TAILQ_INSERT_TAIL(&p->pools->due, p, in_due);
	timer_soon(p->pools->run_due);
}

static void
on_due(void *arg)
{
	struct pools	*ps = arg;
	struct pool	*p;
	struct ticket	*t;

	while ((p = TAILQ_FIRST(&ps->due)) != NULL) {
		TAILQ_REMOVE(&ps->due, p, in_due);
		p->is_due = false;
		pool_serve_waiting(p);
		while ((t = TAILQ_FIRST(&ps->refused)) != NULL)
			ticket_tell(t, NULL);
		crew_stop_surplus(p);
		room_start_needed(p);
		if (is_useless(p) && !p->is_due)
			pool_free(p);
	}
	room_share(ps);
}

/* --- a load ------------------------------------------------------------- */

static int
compare_name(const void *name, const void *slot)
{
	const struct function	*const *fn = slot;

	return strcmp(name, (*fn)->name);
}

/* config's functions are in byte order of their names. */
static struct function *
find_function(const struct config *config, const char *name)
{
	struct function	**slot;

	slot = bsearch(name, config->functions, config->count,
	    sizeof(*config->functions), compare_name);
	return slot != NULL ? *slot : NULL;
}

static void
pool_configure(struct pool *p, const struct config *config)
{
	struct function	*fn = find_function(config, p->fn->name);
	struct worker	*w;

	pools_due(p);
	p->is_gone = fn == NULL || fn->captures.count != p->capture_count;
	if (p->is_gone)
		return;
	if (fn->process_digest != p->fn->process_digest)
		crew_recover(p);	/* another program, another chance */
	set_function(p, fn);
	set_tenant(p);
	TAILQ_FOREACH(w, &p->workers, in_pool)
		if (w->function->process_digest != fn->process_digest)
			crew_retire(w);
	if (!TAILQ_EMPTY(&p->idle))
		timer_start(p->idle_timer, fn->process_idle_timeout_ms);
}

void
pools_configure(struct pools *ps, const struct config *config)
{
	struct pool	*p;
	struct function	*fn;
	size_t		 i;

	ps->config = config;
	TAILQ_FOREACH(p, &ps->all, in_all)
		pool_configure(p, config);
	for (i = 0; i < config->count; i++) {
		fn = config->functions[i];
		if (fn->min_children > 0 && fn->captures.count == 0)
			pools_due(find_or_create(ps, fn, NULL));
	}
	timer_soon(ps->run_due);	/* there may be more room now */
}

void
pools_drain(struct pools *ps)
{
	struct pool	*p;

	ps->is_draining = true;
	TAILQ_FOREACH(p, &ps->all, in_all)
		pools_due(p);
}

/* --- all ---------------------------------------------------------------- */

struct pools *
pools_create(const struct pools_setup *setup)
{
	struct pools	*ps;
	size_t		 i;

	ps = xcalloc(1, sizeof(*ps));
	ps->setup = *setup;
	for (i = 0; i < POOL_BUCKETS; i++)
		LIST_INIT(&ps->buckets[i]);
	TAILQ_INIT(&ps->all);
	room_init(&ps->room, ROOM_ALL, NULL);
	TAILQ_INIT(&ps->crowded);
	TAILQ_INIT(&ps->due);
	TAILQ_INIT(&ps->refused);
	ps->run_due = timer_new(on_due, ps);
	ps->start_time = timer_new(room_on_start_time, ps);
	return ps;
}

void
pools_free(struct pools *ps)
{
	struct pool	*p;
	struct ticket	*t;

	if (ps == NULL)
		return;
	while ((t = TAILQ_FIRST(&ps->refused)) != NULL)
		ticket_free(t);
	while ((p = TAILQ_FIRST(&ps->all)) != NULL)
		pool_free(p);
	timer_free(ps->run_due);
	timer_free(ps->start_time);
	free(ps);
}

void
pools_close_accounts(struct pools *ps)
{
	struct pool	*p;
	struct worker	*w;

	TAILQ_FOREACH(p, &ps->all, in_all)
		TAILQ_FOREACH(w, &p->workers, in_pool)
			ps->setup.on_worker_gone(ps->setup.arg, w);
}

size_t
pools_lent(const struct pools *ps)
{
	return ps->lent;
}

size_t
pools_waiting(const struct pools *ps)
{
	return ps->waiting;
}
