/*
 * value: text <-> typed values, one setter and one printer a type.
 */
#include "value.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/un.h>

#include "log.h"
#include "mem.h"

#define LENGTH(array)	(sizeof(array) / sizeof((array)[0]))

struct unit {
	const char	*name;
	uint64_t	 factor;
};

/* Largest first: printing takes the first that divides. */
static const struct unit times[] = {
	{ "d", 86400000 }, { "h", 3600000 }, { "m", 60000 }, { "s", 1000 },
	{ "ms", 1 },
};
static const struct unit sizes[] = {
	{ "T", 1ULL << 40 }, { "G", 1ULL << 30 }, { "M", 1ULL << 20 },
	{ "K", 1ULL << 10 }, { "", 1 },
};

/* --- words -------------------------------------------------------------- */

/* Read one word at *s into out, which has room; -1: its quote stays open. */
static int
word_read(const char **s, char *out)
{
	char	 quote = '\0';

	for (; **s != '\0'; (*s)++) {
		if (quote == '\0' && (**s == ' ' || **s == '\t'))
			break;
		if (quote != '\0' ? **s == quote : **s == '"' || **s == '\'')
			quote = quote != '\0' ? '\0' : **s;
		else
			*out++ = **s;
	}
	*out = '\0';
	return quote == '\0' ? 0 : -1;
}

const char *
words_parse(struct arena *arena, const char *text, struct word_list *list)
{
	size_t	 len = strlen(text);
	char	*word;

	list->count = 0;
	list->words = NULL;
	text += strspn(text, " \t");
	if (*text == '\0')
		return NULL;
	/* A word and its blank are two bytes at least. */
	list->words = arena_alloc(arena, (len / 2 + 1) * sizeof(char *));
	word = arena_alloc(arena, len + 1);
	while (*text != '\0') {
		list->words[list->count++] = word;
		if (word_read(&text, word) == -1)
			return "a list with a quote that is not closed";
		word += strlen(word) + 1;
		text += strspn(text, " \t");
	}
	return NULL;
}

/*
 * A line of a file that holds both kinds of quotes must not begin with one, so
 * the first word's beginning stays bare as far as it can; NAME= always does.
 */
static void
word_print(FILE *out, const char *word, bool is_first)
{
	size_t	 bare = strcspn(word, " \t\"'"), n;
	char	 quote;

	for (n = bare; n > 0 && word[bare] != '\0'; n--)
		if (word[n - 1] == '=')
			break;
	if (word[bare] != '\0' && (n > 0 || !is_first))
		bare = n;
	fwrite(word, 1, bare, out);
	if (*word == '\0')
		fputs("\"\"", out);
	for (word += bare; *word != '\0'; word += n) {
		quote = *word == '"' ? '\'' : '"';
		n = strcspn(word, quote == '"' ? "\"" : "'");
		fprintf(out, "%c%.*s%c", quote, (int)n, word, quote);
	}
}

void
words_print(FILE *out, const struct word_list *list)
{
	size_t	 i;

	for (i = 0; i < list->count; i++) {
		if (i > 0)
			putc(' ', out);
		word_print(out, list->words[i], i == 0);
	}
}

/* --- text --------------------------------------------------------------- */

const char *
set_text(struct arena *arena, void *field, const char *value,
    const struct setting *setting)
{
	size_t	 len = strlen(value);

	if (len < setting->min)
		return "empty";
	if (len > setting->max)
		return "too long";
	*(const char **)field = len == 0 ? "" : arena_strdup(arena, value);
	return NULL;
}

const char *
set_path(struct arena *arena, void *field, const char *value,
    const struct setting *setting)
{
	if (*value != '\0' && *value != '/')
		return "not an absolute path";
	return set_text(arena, field, value, setting);
}

const char *
set_log(struct arena *arena, void *field, const char *value,
    const struct setting *setting)
{
	if (strcmp(value, "stderr") == 0 || strcmp(value, "syslog") == 0)
		return set_text(arena, field, value, setting);
	return set_path(arena, field, value, setting);
}

