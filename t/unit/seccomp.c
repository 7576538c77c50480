/*
 * seccomp: what the program says to each call, run here and by the kernel.
 */
#include "seccomp.h"

#include <check.h>
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/keyctl.h>
#include <linux/netlink.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "function.h"
#include "lib/suite.h"

#define ROWS(table)	((int)(sizeof(table) / sizeof((table)[0])))
#define NUMBERS		700
#define ALLOW		SECCOMP_RET_ALLOW
#define ERROR(e)	(SECCOMP_RET_ERRNO | (e))

static struct seccomp_calls	 calls;
static struct sock_filter	 code[SECCOMP_CODE_MAX];
static size_t			 len;

static void
set_up(void)
{
	seccomp_default(&calls);
	len = seccomp_make(&calls, true, code);
}

/* --- run here ------------------------------------------------------------ */

/* What the program says; only the instructions that it is made of. */
static uint32_t
run(const struct seccomp_data *data)
{
	uint32_t	 a = 0, k;
	size_t		 at;
	bool		 yes;

	for (at = 0; at < len; at++) {
		k = code[at].k;
		switch (code[at].code) {
		case BPF_LD | BPF_W | BPF_ABS:
			ck_assert_uint_le(k + sizeof(a), sizeof(*data));
			memcpy(&a, (const char *)data + k, sizeof(a));
			continue;
		case BPF_RET | BPF_K:
			return k;
		case BPF_JMP | BPF_JA:
			at += k;
			continue;
		case BPF_JMP | BPF_JEQ | BPF_K:
			yes = a == k;
			break;
		case BPF_JMP | BPF_JGE | BPF_K:
			yes = a >= k;
			break;
		case BPF_JMP | BPF_JSET | BPF_K:
			yes = (a & k) != 0;
			break;
		default:
			ck_abort_msg("instruction %u", code[at].code);
		}
		at += yes ? code[at].jt : code[at].jf;
	}
	ck_abort_msg("it does not end");
	return 0;
}

static uint32_t
run_call(uint32_t number, uint64_t first, uint64_t second, uint64_t third)
{
	const struct seccomp_data	 data = {
		.nr = (int)number, .arch = seccomp_arch_native(),
		.args = { first, second, third }
	};

	return run(&data);
}

static uint32_t
number_of(const char *name)
{
	int	 number = seccomp_syscall_resolve_name(name);

	ck_assert_msg(number >= 0, "%s", name);
	return (uint32_t)number;
}

/* The number's verdict without its arguments. */
static uint8_t
verdict_of(const struct seccomp_calls *all, uint32_t number)
{
	size_t	 i;

	for (i = 0; i < all->count; i++)
		if (all->all[i].number == number)
			return all->all[i].verdict;
	return CALL_UNKNOWN;
}

/* Arguments that those who look at them allow. */
static void
check_numbers(const struct seccomp_calls *all)
{
	uint32_t	 number, said;
	uint8_t		 verdict;

	for (number = 0; number < NUMBERS; number++) {
		verdict = verdict_of(all, number);
		said = run_call(number, verdict == CALL_PERSONALITY ? 0 :
		    AF_UNIX, 0, 0);
		ck_assert_msg(said == (verdict == CALL_UNKNOWN ?
		    ERROR(ENOSYS) : verdict == CALL_REFUSED ? ERROR(EPERM) :
		    ALLOW), "call %u of verdict %u: %08x", number, verdict,
		    said);
	}
	ck_assert_uint_eq(run_call(0x40000000, 0, 0, 0), ERROR(ENOSYS));
	ck_assert_uint_eq(run_call(UINT32_MAX, 0, 0, 0), ERROR(ENOSYS));
}

START_TEST(each_number)
{
	check_numbers(&calls);
	/* A program can do without much, but not without these. */
	ck_assert_uint_eq(run_call(number_of("read"), 0, 0, 0), ALLOW);
	ck_assert_uint_eq(run_call(number_of("execveat"), 0, 0, 0), ALLOW);
	ck_assert_uint_eq(run_call(number_of("clone3"), 0, 0, 0),
	    ERROR(ENOSYS));
	ck_assert_uint_eq(run_call(number_of("bpf"), 0, 0, 0), ERROR(EPERM));
	ck_assert_uint_lt(len, 100);	/* each start pays for it */
}
END_TEST

