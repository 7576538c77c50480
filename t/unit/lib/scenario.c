/*
 * scenario: reads the words of a scenario and does what they say.
 */
#include "scenario.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "crew.h"
#include "mem.h"
#include "pool_fakes.h"
#include "settings.h"
#include "timer.h"

#define ROWS(table)	((int)(sizeof(table) / sizeof((table)[0])))
#define NAMES		"abcdt"
#define FUNCTIONS	(sizeof(NAMES) - 1)
#define ASKERS_MAX	64
#define ACCOUNTS	4
#define COLLECTED	99	/* not yet answered: it waits */

struct asker {
	struct pool	*pool;
	struct ticket	*ticket;
	struct worker	*worker;
	int		 answer;
	bool		 is_asking;	/* pool_ask has yet to return */
};

struct draft {			/* of a function, until it is loaded */
	unsigned	 max, min, idle, queue, slots, requests, digest;
	unsigned	 launch, freeze, gone, uid;
};

static const char	*title, *word;		/* for messages of failure */
static struct pools	*ps;
static struct tenants	*tenants;
static struct config	 config;
static struct account	 accounts[ACCOUNTS];	/* of uids 1 to ACCOUNTS */
static struct draft	 drafts[FUNCTIONS];
static struct asker	 askers[ASKERS_MAX];
static unsigned		 asker_count;
static unsigned		 gone_count;	/* on_worker_gone was called */
static bool		 is_obeying;
static bool		 is_holding_accounts;	/* no limit is ever passed */

#define CHECK(claim)	ck_assert_msg(claim, "%s: at '%s': %s", title, word, \
			    #claim)

/* --- configuration ------------------------------------------------------ */

static const struct {
	const char	*key;
	size_t		 offset;
	unsigned	 least;
} draft_keys[] = {
	{ "max",	offsetof(struct draft, max), 1 },
	{ "min",	offsetof(struct draft, min), 0 },
	{ "idle",	offsetof(struct draft, idle), 0 },
	{ "queue",	offsetof(struct draft, queue), 0 },
	{ "slots",	offsetof(struct draft, slots), 1 },
	{ "requests",	offsetof(struct draft, requests), 0 },
	{ "digest",	offsetof(struct draft, digest), 0 },
	{ "launch",	offsetof(struct draft, launch), 0 },
	{ "freeze",	offsetof(struct draft, freeze), 0 },
	{ "gone",	offsetof(struct draft, gone), 0 },
	{ "uid",	offsetof(struct draft, uid), 1 },
};

static void
set_key(char function, const char *key, unsigned value)
{
	struct draft	*d = &drafts[strchr(NAMES, function) - NAMES];
	int		 i;

	for (i = 0; i < ROWS(draft_keys); i++)
		if (strcmp(draft_keys[i].key, key) == 0) {
			memcpy((char *)d + draft_keys[i].offset, &value,
			    sizeof(value));
			return;
		}
	ck_abort_msg("%s: no such key: %s", title, key);
}

static const struct {
	const char	*key;
	size_t		 offset;
} account_keys[] = {
	{ "max",	offsetof(struct account, max_children) },
	{ "queue",	offsetof(struct account, queue_max) },
	{ "rate",	offsetof(struct account, start_rate) },
	{ "burst",	offsetof(struct account, start_burst) },
};

/* which: "u1" */
static void
set_account_key(const char *which, const char *key, uint64_t value)
{
	struct account	*a = &accounts[which[1] - '1'];
	int		 i;

	for (i = 0; i < ROWS(account_keys); i++)
		if (strcmp(account_keys[i].key, key) == 0) {
			memcpy((char *)a + account_keys[i].offset, &value,
			    sizeof(value));
			return;
		}
	ck_abort_msg("%s: no such key: %s", title, key);
}

static struct function *
make_function(size_t i, uint32_t number)
{
	static const char	*names[] = { "a", "b", "c", "d", "t" };
	static const char	*captures[] = { "user" };
	const struct draft	*d = &drafts[i];
	struct function		*fn = function_create();

	fn->name = names[i];
	fn->number = number;
	fn->process_digest = d->digest * 2 + d->launch;
	fn->protocol = protocol_settings_find(d->launch ? "cgi" : "fastcgi");
	fn->max_children = d->max;
	fn->min_children = d->min;
	fn->process_idle_timeout_ms = d->idle;
	fn->queue_max = d->queue;
	fn->concurrency = d->slots;
	fn->max_requests = d->requests;
	fn->freeze = d->freeze != 0;
	fn->uid = d->uid;
	if (NAMES[i] == 't') {
		fn->is_template = true;
		fn->uid = TENANT_UNKNOWN;
		fn->captures.words = captures;
		fn->captures.count = 1;
	}
	return fn;
}

