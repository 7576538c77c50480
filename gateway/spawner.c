/*
 * spawner: the loop of the process that must never die.
 */
#include "spawner.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cgroup.h"
#include "channel.h"
#include "children.h"
#include "config.h"
#include "errorlog.h"
#include "helper.h"
#include "keeper.h"
#include "kit.h"
#include "load.h"
#include "loads.h"
#include "log.h"
#include "place.h"
#include "privileges.h"
#include "reaper.h"
#include "sandbox.h"
#include "process.h"
#include "watch.h"

#define NEVER		UINT64_MAX
#define SHORT_LIFE_MS	500	/* of a gateway: the next one waits */
#define DELAY_MIN_MS	100
#define DELAY_MAX_MS	1000
#define GRACE_MS	2000	/* beyond stop_timeout, then KILL */
#define SWEEP_MS	50	/* at most so often, when workers die */
#define SWEEPS_MAX	3	/* then what they left is stopped first */

enum phase {			/* only forward */
	PHASE_RUN = 0,
	PHASE_DRAIN,		/* the gateway ends when it has nothing left */
	PHASE_STOP,		/* it has been told to */
	PHASE_CLEAR,		/* it has gone; workers are TERMed */
	PHASE_KILL,		/* what is left is KILLed */
	PHASE_OVER
};

struct spawner {
	struct spawner_setup	 setup;
	enum phase		 phase;
	int			 status;	/* to exit with */
	int			 epoll;
	struct watch		 signals;
	struct cgroups		*cgroups;	/* NULL: none are used */
	struct kit		*kit;
	struct children		*children;
	struct loads		*loads;
	struct helper		*helper;

	pid_t			 gateway;	/* 0: none runs */
	struct channel		*channel;	/* NULL: it is not spoken to */
	bool			 is_ready;	/* so it has said */
	bool			 reopens_later;	/* its logs, when it is */
	bool			 has_served;	/* some gateway has */
	uint64_t		 started_ms;	/* the gateway */
	uint64_t		 delay_ms;	/* before the next one */

	uint64_t		 restart_ms;	/* deadlines; NEVER */
	uint64_t		 end_ms;	/* of a phase after DRAIN */
	uint64_t		 sweep_ms;
	unsigned		 sweeps;	/* in a row that found some */
};

/* The only place where the phase changes; ms: how long it may take. */
static void
enter(struct spawner *s, enum phase next, uint64_t ms)
{
	s->phase = next;
	s->end_ms = ms == NEVER ? NEVER : watch_now() + ms;
}

/* How long the gateway may take to end. */
static uint64_t
stop_ms(const struct spawner *s)
{
	return loads_settings(s->loads)->stop_timeout_ms + GRACE_MS;
}

/* --- the gateway -------------------------------------------------------- */

static void
tell(struct spawner *s, enum message_type type)
{
	struct message	 m;

	if (s->channel == NULL)
		return;
	memset(&m, 0, sizeof(m));
	m.type = type;
	channel_send(s->channel, &m, NULL, 0);
}

/* Speak to this gateway no more; its workers are nobody's any longer. */
static void
leave_gateway(struct spawner *s)
{
	channel_free(s->channel);
	s->channel = NULL;
	helper_leave(s->helper);
	loads_abandon(s->loads);
	if (s->phase == PHASE_RUN)
		children_abandon(s->children);
	else
		children_serve(s->children, NULL);
}

/* One that cannot be trusted to end by itself. */
static void
drop_gateway(struct spawner *s, const char *why)
{
	log_error("gateway: %s: killed", why);
	reaper_signal(s->gateway, SIGKILL);
	leave_gateway(s);
}

static void
take_ready(struct spawner *s)
{
	log_notice("ready: generation %llu, gateway %ld",
	    (unsigned long long)loads_generation(s->loads), (long)s->gateway);
	s->is_ready = s->has_served = true;
	if (s->reopens_later)
		tell(s, MESSAGE_REOPEN);
	s->reopens_later = false;
	if (s->setup.ready == -1)
		return;
	if (write(s->setup.ready, "", 1) == -1)
		log_errno("the process that waits for us");
	close(s->setup.ready);
	s->setup.ready = -1;
}

