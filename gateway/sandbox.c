/*
 * sandbox: from a copy of the spawner to a confined process, step by step.
 */
#include "sandbox.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cgroup.h"
#include "function.h"
#include "init.h"
#include "kit.h"
#include "mounts.h"
#include "namespaces.h"
#include "privileges.h"
#include "process.h"
#include "score.h"
#include "walls.h"

#define MEMLOCK_MAX	65536	/* bytes that cannot be swapped out */

/* --- the steps ---------------------------------------------------------- */

/*
 * All from first on, but for what a worker's own root is made of, or Landlock's
 * rules, which need no descriptors in such a root.  None of them is below
 * first.
 */
static int
close_others(const struct sandbox *box, int first)
{
	const struct grants_system	*system = kit_system(box->kit);
	int				 from = system->first;
	int				 behind = from + system->count;

	if (box->walls->mounts != NULL) {
		from = box->walls->space;
		behind = from + 1;
	} else if (box->function->level == CONFINE_NONE)
		behind = from;
	if (from == -1 || behind == from)
		return close_range((unsigned)first, ~0U, 0);
	if (from > first &&
	    close_range((unsigned)first, (unsigned)from - 1, 0) == -1)
		return -1;
	return close_range((unsigned)behind, ~0U, 0);
}

/*
 * Really close all others: a launcher lives on without an exec, and must not
 * keep the front's sockets open, nor another worker's.
 */
static int
step_descriptors(struct sandbox *box)
{
	int	 report, variables = -1, i;

	report = fcntl(box->report, F_DUPFD_CLOEXEC, SANDBOX_FREE);
	if (report == -1)
		return -1;
	if (box->variables != -1 && (variables = fcntl(box->variables,
	    F_DUPFD_CLOEXEC, SANDBOX_FREE)) == -1)
		return -1;
	for (i = 0; i < 3; i++) {
		assert(box->ends[i] > STDERR_FILENO);
		if (dup2(box->ends[i], i) == -1)
			return -1;
	}
	if (dup3(report, SANDBOX_REPORT, O_CLOEXEC) == -1)
		return -1;
	box->report = SANDBOX_REPORT;
	if (variables != -1) {
		if (dup3(variables, SANDBOX_VARIABLES, O_CLOEXEC) == -1)
			return -1;
		box->variables = SANDBOX_VARIABLES;
	}
	if (box->kept.fd == -1)
		return close_others(box, box->variables == -1 ?
		    SANDBOX_VARIABLES : SANDBOX_KEPT);
	if (dup3(box->kept.fd, SANDBOX_KEPT, O_CLOEXEC) == -1)
		return -1;
	box->kept.fd = SANDBOX_KEPT;
	if (box->variables == -1)
		close(SANDBOX_VARIABLES);
	return close_others(box, SANDBOX_FREE);
}

/*
 * Only the mask: the spawner ignores no signal, and an exec ends handlers.  An
 * init waits for them, and what comes now must not be lost.
 */
static int
step_signals(struct sandbox *box)
{
	return box->walls->has_init ? 0 : process_unblock_signals();
}

/* A session, so also a process group, of its own: signalled as one. */
static int
step_session(struct sandbox *box)
{
	(void)box;
	umask(077);
	return setsid() == -1 ? -1 : 0;
}

/* In another pid namespace its pid says nothing, but its socket does. */
static int
step_parent(struct sandbox *box)
{
	struct pollfd	 spawner = { .fd = box->report };

	if (!box->walls->has_init)
		return process_die_with(box->parent);
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) == -1 ||
	    poll(&spawner, 1, 0) == -1)
		return -1;
	if (spawner.revents == 0)
		return 0;
	errno = ESRCH;
	return -1;
}

/*
 * Its memory is a copy of the spawner's: for no one to look into.  Inherited
 * from a spawner that is not root, but a change of user undoes it.
 */
static int
step_hide(struct sandbox *box)
{
	(void)box;
	return prctl(PR_SET_DUMPABLE, 0);
}