static void
release_functions(struct function **functions, size_t count)
{
	while (count > 0)
		function_release(functions[--count]);
	free(functions);
}

static void
load(void)
{
	struct function	**old = config.functions;
	size_t		 i, old_count = config.count;

	config.generation++;
	config.functions = calloc(FUNCTIONS, sizeof(*config.functions));
	config.count = 0;
	for (i = 0; i < FUNCTIONS; i++)
		if (!drafts[i].gone) {
			config.functions[config.count] = make_function(i,
			    (uint32_t)config.count);
			config.count++;
		}
	tenants_configure(tenants, &config);
	pools_configure(ps, &config);
	release_functions(old, old_count);
}

static const struct protocol *
find_protocol(const char *name)
{
	static const char	 fastcgi, cgi;

	/* Never looked into, but it must be something. */
	return (const void *)(strcmp(name, "cgi") == 0 ? &cgi : &fastcgi);
}

static void
on_worker_gone(void *arg, struct worker *w)
{
	(void)arg;
	CHECK(w->state == WORKER_DEAD && w->lent == 0);
	gone_count++;
}

static void
set_up(void)
{
	struct pools_setup	 setup = {
		.find_protocol = find_protocol,
		.on_worker_gone = on_worker_gone,
	};
	size_t			 i;

	for (i = 0; i < FUNCTIONS; i++)
		drafts[i] = (struct draft){ .max = 2, .idle = 1000,
		    .queue = 100, .slots = 1, .uid = 1 };
	for (i = 0; i < ACCOUNTS; i++) {
		config_default_account(&accounts[i]);
		accounts[i].uid = (uid_t)i + 1;
	}
	config.accounts = accounts;
	config.account_count = ACCOUNTS;
	config_default_account(&config.others);
	config.gateway.max_workers = 100;
	config.gateway.start_backoff_ms = 1000;
	config.gateway.start_backoff_max_ms = 8000;
	is_obeying = true;
	setup.tenants = tenants = tenants_create();
	ps = pools_create(&setup);
}

/* --- requests ----------------------------------------------------------- */

static struct asker *
asker(const char *number)
{
	unsigned long	 n = strtoul(number, NULL, 10);

	CHECK(n >= 1 && n <= asker_count);
	return &askers[n - 1];
}

static struct asker *
new_asker(void)
{
	CHECK(asker_count < ASKERS_MAX);
	return &askers[asker_count++];
}

/* which: a, or t/CAPTURE; no pool if it is not configured. */
static void
admit(struct asker *a, const char *which)
{
	const char	*captures[1] = { which + 2 };
	size_t		 i;

	for (i = 0; i < config.count; i++)
		if (config.functions[i]->name[0] == which[0])
			break;
	if (i < config.count)
		a->pool = pools_get(ps, config.functions[i], captures);
}

static void
on_ready(void *arg, struct worker *w, enum pool_answer answer)
{
	struct asker	*a = arg;

	CHECK(!a->is_asking && a->worker == NULL && a->ticket != NULL);
	CHECK((w == NULL) == (answer != POOL_LENT));
	a->ticket = NULL;
	a->worker = w;
	a->answer = (int)answer;
}

/* As request does. */
static void
go(struct asker *a)
{
	enum pool_answer	 refused;

	a->answer = POOL_LENT;
	if (a->pool == NULL)
		return;
	if ((a->worker = pool_take(a->pool, "id")) != NULL)
		return;
	a->is_asking = true;
	a->ticket = pool_ask(a->pool, "id", on_ready, a, &refused);
	a->is_asking = false;
	a->answer = a->ticket != NULL ? COLLECTED : (int)refused;
}

static void
give_back(struct asker *a, enum worker_use use, bool has_read)
{
	struct worker	*w = a->worker;

	CHECK(w != NULL);
	if (has_read)
		w->has_served = true;
	a->worker = NULL;
	pool_return(w, use);
	pool_release(a->pool);
	a->pool = NULL;
}

static void
end_asker(struct asker *a)
{
	if (a->ticket != NULL)
		pool_cancel(a->ticket);
	a->ticket = NULL;
	if (a->worker != NULL)
		give_back(a, WORKER_REUSABLE, true);
	pool_release(a->pool);
	a->pool = NULL;
}

