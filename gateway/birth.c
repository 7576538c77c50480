/*
 * birth: from the gateway's START to a child that stands before its exec.
 */
#include "children.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "channel.h"
#include "child.h"
#include "function.h"
#include "graves.h"
#include "kit.h"
#include "lambdaenv.h"
#include "launcher.h"
#include "load.h"
#include "log.h"
#include "mem.h"
#include "reaper.h"
#include "runtimes.h"
#include "walls.h"

#define ACCOUNT_CHUNK	512
#define STEPS_MAX_MS	10000	/* from fork to standing before the exec */
#define ENDPOINT_PORT	9001	/* in a network of its own; as AWS's */

struct plan {			/* what START comes to */
	uint64_t		 worker;
	uint32_t		 number;	/* of its function in load */
	const struct function	*function;
	struct trust_request	 request;	/* of its program */
	uid_t			 uid;		/* (uid_t)-1: not known yet */
	struct account		 account;	/* then, that of all others */
	const char		*folder;	/* that it is in */
	const struct load	*load;
	struct enclosure	 walls;
};

/* --- what it says --------------------------------------------------------- */

/* One more descriptor for the gateway, if it could be opened. */
static bool
give(struct child *c, int fd)
{
	if (fd != -1)
		c->ends.ours[c->ends.count++] = fd;
	return fd != -1;
}

static void
tell_started(struct child *c, pid_t program)
{
	struct message	 m;
	int		 fd;

	memset(&m, 0, sizeof(m));
	m.type = MESSAGE_STARTED;
	m.started.worker = c->number;
	m.started.pid = program;
	m.started.uid = c->uid;
	if (c->leaf.is_made) {
		m.started.cgroup = leaf_id(&c->leaf);
		fd = leaf_open_file(&c->leaf, "cpu.stat");
		m.started.has_cpu_stat = give(c, fd);
		fd = leaf_open_file(&c->leaf, "memory.peak");
		m.started.has_memory_peak = give(c, fd);
	}
	channel_send(c->all->channel, &m, c->ends.ours, c->ends.count);
	c->ends.count = 0;	/* they are the channel's */
}

/*
 * A template's child says whose program it found, and waits: for a seat, or its
 * end.
 */
static void
take_user(struct child *c, uid_t uid)
{
	struct children		*cs = c->all;
	struct account_limits	 limits;
	struct account		 a;
	struct arena		*arena = arena_create(ACCOUNT_CHUNK);
	const char		*limit;

	load_account(cs->load, uid, arena, &a);
	limit = seats_limit(&cs->seats, uid, &a, watch_now());
	if (limit == NULL) {
		child_take_seat(c, uid, &a);
		account_limits(&a, &limits);
		if (c->asks && send(c->report.fd, &limits, sizeof(limits),
		    MSG_NOSIGNAL | MSG_DONTWAIT) == -1)
			log_errno("%s: its account", c->leaf.function);
	} else if (!c->is_lost) {
		child_no_longer_starting(c);
		reaper_signal(c->pid, SIGKILL);
		child_refuse_capped(cs, c->number, uid, limit);
		c->is_lost = true;
	}
	arena_free(arena);
}

static void
take_stands(struct child *c, uid_t uid, pid_t program)
{
	if (c->stands || c->is_lost || c->all->channel == NULL)
		return;
	if (!c->has_seat)
		take_user(c, uid);
	if (c->is_lost)
		return;
	child_no_longer_starting(c);
	c->stands = true;
	c->uid = uid;
	tell_started(c, program);
}

/* Is its function the one of that number in the load that is in force? */
static bool
is_of_load(const struct child *c)
{
	return c->all->load != NULL &&
	    c->all->load->generation == c->generation;
}

/* What others of its function may be held to, too. */
static void
take_rules(struct child *c, uint64_t print, int *fd)
{
	struct rules	 rules = { .print = print };

	if (*fd == -1 || c->stands || !is_of_load(c))
		return;
	/* A child puts others in the places of the first. */
	if ((rules.fd = fcntl(*fd, F_DUPFD_CLOEXEC, SANDBOX_FREE)) != -1)
		rulebook_keep(c->all->rules, c->function, rules);
}

