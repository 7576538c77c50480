/*
 * keys: the tables of all settings, and finding a row in them.
 */
#include "keys.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

#include "confine.h"
#include "mem.h"
#include "runtime.h"
#include "setters.h"
#include "settings.h"

#define LENGTH(array)	(sizeof(array) / sizeof((array)[0]))

#define KIB		1024ULL
#define MIB		(1024 * KIB)
#define GIB		(1024 * MIB)
#define TIB		(1024 * GIB)
#define SECOND		1000ULL
#define HOUR		(3600 * SECOND)
#define DAY		(24 * HOUR)
#define TEXT_MAX	SETTING_TEXT_MAX
#define NAME_MAX_BYTES	40	/* of a key that is compared to others */

#define PROCESS		SETTING_PROCESS
#define SECRET		SETTING_SECRET
#define DERIVED		SETTING_DERIVED

/* --- the tables ---------------------------------------------------------- */

#define G(member)	offsetof(struct gateway_settings, member)
#define A(member)	offsetof(struct account, member)
#define F(member)	offsetof(struct function, member)
#define L(member)	offsetof(struct sandbox_lists, member)
#define C(member)	offsetof(struct function_code, member)
#define W(member)	offsetof(struct function_access, member)
#define R(member)	offsetof(struct route_rule, member)

