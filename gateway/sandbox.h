/*
 * sandbox: the steps between fork and exec, as a table.
 *
 * All of this runs in the forked child of a worker.  The steps run in order;
 * the first that fails ends the child, so nothing ever runs half confined.
 * What else confines a worker is one more row of the table.  They allocate
 * nothing: each page of the spawner's that a child writes to is copied first,
 * which costs more than the step.
 *
 * The child says on its report socket how it goes: that all steps are done, and
 * once more if what came after them failed.  Its init says how it ended.
 */
#ifndef TOLLGATE_SANDBOX_H
#define TOLLGATE_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "account.h"
#include "leaf.h"
#include "message.h"
#include "rulebook.h"
#include "seccomp.h"
#include "trust.h"

struct enclosure;
struct function;
struct kit;
struct word_list;

/* Where things stand once the first step is done: 0, 1, 2 and these. */
#define SANDBOX_REPORT		3
#define SANDBOX_VARIABLES	4
#define SANDBOX_KEPT		5
#define SANDBOX_FREE		6	/* from here on */

struct sandbox {
	const struct function	*function;
	struct trust_request	 request;	/* of its program */
	const char		*folder;	/* to start in */
	pid_t			 parent;
	bool			 is_root;	/* users can be changed */
	int			 ends[3];	/* become 0, 1 and 2 */
	int			 variables;	/* of a launcher, else -1 */
	int			 report;
	struct leaf		 leaf;		/* groups NULL: none */
	bool			 is_in_leaf;	/* since the fork */
	bool			 asks;		/* who it is of, for a seat and
						   its account */
	struct account_limits	 account;	/* of its user, once known */
	const struct enclosure	*walls;
	const struct kit	*kit;
	struct seccomp_code	 filter;	/* len 0: none */
	bool			 shares_keyring;	/* needs no own one */
	struct rules		 kept;		/* Landlock's, of one before */
	bool			 has_score;	/* oom_score_adj is set */
	unsigned		 port;		/* of its endpoint; 0: none */
	const struct word_list	*hidden;	/* files of the daemon's own */
	bool			 has_root;	/* it stands in its own */

	/* found by the steps */
	struct trust_program	 program;
	uid_t			 uid;
	gid_t			 gid;
	struct trust_failure	 failure;
	char			 detail[MESSAGE_STEP_LEN];	/* of a step */
	pid_t			 moved_to;
	int			 status;	/* of the program */
};

enum sandbox_news {
	SANDBOX_USER = 0,	/* a template's: is known; its leaf comes, when
				   it has been answered if it asks */
	SANDBOX_ENDPOINT,	/* and its listener comes along */
	SANDBOX_RULES,		/* Landlock's, for others: they come along */
	SANDBOX_MOVED,		/* from now on pid is the worker's process */
	SANDBOX_STANDS,		/* all steps are done; says the program-to-be */
	SANDBOX_FAILED,		/* a step, or what came after them */
	SANDBOX_ENDED		/* its program, says its init */
};

struct sandbox_report {		/* one packet */
	uint32_t	 news;		/* enum sandbox_news */
	uint32_t	 uid;
	int32_t		 pid;		/* of MOVED; 0: the sender */
	int32_t		 status;	/* of ENDED, as of wait(2) */
	int32_t		 error;		/* errno of step, if it failed */
	int32_t		 refusal;	/* enum refusal */
	char		 step[MESSAGE_STEP_LEN];
	uint64_t	 print;		/* of RULES */
};

/* Run all steps.  0, or -1 with failure filled. */
int	sandbox_apply(struct sandbox *);

/*
 * Run the program that trust_open gave, by its descriptor or, if it is a
 * script, by its path.  Returns only when that fails, with failure filled.
 */
void	sandbox_exec(struct sandbox *, const char *const *arguments,
	    const char *const *environment);

/* Say on the report socket how it goes. */
void	sandbox_report(const struct sandbox *, enum sandbox_news);

/*
 * All steps are done: run program(arg), which never returns; where the worker
 * is process 1, in a child that is not, to stay behind as its init (init.h).
 * execs: it does so at once.  Returns with failure filled if there is no child.
 */
void	sandbox_run(struct sandbox *, void (*program)(void *arg), void *arg,
	    bool execs);

#endif
