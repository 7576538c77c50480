/*
 * config: reads, checks and prints a load of the configuration.
 */
#include "config.h"

#include <assert.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "settings.h"

#define ARENA_CHUNK	16384
#define SHOWN_MAX	120	/* bytes of a wrong value in its error */
#define EXPECTED_MAX	200

/* --- errors --------------------------------------------------------------- */

void
config_errors_add(struct config_errors *errors, const char *format, ...)
{
	va_list	 ap;
	char	*line;

	if (errors->count > CONFIG_ERRORS_MAX)
		return;
	if (errors->count == CONFIG_ERRORS_MAX) {
		line = xstrdup("and more errors than are shown");
	} else {
		va_start(ap, format);
		if (vasprintf(&line, format, ap) == -1)
			line = xstrdup("an error that cannot be worded");
		va_end(ap);
	}
	errors->lines = xreallocarray(errors->lines, errors->count + 1,
	    sizeof(*errors->lines));
	errors->lines[errors->count++] = line;
}

void
config_errors_release(struct config_errors *errors)
{
	size_t	 i;

	for (i = 0; i < errors->count; i++)
		free(errors->lines[i]);
	free(errors->lines);
	errors->lines = NULL;
	errors->count = 0;
}

/* --- lines ---------------------------------------------------------------- */

/* Some lines of a load: [gateway], or those of one function. */
struct block {
	const char	*text;
	size_t		 len;
};

/* One of them, its texts of their own so that they end in NUL. */
struct line {
	char		*copy;		/* what the others point into */
	const char	*file;
	unsigned	 number;	/* 0: not from the file */
	const char	*function;
	const char	*key;
	const char	*value;
};

/* Undo percent-encoding in place. */
static void
decode(char *s)
{
	char		*out = s;
	unsigned	 byte;

	for (; *s != '\0'; s++)
		if (*s == '%' && sscanf(s + 1, "%2x", &byte) == 1 &&
		    byte != 0) {
			*out++ = (char)byte;
			s += 2;
		} else
			*out++ = *s;
	*out = '\0';
}

/* Cut text at the first stop, which must be there; returns what follows. */
static char *
cut(char *text, char stop)
{
	char	*s;

	if (text == NULL || (s = strchr(text, stop)) == NULL)
		return NULL;
	*s = '\0';
	return s + 1;
}

/*
 * Take the next line off the block.  Returns 1 with a line for line_release, 0
 * at the end, -1 if it is not of the form (nothing is to be released).
 */
static int
line_next(struct block *block, struct line *line)
{
	const char	*end;
	char		*number, *function, *key, *value, *rest;
	size_t		 len;

	if (block->len == 0)
		return 0;
	end = memchr(block->text, '\n', block->len);
	len = end == NULL ? block->len : (size_t)(end - block->text);
	line->copy = xstrndup(block->text, len);
	block->text += len + (end != NULL);
	block->len -= len + (end != NULL);

	number = cut(line->copy, ':');
	function = cut(number, ':');
	key = cut(function, ':');
	value = cut(key, '=');
	if (value == NULL || strlen(value) !=
	    len - (size_t)(value - line->copy) || end == NULL)
		goto malformed;
	line->number = (unsigned)strtoul(number, &rest, 10);
	if (rest == number || *rest != '\0')
		goto malformed;
	decode(line->copy);
	line->file = line->copy;
	line->function = function;
	line->key = key;
	line->value = value;
	return 1;

malformed:
	free(line->copy);
	return -1;
}

static void
line_release(struct line *line)
{
	free(line->copy);
}

/* Say what is wrong with a key of the line: FILE:LINE: [section] key: ... */
static void __attribute__((format(printf, 3, 4)))
complain(struct config_errors *errors, const struct line *line,
    const char *format, ...)
{
	va_list		 ap;
	char		 words[SHOWN_MAX * 4 + EXPECTED_MAX + 100];
	char		 place[16] = "";
	const char	*dot = strrchr(line->key, '.');

	va_start(ap, format);
	vsnprintf(words, sizeof(words), format, ap);
	va_end(ap);
	if (line->number != 0)
		snprintf(place, sizeof(place), ":%u", line->number);
	if (dot == NULL)
		config_errors_add(errors, "%s%s: %s: %s", line->file, place,
		    line->key, words);
	else
		config_errors_add(errors, "%s%s: [%.*s] %s: %s", line->file,
		    place, (int)(dot - line->key), line->key, dot + 1, words);
}

