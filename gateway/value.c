/*
 * value: text <-> typed values, one setter and one printer a type.
 */
#include "value.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "log.h"
#include "mem.h"

#define LENGTH(array)	(sizeof(array) / sizeof((array)[0]))

#define QUOTA_MIN_US	1000	/* of cpu.max, and of its period */
#define PERIOD_MAX_US	1000000

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
set_group(struct arena *arena, void *field, const char *value,
    const struct setting *setting)
{
	if (strcmp(value, "none") == 0)
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

const char *
set_bandwidth(struct arena *arena, void *field, const char *value,
    const struct setting *setting)
{
	static const char	 wrong[] = "not in cgroup v2's words";
	const char		*s = value;
	uint64_t		 quota = QUOTA_MIN_US, period = PERIOD_MAX_US;

	if (*s == '\0')
		return set_text(arena, field, value, setting);
	if (strncmp(s, "max", 3) == 0)
		s += 3;
	else if (read_digits(&s, &quota) == -1)
		return wrong;
	if (*s == ' ' && (s++, read_digits(&s, &period) == -1))
		return wrong;
	if (*s != '\0')
		return wrong;
	/* The kernel's own bounds. */
	if (quota < QUOTA_MIN_US || period < QUOTA_MIN_US ||
	    period > PERIOD_MAX_US)
		return "out of range";
	return set_text(arena, field, value, setting);
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
set_ceiling(struct arena *arena, void *field, const char *value,
    const struct setting *setting)
{
	if (strcmp(value, "infinity") != 0)
		return set_size(arena, field, value, setting);
	*(uint64_t *)field = RLIM_INFINITY;
	return NULL;
}

void
print_ceiling(FILE *out, const void *field, const struct setting *setting)
{
	if (*(const uint64_t *)field == RLIM_INFINITY)
		fputs("infinity", out);
	else
		print_size(out, field, setting);
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
	{ set_ceiling,	 print_size, "infinity, or a size (64K, 128M, 1G)" },
	{ set_path,	 NULL,	     "an absolute path" },
	{ set_log,	 NULL,	     "an absolute path, stderr or syslog" },
	{ set_group,	 NULL,	     "an absolute path or none" },
	{ set_account,	 NULL,	     "a name or a number" },
	{ set_bandwidth, NULL,	     "\"max\" or 1000 microseconds at least, "
	    "then a period from 1000 to 1000000" },
	{ set_mode,	 NULL,	     "octal digits, 0000 to 0777" },
	{ set_flag,	 NULL,	     "yes or no" },
	{ set_level,	 NULL,	     "debug, info, notice, warning or error" },
	{ set_pairs,	 NULL,	     "NAME=value \"NAME=two words\" ..." },
	{ set_addresses, NULL,	     "unix:/PATH, 1.2.3.4:PORT, [::1]:PORT" },
	{ set_hosts,	 NULL,	     "example.org *.example.org ..." },
	{ set_methods,	 NULL,	     "GET HEAD POST ..., in capitals" },
	{ set_prefixes,	 NULL,	     "/path /another ..." },
	{ set_netmasks,	 NULL,	     "192.0.2.1 192.0.2.0/24 2001:db8::/32 "
	    "all ..." },
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
