/*
 * kernel: what this kernel can do to confine a worker, and lets us do.
 */
#ifndef TOLLGATE_KERNEL_H
#define TOLLGATE_KERNEL_H

#include <stdbool.h>
#include <stdint.h>

struct kernel {
	unsigned	 landlock;	/* version; 0: none */
	bool		 seccomp;
	bool		 namespaces;	/* we can make those of strict */
	bool		 userns;	/* an ordinary user can make one */
	uint64_t	 bounding;	/* bit n: capability n is in our set */
};

/* Try it out; forks a child for that and reaps it. */
void	kernel_probe(struct kernel *);

#endif