static void
complain_unknown(struct config_errors *errors, const struct line *line,
    bool of_gateway)
{
	const char	*dot, *near;
	char		*section;

	dot = strrchr(line->key, '.');
	section = xstrndup(line->key,
	    dot == NULL ? 0 : (size_t)(dot - line->key));
	if (!keys_has_section(of_gateway, section))
		complain(errors, line, "there is no section [%s] here; "
		    "expected %s", section, of_gateway ? "[gateway]" :
		    "[function], [route], [route NAME], [pool], [limits], "
		    "[sandbox] or [log]");
	else if ((near = keys_nearest(of_gateway, line->key)) != NULL)
		complain(errors, line, "is no such key; perhaps %s of [%.*s]?",
		    strchr(near, '.') + 1, (int)strcspn(near, "."), near);
	else
		complain(errors, line, "is no such key; see tollgate.ini(5)");
	free(section);
}

/* Set the field that the row says, in base, from the line. */
static void
take_value(const struct setting *row, struct arena *arena, void *base,
    const struct line *line, struct config_errors *errors)
{
	char		 shown[SHOWN_MAX], expected[EXPECTED_MAX];
	const char	*why;

	why = row->set(arena, (char *)base + row->offset, line->value, row);
	if (why == NULL)
		return;
	value_expected(expected, sizeof(expected), row);
	/* Errors go into logs, which are no place for secrets. */
	if (row->flags & SETTING_SECRET)
		strcpy(shown, "the value");
	else {
		shown[0] = '"';
		log_escape(shown + 1, sizeof(shown) - 2, line->value,
		    strlen(line->value));
		strcat(shown, "\"");
	}
	complain(errors, line, "%s is %s%s%s", shown, why,
	    *expected == '\0' ? "" : "; expected ", expected);
}

/* A row that such a line may set, or NULL. */
static const struct setting *
find_row(const struct line *line, bool of_gateway)
{
	const struct setting	*row;

	row = of_gateway ? keys_gateway_find(line->key) :
	    keys_function_find(line->key);
	if (row == NULL || (row->flags & SETTING_DERIVED && line->number != 0))
		return NULL;
	return row;
}

static void
set_fallback(const struct setting *row, struct arena *arena, void *base)
{
	const char	*why;

	if (row->fallback == NULL)
		return;
	why = row->set(arena, (char *)base + row->offset, row->fallback, row);
	assert(why == NULL);
	(void)why;
}

/*
 * The line that sets a key, for an error that concerns more than its value;
 * where none does, one that stands for the whole file.  For line_release.
 */
static void
find_line(struct block block, const char *file, const char *key,
    struct line *line)
{
	int	 found;

	while ((found = line_next(&block, line)) != 0) {
		if (found == -1)
			continue;
		if (strcmp(line->key, key) == 0)
			return;
		line_release(line);
	}
	line->copy = xstrdup(file);
	line->file = line->copy;
	line->number = 0;
	line->key = key;
}

/* Say that a key does not go with the others. */
static void __attribute__((format(printf, 5, 0)))
complain_of(struct config_errors *errors, struct block block,
    const char *file, const char *key, const char *format, va_list ap)
{
	struct line	 line;
	char		 words[SHOWN_MAX + EXPECTED_MAX];

	vsnprintf(words, sizeof(words), format, ap);
	find_line(block, file, key, &line);
	complain(errors, &line, "%s", words);
	line_release(&line);
}

/* --- the index ------------------------------------------------------------ */

struct config_index {
	struct block	 gateway;
	struct block	*functions;
	size_t		 count;
};