/* Find the program, and with a template whom it belongs to. */
static int
step_program(struct sandbox *box)
{
	const struct function	*fn = box->function;

	if (trust_open(&box->request, &box->program, &box->failure) == -1)
		return -1;
	box->uid = fn->is_template ? box->program.uid : fn->uid;
	box->gid = fn->is_template ? box->program.gid : fn->gid;
	if (!box->is_root) {
		box->uid = geteuid();
		box->gid = getegid();
	} else if (box->uid == 0 || box->gid == 0) {
		/* The configuration refuses that too. */
		errno = EPERM;
		return -1;
	}
	return 0;
}

/*
 * Whose a template's program is, is known only now.  The spawner answers with
 * what that account allows; or does not, and ends us.
 */
static int
step_account(struct sandbox *box)
{
	ssize_t	 n;

	if (!box->asks)
		return 0;
	sandbox_report(box, SANDBOX_USER);
	do
		n = read(box->report, &box->account, sizeof(box->account));
	while (n == -1 && errno == EINTR);
	if (n == (ssize_t)sizeof(box->account))
		return 0;
	errno = n == -1 ? errno : EPIPE;
	return -1;
}

/*
 * Into its group, if it was not born there.  Whose that is was not known for a
 * template's: so it is made now, and the spawner, who removes it one day, told
 * before there is anything to be removed.
 */
static int
step_cgroup(struct sandbox *box)
{
	struct leaf	*leaf = &box->leaf;
	const char	*step;

	if (leaf->groups == NULL || box->is_in_leaf)
		return 0;
	if (!leaf->is_made) {
		leaf->uid = box->uid;
		if (!box->asks)
			sandbox_report(box, SANDBOX_USER);
		if (leaf_make(leaf, box->function, &box->account, &step) ==
		    -1) {
			box->failure.step = step;
			box->failure.refusal = REFUSAL_FAILED;
			box->failure.error = errno;
			return -1;
		}
	}
	return leaf_join(leaf);
}

/* A group of its own is all that there is. */
static int
step_cgroup_root(struct sandbox *box)
{
	if (!box->walls->has_init)
		return 0;
	return unshare(CLONE_NEWCGROUP);
}

/*
 * Without root: go on in a child that has the namespaces.  Not from the fork
 * on, as there files of root look like anybody's, and so the program could not
 * be trusted.
 */
static int
step_namespaces(struct sandbox *box)
{
	uint64_t	 flags = box->walls->later;
	pid_t		 pid;

	if (flags == 0)
		return 0;
	if ((pid = namespaces_move(flags)) == -1)
		return -1;
	/*
	 * Both say so: the one before it ends, the other before it has a
	 * session that nobody knows of.
	 */
	box->moved_to = pid;
	sandbox_report(box, SANDBOX_MOVED);
	if (pid != 0)
		_exit(0);
	box->request.is_again = true;
	if (setsid() == -1 || namespaces_map_user(box->uid, box->gid) == -1)
		return -1;
	return step_parent(box);
}

static int
step_loopback(struct sandbox *box)
{
	return box->walls->has_loopback ? namespaces_loopback_up() : 0;
}

/* News with a descriptor. */
static int
send_along(const struct sandbox *box, enum sandbox_news news, int fd,
    uint64_t print)
{
	struct sandbox_report	 report;
	struct iovec		 iov = { &report, sizeof(report) };
	union {
		char		 bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr	 align;
	}			 control;
	struct msghdr		 msg;
	struct cmsghdr		*c;

	memset(&report, 0, sizeof(report));
	report.news = news;
	report.uid = box->uid;
	report.print = print;
	memset(&msg, 0, sizeof(msg));
	memset(&control, 0, sizeof(control));
	msg.msg_iov = &iov;
	msg.msg_iovlen = 1;
	msg.msg_control = control.bytes;
	msg.msg_controllen = sizeof(control.bytes);
	c = CMSG_FIRSTHDR(&msg);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &fd, sizeof(int));
	return sendmsg(box->report, &msg, MSG_NOSIGNAL) == -1 ? -1 : 0;
}

