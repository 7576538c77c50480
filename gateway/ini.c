/*
 * ini: files of the configuration -> the two texts of a load.
 */
#include "ini.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <iniparser/iniparser.h>
#include <limits.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "files.h"
#include "lint.h"
#include "mem.h"
#include "resolve.h"
#include "runtimes.h"

#define ARENA_CHUNK	16384
#define LINE_NUMBER_MAX	16

/* --- text that grows ------------------------------------------------------ */

static void
text_append(struct ini_text *t, const char *bytes, size_t len)
{
	if (t->size - t->len < len) {
		t->size = t->size * 2 + len + 256;
		t->bytes = xreallocarray(t->bytes, t->size, 1);
	}
	if (len > 0)
		memcpy(t->bytes + t->len, bytes, len);
	t->len += len;
}

static void
text_add(struct ini_text *t, const char *s)
{
	text_append(t, s, strlen(s));
}

void
ini_text_release(struct ini_text *t)
{
	free(t->bytes);
	memset(t, 0, sizeof(*t));
}

/* FILE with nothing in it that would end it. */
static void
text_add_file(struct ini_text *t, const char *file)
{
	char	 code[4];

	for (; *file != '\0'; file++) {
		if (*file != ':' && *file != '%' && (unsigned char)*file > ' ')
			text_append(t, file, 1);
		else {
			snprintf(code, sizeof(code), "%%%02x",
			    (unsigned char)*file);
			text_append(t, code, 3);
		}
	}
}

/* Where a line comes from. */
struct place {
	const char	*file;		/* "": the line before has it */
	unsigned	 line;		/* 0: not from the file */
	const char	*function;	/* "": tollgate.ini; or @USER */
};

/* FILE:LINE:FUNCTION:section.key=value */
static void
text_add_line(struct ini_text *t, const struct place *place, const char *key,
    const char *value)
{
	char	 number[LINE_NUMBER_MAX];

	text_add_file(t, place->file);
	snprintf(number, sizeof(number), ":%u:", place->line);
	text_add(t, number);
	text_add(t, place->function);
	text_add(t, ":");
	text_add(t, key);
	text_add(t, "=");
	text_add(t, value);
	text_add(t, "\n");
}

/* --- one file ------------------------------------------------------------- */

/* A file that was read. */
struct source {
	const char	*file;
	const char	*function;	/* "": tollgate.ini; or @USER */
	const char	*text;
	size_t		 len;
};

/* The lint pass has said all of it, with line numbers. */
static int
be_silent(const char *format, ...)
{
	(void)format;
	return 0;
}

/* iniparser reads files only; this one is in memory.  NULL with errno. */
static dictionary *
parse(int fd, const char *text, size_t len)
{
	dictionary	*dict;
	char		 path[64];

	if (pwrite(fd, text, len, 0) != (ssize_t)len ||
	    ftruncate(fd, (off_t)len) == -1)
		return NULL;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	iniparser_set_error_callback(be_silent);
	dict = iniparser_load(path);
	iniparser_set_error_callback(NULL);
	return dict;
}

/*
 * Append what iniparser has of each entry.  That must be what the lint pass
 * took for meant: later versions than 4.1 know escapes in quotes, 4.1 does not.
 */
static void
take_entries(const struct lint *lint, const dictionary *dict,
    const struct source *source, struct ini_text *lines,
    struct config_errors *errors)
{
	struct place		 place = { "", 0, source->function };
	const struct lint_entry	*e;
	const char		*value;
	char			*name, *colon;
	size_t			 i;

	for (i = 0; i < lint->count; i++) {
		e = &lint->entries[i];
		name = xasprintf("%s:%s", e->section, e->key);
		colon = name + strlen(e->section);
		value = iniparser_getstring(dict, name, NULL);
		place.line = e->line;
		*colon = '.';
		if (value != NULL && strcmp(value, e->value) == 0)
			text_add_line(lines, &place, name, value);
		else
			config_errors_add(errors, "%s:%u: [%s] %s: iniparser "
			    "reads another value than stands here; expected "
			    "none with a backslash in quotes", source->file,
			    e->line, e->section, e->key);
		free(name);
	}
}

