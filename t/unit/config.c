/*
 * config: every value is read as it is meant or refused with words, what is
 * printed reads back the same, and what is unchanged is shared.
 */
#include "config.h"

#include <check.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "lib/suite.h"

#define ROWS(table)	((int)(sizeof(table) / sizeof((table)[0])))

#define PATH_107	"/234567890123456789012345678901234567890" \
			"1234567890123456789012345678901234567890" \
			"123456789012345678901234567"

static const struct {
	const char	*key;
	const char	*value;
	const char	*printed;	/* NULL: the value; else how it is */
	const char	*error;		/* in the error's words; NULL: none */
} values[] = {
	{ "gateway.listen", "unix:/a 127.0.0.1:9000 [::1]:80", NULL, NULL },
	{ "gateway.listen", "unix:" PATH_107, NULL, NULL },
	{ "gateway.listen", "unix:" PATH_107 "8", NULL, "107 bytes" },
	{ "gateway.listen", "unix:" PATH_107 PATH_107, NULL, "107 bytes" },
	{ "gateway.listen", "", NULL, "is empty; expected unix:/PATH" },
	{ "gateway.listen", "unix:x", NULL, "not absolute" },
	{ "gateway.listen", "unix:/a unix:/a", NULL, "twice" },
	{ "gateway.listen", "localhost:80", NULL, "numeric" },
	{ "gateway.listen", "127.0.0.1", NULL, "no address" },
	{ "gateway.listen", "127.0.0.1:0", NULL, "port" },
	{ "gateway.listen", "127.0.0.1:65536", NULL, "port" },
	{ "gateway.listen", "127.0.0.1:80x", NULL, "port" },
	{ "gateway.listen", "::1:80", NULL, "numeric" },
	{ "gateway.listen_mode", "0660", NULL, NULL },
	{ "gateway.listen_mode", "600", "0600", NULL },
	{ "gateway.listen_mode", "0888", NULL, "octal" },
	{ "gateway.listen_mode", "1777", NULL, "octal" },
	{ "gateway.listen_mode", "", NULL, "octal" },
	{ "gateway.listen_backlog", "1", NULL, NULL },
	{ "gateway.listen_backlog", "65535", NULL, NULL },
	{ "gateway.listen_backlog", "0", NULL, "from 1 to 65535" },
	{ "gateway.listen_backlog", "65536", NULL, "out of range" },
	{ "gateway.listen_backlog", "4294967297", NULL, "out of range" },
	{ "gateway.listen_backlog", "99999999999999999999999", NULL,
	  "out of range" },
	{ "gateway.listen_backlog", "-1", NULL, "not a whole number" },
	{ "gateway.listen_backlog", "1k", NULL, "not a whole number" },
	{ "gateway.listen_backlog", "", NULL, "not a whole number" },
	{ "account.max_children", "0", NULL, NULL },
	{ "account.max_children", "infinity", NULL, NULL },
	{ "account.max_children", "many", NULL, "not a whole number" },
	{ "account.start_rate", "0", NULL, "from 1 to infinity" },
	{ "account.memory_max", "64M", NULL, NULL },
	{ "account.memory_max", "infinity", NULL, NULL },
	{ "account.memory_max", "1", NULL, "out of range" },
	{ "account.memory_max", "64K", NULL, "expected infinity, or a size" },
	{ "account.cpu_max", "50000 100000", NULL, NULL },
	{ "account.cpu_max", "half", NULL, "cgroup v2's words" },
	{ "gateway.user", "www-data", NULL, NULL },
	{ "gateway.user", "a:b", NULL, "no name" },
	{ "gateway.run_dir", "run", NULL, "not an absolute path" },
	{ "gateway.run_dir", "", NULL, "is empty; expected an absolute path" },
	{ "gateway.error_log", "stderr", NULL, NULL },
	{ "gateway.error_log", "syslog", NULL, NULL },
	{ "gateway.error_log", "stdout", NULL, "not an absolute path" },
	{ "gateway.log_level", "debug", NULL, NULL },
	{ "gateway.log_level", "loud", NULL, "debug, info, notice" },
	{ "gateway.accounting_full", "continue", NULL, NULL },
	{ "gateway.accounting_full", "maybe", NULL, "neither" },
	{ "gateway.billing_granularity", "0", NULL, NULL },
	{ "gateway.billing_granularity", "1ms", NULL, NULL },
	{ "gateway.header_timeout", "1500ms", NULL, NULL },
	{ "gateway.header_timeout", "60s", "1m", NULL },
	{ "gateway.header_timeout", "90s", NULL, NULL },
	{ "gateway.header_timeout", "60m", "1h", NULL },
	{ "gateway.header_timeout", "10", NULL, "without its unit" },
	{ "gateway.header_timeout", "10 s", NULL, "unknown unit" },
	{ "gateway.header_timeout", "10sec", NULL, "unknown unit" },
	{ "gateway.header_timeout", "0", NULL, "from 1ms to 1h" },
	{ "gateway.header_timeout", "2h", NULL, "out of range" },
	{ "gateway.header_timeout", "18446744073709551615d", NULL,
	  "out of range" },
	{ "gateway.header_timeout", "s", NULL, "not a number" },
	{ "gateway.header_timeout", "-1s", NULL, "not a number" },
	{ "gateway.buffer_size", "65536", "64K", NULL },
	{ "gateway.buffer_size", "16M", NULL, NULL },
	{ "gateway.buffer_size", "64k", NULL, "unknown unit" },
	{ "gateway.buffer_size", "1G", NULL, "from 16K to 16M" },
	{ "gateway.api_hosts", "fn.Example.org [::1]",
	  "fn.example.org [::1]", NULL },
	{ "gateway.start_backoff", "2m", NULL,
	  "longer than start_backoff_max" },
	{ "gateway.uid", "0", NULL, "no such key" },
	{ "gateway.lisen", "x", NULL, "perhaps listen of [gateway]?" },
	{ "gatway.listen", "x", NULL, "there is no section [gatway]" },
	{ "function.handler", "/${user}/x", NULL, NULL },
	{ "function.handler", "x", NULL, "not an absolute path" },
	{ "function.handler", "/${x", NULL, "not well formed" },
	{ "function.arguments", "-c 'a b' \"\" \"it's\"",
	  "-c \"a b\" \"\" \"it's\"", NULL },
	{ "function.arguments", "x\"it's\"'\"'", "xit\"'s\"'\"'", NULL },
	{ "function.arguments", "'a", NULL, "not closed" },
	{ "function.parameters", "A=1 B=\"x y\" _c=", NULL, NULL },
	{ "function.parameters", "\"A=x y\"", "A=\"x y\"", NULL },
	{ "function.parameters", "A", NULL, "not NAME=value" },
	{ "function.parameters", "1A=x", NULL, "not NAME=value" },
	{ "function.parameters", "=x", NULL, "not NAME=value" },
	{ "function.parameters", "A=1 A=2", NULL, "one NAME twice" },
	{ "function.protocol", "cgi", NULL, NULL },
	{ "function.protocol", "scgi", NULL, "expected fastcgi or cgi" },
	{ "function.environment", "secret", NULL, "the value is a list" },
	{ "route.exact", "/a /b", NULL, NULL },
	{ "route.exact", "a", NULL, "begin with a slash" },
	{ "route.exact", "/a /a", NULL, "twice" },
	{ "route.regex", "^/x#;\"[a-z]$", "^/x#;\"[a-z]$", NULL },
	{ "route x.prefix", "/p/", NULL, NULL },
	{ "route.host", "example.org", NULL, "has no path" },
	{ "route x.host", "http://a", NULL, "no host" },
	{ "route x.host", "a.*", NULL, "no host" },
	{ "route x.methods", "get", NULL, "in capitals" },
	{ "route x.metods", "GET", NULL, "perhaps methods of [route]?" },
	{ "pool.max_children", "4096", NULL, NULL },
	{ "pool.max_children", "0", NULL, "from 1 to 4096" },
	{ "pool.min_children", "9", NULL, "more than max_children, 8" },
	{ "pool.concurrency", "256", NULL, NULL },
	{ "pool.freeze", "yes", NULL, NULL },
	{ "pool.freeze", "true", NULL, "yes or no" },
	{ "pool.max_childen", "1", NULL, "perhaps max_children of [pool]?" },
	{ "pool.idle_time", "1", NULL, "no such key" },
	{ "limits.memory_max", "0", NULL, NULL },
	{ "limits.cpu_max", "max 100000", NULL, NULL },
	{ "limits.cpu_max", "50000", NULL, NULL },
	{ "limits.cpu_max", "50%", NULL, "cgroup" },
	{ "limits.cpu_max", "50000 ", NULL, "cgroup" },
	{ "limits.cpu_max", "max 999", NULL, "out of range" },
	{ "limits.cpu_max", "999 1000", NULL, "1000 microseconds at least" },
	{ "limits.cpu_max", "max 1000001", NULL, "out of range" },
	{ "limits.cpu_weight", "10000", NULL, NULL },
	{ "limits.cpu_weight", "0", NULL, "from 1 to 10000" },
	{ "limits.rlimit_files", "16", NULL, NULL },
	{ "limits.rlimit_files", "15", NULL, "from 16 to 1048576" },
	{ "sandbox.uid", "1000", NULL, "no such key" },
	{ "sand.user", "x", NULL, "there is no section [sand]" },
	{ "log.stderr", "/x", NULL, NULL },
};

