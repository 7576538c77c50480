/*
 * ini: what iniparser would pass over in silence is an error with its line,
 * the rest is read as it stands, and a load says what its files mean.
 */
#include "ini.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mem.h"
#include "lib/suite.h"

#define ROWS(table)	((int)(sizeof(table) / sizeof((table)[0])))

#define F	"[function]\n"
#define R	"[route]\n"

static const struct {
	const char	*text;
	const char	*lines;		/* LINE:key=value|..., as read */
	const char	*error;		/* NULL: none */
} texts[] = {
	/* what iniparser reads as it stands */
	{ F "handler=/x", "2:function.handler=/x", NULL },
	{ F "  handler  =  /x  \n\n", "2:function.handler=/x", NULL },
	{ F "handler = /x ; comment", "2:function.handler=/x", NULL },
	{ F "handler = /x\t# comment", "2:function.handler=/x", NULL },
	{ F "handler = \"/x\" ; \"comment\"", "2:function.handler=/x", NULL },
	{ F "handler = '/x;#\"'", "2:function.handler=/x;#\"", NULL },
	{ F "handler = \" /x \"", "2:function.handler= /x ", NULL },
	{ F "handler =", "2:function.handler=", NULL },
	{ F "handler = \"\"", "2:function.handler=", NULL },
	{ F "handler = '' ; none", "2:function.handler=", NULL },
	{ F "handler = ; none", "2:function.handler=", NULL },
	{ F "handler =; none", "2:function.handler=", NULL },
	{ F "handler = a=b=c", "2:function.handler=a=b=c", NULL },
	{ F "HANDLER = /X", "2:function.handler=/X", NULL },
	{ F "handler = /x\r\nchdir = /y\r\n",
	  "2:function.handler=/x|3:function.chdir=/y", NULL },
	{ F "environment = A=1 \"B=2 3\"",
	  "2:function.environment=A=1 \"B=2 3\"", NULL },
	{ F "arguments = a \\\n  b", "2:function.arguments=a   b", NULL },
	{ F "arguments = a\\\n\\\nb\nchdir = /y",
	  "2:function.arguments=ab|5:function.chdir=/y", NULL },
	{ "; first\n # second\n\n" F "handler = /x",
	  "5:function.handler=/x", NULL },
	{ "[ Function ]\nhandler = /x", "2:function.handler=/x", NULL },
	{ R "regex = \"^/(a|b)#;\\.[0-9]{2}$\" # comment",
	  "2:route.regex=^/(a|b)#;\\.[0-9]{2}$", NULL },
	{ R "exact = /a\n[route Admin]\nexact = /b",
	  "2:route.exact=/a|4:route admin.exact=/b", NULL },
	{ F "unknown = 1", "2:function.unknown=1", NULL },

	/* what it would not */
	{ "", "", "f.ini: holds nothing; expected [function]" },
	{ "\n\n; nothing\n", "", "f.ini: holds nothing" },
	{ F "handler = /x\nhandler = /y", "2:function.handler=/x",
	  "f.ini:3: [function] handler: comes again; expected once, it stands "
	  "in line 2 already" },
	{ F "handler = /x\nHandler = /y", "2:function.handler=/x",
	  "comes again" },
	{ F "handler = /x\n[pool]\n" F "chdir = /y",
	  "2:function.handler=/x|5:function.chdir=/y",
	  "f.ini:4: [function]: comes again; expected once, it stands in line "
	  "1 already" },
	{ F "handler = /x#y", "", "f.ini:2: [function] handler: a # or ; that "
	  "cuts the value short" },
	{ F "handler = /x;y", "", "cuts the value short" },
	{ F "environment = A=1 \"B=a ;b\"", "", "cuts the value short" },
	{ R "regex = ^/x ; is it?", "", "cuts the value short" },
	{ R "regex = ^/a[#;]$", "", "cuts the value short" },
	{ F "handler = \"/x", "", "a quote that is not closed" },
	{ F "handler = '/x\"", "", "a quote that is not closed" },
	{ F "handler = \"", "", "a quote that is not closed" },
	{ F "environment = \"A=1 2\" B=3", "",
	  "text behind the closing quote" },
	{ F "handler = \"\" x", "", "text behind the closing quote" },
	{ "handler = /x\n" F, "", "f.ini:1: handler: stands before the first "
	  "section; expected [function] above it" },
	{ F "handler", "", "f.ini:2: neither [section] nor key = value" },
	{ F "x", "", "f.ini:2: neither" },
	{ F "= x", "", "no name of a key before the =" },
	{ F "a.b = x", "", "no name of a key" },
	{ F "a:b = x", "", "no name of a key" },
	{ "[functon]\nhandler = /x\n[pool]\nqueue_max = 1",
	  "4:pool.queue_max=1",
	  "f.ini:1: [functon]: there is no such section" },
	{ "[gateway]\nuser = x", "", "there is no such section" },
	{ "[pool a]\nqueue_max = 1", "", "there is no such section" },
	{ "[]\nhandler = /x", "", "a section's name" },
	{ "[a\033]\nhandler = /x", "", "a section's name" },
	{ "[function\nhandler = /x", "", "a [ without its ]" },
	{ "[function] ; x\nhandler = /x", "", "text behind [section]" },
	{ "[function]]\nhandler = /x", "", "text behind [section]" },
	{ F "handler = /x\n; a comment \\\nchdir = /y",
	  "2:function.handler=/x|4:function.chdir=/y",
	  "f.ini:3: a comment that ends in a backslash" },
	{ F "handler = /x \\", "", "but there is none" },
	{ F "handler = /x \\\n", "", "but there is none" },
	{ F "handler = \"/x\001\"", "", "a control byte" },
	{ "\xef\xbb\xbf" F "handler = /x", "", "f.ini:1: a byte order mark" },
};