/* --- words -------------------------------------------------------------- */

static struct worker *
worker(const char *number)
{
	struct worker	*w;

	w = fake_worker((unsigned)strtoul(number, NULL, 10));
	CHECK(w != NULL);
	return w;
}

/* Let happen what happens by itself. */
static void
settle(void)
{
	do
		fake_time_pass(0);
	while (is_obeying && fake_obey());
}

static void
pass_time(uint64_t ms)
{
	uint64_t	 step;

	for (; ms > 0; ms -= step) {
		step = fake_time_left();
		if (step > ms)
			step = ms;
		fake_time_pass(step);
		settle();
	}
}

static void
refuse(const char *arg)
{
	static const char	*words[] = { "failed", "missing",
				    "distrusted", "capped" };
	const char		*why = strchr(arg, ':') + 1;
	unsigned		 i;

	for (i = 0; strcmp(words[i], why) != 0; i++)
		CHECK(i < 3);
	fake_refused(worker(arg), (enum refusal)i);
}

static const struct {
	const char	*verb;
	enum worker_use	 use;
	bool		 has_read;
} returns[] = {
	{ "back",	WORKER_REUSABLE,	true },
	{ "spent",	WORKER_SPENT,		true },
	{ "broken",	WORKER_BROKEN,		true },
	{ "drop",	WORKER_REUSABLE,	false },
	{ "abort",	WORKER_SPENT,		false },
	{ "nostart",	WORKER_NO_START,	false },
};

static bool
run_return(const char *verb, const char *arg)
{
	int	 i;

	for (i = 0; i < ROWS(returns); i++)
		if (strcmp(returns[i].verb, verb) == 0) {
			give_back(asker(arg), returns[i].use,
			    returns[i].has_read);
			return true;
		}
	return false;
}

static void
run_verb(const char *verb, const char *arg)
{
	if (strcmp(verb, "load") == 0)
		load();
	else if (strcmp(verb, "hold") == 0)
		is_obeying = false;
	else if (strcmp(verb, "obey") == 0)
		is_obeying = true;
	else if (strcmp(verb, "drain") == 0)
		pools_drain(ps);
	else if (strcmp(verb, "wait") == 0)
		pass_time(strtoul(arg, NULL, 10));
	else if (strcmp(verb, "admit") == 0)
		admit(new_asker(), arg);
	else if (strcmp(verb, "go") == 0)
		go(asker(arg));
	else if (strcmp(verb, "ask") == 0) {
		admit(new_asker(), arg);
		go(&askers[asker_count - 1]);
	} else if (strcmp(verb, "cancel") == 0)
		end_asker(asker(arg));
	else if (strcmp(verb, "read") == 0)
		asker(arg)->worker->has_served = true;
	else if (strcmp(verb, "stand") == 0)
		fake_stands(worker(arg));
	else if (strcmp(verb, "refuse") == 0)
		refuse(arg);
	else if (strcmp(verb, "die") == 0)
		fake_dies(worker(arg), 1);
	else if (strcmp(verb, "unheard") == 0)
		fake_dies_unheard(worker(arg), 1);
	else if (strcmp(verb, "kill") == 0)
		worker(arg)->state = WORKER_STOPPING;
	else if (!run_return(verb, arg))
		ck_abort_msg("%s: no such word: %s", title, verb);
}

/* --- what must be true -------------------------------------------------- */

static const char *
name_answer(const struct asker *a, char *out, size_t room)
{
	static const char	*names[] = {
		[POOL_LENT] = "nothing",
		[POOL_FULL] = "full",
		[POOL_ACCOUNT_FULL] = "accountfull",
		[POOL_BACKING_OFF] = "backoff",
		[POOL_START_FAILED] = "failed",
		[POOL_NOT_FOUND] = "missing",
		[POOL_NOT_TRUSTED] = "distrusted",
		[POOL_GONE] = "gone",
		[COLLECTED] = "waits",
	};

	if (a->worker == NULL)
		return names[a->answer];
	snprintf(out, room, "w%llu", (unsigned long long)a->worker->number);
	return out;
}

/* Of a function's workers: alive/idle/lent. */
static void
describe_workers(char function, char *out, size_t room)
{
	const struct worker	*w;
	unsigned		 i, alive = 0, idle = 0, lent = 0;

	for (i = 1; i <= fake_workers_started(); i++) {
		w = fake_worker(i);
		if (w == NULL || w->function->name[0] != function)
			continue;
		alive += w->state != WORKER_DEAD;
		idle += w->state == WORKER_IDLE;
		lent += w->lent > 0;
	}
	snprintf(out, room, "%u/%u/%u", alive, idle, lent);
}

