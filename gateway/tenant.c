/*
 * tenant: a table of users, and the rates that their accounts set.
 *
 * One that nobody refers to stays until its buckets are full: else its rates
 * would begin anew whenever its last worker has left.
 */
#include "tenant.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "config.h"
#include "log.h"
#include "mem.h"
#include "timer.h"

#define BUCKETS		1024	/* by uid; a power of 2 */
#define COMPLAIN_MS	1000

LIST_HEAD(tenant_list, tenant);
TAILQ_HEAD(tenant_queue, tenant);

struct tenants {
	const struct config	*config;	/* NULL: none yet */
	struct account		 unlimited;
	struct tenant_list	 table[BUCKETS];
	struct tenant_queue	 left;		/* nobody's, longest first */
};

static struct tenant_list *
bucket_of(struct tenants *ts, uid_t uid)
{
	return &ts->table[uid & (BUCKETS - 1)];
}

static const struct account *
account_of(const struct tenants *ts, uid_t uid)
{
	if (ts->config == NULL || uid == TENANT_UNKNOWN)
		return &ts->unlimited;
	return config_account(ts->config, uid);
}

struct tenants *
tenants_create(void)
{
	struct tenants	*ts;
	size_t		 i;

	ts = xcalloc(1, sizeof(*ts));
	config_default_account(&ts->unlimited);
	for (i = 0; i < BUCKETS; i++)
		LIST_INIT(&ts->table[i]);
	TAILQ_INIT(&ts->left);
	return ts;
}

static struct quota
start_quota(const struct tenant *t)
{
	return (struct quota){ t->account->start_rate,
	    t->account->start_burst };
}

static struct quota
log_quota(const struct tenant *t)
{
	return (struct quota){ t->account->log_rate, t->account->log_burst };
}

static bool
is_at_rest(struct tenant *t)
{
	struct quota	 starts = start_quota(t), log = log_quota(t);
	uint64_t	 now = timer_now();

	return bucket_is_full(&t->starts, &starts, now) &&
	    bucket_is_full(&t->log, &log, now) && t->held_until_ms <= now;
}

static void
tenant_free(struct tenant *t)
{
	TAILQ_REMOVE(&t->all->left, t, in_left);
	LIST_REMOVE(t, in_bucket);
	free(t);
}

/* Those that left first, as far as they are at rest. */
static void
forget(struct tenants *ts)
{
	struct tenant	*t;

	while ((t = TAILQ_FIRST(&ts->left)) != NULL && is_at_rest(t))
		tenant_free(t);
}

void
tenants_free(struct tenants *ts)
{
	struct tenant	*t;

	if (ts == NULL)
		return;
	while ((t = TAILQ_FIRST(&ts->left)) != NULL)
		tenant_free(t);
	free(ts);
}

void
tenants_configure(struct tenants *ts, const struct config *config)
{
	struct tenant	*t;
	size_t		 i;

	ts->config = config;
	for (i = 0; i < BUCKETS; i++)
		LIST_FOREACH(t, &ts->table[i], in_bucket)
			t->account = account_of(ts, t->uid);
	forget(ts);
}

static struct tenant *
tenant_create(struct tenants *ts, uid_t uid)
{
	struct tenant	*t;

	t = xcalloc(1, sizeof(*t));
	t->all = ts;
	t->uid = uid;
	t->account = account_of(ts, uid);
	t->room.kind = ROOM_TENANT;
	t->room.tenant = t;
	TAILQ_INIT(&t->room.lru);
	TAILQ_INIT(&t->room.starved);
	LIST_INSERT_HEAD(bucket_of(ts, uid), t, in_bucket);
	TAILQ_INSERT_TAIL(&ts->left, t, in_left);
	return t;
}

struct tenant *
tenants_get(struct tenants *ts, uid_t uid)
{
	struct tenant	*t;

	LIST_FOREACH(t, bucket_of(ts, uid), in_bucket)
		if (t->uid == uid)
			return tenant_hold(t);
	forget(ts);
	return tenant_hold(tenant_create(ts, uid));
}

struct tenant *
tenant_hold(struct tenant *t)
{
	if (t->references++ == 0)
		TAILQ_REMOVE(&t->all->left, t, in_left);
	return t;
}

void
tenant_release(struct tenant *t)
{
	if (t == NULL)
		return;
	assert(t->references > 0);
	if (--t->references > 0)
		return;
	TAILQ_INSERT_TAIL(&t->all->left, t, in_left);
	forget(t->all);
}

uint64_t
tenant_start_wait_ms(struct tenant *t)
{
	struct quota	 quota = start_quota(t);
	uint64_t	 now = timer_now(), wait;

	wait = bucket_wait_ms(&t->starts, &quota, now);
	if (t->held_until_ms > now && t->held_until_ms - now > wait)
		wait = t->held_until_ms - now;
	return wait;
}

void
tenant_started(struct tenant *t)
{
	struct quota	 quota = start_quota(t);

	bucket_take(&t->starts, &quota, 1, timer_now());
}

void
tenant_hold_back(struct tenant *t, uint64_t ms)
{
	t->held_until_ms = timer_now() + ms;
}

bool
tenant_may_log(struct tenant *t)
{
	struct quota	 quota = log_quota(t);

	return bucket_has(&t->log, &quota, timer_now());
}

void
tenant_logged(struct tenant *t, size_t bytes)
{
	struct quota	 quota = log_quota(t);

	bucket_take(&t->log, &quota, bytes, timer_now());
}

const char *
tenant_name(const struct tenant *t, char out[TENANT_NAME_MAX])
{
	if (t->account->uid != TENANT_UNKNOWN)
		snprintf(out, TENANT_NAME_MAX, "account %s",
		    t->account->name);
	else
		snprintf(out, TENANT_NAME_MAX, "account %lu (%s)",
		    (unsigned long)t->uid, t->account->name);
	return out;
}

void
tenant_complain(struct tenant *t, enum tenant_complaint what,
    const char *format, ...)
{
	char		 words[400], left_out[64] = "", name[TENANT_NAME_MAX];
	uint64_t	 now = timer_now();
	va_list		 ap;

	if (t->told_ms[what] != 0 && now - t->told_ms[what] < COMPLAIN_MS) {
		t->untold[what]++;
		return;
	}
	va_start(ap, format);
	vsnprintf(words, sizeof(words), format, ap);
	va_end(ap);
	if (t->untold[what] > 0)
		snprintf(left_out, sizeof(left_out),
		    " (and %" PRIu64 " likewise since the last)",
		    t->untold[what]);
	log_warning("%s: %s%s", tenant_name(t, name), words, left_out);
	t->told_ms[what] = now;
	t->untold[what] = 0;
}