/* The lines that were read, without file and function, in one. */
static char *
summary(const struct ini_text *lines)
{
	static char	 out[4096];
	const char	*at = lines->bytes, *end, *key;
	size_t		 used = 0;

	out[0] = '\0';
	for (; at != NULL && at < lines->bytes + lines->len; at = end + 1) {
		end = memchr(at, '\n',
		    (size_t)(lines->bytes + lines->len - at));
		key = strstr(at, ":fn:") + 4;
		used += (size_t)snprintf(out + used, sizeof(out) - used,
		    "%s%lu:%.*s", used > 0 ? "|" : "",
		    strtoul(strchr(at, ':') + 1, NULL, 10),
		    (int)(end - key), key);
	}
	return out;
}

static void
check_text(const char *text, size_t len, const char *lines, const char *error)
{
	struct config_errors	 errors = { NULL, 0 };
	struct ini_text		 read = { NULL, 0, 0 };
	char			*copy;

	copy = xmalloc(len);	/* to the byte, for ASan */
	memcpy(copy, text, len);
	ini_read_text("f.ini", "fn", copy, len, &read, &errors);
	free(copy);
	ck_assert_str_eq(summary(&read), lines);
	ck_assert_msg((error == NULL) == (errors.count == 0), "%s: %s", text,
	    errors.count > 0 ? errors.lines[0] : "no error");
	if (error != NULL)
		ck_assert_msg(strstr(errors.lines[0], error) != NULL, "%s",
		    errors.lines[0]);
	config_errors_release(&errors);
	ini_text_release(&read);
}

START_TEST(read_or_refused)
{
	check_text(texts[_i].text, strlen(texts[_i].text), texts[_i].lines,
	    texts[_i].error);
}
END_TEST

START_TEST(nul_byte)
{
	static const char	 nul[] = F "handler = /x\nchdir = /\0y\n"
	    "arguments = z\n";

	check_text(nul, sizeof(nul) - 1,
	    "2:function.handler=/x|4:function.arguments=z",
	    "f.ini:3: a NUL byte");
}
END_TEST

/* A line as long as iniparser takes it, and one more. */
START_TEST(long_line)
{
	char	 line[1100], lines[1200];
	size_t	 len = 1022 + (size_t)_i;

	memset(line, 'x', sizeof(line));
	memcpy(line, F "chdir=/", 18);
	line[11 + len] = '\n';
	snprintf(lines, sizeof(lines), "2:function.chdir=%.*s",
	    (int)(len - 6), line + 17);
	check_text(line, 11 + len + 1, _i == 0 ? lines : "",
	    _i == 0 ? NULL : "f.ini:2: a line of more than 1022 bytes");
}
END_TEST