/* In a network of its own, in place of the one that was made here. */
static void
take_endpoint(struct child *c, int *fd)
{
	if (*fd == -1 || c->ends.port == 0 || c->stands || c->ends.count == 0)
		return;
	close(c->ends.ours[0]);
	c->ends.ours[0] = *fd;
	*fd = -1;
}

/*
 * sender: the process that says so, by the kernel's word.  A descriptor that is
 * taken is -1 then.
 */
static void
take_report(struct child *c, const struct sandbox_report *r, pid_t sender,
    int *fd)
{
	switch (r->news) {
	case SANDBOX_ENDPOINT:
		take_endpoint(c, fd);
		break;
	case SANDBOX_RULES:
		take_rules(c, r->print, fd);
		break;
	case SANDBOX_USER:
		if (!c->has_seat)
			take_user(c, r->uid);
		c->leaf.uid = r->uid;
		c->leaf.is_made = c->leaf.groups != NULL && !c->is_lost;
		break;
	case SANDBOX_MOVED:
		child_move(c, r->pid != 0 ? r->pid : sender);
		break;
	case SANDBOX_STANDS:
		take_stands(c, r->uid, sender);
		break;
	case SANDBOX_FAILED:
		c->failure = *r;
		c->failure.step[MESSAGE_STEP_LEN - 1] = '\0';
		break;
	case SANDBOX_ENDED:
		c->has_status = true;
		c->status = r->status;
		break;
	}
}

/* One report, who sent it, and what came along, or -1; as recvmsg(2). */
static ssize_t
read_report(int fd, struct sandbox_report *r, pid_t *sender, int *along)
{
	union {
		char		 bytes[CMSG_SPACE(sizeof(struct ucred)) +
				    CMSG_SPACE(sizeof(int))];
		struct cmsghdr	 align;
	}		 control;
	struct iovec	 iov = { .iov_base = r, .iov_len = sizeof(*r) };
	struct msghdr	 msg;
	struct cmsghdr	*c;
	struct ucred	 sent;
	ssize_t		 n;

	memset(&msg, 0, sizeof(msg));
	msg.msg_iov = &iov;
	msg.msg_iovlen = 1;
	msg.msg_control = control.bytes;
	msg.msg_controllen = sizeof(control.bytes);
	if ((n = recvmsg(fd, &msg, MSG_CMSG_CLOEXEC)) <= 0)
		return n;
	sent.pid = 0;
	for (c = CMSG_FIRSTHDR(&msg); c != NULL; c = CMSG_NXTHDR(&msg, c)) {
		if (c->cmsg_type == SCM_CREDENTIALS &&
		    c->cmsg_len == CMSG_LEN(sizeof(sent)))
			memcpy(&sent, CMSG_DATA(c), sizeof(sent));
		else if (c->cmsg_type == SCM_RIGHTS &&
		    c->cmsg_len == CMSG_LEN(sizeof(int)))
			memcpy(along, CMSG_DATA(c), sizeof(int));
	}
	if (sent.pid == 0) {
		errno = EBADMSG;
		return -1;
	}
	*sender = sent.pid;
	return n;
}

void
child_read_reports(struct child *c)
{
	struct sandbox_report	 r;
	ssize_t			 n;
	pid_t			 sender;
	int			 along;

	while (c->report.fd != -1) {
		along = -1;
		n = read_report(c->report.fd, &r, &sender, &along);
		if (n == (ssize_t)sizeof(r))
			take_report(c, &r, sender, &along);
		if (along != -1)
			close(along);
		if (n == (ssize_t)sizeof(r))
			continue;
		if (n == -1 && errno == EAGAIN)
			return;
		if (n != -1 || errno != EINTR)
			watch_close(c->all->epoll, &c->report);
	}
}

static void
on_report(void *arg, uint32_t events)
{
	(void)events;
	child_read_reports(arg);
}

/* --- from START to the fork ----------------------------------------------- */

/* The folder that the program is in, in fn's arena. */
static const char *
program_folder(const struct function *fn, const char *path)
{
	const char	*slash = strrchr(path, '/');

	if (slash == path)
		return "/";
	return arena_strndup(fn->arena, path, (size_t)(slash - path));
}