static const struct setting gateway_table[] = {
	{ "gateway.listen", "unix:/run/tollgate/tollgate.sock",
	  "where the web server connects: unix:PATH or ADDR:PORT, or several",
	  set_addresses, print_words, G(listen), 1, 0, 0 },
	{ "gateway.listen_mode", "0660",
	  "mode of unix sockets",
	  set_mode, print_mode, G(listen_mode), 0, 0, 0 },
	{ "gateway.listen_group", "www-data",
	  "their group, the web server's; empty: leave it as it comes",
	  set_account, print_text, G(listen_group), 0, TEXT_MAX, 0 },
	{ "gateway.listen_backlog", "4096",
	  "connections that may wait to be accepted, on each socket",
	  set_number, print_number, G(listen_backlog), 1, 65535, 0 },
	{ "gateway.user", "",
	  "the gateway's user; empty: tollgate, where there is none daemon",
	  set_account, print_text, G(user), 0, TEXT_MAX, 0 },
	{ "gateway.group", "",
	  "the gateway's group; empty: its user's own",
	  set_account, print_text, G(group), 0, TEXT_MAX, 0 },
	{ "gateway.allow_users", "",
	  "who may connect to unix sockets; empty: whom mode and group let",
	  set_words, print_words, G(allow_users), 0, 0, 0 },
	{ "gateway.trusted_fronts", "",
	  "web servers elsewhere: addresses, networks; empty: only loopback",
	  set_netmasks, print_netmasks, G(trusted_fronts), 0, 0, 0 },
	{ "gateway.functions", "functions.d",
	  "folder of the functions, NAME.ini each; relative to this file's",
	  set_text, print_text, G(functions), 1, TEXT_MAX, 0 },
	{ "gateway.accounts", "accounts.d",
	  "folder of what each user's functions may take, USER.ini",
	  set_text, print_text, G(accounts), 1, TEXT_MAX, 0 },
	{ "gateway.run_dir", "/run/tollgate",
	  "folder for sockets of this run",
	  set_path, print_text, G(run_dir), 1, TEXT_MAX, 0 },
	{ "gateway.state_dir", "/var/lib/tollgate",
	  "folder of the gateway's user, for long bodies on their way",
	  set_path, print_text, G(state_dir), 1, TEXT_MAX, 0 },
	{ "gateway.cgroup", "",
	  "folder of a control group for workers; empty: our own; or none",
	  set_group, print_text, G(cgroup), 0, TEXT_MAX, 0 },
	{ "gateway.accounting", "/var/log/tollgate/accounting.log",
	  "file of what each request cost, a JSON object a line",
	  set_path, print_text, G(accounting), 1, TEXT_MAX, 0 },
	{ "gateway.accounting_full", "refuse",
	  "when it cannot be written: refuse new requests, or continue",
	  set_full, print_full, G(accounting_full), 0, 0, 0 },
	{ "gateway.accounting_memory", "16M",
	  "records that may wait in memory until it can be",
	  set_size, print_size, G(accounting_memory), 64 * KIB, GIB, 0 },
	{ "gateway.billing_granularity", "100ms",
	  "billed_ms is rounded up to this; 0: to a millisecond",
	  set_time, print_time, G(billing_granularity_ms), 0, HOUR, 0 },
	{ "gateway.error_log", "/var/log/tollgate/error.log",
	  "a file, stderr or syslog",
	  set_log, print_text, G(error_log), 1, TEXT_MAX, 0 },
	{ "gateway.log_level", "info",
	  "least level that is logged: debug, info, notice, warning, error",
	  set_level, print_level, G(log_level), 0, 0, 0 },
	{ "gateway.function_logs", "/var/log/tollgate/functions",
	  "folder of NAME.log, what each function says; empty: the error log",
	  set_path, print_text, G(function_logs), 0, TEXT_MAX, 0 },
	{ "gateway.pid_file", "/run/tollgate/tollgated.pid",
	  "file with tollgated's process number; empty: none",
	  set_path, print_text, G(pid_file), 0, TEXT_MAX, 0 },
	{ "gateway.function_user", "nobody",
	  "user of functions that name none",
	  set_account, print_text, G(function_user), 1, TEXT_MAX, 0 },
	{ "gateway.min_uid", "1000",
	  "least number of a function's user, or of a template's file's owner",
	  set_number, print_number, G(min_uid), 1, UINT32_MAX - 1, 0 },
	{ "gateway.max_workers", "512",
	  "most workers of all functions together",
	  set_number, print_number, G(max_workers), 1, 65535, 0 },
	{ "gateway.max_connections", "4096",
	  "most connections of web servers at once",
	  set_number, print_number, G(max_connections), 1, 65535, 0 },
	{ "gateway.max_requests_per_connection", "64",
	  "most requests at once on one of them",
	  set_number, print_number, G(max_requests_per_connection), 1, 65535,
	  0 },
	{ "gateway.max_params_size", "64K",
	  "most bytes of a request's parameters",
	  set_size, print_size, G(max_params_size), KIB, 16 * MIB, 0 },
	{ "gateway.max_params", "10000",
	  "most parameters of a request",
	  set_number, print_number, G(max_params), 16, 1000000, 0 },
	{ "gateway.header_timeout", "10s",
	  "how long a request's parameters may take to arrive",
	  set_time, print_time, G(header_timeout_ms), 1, HOUR, 0 },
	{ "gateway.max_header_size", "32K",
	  "most bytes of the header of a function's answer",
	  set_size, print_size, G(max_header_size), KIB, MIB, 0 },
	{ "gateway.buffer_size", "64K",
	  "memory for a body on its way; a longer one waits in state_dir",
	  set_size, print_size, G(buffer_size), 16 * KIB, 16 * MIB, 0 },
	{ "gateway.api_hosts", "",
	  "hosts on which functions are invoked by name",
	  set_hosts, print_words, G(api_hosts), 0, 0, 0 },
	{ "gateway.api_auth", "iam",
	  "iam: requests there are signed with a key of api_keys; or none",
	  set_api_auth, print_api_auth, G(api_auth), 0, 0, 0 },
	{ "gateway.api_keys", "",
	  "file of KEYID SECRET NAME ACTION:PATTERN lines, for iam",
	  set_path, print_text, G(api_keys), 0, TEXT_MAX, 0 },
	{ "gateway.api_region", "us-east-1",
	  "region that functions are said to be in",
	  set_region, print_text, G(api_region), 1, 32, 0 },
	{ "gateway.api_account", "000000000000",
	  "account that functions are said to belong to, 12 digits",
	  set_api_account, print_text, G(api_account), 12, 12, 0 },
	{ "gateway.auth_failures", "10",
	  "failed logins a minute of an address, then 429; 0: no limit",
	  set_number, print_number, G(auth_failures), 0, 1000000, 0 },
	{ "gateway.auth_cache", "60s",
	  "how long a password that was right need not be checked again",
	  set_time, print_time, G(auth_cache_ms), 0, DAY, 0 },
	{ "gateway.auth_queue", "64",
	  "passwords that may wait to be checked; 503 beyond",
	  set_number, print_number, G(auth_queue), 1, 65535, 0 },
	{ "gateway.stop_timeout", "5s",
	  "how long workers may take to end after TERM, before KILL",
	  set_time, print_time, G(stop_timeout_ms), 0, HOUR, 0 },
	{ "gateway.drain_timeout", "60s",
	  "how long requests under way may take after QUIT; 0: no end",
	  set_time, print_time, G(drain_timeout_ms), 0, DAY, 0 },
	{ "gateway.start_backoff", "1s",
	  "wait after a worker died at its start, doubled each time",
	  set_time, print_time, G(start_backoff_ms), 10, HOUR, 0 },
	{ "gateway.start_backoff_max", "60s",
	  "the longest such wait",
	  set_time, print_time, G(start_backoff_max_ms), 10, HOUR, 0 },
	{ "gateway.uid", "none", "", set_id, print_id, G(uid), 0, 0, DERIVED },
	{ "gateway.gid", "none", "", set_id, print_id, G(gid), 0, 0, DERIVED },
	{ "gateway.listen_gid", "none", "",
	  set_id, print_id, G(listen_gid), 0, 0, DERIVED },
	{ "gateway.allow_uids", "", "",
	  set_ids, print_ids, G(allow_uids), 0, 0, DERIVED },
	{ "gateway.credentials", "", "",
	  set_credentials, print_nothing, G(credentials), 0, 0,
	  DERIVED | SECRET },
	{ "gateway.apikeys", "", "",
	  set_apikey, print_nothing, G(apikeys), 0, 0, DERIVED | SECRET },
};