/* A listener that is in its network, and the gateway's. */
static int
step_endpoint(struct sandbox *box)
{
	int	 fd, status, saved;

	if (box->port == 0 || !box->walls->has_network)
		return 0;
	if ((fd = namespaces_listen(box->port)) == -1)
		return -1;
	status = send_along(box, SANDBOX_ENDPOINT, fd, 0);
	saved = errno;
	close(fd);
	errno = saved;
	return status;
}

static int
enter_root(struct sandbox *box)
{
	struct mounts	*m = box->walls->mounts;

	if (mounts_add_folder_of(m, box->program.fd) == 0 &&
	    mounts_enter(m) == 0)
		return 0;
	box->failure.error = errno;
	box->failure.refusal = REFUSAL_FAILED;
	snprintf(box->detail, sizeof(box->detail), "mounts: %s", m->at);
	box->failure.step = box->detail;
	return -1;
}

/*
 * The program by the name that it has in there too, for /proc/self/exe; it is
 * still the one that was checked.
 */
static int
open_again(struct sandbox *box)
{
	struct stat	 checked, st;
	int		 fd;

	fd = open(box->request.path, O_PATH | O_CLOEXEC);
	if (fd == -1 || fstat(fd, &st) == -1 ||
	    fstat(box->program.fd, &checked) == -1)
		return -1;
	if (st.st_dev != checked.st_dev || st.st_ino != checked.st_ino) {
		errno = EAGAIN;
		return -1;
	}
	close(box->program.fd);
	box->program.fd = fd;
	return 0;
}

static int
step_root(struct sandbox *box)
{
	if (box->walls->mounts == NULL)
		return 0;
	if (enter_root(box) == -1)
		return -1;
	box->has_root = true;
	return open_again(box);
}

/* open("/dev/stderr") asks the pipe for its mode, of which ours is not it. */
static int
step_pipes(struct sandbox *box)
{
	struct stat	 st;
	int		 fd;

	if (!box->is_root)
		return 0;
	for (fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (fstat(fd, &st) == -1)
			return -1;
		/* 1 and 2 may be the same. */
		if (S_ISFIFO(st.st_mode) && (st.st_mode & 0777) != 0666 &&
		    fchmod(fd, 0666) == -1)
			return -1;
	}
	return 0;
}

/* What may not be raised stays as low as it is: that confines more. */
static int
limit(int resource, uint64_t value)
{
	struct rlimit	 now, wanted;

	if (value == RLIM_INFINITY)
		return 0;
	wanted.rlim_cur = wanted.rlim_max = (rlim_t)value;
	if (setrlimit((__rlimit_resource_t)resource, &wanted) == 0)
		return 0;
	if (errno != EPERM ||
	    getrlimit((__rlimit_resource_t)resource, &now) == -1)
		return -1;
	wanted.rlim_cur = now.rlim_max;
	wanted.rlim_max = now.rlim_max;
	return setrlimit((__rlimit_resource_t)resource, &wanted);
}

/* Is it in a group that sets such limits? */
static bool
box_controls(const struct sandbox *box, unsigned controller)
{
	return (cgroups_controllers(box->leaf.groups) & controller) != 0;
}

static int
step_rlimits(struct sandbox *box)
{
	const struct function_rlimits	*l = &box->function->rlimits;

	if (limit(RLIMIT_NOFILE, l->files) == -1 ||
	    limit(RLIMIT_CORE, l->core) == -1 ||
	    limit(RLIMIT_MEMLOCK, MEMLOCK_MAX) == -1 ||
	    limit(RLIMIT_MSGQUEUE, 0) == -1 ||
	    limit(RLIMIT_NICE, 0) == -1 || limit(RLIMIT_RTPRIO, 0) == -1)
		return -1;
	/* That counts all of a user's, so pids.max is better. */
	if (box_controls(box, CGROUP_PIDS))
		return 0;
	/* Without root, nobody knows how many of that user's are not ours. */
	if (box->is_root && box->account.tasks_max < l->processes)
		return limit(RLIMIT_NPROC, box->account.tasks_max);
	return limit(RLIMIT_NPROC, l->processes);
}