/* One key in an otherwise right load. */
static char *
load_of(const char *key, const char *value)
{
	bool	 of_gateway = strncmp(key, "gat", 3) == 0;

	if (strncmp(key, "account.", 8) == 0)
		return xasprintf("/t.ini:3::gateway.user=\n"
		    "/f/a.ini:7:@a:%s=%s\n", key, value);
	return xasprintf("/t.ini:3::%s=%s\n"
	    "/f/a.ini:0:a:function.rest_digest=0\n"
	    "/f/a.ini:1:a:function.handler=/bin/true\n%s%s%s%s%s",
	    of_gateway ? key : "gateway.user", of_gateway ? value : "",
	    of_gateway ? "" : "/f/a.ini:7:a:", of_gateway ? "" : key,
	    of_gateway ? "" : "=", of_gateway ? "" : value,
	    of_gateway ? "" : "\n");
}

static struct config *
read_text(const char *text, struct config_errors *errors)
{
	errors->lines = NULL;
	errors->count = 0;
	return config_read(text, strlen(text), 1, NULL, errors);
}

static void
check_printed(const struct config *config, const char *key, const char *value)
{
	const struct setting	*row;
	const void		*base = &config->gateway;
	struct value_buffer	 buffer = { NULL, NULL, 0 };

	if ((row = keys_account_find(key)) != NULL)
		base = &config->accounts[0];
	else if ((row = keys_gateway_find(key)) == NULL) {
		row = keys_function_find(key);
		base = config->functions[0];
		if (strncmp(key, "route", 5) == 0) {
			ck_assert_uint_eq(config->functions[0]->rule_count, 1);
			base = config->functions[0]->rules;
		}
	}
	ck_assert_str_eq(value_text(&buffer, row, base), value);
	value_buffer_release(&buffer);
}

