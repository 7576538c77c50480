/*
 * callfilter: tables of system calls, made into a program for seccomp(2).
 *
 * No library makes it: what is linked to a process is there to be misused as
 * well, and the rows are simple.  Since Linux 5.11 the kernel remembers
 * which calls are allowed whatever their arguments, and runs no program for
 * those; older ones compare row by row, so what each request needs is first.
 *
 * Calls through an io_uring are not seen here: whoever makes a ring must
 * restrict it to the operations it is for before the gateway locks itself down.
 */
#include "callfilter.h"

#include <assert.h>
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <linux/sockios.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__) && !defined(__ILP32__)
#define ARCHITECTURE	AUDIT_ARCH_X86_64
#elif defined(__aarch64__) && defined(__LP64__) && !defined(__AARCH64EB__)
#define ARCHITECTURE	AUDIT_ARCH_AARCH64
#elif defined(__riscv) && __riscv_xlen == 64
#define ARCHITECTURE	AUDIT_ARCH_RISCV64
#endif

enum what {
	ALLOW = 0,
	IF_EQUAL,	/* allow if the argument, as masked, is value */
	IF_OWN,		/* allow if the argument is our own number */
	DIE		/* nobody does that here but an intruder */
};

struct row {
	long		 call;
	enum what	 what;
	unsigned	 argument;
	uint32_t	 mask;
	uint32_t	 value;
};

#define ANY(call)	{ SYS_ ## call, ALLOW, 0, 0, 0 }
#define NEVER(call)	{ SYS_ ## call, DIE, 0, 0, 0 }
#define EQUAL(call, argument, mask, value) \
	{ SYS_ ## call, IF_EQUAL, argument, (uint32_t)(mask), \
	(uint32_t)(value) }

/* Of mmap: what PCRE2 compiles a regex to is executable memory of no file. */
#define OF_NO_FILE	(MAP_ANONYMOUS | MAP_PRIVATE)

/*
 * The rows of one call stand together; what none of them lets through is as if
 * it had no row.
 */
static const struct row	 of_gateway[] = {
	/* Each request, or turn of the loop: sockets, pipes, the ledger. */
	ANY(read), ANY(readv), ANY(write), ANY(writev),
	ANY(epoll_pwait), ANY(epoll_ctl),
	ANY(clock_gettime), ANY(clock_getres),	/* workers' CPU time */
	ANY(recvfrom), ANY(sendto), ANY(recvmsg), ANY(sendmsg),
	EQUAL(ioctl, 1, ~0, SIOCOUTQ),	/* what a socket still holds */
	EQUAL(ioctl, 1, ~0, FIONREAD),
#ifdef SYS_epoll_wait
	ANY(epoll_wait),
#endif
#ifdef SYS_io_uring_enter
	ANY(io_uring_enter),		/* a ring that was set up before */
#endif
#ifdef SYS_poll
	ANY(poll),
#endif
	ANY(ppoll), ANY(close),

	/* Connections from fronts and to workers.  None is bound here. */
	ANY(accept4), ANY(accept), ANY(connect), ANY(shutdown),
	EQUAL(socket, 0, ~0, AF_UNIX),
	ANY(getsockopt), ANY(setsockopt), ANY(getsockname), ANY(getpeername),
	ANY(fcntl),

	/* Logs, bodies, figures of workers: which files is Landlock's part. */
	ANY(openat), ANY(fstat), ANY(newfstatat),
	ANY(pread64), ANY(pwrite64), ANY(lseek), ANY(ftruncate),
	ANY(unlinkat),
#ifdef SYS_open
	ANY(open),
#endif
#ifdef SYS_unlink
	ANY(unlink),
#endif
#ifdef SYS_statx
	ANY(statx),
#endif

	/*
	 * Memory.  New code comes from PCRE2 alone, which takes pages that can
	 * be written to and run; a page can become executable no later.
	 */
	ANY(brk), ANY(munmap), ANY(mremap), ANY(madvise),
	EQUAL(mmap, 2, PROT_EXEC, 0),
	EQUAL(mmap, 3, OF_NO_FILE, OF_NO_FILE),
	EQUAL(mprotect, 2, PROT_EXEC, 0),

	/* Numbers of requests, waits, locks of libraries, the end. */
	ANY(getrandom), ANY(getpid), ANY(gettid), ANY(sysinfo),
	ANY(nanosleep), ANY(clock_nanosleep), ANY(futex), ANY(sched_yield),
	ANY(rt_sigaction), ANY(rt_sigprocmask), ANY(rt_sigreturn),
	ANY(restart_syscall), ANY(exit_group), ANY(exit),
	{ SYS_tgkill, IF_OWN, 0, 0, 0 },	/* abort(3) */
};

/* One socket, memory for crypt(3), words about what went wrong, the end. */
static const struct row	 of_auth[] = {
	ANY(recvfrom), ANY(sendto), ANY(write),
	ANY(brk), ANY(munmap), ANY(mremap), ANY(madvise),
	EQUAL(mmap, 2, PROT_EXEC, 0), EQUAL(mprotect, 2, PROT_EXEC, 0),
	ANY(getpid), ANY(gettid), ANY(futex),
	ANY(rt_sigprocmask), ANY(rt_sigreturn), ANY(restart_syscall),
	ANY(exit_group), ANY(exit),
	{ SYS_tgkill, IF_OWN, 0, 0, 0 },	/* abort(3) */
};

