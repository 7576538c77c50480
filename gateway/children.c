/*
 * children: a table of workers' processes, and their starts and ends.
 */
#include "children.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/queue.h>
#include <unistd.h>

#include "channel.h"
#include "ends.h"
#include "function.h"
#include "graves.h"
#include "launcher.h"
#include "leaf.h"
#include "load.h"
#include "log.h"
#include "mem.h"
#include "reaper.h"
#include "sandbox.h"
#include "watch.h"

/*
 * Of each hash; a power of 2.  Both must fit on one page or two: each page that
 * is written to between two forks is copied.
 */
#define BUCKETS		128
#define STEPS_MAX_MS	10000	/* from fork to standing before the exec */

struct child {
	LIST_ENTRY(child)	 by_number;
	LIST_ENTRY(child)	 by_pid;
	TAILQ_ENTRY(child)	 in_starting;
	struct children		*all;
	uint64_t		 number;	/* the gateway's */
	uint64_t		 serial;	/* ours: of all gateways */
	pid_t			 pid;
	uid_t			 uid;
	bool			 stands;	/* STARTED has been sent */
	bool			 is_lost;	/* nobody hears of it now */
	uint64_t		 deadline_ms;	/* while it does not stand */
	struct watch		 report;
	struct sandbox_report	 failure;	/* step "": none */
	struct ends		 ends;		/* until STARTED */
	struct leaf		 leaf;
};

struct plan {			/* what START comes to */
	uint64_t		 worker;
	const struct function	*function;
	struct trust_request	 request;	/* of its program */
};

LIST_HEAD(child_list, child);

struct children {
	int			 epoll;
	int			 workers;
	const struct cgroups	*cgroups;	/* NULL: none */
	struct graves		*graves;
	struct channel		*channel;	/* NULL: no gateway */
	uid_t			 gateway_uid;
	bool			 is_root;
	uint64_t		 last_serial;
	size_t			 count;
	struct child_list	 numbers[BUCKETS];
	struct child_list	 pids[BUCKETS];
	TAILQ_HEAD(, child)	 starting;	/* the oldest first */
};

/* --- the table ---------------------------------------------------------- */

struct children *
children_create(int epoll, int workers, const struct cgroups *cgroups)
{
	struct children	*cs;
	size_t		 i;

	cs = xcalloc(1, sizeof(*cs));
	cs->epoll = epoll;
	cs->workers = workers;
	cs->cgroups = cgroups;
	cs->graves = graves_create(epoll);
	cs->is_root = geteuid() == 0;
	TAILQ_INIT(&cs->starting);
	for (i = 0; i < BUCKETS; i++) {
		LIST_INIT(&cs->numbers[i]);
		LIST_INIT(&cs->pids[i]);
	}
	return cs;
}

static struct child_list *
pid_bucket(struct children *cs, pid_t pid)
{
	return &cs->pids[(uint32_t)pid & (BUCKETS - 1)];
}

static struct child_list *
number_bucket(struct children *cs, uint64_t number)
{
	return &cs->numbers[number & (BUCKETS - 1)];
}

/* Of those that this gateway has asked for. */
static struct child *
find_number(struct children *cs, uint64_t number)
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

	LIST_FOREACH(c, &cs->pids[(uint32_t)pid & (BUCKETS - 1)], by_pid)
		if (c->pid == pid)
			return c;
	return NULL;
}

static void
insert(struct children *cs, struct child *c)
{
	LIST_INSERT_HEAD(number_bucket(cs, c->number), c, by_number);
	LIST_INSERT_HEAD(pid_bucket(cs, c->pid), c, by_pid);
	TAILQ_INSERT_TAIL(&cs->starting, c, in_starting);
	cs->count++;
}

static void
no_longer_starting(struct child *c)
{
	if (c->deadline_ms == 0)
		return;
	c->deadline_ms = 0;
	TAILQ_REMOVE(&c->all->starting, c, in_starting);
}

