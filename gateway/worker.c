/*
 * worker: states of a worker, and the messages that pass between gateway and
 * spawner.
 */
#include "worker.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <event2/event.h>

#include "errpipe.h"
#include "funclog.h"
#include "function.h"
#include "log.h"
#include "mem.h"
#include "module.h"
#include "settings.h"
#include "tenant.h"
#include "timer.h"

#define BUCKETS			1024	/* by number; a power of 2 */
#define STARTS_SHARE		(MESSAGE_STARTS_MAX / 2)	/* of a user */
#define MESSAGES_PER_TURN	64	/* then others have a turn */

LIST_HEAD(worker_list, worker);

struct workers {
	struct workers_setup	 setup;
	struct event		*readable;
	struct event		*writable;	/* only while unsent */
	struct message		*unsent;	/* the spawner is behind */
	size_t			 unsent_count;
	size_t			 unsent_size;
	struct worker_list	 table[BUCKETS];
	struct errpipes		*errpipes;
	struct worker_queue	 asked;		/* START not yet sent */
	struct worker_queue	 ended;		/* their owner is yet to hear */
	struct timer		*tell_ended;
	unsigned		 starting;	/* START sent, unanswered */
	uint64_t		 last_number;
	uint8_t			*scratch;
};

static const char	*const state_names[WORKER_STATES] = {
	[WORKER_ASKED]    = "asked",
	[WORKER_IDLE]     = "idle",
	[WORKER_LENT]     = "lent",
	[WORKER_STOPPING] = "stopping",
	[WORKER_DEAD]     = "dead",
};

/* The only place a worker's state changes. */
static void
worker_enter(struct worker *w, enum worker_state next)
{
	assert(next > w->state ||
	    (w->state == WORKER_LENT && next == WORKER_IDLE));
	log_debug("%s: worker %llu (pid %ld): %s -> %s", w->function->name,
	    (unsigned long long)w->number, (long)w->pid,
	    state_names[w->state], state_names[next]);
	w->state = next;
}

/* --- the channel -------------------------------------------------------- */

static void
keep_unsent(struct workers *ws, const struct message *m)
{
	if (ws->unsent_count == ws->unsent_size) {
		ws->unsent_size = ws->unsent_size ? ws->unsent_size * 2 : 16;
		ws->unsent = xreallocarray(ws->unsent, ws->unsent_size,
		    sizeof(*ws->unsent));
	}
	ws->unsent[ws->unsent_count++] = *m;
	event_add(ws->writable, NULL);
}

int
workers_tell(struct workers *ws, const struct message *m)
{
	if (ws->unsent_count > 0) {
		keep_unsent(ws, m);
		return 0;
	}
	if (message_send(ws->setup.channel, m, NULL, 0) == 0)
		return 0;
	if (errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS) {
		keep_unsent(ws, m);
		return 0;
	}
	log_errno("%s to the spawner", message_name(m->type));
	return -1;
}

static void
on_writable(evutil_socket_t fd, short what, void *arg)
{
	struct workers	*ws = arg;
	size_t		 sent = 0;

	(void)what;
	while (sent < ws->unsent_count &&
	    message_send((int)fd, &ws->unsent[sent], NULL, 0) == 0)
		sent++;
	ws->unsent_count -= sent;
	memmove(ws->unsent, ws->unsent + sent,
	    ws->unsent_count * sizeof(*ws->unsent));
	if (ws->unsent_count > 0)
		event_add(ws->writable, NULL);
}

static struct worker_list *
bucket(struct workers *ws, uint64_t number)
{
	return &ws->table[number & (BUCKETS - 1)];
}

static struct worker *
find(struct workers *ws, uint64_t number)
{
	struct worker	*w;

	LIST_FOREACH(w, bucket(ws, number), in_hash)
		if (w->number == number)
			return w;
	return NULL;
}

/*
 * Whose START is next: of the user who has the fewest out, and of his who came
 * first; NULL if all have their share.
 */
static struct worker *
next_start(const struct workers *ws)
{
	struct worker	*w, *best = NULL;
	unsigned	 least = STARTS_SHARE;

	TAILQ_FOREACH(w, &ws->asked, in_asked)
		if (w->tenant->starting < least) {
			least = w->tenant->starting;
			best = w;
			if (least == 0)
				break;
		}
	return best;
}