const char *
set_account(struct arena *arena, void *field, const char *value,
    const struct setting *setting)
{
	const char	*s;

	for (s = value; *s != '\0'; s++)
		if (!isalnum((unsigned char)*s) && strchr("._-", *s) == NULL)
			return "no name of a user or group";
	return set_text(arena, field, value, setting);
}

const char *
set_bandwidth(struct arena *arena, void *field, const char *value,
    const struct setting *setting)
{
	static const char	 wrong[] = "not in cgroup v2's words";
	const char		*s = value;
	size_t			 n;

	if (*s == '\0')
		return set_text(arena, field, value, setting);
	n = strncmp(s, "max", 3) == 0 ? 3 : strspn(s, "0123456789");
	if (n == 0)
		return wrong;
	if (s[n] == ' ') {
		s += n + 1;
		n = strspn(s, "0123456789");
		if (n == 0)
			return wrong;
	}
	if (s[n] != '\0')
		return wrong;
	return set_text(arena, field, value, setting);
}

void
print_text(FILE *out, const void *field, const struct setting *setting)
{
	(void)setting;
	fputs(*(const char *const *)field, out);
}

/* --- numbers ------------------------------------------------------------ */

/* Digits at *s, moved behind them.  -1: there are none, or too many. */
static int
read_digits(const char **s, uint64_t *number)
{
	uint64_t	 n = 0;
	unsigned	 digit;

	if (!isdigit((unsigned char)**s))
		return -1;
	for (; isdigit((unsigned char)**s); (*s)++) {
		digit = (unsigned)(**s - '0');
		if (n > (UINT64_MAX - digit) / 10)
			return -1;
		n = n * 10 + digit;
	}
	*number = n;
	return 0;
}

static const char *
in_range(uint64_t n, const struct setting *setting)
{
	return n < setting->min || n > setting->max ? "out of range" : NULL;
}

/* A number with one of units behind it; 0 needs none. */
static const char *
read_quantity(const char *value, const struct unit *units, size_t count,
    const struct setting *setting, uint64_t *result)
{
	const char	*s = value;
	uint64_t	 n;
	size_t		 i;

	if (read_digits(&s, &n) == -1)
		return isdigit((unsigned char)*value) ? "out of range" :
		    "not a number with its unit";
	for (i = 0; i < count && strcmp(s, units[i].name) != 0; i++)
		continue;
	if (n == 0 && *s == '\0')
		i = count - 1;
	if (i == count)
		return *s == '\0' ? "a number without its unit" :
		    "a number with an unknown unit";
	if (n > UINT64_MAX / units[i].factor)
		return "out of range";
	*result = n * units[i].factor;
	return in_range(*result, setting);
}

static void
print_quantity(FILE *out, uint64_t n, const struct unit *units)
{
	while (n % units->factor != 0 || (n == 0 && units->factor > 1))
		units++;
	fprintf(out, "%llu%s", (unsigned long long)(n / units->factor),
	    n == 0 ? "" : units->name);
}

const char *
set_number(struct arena *arena, void *field, const char *value,
    const struct setting *setting)
{
	const char	*s = value;
	uint64_t	 n;

	(void)arena;
	if (value[strspn(value, "0123456789")] != '\0' || *value == '\0')
		return "not a whole number";
	if (read_digits(&s, &n) == -1)
		return "out of range";
	*(uint32_t *)field = (uint32_t)n;
	return in_range(n, setting);
}

void
print_number(FILE *out, const void *field, const struct setting *setting)
{
	(void)setting;
	fprintf(out, "%lu", (unsigned long)*(const uint32_t *)field);
}

const char *
set_time(struct arena *arena, void *field, const char *value,
    const struct setting *setting)
{
	(void)arena;
	return read_quantity(value, times, LENGTH(times), setting, field);
}

void
print_time(FILE *out, const void *field, const struct setting *setting)
{
	(void)setting;
	print_quantity(out, *(const uint64_t *)field, times);
}

const char *
set_size(struct arena *arena, void *field, const char *value,
    const struct setting *setting)
{
	(void)arena;
	return read_quantity(value, sizes, LENGTH(sizes), setting, field);
}

void
print_size(FILE *out, const void *field, const struct setting *setting)
{
	(void)setting;
	print_quantity(out, *(const uint64_t *)field, sizes);
}