static enum keys_file
kind_of(const struct source *source)
{
	switch (*source->function) {
	case '\0':
		return KEYS_GATEWAY;
	case CONFIG_ACCOUNT:
		return KEYS_ACCOUNT;
	default:
		return KEYS_FUNCTION;
	}
}

static void
read_source(int scratch, const struct source *source, struct ini_text *lines,
    struct config_errors *errors)
{
	enum keys_file	 kind = kind_of(source);
	struct lint	 lint;
	struct arena	*arena;
	dictionary	*dict;
	size_t		 before = errors->count;

	arena = arena_create(ARENA_CHUNK);
	lint_text(&lint, arena, source->file, kind, source->text,
	    source->len, errors);
	if (lint.sections == 0 && errors->count == before)
		config_errors_add(errors, "%s: holds nothing; expected [%s]",
		    source->file, keys_first_section(kind));
	if ((dict = parse(scratch, lint.clean, lint.clean_len)) == NULL)
		config_errors_add(errors, "%s: iniparser cannot read it: %s",
		    source->file, strerror(errno));
	else {
		take_entries(&lint, dict, source, lines, errors);
		iniparser_freedict(dict);
	}
	arena_free(arena);
}

/* The file that parse wants. */
static int
open_scratch(void)
{
	return memfd_create("tollgate-ini", MFD_CLOEXEC);
}

void
ini_read_text(const char *file, const char *function, const char *text,
    size_t len, struct ini_text *lines, struct config_errors *errors)
{
	const struct source	 source = { file, function, text, len };
	int			 scratch = open_scratch();

	read_source(scratch, &source, lines, errors);
	close(scratch);
}

/* --- the folders of accounts and functions -------------------------------- */

/* What the files say, before anything is worked out. */
struct raw {
	int		 scratch;
	struct ini_text	 text;
	size_t		*starts;	/* where the lines of each begin */
	size_t		 accounts;	/* these come first, */
	size_t		 functions;	/* then these */
};

/* The length of NAME in NAME.ini; 0 for what is no such file. */
static size_t
name_length(const char *file)
{
	size_t	 len = strlen(file);

	if (file[0] == '.' || len <= 4 || len > NAME_MAX ||
	    strcmp(file + len - 4, ".ini") != 0)
		return 0;
	return len - 4;
}

static int
is_ini_file(const struct dirent *entry)
{
	return name_length(entry->d_name) > 0;
}

static int
compare_names(const void *a, const void *b)
{
	const struct dirent	*const *x = a, *const *y = b;

	return strcmp((*x)->d_name, (*y)->d_name);
}

/*
 * The NAMEs of a folder's NAME.ini, in their byte order, in which ".ini" has
 * no part.  As scandir(3).
 */
static int
list_names(const char *folder, struct dirent ***list)
{
	char	*name;
	int	 count, i;

	if ((count = scandir(folder, list, is_ini_file, NULL)) == -1)
		return -1;
	for (i = 0; i < count; i++) {
		name = (*list)[i]->d_name;
		name[name_length(name)] = '\0';
	}
	if (count > 0)		/* else there may be no list */
		qsort(*list, (size_t)count, sizeof(**list), compare_names);
	return count;
}

/* The lines of NAME.ini; first is the key that even an empty file has. */
static bool
read_file(struct raw *raw, const char *path, const char *function,
    const char *first, const char *value, struct config_errors *errors)
{
	const struct place	 place = { path, 0, function };
	struct source		 source = { .file = path,
				     .function = function };
	char			*text;

	text = files_read(path, INI_FILE_MAX, true, &source.len, errors);
	if (text == NULL)
		return false;
	raw->starts[raw->accounts + raw->functions] = raw->text.len;
	text_add_line(&raw->text, &place, first, value);
	source.text = text;
	read_source(raw->scratch, &source, &raw->text, errors);
	free(text);
	return true;
}

