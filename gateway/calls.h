/*
 * calls: which system calls a worker may make, by name.  Pure data.
 *
 * What is not named is answered as by a kernel that does not know the call, so
 * that libraries fall back on what came before it.  What is dangerous by name
 * is refused, so that it reads as what it is.
 */
#ifndef TOLLGATE_CALLS_H
#define TOLLGATE_CALLS_H

enum call_verdict {
	CALL_UNKNOWN = 0,	/* ENOSYS */
	CALL_REFUSED,		/* EPERM */
	CALL_ALLOWED,
	/* By its arguments: */
	CALL_CLONE,		/* not into new namespaces */
	CALL_IOCTL,		/* not to put words into a terminal's mouth */
	CALL_SOCKET,		/* unix, IP, and netlink's routes */
	CALL_SOCKETPAIR,	/* unix */
	CALL_PERSONALITY,	/* to ask, or Linux's own */
	CALL_VERDICTS		/* how many there are; keep last */
};

struct call_group {
	enum call_verdict	 verdict;
	const char *const	*names;		/* up to a NULL */
};

/* Up to one without names. */
extern const struct call_group	call_groups[];

#endif
