/*
 * config: lines of settings <-> struct config, by tables.
 *
 * A load of the configuration is a text of lines
 *
 *	FILE:LINE:FUNCTION:section.key=value
 *
 * with FUNCTION empty for tollgate.ini and LINE 0 for what was not written but
 * worked out (the user's numbers, the digests).  ini makes it from files;
 * spawner and gateway read it with the same tables of settings, so that
 * neither trusts the other's idea of a value.  FILE is percent-encoded where it
 * holds a colon; a value holds no newline.
 *
 * One row per key serves to read, to check, to print (-T) and to hold the man
 * page and the sample files against.
 */
#ifndef TOLLGATE_CONFIG_H
#define TOLLGATE_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "function.h"
#include "log.h"

struct arena;

enum accounting_full { FULL_REFUSE = 0, FULL_CONTINUE };

/* [gateway] of tollgate.ini.  Times in ms, sizes in bytes. */
struct gateway_settings {
	struct word_list	 listen;	/* unix:PATH or ADDR:PORT */
	mode_t			 listen_mode;
	const char		*listen_group;	/* "": leave it */
	uint32_t		 listen_backlog;
	const char		*user;
	const char		*group;
	const char		*functions;	/* folder of NAME.ini */
	const char		*run_dir;
	const char		*state_dir;
	const char		*accounting;	/* file */
	const char		*error_log;	/* path, stderr or syslog */
	enum log_level		 log_level;
	const char		*function_logs;	/* folder, "": none */
	const char		*pid_file;	/* "": none */
	const char		*function_user;
	uint32_t		 min_uid;
	uint32_t		 max_workers;
	uint32_t		 max_connections;
	uint32_t		 max_requests_per_connection;
	uint64_t		 billing_granularity_ms;
	enum accounting_full	 accounting_full;
	uint64_t		 accounting_memory;	/* bytes that wait */
	struct word_list	 api_hosts;
	uint64_t		 max_params_size;
	uint32_t		 max_params;
	uint64_t		 header_timeout_ms;
	uint64_t		 max_header_size;
	uint64_t		 buffer_size;
	uint64_t		 stop_timeout_ms;
	uint64_t		 drain_timeout_ms;	/* SIGQUIT; 0: no end */
	uint64_t		 start_backoff_ms;
	uint64_t		 start_backoff_max_ms;

	/* resolved by the load (LINE 0) */
	uid_t			 uid;
	gid_t			 gid;
	gid_t			 listen_gid;	/* (gid_t)-1: leave it */
};

struct config {
	struct arena		 *arena;
	uint64_t		  generation;
	struct gateway_settings	  gateway;
	struct function		**functions;	/* in byte order of names;
						   one reference each */
	size_t			  count;
};

/* Errors of a load, all of them, each one line without newline. */
struct config_errors {
	char	**lines;
	size_t	  count;
};

void	config_errors_add(struct config_errors *, const char *, ...)
	    __attribute__((format(printf, 2, 3)));
void	config_errors_release(struct config_errors *);

/*
 * Read a whole load.  text is borrowed for the call only.  Functions whose two
 * digests equal those in old (NULL: none) are shared with it instead of being
 * parsed again.  Returns NULL if there were errors, having added
 * "FILE:LINE: [section] key: what is wrong, what was expected" to errors.
 */
struct config	*config_read(const char *text, size_t len, uint64_t generation,
		    const struct config *old, struct config_errors *errors);
void		 config_free(struct config *);		/* NULL is fine */

/*
 * Read only [gateway], or one function by its number, without the rest: what
 * the spawner needs, which keeps no more than the text.  An index made once
 * per load says where each function's lines stand.
 */
struct config_index;

struct config_index	*config_index_create(const char *text, size_t len);
void			 config_index_free(struct config_index *);
size_t			 config_index_count(const struct config_index *);
/* The gateway's settings, text owned by arena; -1 and errors as above. */
int	config_read_gateway(const struct config_index *, struct arena *,
	    struct gateway_settings *, struct config_errors *);
/* Owned by the caller (function_release); NULL if number is out of range. */
struct function	*config_read_function(const struct config_index *,
		    uint32_t number);

/*
 * Print everything understood as files that read back the same: each headed
 * by a line "; FILE", with every key, and the key's meaning as a comment where
 * with_help is set (that is how the shipped samples are made).
 */
void	config_print(FILE *, const struct config *, bool with_help);

/* The tables, for those who check files and manuals against them. */
struct setting {
	const char	*key;		/* section.key */
	const char	*fallback;	/* the default, as text */
	const char	*help;
	/* and what config.c alone needs: */
	const char	*(*set)(struct arena *, void *field, const char *value,
			    const struct setting *);
	void		 (*print)(FILE *, const void *field,
			    const struct setting *);
	size_t		 offset;
	uint64_t	 min;
	uint64_t	 max;
	unsigned	 flags;
};

#define SETTING_PROCESS	0x1	/* a change needs new workers */
#define SETTING_SECRET	0x2	/* not for the gateway */
#define SETTING_DERIVED	0x4	/* made by the load, never in a file */
#define SETTING_LATER	0x8	/* understood, not enforced here: -t says so */

/* NULL if there is no such row.  key: "gateway.listen" */
const struct setting	*config_gateway_setting(const char *key);
/* key: "pool.max_children"; any [route ANYTHING] is looked up as route. */
const struct setting	*config_function_setting(const char *key);
/* Row i, NULL past the last one. */
const struct setting	*config_gateway_row(size_t i);
const struct setting	*config_function_row(size_t i);

#endif
