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

/*
 * What the spawner sends it to stop all in the namespace, and to let it go on
 * (STOP would stop it alone); TERM goes to the program's process group.
 */
#define INIT_STOP	SIGTSTP
#define INIT_GO_ON	SIGCONT

/*
 * In process 1, which has blocked these since it began, once all is done that
 * concerns both.  Returns 0 in the child that is to be the program, a session
 * of its own with no signal blocked; in process 1 never, but for -1 with errno
 * if there is no child.  ended runs there when the child has ended, with its
 * status as of wait(2); nothing but descriptor keep is open then.
 */
int	init_fork(int keep, void (*ended)(void *arg, int status), void *arg);

#endif
