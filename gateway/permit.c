/*
 * permit: [access] allow and deny, the longest network that fits.
 */
#include "permit.h"

#include "function.h"

enum permit
permit_address(const struct function_access *access, const char *address,
    size_t len)
{
	struct ip	 ip;
	int		 allowed, denied;

	if (access->allow.count == 0 && access->deny.count == 0)
		return PERMIT_ANY;
	if (!ip_parse(address, len, &ip))
		return PERMIT_DENIED;
	allowed = netmask_longest(&access->allow, &ip);
	denied = netmask_longest(&access->deny, &ip);
	if (allowed > denied)
		return PERMIT_ALLOWED;
	if (denied != -1 || access->allow.count > 0)
		return PERMIT_DENIED;
	return PERMIT_ANY;
}