static void
child_free(struct child *c)
{
	no_longer_starting(c);
	watch_close(c->all->epoll, &c->report);
	ends_close_ours(&c->ends);
	LIST_REMOVE(c, by_number);
	LIST_REMOVE(c, by_pid);
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
	for (i = 0; i < BUCKETS; i++)
		while ((c = LIST_FIRST(&cs->pids[i])) != NULL)
			child_free(c);
	graves_free(cs->graves);
	free(cs);
}

bool
children_has(const struct children *cs, pid_t pid)
{
	return find_pid(cs, pid) != NULL;
}

bool
children_owns(const struct children *cs, const struct orphan *o)
{
	const struct child	*c;
	size_t			 i;

	/* No process but a worker's own can be in its session. */
	if (find_pid(cs, o->session) != NULL)
		return true;
	if (o->mark == 0)
		return false;
	/* A mark can be forged, an owner cannot. */
	for (i = 0; i < BUCKETS; i++)
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
		reaper_signal(c->pid, SIGCONT);
	else if (!is_done)
		reaper_signal(c->pid, SIGSTOP);
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
	reaper_signal(c->pid, sig);
}

void
children_signal(struct children *cs, uint64_t worker, int sig)
{
	struct child	*c;

	if ((c = find_number(cs, worker)) != NULL)
		signal_child(c, sig);
}

void
children_freeze(struct children *cs, uint64_t worker, bool on)
{
	struct child	*c;

	if ((c = find_number(cs, worker)) != NULL)
		freeze(c, on);
}

void
children_end_all(struct children *cs, bool at_once)
{
	struct child	*c;
	size_t		 i;

	for (i = 0; i < BUCKETS; i++)
		LIST_FOREACH(c, &cs->pids[i], by_pid) {
			/* A stopped one would not hear the TERM. */
			if (!at_once)
				freeze(c, false);
			signal_child(c, at_once ? SIGKILL : SIGTERM);
		}
}

/* --- what the gateway is told ------------------------------------------- */

static void
refuse(struct children *cs, uint64_t number, enum refusal refusal, int error,
    const char *step)
{
	struct message	 m;

	if (cs->channel == NULL)
		return;
	memset(&m, 0, sizeof(m));
	m.type = MESSAGE_REFUSED;
	m.refused.worker = number;
	m.refused.refusal = refusal;
	m.refused.error = error;
	snprintf(m.refused.step, sizeof(m.refused.step), "%s", step);
	channel_send(cs->channel, &m, NULL, 0);
}

/* One more descriptor for the gateway, if it could be opened. */
static bool
give(struct child *c, int fd)
{
	if (fd != -1)
		c->ends.ours[c->ends.count++] = fd;
	return fd != -1;
}

static void
tell_started(struct child *c)
{
	struct message	 m;
	int		 fd;

	memset(&m, 0, sizeof(m));
	m.type = MESSAGE_STARTED;
	m.started.worker = c->number;
	m.started.pid = c->pid;
	m.started.uid = c->uid;
	if (c->leaf.is_made) {
		fd = leaf_open_file(&c->leaf, "cpu.stat");
		m.started.has_cpu_stat = give(c, fd);
		fd = leaf_open_file(&c->leaf, "memory.peak");
		m.started.has_memory_peak = give(c, fd);
	}
	channel_send(c->all->channel, &m, c->ends.ours, c->ends.count);
	c->ends.count = 0;	/* they are the channel's */
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
	}
	channel_send(c->all->channel, &m, NULL, 0);
}

void
children_serve(struct children *cs, struct channel *channel, uid_t uid)
{
	cs->channel = channel;
	cs->gateway_uid = uid;
}

void
children_abandon(struct children *cs)
{
	struct child	*c;
	size_t		 i;

	cs->channel = NULL;
	for (i = 0; i < BUCKETS; i++)
		LIST_FOREACH(c, &cs->pids[i], by_pid) {
			c->is_lost = true;
			signal_child(c, SIGKILL);
		}
}

/* --- from fork to exec -------------------------------------------------- */