static const struct setting account_table[] = {
	{ "account.max_children", "infinity",
	  "never more workers of all its functions together than this",
	  set_limit, print_limit, A(max_children), 0, UINT64_MAX, 0 },
	{ "account.queue_max", "infinity",
	  "requests that may wait for one of them, likewise",
	  set_limit, print_limit, A(queue_max), 0, UINT64_MAX, 0 },
	{ "account.start_rate", "infinity",
	  "workers that may be started, a second",
	  set_limit, print_limit, A(start_rate), 1, UINT64_MAX, 0 },
	{ "account.start_burst", "10",
	  "so many at once, after a time of fewer",
	  set_limit, print_limit, A(start_burst), 1, 65535, 0 },
	{ "account.log_rate", "infinity",
	  "bytes a second of what they say, in all their logs",
	  set_ceiling, print_ceiling, A(log_rate), 1, TIB, 0 },
	{ "account.log_burst", "1M",
	  "so many at once, after a time of fewer",
	  set_size, print_size, A(log_burst), 1, TIB, 0 },
	{ "account.memory_max", "infinity",
	  "cgroup v2's memory.max of all workers together",
	  set_ceiling, print_ceiling, A(memory_max), MIB, TIB, 0 },
	{ "account.tasks_max", "infinity",
	  "processes and threads of all workers together",
	  set_limit, print_limit, A(tasks_max), 1, UINT64_MAX, 0 },
	{ "account.cpu_max", "",
	  "cgroup v2's cpu.max: microseconds and period; empty: no limit",
	  set_bandwidth, print_text, A(cpu_max), 0, ACCOUNT_CPU_MAX_LEN - 1,
	  0 },
	{ "account.cpu_weight", "100",
	  "cgroup v2's cpu.weight against other users",
	  set_number, print_number, A(cpu_weight), 1, 10000, 0 },
	{ "account.uid", "none", "", set_id, print_id, A(uid), 0, 0, DERIVED },
};