static int
step_oom_score(struct sandbox *box)
{
	int	 fd;
	ssize_t	 n;

	if (box->has_score)
		return 0;
	/* Who is hidden (step_hide) may not, unless it is root. */
	if (box->is_root)
		prctl(PR_SET_DUMPABLE, 1);
	if ((fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC)) == -1)
		return box->is_root ? -1 : 0;
	n = write(fd, SCORE_WORKER, sizeof(SCORE_WORKER) - 1);
	close(fd);
	return n == -1 ? -1 : 0;
}

/*
 * A session keyring of its own, where it could put keys into the spawner's.
 * Made by root, as what a user may have of them is little; without root, all
 * have the same keys anyway.
 */
static int
step_keyring(struct sandbox *box)
{
	if (box->shares_keyring ||
	    syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) != -1 ||
	    box->function->level == CONFINE_NONE)
		return 0;
	/*
	 * The kernel forbids nobody a new one: it was a filter around us all,
	 * as containers have, and so nobody in there has keys.
	 */
	if (errno == ENOSYS || errno == EPERM ||
	    (errno == EDQUOT && geteuid() != 0))
		return 0;
	return -1;
}

/* No program that is exec'ed brings any back. */
static int
step_bounding(struct sandbox *box)
{
	uint64_t	 left = kit_means(box->kit)->kernel.bounding;
	int		 n;

	if (box->function->level == CONFINE_NONE || !box->is_root)
		return 0;
	for (n = 0; left != 0; n++, left >>= 1)
		if (left & 1 && prctl(PR_CAPBSET_DROP, n) == -1)
			return -1;
	return 0;
}

static int
step_user(struct sandbox *box)
{
	const struct function	*fn = box->function;
	bool			 own = !fn->is_template;

	if (!box->is_root)
		return 0;
	return process_become(box->uid, box->gid, own ? fn->groups : &box->gid,
	    own ? fn->group_count : 1);
}

/* As the user: where that may not go, root does not lead it. */
static int
step_folder(struct sandbox *box)
{
	return chdir(box->folder);
}

/* Who has become another user has none any more. */
static int
step_capabilities(struct sandbox *box)
{
	if (box->function->level == CONFINE_NONE || box->is_root)
		return 0;
	return privileges_drop();
}