/* Behind each of these. */
static const struct row	 of_nobody[] = {
	/* Another program or process. */
	NEVER(execve), NEVER(execveat), NEVER(clone), NEVER(unshare),
	NEVER(setns), NEVER(seccomp),
#ifdef SYS_clone3
	NEVER(clone3),
#endif
#ifdef SYS_fork
	NEVER(fork), NEVER(vfork),
#endif
	/* Others' memory and descriptors. */
	NEVER(ptrace), NEVER(process_vm_readv), NEVER(process_vm_writev),
	NEVER(perf_event_open), NEVER(userfaultfd),
#ifdef SYS_pidfd_getfd
	NEVER(pidfd_getfd),
#endif
	/* Other rights, other files than are seen, the kernel itself. */
	NEVER(setuid), NEVER(setgid), NEVER(setresuid), NEVER(setresgid),
	NEVER(setreuid), NEVER(setregid), NEVER(setgroups), NEVER(capset),
	NEVER(chroot), NEVER(pivot_root), NEVER(mount), NEVER(umount2),
	NEVER(open_by_handle_at), NEVER(bpf),
	NEVER(keyctl), NEVER(add_key), NEVER(request_key),
	NEVER(init_module), NEVER(finit_module), NEVER(delete_module),
	NEVER(kexec_load), NEVER(reboot),
#ifdef SYS_open_tree
	NEVER(open_tree), NEVER(move_mount), NEVER(fsopen),
#endif
};

#define LENGTH(array)	(sizeof(array) / sizeof((array)[0]))
#define ROW_LENGTH	6	/* instructions, at most */
#define ROWS_MAX	(LENGTH(of_gateway) + LENGTH(of_nobody))
#define X32_BIT		0x40000000	/* in the number of a foreign call */

#ifdef ARCHITECTURE

struct program {
	struct sock_filter	 code[ROWS_MAX * ROW_LENGTH + 16];
	unsigned short		 length;
};

static void
put(struct program *p, unsigned code, uint32_t k, unsigned yes, unsigned no)
{
	const struct sock_filter	 one = { (uint16_t)code,
		(uint8_t)yes, (uint8_t)no, k };

	assert(p->length < sizeof(p->code) / sizeof(p->code[0]));
	p->code[p->length++] = one;
}

static void
put_load(struct program *p, size_t offset)
{
	put(p, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset, 0, 0);
}

static void
put_return(struct program *p, uint32_t action)
{
	put(p, BPF_RET | BPF_K, action, 0, 0);
}

/* Go on with the next instruction if it is k, else behind the others. */
static void
put_unless_skip(struct program *p, uint32_t k, unsigned others)
{
	put(p, BPF_JMP | BPF_JEQ | BPF_K, k, 0, others);
}

static uint32_t
action_of(enum what what)
{
	return what == DIE ? SECCOMP_RET_KILL_PROCESS : SECCOMP_RET_ALLOW;
}

/* Arguments are 64 bits wide, but those that are asked about are ints. */
static size_t
offset_of_argument(unsigned argument)
{
	return offsetof(struct seccomp_data, args) +
	    argument * sizeof(uint64_t);
}

static void
put_row(struct program *p, const struct row *row)
{
	uint32_t	 mask = row->mask, value = row->value;

	if (row->what != IF_EQUAL && row->what != IF_OWN) {
		put_unless_skip(p, (uint32_t)row->call, 1);
		put_return(p, action_of(row->what));
		return;
	}
	if (row->what == IF_OWN) {
		mask = ~(uint32_t)0;
		value = (uint32_t)getpid();
	}
	put_unless_skip(p, (uint32_t)row->call, 5);
	put_load(p, offset_of_argument(row->argument));
	put(p, BPF_ALU | BPF_AND | BPF_K, mask, 0, 0);
	put_unless_skip(p, value, 1);
	put_return(p, SECCOMP_RET_ALLOW);
	put_load(p, offsetof(struct seccomp_data, nr));
}

/* Another processor's calls, on one that has several kinds, are not ours. */
static void
put_head(struct program *p)
{
	put_load(p, offsetof(struct seccomp_data, arch));
	put(p, BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0);
	put_return(p, SECCOMP_RET_KILL_PROCESS);
	put_load(p, offsetof(struct seccomp_data, nr));
	put(p, BPF_JMP | BPF_JGE | BPF_K, X32_BIT, 0, 1);
	put_return(p, SECCOMP_RET_KILL_PROCESS);
}

/* How many calls they are of. */
static size_t
put_rows(struct program *p, const struct row *rows, size_t length)
{
	size_t	 i, count = 0;

	for (i = 0; i < length; i++) {
		put_row(p, &rows[i]);
		if (i == 0 || rows[i].call != rows[i - 1].call)
			count++;
	}
	return count;
}

int
callfilter_install(enum callfilter which, size_t *count)
{
	struct program		 p;
	struct sock_fprog	 whole;

	p.length = 0;
	put_head(&p);
	*count = which == CALLS_OF_GATEWAY ?
	    put_rows(&p, of_gateway, LENGTH(of_gateway)) :
	    put_rows(&p, of_auth, LENGTH(of_auth));
	put_rows(&p, of_nobody, LENGTH(of_nobody));
	put_return(&p, SECCOMP_RET_ERRNO | ENOSYS);
	whole.len = p.length;
	whole.filter = p.code;
	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &whole);
}

#else

int
callfilter_install(enum callfilter which, size_t *count)
{
	(void)which;
	*count = 0;
	errno = ENOSYS;
	return -1;
}

#endif