static const struct setting function_table[] = {
	/* The digests come first, so that what is unchanged is not parsed. */
	{ "function.process_digest", "0", "",
	  set_version, print_digest, 0, 0, 0, DERIVED },
	{ "function.rest_digest", "0", "",
	  set_digest, print_digest, F(rest_digest), 0, 0, DERIVED },
	{ "function.handler", NULL,
	  "the program, absolute; ${NAME} stands for a capture of the route",
	  set_handler, print_handler, 0, 0, 0, PROCESS },
	{ "function.arguments", "",
	  "its arguments; quotes keep blanks",
	  set_words, print_words, F(arguments), 0, 0, PROCESS },
	{ "function.parameters", "",
	  "NAME=value ... over a request's; ${NAME}: a capture or parameter",
	  set_pairs, print_words, F(parameters), 0, 0, 0 },
	{ "function.protocol", "fastcgi",
	  "how it is spoken to: fastcgi, cgi or lambda",
	  set_protocol, print_protocol, F(protocol), 0, 0, PROCESS },
	{ "function.runtime", "",
	  "lambda: handler is code in python3, nodejs, ruby, perl, php, shell",
	  set_runtime, print_runtime, F(code), 0, 0, PROCESS },
	{ "function.handler_name", "",
	  "lambda: file.function in there, as in hello.handler",
	  set_code, print_code, F(code), C(handler_name), 0, PROCESS },
	{ "function.invoke_mode", "buffered",
	  "lambda: answers when they are whole, or response_stream",
	  set_invoke_mode, print_invoke_mode, F(is_streamed), 0, 0, 0 },
	{ "function.chdir", "",
	  "its working folder; empty: the program's",
	  set_path, print_text, F(chdir), 0, TEXT_MAX, PROCESS },
	{ "function.environment", "",
	  "NAME=value \"NAME=two words\" ... for its environment",
	  set_environment, print_environment, 0, 0, 0, PROCESS | SECRET },
	{ "function.environment_file", "",
	  "file of NAME=value lines, put over environment",
	  set_path, print_text, F(environment_file), 0, TEXT_MAX,
	  PROCESS | SECRET },
	{ "function.file_environment", "", "",
	  set_file_environment, print_file_environment, 0, 0, 0,
	  PROCESS | SECRET | DERIVED },
	{ "function.program", "", "",
	  set_code, print_code, F(code), C(program), 0, PROCESS | DERIVED },
	{ "function.task_root", "", "",
	  set_code, print_code, F(code), C(task_root), 0, PROCESS | DERIVED },
	{ "route.exact", "",
	  "paths that are this function's, to the byte",
	  set_prefixes, print_words, R(exact), 0, 0, 0 },
	{ "route.prefix", "",
	  "paths that are this function's with all below them",
	  set_prefixes, print_words, R(prefix), 0, 0, 0 },
	{ "route.prefix_final", "",
	  "the same, before any regex is tried",
	  set_prefixes, print_words, R(prefix_final), 0, 0, 0 },
	{ "route.regex", "",
	  "a Perl regular expression for the path, in quotes",
	  set_text, print_text, R(regex), 0, TEXT_MAX, 0 },
	{ "route.host", "",
	  "only on these hosts: example.org *.example.org; empty: any",
	  set_hosts, print_words, R(host), 0, 0, 0 },
	{ "route.methods", "",
	  "only these methods: GET HEAD POST; empty: any",
	  set_methods, print_words, R(methods), 0, 0, 0 },
	{ "pool.max_children", "8",
	  "never more workers than this",
	  set_number, print_number, F(max_children), 1, 4096, 0 },
	{ "pool.min_children", "0",
	  "kept warm; 0: none while nobody asks",
	  set_number, print_number, F(min_children), 0, 4096, 0 },
	{ "pool.process_idle_timeout", "60s",
	  "how long a worker beyond min_children may idle",
	  set_time, print_time, F(process_idle_timeout_ms), 0, DAY, 0 },
	{ "pool.max_requests", "0",
	  "about so many requests, then a new worker; 0: no end",
	  set_number, print_number, F(max_requests), 0, UINT32_MAX, 0 },
	{ "pool.start_timeout", "10s",
	  "how long a new worker may take to its first request",
	  set_time, print_time, F(start_timeout_ms), 10, HOUR, 0 },
	{ "pool.queue_max", "100",
	  "requests that may wait for a worker; 0: 503 at once",
	  set_number, print_number, F(queue_max), 0, 1000000, 0 },
	{ "pool.queue_timeout", "10s",
	  "how long they may wait",
	  set_time, print_time, F(queue_timeout_ms), 0, HOUR, 0 },
	{ "pool.concurrency", "1",
	  "requests at once in a worker; fastcgi: a connection each",
	  set_number, print_number, F(concurrency), 1, 256, 0 },
	{ "pool.freeze", "no",
	  "stop idle workers, so that they cost no processor time",
	  set_flag, print_flag, F(freeze), 0, 0, 0 },
	{ "limits.request_terminate_timeout", "30s",
	  "most time for a request, then TERM and KILL; 0: no end",
	  set_time, print_time, F(request_terminate_timeout_ms), 0, DAY, 0 },
	{ "limits.io_timeout", "60s",
	  "longest silence between bytes; 0: no end",
	  set_time, print_time, F(io_timeout_ms), 0, DAY, 0 },
	{ "limits.max_body_size", "8M",
	  "most bytes of a request's body",
	  set_size, print_size, F(max_body_size), 0, TIB, 0 },
	{ "limits.memory_max", "128M",
	  "memory of a worker; 0: no limit",
	  set_size, print_size, F(memory_max), 0, TIB, PROCESS },
	{ "limits.tasks_max", "32",
	  "processes and threads of a worker; 0: no limit",
	  set_number, print_number, F(tasks_max), 0, 65535, PROCESS },
	{ "limits.cpu_max", "",
	  "cgroup v2's cpu.max: microseconds and period; empty: no limit",
	  set_bandwidth, print_text, F(cpu_max), 0, TEXT_MAX, PROCESS },
	{ "limits.cpu_weight", "100",
	  "cgroup v2's cpu.weight against its user's other functions",
	  set_number, print_number, F(cpu_weight), 1, 10000, PROCESS },
	{ "limits.rlimit_files", "1024",
	  "open files of a worker's process",
	  set_limit, print_limit, F(rlimits.files), 16, 1048576, PROCESS },
	{ "limits.rlimit_core", "0",
	  "most bytes of a core file",
	  set_size, print_size, F(rlimits.core), 0, TIB, PROCESS },
	{ "limits.rlimit_data", "infinity", "",
	  set_limit, print_limit, F(rlimits.data), 0, UINT64_MAX,
	  PROCESS | DERIVED },
	/* Changes whenever its user gets another function: no reason to end
	   warm workers, which keep the one they began with. */
	{ "limits.rlimit_processes", "infinity", "",
	  set_limit, print_limit, F(rlimits.processes), 0, UINT64_MAX,
	  DERIVED },
	{ "sandbox.user", "",
	  "user it runs as; empty: function_user; templates: the file's owner",
	  set_account, print_text, F(user), 0, TEXT_MAX, PROCESS },
	{ "sandbox.group", "",
	  "its group; empty: the user's own",
	  set_account, print_text, F(group), 0, TEXT_MAX, PROCESS },
	{ "sandbox.level", "strict",
	  "how far it is confined: strict, standard or none",
	  set_confinement, print_confinement, F(level), 0, 0, PROCESS },
	{ "sandbox.network", "host",
	  "which network it has: host, loopback or none",
	  set_network, print_network, F(network), 0, 0, PROCESS },
	{ "sandbox.read_only_paths", "",
	  "what it may read besides the system and its handler's folder",
	  set_paths, print_listed, F(lists), L(read_only_paths), 0, PROCESS },
	{ "sandbox.read_write_paths", "",
	  "what it may write to besides /tmp",
	  set_paths, print_listed, F(lists), L(read_write_paths), 0, PROCESS },
	{ "sandbox.inaccessible_paths", "",
	  "what it may not see of all that",
	  set_paths, print_listed, F(lists), L(inaccessible_paths), 0,
	  PROCESS },
	{ "sandbox.tmp_max", "64M",
	  "most bytes of the /tmp of its own that strict gives it",
	  set_size, print_size, F(tmp_max), 64 * KIB, TIB, PROCESS },
	{ "sandbox.system_call_filter", "@default",
	  "@default, then names of system calls to be allowed as well",
	  set_calls, print_calls, F(lists), L(system_call_filter), 0,
	  PROCESS },
	{ "sandbox.require", "",
	  "do not run without: landlock>=2 seccomp namespaces cgroup ...",
	  set_require, print_listed, F(lists), L(require), 0, PROCESS },
	{ "sandbox.uid", "none", "",
	  set_id, print_id, F(uid), 0, 0, PROCESS | DERIVED },
	{ "sandbox.gid", "none", "",
	  set_id, print_id, F(gid), 0, 0, PROCESS | DERIVED },
	{ "sandbox.groups", "", "",
	  set_groups, print_groups, 0, 0, 0, PROCESS | DERIVED },
	{ "access.allow", "",
	  "clients: addresses, networks, all; the longest that fits decides",
	  set_netmasks, print_netmasks, W(allow), 0, 0, 0 },
	{ "access.deny", "",
	  "the others; wins where both fit; without allow all others may",
	  set_netmasks, print_netmasks, W(deny), 0, 0, 0 },
	{ "access.auth", "none",
	  "what a caller must show: none, key, basic (a password) or iam",
	  set_auth, print_auth, W(auth), 0, 0, 0 },
	{ "access.auth_file", "",
	  "file of NAME:HASH lines, for key and basic",
	  set_path, print_text, W(auth_file), 0, TEXT_MAX, 0 },
	{ "access.realm", "",
	  "what a browser calls it; empty: the function's name",
	  set_realm, print_text, W(realm), 0, 256, 0 },
	{ "access.satisfy", "all",
	  "all: the address and auth must do; any: one of them",
	  set_satisfy, print_satisfy, W(satisfy), 0, 0, 0 },
	{ "log.slowlog_threshold", "0",
	  "log requests that take longer; 0: none",
	  set_time, print_time, F(slowlog_threshold_ms), 0, DAY, 0 },
	{ "log.rate", "64K",
	  "bytes a second of what it says, on the average; more is dropped",
	  set_ceiling, print_ceiling, F(log_rate), 1, TIB, 0 },
	{ "log.burst", "1M",
	  "so many at once, after a time of fewer",
	  set_size, print_size, F(log_burst), 1, TIB, 0 },
	{ "log.stderr", "",
	  "file for what it says; empty: function_logs/NAME.log",
	  set_path, print_text, F(stderr_log), 0, TEXT_MAX, 0 },
};