/* One report was read whole, or none, as the child writes them whole. */
static void
take_report(struct child *c, const struct sandbox_report *r)
{
	switch (r->news) {
	case SANDBOX_USER:
		c->leaf.uid = r->uid;
		c->leaf.is_made = true;
		return;
	case SANDBOX_FAILED:
		c->failure = *r;
		c->failure.step[MESSAGE_STEP_LEN - 1] = '\0';
		return;
	}
	if (c->stands || c->is_lost || c->all->channel == NULL)
		return;
	no_longer_starting(c);
	c->stands = true;
	c->uid = r->uid;
	tell_started(c);
}

/* Read what the child has said; at the end of file it was exec'ed, or died. */
static void
read_reports(struct child *c)
{
	struct sandbox_report	 r;
	ssize_t			 n;

	while (c->report.fd != -1) {
		n = read(c->report.fd, &r, sizeof(r));
		if (n == (ssize_t)sizeof(r))
			take_report(c, &r);
		else if (n == -1 && errno == EAGAIN)
			return;
		else if (n != -1 || errno != EINTR)
			watch_close(c->all->epoll, &c->report);
	}
}

static void
on_report(void *arg, uint32_t events)
{
	(void)events;
	read_reports(arg);
}

/* The folder that the program starts in, in arena. */
static const char *
folder_of(const struct function *fn, const char *path)
{
	const char	*slash = strrchr(path, '/');

	if (fn->chdir[0] != '\0')
		return fn->chdir;
	if (slash == path)
		return "/";
	return arena_strndup(fn->arena, path, (size_t)(slash - path));
}

/* All that the child needs, as it allocates nothing; in fn's arena. */
static void
prepare(const struct child *c, const struct plan *plan, struct sandbox *box,
    struct launch *launch)
{
	const struct function	*fn = plan->function;
	const char		*endpoint = NULL;

	memset(box, 0, sizeof(*box));
	box->function = fn;
	box->request = plan->request;
	box->folder = folder_of(fn, plan->request.path);
	box->parent = getpid();
	box->is_root = c->all->is_root;
	memcpy(box->ends, c->ends.theirs, sizeof(box->ends));
	box->variables = c->ends.variables;
	box->leaf = c->leaf;
	if (c->ends.port != 0 && fn->protocol->endpoint != NULL)
		endpoint = arena_printf(fn->arena, "%s=127.0.0.1:%u",
		    fn->protocol->endpoint, c->ends.port);
	launcher_prepare(launch, fn->arena, fn, plan->request.path, c->serial,
	    endpoint);
}

/* Fork, and watch the report pipe.  -1 with errno. */
static int
fork_child(struct child *c, const struct plan *plan)
{
	struct sandbox	 box;
	struct launch	 launch;
	int		 report[2], saved;
	pid_t		 pid;

	prepare(c, plan, &box, &launch);
	if (pipe2(report, O_CLOEXEC | O_NONBLOCK) == -1)
		return -1;
	box.report = report[1];
	/* A fork alone: what fork(3) sets right is for threads and malloc. */
	if ((pid = leaf_fork(&c->leaf, &box.is_in_leaf)) == 0)
		launcher_become(&box, &launch);
	c->pid = pid;
	saved = errno;
	close(report[1]);
	c->report.on_ready = on_report;
	c->report.arg = c;
	c->report.fd = -1;
	if (c->pid != -1) {
		if (watch_add(c->all->epoll, &c->report, report[0], EPOLLIN) ==
		    0)
			return 0;
		/* It is no one's worker: reaped as any orphan is. */
		saved = errno;
		reaper_signal(c->pid, SIGKILL);
	}
	close(report[0]);
	errno = saved;
	return -1;
}

/* It never was; errno says why. */
static void
start_failed(struct child *c, const struct function *fn, const char *step)
{
	int	 error = errno;

	log_errno("%s: %s", fn->name, step);
	refuse(c->all, c->number, REFUSAL_FAILED, error, step);
	if (c->leaf.is_made)
		graves_add(c->all->graves, &c->leaf);
	ends_close_theirs(&c->ends);
	ends_close_ours(&c->ends);
	free(c);
}

