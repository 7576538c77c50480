/*
 * account: names of accounts, and what of them is for control groups.
 */
#include "account.h"

#include <ctype.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

bool
account_name_is_valid(const char *name)
{
	size_t	 i;

	for (i = 0; name[i] != '\0'; i++)
		if (!isalnum((unsigned char)name[i]) &&
		    strchr("._-", name[i]) == NULL)
			return false;
	return i > 0 && i <= ACCOUNT_NAME_MAX;
}

void
account_limits(const struct account *a, struct account_limits *limits)
{
	memset(limits, 0, sizeof(*limits));
	limits->memory_max = a->memory_max;
	limits->tasks_max = a->tasks_max;
	limits->cpu_weight = a->cpu_weight;
	snprintf(limits->cpu_max, sizeof(limits->cpu_max), "%s", a->cpu_max);
}
