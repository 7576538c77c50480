/*
 * children: a table of workers' processes, their signals and their ends.
 */
#include "children.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "channel.h"
#include "child.h"
#include "graves.h"
#include "init.h"
#include "load.h"
#include "log.h"
#include "mem.h"
#include "privileges.h"
#include "reaper.h"

#define LIMITS_CHUNK	512

/* --- the table ---------------------------------------------------------- */

struct children *
children_create(int epoll, int workers, const struct cgroups *cgroups,
    const struct kit *kit)
{
	struct children	*cs;
	size_t		 i;

	cs = xcalloc(1, sizeof(*cs));
	cs->epoll = epoll;
	cs->workers = workers;
	cs->cgroups = cgroups;
	cs->kit = kit;
	cs->graves = graves_create(epoll);
	cs->is_root = privileges_can_change_user();
	score_open(&cs->score);
	cs->rules = xcalloc(1, sizeof(*cs->rules));
	TAILQ_INIT(&cs->starting);
	seats_init(&cs->seats);
	for (i = 0; i < CHILD_BUCKETS; i++) {
		LIST_INIT(&cs->numbers[i]);
		LIST_INIT(&cs->pids[i]);
	}
	return cs;
}

static struct child_list *
pid_bucket(struct children *cs, pid_t pid)
{
	return &cs->pids[(uint32_t)pid & (CHILD_BUCKETS - 1)];
}

static struct child_list *
number_bucket(struct children *cs, uint64_t number)
{
	return &cs->numbers[number & (CHILD_BUCKETS - 1)];
}

/* Of those that this gateway has asked for. */
struct child *
child_find(struct children *cs, uint64_t number)
{
	struct child	*c;

	LIST_FOREACH(c, number_bucket(cs, number), by_number)
		if (c->number == number && !c->is_lost)
			return c;
	return NULL;
}

static struct child *
find_pid(const struct children *cs, pid_t pid)
{
	struct child	*c;

	LIST_FOREACH(c, &cs->pids[(uint32_t)pid & (CHILD_BUCKETS - 1)],
	    by_pid)
		if (c->pid == pid)
			return c;
	return NULL;
}

void
child_insert(struct children *cs, struct child *c)
{
	LIST_INSERT_HEAD(number_bucket(cs, c->number), c, by_number);
	LIST_INSERT_HEAD(pid_bucket(cs, c->pid), c, by_pid);
	TAILQ_INSERT_TAIL(&cs->starting, c, in_starting);
	cs->count++;
}

void
child_take_seat(struct child *c, uid_t uid, const struct account *a)
{
	c->uid = uid;
	c->has_seat = true;
	seats_take(&c->all->seats, uid, a, watch_now());
}

void
child_move(struct child *c, pid_t pid)
{
	if (c->pid == pid)
		return;
	LIST_REMOVE(c, by_pid);
	c->former = c->pid;
	c->pid = pid;
	LIST_INSERT_HEAD(pid_bucket(c->all, pid), c, by_pid);
	/* The one before it was, perhaps when it had gone on already. */
	if (c->is_killed)
		reaper_signal(pid, SIGKILL);
}

void
child_no_longer_starting(struct child *c)
{
	if (c->deadline_ms == 0)
		return;
	c->deadline_ms = 0;
	TAILQ_REMOVE(&c->all->starting, c, in_starting);
}

static void
child_free(struct child *c)
{
	child_no_longer_starting(c);
	watch_close(c->all->epoll, &c->report);
	ends_close_ours(&c->ends);
	LIST_REMOVE(c, by_number);
	LIST_REMOVE(c, by_pid);
	if (c->has_seat)
		seats_give_back(&c->all->seats, c->uid);
	c->all->count--;
	free(c);
}

void
children_free(struct children *cs)
{
	struct child	*c;
	size_t		 i;

	if (cs == NULL)
		return;
	for (i = 0; i < CHILD_BUCKETS; i++)
		while ((c = LIST_FIRST(&cs->pids[i])) != NULL)
			child_free(c);
	graves_free(cs->graves);
	seats_release(&cs->seats);
	score_close(&cs->score);
	rulebook_clear(cs->rules);
	free(cs->rules);
	free(cs);
}

/* What a worker was before it moved, which shares its group for a while. */
static struct child *
find_former(const struct children *cs, pid_t pid)
{
	struct child	*c;

	TAILQ_FOREACH(c, &cs->starting, in_starting)
		if (c->former == pid)
			return c;
	return NULL;
}

bool
children_has(const struct children *cs, pid_t pid)
{
	return find_pid(cs, pid) != NULL || find_former(cs, pid) != NULL;
}