const char *
set_limit(struct arena *arena, void *field, const char *value,
    const struct setting *setting)
{
	(void)arena;
	if (strcmp(value, "infinity") == 0)
		*(uint64_t *)field = RLIM_INFINITY;
	else if (read_digits(&value, field) == -1 || *value != '\0')
		return "not a whole number";
	return in_range(*(uint64_t *)field, setting);
}

void
print_limit(FILE *out, const void *field, const struct setting *setting)
{
	const uint64_t	*limit = field;

	(void)setting;
	if (*limit == RLIM_INFINITY)
		fputs("infinity", out);
	else
		fprintf(out, "%llu", (unsigned long long)*limit);
}

const char *
set_digest(struct arena *arena, void *field, const char *value,
    const struct setting *setting)
{
	size_t	 digits = strspn(value, "0123456789abcdef");

	(void)arena;
	(void)setting;
	if (digits == 0 || digits > 16 || value[digits] != '\0')
		return "not a digest";
	*(uint64_t *)field = strtoull(value, NULL, 16);
	return NULL;
}

void
print_digest(FILE *out, const void *field, const struct setting *setting)
{
	(void)setting;
	fprintf(out, "%016llx",
	    (unsigned long long)*(const uint64_t *)field);
}

/* uid_t and gid_t are both uint32_t on Linux. */
const char *
set_id(struct arena *arena, void *field, const char *value,
    const struct setting *setting)
{
	uint64_t	 id;

	(void)arena;
	(void)setting;
	if (strcmp(value, "none") == 0)
		id = UINT32_MAX;
	else if (read_digits(&value, &id) == -1 || *value != '\0' ||
	    id >= UINT32_MAX)
		return "not the number of a user or group";
	*(uint32_t *)field = (uint32_t)id;
	return NULL;
}

void
print_id(FILE *out, const void *field, const struct setting *setting)
{
	const uint32_t	*id = field;

	(void)setting;
	if (*id == UINT32_MAX)
		fputs("none", out);
	else
		fprintf(out, "%lu", (unsigned long)*id);
}

const char *
set_mode(struct arena *arena, void *field, const char *value,
    const struct setting *setting)
{
	(void)arena;
	(void)setting;
	if (*value == '\0' || strlen(value) > 4 ||
	    value[strspn(value, "01234567")] != '\0' ||
	    strtoul(value, NULL, 8) > 0777)
		return "not a mode";
	*(mode_t *)field = (mode_t)strtoul(value, NULL, 8);
	return NULL;
}

void
print_mode(FILE *out, const void *field, const struct setting *setting)
{
	(void)setting;
	fprintf(out, "%04o", (unsigned)*(const mode_t *)field);
}

/* --- words of a fixed choice -------------------------------------------- */

const char *
set_flag(struct arena *arena, void *field, const char *value,
    const struct setting *setting)
{
	(void)arena;
	(void)setting;
	if (strcmp(value, "yes") != 0 && strcmp(value, "no") != 0)
		return "neither yes nor no";
	*(bool *)field = *value == 'y';
	return NULL;
}

void
print_flag(FILE *out, const void *field, const struct setting *setting)
{
	(void)setting;
	fputs(*(const bool *)field ? "yes" : "no", out);
}

const char *
set_level(struct arena *arena, void *field, const char *value,
    const struct setting *setting)
{
	int	 level;

	(void)arena;
	(void)setting;
	for (level = 0; level < LEVELS; level++)
		if (strcmp(value, log_level_name((enum log_level)level)) == 0) {
			*(enum log_level *)field = (enum log_level)level;
			return NULL;
		}
	return "no level of the log";
}

void
print_level(FILE *out, const void *field, const struct setting *setting)
{
	(void)setting;
	fputs(log_level_name(*(const enum log_level *)field), out);
}

/* --- lists -------------------------------------------------------------- */

const char *
set_words(struct arena *arena, void *field, const char *value,
    const struct setting *setting)
{
	(void)setting;
	return words_parse(arena, value, field);
}

void
print_words(FILE *out, const void *field, const struct setting *setting)
{
	(void)setting;
	words_print(out, field);
}

