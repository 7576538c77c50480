/*
 * lockdown: capabilities, limits, Landlock, and the filter of system calls.
 */
#include "lockdown.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/landlock.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "callfilter.h"
#include "config.h"
#include "log.h"
#include "mem.h"

/* Newer than the headers may be; the kernel says which ABI it knows. */
#define FS_TRUNCATE		(UINT64_C(1) << 14)	/* since ABI 3 */
#define FS_IOCTL_DEV		(UINT64_C(1) << 15)	/* 5 */
#define NET_TCP			UINT64_C(3)		/* 4: bind, connect */
#define SCOPED			UINT64_C(3)		/* 6: abstract sockets,
							   signals */

struct attributes {		/* landlock_ruleset_attr, as of ABI 6 */
	uint64_t	 fs, net, scoped;
};

/* Of everything that the kernel can forbid, by its ABI. */
static const struct {
	int		 abi;
	uint64_t	 fs, net, scoped;
	const char	*word;
} handled[] = {
	{ 1, LANDLOCK_ACCESS_FS_REFER - 1, 0, 0, "files" },
	{ 2, LANDLOCK_ACCESS_FS_REFER, 0, 0, NULL },
	{ 3, FS_TRUNCATE, 0, 0, NULL },
	{ 4, 0, NET_TCP, 0, ", TCP" },
	{ 5, FS_IOCTL_DEV, 0, 0, NULL },
	{ 6, 0, 0, SCOPED, ", abstract sockets, signals" },
};

/* What is done in a folder that holds ... */
#define TO_LOG		(LANDLOCK_ACCESS_FS_WRITE_FILE | \
			LANDLOCK_ACCESS_FS_MAKE_REG)
#define TO_ACCOUNT	(TO_LOG | LANDLOCK_ACCESS_FS_READ_FILE | FS_TRUNCATE)
#define TO_SPOOL	(TO_ACCOUNT | LANDLOCK_ACCESS_FS_REMOVE_FILE)
#define OF_A_DEVICE	LANDLOCK_ACCESS_FS_WRITE_FILE

struct lockdown {
	struct {
		char		*path;
		uint64_t	 access;
	}		*folders;
	size_t		 count;
	int		 abi;		/* Landlock's; 0: does not hold */
};

/* --- which folders ------------------------------------------------------ */

/* Does a folder that was opened for this hold path? */
static bool
holds(const struct lockdown *l, const char *path, uint64_t access)
{
	size_t	 i, len;

	for (i = 0; i < l->count; i++) {
		len = strlen(l->folders[i].path);
		if ((access & ~l->folders[i].access) == 0 &&
		    strncmp(path, l->folders[i].path, len) == 0 &&
		    (path[len] == '/' || path[len] == '\0' || len == 1))
			return true;
	}
	return false;
}

static bool
is_device(const char *path)
{
	struct stat	 st;

	return lstat(path, &st) == 0 && S_ISCHR(st.st_mode);
}

/* Path itself is opened if it is a folder, or a device; else its folder. */
static void
add(struct lockdown *l, const char *path, bool is_folder, uint64_t access)
{
	size_t	 len = strlen(path);

	if (path[0] != '/')
		return;
	if (is_device(path))
		access = OF_A_DEVICE;
	else if (!is_folder) {
		while (path[--len] != '/')
			continue;
		len += len == 0;
	}
	if (holds(l, path, access))
		return;
	l->folders = xreallocarray(l->folders, l->count + 1,
	    sizeof(*l->folders));
	l->folders[l->count].path = xasprintf("%.*s", (int)len, path);
	l->folders[l->count++].access = access;
}

/* Call use with every path that this configuration has us write to. */
static void
for_each_path(const struct config *config, void (*use)(void *arg,
    const char *who, const char *key, const char *path, bool is_folder,
    uint64_t access), void *arg)
{
	const struct gateway_settings	*s = &config->gateway;
	const struct function		*fn;
	size_t				 i;

	use(arg, "gateway", "state_dir", s->state_dir, true, TO_SPOOL);
	use(arg, "gateway", "accounting", s->accounting, false, TO_ACCOUNT);
	use(arg, "gateway", "error_log", s->error_log, false, TO_LOG);
	use(arg, "gateway", "function_logs", s->function_logs, true, TO_LOG);
	for (i = 0; i < config->count; i++) {
		fn = config->functions[i];
		use(arg, fn->name, "log.stderr", fn->stderr_log, false,
		    TO_LOG);
	}
}

static void
collect(void *arg, const char *who, const char *key, const char *path,
    bool is_folder, uint64_t access)
{
	(void)who;
	(void)key;
	add(arg, path, is_folder, access);
}

struct question {
	const struct lockdown	*lockdown;
	struct config_errors	*errors;
	bool			 is_permitted;
};

static void
ask(void *arg, const char *who, const char *key, const char *path,
    bool is_folder, uint64_t access)
{
	struct question	*q = arg;

	(void)is_folder;
	if (is_device(path))
		access = OF_A_DEVICE;
	if (path[0] != '/' || holds(q->lockdown, path, access))
		return;
	q->is_permitted = false;
	config_errors_add(q->errors, "%s: %s = %s: the gateway has locked "
	    "itself out of that folder, as it wrote nothing there when it "
	    "started: it takes a restart", who, key, path);
}

