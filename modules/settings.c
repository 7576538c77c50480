/*
 * settings: a row per protocol, for spawner and gateway alike.
 */
#include "settings.h"

#include <string.h>

static const struct protocol_settings rows[] = {
	/* A connection each; libfcgi itself serves one at a time. */
	{ "fastcgi", WAY_LISTEN, NULL, 256 },
	/* RFC 3875: a process is one request. */
	{ "cgi",     WAY_LAUNCH, NULL, 1 },
	/* As AWS's Managed Instances; one, unless it is configured. */
	{ "lambda",  WAY_ENDPOINT, "AWS_LAMBDA_RUNTIME_API", 128 },
};

#define ROWS	(sizeof(rows) / sizeof(rows[0]))

const struct protocol_settings *
protocol_settings_find(const char *name)
{
	size_t	 i;

	for (i = 0; i < ROWS; i++)
		if (strcmp(rows[i].name, name) == 0)
			return &rows[i];
	return NULL;
}