/* FUNCTION of the line at text; NULL if it has none, NULL for [gateway] too. */
static const char *
line_function(const char *text, size_t len, size_t *name_len)
{
	const char	*name, *colon, *end = text + len;

	*name_len = 0;
	if ((colon = memchr(text, ':', len)) == NULL)
		return NULL;
	name = colon + 1;
	if ((colon = memchr(name, ':', (size_t)(end - name))) == NULL)
		return NULL;
	name = colon + 1;
	if ((colon = memchr(name, ':', (size_t)(end - name))) == NULL)
		return NULL;
	*name_len = (size_t)(colon - name);
	return *name_len == 0 ? NULL : name;
}

/*
 * Lines of one function stand together.  A line of no form is left where it
 * is, for whoever reads its block to find.
 */
struct config_index *
config_index_create(const char *text, size_t len)
{
	struct config_index	*index;
	struct block		*block;
	const char		*name, *newline, *last = NULL;
	size_t			 line_len, name_len, last_len = 0, size = 0;

	index = xcalloc(1, sizeof(*index));
	index->gateway.text = text;
	block = &index->gateway;
	for (; len > 0; text += line_len, len -= line_len) {
		newline = memchr(text, '\n', len);
		line_len = newline == NULL ? len :
		    (size_t)(newline - text) + 1;
		name = line_function(text, line_len, &name_len);
		if (name != NULL && (last == NULL || name_len != last_len ||
		    memcmp(name, last, name_len) != 0)) {
			if (index->count == size) {
				size = size == 0 ? 64 : size * 2;
				index->functions =
				    xreallocarray(index->functions, size,
				    sizeof(*index->functions));
			}
			block = &index->functions[index->count++];
			block->text = text;
			block->len = 0;
			last = name;
			last_len = name_len;
		}
		block->len += line_len;
	}
	return index;
}

void
config_index_free(struct config_index *index)
{
	if (index == NULL)
		return;
	free(index->functions);
	free(index);
}

size_t
config_index_count(const struct config_index *index)
{
	return index->count;
}

/* The path of tollgate.ini, which the first line tells. */
static const char *
gateway_file(const struct config_index *index, struct arena *arena)
{
	struct block	 block = index->gateway;
	struct line	 line;
	const char	*file;

	if (line_next(&block, &line) != 1)
		return "tollgate.ini";
	file = arena_strdup(arena, line.file);
	line_release(&line);
	return file;
}

void
config_blame_gateway(struct config_errors *errors,
    const struct config_index *index, const char *key,
    const char *format, ...)
{
	struct arena	*arena;
	va_list		 ap;

	arena = arena_create(256);
	va_start(ap, format);
	complain_of(errors, index->gateway, gateway_file(index, arena), key,
	    format, ap);
	va_end(ap);
	arena_free(arena);
}

void
config_blame(struct config_errors *errors, const struct config_index *index,
    const struct function *fn, const char *key, const char *format, ...)
{
	va_list	 ap;

	va_start(ap, format);
	complain_of(errors, index->functions[fn->number], fn->file, key,
	    format, ap);
	va_end(ap);
}

/* --- reading -------------------------------------------------------------- */

int
config_read_gateway(const struct config_index *index, struct arena *arena,
    struct gateway_settings *gateway, struct config_errors *errors)
{
	struct block		 block = index->gateway;
	const struct setting	*row;
	struct line		 line;
	size_t			 before = errors->count, i;
	int			 found;

	memset(gateway, 0, sizeof(*gateway));
	for (i = 0; (row = keys_gateway_row(i)) != NULL; i++)
		set_fallback(row, arena, gateway);
	while ((found = line_next(&block, &line)) != 0) {
		if (found == -1) {
			config_errors_add(errors, "a line that is no setting");
			continue;
		}
		if ((row = find_row(&line, true)) == NULL)
			complain_unknown(errors, &line, true);
		else
			take_value(row, arena, gateway, &line, errors);
		line_release(&line);
	}
	if (gateway->start_backoff_ms > gateway->start_backoff_max_ms)
		config_blame_gateway(errors, index, "gateway.start_backoff",
		    "is longer than start_backoff_max");
	return errors->count == before ? 0 : -1;
}