bool
lockdown_permits(const struct lockdown *l, const struct config *config,
    struct config_errors *errors)
{
	struct question	 q = { l, errors, true };

	if (l == NULL || l->abi == 0)
		return true;
	for_each_path(config, ask, &q);
	return q.is_permitted;
}

/* --- Landlock ----------------------------------------------------------- */

static void
permit(int rules, const char *path, uint64_t access)
{
	struct landlock_path_beneath_attr	 rule;

	rule.allowed_access = access;
	rule.parent_fd = open(path, O_PATH | O_CLOEXEC);
	if (rule.parent_fd == -1 || syscall(SYS_landlock_add_rule, rules,
	    LANDLOCK_RULE_PATH_BENEATH, &rule, 0) == -1)
		log_errno("%s: the gateway locks itself out of it", path);
	if (rule.parent_fd != -1)
		close(rule.parent_fd);
}

/* The folders, and what workers use as proc(5) says it; -1 with errno. */
static int
restrict_to_folders(struct lockdown *l, struct attributes *all)
{
	size_t	 size, i;
	int	 rules, status;

	size = l->abi >= 6 ? sizeof(*all) : l->abi >= 4 ?
	    offsetof(struct attributes, scoped) :
	    offsetof(struct attributes, net);
	rules = (int)syscall(SYS_landlock_create_ruleset, all, size, 0);
	if (rules == -1)
		return -1;
	for (i = 0; i < l->count; i++)
		permit(rules, l->folders[i].path,
		    l->folders[i].access & all->fs);
	permit(rules, "/proc", LANDLOCK_ACCESS_FS_READ_FILE);
	status = (int)syscall(SYS_landlock_restrict_self, rules, 0);
	close(rules);
	return status;
}

/* What holds goes to words. */
static void
enter_landlock(struct lockdown *l, char *words, size_t room)
{
	struct attributes	 all = { 0, 0, 0 };
	size_t			 i, len;

	l->abi = (int)syscall(SYS_landlock_create_ruleset, NULL, 0,
	    LANDLOCK_CREATE_RULESET_VERSION);
	if (l->abi < 1) {
		l->abi = 0;
		snprintf(words, room, "no Landlock (%s)", strerror(errno));
		return;
	}
	len = (size_t)snprintf(words, room, "Landlock ABI %d for ", l->abi);
	for (i = 0; i < sizeof(handled) / sizeof(handled[0]); i++) {
		if (handled[i].abi > l->abi)
			break;
		all.fs |= handled[i].fs;
		all.net |= handled[i].net;
		all.scoped |= handled[i].scoped;
		if (handled[i].word != NULL && len < room)
			len += (size_t)snprintf(words + len, room - len, "%s",
			    handled[i].word);
	}
	if (restrict_to_folders(l, &all) == 0)
		return;
	l->abi = 0;
	snprintf(words, room, "no Landlock (%s)", strerror(errno));
}

/* --- the rest ----------------------------------------------------------- */

/* A change of user has taken them already; say if it has not. */
static bool
drop_capabilities(void)
{
	struct __user_cap_header_struct	 head = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct	 none[2];

	memset(none, 0, sizeof(none));
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	return syscall(SYS_capset, &head, none) == 0;
}

/* What the filter forbids as well, for kernels without. */
static void
lower_limits(void)
{
	static const int	 limits[] = { RLIMIT_CORE, RLIMIT_NPROC,
				     RLIMIT_MSGQUEUE, RLIMIT_RTPRIO };
	const struct rlimit	 none = { 0, 0 };
	size_t			 i;

	for (i = 0; i < sizeof(limits) / sizeof(limits[0]); i++)
		setrlimit((__rlimit_resource_t)limits[i], &none);
}

static void
enter_filter(char *words, size_t room)
{
	size_t	 count;

	if (callfilter_install(CALLS_OF_GATEWAY, &count) == 0)
		snprintf(words, room, "%zu system calls", count);
	else
		snprintf(words, room, "no filter of system calls (%s)",
		    strerror(errno));
}

struct lockdown *
lockdown_enter(const struct config *config)
{
	struct lockdown	*l = xcalloc(1, sizeof(*l));
	char		 landlock[128], filter[128];
	bool		 is_plain;

	if (IS_SANITIZED) {
		log_warning("not locked down: built with sanitizers, which "
		    "need more than a gateway may do");
		return l;
	}
	add(l, "/dev/null", false, TO_LOG);
	for_each_path(config, collect, l);
	is_plain = drop_capabilities();
	lower_limits();
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1)
		log_errno("no_new_privs");
	enter_landlock(l, landlock, sizeof(landlock));
	enter_filter(filter, sizeof(filter));
	log_notice("locked down: %s capabilities, %s, %s",
	    is_plain ? "no" : "with", landlock, filter);
	return l;
}

void
lockdown_free(struct lockdown *l)
{
	if (l == NULL)
		return;
	while (l->count > 0)
		free(l->folders[--l->count].path);
	free(l->folders);
	free(l);
}