/* A list of words that must each pass a check, which says what is wrong. */
static const char *
set_checked(struct arena *arena, struct word_list *list, const char *value,
    const char *(*check)(const char *word))
{
	const char	*why;
	size_t		 i, j;

	if ((why = words_parse(arena, value, list)) != NULL)
		return why;
	for (i = 0; i < list->count; i++) {
		if ((why = check(list->words[i])) != NULL)
			return why;
		for (j = 0; j < i; j++)
			if (strcmp(list->words[i], list->words[j]) == 0)
				return "a list that holds a word twice";
	}
	return NULL;
}

static const char *
check_pair(const char *word)
{
	size_t	 n = strspn(word, "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");

	if (n == 0 || word[n] != '=' || isdigit((unsigned char)*word))
		return "a list with a word that is not NAME=value";
	return NULL;
}

const char *
set_pairs(struct arena *arena, void *field, const char *value,
    const struct setting *setting)
{
	struct word_list *list = field;
	const char	 *why;
	size_t		  i, j, n;

	(void)setting;
	if ((why = set_checked(arena, list, value, check_pair)) != NULL)
		return why;
	for (i = 1; i < list->count; i++) {
		n = strcspn(list->words[i], "=") + 1;
		for (j = 0; j < i; j++)
			if (strncmp(list->words[i], list->words[j], n) == 0)
				return "a list that gives one NAME twice";
	}
	return NULL;
}

static const char *
check_address(const char *word)
{
	struct in6_addr	 unused;
	char		 host[INET6_ADDRSTRLEN + 2];
	const char	*colon, *s;
	uint64_t	 port;
	size_t		 len;
	int		 family = AF_INET;

	if (strncmp(word, "unix:", 5) == 0) {
		if (word[5] != '/')
			return "a list with a unix: that is not absolute";
		/* Never cut short: the kernel's field has 108 bytes. */
		return strlen(word + 5) <
		    sizeof(((struct sockaddr_un *)0)->sun_path) ? NULL :
		    "a list with a unix: path of more than 107 bytes";
	}
	if ((colon = strrchr(word, ':')) == NULL)
		return "a list with a word that is no address";
	s = colon + 1;
	if (read_digits(&s, &port) == -1 || *s != '\0' || port < 1 ||
	    port > 65535)
		return "a list with an address without a port";
	len = (size_t)(colon - word);
	if (len >= 2 && word[0] == '[' && word[len - 1] == ']') {
		family = AF_INET6;
		word++;
		len -= 2;
	}
	if (len >= sizeof(host))
		return "a list with a word that is no address";
	memcpy(host, word, len);
	host[len] = '\0';
	return inet_pton(family, host, &unused) == 1 ? NULL :
	    "a list with a word that is no numeric address";
}

const char *
set_addresses(struct arena *arena, void *field, const char *value,
    const struct setting *setting)
{
	struct word_list *list = field;
	const char	 *why;

	if ((why = set_checked(arena, list, value, check_address)) != NULL)
		return why;
	return list->count < setting->min ? "empty" : NULL;
}

static const char *
check_host(const char *word)
{
	const char	*s = strncmp(word, "*.", 2) == 0 ? word + 2 : word;

	/* An IPv6 address stands in brackets, as in a URL. */
	if (*s == '[')
		return s[1 + strspn(s + 1, "0123456789abcdef:.")] == ']' &&
		    s == word ? NULL : "a list with a word that is no host";
	if (*s == '\0' || *s == '.')
		return "a list with a word that is no host";
	for (; *s != '\0'; s++)
		if (!isalnum((unsigned char)*s) && strchr("._-", *s) == NULL)
			return "a list with a word that is no host";
	return NULL;
}

const char *
set_hosts(struct arena *arena, void *field, const char *value,
    const struct setting *setting)
{
	char	*lower, *s;

	(void)setting;
	lower = arena_strdup(arena, value);
	for (s = lower; *s != '\0'; s++)
		*s = (char)tolower((unsigned char)*s);
	return set_checked(arena, field, lower, check_host);
}

static const char *
check_method(const char *word)
{
	size_t	 n = strspn(word, "ABCDEFGHIJKLMNOPQRSTUVWXYZ-");

	return n == 0 || n > 32 || word[n] != '\0' ?
	    "a list with a word that is no method" : NULL;
}

