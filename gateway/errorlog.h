/*
 * errorlog: the spawner's error log, opened as the gateway's user: gateway and
 * spawner write to one file, and root follows nobody into a folder of his.
 */
#ifndef TOLLGATE_ERRORLOG_H
#define TOLLGATE_ERRORLOG_H

#include "config.h"

/* Open what is configured, or the same file anew.  -1 with errno. */
int	errorlog_open(const struct gateway_settings *);
int	errorlog_reopen(const struct gateway_settings *);

#endif