/* Nothing of a file costs more than its length. */
START_TEST(hostile)
{
	struct config_errors	 errors = { NULL, 0 };
	struct ini_text		 read = { NULL, 0, 0 };
	const char		*piece[] = { "[route x]\n", "a=1\n", "[",
				    "\\\n", "x=\"", "[pool]\na=1\n" };
	size_t			 len = strlen(piece[_i]), i;
	char			*bytes;

	bytes = xmalloc(INI_FILE_MAX);
	for (i = 0; i < INI_FILE_MAX; i++)
		bytes[i] = piece[_i][i % len];
	ini_read_text("f.ini", "fn", bytes, INI_FILE_MAX, &read, &errors);
	ck_assert_uint_gt(errors.count, 0);
	config_errors_release(&errors);
	ini_text_release(&read);
	free(bytes);
}
END_TEST

/* --- whole loads ---------------------------------------------------------- */

static char	 folder[64];

static void
put(const char *name, mode_t mode, const char *text)
{
	char	*path;
	FILE	*out;

	path = xasprintf("%s/%s", folder, name);
	ck_assert_ptr_nonnull(out = fopen(path, "w"));
	fputs(text, out);
	fclose(out);
	ck_assert_int_eq(chmod(path, mode), 0);
	free(path);
}

static void
make_folder(void)
{
	char	*path;

	umask(022);
	strcpy(folder, "/tmp/tollgate-ini-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	path = xasprintf("%s/functions.d", folder);
	ck_assert_int_eq(mkdir(path, 0755), 0);
	free(path);
	path = xasprintf("%s/accounts.d", folder);
	ck_assert_int_eq(mkdir(path, 0755), 0);
	free(path);
	put("accounts.d/root.ini", 0644, "[account]\nmax_children = 3\n");
	put("t.ini", 0644, "[gateway]\nlog_level = debug\n");
	put("functions.d/b.ini", 0644, F "handler = /bin/sh\nchdir = /\n"
	    R "exact = /b\n[route x]\nregex = '^/x#\"[0-9]$'\n[pool]\n"
	    "max_children = 2\n[limits]\nmemory_max = 1G\ntasks_max = 3\n");
	put("functions.d/b-c.ini", 0644, F "handler = /bin/sh\n");
	put("functions.d/notes.txt", 0644, "no ini");
	put("functions.d/.hidden.ini", 0644, "no function");
	put("env", 0600, "# comment\n\nFROM_FILE=yes\nSECRET='2 and \"3\"'\n");
	path = xasprintf(F "handler = /bin/true\nenvironment = SECRET=1\n"
	    "environment_file = %s/env\n", folder);
	put("functions.d/a.ini", 0644, path);
	free(path);
}

static void
remove_folder(void)
{
	char	*command;

	command = xasprintf("rm -rf '%s'", folder);
	ck_assert_int_eq(system(command), 0);
	free(command);
}

/* Load folder's t.ini. */
static int
load_folder(struct ini_load *load)
{
	char	*path;
	int	 result;

	path = xasprintf("%s/t.ini", folder);
	result = ini_load(path, load);
	free(path);
	return result;
}

static struct config *
config_of(const struct ini_text *text, const struct config *old)
{
	struct config_errors	 errors = { NULL, 0 };
	struct config		*config;

	config = config_read(text->bytes, text->len, 1, old, &errors);
	ck_assert_msg(config != NULL, "%s", errors.lines[0]);
	return config;
}

START_TEST(whole_load)
{
	struct ini_load	 load;
	struct config	*config;
	struct function	*fn;

	ck_assert_msg(load_folder(&load) == 0, "%s", load.errors.lines[0]);
	ck_assert_uint_eq(load.warnings.count, 0);
	config = config_of(&load.whole, NULL);
	ck_assert_uint_eq(config->count, 3);
	ck_assert_str_eq(config->functions[1]->name, "b");
	ck_assert_str_eq(config->functions[2]->name, "b-c");
	fn = config->functions[0];
	ck_assert_uint_eq(fn->environment.count, 2);
	ck_assert_str_eq(fn->environment.words[0], "SECRET=2 and \"3\"");
	ck_assert_str_eq(fn->environment.words[1], "FROM_FILE=yes");
	ck_assert_uint_ne(fn->process_digest, 0);
	ck_assert_str_eq(config->functions[1]->rules[1].regex, "^/x#\"[0-9]$");
	ck_assert_uint_eq(config->functions[1]->rlimits.data, 1 << 30);
	ck_assert_str_ne(fn->user, "");
	ck_assert_uint_eq(fn->uid == 0, 0);
	if (geteuid() == 0) {
		ck_assert_uint_ne(fn->uid, config->gateway.uid);
		/* 2 x 3 and twice 8 x 32, as all are one user's; and
		   each worker's init */
		ck_assert_uint_eq(config->functions[1]->rlimits.processes,
		    2 * (3 + 1) + 2 * 8 * (32 + 1));
	} else
		ck_assert_uint_eq(fn->uid, geteuid());
	config_free(config);
	ini_release(&load);
}
END_TEST

START_TEST(accounts)
{
	struct ini_load	 load;
	struct config	*config;
	int		 i;

	put("accounts.d/default.ini", 0644, "[account]\nqueue_max = 4\n"
	    "cpu_max = 1000 2000\n");
	put("accounts.d/4242.ini", 0644, "[account]\nmemory_max = 1G\n");
	ck_assert_msg(load_folder(&load) == 0, "%s", load.errors.lines[0]);
	for (i = 0; i < 2; i++) {
		config = config_of(i == 0 ? &load.whole : &load.gateway, NULL);
		ck_assert_uint_eq(config->account_count, 2);
		ck_assert_str_eq(config_account(config, 0)->name, "root");
		ck_assert_uint_eq(config_account(config, 0)->max_children, 3);
		ck_assert_uint_eq(config_account(config, 4242)->memory_max,
		    1 << 30);
		ck_assert_str_eq(config_account(config, 5)->name, "default");
		ck_assert_uint_eq(config_account(config, 5)->queue_max, 4);
		ck_assert_str_eq(config->others.cpu_max, "1000 2000");
		ck_assert_uint_eq(config->others.memory_max, ACCOUNT_NO_CAP);
		config_free(config);
	}
	ini_release(&load);
}
END_TEST

/* What cannot be kept is warned of. */
START_TEST(account_too_small)
{
	struct ini_load	 load;

	put("accounts.d/default.ini", 0644, "[account]\nmax_children = 3\n");
	put("functions.d/b.ini", 0644, F "handler = /bin/sh\n[pool]\n"
	    "min_children = 2\n");
	put("functions.d/b-c.ini", 0644, F "handler = /bin/sh\n[pool]\n"
	    "min_children = 2\n");
	ck_assert_msg(load_folder(&load) == 0, "%s", load.errors.lines[0]);
	if (geteuid() == 0) {
		ck_assert_uint_eq(load.warnings.count, 1);
		ck_assert_ptr_nonnull(strstr(load.warnings.lines[0],
		    "b-c.ini:4: [pool] min_children: is too much, with that of "
		    "the user's other functions, for max_children = 3 of "
		    "account default"));
	}
	ini_release(&load);
}
END_TEST

START_TEST(gateway_sees_no_secrets)
{
	struct ini_load	 load;
	struct config	*whole, *config;
	size_t		 i;

	ck_assert_int_eq(load_folder(&load), 0);
	ck_assert_ptr_null(memmem(load.gateway.bytes, load.gateway.len,
	    "SECRET", 6));
	ck_assert_ptr_null(memmem(load.gateway.bytes, load.gateway.len,
	    "/env", 4));
	whole = config_of(&load.whole, NULL);
	config = config_of(&load.gateway, NULL);
	ck_assert_uint_eq(config->count, whole->count);
	for (i = 0; i < config->count; i++) {
		ck_assert_uint_eq(config->functions[i]->process_digest,
		    whole->functions[i]->process_digest);
		ck_assert_uint_eq(config->functions[i]->rest_digest,
		    whole->functions[i]->rest_digest);
	}
	config_free(whole);
	config_free(config);
	ini_release(&load);
}
END_TEST

/* What -T prints, one file after the other, put back as files. */
static void
put_back(char *text)
{
	char	*part, *end, *name;
	int	 i;

	for (i = 0, part = text; part != NULL; part = end, i++) {
		ck_assert_msg(strncmp(part, "; /tmp/", 7) == 0, "%s", part);
		end = strstr(part, "\n; /tmp/");
		if (end != NULL)
			*end++ = '\0';
		name = xstrndup(part + 2 + strlen(folder) + 1,
		    strcspn(part + 2 + strlen(folder) + 1, "\n"));
		put(name, 0644, part);
		free(name);
	}
}

static char *
printed(const struct ini_load *load)
{
	struct config	*config;
	char		*text = NULL;
	size_t		 len;
	FILE		*out;

	config = config_of(&load->whole, NULL);
	ck_assert_ptr_nonnull(out = open_memstream(&text, &len));
	config_print(out, config, true);
	fclose(out);
	config_free(config);
	return text;
}

START_TEST(what_is_printed_reads_the_same)
{
	struct ini_load	 load;
	char		*first, *copy, *second;

	ck_assert_int_eq(load_folder(&load), 0);
	first = printed(&load);
	copy = xstrdup(first);
	put_back(copy);
	ini_release(&load);
	ck_assert_msg(load_folder(&load) == 0, "%s", load.errors.lines[0]);
	second = printed(&load);
	ck_assert_str_eq(first, second);
	ini_release(&load);
	free(first);
	free(copy);
	free(second);
}
END_TEST

static const struct {
	const char	*file;
	const char	*text;
	bool		 process;	/* which digest becomes another */
	bool		 rest;
} changes[] = {
	{ "functions.d/c.ini", F "handler = /bin/sh\n", false, true },
	{ "t.ini", "[gateway]\nmax_workers = 9\n", false, false },
	{ "env", "FROM_FILE=no\n", true, false },
	{ "functions.d/a.ini", F "handler = /bin/true\n"
	  R "exact = /x\n", true, true },
	{ "functions.d/b.ini", F "handler = /bin/sh\n", false, true },
};

/* The first function's digests before and after; c.ini shares its user. */
START_TEST(change)
{
	struct ini_load	 load;
	struct config	*before, *after;
	struct function	*x, *y;

	ck_assert_int_eq(load_folder(&load), 0);
	before = config_of(&load.whole, NULL);
	ini_release(&load);
	put(changes[_i].file, 0644, changes[_i].text);
	ck_assert_int_eq(load_folder(&load), 0);
	after = config_of(&load.whole, before);
	ini_release(&load);
	x = before->functions[0];
	y = after->functions[0];
	ck_assert_int_eq(x->process_digest != y->process_digest,
	    changes[_i].process);
	/* As root the rlimit of processes tells of a user's other functions. */
	if (geteuid() == 0 || !changes[_i].rest)
		ck_assert_int_eq(x->rest_digest != y->rest_digest,
		    changes[_i].rest);
	ck_assert_int_eq(x == y, x->process_digest == y->process_digest &&
	    x->rest_digest == y->rest_digest);
	config_free(before);
	config_free(after);
}
END_TEST

START_TEST(another_program_in_its_place)
{
	struct ini_load	 load;
	struct config	*before, *after;
	char		*ini;

	put("prog", 0755, "#!/bin/sh\n");
	ini = xasprintf(F "handler = %s/prog\n", folder);
	put("functions.d/a.ini", 0644, ini);
	ck_assert_int_eq(load_folder(&load), 0);
	before = config_of(&load.whole, NULL);
	ini_release(&load);
	put("prog", 0755, "#!/bin/sh\nexit 1\n");
	ck_assert_int_eq(load_folder(&load), 0);
	after = config_of(&load.whole, NULL);
	ini_release(&load);
	ck_assert_uint_ne(before->functions[0]->process_digest,
	    after->functions[0]->process_digest);
	ck_assert_uint_eq(before->functions[1]->process_digest,
	    after->functions[1]->process_digest);
	config_free(before);
	config_free(after);
	free(ini);
}
END_TEST

static const struct {
	const char	*file;
	mode_t		 mode;
	const char	*text;
	const char	*error;
	bool		 root_only;
} refusals[] = {
	{ "t.ini", 0644, "", "t.ini: holds nothing; expected [gateway]",
	  false },
	{ "t.ini", 0646, "[gateway]\n", "can be written to by everybody",
	  false },
	{ "t.ini", 0644, "[gateway]\nfunctions = missing\n",
	  "missing: No such file or directory", false },
	{ "t.ini", 0644, "[gateway]\nfunctions = t.ini\n", "is no folder",
	  false },
	{ "t.ini", 0644, "[gateway]\nuser = no-such-user\n",
	  "t.ini:2: [gateway] user: ", false },
	{ "t.ini", 0644, "[gateway]\nuser = root\n", "is root", true },
	{ "t.ini", 0644, "[gateway]\nuser = 0\n", "is root", true },
	{ "t.ini", 0644, "[gateway]\ngroup = no-such-group\n",
	  "t.ini:2: [gateway] group: there is no group", true },
	{ "t.ini", 0644, "[gateway]\nuser = daemon\ngroup = root\n",
	  "t.ini:3: [gateway] group: is root's", true },
	{ "t.ini", 0644, "[gateway]\nlisten_group = no-such-group\n",
	  "t.ini:2: [gateway] listen_group: there is no group", true },
	{ "t.ini", 0644, "[gateway]\nfunction_user = root\n",
	  "t.ini:2: [gateway] function_user: \"root\" is root", true },
	{ "t.ini", 0644, "[gateway]\nuser = nobody\n",
	  "[gateway] function_user: \"nobody\" is the gateway's user", true },
	{ "t.ini", 0644, "[gateway]\naccounts = missing\n",
	  "missing: No such file or directory", false },
	{ "accounts.d/no-such-user.ini", 0644, "[account]\n",
	  "no-such-user.ini: there is no user \"no-such-user\"", false },
	{ "accounts.d/no-such-user.ini", 0644, "[account]\nmax_children = x\n",
	  "no-such-user.ini:2: [account] max_children: ", false },
	{ "accounts.d/0.ini", 0644, "[account]\n",
	  "user 0 has another account, in ", false },
	{ "accounts.d/a b.ini", 0644, "[account]\n",
	  "a b.ini: not the name of a user", false },
	{ "accounts.d/root.ini", 0644, "", "root.ini: holds nothing; expected "
	  "[account]", false },
	{ "accounts.d/root.ini", 0644, "[pool]\nmax_children = 1\n",
	  "root.ini:1: [pool]: there is no such section; expected [account]",
	  false },
	{ "accounts.d/root.ini", 0646, "[account]\n",
	  "root.ini: can be written to by everybody", false },
	{ "functions.d/a.ini", 0646, F "handler = /x\n",
	  "a.ini: can be written to by everybody", false },
	{ "functions.d/a.ini", 0644, "", "a.ini: holds nothing", false },
	{ "functions.d/a.ini", 0644, "[pool]\n",
	  "a.ini: [function] handler: is not set", false },
	{ "functions.d/a b.ini", 0644, F "handler = /x\n",
	  "a b.ini: not the name of a function", false },
	{ "functions.d/a.ini", 0644, F "handler = /x\n[sandbox]\n"
	  "user = no-such-user\n", "a.ini:4: [sandbox] user: ", false },
	{ "functions.d/a.ini", 0644, F "handler = /x\n[sandbox]\n"
	  "group = no-such-group\n", "a.ini:4: [sandbox] group: ", false },
	{ "functions.d/a.ini", 0644, F "handler = /x\n[sandbox]\n"
	  "user = root\n", "a.ini:4: [sandbox] user: \"root\" is root", true },
	{ "functions.d/a.ini", 0644, F "handler = /x\n[sandbox]\n"
	  "user = 999\n", "expected min_uid (1000) at least", true },
	{ "functions.d/a.ini", 0644, F "handler = /x\n[sandbox]\n"
	  "user = 55555\n", "[sandbox] group: user 55555 has none", true },
	{ "functions.d/a.ini", 0644, F "handler = /x\n[sandbox]\n"
	  "user = 55555\ngroup = root\n", "[sandbox] group: is root's", true },
	{ "functions.d/a.ini", 0644, F "handler = /${x}\n[sandbox]\n"
	  "user = nobody\n", "a.ini:4: [sandbox] user: cannot be with ${NAME}",
	  false },
	{ "functions.d/a.ini", 0644, F "handler = /${x}\n[sandbox]\n"
	  "group = nogroup\n",
	  "a.ini:4: [sandbox] group: cannot be with ${NAME}", false },
	{ "functions.d/a.ini", 0644, F "handler = /x\n"
	  "environment_file = /no/such/file\n",
	  "a.ini:3: [function] environment_file: /no/such/file: No such file",
	  false },
	{ "env", 0600, "no variable\n", "line 1 of ", false },
	{ "env", 0600, "A=1\n2=3\n", "env is not NAME=value", false },
	{ "env", 0606, "A=1\n", "can be written to by everybody", false },
};

START_TEST(refused)
{
	struct ini_load	 load;
	size_t		 i;

	if (refusals[_i].root_only && geteuid() != 0)
		return;
	put(refusals[_i].file, refusals[_i].mode, refusals[_i].text);
	ck_assert_int_eq(load_folder(&load), -1);
	for (i = 0; i < load.errors.count; i++)
		if (strstr(load.errors.lines[i], refusals[_i].error) != NULL)
			break;
	ck_assert_msg(i < load.errors.count, "%s", load.errors.lines[0]);
	ck_assert_uint_eq(load.whole.len, 0);
	ck_assert_uint_eq(load.gateway.len, 0);
	ini_release(&load);
}
END_TEST

START_TEST(all_errors_in_order)
{
	static const char *const expected[] = {
		"/functions.d/a.ini: [function] handler: is not set",
		"/functions.d/a.ini:2: [function] handlr: ",
		"/functions.d/b.ini:9: [pool] queue_max: ",
		"/functions.d/b.ini:10: neither",
		"/t.ini:2: [gateway] listen: ",
		"/t.ini:3: [gateway] user: ",
	};
	struct ini_load	 load;
	size_t		 i, at = strlen(folder);

	put("functions.d/a.ini", 0644, F "handlr = /x\n");
	put("functions.d/b.ini", 0644, F "handler = /x\n\n\n\n\n\n[pool]\n"
	    "queue_max = much\nx");
	put("t.ini", 0644, "[gateway]\nlisten = x\nuser = no-such-user\n");
	ck_assert_int_eq(load_folder(&load), -1);
	ck_assert_uint_eq(load.errors.count, ROWS(expected));
	for (i = 0; i < load.errors.count; i++)
		ck_assert_msg(strncmp(load.errors.lines[i] + at, expected[i],
		    strlen(expected[i])) == 0, "%s", load.errors.lines[i]);
	ini_release(&load);
}
END_TEST

static const struct {
	const char	*text;
	const char	*warning;
} warnings[] = {
	{ F "handler = /no/such/program\n",
	  "a.ini:2: [function] handler: /no/such/program: No such file" },
	{ F "handler = /etc/passwd\nprotocol = cgi\n", "not executable" },
	{ F "handler = /usr\n", "no regular file" },
	{ F "handler = /srv/nph-x\n", "nph- program" },
	{ F "handler = /bin/true\n[limits]\ncpu_max = 50000\n",
	  "a.ini:4: [limits] cpu_max: is not enforced here: "
	  "gateway.cgroup = none" },
};

START_TEST(warned)
{
	struct ini_load	 load;

	put("t.ini", 0644, "[gateway]\ncgroup = none\n");
	put("functions.d/a.ini", 0644, warnings[_i].text);
	ck_assert_int_eq(load_folder(&load), 0);
	ck_assert_uint_ge(load.warnings.count, 1);
	ck_assert_msg(strstr(load.warnings.lines[0], warnings[_i].warning) !=
	    NULL, "%s", load.warnings.lines[0]);
	ini_release(&load);
}
END_TEST

START_TEST(unmet_requirement)
{
	struct ini_load	 load;

	put("t.ini", 0644, "[gateway]\ncgroup = none\n");
	put("functions.d/a.ini", 0644, F "handler = /bin/true\n[sandbox]\n"
	    "require = cgroup\n");
	put("functions.d/b.ini", 0644, F "handler = /bin/true\n");
	ck_assert_int_eq(load_folder(&load), 0);
	ck_assert_uint_eq(load.refused.count, 1);
	ck_assert_ptr_nonnull(strstr(load.refused.lines[0], "a.ini:4: "
	    "[sandbox] require: cgroup is not to be had here: a is refused"));
	ini_release(&load);
}
END_TEST

START_TEST(unknown_call)
{
	struct ini_load	 load;

	put("functions.d/a.ini", 0644, F "handler = /bin/true\n[sandbox]\n"
	    "system_call_filter = @default keyctl keyctrl\n");
	ck_assert_int_eq(load_folder(&load), -1);
	ck_assert_uint_eq(load.errors.count, 1);
	ck_assert_ptr_nonnull(strstr(load.errors.lines[0], "a.ini:4: "
	    "[sandbox] system_call_filter: there is no system call "
	    "\"keyctrl\""));
	ini_release(&load);
}
END_TEST

START_TEST(odd_files)
{
	struct ini_load	 load;
	char		*path, *big;

	path = xasprintf("%s/functions.d/a.ini", folder);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(mkfifo(path, 0644), 0);
	ck_assert_int_eq(load_folder(&load), -1);
	ck_assert_ptr_nonnull(strstr(load.errors.lines[0],
	    "is no regular file"));
	ini_release(&load);

	/* A link is followed, and what it leads to is checked as well. */
	ck_assert_int_eq(unlink(path), 0);
	put("target.ini", 0644, F "handler = /bin/true\n");
	ck_assert_int_eq(symlink("../target.ini", path), 0);
	ck_assert_int_eq(load_folder(&load), 0);
	ini_release(&load);

	big = xmalloc(INI_FILE_MAX + 2);
	memset(big, ';', INI_FILE_MAX + 1);
	big[INI_FILE_MAX + 1] = '\0';
	put("target.ini", 0644, big);
	ck_assert_int_eq(load_folder(&load), -1);
	ck_assert_ptr_nonnull(strstr(load.errors.lines[0],
	    "too long; expected 1048576 bytes at most"));
	ini_release(&load);

	put("target.ini", 0644, F "handler = /bin/true\n");
	ck_assert_int_eq(chmod(folder, 0777), 0);
	ck_assert_int_eq(load_folder(&load), -1);
	ck_assert_ptr_nonnull(strstr(load.errors.lines[0],
	    "can be written to by everybody"));
	ini_release(&load);
	free(big);
	free(path);
}
END_TEST

int
main(void)
{
	Suite	*s;
	TCase	*tc;

	s = suite_create("ini");
	tc = tcase_create("texts");
	tcase_add_loop_test(tc, read_or_refused, 0, ROWS(texts));
	tcase_add_test(tc, nul_byte);
	tcase_add_loop_test(tc, long_line, 0, 2);
	tcase_add_loop_test(tc, hostile, 0, 6);
	tcase_set_timeout(tc, 30);
	suite_add_tcase(s, tc);
	tc = tcase_create("loads");
	tcase_add_checked_fixture(tc, make_folder, remove_folder);
	tcase_add_test(tc, whole_load);
	tcase_add_test(tc, accounts);
	tcase_add_test(tc, account_too_small);
	tcase_add_test(tc, gateway_sees_no_secrets);
	tcase_add_test(tc, what_is_printed_reads_the_same);
	tcase_add_loop_test(tc, change, 0, ROWS(changes));
	tcase_add_test(tc, another_program_in_its_place);
	tcase_add_loop_test(tc, refused, 0, ROWS(refusals));
	tcase_add_test(tc, all_errors_in_order);
	tcase_add_loop_test(tc, warned, 0, ROWS(warnings));
	tcase_add_test(tc, unmet_requirement);
	tcase_add_test(tc, unknown_call);
	tcase_add_test(tc, odd_files);
	suite_add_tcase(s, tc);

	return suite_run(s);
}