const char *
set_methods(struct arena *arena, void *field, const char *value,
    const struct setting *setting)
{
	(void)setting;
	return set_checked(arena, field, value, check_method);
}

static const char *
check_prefix(const char *word)
{
	return word[0] == '/' ? NULL :
	    "a list with a path that does not begin with a slash";
}

const char *
set_prefixes(struct arena *arena, void *field, const char *value,
    const struct setting *setting)
{
	(void)setting;
	return set_checked(arena, field, value, check_prefix);
}

/* --- what is expected, and quoting -------------------------------------- */

static const struct {
	setter		*set;
	printer		*print;		/* of min and max, or NULL */
	const char	*words;
} expectations[] = {
	{ set_number,	 print_limit, "a number" },
	{ set_limit,	 print_limit, "a number" },
	{ set_time,	 print_time, "a time (500ms, 10s, 5m, 1h)" },
	{ set_size,	 print_size, "a size (100, 64K, 128M, 1G)" },
	{ set_path,	 NULL,	     "an absolute path" },
	{ set_log,	 NULL,	     "an absolute path, stderr or syslog" },
	{ set_account,	 NULL,	     "a name or a number" },
	{ set_bandwidth, NULL,	     "\"max\" or microseconds, then a period" },
	{ set_mode,	 NULL,	     "octal digits, 0000 to 0777" },
	{ set_flag,	 NULL,	     "yes or no" },
	{ set_level,	 NULL,	     "debug, info, notice, warning or error" },
	{ set_pairs,	 NULL,	     "NAME=value \"NAME=two words\" ..." },
	{ set_addresses, NULL,	     "unix:/PATH, 1.2.3.4:PORT, [::1]:PORT" },
	{ set_hosts,	 NULL,	     "example.org *.example.org ..." },
	{ set_methods,	 NULL,	     "GET HEAD POST ..., in capitals" },
	{ set_prefixes,	 NULL,	     "/path /another ..." },
};

const char *
value_text(struct value_buffer *buffer, const struct setting *setting,
    const void *base)
{
	if (buffer->stream == NULL && (buffer->stream =
	    open_memstream(&buffer->text, &buffer->len)) == NULL)
		return "";
	rewind(buffer->stream);
	setting->print(buffer->stream, (const char *)base + setting->offset,
	    setting);
	putc('\0', buffer->stream);
	return fflush(buffer->stream) == 0 ? buffer->text : "";
}

void
value_buffer_release(struct value_buffer *buffer)
{
	if (buffer->stream != NULL)
		fclose(buffer->stream);
	free(buffer->text);
	memset(buffer, 0, sizeof(*buffer));
}

char *
value_expected(char *out, size_t room, const struct setting *setting)
{
	struct value_buffer	 least = { NULL, NULL, 0 };
	struct value_buffer	 most = { NULL, NULL, 0 };
	struct setting		 row = *setting;
	size_t			 i;

	*out = '\0';
	for (i = 0; i < LENGTH(expectations); i++)
		if (expectations[i].set == setting->set)
			break;
	if (i == LENGTH(expectations))
		return out;
	if (expectations[i].print == NULL) {
		snprintf(out, room, "%s", expectations[i].words);
		return out;
	}
	row.print = expectations[i].print;
	row.offset = 0;
	snprintf(out, room, "%s from %s to %s", expectations[i].words,
	    value_text(&least, &row, &setting->min),
	    value_text(&most, &row, &setting->max));
	value_buffer_release(&least);
	value_buffer_release(&most);
	return out;
}

int
value_quote(char *out, const char *value)
{
	size_t	 len = strlen(value);
	char	 quote;

	if (len == 0 || (strpbrk(value, "#;") == NULL &&
	    strchr("\"' \t", *value) == NULL &&
	    strchr(" \t\\", value[len - 1]) == NULL)) {
		strcpy(out, value);
		return 0;
	}
	if (strchr(value, '"') != NULL && strchr(value, '\'') != NULL)
		return -1;
	quote = strchr(value, '"') != NULL ? '\'' : '"';
	sprintf(out, "%c%s%c", quote, value, quote);
	return 0;
}
