/*
 * keys: every key of the configuration: a row each.
 *
 * A row serves to read, to check and to print (-T) its key, and the sample
 * files and the man page are held against it.  Defaults are text and pass
 * through the same setters.  The rows are in the order in which they are
 * printed.
 */
#ifndef TOLLGATE_KEYS_H
#define TOLLGATE_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "account.h"
#include "apikeys.h"
#include "credentials.h"
#include "function.h"
#include "log.h"
#include "value.h"

enum accounting_full { FULL_REFUSE = 0, FULL_CONTINUE };

enum api_auth { API_AUTH_IAM = 0, API_AUTH_NONE };

/* [gateway] of tollgate.ini.  Times in ms, sizes in bytes. */
struct gateway_settings {
	struct word_list	 listen;	/* unix:PATH or ADDR:PORT */
	mode_t			 listen_mode;
	const char		*listen_group;	/* "": leave it */
	uint32_t		 listen_backlog;
	const char		*user;
	const char		*group;
	struct word_list	 allow_users;	/* of unix sockets; none: any */
	struct netmask_list	 trusted_fronts;	/* beside loopback */
	const char		*functions;	/* folder of NAME.ini */
	const char		*accounts;	/* folder of USER.ini */
	const char		*run_dir;
	const char		*state_dir;
	const char		*cgroup;	/* "": our own; or none */
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
	enum api_auth		 api_auth;
	const char		*api_keys;	/* file, "": none */
	const char		*api_region;
	const char		*api_account;	/* 12 digits */
	uint32_t		 auth_failures;	/* a minute; 0: no limit */
	uint64_t		 auth_cache_ms;
	uint32_t		 auth_queue;
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
	struct id_list		 allow_uids;	/* allow_users' */
	struct credential_files	 credentials;	/* the gateway's alone */
	struct apikeys		 apikeys;	/* likewise: api_keys' */
};

/* Which file a key stands in. */
enum keys_file { KEYS_GATEWAY, KEYS_ACCOUNT, KEYS_FUNCTION };

/* The row of a key, "gateway.listen"; NULL if there is none. */
const struct setting	*keys_gateway_find(const char *key);
const struct setting	*keys_account_find(const char *key);
/* "pool.max_children"; any [route ANYTHING] is looked up as route. */
const struct setting	*keys_function_find(const char *key);

/* Row i, NULL past the last one. */
const struct setting	*keys_gateway_row(size_t i);
const struct setting	*keys_account_row(size_t i);
const struct setting	*keys_function_row(size_t i);

/* Is there such a section in that file?  All there are, in words. */
bool	keys_has_section(enum keys_file, const char *section);
const char	*keys_sections(enum keys_file);
const char	*keys_first_section(enum keys_file);
/* The key (section.key) that was probably meant, or NULL. */
const char	*keys_nearest(enum keys_file, const char *key);

#endif