/* The rule that a line of [route ...] belongs to, a new one if need be. */
static struct route_rule *
find_rule(struct function *fn, const struct line *line)
{
	const struct setting	*row;
	struct route_rule	*rules = fn->rules, *rule;
	size_t			 len, i;

	len = (size_t)(strrchr(line->key, '.') - line->key);
	for (i = 0; i < fn->rule_count; i++)
		if (strncmp(rules[i].section, line->key, len) == 0 &&
		    rules[i].section[len] == '\0')
			return &rules[i];

	/* Room for a power of two of them. */
	if ((fn->rule_count & (fn->rule_count - 1)) == 0) {
		fn->rules = arena_calloc(fn->arena,
		    fn->rule_count == 0 ? 1 : fn->rule_count * 2,
		    sizeof(*rules));
		if (fn->rule_count > 0)
			memcpy(fn->rules, rules,
			    fn->rule_count * sizeof(*rules));
	}
	rule = &fn->rules[fn->rule_count++];
	for (i = 0; (row = keys_function_row(i)) != NULL; i++)
		if (strncmp(row->key, "route.", 6) == 0)
			set_fallback(row, fn->arena, rule);
	rule->section = arena_strndup(fn->arena, line->key, len);
	rule->file = fn->file;
	rule->line = line->number;
	return rule;
}

static void
take_line(struct function *fn, const struct line *line,
    struct config_errors *errors)
{
	const struct setting	*row;
	void			*base = fn;

	if (*fn->name == '\0') {
		fn->name = arena_strdup(fn->arena, line->function);
		fn->file = arena_strdup(fn->arena, line->file);
		if (!function_name_is_valid(fn->name))
			config_errors_add(errors, "%s: \"%s\" is no name of a "
			    "function; expected 1 to %d of A-Z a-z 0-9 _ -",
			    fn->file, fn->name, FUNCTION_NAME_MAX);
	}
	if ((row = find_row(line, false)) == NULL) {
		complain_unknown(errors, line, false);
		return;
	}
	if (strncmp(row->key, "route.", 6) == 0)
		base = find_rule(fn, line);
	take_value(row, fn->arena, base, line, errors);
}

/* A [route] of nothing but empty keys is none; one without a path is wrong. */
static void
check_rules(struct function *fn, struct config_errors *errors)
{
	struct route_rule	*rule;
	size_t			 i, kept = 0;

	for (i = 0; i < fn->rule_count; i++) {
		rule = &fn->rules[i];
		if (rule->exact.count + rule->prefix.count +
		    rule->prefix_final.count == 0 && *rule->regex == '\0') {
			if (rule->host.count + rule->methods.count > 0)
				config_errors_add(errors, "%s:%u: [%s]: has no "
				    "path; expected exact, prefix, "
				    "prefix_final or regex", rule->file,
				    rule->line, rule->section);
			continue;
		}
		fn->rules[kept++] = *rule;
	}
	fn->rule_count = kept;
}

/* What no single value shows. */
static void
check_function(struct function *fn, const struct config_index *index,
    struct config_errors *errors)
{
	if (*fn->handler == '\0')
		config_errors_add(errors, "%s: [function] handler: is not set; "
		    "expected the program's absolute path", fn->file);
	if (fn->min_children > fn->max_children)
		config_blame(errors, index, fn, "pool.min_children",
		    "%u is more than max_children, %u", fn->min_children,
		    fn->max_children);
	if (fn->concurrency > fn->protocol->concurrency_max)
		config_blame(errors, index, fn, "pool.concurrency",
		    "%u is too much; expected %u at most with protocol = %s",
		    fn->concurrency, fn->protocol->concurrency_max,
		    fn->protocol->name);
	if (fn->is_template && *fn->user != '\0')
		config_blame(errors, index, fn, "sandbox.user",
		    "cannot be with ${NAME} in handler; the user is the "
		    "program's owner");
}

