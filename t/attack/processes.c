/*
 * processes: looking into, signalling and steering those of others.
 */
#include "attack.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef SYS_pidfd_getfd
#define SYS_pidfd_getfd	438
#endif

#define IOPRIO_PROCESS	1

/* The tracer's end lets go of it. */
static int
trace(char *pid)
{
	return ptrace(PTRACE_SEIZE, (pid_t)atol(pid), NULL, NULL) == -1 ? -1 :
	    0;
}

static int
trace_child(char *unused)
{
	int	 status;
	pid_t	 pid;

	(void)unused;
	if ((pid = fork()) == 0) {
		_exit(ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0 ? 0 : errno);
	}
	if (pid == -1 || waitpid(pid, &status, 0) == -1)
		return -1;
	errno = WEXITSTATUS(status);
	return errno == 0 ? 0 : -1;
}

/* Whether there is something at that address is asked last. */
static int
read_memory(char *pid)
{
	char		 bytes[8];
	struct iovec	 here = { bytes, sizeof(bytes) },
			 there = { bytes, sizeof(bytes) };

	return process_vm_readv((pid_t)atol(pid), &here, 1, &there, 1, 0) ==
	    -1 && errno != EFAULT ? -1 : 0;
}

static int
take_descriptor(char *pid)
{
	long	 fd = syscall(SYS_pidfd_open, atol(pid), 0);

	if (fd == -1)
		return -1;
	return syscall(SYS_pidfd_getfd, fd, 0, 0) == -1 ? -1 : 0;
}

static int
signal_one(char *pid)
{
	return kill((pid_t)atol(pid), 0);
}

/* A signal that most ignore; whom it reached, they must say. */
static int
signal_all(char *unused)
{
	(void)unused;
	return kill(-1, SIGURG);
}

static int
set_priority(char *pid)
{
	id_t	 who = (id_t)atol(pid);
	int	 now;

	errno = 0;
	now = getpriority(PRIO_PROCESS, who);
	return errno != 0 ? -1 : setpriority(PRIO_PROCESS, who, now);
}

static int
set_processors(char *pid)
{
	cpu_set_t	 set;

	if (sched_getaffinity((pid_t)atol(pid), sizeof(set), &set) == -1)
		return -1;
	return sched_setaffinity((pid_t)atol(pid), sizeof(set), &set);
}

static int
set_policy(char *pid)
{
	struct sched_param	 p = { .sched_priority = 0 };

	return sched_setscheduler((pid_t)atol(pid), SCHED_OTHER, &p);
}

static int
set_io_priority(char *pid)
{
	long	 now = syscall(SYS_ioprio_get, IOPRIO_PROCESS, atol(pid));

	if (now == -1)
		return -1;
	return syscall(SYS_ioprio_set, IOPRIO_PROCESS, atol(pid), now) == -1 ?
	    -1 : 0;
}

static int
set_limit(char *pid)
{
	struct rlimit	 limit;

	if (prlimit((pid_t)atol(pid), RLIMIT_CORE, NULL, &limit) == -1)
		return -1;
	return prlimit((pid_t)atol(pid), RLIMIT_CORE, &limit, NULL);
}

const struct deed	deeds_processes[] = {
	{ "trace",		trace },
	{ "trace-child",	trace_child },
	{ "read-memory",	read_memory },
	{ "take-descriptor",	take_descriptor },
	{ "signal",		signal_one },
	{ "signal-all",		signal_all },
	{ "set-priority",	set_priority },
	{ "set-processors",	set_processors },
	{ "set-policy",		set_policy },
	{ "set-io-priority",	set_io_priority },
	{ "set-limit",		set_limit },
	{ NULL,			NULL }
};