/* Send as many of the waiting STARTs as may be out at once. */
static void
send_starts(struct workers *ws)
{
	struct message	 m;
	struct worker	*w;

	while (ws->starting < MESSAGE_STARTS_MAX &&
	    (w = next_start(ws)) != NULL) {
		TAILQ_REMOVE(&ws->asked, w, in_asked);
		memset(&m, 0, sizeof(m));
		m.type = MESSAGE_START;
		m.start.worker = w->number;
		m.start.generation = w->generation;
		m.start.function = w->function->number;
		m.start.capture_count = w->capture_count;
		memcpy(m.start.captures, w->captures, sizeof(w->captures));
		ws->starting++;
		w->tenant->starting++;
		workers_tell(ws, &m);
	}
}

static void
send_signal(struct worker *w, int sig)
{
	struct message	 m = { .type = MESSAGE_SIGNAL };

	m.signal.worker = w->number;
	m.signal.signal = sig;
	workers_tell(w->workers, &m);
}

/* --- the spawner's answers ---------------------------------------------- */

/* Its owner hears of it in a while, never from inside its own call. */
static void
bury(struct worker *w)
{
	worker_enter(w, WORKER_DEAD);
	timer_stop(w->kill_timer);
	TAILQ_INSERT_TAIL(&w->workers->ended, w, in_ended);
	timer_soon(w->workers->tell_ended);
}

static void
tell_ended(void *arg)
{
	struct workers	*ws = arg;
	struct worker	*w;

	while ((w = TAILQ_FIRST(&ws->ended)) != NULL) {
		TAILQ_REMOVE(&ws->ended, w, in_ended);
		if (w->private != NULL)
			w->protocol->ended(w);
		w->events->ended(w);
	}
}

static void
close_all(const int *fds, int count)
{
	while (count-- > 0)
		close(fds[count]);
}

/* Its START is answered: whose it is, is known now. */
static void
answer_start(struct worker *w, uid_t uid)
{
	struct tenant	*old = w->tenant;

	old->starting--;
	if (uid == TENANT_UNKNOWN || uid == old->uid)
		return;
	w->uid = uid;
	w->tenant = tenants_get(w->workers->setup.tenants, uid);
	tenant_release(old);
}

/* How many descriptors STARTED brings, by way. */
static int
started_fds(const struct worker *w, const struct message_started *started)
{
	return (w->function->protocol->way == WAY_LAUNCH ? 4 : 2) +
	    (int)(started->has_cpu_stat + started->has_memory_peak);
}

static void
on_started(struct workers *ws, struct worker *w, const struct message *m,
    const int *fds, int count)
{
	struct funclog_source	 source;

	if (count != started_fds(w, &m->started) ||
	    w->state != WORKER_ASKED) {
		log_error("%s: STARTED with %d descriptors in state %s",
		    w->function->name, count, state_names[w->state]);
		close_all(fds, count);
		ws->setup.on_lost(ws->setup.arg);
		return;
	}
	w->pid = m->started.pid;
	w->uid = m->started.uid;
	w->cgroup = m->started.cgroup;
	if (clock_getcpuclockid(w->pid, &w->cpu_clock) != 0)
		w->cpu_clock = -1;
	if (m->started.has_memory_peak)
		w->memory_peak = fds[--count];
	if (m->started.has_cpu_stat)
		w->cpu_stat = fds[--count];
	source.function = w->function;
	source.worker = w->pid;
	source.tenant = w->tenant;
	w->errors = errpipe_create(ws->errpipes, fds[count - 1], &source);
	if (w->errors == NULL)
		log_errno("%s: worker %ld: stderr", w->function->name,
		    (long)w->pid);
	worker_enter(w, WORKER_IDLE);

	if (w->protocol->attach(w, fds, count - 1) == -1) {
		log_errno("%s: worker %ld", w->function->name, (long)w->pid);
		worker_kill(w, "its descriptors cannot be used");
	} else if (w->errors == NULL)
		worker_kill(w, "its stderr cannot be read");
	else if (w->is_retiring)
		worker_stop(w);		/* asked for while it was ASKED */
	else
		w->events->stands(w);
}

static void
on_refused(struct worker *w, const struct message *m)
{
	w->end.refused = true;
	w->end.refusal = (enum refusal)m->refused.refusal;
	w->end.error = m->refused.error;
	memcpy(w->end.step, m->refused.step, sizeof(w->end.step));
	bury(w);
}

static void
on_exited(struct worker *w, const struct message *m)
{
	w->end.status = m->exited.status;
	w->end.error = m->exited.error;
	memcpy(w->end.step, m->exited.step, sizeof(w->end.step));
	w->end.cpu_us = m->exited.cpu_us;
	w->end.max_rss_kb = m->exited.max_rss_kb;
	w->end.is_oom = m->exited.is_oom != 0;
	w->end.is_above = m->exited.is_above != 0;
	bury(w);
}

