/*
 * init: forks the program, then waits for signals until it has ended.
 */
#include "init.h"

#include <errno.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define NAME		"tollgate-init"	/* in ps(1) */
#define KILLED		128		/* and the signal, as a shell says it */

struct init {
	pid_t	 program;
	void	(*ended)(void *arg, int status);
	void	*arg;
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
	in->ended(in->arg, status);
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

int
init_fork(int keep, void (*ended)(void *arg, int status), void *arg)
{
	struct init	 in = { .ended = ended, .arg = arg };
	sigset_t	 all, none;

	/* What comes from now on waits, even if it means nothing here. */
	sigfillset(&all);
	sigemptyset(&none);
	if (sigprocmask(SIG_SETMASK, &all, NULL) == -1)
		return -1;
	in.program = _Fork();
	switch (in.program) {
	case -1:
		return -1;
	case 0:
		if (setsid() == -1)
			return -1;
		return sigprocmask(SIG_SETMASK, &none, NULL);
	default:
		prctl(PR_SET_NAME, NAME);
		close_all_but(keep);
		serve(&in);
	}
}