static void
on_message(void *arg, const struct message *m)
{
	struct spawner	*s = arg;
	const char	*why;

	switch (m->type) {
	case MESSAGE_START:
		children_start(s->children, &m->start,
		    loads_find(s->loads, m->start.generation));
		break;
	case MESSAGE_SIGNAL:
		children_signal(s->children, m->signal.worker,
		    m->signal.signal);
		break;
	case MESSAGE_FREEZE:
		children_freeze(s->children, m->freeze.worker,
		    m->freeze.on != 0);
		break;
	case MESSAGE_LOADED:
		if ((why = loads_answer(s->loads, &m->load)) != NULL)
			drop_gateway(s, why);
		else	/* perhaps it is another's */
			children_configure(s->children,
			    loads_now(s->loads));
		break;
	case MESSAGE_HELP:
		helper_want(s->helper);
		break;
	case MESSAGE_READY:
		if (loads_are_in_force(s->loads) && !s->is_ready)
			take_ready(s);
		else
			drop_gateway(s, "it says at the wrong time that it "
			    "is ready");
		break;
	}
}

static void
on_lost(void *arg, const char *why)
{
	struct spawner	*s = arg;

	if (why != NULL)
		drop_gateway(s, why);
	else if (s->phase == PHASE_RUN) {
		/* Dead, most likely, and its end is about to be heard of. */
		reaper_signal(s->gateway, SIGKILL);
		leave_gateway(s);
	} else {
		/* It is about to end, and may still have to write. */
		leave_gateway(s);
		if (s->phase == PHASE_DRAIN)
			enter(s, PHASE_STOP, stop_ms(s));
	}
}

static void
start_gateway(struct spawner *s)
{
	int	 fd;

	s->restart_ms = NEVER;
	s->is_ready = false;
	s->started_ms = watch_now();
	s->gateway = keeper_start(s->setup.executable,
	    loads_settings(s->loads), s->setup.is_quiet, &fd);
	if (s->gateway == -1) {
		s->gateway = 0;
		s->restart_ms = watch_now() + DELAY_MAX_MS;
		return;
	}
	s->channel = channel_create(s->epoll, fd, on_message, on_lost, s);
	if (s->channel == NULL) {
		log_errno("gateway: channel");
		reaper_signal(s->gateway, SIGKILL);
		return;
	}
	children_serve(s->children, s->channel);
	if (loads_serve(s->loads, s->channel) == -1) {
		log_errno("LOAD");
		drop_gateway(s, "it cannot be given its sockets");
	}
}

/* --- ends --------------------------------------------------------------- */

/* No gateway any more, and none shall be. */
static void
clear(struct spawner *s)
{
	s->restart_ms = NEVER;
	children_serve(s->children, NULL);
	children_end_all(s->children, false);
	enter(s, PHASE_CLEAR, loads_settings(s->loads)->stop_timeout_ms);
}

static void
end_gateway(struct spawner *s, enum message_type how)
{
	loads_end(s->loads);
	if (s->is_ready)
		tell(s, how);
	else	/* It has not begun, so there is nothing to end well. */
		reaper_signal(s->gateway, SIGKILL);
}

static void
stop(struct spawner *s)
{
	if (s->phase >= PHASE_STOP)
		return;
	log_notice("stopping");
	if (s->gateway == 0) {
		clear(s);
		return;
	}
	end_gateway(s, MESSAGE_STOP);
	enter(s, PHASE_STOP, stop_ms(s));
}

static void
drain(struct spawner *s)
{
	if (s->phase != PHASE_RUN)
		return;
	log_notice("draining");
	if (s->gateway == 0) {
		clear(s);
		return;
	}
	end_gateway(s, MESSAGE_DRAIN);
	enter(s, PHASE_DRAIN, NEVER);
}

/* The time of a phase is up: take the next step. */
static void
end_phase(struct spawner *s)
{
	switch (s->phase) {
	case PHASE_STOP:
		log_warning("gateway: still runs after stop_timeout: killed");
		reaper_signal(s->gateway, SIGKILL);
		enter(s, PHASE_STOP, NEVER);
		break;
	case PHASE_CLEAR:
		children_end_all(s->children, true);
		s->sweep_ms = watch_now();
		enter(s, PHASE_KILL, GRACE_MS);
		break;
	default:
		/* In the hands of the kernel, which may wait for a disk. */
		log_warning("some workers, or what they left, do not die");
		enter(s, PHASE_OVER, NEVER);
		break;
	}
}

/* Is there anything left to wait for? */
static void
look_for_end(struct spawner *s)
{
	if (s->phase == PHASE_CLEAR && children_count(s->children) == 0) {
		s->sweep_ms = watch_now();
		enter(s, PHASE_KILL, GRACE_MS);
	}
	if (s->phase == PHASE_KILL && !reaper_has_children())
		enter(s, PHASE_OVER, NEVER);
}

static void
describe_status(int status, char *out, size_t room)
{
	if (WIFSIGNALED(status))
		snprintf(out, room, "signal %d (SIG%s)", WTERMSIG(status),
		    sigabbrev_np(WTERMSIG(status)));
	else
		snprintf(out, room, "status %d", WEXITSTATUS(status));
}