/* NULL after adding to errors. */
static struct function *
read_function(const struct config_index *index, size_t number,
    struct config_errors *errors)
{
	struct block		 rest = index->functions[number];
	const struct setting	*row;
	struct function		*fn;
	struct line		 line;
	size_t			 before = errors->count, i;
	int			 found;

	fn = function_create();
	fn->number = (uint32_t)number;
	for (i = 0; (row = keys_function_row(i)) != NULL; i++)
		if (strncmp(row->key, "route.", 6) != 0)
			set_fallback(row, fn->arena, fn);
	while ((found = line_next(&rest, &line)) != 0) {
		if (found == -1) {
			config_errors_add(errors, "%s: a line that is no "
			    "setting", fn->file);
			continue;
		}
		take_line(fn, &line, errors);
		line_release(&line);
	}
	/* A wrong path is no path: one error is enough. */
	if (errors->count == before)
		check_rules(fn, errors);
	check_function(fn, index, errors);
	if (errors->count == before)
		return fn;
	function_release(fn);
	return NULL;
}

struct function *
config_read_function(const struct config_index *index, uint32_t number)
{
	struct config_errors	 errors = { NULL, 0 };
	struct function		*fn;

	if (number >= index->count)
		return NULL;
	fn = read_function(index, number, &errors);
	config_errors_release(&errors);
	return fn;
}

/* Is the block, by its name and the digests that lead it, what fn came of? */
static bool
is_unchanged(struct block block, const struct function *fn)
{
	struct line	 line;
	uint64_t	 digests[2];
	size_t		 i;

	for (i = 0; i < 2; i++) {
		if (line_next(&block, &line) != 1)
			return false;
		if (strcmp(line.function, fn->name) != 0 ||
		    strcmp(line.key, keys_function_row(i)->key) != 0) {
			line_release(&line);
			return false;
		}
		digests[i] = strtoull(line.value, NULL, 16);
		line_release(&line);
	}
	return digests[0] == fn->process_digest &&
	    digests[1] == fn->rest_digest;
}

static void
read_functions(struct config *config, const struct config_index *index,
    const struct config *old, struct config_errors *errors)
{
	struct function	*fn;
	const char	*last = "";
	size_t		 i;

	config->functions = arena_calloc(config->arena, index->count,
	    sizeof(struct function *));
	for (i = 0; i < index->count; i++) {
		if (old != NULL && i < old->count &&
		    is_unchanged(index->functions[i], old->functions[i]))
			fn = function_hold(old->functions[i]);
		else
			fn = read_function(index, i, errors);
		if (fn == NULL)
			continue;
		if (strcmp(fn->name, last) <= 0)
			config_errors_add(errors, "%s: function %s comes twice "
			    "or out of order", fn->file, fn->name);
		last = fn->name;
		config->functions[config->count++] = fn;
	}
}

static struct config *
read_all(const struct config_index *index, uint64_t generation,
    const struct config *old, struct config_errors *errors)
{
	struct config	*config;
	struct arena	*arena;

	arena = arena_create(ARENA_CHUNK);
	config = arena_calloc(arena, 1, sizeof(*config));
	config->arena = arena;
	config->generation = generation;
	config->file = gateway_file(index, arena);
	config_read_gateway(index, arena, &config->gateway, errors);
	read_functions(config, index, old, errors);
	return config;
}

struct config *
config_read(const char *text, size_t len, uint64_t generation,
    const struct config *old, struct config_errors *errors)
{
	struct config_index	*index;
	struct config		*config;
	size_t			 before = errors->count;

	index = config_index_create(text, len);
	config = read_all(index, generation, old, errors);
	config_index_free(index);
	if (errors->count == before)
		return config;
	config_free(config);
	return NULL;
}

struct config *
config_read_partly(const struct config_index *index,
    struct config_errors *errors)
{
	return read_all(index, 0, NULL, errors);
}

void
config_free(struct config *config)
{
	size_t	 i;

	if (config == NULL)
		return;
	for (i = 0; i < config->count; i++)
		function_release(config->functions[i]);
	arena_free(config->arena);	/* config itself is in it */
}
