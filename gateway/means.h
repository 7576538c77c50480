/*
 * means: what a tollgated that starts here has to hold functions with.
 */
#ifndef TOLLGATE_MEANS_H
#define TOLLGATE_MEANS_H

#include <stdbool.h>
#include <stdio.h>

#include "cgroup.h"
#include "kernel.h"

struct function;

struct means {
	bool		 is_root;	/* it can change users */
	bool		 has_groups;
	unsigned	 controllers;
	char		 why[CGROUP_WHY];	/* has_groups is false */
	struct kernel	 kernel;
};

/* Look what there is; setting: gateway.cgroup. */
void	means_find(struct means *, const char *setting);
/* The same, once cgroups (NULL: none) have been made. */
void	means_take(struct means *, const struct cgroups *);
/* A line each of cgroup and kernel. */
void	means_print(FILE *, const struct means *);

/* The word of the function's require that is not met, or NULL. */
const char	*means_lack(const struct means *, const struct function *);

#endif
