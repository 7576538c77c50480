/*
 * account: names of accounts.
 */
#include "account.h"

#include <ctype.h>
#include <stddef.h>
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