static size_t
count_pools(void)
{
	const struct pool	*p;
	size_t			 n = 0;

	TAILQ_FOREACH(p, &ps->all, in_all)
		n++;
	return n;
}

static void
expect(const char *what, const char *want)
{
	char		 text[64];
	const char	*got = text;

	if (strcmp(what, "started") == 0)
		snprintf(text, sizeof(text), "%u", fake_workers_started());
	else if (strcmp(what, "pools") == 0)
		snprintf(text, sizeof(text), "%zu", count_pools());
	else if (strcmp(what, "waiting") == 0)
		snprintf(text, sizeof(text), "%zu", pools_waiting(ps));
	else if (strcmp(what, "backoff") == 0)
		snprintf(text, sizeof(text), "%llu", (unsigned long long)
		    pool_backoff_ms(TAILQ_FIRST(&ps->all)));
	else if (what[0] == 'w')
		got = worker(what + 1)->is_frozen ? "frozen" : "thawed";
	else if (strchr(NAMES, what[0]) != NULL)
		describe_workers(what[0], text, sizeof(text));
	else
		got = name_answer(asker(what), text, sizeof(text));
	ck_assert_msg(strcmp(got, want) == 0, "%s: at '%s': it is %s", title,
	    word, got);
}

/* Of max_requests an eighth at most is left to chance. */
static void
check_worker(const struct worker *w)
{
	uint32_t	 max = w->function->max_requests;

	if (max != 0 && w->function->protocol->way != WAY_LAUNCH)
		CHECK(w->served_max <= max && w->served_max >= max - max / 8);
	CHECK(w->pool->pools == ps);
}

/* Likewise of each user. */
static void
check_tenants(void)
{
	struct {
		size_t	 counts[PLACES], waiting;
	}			 sums[ACCOUNTS + 1] = { 0 }, *sum;
	struct tenant		*t;
	const struct pool	*p;
	int			 i;

	TAILQ_FOREACH(p, &ps->all, in_all) {
		CHECK(p->tenant->uid <= ACCOUNTS ||
		    p->tenant->uid == TENANT_UNKNOWN);
		sum = &sums[p->tenant->uid == TENANT_UNKNOWN ? 0 :
		    p->tenant->uid];
		for (i = 0; i < PLACES; i++)
			sum->counts[i] += p->counts[i];
		sum->waiting += p->waiting;
	}
	for (i = 0; i <= ACCOUNTS; i++) {
		t = tenants_get(tenants, i == 0 ? TENANT_UNKNOWN : (uid_t)i);
		CHECK(memcmp(t->room.counts, sums[i].counts,
		    sizeof(sums[i].counts)) == 0);
		CHECK(t->waiting == sums[i].waiting);
		if (i > 0 && is_holding_accounts)
			CHECK(crew_all(t->room.counts) <=
			    t->account->max_children);
		tenant_release(t);
	}
}

/* Counts are what there is; no limit is passed. */
static void
check_counts(void)
{
	size_t			 counts[PLACES], all[PLACES] = { 0 };
	size_t			 lent = 0, waiting = 0;
	const struct pool	*p;
	const struct worker	*w;
	const struct ticket	*t;
	int			 i;

	TAILQ_FOREACH(p, &ps->all, in_all) {
		memset(counts, 0, sizeof(counts));
		TAILQ_FOREACH(w, &p->workers, in_pool) {
			counts[w->place]++;
			lent += w->lent;
			check_worker(w);
		}
		TAILQ_FOREACH(t, &p->tickets, in_queue)
			waiting++;
		for (i = 0; i < PLACES; i++) {
			CHECK(counts[i] == p->counts[i]);
			all[i] += counts[i];
		}
		CHECK(pool_workers(p) == crew_all(counts));
	}
	CHECK(memcmp(all, ps->room.counts, sizeof(all)) == 0);
	CHECK(lent == pools_lent(ps) && waiting == pools_waiting(ps));
	CHECK(crew_all(all) <= config.gateway.max_workers);
	check_tenants();
}