/* When the next one may start: at once, but for one that hardly lived. */
static void
plan_restart(struct spawner *s, uint64_t lived_ms)
{
	if (lived_ms >= SHORT_LIFE_MS)
		s->delay_ms = 0;
	s->restart_ms = watch_now() + s->delay_ms;
	s->delay_ms = s->delay_ms == 0 ? DELAY_MIN_MS : s->delay_ms * 2;
	if (s->delay_ms > DELAY_MAX_MS)
		s->delay_ms = DELAY_MAX_MS;
}

static void
on_gateway_end(struct spawner *s)
{
	struct rusage	 usage;
	char		 words[32];
	uint64_t	 lived_ms = watch_now() - s->started_ms;
	int		 status;

	reaper_signal(s->gateway, SIGKILL);	/* nothing of its group stays */
	reaper_reap(s->gateway, &status, &usage);
	s->gateway = 0;
	if (s->channel != NULL)
		leave_gateway(s);
	describe_status(status, words, sizeof(words));
	if (s->phase != PHASE_RUN) {
		log_notice("gateway: ended with %s", words);
		clear(s);
		return;
	}
	log_error("gateway: ended with %s after %llu ms", words,
	    (unsigned long long)lived_ms);
	if (s->has_served)
		plan_restart(s, lived_ms);
	else {
		s->status = 1;
		clear(s);
	}
}

/* Reap all that is dead, zombies that dead workers left among them. */
static void
reap(struct spawner *s)
{
	struct rusage	 usage;
	pid_t		 pid;
	int		 status;

	while ((pid = reaper_dead()) > 0) {
		if (pid == s->gateway) {
			on_gateway_end(s);
			continue;
		}
		if (pid == loads_reader(s->loads)) {
			reaper_reap(pid, &status, &usage);
			loads_reader_ended(s->loads);
			continue;
		}
		if (helper_is(s->helper, pid)) {
			reaper_reap(pid, &status, &usage);
			helper_ended(s->helper, status);
			continue;
		}
		if (!children_ended(s->children, pid))
			reaper_reap(pid, &status, &usage);
		/* What it leaves is ours now. */
		if (s->sweep_ms == NEVER)
			s->sweep_ms = watch_now() + SWEEP_MS;
	}
}

static bool
is_known(void *arg, pid_t pid)
{
	const struct spawner	*s = arg;

	if (s->phase == PHASE_KILL)
		return false;
	return pid == s->gateway || pid == loads_reader(s->loads) ||
	    helper_is(s->helper, pid) ||
	    children_has(s->children, pid);
}

static bool
may_live(void *arg, const struct orphan *o)
{
	const struct spawner	*s = arg;

	return s->phase < PHASE_KILL && children_owns(s->children, o);
}

static void
sweep(struct spawner *s)
{
	const struct reaper_judge	 judge = { is_known, may_live, s };

	s->sweep_ms = NEVER;
	switch (reaper_sweep(&judge, ++s->sweeps > SWEEPS_MAX)) {
	case -1:
		log_errno("looking for what dead workers left");
		/* FALLTHROUGH */
	case 0:
		s->sweeps = 0;
		break;
	default:
		/* They may have forked before they died. */
		s->sweep_ms = watch_now() + SWEEP_MS;
	}
}

/* --- the loop ----------------------------------------------------------- */

static void
on_signal(struct spawner *s, uint32_t sig)
{
	switch (sig) {
	case SIGCHLD:
		reap(s);
		break;
	case SIGHUP:
		if (s->phase == PHASE_RUN)
			loads_reload(s->loads);
		break;
	case SIGUSR1:
		if (errorlog_reopen(loads_settings(s->loads)) == -1)
			log_errno("error_log = %s",
			    loads_settings(s->loads)->error_log);
		if (s->is_ready)
			tell(s, MESSAGE_REOPEN);
		else	/* it may have opened them already */
			s->reopens_later = true;
		break;
	case SIGQUIT:
		drain(s);
		break;
	default:	/* TERM and INT */
		stop(s);
		break;
	}
}

static void
on_signals(void *arg, uint32_t events)
{
	struct spawner		*s = arg;
	struct signalfd_siginfo	 info;

	(void)events;
	while (read(s->signals.fd, &info, sizeof(info)) ==
	    (ssize_t)sizeof(info))
		on_signal(s, info.ssi_signo);
}

