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

/*
 * What t/64-privileges.t finds to be the least; README says it as well.  What
 * setuid programs, which only workers at level none can run, get of them is in
 * the bounding set: nothing of what rules the machine.
 */
static const struct {
	unsigned	 capability;
	bool		 is_for_setuid;
	const char	*what_for;
} needed[] = {
	{ CAP_SETUID, true, "workers and gateway become their users" },
	{ CAP_SETGID, true, "and have their groups" },
	{ CAP_SETPCAP, false, "and can never have capabilities again" },
	{ CAP_KILL, true, "signals for workers" },
	{ CAP_DAC_READ_SEARCH, true, "programs and secrets in users' folders" },
	{ CAP_DAC_OVERRIDE, true, "groups in the first control group, which is "
	  "read-only even for its owner" },
	{ CAP_CHOWN, true, "a new listener's group" },
	{ CAP_NET_BIND_SERVICE, true, "a new listener below port 1024" },
	{ CAP_NET_ADMIN, false, "large packets of variables; lo in a new "
	  "network" },
	{ CAP_SYS_CHROOT, false, "roots of their own for workers" },
	{ CAP_SYS_ADMIN, false, "mounts and namespaces of workers" },
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
is_needed(unsigned capability, bool *is_for_setuid)
{
	size_t	 i;

	*is_for_setuid = false;
	for (i = 0; i < sizeof(needed) / sizeof(needed[0]); i++)
		if (needed[i].capability == capability) {
			*is_for_setuid = needed[i].is_for_setuid;
			return true;
		}
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
	bool		 is_kept, is_for_setuid;

	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	if (get(&sets) == -1)
		return -1;
	for (i = 0; i <= LAST; i++) {
		bit = UINT32_C(1) << i % 32;
		sets.words[i / 32].inheritable &= ~bit;
		is_kept = is_needed(i, &is_for_setuid);
		/* Only with CAP_SETPCAP, and only those that there are. */
		if (!is_for_setuid)
			prctl(PR_CAPBSET_DROP, i, 0, 0, 0);
		if (is_kept)
			continue;
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
	static const struct sets	 none;
	struct sets			 now;

	/* What is ambient would be permitted. */
	if (get(&now) == 0 && memcmp(&now, &none, sizeof(now)) == 0)
		return 0;
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	return set(&none);
}
