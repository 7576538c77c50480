/*
 * confine: the words of [sandbox].
 *
 * Setters and printers for the rows of keys, and what a word of require asks
 * for.  They know the words alone, not what a kernel makes of them.  Pure.
 */
#ifndef TOLLGATE_CONFINE_H
#define TOLLGATE_CONFINE_H

#include <stdbool.h>

#include "function.h"
#include "value.h"

setter	set_confinement;	/* enum confinement */
setter	set_network;		/* enum network */
/* const struct sandbox_lists *; a row's min says which of the lists. */
setter	set_paths;		/* absolute, of plain segments */
setter	set_calls;		/* what comes behind @default */
setter	set_require;		/* each a requirement */

printer	print_confinement;
printer	print_network;
printer	print_listed;
printer	print_calls;

enum capability {		/* of a kernel, and of where we stand on it */
	CAPABILITY_LANDLOCK = 0,
	CAPABILITY_SECCOMP,
	CAPABILITY_NAMESPACES,
	CAPABILITY_USERNS,
	CAPABILITY_CGROUP,
	CAPABILITY_MEMORY,	/* these three: controllers of the cgroup */
	CAPABILITY_PIDS,
	CAPABILITY_CPU,
	CAPABILITIES		/* how many there are; keep last */
};

struct requirement {
	enum capability	 capability;
	unsigned	 least;		/* of landlock's ABI; else 1 */
};

/* Read a word of require; false if it is none. */
bool		 requirement_parse(const char *word, struct requirement *);
const char	*capability_name(enum capability);

const char	*confinement_name(enum confinement);
const char	*network_name(enum network);

#endif