static uint64_t
nearest(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* Milliseconds to the next deadline, for watch_wait. */
static int
time_left(const struct spawner *s)
{
	uint64_t	 next = nearest(s->restart_ms, s->end_ms), now;

	next = nearest(next, s->sweep_ms);
	next = nearest(next, children_deadline(s->children));
	next = nearest(next, helper_deadline(s->helper));
	if (s->channel != NULL)
		next = nearest(next, channel_deadline(s->channel));
	if (next == NEVER)
		return -1;
	now = watch_now();
	if (next <= now)
		return 0;
	return next - now > INT32_MAX ? INT32_MAX : (int)(next - now);
}

static void
serve_deadlines(struct spawner *s)
{
	uint64_t	 now = watch_now();

	if (s->restart_ms <= now)
		start_gateway(s);
	if (s->end_ms <= now)
		end_phase(s);
	if (s->sweep_ms <= now)
		sweep(s);
	if (children_deadline(s->children) <= now)
		children_check(s->children);
	if (helper_deadline(s->helper) <= now)
		helper_check(s->helper, loads_settings(s->loads), s->channel);
	if (s->channel != NULL && channel_deadline(s->channel) <= now)
		channel_retry(s->channel);
	look_for_end(s);
}

/*
 * All that is handled comes by a descriptor; a peer's end is an errno.  SIGPIPE
 * is blocked for that: what is ignored would be in workers, which then had to
 * ask for each signal's default.
 */
static int
watch_signals(struct spawner *s)
{
	static const int	 signals[] = { SIGCHLD, SIGHUP, SIGUSR1,
				     SIGQUIT, SIGTERM, SIGINT };
	struct sigaction	 sa;
	sigset_t		 set, pipe;
	size_t			 i;
	int			 fd;

	process_default_signals();
	memset(&sa, 0, sizeof(sa));
	sa.sa_handler = SIG_DFL;
	sa.sa_flags = SA_NOCLDSTOP;
	sigaction(SIGCHLD, &sa, NULL);
	sigemptyset(&pipe);
	sigaddset(&pipe, SIGPIPE);
	sigemptyset(&set);
	for (i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaddset(&set, signals[i]);
	if (sigprocmask(SIG_BLOCK, &pipe, NULL) == -1 ||
	    sigprocmask(SIG_BLOCK, &set, NULL) == -1 ||
	    (fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK)) == -1)
		return -1;
	return watch_add(s->epoll, &s->signals, fd, EPOLLIN);
}

static void
init(struct spawner *s, const struct spawner_setup *setup)
{
	struct means	 means;

	memset(s, 0, sizeof(*s));
	s->setup = *setup;
	s->restart_ms = s->end_ms = s->sweep_ms = NEVER;
	s->signals.on_ready = on_signals;
	s->signals.arg = s;
	if ((s->epoll = epoll_create1(EPOLL_CLOEXEC)) == -1 ||
	    watch_signals(s) == -1 || reaper_init() == -1)
		fatal("cannot start");
	/* Workers have our uid then, and may look into what has it. */
	if (!privileges_can_change_user() && prctl(PR_SET_DUMPABLE, 0) == -1)
		fatal("PR_SET_DUMPABLE");
	s->cgroups = cgroups_create(setup->load->settings.cgroup,
	    setup->starter);
	means_take(&means, s->cgroups);
	if (means.kernel.landlock == 0)
		log_warning("no Landlock: at level = standard a worker can "
		    "reach whatever its user can");
	if (!means.kernel.seccomp)
		log_warning("no seccomp: workers can make every system call");
	if ((s->kit = kit_create(&means, SANDBOX_FREE)) == NULL)
		fatal("the system's folders");
	s->children = children_create(s->epoll, setup->place->workers,
	    s->cgroups, s->kit);
	s->helper = helper_create(setup->auth, setup->is_quiet);
	children_configure(s->children, setup->load);
	s->loads = loads_create(s->epoll, setup->config, setup->load,
	    setup->listeners);
}

static void
release(struct spawner *s)
{
	children_free(s->children);
	kit_free(s->kit);
	helper_free(s->helper);
	cgroups_free(s->cgroups);
	channel_free(s->channel);
	loads_free(s->loads);
	watch_close(s->epoll, &s->signals);
	close(s->epoll);
}

int
spawner_run(const struct spawner_setup *setup)
{
	struct spawner	 s;

	init(&s, setup);
	reap(&s);		/* who ended before signals were watched */
	start_gateway(&s);
	while (s.phase != PHASE_OVER) {
		if (watch_wait(s.epoll, time_left(&s)) == -1)
			log_errno("epoll_wait");
		serve_deadlines(&s);
	}
	release(&s);
	log_notice("stopped");
	return s.status;
}
