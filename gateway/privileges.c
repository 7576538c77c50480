/*
 * privileges: a table of capabilities, and the calls that drop the others.
 */
#include "privileges.h"

#include <linux/capability.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define LAST	63		/* the kernel's own is below that */

/* What t/64-privileges.t finds to be the least; README says it as well. */
static const struct {
	unsigned	 capability;
	const char	*what_for;
} needed[] = {
	{ CAP_SETUID, "workers and gateway become their users" },
	{ CAP_SETGID, "and have their groups" },
	{ CAP_SETPCAP, "and can never have capabilities again" },
	{ CAP_KILL, "signals for workers" },
	{ CAP_DAC_READ_SEARCH, "programs and secrets in users' folders" },
	{ CAP_DAC_OVERRIDE, "groups in the first control group, which is "
	  "read-only even for its owner" },
	{ CAP_CHOWN, "a new listener's group" },
	{ CAP_NET_BIND_SERVICE, "a new listener below port 1024" },
	{ CAP_NET_ADMIN, "large packets of variables; lo in a new network" },
	{ CAP_SYS_CHROOT, "roots of their own for workers" },
	{ CAP_SYS_ADMIN, "mounts and namespaces of workers" },
};

struct sets {			/* as capget(2) has them: 64 bits in two */
	struct __user_cap_data_struct	 words[2];
};

static int
get(struct sets *sets)
{
	struct __user_cap_header_struct	 head = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};

	return (int)syscall(SYS_capget, &head, sets->words);
}

static int
set(const struct sets *sets)
{
	struct __user_cap_header_struct	 head = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};

	return (int)syscall(SYS_capset, &head, sets->words);
}

static bool
has(const struct sets *sets, unsigned capability)
{
	return (sets->words[capability / 32].effective >>
	    capability % 32 & 1) != 0;
}

static bool
is_needed(unsigned capability)
{
	size_t	 i;

	for (i = 0; i < sizeof(needed) / sizeof(needed[0]); i++)
		if (needed[i].capability == capability)
			return true;
	return false;
}

bool
privileges_can_change_user(void)
{
	struct sets	 sets;

	return get(&sets) == 0 && has(&sets, CAP_SETUID) &&
	    has(&sets, CAP_SETGID);
}

int
privileges_keep_needed(void)
{
	struct sets	 sets;
	unsigned	 i;
	uint32_t	 bit;

	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	if (get(&sets) == -1)
		return -1;
	for (i = 0; i <= LAST; i++) {
		bit = UINT32_C(1) << i % 32;
		sets.words[i / 32].inheritable &= ~bit;
		if (is_needed(i))
			continue;
		/* Only with CAP_SETPCAP, and only those that there are. */
		prctl(PR_CAPBSET_DROP, i, 0, 0, 0);
		sets.words[i / 32].effective &= ~bit;
		sets.words[i / 32].permitted &= ~bit;
	}
	return set(&sets);
}

void
privileges_bound(void)
{
	unsigned	 i;

	for (i = 0; i <= LAST; i++)
		if (prctl(PR_CAPBSET_READ, i, 0, 0, 0) == 1)
			prctl(PR_CAPBSET_DROP, i, 0, 0, 0);
}

int
privileges_drop(void)
{
	struct sets	 none;

	memset(&none, 0, sizeof(none));
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	return set(&none);
}