/* --- looking up ---------------------------------------------------------- */

const struct setting *
keys_gateway_row(size_t i)
{
	return i < LENGTH(gateway_table) ? &gateway_table[i] : NULL;
}

const struct setting *
keys_account_row(size_t i)
{
	return i < LENGTH(account_table) ? &account_table[i] : NULL;
}

const struct setting *
keys_function_row(size_t i)
{
	return i < LENGTH(function_table) ? &function_table[i] : NULL;
}

/*
 * The row of a key; any [route ANYTHING] is looked up as route.  Each line of a
 * load is looked up, so the first bytes of section and name come first.
 */
static const struct setting *
find(const struct setting *table, size_t count, const char *key)
{
	const char	*name = strrchr(key, '.');
	size_t		 section, i;

	if (name == NULL)
		return NULL;
	section = strncmp(key, "route ", 6) == 0 ? 5 : (size_t)(name - key);
	for (i = 0; i < count; i++)
		if (table[i].key[0] == key[0] &&
		    strncmp(table[i].key, key, section) == 0 &&
		    table[i].key[section] == '.' &&
		    table[i].key[section + 1] == name[1] &&
		    strcmp(table[i].key + section + 1, name + 1) == 0)
			return &table[i];
	return NULL;
}

const struct setting *
keys_gateway_find(const char *key)
{
	return find(gateway_table, LENGTH(gateway_table), key);
}

