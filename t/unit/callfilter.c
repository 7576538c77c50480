/*
 * callfilter: what each call comes to in a process that has the filter.
 */
#include "callfilter.h"
#include "lib/suite.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PCRE2_CODE_UNIT_WIDTH	8
#include <pcre2.h>

#define LENGTH(array)	(sizeof(array) / sizeof((array)[0]))
#define KILLED		(-1)
#define GATEWAY		CALLS_OF_GATEWAY
#define AUTH		CALLS_OF_AUTH
#define PAGE		4096

/* --- each makes one call: 0, or errno ------------------------------------- */

static int
error_of(long result)
{
	return result == -1 ? errno : 0;
}

static int
open_file(void)
{
	return error_of(open("/dev/null", O_RDONLY));
}

static int
cpu_clock(void)
{
	struct timespec	 used;
	clockid_t	 clock;
	int		 error = clock_getcpuclockid(getpid(), &clock);

	return error != 0 ? error : error_of(clock_gettime(clock, &used));
}

static int
unix_socket(void)
{
	return error_of(socket(AF_UNIX, SOCK_STREAM, 0));
}

static int
tcp_socket(void)
{
	return error_of(socket(AF_INET, SOCK_STREAM, 0));
}

static int
netlink_socket(void)
{
	return error_of(socket(AF_NETLINK, SOCK_RAW, 0));
}

static int
map_memory(void)
{
	return error_of((long)mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
}

static int
map_code_of_file(void)
{
	int	 fd = open("/proc/self/exe", O_RDONLY);

	return error_of((long)mmap(NULL, PAGE, PROT_READ | PROT_EXEC,
	    MAP_PRIVATE, fd, 0));
}

static int
make_code(void)
{
	void	*page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return error_of(mprotect(page, PAGE, PROT_READ | PROT_EXEC));
}

static int
compile_regex(void)
{
	uint32_t	 has_jit = 0;
	pcre2_code	*code;
	size_t		 at;
	int		 error;

	pcre2_config(PCRE2_CONFIG_JIT, &has_jit);
	if (has_jit == 0)
		return 0;
	code = pcre2_compile((PCRE2_SPTR)"a+b", 3, 0, &error, &at, NULL);
	return pcre2_jit_compile(code, PCRE2_JIT_COMPLETE) == 0 ? 0 : EIO;
}

static int
wait_a_bit(void)
{
	return error_of(poll(NULL, 0, 1));
}

static int
change_limit(void)
{
	const struct rlimit	 none = { 0, 0 };

	return error_of(setrlimit(RLIMIT_CORE, &none));
}

static int
kill_other(void)
{
	return error_of(kill(getppid(), 0));
}

static int
kill_other_thread(void)
{
	return error_of(syscall(SYS_tgkill, getppid(), getppid(), 0));
}

static int
signal_self(void)
{
	return error_of(syscall(SYS_tgkill, getpid(), gettid(), 0));
}

static int
look_into_terminal(void)
{
	return isatty(STDIN_FILENO) ? 0 : errno;
}

static int
start_process(void)
{
	return error_of(syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0));
}

static int
become_program(void)
{
	char	*argv[] = { NULL };

	return error_of(execve("/bin/true", argv, argv));
}

static int
trace(void)
{
	return error_of(syscall(SYS_ptrace, 0, 0, 0, 0));
}

static int
read_other(void)
{
	return error_of(syscall(SYS_process_vm_readv, getppid(), NULL, 0,
	    NULL, 0, 0));
}

static int
leave_namespace(void)
{
	return error_of(syscall(SYS_unshare, 0));
}

static int
load_bpf(void)
{
	return error_of(syscall(SYS_bpf, 0, NULL, 0));
}

static int
join_keyring(void)
{
	return error_of(syscall(SYS_keyctl, 0, 0));
}

static int
become_other(void)
{
	return error_of(syscall(SYS_setresuid, -1, -1, -1));
}

static int
receive(void)
{
	return error_of(recv(-1, NULL, 0, 0));
}

static int
foreign_call(void)
{
	/* x86-64's x32, and no call at all elsewhere. */
	return error_of(syscall(0x40000000L + SYS_getpid));
}

static const struct {
	const char	*name;
	int		(*make)(void);
	int		 result;	/* 0, errno or KILLED */
	enum callfilter	 which;
} calls[] = {
	{ "open",		open_file,		0, GATEWAY },
	{ "a worker's clock",	cpu_clock,		0, GATEWAY },
	{ "unix socket",	unix_socket,		0, GATEWAY },
	{ "TCP socket",		tcp_socket,		ENOSYS, GATEWAY },
	{ "netlink socket",	netlink_socket,		ENOSYS, GATEWAY },
	{ "memory",		map_memory,		0, GATEWAY },
	{ "code of a file",	map_code_of_file,	ENOSYS, GATEWAY },
	{ "code of its own",	make_code,		ENOSYS, GATEWAY },
	{ "regex",		compile_regex,		0, GATEWAY },
	{ "poll",		wait_a_bit,		0, GATEWAY },
	{ "setrlimit",		change_limit,		ENOSYS, GATEWAY },
	{ "kill",		kill_other,		ENOSYS, GATEWAY },
	{ "tgkill",		kill_other_thread,	ENOSYS, GATEWAY },
	{ "tgkill itself",	signal_self,		0, GATEWAY },
	{ "ioctl",		look_into_terminal,	ENOSYS, GATEWAY },
	{ "clone",		start_process,		KILLED, GATEWAY },
	{ "execve",		become_program,		KILLED, GATEWAY },
	{ "ptrace",		trace,			KILLED, GATEWAY },
	{ "process_vm_readv",	read_other,		KILLED, GATEWAY },
	{ "unshare",		leave_namespace,	KILLED, GATEWAY },
	{ "bpf",		load_bpf,		KILLED, GATEWAY },
	{ "keyctl",		join_keyring,		KILLED, GATEWAY },
	{ "setresuid",		become_other,		KILLED, GATEWAY },
	{ "foreign",		foreign_call,		KILLED, GATEWAY },
	{ "auth: memory",	map_memory,		0, AUTH },
	{ "auth: code",		make_code,		ENOSYS, AUTH },
	{ "auth: open",		open_file,		ENOSYS, AUTH },
	{ "auth: socket",	unix_socket,		ENOSYS, AUTH },
	{ "auth: recv",		receive,		EBADF, AUTH },
	{ "auth: execve",	become_program,		KILLED, AUTH },
};

START_TEST(call)
{
	size_t	 count = 0;
	int	 status, result;
	pid_t	 pid;

	if ((pid = fork()) == 0) {
		if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1 ||
		    callfilter_install(calls[_i].which, &count) == -1)
			_exit(errno == ENOSYS ? 254 : 255);
		/* Not _exit, before which sanitizers make calls. */
		syscall(SYS_exit_group, calls[_i].make());
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 254)
		return;		/* not on this processor */
	result = WIFEXITED(status) ? WEXITSTATUS(status) : KILLED;
	ck_assert_msg(result == calls[_i].result, "%s: %d, expected %d",
	    calls[_i].name, result, calls[_i].result);
	if (result == KILLED)
		ck_assert_int_eq(WTERMSIG(status), SIGSYS);
}
END_TEST

int
main(void)
{
	Suite	*s;
	TCase	*tc;

	s = suite_create("callfilter");
	tc = tcase_create("calls");
	tcase_add_loop_test(tc, call, 0, LENGTH(calls));
	suite_add_tcase(s, tc);

	return suite_run(s);
}