/* Where proc(5) hides others' processes, their groups still show them. */
static bool
is_in_a_leaf(const struct children *cs, pid_t pid)
{
	const struct child	*c;
	size_t			 i;

	for (i = 0; i < CHILD_BUCKETS; i++)
		LIST_FOREACH(c, &cs->pids[i], by_pid)
			if (c->leaf.is_made && leaf_holds(&c->leaf, pid))
				return true;
	return false;
}

/* What those that start have said meanwhile. */
static void
read_all_reports(struct children *cs)
{
	struct child	*c, *next;

	for (c = TAILQ_FIRST(&cs->starting); c != NULL; c = next) {
		next = TAILQ_NEXT(c, in_starting);
		child_read_reports(c);
	}
}

bool
children_owns(struct children *cs, const struct orphan *o)
{
	const struct child	*c;
	size_t			 i;

	/* No process but a worker's own can be in its session. */
	if (find_pid(cs, o->session) != NULL)
		return true;
	/* One that has moved has said so before it had another session. */
	read_all_reports(cs);
	if (find_pid(cs, o->pid) != NULL)
		return true;
	if (o->uid == (uid_t)-1)
		return is_in_a_leaf(cs, o->pid);
	if (o->mark == 0)
		return false;
	/* A mark can be forged, an owner cannot. */
	for (i = 0; i < CHILD_BUCKETS; i++)
		LIST_FOREACH(c, &cs->pids[i], by_pid)
			if (c->serial == o->mark)
				return c->stands && c->uid == o->uid;
	return false;
}

size_t
children_count(const struct children *cs)
{
	return cs->count;
}

/* --- signals ------------------------------------------------------------ */

/* Where the group cannot be frozen, the worker is stopped. */
static void
freeze(struct child *c, bool on)
{
	bool	 is_done;

	is_done = c->leaf.is_made && leaf_freeze(&c->leaf, on) == 0;
	if (c->leaf.is_made && !is_done)
		log_errno("%s: worker %ld: cgroup.freeze", c->leaf.function,
		    (long)c->pid);
	if (!on)
		reaper_signal(c->pid, c->has_init ? INIT_GO_ON : SIGCONT);
	else if (!is_done)
		reaper_signal(c->pid, c->has_init ? INIT_STOP : SIGSTOP);
}

/*
 * A leaf is killed whole; but a child that has only been forked may not be in
 * it yet, and TERM is for the worker's own group to act upon.
 */
static void
signal_child(struct child *c, int sig)
{
	if (sig == SIGKILL && c->leaf.is_made && leaf_kill(&c->leaf) == -1 &&
	    errno != ENOENT)
		log_errno("%s: worker %ld: cgroup.kill", c->leaf.function,
		    (long)c->pid);
	if (sig == SIGKILL)
		c->is_killed = true;
	reaper_signal(c->pid, sig);
}

void
children_signal(struct children *cs, uint64_t worker, int sig)
{
	struct child	*c;

	if ((c = child_find(cs, worker)) != NULL)
		signal_child(c, sig);
}

void
children_freeze(struct children *cs, uint64_t worker, bool on)
{
	struct child	*c;

	if ((c = child_find(cs, worker)) != NULL)
		freeze(c, on);
}

void
children_end_all(struct children *cs, bool at_once)
{
	struct child	*c;
	size_t		 i;

	for (i = 0; i < CHILD_BUCKETS; i++)
		LIST_FOREACH(c, &cs->pids[i], by_pid) {
			/* A stopped one would not hear the TERM. */
			if (!at_once)
				freeze(c, false);
			signal_child(c, at_once ? SIGKILL : SIGTERM);
		}
}

/* --- what the gateway is told ------------------------------------------- */

static void
tell_refused(struct children *cs, const struct message_refused *refused,
    const char *step)
{
	struct message	 m;

	if (cs->channel == NULL)
		return;
	memset(&m, 0, sizeof(m));
	m.type = MESSAGE_REFUSED;
	m.refused = *refused;
	snprintf(m.refused.step, sizeof(m.refused.step), "%s", step);
	channel_send(cs->channel, &m, NULL, 0);
}

void
child_refuse(struct children *cs, uint64_t number, enum refusal refusal,
    int error, const char *step)
{
	const struct message_refused	 refused = {
		.worker = number, .refusal = refusal, .error = error,
		.uid = (uid_t)-1,
	};

	tell_refused(cs, &refused, step);
}

void
child_refuse_capped(struct children *cs, uint64_t number, uid_t uid,
    const char *step)
{
	const struct message_refused	 refused = {
		.worker = number, .refusal = REFUSAL_CAPPED, .error = EAGAIN,
		.uid = uid,
	};

	tell_refused(cs, &refused, step);
}

