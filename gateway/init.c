/*
 * init: forks the program, then waits for signals until it has ended.
 */
#include "init.h"

#include <sched.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define NAME		"tollgate-init"	/* in ps(1) */
#define EXIT_NOT_RUN	127
#define KILLED		128		/* and the signal, as a shell says it */

#define STACK		32768	/* for what is done between fork and exec */

struct init {
	const struct init_work	*work;
	pid_t			 program;
};

/* Has its group gone, there may be no such process either. */
static void
hand_on(pid_t program, int sig)
{
	if (kill(-program, sig) == -1)
		kill(program, sig);
}

/* As the kernel ends all others with us, there is nothing left to do. */
static _Noreturn void
end(const struct init *in, int status)
{
	in->work->ended(in->work->arg, status);
	_exit(WIFSIGNALED(status) ? KILLED + WTERMSIG(status) :
	    WEXITSTATUS(status));
}

static void
reap(const struct init *in)
{
	pid_t	 pid;
	int	 status;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		if (pid == in->program)
			end(in, status);
}

static _Noreturn void
serve(const struct init *in)
{
	sigset_t	 signals;
	int		 sig;

	sigemptyset(&signals);
	sigaddset(&signals, SIGCHLD);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, INIT_STOP);
	sigaddset(&signals, INIT_GO_ON);
	for (;;) {
		if (sigwait(&signals, &sig) != 0)
			continue;
		switch (sig) {
		case SIGCHLD:
			reap(in);
			break;
		case INIT_STOP:
			kill(-1, SIGSTOP);
			break;
		case INIT_GO_ON:
			kill(-1, SIGCONT);
			break;
		default:
			hand_on(in->program, sig);
			break;
		}
	}
}

/* Whose end is waited for must have no other end here that keeps it open. */
static void
close_all_but(int keep)
{
	if (keep > 0)
		close_range(0, (unsigned)keep - 1, 0);
	close_range((unsigned)keep + 1, ~0U, 0);
}

/* The child, from its first moment on. */
static int
become_program(void *arg)
{
	const struct init_work	*work = arg;
	sigset_t		 none;

	sigemptyset(&none);
	if (setsid() == -1 || sigprocmask(SIG_SETMASK, &none, NULL) == -1)
		_exit(EXIT_NOT_RUN);
	work->program(work->arg);
	_exit(EXIT_NOT_RUN);
}

/*
 * One that execs at once may use our memory until then, as vfork(2) has it:
 * nothing is copied, by the fork or after it, which is half of what an init
 * costs.  We wait meanwhile, and so it has a stack of its own.
 */
static pid_t
fork_that_execs(struct init_work *work)
{
	_Alignas(16) char	 stack[STACK];

	return clone(become_program, stack + sizeof(stack),
	    CLONE_VM | CLONE_VFORK | SIGCHLD, work);
}

static pid_t
fork_that_stays(struct init_work *work)
{
	pid_t	 pid;

	if ((pid = _Fork()) == 0)
		become_program(work);
	return pid;
}

int
init_run(const struct init_work *asked)
{
	struct init_work	 work = *asked;
	struct init		 in = { .work = &work };
	sigset_t		 all;

	/* What comes from now on waits, even if it means nothing here. */
	sigfillset(&all);
	if (sigprocmask(SIG_SETMASK, &all, NULL) == -1)
		return -1;
	in.program = work.execs ? fork_that_execs(&work) :
	    fork_that_stays(&work);
	if (in.program == -1)
		return -1;
	prctl(PR_SET_NAME, NAME);
	close_all_but(work.keep);
	serve(&in);
}
