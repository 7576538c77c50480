/*
 * kernel: what widens a process's powers, or is a large surface of the
 * kernel's.
 */
#include "attack.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <linux/bpf.h>
#include <linux/capability.h>
#include <linux/keyctl.h>
#include <linux/perf_event.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/klog.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef SYS_io_uring_setup
#define SYS_io_uring_setup	425
#endif
#ifndef SYS_clone3
#define SYS_clone3		435
#endif

#define NO_STRUCT	4096	/* bytes of zeros, enough for any */

static char	 zeros[NO_STRUCT];

/* --- namespaces, mounts, users ------------------------------------------ */

static int
unshare_user(char *unused)
{
	(void)unused;
	return unshare(CLONE_NEWUSER);
}

static int
reap(long pid)
{
	if (pid == 0)
		_exit(0);
	return pid == -1 ? -1 : waitpid((pid_t)pid, NULL, 0) == pid ? 0 : -1;
}

static int
clone_user(char *unused)
{
	unsigned long	 flags = CLONE_NEWUSER | SIGCHLD;

	(void)unused;
#ifdef __s390__
	return reap(syscall(SYS_clone, NULL, flags, NULL, NULL, NULL));
#else
	return reap(syscall(SYS_clone, flags, NULL, NULL, NULL, NULL));
#endif
}

static int
clone3_user(char *unused)
{
	struct clone_args {
		uint64_t	 flags, pidfd, child_tid, parent_tid, signal;
		uint64_t	 stack, stack_size, tls;
	}	 args = { .flags = CLONE_NEWUSER, .signal = SIGCHLD };

	(void)unused;
	return reap(syscall(SYS_clone3, &args, sizeof(args)));
}

/* And away with it, for those who come after us. */
static int
mount_type(const char *type, const char *folder)
{
	if (mount("none", folder, type, 0, NULL) == -1)
		return -1;
	return umount2(folder, MNT_DETACH);
}

static int
mount_there(char *folder)
{
	return mount_type("tmpfs", folder);
}

/* In namespaces of our own, where we are root. */
static int
mount_inside(char *folder)
{
	return unshare(CLONE_NEWUSER | CLONE_NEWNS) == -1 ? -1 :
	    mount_type("tmpfs", folder);
}

static int
mount_groups(char *folder)
{
	return mount_type("cgroup2", folder);
}

static int
change_root(char *folder)
{
	return chroot(folder);
}

static int
become(char *uid)
{
	uid_t	 who = (uid_t)atol(uid);

	return setresuid(who, who, who);
}

static int
join_group(char *gid)
{
	gid_t	 group = (gid_t)atol(gid);

	return setgroups(1, &group);
}

static int
take_capabilities(char *unused)
{
	struct __user_cap_header_struct	 header = {
		_LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct	 data[2];

	(void)unused;
	memset(data, 0, sizeof(data));
	data[0].effective = data[0].permitted = 1U << CAP_SYS_ADMIN;
	return (int)syscall(SYS_capset, &header, data);
}

/* --- large or odd parts of the kernel ----------------------------------- */

static int
make_map(char *unused)
{
	union bpf_attr	 map;

	(void)unused;
	memset(&map, 0, sizeof(map));
	map.map_type = BPF_MAP_TYPE_ARRAY;
	map.key_size = 4;
	map.value_size = 4;
	map.max_entries = 1;
	return syscall(SYS_bpf, BPF_MAP_CREATE, &map, sizeof(map)) == -1 ? -1 :
	    0;
}

static int
make_ring(char *unused)
{
	(void)unused;
	return syscall(SYS_io_uring_setup, 1, zeros) == -1 ? -1 : 0;
}

static int
make_key(char *unused)
{
	(void)unused;
	return syscall(SYS_add_key, "user", "attack", "x", 1,
	    KEY_SPEC_PROCESS_KEYRING) == -1 ? -1 : 0;
}

static int
find_keyring(char *unused)
{
	(void)unused;
	return syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID,
	    KEY_SPEC_USER_KEYRING, 1) == -1 ? -1 : 0;
}

static int
count_events(char *unused)
{
	struct perf_event_attr	 what;

	(void)unused;
	memset(&what, 0, sizeof(what));
	what.type = PERF_TYPE_SOFTWARE;
	what.size = sizeof(what);
	what.config = PERF_COUNT_SW_TASK_CLOCK;
	return syscall(SYS_perf_event_open, &what, 0, -1, -1, 0) == -1 ? -1 :
	    0;
}