static void
read_function(struct raw *raw, const char *path, const char *name,
    struct config_errors *errors)
{
	if (!function_name_is_valid(name))
		config_errors_add(errors, "%s: not the name of a function; "
		    "expected 1 to %d of A-Z a-z 0-9 _ - before .ini", path,
		    FUNCTION_NAME_MAX);
	else if (read_file(raw, path, name, "function.rest_digest", "0",
	    errors))
		raw->functions++;
}

static void
read_account(struct raw *raw, const char *path, const char *name,
    struct config_errors *errors)
{
	char	*function;

	if (!account_name_is_valid(name)) {
		config_errors_add(errors, "%s: not the name of a user; "
		    "expected 1 to %d of A-Z a-z 0-9 . _ - before .ini", path,
		    ACCOUNT_NAME_MAX);
		return;
	}
	function = xasprintf("%c%s", CONFIG_ACCOUNT, name);
	if (read_file(raw, path, function, "account.uid", "none", errors))
		raw->accounts++;
	free(function);
}

/* Read each NAME.ini of a folder, in byte order of the NAMEs. */
static void
read_folder(struct raw *raw, const char *folder,
    void (*read)(struct raw *, const char *path, const char *name,
	struct config_errors *), struct config_errors *errors)
{
	struct dirent	**list;
	char		 *path;
	int		  count, i;

	if (!files_check_folder(folder, errors))
		return;
	if ((count = list_names(folder, &list)) == -1) {
		config_errors_add(errors, "%s: %s", folder, strerror(errno));
		return;
	}
	raw->starts = xreallocarray(raw->starts, raw->accounts +
	    (size_t)count + 1, sizeof(*raw->starts));
	for (i = 0; i < count; i++) {
		path = xasprintf("%s/%s.ini", folder, list[i]->d_name);
		read(raw, path, list[i]->d_name, errors);
		free(path);
		free(list[i]);
	}
	free(list);
}

/* The folders; one that is relative, is to tollgate.ini's own. */
struct folders {
	char	*functions;
	char	*accounts;	/* or, where there is none, as is the default */
	bool	 has_accounts;
};

static char *
find_folder(const char *path, const char *setting)
{
	char	*slash, real[PATH_MAX];

	if (*setting == '/' || realpath(path, real) == NULL)
		return xstrdup(setting);
	slash = strrchr(real, '/');
	return xasprintf("%.*s/%s", (int)(slash - real), real, setting);
}

static void
find_folders(struct folders *folders, const char *path,
    const struct ini_text *lines)
{
	struct config_errors	 ignored = { NULL, 0 };
	struct gateway_settings	 gateway;
	struct config_index	*index;
	struct arena		*arena;
	const char		*fallback;

	fallback = keys_gateway_find("gateway.accounts")->fallback;
	arena = arena_create(ARENA_CHUNK);
	index = config_index_create(lines->bytes, lines->len);
	config_read_gateway(index, arena, &gateway, &ignored);
	config_index_free(index);
	config_errors_release(&ignored);
	folders->functions = find_folder(path, gateway.functions);
	folders->accounts = find_folder(path, gateway.accounts);
	folders->has_accounts = access(folders->accounts, F_OK) == 0 ||
	    strcmp(gateway.accounts, fallback) != 0;
	if (!folders->has_accounts) {
		free(folders->accounts);
		folders->accounts = xstrdup(fallback);
	}
	arena_free(arena);
}

/* --- writing -------------------------------------------------------------- */

#define FNV_START	14695981039346656037ULL
#define FNV_PRIME	1099511628211ULL