/* A template's is made by the child, which finds out whose it is. */
static int
make_leaf(struct child *c, const struct function *fn, const char **step)
{
	struct leaf	*leaf = &c->leaf;

	leaf->groups = c->all->cgroups;
	leaf->uid = c->all->is_root ? fn->uid : geteuid();
	leaf->serial = c->serial;
	snprintf(leaf->function, sizeof(leaf->function), "%s", fn->name);
	if (leaf->groups == NULL || leaf->uid == (uid_t)-1)
		return 0;
	return leaf_make(leaf, fn, step);
}

static void
start(struct children *cs, const struct plan *plan)
{
	const struct function	*fn = plan->function;
	const char		*step;
	struct child		*c;

	c = xcalloc(1, sizeof(*c));
	c->all = cs;
	c->number = plan->worker;
	c->serial = ++cs->last_serial;
	if (ends_make(&c->ends, fn->protocol->way, cs->workers, c->serial,
	    cs->is_root ? cs->gateway_uid : (uid_t)-1) == -1) {
		start_failed(c, fn, "descriptors");
		return;
	}
	if (make_leaf(c, fn, &step) == -1) {
		start_failed(c, fn, step);
		return;
	}
	if (fork_child(c, plan) == -1) {
		start_failed(c, fn, "fork");
		return;
	}
	/* While a copy is open here, a dead worker's socket would accept. */
	ends_close_theirs(&c->ends);
	c->deadline_ms = watch_now() + STEPS_MAX_MS;
	insert(cs, c);
}

/* The program's path with the captures in it; the caller's, or NULL. */
static char *
path_of(const struct function *fn, const struct message_start *m)
{
	const char	*values[FUNCTION_CAPTURES_MAX];
	uint32_t	 i;

	if (m->capture_count != fn->captures.count)
		return NULL;
	for (i = 0; i < m->capture_count; i++)
		values[i] = m->captures[i];
	return function_handler_path(fn, values);
}

void
children_start(struct children *cs, const struct message_start *message,
    const struct load *load)
{
	struct function	*fn;
	struct plan	 plan;
	char		*path;

	if (find_number(cs, message->worker) != NULL) {
		refuse(cs, message->worker, REFUSAL_FAILED, EEXIST, "number");
		return;
	}
	if (load == NULL) {
		refuse(cs, message->worker, REFUSAL_FAILED, ESTALE,
		    "generation");
		return;
	}
	fn = config_read_function(load->index, message->function);
	if (fn == NULL) {
		refuse(cs, message->worker, REFUSAL_FAILED, EINVAL,
		    "function");
		return;
	}
	if ((path = path_of(fn, message)) == NULL)
		refuse(cs, message->worker, REFUSAL_NOT_FOUND, EINVAL,
		    "captures");
	else {
		memset(&plan, 0, sizeof(plan));
		plan.worker = message->worker;
		plan.function = fn;
		plan.request.path = path;
		if (fn->is_template)
			plan.request.fixed = (size_t)(strstr(fn->handler, "${")
			    - fn->handler);
		plan.request.uid = fn->uid;
		plan.request.min_uid = load->settings.min_uid;
		start(cs, &plan);
	}
	free(path);
	function_release(fn);
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
		no_longer_starting(c);
		signal_child(c, SIGKILL);
		if (c->is_lost)
			continue;
		/* A disk that hangs may keep it, but not its place in line. */
		refuse(cs, c->number, REFUSAL_FAILED, ETIMEDOUT, "start");
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
		refuse(c->all, c->number, (enum refusal)c->failure.refusal,
		    c->failure.error, c->failure.step);
	else if (c->leaf.is_made && leaf_read(&c->leaf, &figures) == 0 &&
	    figures.is_oom)
		refuse(c->all, c->number, REFUSAL_FAILED, ENOMEM,
		    "limits.memory_max");
	else
		refuse(c->all, c->number, REFUSAL_FAILED, ECHILD,
		    "died before its exec");
}

bool
children_ended(struct children *cs, pid_t pid)
{
	struct rusage	 usage;
	struct child	*c;
	int		 status;

	if ((c = find_pid(cs, pid)) == NULL)
		return false;
	/* What it said last must be told before its end is. */
	read_reports(c);
	signal_child(c, SIGKILL);
	reaper_reap(pid, &status, &usage);
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
