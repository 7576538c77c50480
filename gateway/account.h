/*
 * account: what all functions of one user may take together.
 *
 * accounts.d/USER.ini is the account of USER, default.ini that of everybody who
 * has no file of his own.  A struct account belongs to the configuration that
 * it was read with; nothing in it changes.
 */
#ifndef TOLLGATE_ACCOUNT_H
#define TOLLGATE_ACCOUNT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define ACCOUNT_NO_CAP		UINT64_MAX	/* "infinity" */
#define ACCOUNT_OTHERS		"default"	/* name of all others' */
#define ACCOUNT_NAME_MAX	64
#define ACCOUNT_CPU_MAX_LEN	40		/* bytes of cpu_max */

struct account {
	const char	*name;		/* of its user */
	const char	*file;		/* "": there is none */
	uint32_t	 number;	/* in the load it came with */
	uid_t		 uid;		/* (uid_t)-1: of all others */

	uint64_t	 max_children;	/* workers; 0: none may run */
	uint64_t	 queue_max;	/* requests that wait */
	uint64_t	 start_rate;	/* of workers, a second */
	uint64_t	 start_burst;
	uint64_t	 log_rate;	/* bytes a second, all logs together */
	uint64_t	 log_burst;

	/* of the user's control group */
	uint64_t	 memory_max;
	uint64_t	 tasks_max;
	const char	*cpu_max;	/* "": none */
	uint32_t	 cpu_weight;
};

/* What the user's control group, or else his processes, are held to. */
struct account_limits {
	uint64_t	 memory_max;
	uint64_t	 tasks_max;
	uint32_t	 cpu_weight;
	char		 cpu_max[ACCOUNT_CPU_MAX_LEN];
};

void	account_limits(const struct account *, struct account_limits *);

/* Is it 1 to 64 of A-Z a-z 0-9 . _ -, as a user's name in these files is? */
bool	account_name_is_valid(const char *);

#endif