/* No name stands in the table twice, or in vain. */
START_TEST(each_name)
{
	const struct call_group	*group, *other;
	const char *const	*name, *const *again;
	unsigned		 times;

	for (group = call_groups; group->names != NULL; group++)
		for (name = group->names; *name != NULL; name++) {
			ck_assert_msg(seccomp_knows(*name), "%s", *name);
			times = 0;
			for (other = call_groups; other->names != NULL; other++)
				for (again = other->names; *again != NULL;
				    again++)
					times += strcmp(*name, *again) == 0;
			ck_assert_msg(times == 1, "%s", *name);
		}
	ck_assert(!seccomp_knows("no_such_call"));
	ck_assert(!seccomp_knows(""));
}
END_TEST

static const struct {
	const char	*call;
	uint64_t	 arguments[3];
	uint32_t	 said;
} arguments[] = {
	{ "clone", { SIGCHLD }, ALLOW },
	{ "clone", { CLONE_VM | CLONE_FS | CLONE_THREAD | CLONE_SETTLS },
	  ALLOW },
	{ "clone", { CLONE_NEWUSER | SIGCHLD }, ERROR(EPERM) },
	{ "clone", { CLONE_NEWNS }, ERROR(EPERM) },
	{ "clone", { CLONE_NEWNET }, ERROR(EPERM) },
	{ "clone", { CLONE_NEWPID }, ERROR(EPERM) },
	{ "clone", { CLONE_NEWIPC }, ERROR(EPERM) },
	{ "clone", { CLONE_NEWUTS }, ERROR(EPERM) },
	{ "clone", { CLONE_NEWCGROUP }, ERROR(EPERM) },
	{ "ioctl", { 0, TCGETS }, ALLOW },
	{ "ioctl", { 0, TIOCSTI }, ERROR(EPERM) },
	{ "ioctl", { 0, TIOCLINUX }, ERROR(EPERM) },
	/* The kernel looks at the lower half alone. */
	{ "ioctl", { 0, TIOCSTI | 1ULL << 32 }, ERROR(EPERM) },
	{ "socket", { AF_UNIX, SOCK_STREAM, 0 }, ALLOW },
	{ "socket", { AF_INET, SOCK_STREAM, 0 }, ALLOW },
	{ "socket", { AF_INET6, SOCK_DGRAM, 0 }, ALLOW },
	{ "socket", { AF_NETLINK, SOCK_RAW, NETLINK_ROUTE }, ALLOW },
	{ "socket", { AF_NETLINK, SOCK_RAW, NETLINK_AUDIT }, ERROR(EPERM) },
	{ "socket", { AF_PACKET, SOCK_RAW, 0 }, ERROR(EPERM) },
	{ "socket", { AF_VSOCK, SOCK_STREAM, 0 }, ERROR(EPERM) },
	{ "socket", { AF_ALG, SOCK_SEQPACKET, 0 }, ERROR(EPERM) },
	{ "socket", { AF_UNSPEC, SOCK_STREAM, 0 }, ERROR(EPERM) },
	{ "socketpair", { AF_UNIX, SOCK_STREAM, 0 }, ALLOW },
	{ "socketpair", { AF_TIPC, SOCK_STREAM, 0 }, ERROR(EPERM) },
	{ "personality", { 0 }, ALLOW },
	{ "personality", { 0xffffffff }, ALLOW },
	{ "personality", { ADDR_NO_RANDOMIZE }, ERROR(EPERM) },
	{ "personality", { READ_IMPLIES_EXEC }, ERROR(EPERM) },
};

START_TEST(by_arguments)
{
	const uint64_t	*a = arguments[_i].arguments;

	ck_assert_uint_eq(run_call(number_of(arguments[_i].call), a[0], a[1],
	    a[2]), arguments[_i].said);
}
END_TEST

START_TEST(other_machines)
{
	struct seccomp_data	 data = { .nr = 1, .arch = AUDIT_ARCH_I386 };

	ck_assert_uint_eq(run(&data), SECCOMP_RET_KILL_PROCESS);
	data.arch = 0;
	ck_assert_uint_eq(run(&data), SECCOMP_RET_KILL_PROCESS);
}
END_TEST

START_TEST(without_internet)
{
	len = seccomp_make(&calls, false, code);
	ck_assert_uint_eq(run_call(number_of("socket"), AF_INET, 0, 0),
	    ERROR(EPERM));
	ck_assert_uint_eq(run_call(number_of("socket"), AF_INET6, 0, 0),
	    ERROR(EPERM));
	check_numbers(&calls);
}
END_TEST