/* FNV-1a of 64 bits. */
static uint64_t
digest(uint64_t sum, const char *bytes, size_t len)
{
	for (; len > 0; bytes++, len--)
		sum = (sum ^ (unsigned char)*bytes) * FNV_PRIME;
	return sum;
}

/* One line of a function's, with its newline, and the row of its key. */
struct raw_line {
	const char		*text;
	size_t			 len;
	const char		*key;	/* in text */
	const struct setting	*row;	/* NULL: there is none */
};

static bool
next_raw_line(const char **at, const char *end, struct raw_line *line)
{
	const char	*equals;
	char		*key;
	int		 i;

	if (*at == end)
		return false;
	line->text = line->key = *at;
	*at = (const char *)memchr(*at, '\n', (size_t)(end - *at)) + 1;
	line->len = (size_t)(*at - line->text);
	for (i = 0; i < 3; i++)
		line->key = strchr(line->key, ':') + 1;
	equals = strchr(line->key, '=');
	key = xstrndup(line->key, (size_t)(equals - line->key));
	line->row = keys_function_find(key);
	free(key);
	return true;
}

static void
digest_file(void *arg, const char *path)
{
	uint64_t	*sum = arg;
	struct stat	 st;
	char		 identity[128];
	int		 len;

	if (stat(path, &st) == -1)
		return;
	len = snprintf(identity, sizeof(identity),
	    "%ju %ju %jd %jd.%09ld", (uintmax_t)st.st_dev,
	    (uintmax_t)st.st_ino, (intmax_t)st.st_size,
	    (intmax_t)st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
	*sum = digest(*sum, identity, (size_t)len);
}

/* Another file in the handler's place is another program. */
static uint64_t
digest_handler(uint64_t sum, const struct function *fn)
{
	if (!fn->is_template)
		digest_file(&sum, fn->handler);
	runtimes_each_file(fn, digest_file, &sum);
	return sum;
}

/* What the load worked out, where it is not the default. */
static void
add_derived(struct ini_text *lines, const struct function *fn,
    struct value_buffer *buffer)
{
	const struct place	 place = { "", 0, fn->name };
	const struct setting	*row;
	const char		*text;
	size_t			 i;

	/* Behind the two digests. */
	for (i = 2; (row = keys_function_row(i)) != NULL; i++) {
		if (!(row->flags & SETTING_DERIVED) &&
		    strcmp(row->key, "sandbox.user") != 0)
			continue;
		text = value_text(buffer, row, fn);
		if (strcmp(text, row->fallback) != 0)
			text_add_line(lines, &place, row->key, text);
	}
}

struct digests {
	uint64_t	 process;
	uint64_t	 rest;
};

static void
digest_line(struct digests *d, const struct raw_line *line)
{
	if (line->row->flags & SETTING_PROCESS)
		d->process = digest(d->process, line->key,
		    line->len - (size_t)(line->key - line->text));
	else	/* with its place, for messages */
		d->rest = digest(d->rest, line->text, line->len);
}

/* They come first, so theirs are the lines that name the file. */
static void
add_digests(struct ini_text *out, const struct function *fn,
    const struct digests *d)
{
	struct place	 place = { fn->file, 0, fn->name };
	char		 text[17];

	snprintf(text, sizeof(text), "%016" PRIx64, d->process);
	text_add_line(out, &place, "function.process_digest", text);
	place.file = "";
	snprintf(text, sizeof(text), "%016" PRIx64, d->rest);
	text_add_line(out, &place, "function.rest_digest", text);
}

static void
write_function(struct ini_load *load, const struct function *fn,
    const char *from, size_t len, struct value_buffer *buffer)
{
	struct ini_text	 lines = { NULL, 0, 0 }, open = { NULL, 0, 0 };
	struct ini_text	 leading = { NULL, 0, 0 };
	struct digests	 d = { FNV_START, FNV_START };
	struct raw_line	 line;
	const char	*at;

	/* The first line only said that there is a function. */
	at = (const char *)memchr(from, '\n', len) + 1;
	text_append(&lines, at, len - (size_t)(at - from));
	add_derived(&lines, fn, buffer);
	d.rest = digest(d.rest, fn->file, strlen(fn->file));
	for (at = lines.bytes; next_raw_line(&at, lines.bytes + lines.len,
	    &line); ) {
		digest_line(&d, &line);
		if (!(line.row->flags & SETTING_SECRET))
			text_append(&open, line.text, line.len);
	}
	d.process = digest_handler(d.process, fn);
	add_digests(&leading, fn, &d);
	text_append(&load->whole, leading.bytes, leading.len);
	text_append(&load->whole, lines.bytes, lines.len);
	text_append(&load->gateway, leading.bytes, leading.len);
	text_append(&load->gateway, open.bytes, open.len);
	ini_text_release(&lines);
	ini_text_release(&open);
	ini_text_release(&leading);
}

/* No secrets, and nothing that is worked out but whose it is. */
static void
write_account(struct ini_load *load, const struct account *a,
    const char *from, size_t len, struct value_buffer *buffer)
{
	const struct setting	*row = keys_account_find("account.uid");
	struct ini_text		 lines = { NULL, 0, 0 };
	char			*function;
	struct place		 place = { "", 0, NULL };

	function = xasprintf("%c%s", CONFIG_ACCOUNT, a->name);
	place.function = function;
	text_append(&lines, from, len);
	text_add_line(&lines, &place, row->key, value_text(buffer, row, a));
	text_append(&load->whole, lines.bytes, lines.len);
	text_append(&load->gateway, lines.bytes, lines.len);
	ini_text_release(&lines);
	free(function);
}

/* Who may log in concerns the gateway alone: a line for each auth_file. */
static void
add_credentials(struct ini_text *lines, const struct credential_files *files)
{
	const struct place	 place = { "", 0, "" };
	char			*text;
	size_t			 len, i;
	FILE			*out;

	for (i = 0; i < files->count; i++) {
		if ((out = open_memstream(&text, &len)) == NULL)
			fatal("open_memstream");
		credentials_print(out, &files->list[i]);
		if (fclose(out) == EOF)
			fatal("open_memstream");
		text_add_line(lines, &place, "gateway.credentials", text);
		free(text);
	}
}

/* Likewise, a line for each key. */
static void
add_apikeys(struct ini_text *lines, const struct apikeys *keys)
{
	const struct place	 place = { "", 0, "" };
	char			*text;
	size_t			 len, i;
	FILE			*out;

	for (i = 0; i < keys->count; i++) {
		if ((out = open_memstream(&text, &len)) == NULL)
			fatal("open_memstream");
		apikey_print(out, &keys->list[i]);
		if (fclose(out) == EOF)
			fatal("open_memstream");
		text_add_line(lines, &place, "gateway.apikeys", text);
		explicit_bzero(text, len);
		free(text);
	}
}

static void
write_gateway(struct ini_load *load, const struct config *config,
    const char *raw, size_t len, struct value_buffer *buffer)
{
	static const char *const resolved[] = {
		"gateway.functions", "gateway.accounts", "gateway.user",
		"gateway.group", "gateway.listen_group",
		"gateway.function_user", "gateway.uid", "gateway.gid",
		"gateway.listen_gid", "gateway.allow_uids",
	};
	const struct place	 place = { "", 0, "" };
	const struct setting	*row;
	size_t			 i;

	text_append(&load->whole, raw, len);
	for (i = 0; i < sizeof(resolved) / sizeof(resolved[0]); i++) {
		row = keys_gateway_find(resolved[i]);
		text_add_line(&load->whole, &place, row->key,
		    value_text(buffer, row, &config->gateway));
	}
	text_append(&load->gateway, load->whole.bytes, load->whole.len);
	add_credentials(&load->gateway, &config->gateway.credentials);
	add_apikeys(&load->gateway, &config->gateway.apikeys);
}

/*
 * The account of the nth lines; *next is the first of config's not passed yet,
 * which are in the same order but for that of all others.
 */
static const struct account *
take_account(const struct config *config, size_t n, size_t *next)
{
	if (*next < config->account_count &&
	    config->accounts[*next].number == n)
		return &config->accounts[(*next)++];
	return &config->others;
}

static void
write_load(struct ini_load *load, const struct raw *raw,
    const struct config *config)
{
	struct value_buffer	 buffer = { NULL, NULL, 0 };
	const char		*bytes = raw->text.bytes, *from;
	size_t			 count = raw->accounts + raw->functions;
	size_t			 i, len, next = 0;

	write_gateway(load, config, bytes,
	    count > 0 ? raw->starts[0] : raw->text.len, &buffer);
	for (i = 0; i < count; i++) {
		from = bytes + raw->starts[i];
		len = (i + 1 < count ? raw->starts[i + 1] : raw->text.len) -
		    raw->starts[i];
		if (i < raw->accounts)
			write_account(load, take_account(config, i, &next),
			    from, len, &buffer);
		else
			write_function(load,
			    config->functions[i - raw->accounts], from, len,
			    &buffer);
	}
	value_buffer_release(&buffer);
}

/* --- the load ------------------------------------------------------------- */

/* By file, and by line as numbers. */
static int
compare_errors(const void *a, const void *b)
{
	return strverscmp(*(const char *const *)a, *(const char *const *)b);
}

static void
sort_errors(struct config_errors *errors)
{
	if (errors->count > 0)
		qsort(errors->lines, errors->count, sizeof(*errors->lines),
		    compare_errors);
}

static void
read_raw(struct raw *raw, const char *path, const char *text, size_t len,
    struct folders *folders, struct config_errors *errors)
{
	const struct place	 place = { path, 0, "" };
	const struct source	 source = { path, "", text, len };

	/* Even a file without a key says which it is. */
	text_add_line(&raw->text, &place, "gateway.listen_gid", "none");
	read_source(raw->scratch, &source, &raw->text, errors);
	find_folders(folders, path, &raw->text);
	if (folders->has_accounts)
		read_folder(raw, folders->accounts, read_account, errors);
	read_folder(raw, folders->functions, read_function, errors);
}

int
ini_load(const char *path, struct ini_load *load)
{
	struct raw		 raw = { -1, { NULL, 0, 0 }, NULL, 0, 0 };
	struct config_index	*index;
	struct config		*config;
	struct folders		 folders;
	char			*text;
	size_t			 len;

	memset(load, 0, sizeof(*load));
	text = files_read(path, INI_FILE_MAX, false, &len, &load->errors);
	if (text == NULL)
		return -1;
	raw.scratch = open_scratch();
	read_raw(&raw, path, text, len, &folders, &load->errors);
	close(raw.scratch);
	free(text);

	index = config_index_create(raw.text.bytes, raw.text.len);
	config = config_read_partly(index, &load->errors);
	config->gateway.functions = folders.functions;
	config->gateway.accounts = folders.accounts;
	resolve_config(config, index, &load->errors, &load->warnings,
	    &load->refused);
	if (load->errors.count == 0)
		write_load(load, &raw, config);
	sort_errors(&load->errors);
	sort_errors(&load->warnings);
	sort_errors(&load->refused);

	config_free(config);
	config_index_free(index);
	free(folders.functions);
	free(folders.accounts);
	free(raw.starts);
	ini_text_release(&raw.text);
	return load->errors.count == 0 ? 0 : -1;
}

void
ini_release(struct ini_load *load)
{
	ini_text_release(&load->whole);
	ini_text_release(&load->gateway);
	config_errors_release(&load->errors);
	config_errors_release(&load->warnings);
	config_errors_release(&load->refused);
}
