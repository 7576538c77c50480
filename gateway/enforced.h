/*
 * enforced: which limits of functions and accounts hold here, and by what.
 */
#ifndef TOLLGATE_ENFORCED_H
#define TOLLGATE_ENFORCED_H

#include <stdbool.h>
#include <stdio.h>

#include "means.h"

struct account;
struct function;

struct enforcement {
	const char	*key;
	const char	*by;		/* static words; NULL: nothing */
	const char	*lacks;		/* and why */
};

/* Row i of a function's limits; false past the last one. */
bool	enforced_row(size_t i, const struct function *, const struct means *,
	    struct enforcement *);
/* Why a limit of a cgroup's does not hold. */
const char	*enforced_lacks(const struct means *);

/* The same of an account's, with its key and by what it holds. */

bool	enforced_account_row(size_t i, const struct account *,
	    const struct means *, const char **key, const char **by);

/* A line that says who may call the function. */
void	enforced_print_access(FILE *, const struct function *);

/* A line for each limit of the function, of the account. */
void	enforced_print(FILE *, const struct function *, const struct means *);
void	enforced_print_account(FILE *, const struct account *,
	    const struct means *);

#endif
