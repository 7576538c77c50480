/*
 * kernel: what is there is tried rather than asked for.
 */
#include "kernel.h"

#include <errno.h>
#include <linux/capability.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "landlock.h"

#define OF_STRICT	(CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | \
			CLONE_NEWUTS | CLONE_NEWCGROUP)

/* Can a child be made with these? */
static bool
can_clone(unsigned long flags)
{
	long	 pid;
	int	 status = -1;

	if ((pid = syscall(SYS_clone, flags | SIGCHLD, NULL, NULL, NULL,
	    NULL)) == 0)
		_exit(0);
	if (pid == -1)
		return false;
	while (waitpid((pid_t)pid, &status, 0) == -1 && errno == EINTR)
		continue;
	return status == 0;
}

static uint64_t
find_bounding(void)
{
	uint64_t	 set = 0;
	int		 n, is_in;

	for (n = 0; n < 64 && (is_in = prctl(PR_CAPBSET_READ, n)) != -1; n++)
		if (is_in)
			set |= 1ULL << n;
	return set;
}

void
kernel_probe(struct kernel *kernel)
{
	const uint32_t	 action = SECCOMP_RET_ERRNO;

	memset(kernel, 0, sizeof(*kernel));
	kernel->landlock = landlock_abi();
	kernel->seccomp = syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0,
	    &action) == 0;
	kernel->userns = can_clone(CLONE_NEWUSER);
	kernel->namespaces = can_clone(OF_STRICT) ||
	    (kernel->userns && can_clone(OF_STRICT | CLONE_NEWUSER));
	kernel->bounding = find_bounding();
}