/* What its protocol tells it by the environment; in fn's arena. */
static void
prepare_words(const struct sandbox *box, struct launch_words *words)
{
	const struct function	*fn = box->function;

	memset(words, 0, sizeof(*words));
	if (box->port == 0)
		return;
	lambda_environment(fn, fn->arena, box->folder, &words->fixed,
	    &words->usual);
	runtimes_environment(fn, &words->usual);
	words->fixed.words[words->fixed.count++] = arena_printf(fn->arena,
	    "%s=127.0.0.1:%u", fn->protocol->endpoint, box->port);
}

/* All that the child needs, as it allocates nothing; in fn's arena. */
static void
prepare(const struct child *c, const struct plan *plan, struct sandbox *box,
    struct launch *launch)
{
	const struct function	*fn = plan->function;
	struct launch_words	 words;

	memset(box, 0, sizeof(*box));
	box->function = fn;
	box->request = plan->request;
	box->folder = fn->chdir[0] != '\0' ? fn->chdir :
	    fn->code->task_root[0] != '\0' ? fn->code->task_root : plan->folder;
	box->walls = &plan->walls;
	box->parent = getpid();
	box->is_root = c->all->is_root;
	memcpy(box->ends, c->ends.theirs, sizeof(box->ends));
	box->variables = c->ends.variables;
	box->leaf = c->leaf;
	box->asks = c->asks;
	account_limits(&plan->account, &box->account);
	box->kit = c->all->kit;
	kit_filter(box->kit, fn, &box->filter);
	box->shares_keyring = kit_shares_keyring(box->kit, fn);
	box->hidden = &plan->load->open_files;
	if (fn->protocol->endpoint != NULL)
		box->port = plan->walls.has_network ? ENDPOINT_PORT :
		    c->ends.port;
	box->kept.fd = -1;
	if (fn->level != CONFINE_NONE && plan->walls.mounts == NULL &&
	    is_of_load(c))
		box->kept = rulebook_find(c->all->rules, c->function);
	prepare_words(box, &words);
	launcher_prepare(launch, fn->arena, fn, plan->request.path, c->serial,
	    &words);
}

/*
 * The child's socket to report on, and be answered if it asks; and ours, which
 * hears from whom a report is, and never waits.
 */
static int
make_report(int fds[2])
{
	const int	 on = 1;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) == -1)
		return -1;
	if (fcntl(fds[0], F_SETFL, O_NONBLOCK) == -1)
		return -1;
	return setsockopt(fds[0], SOL_SOCKET, SO_PASSCRED, &on, sizeof(on));
}

/* Fork, and watch the report socket.  -1 with errno. */
static int
fork_child(struct child *c, const struct plan *plan)
{
	struct sandbox	 box;
	struct launch	 launch;
	int		 report[2], saved;
	pid_t		 pid;

	prepare(c, plan, &box, &launch);
	if (make_report(report) == -1)
		return -1;
	box.report = report[1];
	box.has_score = score_raise(&c->all->score);
	/* A fork alone: what fork(3) sets right is for threads and malloc. */
	if ((pid = leaf_fork(&c->leaf, plan->walls.at_fork,
	    &box.is_in_leaf)) == 0)
		launcher_become(&box, &launch);
	c->pid = pid;
	saved = errno;
	if (box.has_score)
		score_lower(&c->all->score);
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
	child_refuse(c->all, c->number, REFUSAL_FAILED, error, step);
	if (c->leaf.is_made)
		graves_add(c->all->graves, &c->leaf);
	ends_close_theirs(&c->ends);
	ends_close_ours(&c->ends);
	free(c);
}