START_TEST(value)
{
	struct config_errors	 errors;
	struct config		*config;
	const char		*expected = values[_i].error, *place;
	char			*text;

	text = load_of(values[_i].key, values[_i].value);
	config = read_text(text, &errors);
	if (expected == NULL) {
		ck_assert_msg(errors.count == 0, "%s", errors.count == 0 ? "" :
		    errors.lines[0]);
		check_printed(config, values[_i].key,
		    values[_i].printed != NULL ? values[_i].printed :
		    values[_i].value);
	} else {
		ck_assert_ptr_null(config);
		ck_assert_uint_eq(errors.count, 1);
		ck_assert_msg(strstr(errors.lines[0], expected) != NULL,
		    "%s", errors.lines[0]);
		place = strncmp(values[_i].key, "gat", 3) == 0 ? "/t.ini:3: [" :
		    "/f/a.ini:7: [";
		ck_assert_msg(strncmp(errors.lines[0], place,
		    strlen(place)) == 0, "%s", errors.lines[0]);
		ck_assert_ptr_null(strstr(errors.lines[0], "secret"));
	}
	config_errors_release(&errors);
	config_free(config);
	free(text);
}
END_TEST

static const struct {
	const char	*value;
	const char	*quoted;	/* NULL: there is no way */
} quotes[] = {
	{ "", "" },
	{ "plain", "plain" },
	{ "a b", "a b" },
	{ " a", "\" a\"" },
	{ "a\t", "\"a\t\"" },
	{ "a#b", "\"a#b\"" },
	{ "a;b", "\"a;b\"" },
	{ "\"a\"", "'\"a\"'" },
	{ "'a'", "\"'a'\"" },
	{ "a\"b'c", "a\"b'c" },
	{ "a\"b'c#", NULL },
	{ "a\\", "\"a\\\"" },
	{ "a\\b", "a\\b" },
};