static void
on_message(struct workers *ws, const struct message *m, const int *fds,
    int count)
{
	struct worker	*w;

	switch (m->type) {
	case MESSAGE_STARTED:
		ws->starting--;
		if ((w = find(ws, m->started.worker)) != NULL) {
			answer_start(w, m->started.uid);
			on_started(ws, w, m, fds, count);
		} else
			close_all(fds, count);
		break;
	case MESSAGE_REFUSED:
		ws->starting--;
		if ((w = find(ws, m->refused.worker)) != NULL) {
			answer_start(w, m->refused.uid);
			on_refused(w, m);
		}
		break;
	case MESSAGE_EXITED:
		if ((w = find(ws, m->exited.worker)) != NULL &&
		    w->state != WORKER_DEAD)
			on_exited(w, m);
		break;
	default:
		ws->setup.on_control(ws->setup.arg, m, fds, count);
		return;
	}
	send_starts(ws);
}

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct workers	*ws = arg;
	struct message	 m;
	int		 fds[MESSAGE_FDS_MAX], count, i, n;

	(void)what;
	for (i = 0; i < MESSAGES_PER_TURN; i++) {
		n = message_receive((int)fd, TO_GATEWAY, &m, fds, &count);
		if (n == 1) {
			on_message(ws, &m, fds, count);
			continue;
		}
		if (n == -1 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n == -1)
			log_errno("message from the spawner");
		event_del(ws->readable);
		ws->setup.on_lost(ws->setup.arg);
		return;
	}
}

/* --- all workers -------------------------------------------------------- */

struct workers *
workers_create(const struct workers_setup *setup)
{
	struct workers	*ws;
	size_t		 i;

	ws = xcalloc(1, sizeof(*ws));
	ws->setup = *setup;
	for (i = 0; i < BUCKETS; i++)
		LIST_INIT(&ws->table[i]);
	TAILQ_INIT(&ws->asked);
	TAILQ_INIT(&ws->ended);
	ws->tell_ended = timer_new(tell_ended, ws);
	ws->errpipes = errpipes_create(setup->base, setup->logs);
	ws->scratch = xmalloc(SCRATCH_SIZE);
	fcntl(setup->channel, F_SETFL,
	    fcntl(setup->channel, F_GETFL) | O_NONBLOCK);
	ws->readable = event_new(setup->base, setup->channel,
	    EV_READ | EV_PERSIST, on_readable, ws);
	ws->writable = event_new(setup->base, setup->channel, EV_WRITE,
	    on_writable, ws);
	event_add(ws->readable, NULL);
	return ws;
}

static void
close_figures(struct worker *w)
{
	if (w->cpu_stat != -1)
		close(w->cpu_stat);
	if (w->memory_peak != -1)
		close(w->memory_peak);
	if (w->proc_status != -1)
		close(w->proc_status);
}

/* Forget all that we have of it. */
static void
let_go(struct worker *w)
{
	if (w->private != NULL)
		w->protocol->detach(w);
	errpipe_free(w->errors);
	close_figures(w);
	timer_free(w->kill_timer);
	LIST_REMOVE(w, in_hash);
	tenant_release(w->tenant);
	function_release(w->function);
	free(w);
}

void
workers_free(struct workers *ws)
{
	struct worker	*w;
	size_t		 i;

	if (ws == NULL)
		return;
	for (i = 0; i < BUCKETS; i++)
		while ((w = LIST_FIRST(&ws->table[i])) != NULL)
			let_go(w);
	event_free(ws->readable);
	event_free(ws->writable);
	close(ws->setup.channel);
	timer_free(ws->tell_ended);
	errpipes_free(ws->errpipes);
	free(ws->unsent);
	free(ws->scratch);
	free(ws);
}

void
workers_configure(struct workers *ws, uint64_t stop_timeout_ms)
{
	ws->setup.stop_timeout_ms = stop_timeout_ms;
}

uint8_t *
workers_scratch(struct workers *ws)
{
	return ws->scratch;
}

struct event_base *
workers_base(struct workers *ws)
{
	return ws->setup.base;
}

struct outbox *
workers_outbox(struct workers *ws)
{
	return ws->setup.outbox;
}

struct runtimeapi *
workers_runtimeapi(struct workers *ws)
{
	return ws->setup.runtimeapi;
}

/* --- stderr ------------------------------------------------------------- */

