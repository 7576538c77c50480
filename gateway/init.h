/*
 * init: process 1 of a worker's pid namespace, which is never its program.
 *
 * TERM does not reach a process 1 that does not ask for it, nor would a program
 * reap what others leave it.  So one of ours stands there: it hands signals on,
 * reaps, and tells how the program ended.  Its own end, by whatever means, ends
 * all in the namespace.
 */
#ifndef TOLLGATE_INIT_H
#define TOLLGATE_INIT_H

#include <signal.h>
#include <stdbool.h>

/*
 * What the spawner sends it to stop all in the namespace, and to let it go on
 * (STOP would stop it alone); TERM goes to the program's process group.
 */
#define INIT_STOP	SIGTSTP
#define INIT_GO_ON	SIGCONT

struct init_work {
	void	(*program)(void *arg);	/* of the child; never returns */
	void	(*ended)(void *arg, int status);	/* wait(2)'s */
	void	*arg;
	int	 keep;		/* the one descriptor that ended needs */
	bool	 execs;		/* the program does, and at once */
};

/*
 * In process 1, which has blocked these since it began, once all is done that
 * concerns both.  Never returns, but for -1 with errno if there can be no
 * child: that becomes the program, a session of its own with no signal blocked;
 * ended runs here when it has ended.
 */
int	init_run(const struct init_work *);

#endif
