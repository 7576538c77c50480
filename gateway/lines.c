/*
 * lines: the text of a load, parted into lines, and errors that name them.
 */
#include "lines.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "account.h"
#include "function.h"
#include "mem.h"

#define WORDS_MAX	800	/* of one error, without its place */

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

void
line_walk_init(struct line_walk *walk, struct block block)
{
	walk->rest = block;
	walk->file = NULL;
	walk->file_len = 0;
}

/*
 * The next line without its newline, with FILE put in where it is left out.
 * Owned by the caller; NULL if there is no newline or no FILE yet.
 */
static char *
copy_line(struct line_walk *walk, size_t *len)
{
	const char	*text = walk->rest.text, *end, *colon;
	char		*copy;

	end = memchr(text, '\n', walk->rest.len);
	*len = end == NULL ? walk->rest.len : (size_t)(end - text);
	walk->rest.text += *len + (end != NULL);
	walk->rest.len -= *len + (end != NULL);
	colon = memchr(text, ':', *len);
	if (end == NULL || colon == NULL || (colon == text &&
	    walk->file == NULL))
		return NULL;
	if (colon > text) {
		walk->file = text;
		walk->file_len = (size_t)(colon - text);
	}
	*len -= (size_t)(colon - text);
	copy = xmalloc(walk->file_len + *len + 1);
	memcpy(copy, walk->file, walk->file_len);
	memcpy(copy + walk->file_len, colon, *len);
	*len += walk->file_len;
	copy[*len] = '\0';
	return copy;
}

int
line_next(struct line_walk *walk, struct line *line)
{
	char	*number, *function, *key, *value, *rest;
	size_t	 len;

	if (walk->rest.len == 0)
		return 0;
	if ((line->copy = copy_line(walk, &len)) == NULL)
		return -1;
	number = cut(line->copy, ':');
	function = cut(number, ':');
	key = cut(function, ':');
	value = cut(key, '=');
	if (value == NULL || strlen(value) !=
	    len - (size_t)(value - line->copy))
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

void
line_release(struct line *line)
{
	free(line->copy);
}

void
line_complain(struct config_errors *errors, const struct line *line,
    const char *format, ...)
{
	va_list		 ap;
	char		 words[WORDS_MAX];
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

/* --- the index ------------------------------------------------------------ */

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

/* Room for one more behind count, which is a power of two of them. */
static struct block *
add_block(struct block **all, size_t *count)
{
	if ((*count & (*count - 1)) == 0)
		*all = xreallocarray(*all, *count == 0 ? 1 : *count * 2,
		    sizeof(**all));
	return &(*all)[(*count)++];
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
	size_t			 line_len, name_len, last_len = 0;

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
			block = *name == CONFIG_ACCOUNT ?
			    add_block(&index->accounts,
				&index->account_count) :
			    add_block(&index->functions, &index->count);
			block->text = text;
			block->len = 0;
			last = name;
			last_len = name_len;
		}
		block->len += line_len;
	}
	/* It stays as long as the load. */
	index->functions = xreallocarray(index->functions, index->count,
	    sizeof(*index->functions));
	index->accounts = xreallocarray(index->accounts,
	    index->account_count, sizeof(*index->accounts));
	return index;
}

void
config_index_free(struct config_index *index)
{
	if (index == NULL)
		return;
	free(index->functions);
	free(index->accounts);
	free(index);
}

const char *
config_index_file(const struct config_index *index, struct arena *arena)
{
	struct line_walk	 walk;
	struct line		 line;
	const char		*file;

	line_walk_init(&walk, index->gateway);
	if (line_next(&walk, &line) != 1)
		return "tollgate.ini";
	file = arena_strdup(arena, line.file);
	line_release(&line);
	return file;
}

/* --- blame ---------------------------------------------------------------- */

/*
 * The line that sets a key, for an error that concerns more than its value;
 * where none does, one that stands for the whole file.  For line_release.
 */
static void
find_line(struct block block, const char *file, const char *key,
    struct line *line)
{
	struct line_walk	 walk;
	int			 found;

	line_walk_init(&walk, block);
	while ((found = line_next(&walk, line)) != 0) {
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

static bool
is_written(struct block block, const char *file, const char *key)
{
	struct line	 line;
	bool		 is;

	find_line(block, file, key, &line);
	is = line.number != 0;
	line_release(&line);
	return is;
}

bool
config_is_written(const struct config_index *index, const struct function *fn,
    const char *key)
{
	return is_written(index->functions[fn->number], fn->file, key);
}

bool
config_account_is_written(const struct config_index *index,
    const struct account *a, const char *key)
{
	return *a->file != '\0' &&
	    is_written(index->accounts[a->number], a->file, key);
}

/* Say that a key does not go with the others. */
static void __attribute__((format(printf, 5, 0)))
complain_of(struct config_errors *errors, struct block block,
    const char *file, const char *key, const char *format, va_list ap)
{
	struct line	 line;
	char		 words[WORDS_MAX];

	vsnprintf(words, sizeof(words), format, ap);
	find_line(block, file, key, &line);
	line_complain(errors, &line, "%s", words);
	line_release(&line);
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
	complain_of(errors, index->gateway, config_index_file(index, arena),
	    key, format, ap);
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

void
config_blame_account(struct config_errors *errors,
    const struct config_index *index, const struct account *a,
    const char *key, const char *format, ...)
{
	va_list	 ap;

	va_start(ap, format);
	complain_of(errors, index->accounts[a->number], a->file, key, format,
	    ap);
	va_end(ap);
}
