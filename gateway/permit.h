/*
 * permit: may a client of this address call the function?  Pure.
 */
#ifndef TOLLGATE_PERMIT_H
#define TOLLGATE_PERMIT_H

#include <stddef.h>

struct function_access;

enum permit {
	PERMIT_ANY = 0,		/* no rule speaks of it, and it need not */
	PERMIT_ALLOWED,		/* allow names it */
	PERMIT_DENIED
};

/* address: as the front says it, len bytes; what is no address is denied. */
enum permit	permit_address(const struct function_access *,
		    const char *address, size_t len);

#endif
