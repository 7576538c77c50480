/*
 * message: what spawner and gateway say to each other.
 *
 * Fixed structs over a SOCK_SEQPACKET pair, one packet each, descriptors
 * beside them (SCM_RIGHTS).  Both ends are of one build.  Each side checks
 * type, size, the number of descriptors and every field before it believes
 * anything; the spawner takes no descriptors at all.
 */
#ifndef TOLLGATE_MESSAGE_H
#define TOLLGATE_MESSAGE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "function.h"

#define MESSAGE_FDS_MAX		16	/* beside one message */
#define MESSAGE_STARTS_MAX	32	/* START without an answer, at most */
#define MESSAGE_STEP_LEN	32

enum message_type {
	/* gateway to spawner */
	MESSAGE_START = 1,	/* fork a worker; worker numbers never recur */
	MESSAGE_SIGNAL,		/* TERM or KILL to a worker's whole group */
	MESSAGE_FREEZE,		/* stop or go on with a worker's group */
	MESSAGE_LOADED,		/* a LOAD was accepted or refused */
	MESSAGE_READY,		/* the gateway's loop runs */
	MESSAGE_HELP,		/* start tollgate-auth anew */

	/* spawner to gateway */
	MESSAGE_LOAD,		/* descriptors: the memfd, then new listeners */
	MESSAGE_COMMIT,		/* that load is in force from now on */
	MESSAGE_STARTED,	/* descriptors by the way, below */
	MESSAGE_REFUSED,	/* no such worker came to be */
	MESSAGE_EXITED,		/* a STARTED worker is no more, and is reaped */
	MESSAGE_HELPER,		/* descriptor: its socket; none: it is not to
				   be had */
	MESSAGE_REOPEN,		/* open the log files anew */
	MESSAGE_DRAIN,		/* take nothing new, exit 0 when all is done */
	MESSAGE_STOP,		/* end within stop_timeout, exit 0 */
	MESSAGE_TYPES
};

enum refusal {
	REFUSAL_FAILED = 0,	/* 503: fork or a step failed */
	REFUSAL_NOT_FOUND,	/* 404: no such program (templates) */
	REFUSAL_NOT_TRUSTED,	/* 403: its file or a folder may not be run */
	REFUSAL_CAPPED		/* later: a limit on how many workers there are,
				   or start, which step names */
};

struct message_start {
	uint64_t	 worker;
	uint64_t	 generation;
	uint32_t	 function;
	uint32_t	 capture_count;
	char		 captures[FUNCTION_CAPTURES_MAX]
			    [FUNCTION_CAPTURE_LEN + 1];
};

struct message_signal {
	uint64_t	 worker;
	int32_t		 signal;	/* SIGTERM or SIGKILL */
};

struct message_freeze {
	uint64_t	 worker;
	uint32_t	 on;
};

struct message_load {		/* LOAD, COMMIT and LOADED */
	uint64_t	 generation;
	uint32_t	 accepted;	/* LOADED only */
	uint32_t	 listeners;	/* LOAD: of gateway.listen in order:
					   bit i: one for it comes along;
					   the others are kept as they are */
};

/*
 * STARTED's descriptors, by way:
 *	listen	 the worker's socket (O_PATH), stderr to read
 *	launch	 variables' socket, stdin to write, stdout, stderr to read
 *	endpoint the TCP listener, stderr to read
 * and then of its control group, to read, as far as they are there:
 *	cpu.stat, memory.peak
 */
struct message_started {
	uint64_t	 worker;
	int32_t		 pid;
	uint32_t	 uid;
	uint32_t	 has_cpu_stat;
	uint32_t	 has_memory_peak;
	uint64_t	 cgroup;	/* id of its group; 0: not known */
};

struct message_refused {
	uint64_t	 worker;
	uint32_t	 refusal;
	int32_t		 error;		/* errno */
	char		 step[MESSAGE_STEP_LEN];
	uint32_t	 uid;		/* whose it was to be; (uid_t)-1: that
					   was not known yet */
	uint32_t	 reserved;
};

struct message_exited {
	uint64_t	 worker;
	int32_t		 status;	/* as of wait(2) */
	int32_t		 error;		/* errno of step, 0: the exec worked */
	char		 step[MESSAGE_STEP_LEN];	/* "": none failed */
	uint64_t	 cpu_us;	/* user and system, children included */
	uint64_t	 max_rss_kb;	/* of its control group where that is
					   known */
	uint32_t	 is_oom;	/* memory_max was used up, */
	uint32_t	 is_above;	/* not its own: its account's, or all
					   of the machine's */
};

struct message {
	uint32_t	 type;
	uint32_t	 reserved;
	union {
		struct message_start	 start;
		struct message_signal	 signal;
		struct message_freeze	 freeze;
		struct message_load	 load;
		struct message_started	 started;
		struct message_refused	 refused;
		struct message_exited	 exited;
	};
};

enum message_side { TO_SPAWNER, TO_GATEWAY };

/*
 * Send one message and count descriptors beside it; those stay the caller's.
 * The unused rest of the struct need not be zeroed: it is not sent.
 * Returns 0, or -1 with errno (EAGAIN: the peer is behind).
 */
int	message_send(int fd, const struct message *, const int *fds, int count);

/*
 * Receive one message meant for side.  Returns 1; 0 at the end (the peer is
 * gone); or -1 with errno: EAGAIN, or EBADMSG for what cannot be believed, its
 * descriptors closed.  fds has room for MESSAGE_FDS_MAX and *count becomes how
 * many came (close-on-exec, owned by the caller); to the spawner none may.
 */
int	message_receive(int fd, enum message_side side, struct message *,
	    int *fds, int *count);

/* "START" and so on, for the log; "?" for what is no type. */
const char	*message_name(uint32_t type);

/*
 * The launch way's own small protocol, between gateway and launcher, over the
 * variables' socket: one packet of NAME=value strings, each ended by a NUL,
 * closed by the exec; or, if that fails, one answer.
 */
#define LAUNCH_VARIABLES_MAX	(192 * 1024)	/* bytes of the packet */

struct launch_failure {
	int32_t	 error;
	int32_t	 refusal;		/* enum refusal */
	char	 step[MESSAGE_STEP_LEN];
};

#endif