const struct setting *
keys_account_find(const char *key)
{
	return find(account_table, LENGTH(account_table), key);
}

const struct setting *
keys_function_find(const char *key)
{
	return find(function_table, LENGTH(function_table), key);
}

static const struct {
	const char	*sections;
	const char	*first;
	const struct setting	*(*row)(size_t);
} files[] = {
	[KEYS_GATEWAY] = { "[gateway]", "gateway", keys_gateway_row },
	[KEYS_ACCOUNT] = { "[account]", "account", keys_account_row },
	[KEYS_FUNCTION] = { "[function], [route], [route NAME], [pool], "
	    "[limits], [sandbox], [access] "
	    "or [log]", "function", keys_function_row },
};

const char *
keys_sections(enum keys_file file)
{
	return files[file].sections;
}

const char *
keys_first_section(enum keys_file file)
{
	return files[file].first;
}

/* Levenshtein's distance of two short words. */
static unsigned
distance(const char *a, const char *b)
{
	unsigned	 row[NAME_MAX_BYTES + 1], above, diagonal, best;
	size_t		 n = strlen(b), j;

	for (j = 0; j <= n; j++)
		row[j] = (unsigned)j;
	for (; *a != '\0'; a++) {
		diagonal = row[0]++;
		for (j = 0; j < n; j++) {
			above = row[j + 1];
			best = diagonal + (*a != b[j]);
			if (above + 1 < best)
				best = above + 1;
			if (row[j] + 1 < best)
				best = row[j] + 1;
			row[j + 1] = best;
			diagonal = above;
		}
	}
	return row[n];
}

const char *
keys_nearest(enum keys_file file, const char *key)
{
	const struct setting	*row;
	const char		*nearest = NULL, *name;
	unsigned		 least = 3, d;
	size_t			 i;

	if ((name = strrchr(key, '.')) == NULL ||
	    strlen(++name) > NAME_MAX_BYTES)
		return NULL;
	for (i = 0; (row = files[file].row(i)) != NULL; i++) {
		if (row->flags & SETTING_DERIVED)
			continue;
		d = distance(name, strchr(row->key, '.') + 1);
		if (d < least) {
			least = d;
			nearest = row->key;
		}
	}
	return nearest;
}

bool
keys_has_section(enum keys_file file, const char *section)
{
	const struct setting	*row;
	size_t			 len = strcspn(section, " "), i;

	if (section[len] == ' ' && strncmp(section, "route ", 6) != 0)
		return false;
	for (i = 0; (row = files[file].row(i)) != NULL; i++)
		if (strncmp(row->key, section, len) == 0 &&
		    row->key[len] == '.')
			return true;
	return false;
}