static int
handle_faults(char *unused)
{
	(void)unused;
	return syscall(SYS_userfaultfd, 0) == -1 ? -1 : 0;
}

static int
no_random_addresses(char *unused)
{
	(void)unused;
	return personality(ADDR_NO_RANDOMIZE) == -1 ? -1 : 0;
}

static int
read_kernel_log(char *unused)
{
	enum { LOG_SIZE = 10 };

	(void)unused;
	return klogctl(LOG_SIZE, NULL, 0) == -1 ? -1 : 0;
}

/* A terminal of ours, or what there is. */
static int
open_terminal(void)
{
	int	 master, fd = STDIN_FILENO;

	setsid();
	master = open("/dev/pts/ptmx", O_RDWR);
	if (master == -1)
		master = open("/dev/ptmx", O_RDWR);
	if (master != -1 && grantpt(master) == 0 && unlockpt(master) == 0) {
		fd = open(ptsname(master), O_RDWR | O_NOCTTY);
		if (fd != -1)
			ioctl(fd, TIOCSCTTY, 0);
	}
	return fd;
}

/* Type there, as if somebody sat before it. */
static int
type_for_others(char *unused)
{
	(void)unused;
	return ioctl(open_terminal(), TIOCSTI, "x");
}

#if LONG_MAX > INT_MAX
#define MORE	(1UL << 32)	/* that the kernel does not look at */
#else
#define MORE	0UL
#endif

static int
type_disguised(char *unused)
{
	(void)unused;
	return syscall(SYS_ioctl, open_terminal(), TIOCSTI | MORE, "x") == -1 ?
	    -1 : 0;
}

static int
socket_disguised(char *family)
{
	return syscall(SYS_socket, MORE | strtoul(family, NULL, 10),
	    SOCK_STREAM, 0) == -1 ? -1 : 0;
}

static int
personality_disguised(char *unused)
{
	(void)unused;
	return syscall(SYS_personality, MORE | ADDR_NO_RANDOMIZE) == -1 ? -1 :
	    0;
}

static int
clone_disguised(char *unused)
{
	unsigned long	 flags = MORE | CLONE_NEWUSER | SIGCHLD;

	(void)unused;
#ifdef __s390__
	return reap(syscall(SYS_clone, NULL, flags, NULL, NULL, NULL));
#else
	return reap(syscall(SYS_clone, flags, NULL, NULL, NULL, NULL));
#endif
}

/* What a console can be asked for, and be made to paste. */
static int
ask_console(char *unused)
{
	char	 shift_state = 6;
	int	 fd = open("/dev/tty0", O_RDWR | O_NOCTTY);

	(void)unused;
	return ioctl(fd == -1 ? STDIN_FILENO : fd, TIOCLINUX, &shift_state);
}

/* getpid(2), as programs of 32 bits call it. */
static int
call_by_other_abi(char *unused)
{
	(void)unused;
#ifdef __x86_64__
	long	 pid;

	__asm__ volatile ("int $0x80" : "=a" (pid) : "a" (20) : "memory");
	return pid == getpid() ? 0 : -1;
#else
	errno = ENOSYS;
	return -1;
#endif
}

const struct deed	deeds_kernel[] = {
	{ "unshare-user",	unshare_user },
	{ "clone-user",		clone_user },
	{ "clone3-user",	clone3_user },
	{ "mount",		mount_there },
	{ "mount-inside",	mount_inside },
	{ "mount-groups",	mount_groups },
	{ "chroot",		change_root },
	{ "become",		become },
	{ "join-group",		join_group },
	{ "take-capabilities",	take_capabilities },
	{ "bpf",		make_map },
	{ "io-uring",		make_ring },
	{ "add-key",		make_key },
	{ "find-keyring",	find_keyring },
	{ "perf",		count_events },
	{ "userfault",		handle_faults },
	{ "personality",	no_random_addresses },
	{ "kernel-log",		read_kernel_log },
	{ "type",		type_for_others },
	{ "type-disguised",	type_disguised },
	{ "socket-disguised",	socket_disguised },
	{ "personality-disguised", personality_disguised },
	{ "clone-disguised",	clone_disguised },
	{ "console",		ask_console },
	{ "other-abi",		call_by_other_abi },
	{ NULL,			NULL }
};