START_TEST(quote)
{
	char	 out[32];

	if (quotes[_i].quoted == NULL) {
		ck_assert_int_eq(value_quote(out, quotes[_i].value), -1);
		return;
	}
	ck_assert_int_eq(value_quote(out, quotes[_i].value), 0);
	ck_assert_str_eq(out, quotes[_i].quoted);
}
END_TEST

START_TEST(every_key_has_help_that_fits)
{
	const struct setting	*(*const rows[])(size_t) = {
		keys_gateway_row, keys_account_row, keys_function_row,
	};
	const struct setting	*row;
	size_t			 i, j;

	for (i = 0; i < 3; i++)
		for (j = 0; (row = rows[i](j)) != NULL; j++) {
			ck_assert_ptr_nonnull(strchr(row->key, '.'));
			ck_assert_ptr_nonnull(row->set);
			ck_assert_ptr_nonnull(row->print);
			if (row->flags & SETTING_DERIVED)
				continue;
			ck_assert_msg(*row->help != '\0' &&
			    strlen(row->help) <= 76, "%s", row->key);
		}
}
END_TEST

static const char	 two[] =
    "/t%3a.ini:0::gateway.uid=1\n"
    "/f/a.ini:0:a:function.process_digest=1f\n"
    ":0:a:function.rest_digest=2\n"
    ":1:a:function.handler=/x\n"
    ":2:a:function.environment=A=1 B=2\n"
    ":0:a:function.file_environment=A=1 B=3 C=4\n"
    ":0:a:sandbox.uid=1000\n"
    ":0:a:sandbox.groups=7 8\n"
    ":0:a:limits.rlimit_processes=99\n"
    ":4:a:route.exact=/1\n"
    ":6:a:route b.prefix=/2/ /3\n"
    ":7:a:route b.host=*.Example.org\n"
    "/f/b.ini:0:b:function.process_digest=3\n"
    "/f/b.ini:0:b:function.rest_digest=4\n"
    "/f/b.ini:9:b:function.handler=/y/${u}\n";