static int
step_no_new_privileges(struct sandbox *box)
{
	if (box->function->level == CONFINE_NONE)
		return 0;
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

/* New rules; those that would do for others too are sent up. */
static int
make_rules(const struct sandbox *box, const struct grants_asked *asked,
    const uint64_t *print, struct landlock *rules)
{
	if (grants_make(kit_system(box->kit), asked,
	    kit_means(box->kit)->kernel.landlock, rules) == -1)
		return -1;
	/* Nobody there to keep them: then nobody minds. */
	if (print != NULL)
		send_along(box, SANDBOX_RULES, rules->fd, *print);
	return 0;
}

static int
step_landlock(struct sandbox *box)
{
	const struct grants_asked	 asked = {
		.function = box->function,
		.program = box->request.path,
		.program_fd = box->program.fd,
		.is_linked = box->program.is_linked,
		.folder = box->folder,
		.port = box->port,
		.hidden = box->hidden,
		.has_root = box->has_root,
	};
	struct landlock			 rules = { .fd = box->kept.fd };
	uint64_t			 print;
	bool				 has_print;

	if (box->function->level == CONFINE_NONE ||
	    kit_means(box->kit)->kernel.landlock == 0)
		return 0;
	has_print = grants_print(&asked, &print);
	if (rules.fd == -1 || !has_print || print != box->kept.print) {
		if (rules.fd != -1)
			close(rules.fd);
		if (make_rules(box, &asked, has_print ? &print : NULL,
		    &rules) == -1)
			return -1;
	}
	if (landlock_enter(&rules) == -1)
		return -1;
	grants_close_system(kit_system(box->kit));
	return 0;
}

/* Last, as it would be in the way of the others. */
static int
step_seccomp(struct sandbox *box)
{
	return box->filter.len == 0 ? 0 : seccomp_apply(&box->filter);
}

static const struct {
	const char	*name;		/* under MESSAGE_STEP_LEN */
	int		(*run)(struct sandbox *);
} steps[] = {
	{ "descriptors",	step_descriptors },
	{ "signals",		step_signals },
	{ "session",		step_session },
	{ "parent",		step_parent },
	{ "program",		step_program },
	{ "account",		step_account },
	{ "namespaces",		step_namespaces },
	{ "cgroup: cgroup.procs", step_cgroup },
	{ "cgroup: namespace",	step_cgroup_root },
	{ "pipes",		step_pipes },
	{ "rlimits",		step_rlimits },
	{ "oom_score_adj",	step_oom_score },
	{ "keyring",		step_keyring },
	{ "bounding set",	step_bounding },
	{ "loopback",		step_loopback },
	{ "endpoint",		step_endpoint },
	{ "program in its root", step_root },
	{ "user",		step_user },
	/* Another uid clears what step_parent has set. */
	{ "parent",		step_parent },
	{ "hide",		step_hide },
	{ "folder",		step_folder },
	{ "capabilities",	step_capabilities },
	{ "no_new_privs",	step_no_new_privileges },
	{ "landlock",		step_landlock },
	{ "seccomp",		step_seccomp },
};

int
sandbox_apply(struct sandbox *box)
{
	size_t	 i;

	for (i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		box->failure.step = NULL;
		if (steps[i].run(box) == 0)
			continue;
		if (box->failure.step == NULL) {
			box->failure.step = steps[i].name;
			box->failure.refusal = REFUSAL_FAILED;
			box->failure.error = errno;
		}
		return -1;
	}
	return 0;
}

/*
 * This limit of memory is the program's, and would count what is the spawner's
 * until then: so it is set last.
 */
void
sandbox_exec(struct sandbox *box, const char *const *arguments,
    const char *const *environment)
{
	/* An exec does not write to them, whatever its prototype says. */
	char *const	*argv = (char *const *)(uintptr_t)arguments;
	char *const	*envp = (char *const *)(uintptr_t)environment;

	if (!box_controls(box, CGROUP_MEMORY) &&
	    limit(RLIMIT_DATA, box->function->rlimits.data) == -1) {
		box->failure.error = errno;
		box->failure.refusal = REFUSAL_FAILED;
		box->failure.step = "rlimits";
		return;
	}
	if (box->program.is_script)
		execve(box->request.path, argv, envp);
	else
		execveat(box->program.fd, "", argv, envp, AT_EMPTY_PATH);
	box->failure.error = errno;
	box->failure.refusal = REFUSAL_FAILED;
	/* The script itself is there, as it has just been looked at. */
	box->failure.step = box->program.is_script && errno == ENOENT ?
	    "exec: its interpreter" : "exec";
}

void
sandbox_report(const struct sandbox *box, enum sandbox_news news)
{
	struct sandbox_report	 report;

	memset(&report, 0, sizeof(report));
	report.news = news;
	report.uid = box->uid;
	report.pid = box->moved_to;
	report.status = box->status;
	if (news == SANDBOX_FAILED) {
		report.error = box->failure.error;
		report.refusal = (int32_t)box->failure.refusal;
		snprintf(report.step, sizeof(report.step), "%s",
		    box->failure.step);
	}
	/* Nobody there to hear it: then nobody minds. */
	if (send(box->report, &report, sizeof(report), MSG_NOSIGNAL) == -1)
		return;
}

struct run {
	struct sandbox	*box;
	void		(*program)(void *arg);
	void		*arg;
};

static void
run_program(void *arg)
{
	const struct run	*run = arg;

	run->program(run->arg);
}

static void
run_ended(void *arg, int status)
{
	struct sandbox	*box = ((const struct run *)arg)->box;

	box->status = status;
	sandbox_report(box, SANDBOX_ENDED);
}

void
sandbox_run(struct sandbox *box, void (*program)(void *arg), void *arg,
    bool execs)
{
	struct run		 run = { box, program, arg };
	struct init_work	 work = {
		.program = run_program, .ended = run_ended, .arg = &run,
		.keep = box->report, .execs = execs,
	};

	if (!box->walls->has_init)
		program(arg);
	init_run(&work);
	box->failure.step = "init";
	box->failure.refusal = REFUSAL_FAILED;
	box->failure.error = errno;
}