void
worker_heard(struct worker *w)
{
	errpipes_heard(w->workers->errpipes);
}

void
worker_read_stderr(struct worker *w, const char *request_id)
{
	if (w->errors != NULL)
		errpipe_read(w->errors, request_id);
}

void
worker_log(struct worker *w, const char *request_id, const void *bytes,
    size_t len)
{
	if (w->errors != NULL)
		errpipe_log(w->errors, request_id, bytes, len);
}

/* --- one worker --------------------------------------------------------- */

static void
on_kill_time(void *arg)
{
	struct worker	*w = arg;

	log_notice("%s: worker %ld still runs after stop_timeout = %llums: "
	    "killed", w->function->name, (long)w->pid,
	    (unsigned long long)w->workers->setup.stop_timeout_ms);
	send_signal(w, SIGKILL);
}

struct worker *
worker_start(struct workers *ws, const struct worker_order *order)
{
	struct function	*fn = order->function;
	struct worker	*w;
	size_t		 i;

	w = xcalloc(1, sizeof(*w));
	w->number = ++ws->last_number;
	w->workers = ws;
	w->function = function_hold(fn);
	w->generation = order->generation;
	w->protocol = order->protocol;
	w->events = order->events;
	w->tenant = tenant_hold(order->tenant);
	w->uid = w->tenant->uid;
	w->asked_ms = timer_now();
	w->cpu_stat = w->memory_peak = w->proc_status = -1;
	w->cpu_clock = -1;
	w->kill_timer = timer_new(on_kill_time, w);
	w->capture_count = (uint32_t)fn->captures.count;
	for (i = 0; i < fn->captures.count; i++)
		snprintf(w->captures[i], sizeof(w->captures[i]), "%s",
		    order->captures[i]);

	LIST_INSERT_HEAD(bucket(ws, w->number), w, in_hash);
	TAILQ_INSERT_TAIL(&ws->asked, w, in_asked);
	send_starts(ws);
	return w;
}

/* Is its START still here, not yet sent? */
static bool
is_unsent(const struct worker *w)
{
	const struct worker	*other;

	TAILQ_FOREACH(other, &w->workers->asked, in_asked)
		if (other == w)
			return true;
	return false;
}

void
worker_stop(struct worker *w)
{
	w->is_retiring = true;
	switch (w->state) {
	case WORKER_ASKED:
		if (is_unsent(w)) {
			TAILQ_REMOVE(&w->workers->asked, w, in_asked);
			w->end.refused = true;
			bury(w);
		}
		break;		/* else stopped as soon as it stands */
	case WORKER_IDLE:
	case WORKER_LENT:
		worker_freeze(w, false);
		worker_enter(w, WORKER_STOPPING);
		send_signal(w, SIGTERM);
		timer_start(w->kill_timer, w->workers->setup.stop_timeout_ms);
		break;
	case WORKER_STOPPING:
	case WORKER_DEAD:
	case WORKER_STATES:
		break;
	}
}

void
worker_kill(struct worker *w, const char *why)
{
	if (w->state == WORKER_DEAD)
		return;
	if (w->state == WORKER_ASKED) {
		worker_stop(w);
		return;
	}
	log_warning("%s: worker %ld killed: %s", w->function->name,
	    (long)w->pid, why);
	if (w->state != WORKER_STOPPING)
		worker_enter(w, WORKER_STOPPING);
	timer_stop(w->kill_timer);
	send_signal(w, SIGKILL);
}

void
worker_freeze(struct worker *w, bool on)
{
	struct message	 m = { .type = MESSAGE_FREEZE };

	if (w->is_frozen == on)
		return;
	w->is_frozen = on;
	m.freeze.worker = w->number;
	m.freeze.on = on;
	workers_tell(w->workers, &m);
}

void
worker_lend(struct worker *w, const char *request_id)
{
	worker_freeze(w, false);
	w->lent++;
	w->served++;
	if (w->errors != NULL)
		errpipe_attribute(w->errors, w->lent == 1 ? request_id : NULL);
	if (w->state == WORKER_IDLE)
		worker_enter(w, WORKER_LENT);
}

void
worker_take_back(struct worker *w)
{
	assert(w->lent > 0);
	if (w->errors != NULL)
		errpipe_attribute(w->errors, NULL);
	if (--w->lent == 0 && w->state == WORKER_LENT)
		worker_enter(w, WORKER_IDLE);
}

void
worker_free(struct worker *w)
{
	assert(w->state == WORKER_DEAD && w->lent == 0);
	let_go(w);
}
