/*
 * lockdown: capabilities, limits, Landlock, and the filter of system calls.
 */
#include "lockdown.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stddef.h>
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
#include "landlock.h"
#include "log.h"
#include "mem.h"

/* What Landlock rules, in the log's words, by its version. */
static const struct {
	unsigned	 abi;
	const char	*word;
} ruled[] = {
	{ 1,			"files" },
	{ LANDLOCK_TCP,		", TCP" },
	{ LANDLOCK_SCOPES,	", abstract sockets, signals" },
};

struct folder {			/* or a device */
	char		*path;
	enum grant	 grant;
};

struct lockdown {
	struct folder	*folders;
	size_t		 count;
	bool		 holds;		/* Landlock does */
};

/* --- which folders ------------------------------------------------------ */

/* Something that the configuration has us write to. */
struct place {
	const char	*who;		/* is told of it: gateway, a function */
	const char	*key;
	const char	*path;
	bool		 is_folder;	/* else a file */
	enum grant	 grant;		/* of the folder */
};

/* Those that are for files stand in the order of what they grant. */
static bool
is_enough(enum grant has, enum grant wanted)
{
	return has == wanted || (wanted >= GRANT_APPEND && has > wanted);
}

/* Does something that was opened for this hold path? */
static bool
has_opened(const struct lockdown *l, const char *path, enum grant grant)
{
	const char	*folder;
	size_t		 i, len;

	for (i = 0; i < l->count; i++) {
		folder = l->folders[i].path;
		len = strlen(folder);
		if (is_enough(l->folders[i].grant, grant) &&
		    strncmp(path, folder, len) == 0 &&
		    (path[len] == '/' || path[len] == '\0' || len == 1))
			return true;
	}
	return false;
}

static enum grant
grant_of(const struct place *p)
{
	struct stat	 st;

	return lstat(p->path, &st) == 0 && S_ISCHR(st.st_mode) ?
	    GRANT_DEVICE : p->grant;
}

static bool
permits(const struct lockdown *l, const struct place *p)
{
	/* stderr, syslog, or nothing. */
	return p->path[0] != '/' || has_opened(l, p->path, grant_of(p));
}

/* A file's folder, but a device itself. */
static void
add(void *arg, const struct place *p)
{
	struct lockdown	*l = arg;
	enum grant	 grant = grant_of(p);
	size_t		 len = strlen(p->path);

	if (permits(l, p))
		return;
	if (!p->is_folder && grant != GRANT_DEVICE) {
		len = (size_t)(strrchr(p->path, '/') - p->path);
		len += len == 0;
	}
	l->folders = xreallocarray(l->folders, l->count + 1,
	    sizeof(*l->folders));
	l->folders[l->count].path = xasprintf("%.*s", (int)len, p->path);
	l->folders[l->count++].grant = grant;
}

static void
for_each_place(const struct config *config,
    void (*use)(void *arg, const struct place *), void *arg)
{
	const struct gateway_settings	*s = &config->gateway;
	const struct place		 ours[] = {
		{ "", "", "/dev/null", false, GRANT_DEVICE },
		{ "gateway", "state_dir", s->state_dir, true, GRANT_SPOOL },
		{ "gateway", "accounting", s->accounting, false,
		    GRANT_LEDGER },
		{ "gateway", "error_log", s->error_log, false, GRANT_APPEND },
		{ "gateway", "function_logs", s->function_logs, true,
		    GRANT_APPEND },
	};
	struct place			 theirs = {
		.key = "log.stderr", .grant = GRANT_APPEND,
	};
	size_t				 i;

	for (i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
		use(arg, &ours[i]);
	for (i = 0; i < config->count; i++) {
		theirs.who = config->functions[i]->name;
		theirs.path = config->functions[i]->stderr_log;
		use(arg, &theirs);
	}
}

struct question {
	const struct lockdown	*lockdown;
	struct config_errors	*errors;
	bool			 is_permitted;
};

static void
ask(void *arg, const struct place *p)
{
	struct question	*q = arg;

	if (permits(q->lockdown, p))
		return;
	q->is_permitted = false;
	config_errors_add(q->errors, "%s: %s = %s: the gateway has locked "
	    "itself out of that folder, as it wrote nothing there when it "
	    "started: it takes a restart", p->who, p->key, p->path);
}

bool
lockdown_permits(const struct lockdown *l, const struct config *config,
    struct config_errors *errors)
{
	struct question	 q = { l, errors, true };

	if (l == NULL || !l->holds)
		return true;
	for_each_place(config, ask, &q);
	return q.is_permitted;
}

/* --- Landlock ----------------------------------------------------------- */

static void
permit(const struct landlock *rules, const char *path, enum grant grant)
{
	int	 fd = open(path, O_PATH | O_CLOEXEC);

	if (fd == -1 || landlock_grant(rules, fd, grant) == -1)
		log_errno("%s: the gateway locks itself out of it", path);
	if (fd != -1)
		close(fd);
}

/* To the folders, and to what proc(5) says of workers; -1 with errno. */
static int
restrict_files(const struct lockdown *l, unsigned abi)
{
	struct landlock	 rules;
	size_t		 i;

	if (abi == 0 || landlock_begin(&rules, abi, true) == -1)
		return -1;
	for (i = 0; i < l->count; i++)
		permit(&rules, l->folders[i].path, l->folders[i].grant);
	permit(&rules, "/proc", GRANT_FIGURES);
	return landlock_enter(&rules);
}

/* What holds goes to words. */
static void
enter_landlock(struct lockdown *l, char *words, size_t room)
{
	unsigned	 abi = landlock_abi();
	size_t		 i, len;

	if (restrict_files(l, abi) == -1) {
		snprintf(words, room, "no Landlock (%s)", strerror(errno));
		return;
	}
	l->holds = true;
	len = (size_t)snprintf(words, room, "Landlock ABI %u for ", abi);
	for (i = 0; i < sizeof(ruled) / sizeof(ruled[0]); i++)
		if (ruled[i].abi <= abi && len < room)
			len += (size_t)snprintf(words + len, room - len, "%s",
			    ruled[i].word);
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
	for_each_place(config, add, l);
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
