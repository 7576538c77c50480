/*
 * function: everything that is configured about one function, typed.
 *
 * A struct function is read from the lines of a load (config), never changed
 * afterwards, and shared by all that concerns the function until the last of
 * them lets go of it: a reload makes a new one beside it.  Text is owned by
 * the struct's arena; "" where nothing was configured.
 */
#ifndef TOLLGATE_FUNCTION_H
#define TOLLGATE_FUNCTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "netmask.h"

struct arena;
struct protocol_settings;	/* modules/settings.h */
struct runtime;

#define FUNCTION_NAME_MAX	64
#define FUNCTION_CAPTURES_MAX	4	/* in a template's handler path */
#define FUNCTION_CAPTURE_LEN	64	/* bytes of one, at most */
#define FUNCTION_GROUPS_MAX	64	/* supplementary groups of its user */
#define SANDBOX_PATHS_MAX	32	/* in each of its lists */

struct word_list {
	const char	**words;
	size_t		  count;
};

enum confinement {		/* sandbox.level; more of it is greater */
	CONFINE_NONE = 0,	/* user, rlimits and clean environment */
	CONFINE_STANDARD,	/* and no privileges, Landlock, seccomp */
	CONFINE_STRICT		/* and namespaces, a root of its own */
};

enum network { NETWORK_HOST = 0, NETWORK_LOOPBACK, NETWORK_NONE };

/* Apart, as most functions have none of them, and so share one. */
struct sandbox_lists {
	/* absolute, of plain segments */
	struct word_list	 read_only_paths;
	struct word_list	 read_write_paths;
	struct word_list	 inaccessible_paths;
	struct word_list	 system_call_filter;	/* beyond @default */
	struct word_list	 require;	/* confine's requirements */
};

/* With a runtime, handler is code for it, no program.  Apart likewise. */
struct function_code {
	const struct runtime	*runtime;	/* NULL: none */
	const char		*handler_name;	/* file.function in there */

	/* worked out by the load; "" without a runtime */
	const char		*program;	/* the bootstrap */
	const char		*task_root;	/* the code's folder */
};

/* One [route] or [route ANYTHING] section: any path with any host. */
struct route_rule {
	const char		*section;	/* "route", "route admin" */
	const char		*file;		/* it stands here */
	unsigned		 line;
	struct word_list	 exact;
	struct word_list	 prefix;
	struct word_list	 prefix_final;
	const char		*regex;
	struct word_list	 host;		/* none: any */
	struct word_list	 methods;	/* none: any */
};

/* setrlimit(2) in the worker; RLIM_INFINITY where not configured. */
struct function_rlimits {
	uint64_t	 files;
	uint64_t	 core;
	uint64_t	 data;		/* memory_max where no cgroup does it */
	uint64_t	 processes;	/* of the whole uid */
};

enum auth { AUTH_NONE = 0, AUTH_KEY, AUTH_BASIC, AUTH_IAM };
enum satisfy { SATISFY_ALL = 0, SATISFY_ANY };

/* [access]: who may call it.  Those who say nothing share one. */
struct function_access {
	struct netmask_list	 allow;
	struct netmask_list	 deny;
	enum auth		 auth;
	enum satisfy		 satisfy;
	const char		*auth_file;	/* "": none */
	const char		*realm;		/* "": the function's name */
};

struct function {
	struct arena	*arena;
	unsigned	 references;
	const char	*name;
	const char	*file;
	uint32_t	 number;		/* in the load it came with */
	uint64_t	 process_digest;	/* of what needs new workers */
	uint64_t	 rest_digest;		/* of all else */
	char		 version[17];		/* process_digest in hex */

	/* [function] */
	const char		*handler;	/* absolute; may hold ${NAME} */
	struct word_list	 arguments;
	struct word_list	 parameters;	/* NAME=value */
	const struct protocol_settings	*protocol;
	const struct function_code	*code;	/* never NULL */
	bool			 is_streamed;	/* lambda: its answers, as they
						   come */
	const char		*chdir;		/* "": the code's folder */
	struct word_list	 environment;	/* each name once, the file's
						   included; empty in the
						   gateway */
	struct word_list	 environment_written;	/* the key's own, for
							   printing it */
	const char		*environment_file;	/* not in gateway */

	/* Found in handler: the NAMEs of ${NAME} in order of first use. */
	bool			 is_template;
	struct word_list	 captures;

	/* [route] and [route ANYTHING], in the order of the file */
	struct route_rule	*rules;
	size_t			 rule_count;

	/* [pool] */
	uint32_t	 max_children;
	uint32_t	 min_children;
	uint64_t	 process_idle_timeout_ms;
	uint32_t	 max_requests;		/* 0: never recycled */
	uint64_t	 start_timeout_ms;
	uint32_t	 queue_max;
	uint64_t	 queue_timeout_ms;
	uint32_t	 concurrency;
	bool		 freeze;

	/* [limits] */
	uint64_t	 request_terminate_timeout_ms;	/* 0: never */
	uint64_t	 io_timeout_ms;			/* 0: never */
	uint64_t	 max_body_size;			/* bytes */
	uint64_t	 memory_max;			/* bytes; 0: none */
	uint32_t	 tasks_max;			/* 0: none */
	const char	*cpu_max;			/* "": none */
	uint32_t	 cpu_weight;
	struct function_rlimits	rlimits;

	/* [sandbox]: resolved by the load to numbers */
	const char	*user;		/* as recorded: a name or a number;
					   "" in a template: the owner */
	const char	*group;		/* "": the user's own */
	uid_t		 uid;
	gid_t		 gid;
	gid_t		*groups;
	size_t		 group_count;
	enum confinement level;
	enum network	 network;
	uint64_t	 tmp_max;	/* bytes of its own /tmp */
	const struct sandbox_lists *lists;	/* never NULL */

	const struct function_access	*access;	/* never NULL */

	/* [log] */
	uint64_t	 slowlog_threshold_ms;	/* 0: none */
	uint64_t	 log_rate;	/* bytes a second */
	uint64_t	 log_burst;
	const char	*stderr_log;	/* "": function_logs/NAME.log, or the
					   error log where there are none */
};

/* A function with every field zero or "" and one reference. */
struct function	*function_create(void);
/*
 * One with every field as in model, whose texts are borrowed: they are static.
 * room: how many bytes its own will take, as far as that is known.
 */
struct function	*function_create_like(const struct function *model,
		    size_t room);
struct function	*function_hold(struct function *);
void		 function_release(struct function *);	/* NULL is fine */

/* Is this [A-Za-z0-9_-]{1,64}? */
bool	function_name_is_valid(const char *);

/*
 * Find the NAMEs of ${NAME} in fn->handler and fill captures and is_template.
 * Returns NULL, or in static words what is wrong with the path.
 */
const char	*function_find_captures(struct function *);

/* May text stand for a capture in a path: [A-Za-z0-9_-][A-Za-z0-9._-]{0,63} */
bool	function_capture_is_valid(const char *text);

/*
 * The handler's path with values[i] in place of captures.words[i].  Owned by
 * the caller; NULL with EINVAL if a value is not valid.
 */
char	*function_handler_path(const struct function *,
	    const char *const values[]);

#endif
