/*
 * errorlog: log's files, opened by another effective user.
 */
#include "errorlog.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "log.h"
#include "privileges.h"

static int
open_log(const struct gateway_settings *settings)
{
	return log_open(settings->error_log, settings->log_level, "tollgated");
}

static int
reopen_log(const struct gateway_settings *settings)
{
	(void)settings;
	return log_reopen();
}

static int
act_as(const struct gateway_settings *settings,
    int (*act)(const struct gateway_settings *))
{
	uid_t	 uid = geteuid();
	gid_t	 gid = getegid();
	int	 status = -1, saved;

	if (!privileges_can_change_user())
		return act(settings);
	if (setegid(settings->gid) == 0) {
		if (seteuid(settings->uid) == 0)
			status = act(settings);
		saved = errno;
		/* As before, or nothing would ever work. */
		if (seteuid(uid) == -1 || setegid(gid) == -1)
			abort();
		errno = saved;
	}
	return status;
}

int
errorlog_open(const struct gateway_settings *settings)
{
	return act_as(settings, open_log);
}

int
errorlog_reopen(const struct gateway_settings *settings)
{
	return act_as(settings, reopen_log);
}