START_TEST(additions)
{
	const char		*names[] = { "bpf", "ioctl", "unshare",
				    "keyctl", "clone3", "set_tls" };
	const struct word_list	 list = { names, 6 };

	seccomp_allow(&calls, &list);
	len = seccomp_make(&calls, true, code);
	check_numbers(&calls);
	ck_assert_uint_eq(run_call(number_of("bpf"), 0, 0, 0), ALLOW);
	ck_assert_uint_eq(run_call(number_of("clone3"), 0, 0, 0), ALLOW);
	ck_assert_uint_eq(run_call(number_of("ioctl"), 0, TIOCSTI, 0), ALLOW);
	ck_assert_uint_eq(run_call(number_of("mount"), 0, 0, 0), ERROR(EPERM));
}
END_TEST

/* The longest there can be: the defaults, and 64 additions that stand apart. */
START_TEST(longest)
{
	const char		*names[64];
	char			*name;
	struct word_list	 list = { names, 0 };
	uint32_t		 number, last = 0;

	for (number = 0; number < NUMBERS && list.count < 64; number++) {
		if (verdict_of(&calls, number) != CALL_UNKNOWN &&
		    verdict_of(&calls, number) != CALL_REFUSED)
			continue;
		name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE,
		    (int)number);
		if (name == NULL || number < last + 2) {
			free(name);
			continue;
		}
		names[list.count++] = name;
		last = number;
	}
	seccomp_allow(&calls, &list);
	len = seccomp_make(&calls, true, code);
	check_numbers(&calls);
	while (list.count > 0)
		free((void *)(uintptr_t)names[--list.count]);
}
END_TEST

START_TEST(far_apart)
{
	uint32_t	 i;

	for (i = 0; i < 110; i++) {
		calls.all[i].number = 3 * i + 1;
		calls.all[i].verdict = i % 2 ? CALL_ALLOWED : CALL_REFUSED;
	}
	calls.count = 110;
	len = seccomp_make(&calls, true, code);
	check_numbers(&calls);
}
END_TEST

/* Any number of them, any verdicts, any gaps; one after another. */
START_TEST(any_pattern)
{
	uint32_t	 seed = (uint32_t)_i, number = 0, i;

	calls.count = (size_t)_i;
	for (i = 0; i < calls.count; i++) {
		seed = seed * 1664525 + 1013904223;
		number += seed >> 30;
		calls.all[i].number = number++;
		calls.all[i].verdict = (uint8_t)((seed >> 16) % CALL_VERDICTS);
	}
	len = seccomp_make(&calls, true, code);
	check_numbers(&calls);
}
END_TEST

/* --- run by the kernel --------------------------------------------------- */

/* Calls a child makes under the filter, and the errno that each must get. */
static const struct {
	const char	*call;
	long		 arguments[4];
	int		 error;		/* 0: it must succeed */
} attempts[] = {
	{ "getppid", { 0 }, 0 },
	{ "clone3", { 0 }, ENOSYS },
	{ "unshare", { CLONE_NEWUSER }, EPERM },
	{ "unshare", { 0 }, EPERM },
	{ "clone", { CLONE_NEWUSER | SIGCHLD }, EPERM },
	{ "setns", { -1, 0 }, EPERM },
	{ "mount", { 0 }, EPERM },
	{ "umount2", { 0 }, EPERM },
	{ "bpf", { 0 }, EPERM },
	{ "io_uring_setup", { 0 }, EPERM },
	{ "keyctl", { KEYCTL_GET_KEYRING_ID, 0, 0 }, EPERM },
	{ "add_key", { 0 }, EPERM },
	{ "request_key", { 0 }, EPERM },
	{ "perf_event_open", { 0 }, EPERM },
	{ "userfaultfd", { 0 }, EPERM },
	{ "open_by_handle_at", { 0 }, EPERM },
	{ "ptrace", { PTRACE_TRACEME }, EPERM },
	{ "process_vm_readv", { 1 }, EPERM },
	{ "process_vm_writev", { 1 }, EPERM },
	{ "pidfd_getfd", { 0 }, EPERM },
	{ "kexec_load", { 0 }, EPERM },
	{ "init_module", { 0 }, EPERM },
	{ "swapon", { 0 }, EPERM },
	{ "reboot", { 0 }, EPERM },
	{ "sethostname", { 0 }, EPERM },
	{ "settimeofday", { 0 }, EPERM },
	{ "personality", { 0xffffffff }, 0 },
	{ "personality", { ADDR_NO_RANDOMIZE }, EPERM },
	{ "socket", { AF_UNIX, SOCK_STREAM, 0 }, 0 },
	{ "socket", { AF_PACKET, SOCK_RAW, 0 }, EPERM },
	{ "socket", { AF_VSOCK, SOCK_STREAM, 0 }, EPERM },
	{ "socket", { AF_ALG, SOCK_SEQPACKET, 0 }, EPERM },
	{ "socket", { AF_NETLINK, SOCK_RAW, NETLINK_AUDIT }, EPERM },
	{ "ioctl", { -1, TIOCSTI, 0 }, EPERM },
	{ "ioctl", { -1, TIOCLINUX, 0 }, EPERM },
	{ "ioctl", { -1, TCGETS, 0 }, EBADF },
	{ "fanotify_init", { 0 }, EPERM },
	{ "chroot", { 0 }, EPERM },
	{ "process_mrelease", { 0 }, ENOSYS },
};

