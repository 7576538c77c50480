/*
 * seccomp: the filter for a worker's system calls.
 *
 * From calls' table to a program for the kernel.  Runs of numbers with one
 * verdict are one leaf of a binary tree, which makes a program a third as long
 * as libseccomp's of the same rules, and taken by the kernel in half the time,
 * which each start pays.  libseccomp knows the numbers.
 */
#ifndef TOLLGATE_SECCOMP_H
#define TOLLGATE_SECCOMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "calls.h"

struct sock_filter;
struct word_list;

#define SECCOMP_CALLS_MAX	640	/* with a verdict of their own */
#define SECCOMP_CODE_MAX	512

/* Verdicts by number, in its order. */
struct seccomp_calls {
	size_t	 count;
	struct {
		uint32_t	 number;
		uint8_t		 verdict;
	} all[SECCOMP_CALLS_MAX];
};

struct seccomp_code {		/* as the kernel takes it: struct sock_fprog */
	unsigned short			 len;
	const struct sock_filter	*code;
};

/* Is there a system call of that name, on any kind of machine? */
bool	seccomp_knows(const char *name);

/* The default verdicts, and those of more names that are to be allowed. */
void	seccomp_default(struct seccomp_calls *);
void	seccomp_allow(struct seccomp_calls *, const struct word_list *names);

/*
 * Make the program, in code of SECCOMP_CODE_MAX.  internet: sockets of IP are
 * allowed.  Returns its length.
 */
size_t	seccomp_make(const struct seccomp_calls *, bool internet,
	    struct sock_filter *code);

/*
 * From now on this process is held to it, and all that it starts.  Privileges
 * or no_new_privs are needed.  -1 with errno.
 */
int	seccomp_apply(const struct seccomp_code *);

#endif
