/*
 * process: what a child does first.
 */
#include "process.h"

#include <errno.h>
#include <grp.h>
#include <signal.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "privileges.h"

void
process_default_signals(void)
{
	static const uint64_t	 as_new[8];	/* the kernel's sigaction */
	int			 sig;

	/*
	 * Ignored ones would be inherited over exec.  sigaction(3) spares the
	 * two that libc keeps to itself, but if whoever started us ignored
	 * them, a program with threads would hang in setuid(2).  KILL and STOP
	 * cannot be set.
	 */
	for (sig = 1; sig < NSIG; sig++)
		syscall(SYS_rt_sigaction, sig, as_new, NULL, (NSIG - 1) / 8);
}

/* Not by libc's functions, whose pages a child would have to fetch. */
int
process_unblock_signals(void)
{
	const uint64_t	 none = 0;	/* the kernel's sigset_t */

	return (int)syscall(SYS_rt_sigprocmask, SIG_SETMASK, &none, NULL,
	    (NSIG - 1) / 8);
}

int
process_reset_signals(void)
{
	process_default_signals();
	return process_unblock_signals();
}

int
process_die_with(pid_t parent)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) == -1)
		return -1;
	/* It may have died before it was told of. */
	if (getppid() != parent) {
		errno = ESRCH;
		return -1;
	}
	return 0;
}

int
process_become(uid_t uid, gid_t gid, const gid_t *groups, size_t count)
{
	uid_t	 real_uid, effective_uid, saved_uid;
	gid_t	 real_gid, effective_gid, saved_gid;

	if (setgroups(count, groups) == -1 ||
	    setresgid(gid, gid, gid) == -1 || setresuid(uid, uid, uid) == -1)
		return -1;
	/* The kernel does that for root alone. */
	if (uid != 0 && privileges_drop() == -1)
		return -1;
	if (getresuid(&real_uid, &effective_uid, &saved_uid) == -1 ||
	    getresgid(&real_gid, &effective_gid, &saved_gid) == -1)
		return -1;
	if (real_uid != uid || effective_uid != uid || saved_uid != uid ||
	    real_gid != gid || effective_gid != gid || saved_gid != gid) {
		errno = EPERM;
		return -1;
	}
	return 0;
}
