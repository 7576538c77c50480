/*
 * calls: the default filter's table.
 */
#include "calls.h"

#include <stddef.h>

static const char *const files[] = {
	"access", "chdir", "chmod", "chown", "chown32", "close", "close_range",
	"copy_file_range", "creat", "dup", "dup2", "dup3", "faccessat",
	"faccessat2", "fadvise64", "fadvise64_64", "arm_fadvise64_64",
	"fallocate", "fchdir", "fchmod", "fchmodat", "fchmodat2", "fchown",
	"fchown32", "fchownat", "fcntl", "fcntl64", "fdatasync", "fgetxattr",
	"flistxattr", "flock", "fremovexattr", "fsetxattr", "fstat", "fstat64",
	"fstatat64", "fstatfs", "fstatfs64", "fsync", "ftruncate",
	"ftruncate64", "futimesat", "getcwd", "getdents", "getdents64",
	"getxattr", "inotify_add_watch", "inotify_init", "inotify_init1",
	"inotify_rm_watch", "lchown", "lchown32", "lgetxattr", "link",
	"linkat", "listxattr", "llistxattr", "lremovexattr", "lseek",
	"_llseek", "lsetxattr", "lstat", "lstat64", "mkdir", "mkdirat",
	"mknod", "mknodat", "name_to_handle_at", "newfstatat", "open",
	"openat", "openat2", "pread64", "preadv", "preadv2", "pwrite64",
	"pwritev", "pwritev2", "read", "readahead", "readlink", "readlinkat",
	"readv", "removexattr", "rename", "renameat", "renameat2", "rmdir",
	"sendfile", "sendfile64", "setxattr", "splice", "stat", "stat64",
	"statfs", "statfs64", "statx", "symlink", "symlinkat", "sync",
	"sync_file_range", "sync_file_range2", "arm_sync_file_range", "syncfs",
	"tee", "truncate", "truncate64", "umask", "unlink", "unlinkat",
	"utime", "utimensat", "utimensat_time64", "utimes", "vmsplice",
	"write", "writev", NULL
};

static const char *const waiting[] = {
	"epoll_create", "epoll_create1", "epoll_ctl", "epoll_ctl_old",
	"epoll_pwait", "epoll_pwait2", "epoll_wait", "epoll_wait_old",
	"eventfd", "eventfd2", "io_cancel", "io_destroy", "io_getevents",
	"io_pgetevents", "io_pgetevents_time64", "io_setup", "io_submit",
	"_newselect", "poll", "ppoll", "ppoll_time64", "pselect6",
	"pselect6_time64", "select", "signalfd", "signalfd4", NULL
};

static const char *const messages[] = {
	"accept", "accept4", "bind", "connect", "getpeername", "getsockname",
	"getsockopt", "ipc", "listen", "mq_getsetattr", "mq_notify", "mq_open",
	"mq_timedreceive", "mq_timedreceive_time64", "mq_timedsend",
	"mq_timedsend_time64", "mq_unlink", "msgctl", "msgget", "msgrcv",
	"msgsnd", "pipe", "pipe2", "recv", "recvfrom", "recvmmsg",
	"recvmmsg_time64", "recvmsg", "semctl", "semget", "semop",
	"semtimedop", "semtimedop_time64", "send", "sendmmsg", "sendmsg",
	"sendto", "setsockopt", "shmat", "shmctl", "shmdt", "shmget",
	"shutdown", NULL
};

static const char *const memory[] = {
	"arch_prctl", "brk", "cachestat", "cacheflush", "get_mempolicy",
	"madvise", "map_shadow_stack", "mbind", "membarrier", "memfd_create",
	"memfd_secret", "mincore", "mlock", "mlock2", "mlockall", "mmap",
	"mmap2", "mprotect", "mremap", "msync", "munlock",
	"munlockall", "munmap", "pkey_alloc", "pkey_free", "pkey_mprotect",
	"riscv_flush_icache", "set_mempolicy", "set_mempolicy_home_node",
	"set_tls", NULL
};

