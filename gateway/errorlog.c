/*
 * errorlog: log's files, opened by another effective user.
 */
#include "errorlog.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "log.h"

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
	int	 status = -1, saved;

	if (geteuid() != 0)
		return act(settings);
	if (setegid(settings->gid) == 0) {
		if (seteuid(settings->uid) == 0)
			status = act(settings);
		saved = errno;
		/* Root again, or nothing would ever work. */
		if (seteuid(0) == -1 || setegid(0) == -1)
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