START_TEST(fields)
{
	struct config_errors	 errors;
	struct config		*config;
	struct function		*fn;

	config = read_text(two, &errors);
	ck_assert_ptr_nonnull(config);
	ck_assert_str_eq(config->file, "/t:.ini");
	ck_assert_uint_eq(config->gateway.uid, 1);
	ck_assert_uint_eq(config->gateway.listen_gid, (gid_t)-1);
	ck_assert_uint_eq(config->gateway.listen_mode, 0660);
	ck_assert_uint_eq(config->count, 2);
	fn = config->functions[0];
	ck_assert_str_eq(fn->name, "a");
	ck_assert_str_eq(fn->file, "/f/a.ini");
	ck_assert_str_eq(fn->version, "000000000000001f");
	ck_assert_uint_eq(fn->environment.count, 3);
	ck_assert_str_eq(fn->environment.words[1], "B=3");
	ck_assert_uint_eq(fn->environment_written.count, 2);
	ck_assert_uint_eq(fn->uid, 1000);
	ck_assert_uint_eq(fn->group_count, 2);
	ck_assert_uint_eq(fn->rlimits.processes, 99);
	ck_assert_uint_eq(fn->rlimits.files, 1024);
	ck_assert_uint_eq(fn->process_idle_timeout_ms, 60000);
	ck_assert_uint_eq(fn->rule_count, 2);
	ck_assert_str_eq(fn->rules[1].section, "route b");
	ck_assert_str_eq(fn->rules[1].file, "/f/a.ini");
	ck_assert_uint_eq(fn->rules[1].line, 6);
	ck_assert_str_eq(fn->rules[1].host.words[0], "*.example.org");
	fn = config->functions[1];
	ck_assert_uint_eq(fn->number, 1);
	ck_assert(fn->is_template);
	ck_assert_uint_eq(fn->rule_count, 0);
	config_free(config);
}
END_TEST

START_TEST(what_is_unchanged_is_shared)
{
	struct config_errors	 errors = { NULL, 0 };
	struct config		*old, *new;
	char			*text;

	old = read_text(two, &errors);
	new = config_read(two, strlen(two), 2, old, &errors);
	ck_assert_ptr_eq(new->functions[0], old->functions[0]);
	ck_assert_ptr_eq(new->functions[1], old->functions[1]);
	ck_assert_uint_eq(new->generation, 2);
	config_free(new);

	text = xstrdup(two);	/* the second's digest of the rest */
	*strstr(text, "=4\n/f/b.ini:9") = '=';
	strstr(text, "=4\n/f/b.ini:9")[1] = '5';
	new = config_read(text, strlen(text), 3, old, &errors);
	ck_assert_ptr_eq(new->functions[0], old->functions[0]);
	ck_assert_ptr_ne(new->functions[1], old->functions[1]);
	config_free(old);
	ck_assert_str_eq(new->functions[0]->name, "a");
	config_free(new);
	free(text);
}
END_TEST

START_TEST(by_number)
{
	struct config_errors	 errors = { NULL, 0 };
	struct gateway_settings	 gateway;
	struct config_index	*index;
	struct function		*fn;
	struct arena		*arena;

	index = config_index_create(two, strlen(two));
	ck_assert_uint_eq(index->count, 2);
	fn = config_read_function(index, 1);
	ck_assert_str_eq(fn->name, "b");
	ck_assert_uint_eq(fn->number, 1);
	function_release(fn);
	ck_assert_ptr_null(config_read_function(index, 2));
	ck_assert_ptr_null(config_read_function(index, UINT32_MAX));
	arena = arena_create(4096);
	ck_assert_int_eq(config_read_gateway(index, arena, &gateway, &errors),
	    0);
	ck_assert_uint_eq(gateway.uid, 1);
	arena_free(arena);
	config_index_free(index);
}
END_TEST

static const char *const malformed[] = {
	"x\n", "\n", "::\n", "/f:1:a\n", "/f:1:a:\n", "/f:1:a:x\n",
	"/f:1:a:function.handler=/x", "/f:z:a:function.handler=/x\n",
	"/f:1:a b:function.handler=/x\n", "/f:1:a:=x\n", "/f:1:a:handler=/x\n",
	"/f:1:b:function.handler=/x\n/f:1:a:function.handler=/x\n",
	("/f:1:a:function.handler=/x\n/f:1:b:function.handler=/x\n"
	    "/f:1:a:function.chdir=/x\n"),
	"/f:1:a:pool.queue_max=3\n", ":1:a:function.handler=/x\n",
	"/f:1:a:function.handler=/x\n:1:b:function.handler=/x\n",
};