static const char *const processes[] = {
	"capget", "capset", "execve", "execveat", "exit", "exit_group", "fork",
	"futex", "futex_requeue", "futex_time64", "futex_wait",
	"futex_waitv", "futex_wake", "get_robust_list", "get_thread_area",
	"getcpu", "getegid", "getegid32", "geteuid", "geteuid32", "getgid",
	"getgid32", "getgroups", "getgroups32", "getpgid", "getpgrp", "getpid",
	"getppid", "getpriority", "getresgid", "getresgid32", "getresuid",
	"getresuid32", "getrlimit", "getrusage", "getsid", "gettid", "getuid",
	"getuid32", "ioprio_get", "ioprio_set", "kill",
	"landlock_add_rule", "landlock_create_ruleset",
	"landlock_restrict_self", "nice", "pause", "pidfd_open",
	"pidfd_send_signal", "prctl", "prlimit64", "restart_syscall", "rseq",
	"rt_sigaction", "rt_sigpending", "rt_sigprocmask", "rt_sigqueueinfo",
	"rt_sigreturn", "rt_sigsuspend", "rt_sigtimedwait",
	"rt_sigtimedwait_time64", "rt_tgsigqueueinfo",
	"sched_get_priority_max", "sched_get_priority_min",
	"sched_getaffinity", "sched_getattr", "sched_getparam",
	"sched_getscheduler", "sched_rr_get_interval",
	"sched_rr_get_interval_time64", "sched_setaffinity", "sched_setattr",
	"sched_setparam", "sched_setscheduler", "sched_yield", "seccomp",
	"set_robust_list", "set_thread_area", "set_tid_address", "setfsgid",
	"setfsgid32", "setfsuid", "setfsuid32", "setgid", "setgid32",
	"setgroups", "setgroups32", "setpgid", "setpriority", "setregid",
	"setregid32", "setresgid", "setresgid32", "setresuid", "setresuid32",
	"setreuid", "setreuid32", "setrlimit", "setsid", "setuid", "setuid32",
	"sigaction", "sigaltstack", "signal", "sigpending", "sigprocmask",
	"sigreturn", "sigsuspend", "swapcontext", "sysinfo", "tgkill", "tkill",
	"ugetrlimit", "uname", "vfork", "wait4", "waitid", "waitpid", NULL
};

static const char *const clocks[] = {
	"alarm", "clock_getres", "clock_getres_time64", "clock_gettime",
	"clock_gettime64", "clock_nanosleep", "clock_nanosleep_time64",
	"getitimer", "getrandom", "gettimeofday", "nanosleep", "setitimer",
	"time", "timer_create", "timer_delete", "timer_getoverrun",
	"timer_gettime", "timer_gettime64", "timer_settime",
	"timer_settime64", "timerfd_create", "timerfd_gettime",
	"timerfd_gettime64", "timerfd_settime", "timerfd_settime64", "times",
	NULL
};

static const char *const refused[] = {
	/* the system as a whole */
	"acct", "adjtimex", "bpf", "clock_adjtime", "clock_adjtime64",
	"clock_settime", "clock_settime64", "delete_module", "finit_module",
	"init_module", "ioperm", "iopl", "kexec_file_load", "kexec_load",
	"quotactl", "quotactl_fd", "reboot", "setdomainname", "sethostname",
	"settimeofday", "stime", "swapoff", "swapon", "syslog", "vhangup",
	/* what is mounted, and namespaces */
	"chroot", "fsconfig", "fsmount", "fsopen", "fspick", "mount",
	"mount_setattr", "move_mount", "open_tree", "pivot_root", "setns",
	"umount", "umount2", "unshare",
	/* other processes, by what is not asked who they are */
	"kcmp", "migrate_pages", "move_pages", "perf_event_open",
	"pidfd_getfd", "process_vm_readv", "process_vm_writev", "ptrace",
	/* files without a path, keys, and large, young or odd code */
	"add_key", "fanotify_init", "fanotify_mark", "io_uring_enter",
	"io_uring_register", "io_uring_setup", "keyctl", "modify_ldt",
	"open_by_handle_at", "request_key", "userfaultfd", NULL
};

static const char *const clone_names[] = { "clone", NULL };
static const char *const ioctl_names[] = { "ioctl", NULL };
static const char *const socket_names[] = { "socket", NULL };
static const char *const socketpair_names[] = { "socketpair", NULL };
static const char *const personality_names[] = { "personality", NULL };

/* clone3, whose flags no filter can see, is unknown: libc falls back. */
const struct call_group call_groups[] = {
	{ CALL_ALLOWED,		files },
	{ CALL_ALLOWED,		waiting },
	{ CALL_ALLOWED,		messages },
	{ CALL_ALLOWED,		memory },
	{ CALL_ALLOWED,		processes },
	{ CALL_ALLOWED,		clocks },
	{ CALL_REFUSED,		refused },
	{ CALL_CLONE,		clone_names },
	{ CALL_IOCTL,		ioctl_names },
	{ CALL_SOCKET,		socket_names },
	{ CALL_SOCKETPAIR,	socketpair_names },
	{ CALL_PERSONALITY,	personality_names },
	{ CALL_UNKNOWN,		NULL }
};
