/*
 * landlock: the kernel's rules for what a process may reach, by its own leave.
 *
 * The system calls alone, as there is no library for them, and what each
 * version (ABI) of the interface knows: what this kernel does not, is left out.
 * Which rules there are is for others to say.
 */
#ifndef TOLLGATE_LANDLOCK_H
#define TOLLGATE_LANDLOCK_H

#include <stdbool.h>
#include <stdint.h>

/* From which version on. */
#define LANDLOCK_RENAMES	2	/* to another folder: else never */
#define LANDLOCK_TRUNCATE	3
#define LANDLOCK_TCP		4	/* to bind and to connect */
#define LANDLOCK_DEVICES	5	/* ioctl(2) on them */
#define LANDLOCK_SCOPES		6	/* signals, abstract unix sockets */

enum grant {			/* of a file, or of a folder with all in it */
	GRANT_LOOK = 0,		/* read */
	GRANT_READ,		/* and run programs */
	GRANT_SCRATCH,		/* read and write, make and remove */
	GRANT_WRITE,		/* and run programs */
	GRANT_DEVICE,		/* of files alone: read and write them */
	GRANT_PROGRAM,		/* the same: read and run them */

	GRANT_FIGURES,		/* read files whose names are known */
	GRANT_APPEND,		/* write to files, old ones and new */
	GRANT_LEDGER,		/* and read and shorten them */
	GRANT_SPOOL		/* and remove them */
};

struct landlock {		/* rules in the making */
	unsigned	 abi;
	int		 fd;
	bool		 tcp;	/* is ruled too */
};

/* The kernel's version; 0: it has none, or it is switched off. */
unsigned	landlock_abi(void);

/*
 * Begin with nothing granted, abi being at least 1.  is_alone: TCP is ruled
 * too.  -1 with errno.
 */
int	landlock_begin(struct landlock *, unsigned abi, bool is_alone);
/* fd: O_PATH will do.  -1 with errno. */
int	landlock_grant(const struct landlock *, int fd, enum grant);
/* A port to connect to.  -1 with errno. */
int	landlock_grant_port(const struct landlock *, unsigned port);
/*
 * From now on this process is held to it, and all that it starts; no_new_privs
 * must be set.  -1 with errno.  The rules are closed in any case.
 */
int	landlock_enter(struct landlock *);

#endif