static void
run_word(void)
{
	char	 text[64], *sign, *dot;

	snprintf(text, sizeof(text), "%s", word);
	if ((sign = strchr(text, '=')) == NULL) {
		if ((sign = strchr(text, ':')) != NULL)
			*sign++ = '\0';
		run_verb(text, sign);
		settle();
		check_counts();
		return;
	}
	*sign++ = '\0';
	if ((dot = strchr(text, '.')) == NULL)
		expect(text, sign);
	else if (strcmp(text, "gw.workers") == 0)
		config.gateway.max_workers = (uint32_t)strtoul(sign, NULL, 10);
	else if (text[0] == 'u')
		set_account_key(text, dot + 1, strtoull(sign, NULL, 10));
	else
		set_key(text[0], dot + 1, (unsigned)strtoul(sign, NULL, 10));
}

/* All is given back, and nothing is left. */
static void
tear_down(void)
{
	unsigned	 i;

	word = "the end";
	is_obeying = true;
	pools_drain(ps);
	for (i = 0; i < asker_count; i++) {
		end_asker(&askers[i]);
		settle();
	}
	settle();
	for (i = 1; i <= fake_workers_started(); i++)
		CHECK(fake_worker(i) == NULL || fake_worker(i)->lent > 0 ||
		    fake_worker(i)->place == PLACE_RETIRING);
	for (i = 1; i <= fake_workers_started(); i++)
		if (fake_worker(i) != NULL)
			fake_dies(fake_worker(i), 0);
	settle();
	check_counts();
	CHECK(gone_count == fake_workers_started());
	pools_free(ps);
	tenants_free(tenants);
	CHECK(fake_timers() == 0);
	release_functions(config.functions, config.count);
}

void
scenario_run(const char *its_title, const char *words)
{
	char	*text, *rest;

	title = its_title;
	word = "the start";
	set_up();
	text = rest = xstrdup(words);
	while ((word = strsep(&rest, " ")) != NULL)
		run_word();
	free(text);
	tear_down();
}

/* --- chance ------------------------------------------------------------- */

static unsigned	 dice;			/* a linear congruence's state */

static unsigned
roll(unsigned sides)
{
	dice = dice * 1664525 + 1013904223;
	return (dice >> 8) % sides;
}

static void
random_asker(void)
{
	static const char	*pools[] = { "a", "b", "c", "d", "t/x", "t/y" };
	struct asker		*a = &askers[roll(ASKERS_MAX)];
	const char		*which = pools[roll(ROWS(pools))];
	int			 i = (int)roll(ROWS(returns));

	if (a->worker != NULL)
		give_back(a, returns[i].use, returns[i].has_read);
	else if (a->ticket == NULL && a->pool == NULL) {
		admit(a, which);
		go(a);
	} else if (a->ticket == NULL || roll(4) == 0)
		end_asker(a);
}

static void
random_end(void)
{
	struct worker	*w = fake_worker(1 + roll(fake_workers_started() + 1));

	if (w == NULL || w->state == WORKER_DEAD)
		return;
	if (w->state == WORKER_ASKED)
		fake_refused(w, (enum refusal)roll(4));
	else if (roll(2) == 0)
		fake_dies(w, 1);
	else
		fake_dies_unheard(w, 1);
}

/* Functions' users stay: else theirs may have too many, for a time. */
static void
random_accounts(void)
{
	unsigned	 i;

	for (i = 0; i < FUNCTIONS - 1; i++)
		drafts[i].uid = 1 + i / 2;
	is_holding_accounts = true;
	for (i = 0; i < 2; i++) {
		accounts[i].max_children = 1 + roll(5);
		accounts[i].queue_max = roll(8);
		accounts[i].start_rate = 1 + roll(20);
		accounts[i].start_burst = 1 + roll(5);
	}
}

static void
random_load(void)
{
	int	 i = (int)roll(ROWS(draft_keys) - 1);

	set_key(NAMES[roll(FUNCTIONS)], draft_keys[i].key,
	    draft_keys[i].least + roll(3));
	load();
}

void
scenario_random(unsigned seed)
{
	int	 i;

	title = "chance";
	word = "some step";
	dice = seed;
	set_up();
	config.gateway.max_workers = 3 + roll(10);
	random_accounts();
	load();
	asker_count = ASKERS_MAX;
	for (i = 0; i < 1000 && fake_workers_started() < FAKE_WORKERS_MAX - 50;
	    i++) {
		is_obeying = roll(3) > 0;
		switch (roll(16)) {
		case 0:
			random_load();
			break;
		case 1:
			random_end();
			break;
		case 2:
			pass_time(roll(600));
			break;
		default:
			random_asker();
		}
		if (roll(3) > 0)
			settle();
		check_counts();
	}
	tear_down();
}