static void
tell_exited(const struct child *c, int status, const struct rusage *usage)
{
	struct leaf_figures	 figures;
	struct message		 m;

	memset(&m, 0, sizeof(m));
	m.type = MESSAGE_EXITED;
	m.exited.worker = c->number;
	m.exited.status = status;
	m.exited.error = c->failure.error;
	memcpy(m.exited.step, c->failure.step, sizeof(m.exited.step));
	m.exited.cpu_us = (uint64_t)(usage->ru_utime.tv_sec +
	    usage->ru_stime.tv_sec) * 1000000 +
	    (uint64_t)(usage->ru_utime.tv_usec + usage->ru_stime.tv_usec);
	m.exited.max_rss_kb = (uint64_t)usage->ru_maxrss;
	if (c->leaf.is_made && leaf_read(&c->leaf, &figures) == 0) {
		m.exited.cpu_us = figures.cpu_us;
		if (figures.peak_kb > 0)
			m.exited.max_rss_kb = figures.peak_kb;
		m.exited.is_oom = figures.is_oom;
		m.exited.is_above = figures.is_above;
	}
	channel_send(c->all->channel, &m, NULL, 0);
}

/* --- loads -------------------------------------------------------------- */

static void
find_limits(const void *arg, uid_t uid, struct account_limits *limits)
{
	struct arena	*arena = arena_create(LIMITS_CHUNK);
	struct account	 a;

	load_account(arg, uid, arena, &a);
	account_limits(&a, limits);
	arena_free(arena);
}

void
children_configure(struct children *cs, const struct load *load)
{
	bool	 had = cs->load != NULL && load_has_accounts(cs->load);

	if (cs->load == load)
		return;
	cs->load = load;
	rulebook_clear(cs->rules);
	if (cs->cgroups != NULL && (had || load_has_accounts(load)))
		leaf_limit_users(cs->cgroups, find_limits, load);
}

void
children_serve(struct children *cs, struct channel *channel)
{
	cs->channel = channel;
}

void
children_abandon(struct children *cs)
{
	struct child	*c;
	size_t		 i;

	cs->channel = NULL;
	for (i = 0; i < CHILD_BUCKETS; i++)
		LIST_FOREACH(c, &cs->pids[i], by_pid) {
			c->is_lost = true;
			signal_child(c, SIGKILL);
		}
}

uint64_t
children_deadline(const struct children *cs)
{
	const struct child	*c = TAILQ_FIRST(&cs->starting);

	return c != NULL ? c->deadline_ms : UINT64_MAX;
}

void
children_check(struct children *cs)
{
	struct child	*c;
	uint64_t	 now = watch_now();

	while ((c = TAILQ_FIRST(&cs->starting)) != NULL &&
	    c->deadline_ms <= now) {
		child_no_longer_starting(c);
		signal_child(c, SIGKILL);
		if (c->is_lost)
			continue;
		/* A disk that hangs may keep it, but not its place in line. */
		child_refuse(cs, c->number, REFUSAL_FAILED, ETIMEDOUT, "start");
		c->is_lost = true;
	}
}

/* --- ends --------------------------------------------------------------- */

/* One that never stood, and why: what it said, or what can be found out. */
static void
refuse_dead(struct child *c)
{
	struct leaf_figures	 figures;

	if (c->failure.step[0] != '\0')
		child_refuse(c->all, c->number,
		    (enum refusal)c->failure.refusal, c->failure.error,
		    c->failure.step);
	else if (c->leaf.is_made && leaf_read(&c->leaf, &figures) == 0 &&
	    figures.is_oom)
		child_refuse(c->all, c->number, REFUSAL_FAILED, ENOMEM,
		    figures.is_above ? "account.memory_max, or no memory" :
		    "limits.memory_max");
	else
		child_refuse(c->all, c->number, REFUSAL_FAILED, ECHILD,
		    "died before its exec");
}

bool
children_ended(struct children *cs, pid_t pid)
{
	struct rusage	 usage;
	struct child	*c;
	int		 status;

	if ((c = find_former(cs, pid)) != NULL)
		c->former = 0;
	if ((c = find_pid(cs, pid)) == NULL)
		return false;
	/* What it said last must be told before its end is. */
	child_read_reports(c);
	if (c->pid != pid) {
		/* It has gone on in another process. */
		reaper_reap(pid, &status, &usage);
		c->former = 0;
		return true;
	}
	signal_child(c, SIGKILL);
	reaper_reap(pid, &status, &usage);
	if (c->has_status)
		status = c->status;
	if (c->is_lost || cs->channel == NULL)
		;	/* nobody asks any more */
	else if (c->stands)
		tell_exited(c, status, &usage);
	else
		refuse_dead(c);
	if (c->leaf.is_made)
		graves_add(cs->graves, &c->leaf);
	child_free(c);
	return true;
}
