/*
 * census: what a worker was born with and should not have been.
 */
#include "attack.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* Nothing was found. */
static int
clean(void)
{
	errno = 0;
	return -1;
}

/* Beyond three. */
static int
count_descriptors(char *unused)
{
	(void)unused;
	if (attack_descriptor == -1)
		return clean();
	attack_note("descriptor %d", attack_descriptor);
	return 0;
}

static bool
may_have(const char *variable, const char *allowed)
{
	static const char *const	 cgi[] = {
		"AUTH_TYPE", "CONTENT_LENGTH", "CONTENT_TYPE",
		"DOCUMENT_ROOT", "DOCUMENT_URI",
		"GATEWAY_INTERFACE", "HTTPS", "PATH_INFO", "PATH_TRANSLATED",
		"QUERY_STRING", "REDIRECT_STATUS", "REMOTE_ADDR",
		"REMOTE_PORT", "REMOTE_USER", "REQUEST_METHOD",
		"REQUEST_SCHEME", "REQUEST_URI", "SCRIPT_FILENAME",
		"SCRIPT_NAME", "SERVER_ADDR", "SERVER_NAME", "SERVER_PORT",
		"SERVER_PROTOCOL", "SERVER_SOFTWARE" };
	size_t				 len = strcspn(variable, "="), i;
	const char			*at;

	if (strncmp(variable, "HTTP_", 5) == 0 ||
	    strncmp(variable, "TOLLGATE_", 9) == 0)
		return true;
	for (i = 0; i < sizeof(cgi) / sizeof(cgi[0]); i++)
		if (strlen(cgi[i]) == len &&
		    strncmp(variable, cgi[i], len) == 0)
			return true;
	for (at = allowed; *at != '\0'; at += strspn(at, " ")) {
		if (strcspn(at, " ") == len && strncmp(at, variable, len) == 0)
			return true;
		at += strcspn(at, " ");
	}
	return false;
}

/* allowed: names, besides those that a request brings. */
static int
look_at_environment(char *allowed)
{
	char	**variable;

	for (variable = environ; *variable != NULL; variable++)
		if (!may_have(*variable, allowed)) {
			attack_note("%.*s", (int)strcspn(*variable, "="),
			    *variable);
			return 0;
		}
	return clean();
}

static int
look_at_signals(char *unused)
{
	struct sigaction	 action;
	sigset_t		 mask;
	int			 sig;

	(void)unused;
	sigprocmask(SIG_BLOCK, NULL, &mask);
	for (sig = 1; sig < NSIG; sig++) {
		if (sigismember(&mask, sig) == 1) {
			attack_note("%d is blocked", sig);
			return 0;
		}
		if (sigaction(sig, NULL, &action) == 0 &&
		    action.sa_handler == SIG_IGN) {
			attack_note("%d is ignored", sig);
			return 0;
		}
	}
	return clean();
}

static int
look_at_umask(char *unused)
{
	mode_t	 mask = umask(077);

	(void)unused;
	attack_note("%03o", (unsigned)mask);
	return mask != 077 ? 0 : clean();
}

/* The number after name in a file of /proc/self, in any base. */
static unsigned long long
find_number(const char *path, const char *name, int base)
{
	char			 line[4096];
	size_t			 len = strlen(name);
	unsigned long long	 found = 0;
	FILE			*file = fopen(path, "r");

	if (file == NULL)
		return 0;
	while (fgets(line, sizeof(line), file) != NULL)
		if (strncmp(line, name, len) == 0)
			found = strtoull(line + len, NULL, base);
	fclose(file);
	return found;
}

static int
look_at_oom_score(char *unused)
{
	unsigned long long	 score;

	(void)unused;
	score = find_number("/proc/self/oom_score_adj", "", 10);
	attack_note("%llu", score);
	return score < 500 ? 0 : clean();
}

static int
look_at_folder(char *expected)
{
	char	 path[512];

	if (getcwd(path, sizeof(path)) == NULL)
		return 0;
	attack_note("%s", path);
	return strcmp(path, expected) != 0 ? 0 : clean();
}

static int
look_at_groups(char *unused)
{
	gid_t	 groups[64];
	int	 n = getgroups(64, groups), i;

	(void)unused;
	for (i = 0; i < n; i++)
		if (groups[i] != getgid()) {
			attack_note("group %lu", (unsigned long)groups[i]);
			return 0;
		}
	return clean();
}

static int
look_for_terminal(char *unused)
{
	(void)unused;
	if (getpgrp() != getsid(0)) {
		attack_note("group %d, session %d", (int)getpgrp(),
		    (int)getsid(0));
		return 0;
	}
	return open("/dev/tty", O_RDWR) == -1 ? clean() : 0;
}

static int
look_at_capabilities(char *unused)
{
	static const char *const	 sets[] = { "CapInh:", "CapPrm:",
		"CapEff:", "CapAmb:" };
	size_t				 i;

	(void)unused;
	for (i = 0; i < sizeof(sets) / sizeof(sets[0]); i++)
		if (find_number("/proc/self/status", sets[i], 16) != 0) {
			attack_note("%s", sets[i]);
			return 0;
		}
	return clean();
}

static int
look_at_core(char *unused)
{
	struct rlimit	 limit;

	(void)unused;
	return getrlimit(RLIMIT_CORE, &limit) == -1 || limit.rlim_cur != 0 ?
	    0 : clean();
}

const struct deed	deeds_census[] = {
	{ "descriptors",	count_descriptors },
	{ "environment",	look_at_environment },
	{ "signals",		look_at_signals },
	{ "umask",		look_at_umask },
	{ "oom-score",		look_at_oom_score },
	{ "folder",		look_at_folder },
	{ "groups",		look_at_groups },
	{ "terminal",		look_for_terminal },
	{ "capabilities",	look_at_capabilities },
	{ "core",		look_at_core },
	{ NULL,			NULL }
};
