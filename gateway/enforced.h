/*
 * enforced: which limits of functions and accounts hold here, and by what.
 */
#ifndef TOLLGATE_ENFORCED_H
#define TOLLGATE_ENFORCED_H

#include <stdbool.h>
#include <stdio.h>

#include "cgroup.h"
#include "kernel.h"

struct account;
struct function;

struct means {			/* what a tollgated that starts here has */
	bool		 is_root;
	bool		 has_groups;
	unsigned	 controllers;
	char		 why[CGROUP_WHY];	/* has_groups is false */
	struct kernel	 kernel;
};

/* Look what there is; setting: gateway.cgroup. */
void	means_find(struct means *, const char *setting);
/* The same, once cgroups (NULL: none) have been made. */
void	means_take(struct means *, const struct cgroups *);
void	means_print(FILE *, const struct means *);

/* The word of the function's require that is not met, or NULL. */
const char	*means_lack(const struct means *, const struct function *);

/*
 * Row i of the limits: its key, and in static words what makes it hold; NULL if
 * nothing does.  False past the last row.
 */
bool	enforced_row(size_t i, const struct function *, const struct means *,
	    const char **key, const char **by);

bool	enforced_account_row(size_t i, const struct account *,
	    const struct means *, const char **key, const char **by);

/* A line that says who may call the function. */
void	enforced_print_access(FILE *, const struct function *);

/* A line for each limit of the function, of the account. */
void	enforced_print(FILE *, const struct function *, const struct means *);
void	enforced_print_account(FILE *, const struct account *,
	    const struct means *);

#endif
