/*
 * landlock: three system calls.
 */
#include "landlock.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Of <linux/landlock.h>, of which libc's may be older than the kernel. */
#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset	444
#define SYS_landlock_add_rule		445
#define SYS_landlock_restrict_self	446
#endif

#define CREATE_VERSION	0x1U
#define RULE_PATH	1
#define RULE_PORT	2

#define FS_EXECUTE	(1U << 0)
#define FS_WRITE_FILE	(1U << 1)
#define FS_READ_FILE	(1U << 2)
#define FS_READ_DIR	(1U << 3)
#define FS_REMOVE_DIR	(1U << 4)
#define FS_REMOVE_FILE	(1U << 5)
#define FS_MAKE_CHAR	(1U << 6)
#define FS_MAKE_DIR	(1U << 7)
#define FS_MAKE_REG	(1U << 8)
#define FS_MAKE_SOCK	(1U << 9)
#define FS_MAKE_FIFO	(1U << 10)
#define FS_MAKE_BLOCK	(1U << 11)
#define FS_MAKE_SYM	(1U << 12)
#define FS_REFER	(1U << 13)
#define FS_TRUNCATE	(1U << 14)
#define FS_IOCTL_DEV	(1U << 15)
#define FS_FIRST	(FS_MAKE_SYM | (FS_MAKE_SYM - 1))	/* version 1 */

#define NET_BIND_TCP	(1U << 0)
#define NET_CONNECT_TCP	(1U << 1)

#define SCOPE_ABSTRACT	(1U << 0)
#define SCOPE_SIGNAL	(1U << 1)

/* What a rule for a file, not a folder, may say. */
#define OF_A_FILE	(FS_EXECUTE | FS_WRITE_FILE | FS_READ_FILE | \
			FS_TRUNCATE | FS_IOCTL_DEV)

#define LOOK	(FS_READ_FILE | FS_READ_DIR)
#define DEVICE	(FS_READ_FILE | FS_WRITE_FILE | FS_TRUNCATE | FS_IOCTL_DEV)
#define SCRATCH	(LOOK | FS_WRITE_FILE | FS_TRUNCATE | FS_REMOVE_DIR | \
		FS_REMOVE_FILE | FS_MAKE_DIR | FS_MAKE_REG | FS_MAKE_SOCK | \
		FS_MAKE_FIFO | FS_MAKE_SYM | FS_REFER)

#define APPEND	(FS_WRITE_FILE | FS_MAKE_REG)
#define LEDGER	(APPEND | FS_READ_FILE | FS_TRUNCATE)

static const uint64_t accesses[] = {
	[GRANT_LOOK] =		LOOK,
	[GRANT_READ] =		LOOK | FS_EXECUTE,
	[GRANT_SCRATCH] =	SCRATCH,
	[GRANT_WRITE] =		SCRATCH | FS_EXECUTE,
	[GRANT_DEVICE] =	DEVICE,
	[GRANT_PROGRAM] =	FS_READ_FILE | FS_EXECUTE,
	[GRANT_FIGURES] =	FS_READ_FILE,
	[GRANT_APPEND] =	APPEND,
	[GRANT_LEDGER] =	LEDGER,
	[GRANT_SPOOL] =		LEDGER | FS_REMOVE_FILE,
};

/* The kernel's; it takes longer ones whose end is zero. */
struct ruleset {
	uint64_t	 fs;
	uint64_t	 net;
	uint64_t	 scoped;
};
struct path_rule {
	uint64_t	 access;
	int32_t		 fd;
} __attribute__((packed));
struct port_rule {
	uint64_t	 access;
	uint64_t	 port;
};

unsigned
landlock_abi(void)
{
	long	 abi;

	abi = syscall(SYS_landlock_create_ruleset, NULL, 0, CREATE_VERSION);
	return abi < 1 ? 0 : (unsigned)abi;
}

/* What the version can rule; the kernel refuses what it does not know. */
static uint64_t
handled(unsigned abi)
{
	uint64_t	 fs = FS_FIRST;

	if (abi >= LANDLOCK_RENAMES)
		fs |= FS_REFER;
	if (abi >= LANDLOCK_TRUNCATE)
		fs |= FS_TRUNCATE;
	if (abi >= LANDLOCK_DEVICES)
		fs |= FS_IOCTL_DEV;
	return fs;
}

int
landlock_begin(struct landlock *l, unsigned abi, bool is_alone)
{
	struct ruleset	 rules;

	memset(&rules, 0, sizeof(rules));
	rules.fs = handled(abi);
	l->abi = abi;
	l->tcp = is_alone && abi >= LANDLOCK_TCP;
	if (l->tcp)
		rules.net = NET_BIND_TCP | NET_CONNECT_TCP;
	if (abi >= LANDLOCK_SCOPES)
		rules.scoped = SCOPE_ABSTRACT | SCOPE_SIGNAL;
	l->fd = (int)syscall(SYS_landlock_create_ruleset, &rules,
	    abi >= LANDLOCK_SCOPES ? sizeof(rules) : abi >= LANDLOCK_TCP ?
	    2 * sizeof(uint64_t) : sizeof(uint64_t), 0);
	return l->fd == -1 ? -1 : 0;
}

int
landlock_grant(const struct landlock *l, int fd, enum grant grant)
{
	struct path_rule	 rule;
	struct stat		 st;

	rule.access = accesses[grant] & handled(l->abi);
	rule.fd = fd;
	if (syscall(SYS_landlock_add_rule, l->fd, RULE_PATH, &rule, 0) == 0)
		return 0;
	if (errno != EINVAL || fstat(fd, &st) == -1 || S_ISDIR(st.st_mode))
		return -1;
	rule.access &= OF_A_FILE;
	return syscall(SYS_landlock_add_rule, l->fd, RULE_PATH, &rule, 0) ==
	    0 ? 0 : -1;
}

int
landlock_grant_port(const struct landlock *l, unsigned port)
{
	const struct port_rule	 rule = { NET_CONNECT_TCP, port };

	if (!l->tcp)
		return 0;
	return syscall(SYS_landlock_add_rule, l->fd, RULE_PORT, &rule, 0) ==
	    0 ? 0 : -1;
}

int
landlock_enter(struct landlock *l)
{
	int	 saved = 0;
	bool	 is_in;

	is_in = syscall(SYS_landlock_restrict_self, l->fd, 0) == 0;
	/* In a child, errno is on pages that are to be spared. */
	if (!is_in)
		saved = errno;
	close(l->fd);
	l->fd = -1;
	if (!is_in)
		errno = saved;
	return is_in ? 0 : -1;
}