/* A template's is made by the child, which finds out whose it is. */
static int
make_leaf(struct child *c, const struct plan *plan, const char **step)
{
	const struct function	*fn = plan->function;
	struct account_limits	 limits;
	struct leaf		*leaf = &c->leaf;

	leaf->groups = c->all->cgroups;
	leaf->uid = plan->uid;
	leaf->serial = c->serial;
	leaf->own_tasks = plan->walls.has_init ? 1 : 0;
	snprintf(leaf->function, sizeof(leaf->function), "%s", fn->name);
	if (leaf->groups == NULL || leaf->uid == (uid_t)-1)
		return 0;
	account_limits(&plan->account, &limits);
	return leaf_make(leaf, fn, &limits, step);
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
	c->function = plan->number;
	c->generation = plan->load->generation;
	c->serial = ++cs->last_serial;
	c->uid = plan->uid;
	c->has_init = plan->walls.has_init;
	c->asks = plan->uid == (uid_t)-1 && load_has_accounts(cs->load);
	if (ends_make(&c->ends, fn->protocol->way, cs->workers, c->serial) ==
	    -1) {
		start_failed(c, fn, "descriptors");
		return;
	}
	if (make_leaf(c, plan, &step) == -1) {
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
	child_insert(cs, c);
	if (plan->uid != (uid_t)-1)
		child_take_seat(c, plan->uid, &plan->account);
}

/*
 * Rather not at all than with less than it is configured to require: then say
 * what, and return true.  Whether there are namespaces, the walls have tried.
 */
static bool
lacks_something(struct children *cs, uint64_t worker,
    const struct function *fn, const struct load *load)
{
	struct means	 means;
	const char	*word;
	char		 step[MESSAGE_STEP_LEN], why[WALLS_WHY];

	if (fn->lists->require.count == 0)
		return false;
	means = *kit_means(cs->kit);
	means.kernel.namespaces = walls_can(load->walls, why);
	if ((word = means_lack(&means, fn)) == NULL)
		return false;
	snprintf(step, sizeof(step), "require: %s", word);
	child_refuse(cs, worker, REFUSAL_FAILED, EOPNOTSUPP, step);
	return true;
}

/*
 * Whatever the gateway asks for: no more workers than there may be.  Then say
 * which limit it is, and return true.
 */
static bool
is_beyond_limit(struct children *cs, const struct plan *plan)
{
	const char	*limit = NULL;

	if (cs->count >= cs->load->settings.max_workers)
		limit = "gateway.max_workers";
	else if (plan->uid != (uid_t)-1)
		limit = seats_limit(&cs->seats, plan->uid, &plan->account,
		    watch_now());
	if (limit == NULL)
		return false;
	child_refuse_capped(cs, plan->worker, plan->uid, limit);
	return true;
}

/* The program's path with the captures in it; the caller's, or NULL. */
static char *
path_of(const struct function *fn, const struct message_start *m)
{
	const char	*values[FUNCTION_CAPTURES_MAX];
	uint32_t	 i;

	if (m->capture_count != fn->captures.count)
		return NULL;
	if (*fn->code->program != '\0')
		return xstrdup(fn->code->program);
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

	if (child_find(cs, message->worker) != NULL) {
		child_refuse(cs, message->worker, REFUSAL_FAILED, EEXIST,
		    "number");
		return;
	}
	if (load == NULL) {
		child_refuse(cs, message->worker, REFUSAL_FAILED, ESTALE,
		    "generation");
		return;
	}
	fn = config_read_function(load->index, message->function);
	if (fn == NULL) {
		child_refuse(cs, message->worker, REFUSAL_FAILED, EINVAL,
		    "function");
		return;
	}
	if (lacks_something(cs, message->worker, fn, load)) {
		function_release(fn);
		return;
	}
	if ((path = path_of(fn, message)) == NULL)
		child_refuse(cs, message->worker, REFUSAL_NOT_FOUND, EINVAL,
		    "captures");
	else {
		memset(&plan, 0, sizeof(plan));
		plan.worker = message->worker;
		plan.number = message->function;
		plan.function = fn;
		plan.request.path = path;
		plan.folder = program_folder(fn, path);
		plan.load = load;
		walls_enclose(load->walls, &plan.walls, fn->arena, fn,
		    plan.folder);
		if (fn->is_template)
			plan.request.fixed = (size_t)(strstr(fn->handler, "${")
			    - fn->handler);
		plan.request.uid = fn->uid;
		plan.request.min_uid = load->settings.min_uid;
		plan.uid = cs->is_root ? fn->uid : geteuid();
		load_account(cs->load, plan.uid, fn->arena, &plan.account);
		if (!is_beyond_limit(cs, &plan))
			start(cs, &plan);
	}
	free(path);
	function_release(fn);
}