START_TEST(no_load)
{
	struct config_errors	 errors;

	ck_assert_ptr_null(read_text(malformed[_i], &errors));
	ck_assert_uint_ge(errors.count, 1);
	config_errors_release(&errors);
	ck_assert_uint_eq(errors.count, 0);
}
END_TEST

START_TEST(place_of_an_error)
{
	struct config_errors	 errors;

	ck_assert_ptr_null(read_text("/f%3a:1:a:function.handler=/x\n"
	    ":2:a:pool.freeze=no\n:3:a:pool.queue_max=x\n", &errors));
	ck_assert_uint_eq(errors.count, 1);
	ck_assert_ptr_nonnull(strstr(errors.lines[0],
	    "/f::3: [pool] queue_max: "));
	config_errors_release(&errors);
}
END_TEST

/* A thousand or so, as there may be many thousands, mostly idle. */
START_TEST(memory_of_a_function)
{
	enum { COUNT = 1000, MOST = 1000 };
	struct config_errors	 errors;
	struct config		*config;
	char			*text, *at;
	size_t			 before, used;
	int			 i;

	text = at = xmalloc(COUNT * 400);
	for (i = 1; i <= COUNT; i++)
		at += sprintf(at, "/etc/tollgate/functions.d/f%04d.ini:0:f%04d:"
		    "function.process_digest=0123456789abcdef\n"
		    ":0:f%04d:function.rest_digest=0123456789abcdef\n"
		    ":2:f%04d:function.handler=/srv/functions/thumb.fcgi\n"
		    ":4:f%04d:route.prefix=/many/f%04d\n"
		    ":0:f%04d:sandbox.user=nobody\n"
		    ":0:f%04d:sandbox.uid=65534\n"
		    ":0:f%04d:sandbox.groups=65534\n",
		    i, i, i, i, i, i, i, i, i);
	before = mallinfo2().uordblks;
	config = read_text(text, &errors);
	used = mallinfo2().uordblks - before;
	ck_assert_ptr_nonnull(config);
	ck_assert_uint_eq(config->count, COUNT);
	ck_assert_uint_le(used, COUNT * MOST);	/* 0 with ASan */
	config_free(config);
	free(text);
}
END_TEST

START_TEST(errors_have_an_end)
{
	struct config_errors	 errors = { NULL, 0 };
	int			 i;

	for (i = 0; i < 3000; i++)
		config_errors_add(&errors, "error %d", i);
	ck_assert_uint_eq(errors.count, CONFIG_ERRORS_MAX + 1);
	ck_assert_str_eq(errors.lines[999], "error 999");
	ck_assert_str_eq(errors.lines[1000], "and more errors than are shown");
	config_errors_release(&errors);
}
END_TEST

int
main(void)
{
	Suite	*s;
	TCase	*tc;

	s = suite_create("config");
	tc = tcase_create("values");
	tcase_add_loop_test(tc, value, 0, ROWS(values));
	tcase_add_loop_test(tc, quote, 0, ROWS(quotes));
	tcase_add_test(tc, every_key_has_help_that_fits);
	suite_add_tcase(s, tc);
	tc = tcase_create("loads");
	tcase_add_test(tc, fields);
	tcase_add_test(tc, what_is_unchanged_is_shared);
	tcase_add_test(tc, by_number);
	tcase_add_loop_test(tc, no_load, 0, ROWS(malformed));
	tcase_add_test(tc, place_of_an_error);
	tcase_add_test(tc, memory_of_a_function);
	tcase_add_test(tc, errors_have_an_end);
	suite_add_tcase(s, tc);

	return suite_run(s);
}