static bool
kernel_has_seccomp(void)
{
	const uint32_t	 action = SECCOMP_RET_ERRNO;

	return syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0;
}

/* The status of a child that is held to the filter and runs act. */
static int
in_child(void (*act)(int), int n)
{
	const struct seccomp_code	 program = {
		.len = (unsigned short)len, .code = code
	};
	pid_t				 pid;
	int				 status;

	if ((pid = fork()) == 0) {
		if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1 ||
		    seccomp_apply(&program) == -1)
			_exit(255);
		act(n);
		_exit(254);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return status;
}

static void
attempt(int n)
{
	const long	*a = attempts[n].arguments;
	long		 got;

	got = syscall((long)seccomp_syscall_resolve_name(attempts[n].call),
	    a[0], a[1], a[2], a[3]);
	_exit(got != -1 ? 0 : errno);
}

START_TEST(in_the_kernel)
{
	int	 status;

	if (!kernel_has_seccomp() ||
	    seccomp_syscall_resolve_name(attempts[_i].call) < 0)
		return;
	status = in_child(attempt, _i);
	ck_assert_msg(WIFEXITED(status), "%s: status %x", attempts[_i].call,
	    (unsigned)status);
	ck_assert_msg(WEXITSTATUS(status) == attempts[_i].error,
	    "%s: %s", attempts[_i].call, strerror(WEXITSTATUS(status)));
}
END_TEST

#ifdef __x86_64__
static void
call_as_i386(int n)
{
	int	 got;

	(void)n;
	__asm__ volatile("int $0x80" : "=a"(got) : "0"(20) : "memory");
	_exit(got > 0 ? 1 : 0);
}

static void
call_as_x32(int n)
{
	(void)n;
	_exit(syscall(0x40000000 | SYS_getpid) != -1 ? 0 : errno);
}

START_TEST(other_abis)
{
	int	 status;

	if (!kernel_has_seccomp())
		return;
	status = in_child(call_as_i386, 0);
	/* SEGV: the kernel does without that ABI altogether. */
	ck_assert(WIFSIGNALED(status) && (WTERMSIG(status) == SIGSYS ||
	    WTERMSIG(status) == SIGSEGV));
	status = in_child(call_as_x32, 0);
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == ENOSYS);
}
END_TEST
#endif

START_TEST(needs_no_new_privs)
{
	const struct seccomp_code	 program = {
		.len = (unsigned short)len, .code = code
	};
	pid_t				 pid;
	int				 status;

	if (!kernel_has_seccomp())
		return;
	if ((pid = fork()) == 0) {
		if (setuid(geteuid() == 0 ? 65534 : geteuid()) == -1)
			_exit(255);
		_exit(seccomp_apply(&program) == 0 ? 0 : errno);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == EACCES);
}
END_TEST

int
main(void)
{
	Suite	*s;
	TCase	*tc;

	s = suite_create("seccomp");
	tc = tcase_create("program");
	tcase_add_checked_fixture(tc, set_up, NULL);
	tcase_add_test(tc, each_number);
	tcase_add_test(tc, each_name);
	tcase_add_loop_test(tc, by_arguments, 0, ROWS(arguments));
	tcase_add_test(tc, other_machines);
	tcase_add_test(tc, without_internet);
	tcase_add_test(tc, additions);
	tcase_add_test(tc, longest);
	tcase_add_test(tc, far_apart);
	tcase_add_loop_test(tc, any_pattern, 0, 124);
	suite_add_tcase(s, tc);
	tc = tcase_create("kernel");
	tcase_add_checked_fixture(tc, set_up, NULL);
	tcase_add_loop_test(tc, in_the_kernel, 0, ROWS(attempts));
#ifdef __x86_64__
	tcase_add_test(tc, other_abis);
#endif
	tcase_add_test(tc, needs_no_new_privs);
	suite_add_tcase(s, tc);

	return suite_run(s);
}
