/*
 * lint: finds in an ini file what iniparser would pass over in silence.
 */
#include "lint.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "config.h"
#include "mem.h"

/* The walk over one file. */
struct walk {
	struct lint		*lint;
	struct arena		*arena;
	const char		*file;
	enum keys_file		 kind;
	struct config_errors	*errors;

	const char		*at;		/* what is not read yet */
	const char		*end;
	unsigned		 line;		/* number of the line at at */

	/* The logical line: physical ones joined by a \ at their end. */
	char			 text[LINT_LINE_MAX + 2];
	size_t			 len;
	unsigned		 first;		/* its first line's number */

	const char		*section;	/* NULL: none yet */
	bool			 is_skipped;	/* keys of an unknown section */
	struct {
		const char	*name;
		unsigned	 line;
	}			 sections[LINT_SECTIONS_MAX];
	size_t			 section_count;
};

#define WRONG(w, ...)	wrong((w), (w)->first, __VA_ARGS__)

static bool __attribute__((format(printf, 3, 4)))
wrong(struct walk *w, unsigned line, const char *format, ...)
{
	va_list	 ap;
	char	 words[LINT_LINE_MAX];

	va_start(ap, format);
	vsnprintf(words, sizeof(words), format, ap);
	va_end(ap);
	config_errors_add(w->errors, "%s:%u: %s", w->file, line, words);
	return false;
}

/* --- joining -------------------------------------------------------------- */

static bool
is_comment(const char *s, size_t len)
{
	while (len > 0 && isspace((unsigned char)*s)) {
		s++;
		len--;
	}
	return len > 0 && (*s == '#' || *s == ';');
}

/*
 * Append one physical line to w->text, trailing blanks off, as iniparser does.
 * Returns false if it must not be read.
 */
static bool
append_line(struct walk *w, const char *line, size_t len)
{
	if (memchr(line, '\0', len) != NULL)
		return wrong(w, w->line, "a NUL byte, where text was expected");
	if (w->len + len > LINT_LINE_MAX)
		return wrong(w, w->line, "a line of more than %d bytes, which "
		    "iniparser cannot read; expected less, as in several "
		    "[route NAME] sections", LINT_LINE_MAX);
	memcpy(w->text + w->len, line, len);
	w->len += len;
	while (w->len > 0 && isspace((unsigned char)w->text[w->len - 1]))
		w->len--;
	w->text[w->len] = '\0';
	return true;
}

/*
 * Read the next logical line.  Returns false if it is bad, which has been said.
 */
static bool
next_line(struct walk *w)
{
	const char	*newline;
	size_t		 len;
	bool		 is_good;

	w->first = w->line;
	w->len = 0;
	for (;;) {
		newline = memchr(w->at, '\n', (size_t)(w->end - w->at));
		len = (size_t)((newline == NULL ? w->end : newline) - w->at);
		is_good = append_line(w, w->at, len);
		if (is_good && w->len > 0 && w->text[w->len - 1] == '\\' &&
		    is_comment(w->at, len))
			is_good = WRONG(w, "a comment that ends in a "
			    "backslash, which joins the next line to it");
		w->at += len + (newline != NULL);
		w->line++;
		if (!is_good || w->len == 0 || w->text[w->len - 1] != '\\')
			return is_good;
		if (w->at == w->end)
			return WRONG(w, "a backslash that joins this line to "
			    "the next, but there is none");
		w->text[--w->len] = '\0';
	}
}

/* --- sections ------------------------------------------------------------- */

/* Lower case, in the arena; blanks at both ends off. */
static char *
tidy_name(struct walk *w, const char *s, size_t len)
{
	char	*name;
	size_t	 i;

	while (len > 0 && isspace((unsigned char)*s)) {
		s++;
		len--;
	}
	while (len > 0 && isspace((unsigned char)s[len - 1]))
		len--;
	name = arena_strndup(w->arena, s, len);
	for (i = 0; i < len; i++)
		name[i] = (char)tolower((unsigned char)name[i]);
	return name;
}

static bool
is_name(const char *s, const char *also)
{
	if (*s == '\0')
		return false;
	for (; *s != '\0'; s++)
		if (!isalnum((unsigned char)*s) && strchr(also, *s) == NULL)
			return false;
	return true;
}

/* [name] */
static bool
take_section(struct walk *w, const char *text, size_t len)
{
	const char	*close;
	char		*name;
	size_t		 i;

	w->section = "";
	w->is_skipped = true;
	if ((close = memchr(text, ']', len)) == NULL)
		return WRONG(w, "a [ without its ]; expected [section]");
	if (close != text + len - 1)
		return WRONG(w, "text behind [section]; expected a line of its "
		    "own");
	name = tidy_name(w, text + 1, len - 2);
	if (!is_name(name, "_- "))
		return WRONG(w, "a section's name of more than letters, "
		    "digits, blanks, _ and -");
	if (!keys_has_section(w->kind, name))
		return WRONG(w, "[%s]: there is no such section; expected %s",
		    name, keys_sections(w->kind));
	for (i = 0; i < w->section_count; i++)
		if (strcmp(w->sections[i].name, name) == 0) {
			WRONG(w, "[%s]: comes again; expected once, it stands "
			    "in line %u already", name, w->sections[i].line);
			w->is_skipped = false;
			w->section = w->sections[i].name;
			return true;	/* or its keys would be another's */
		}
	if (w->section_count == LINT_SECTIONS_MAX)
		return WRONG(w, "[%s]: too many sections; expected %d at most",
		    name, LINT_SECTIONS_MAX);
	w->sections[w->section_count].name = name;
	w->sections[w->section_count++].line = w->first;
	w->lint->sections++;
	w->section = name;
	w->is_skipped = false;
	return true;
}

/* --- keys and values ------------------------------------------------------ */

/* "..." or '...', then nothing but a comment. */
static const char *
quoted_value(struct walk *w, const char *s, const char **value)
{
	const char	*close, *rest;

	if ((close = strchr(s + 1, *s)) == NULL)
		return "a quote that is not closed";
	for (rest = close + 1; isspace((unsigned char)*rest); rest++)
		continue;
	if (*rest != '\0' && *rest != '#' && *rest != ';')
		return "text behind the closing quote, which would be lost; "
		    "expected the whole in the other kind of quotes";
	*value = arena_strndup(w->arena, s + 1, (size_t)(close - s - 1));
	return NULL;
}

/* Up to a # or ; which begins a comment, and only there. */
static const char *
bare_value(struct walk *w, const char *s, bool is_regex, const char **value)
{
	const char	*end;
	char		 quote = '\0';

	for (end = s; *end != '\0'; end++) {
		if (quote != '\0' ? *end == quote : *end == '"' || *end == '\'')
			quote = quote != '\0' ? '\0' : *end;
		if (*end != '#' && *end != ';')
			continue;
		if (quote != '\0' ||
		    (end > s && (is_regex || !isspace((unsigned char)end[-1]))))
			return "a # or ; that cuts the value short; expected "
			    "the whole of it in quotes, or a blank before a "
			    "comment";
		break;
	}
	while (end > s && isspace((unsigned char)end[-1]))
		end--;
	*value = arena_strndup(w->arena, s, (size_t)(end - s));
	return NULL;
}

static bool
has_control(const char *s)
{
	for (; *s != '\0'; s++)
		if (((unsigned char)*s < ' ' && *s != '\t') || *s == 0x7f)
			return true;
	return false;
}

/* Has the section this key already?  Says so. */
static bool
is_repeated(struct walk *w, const char *key)
{
	const struct lint_entry	*e;
	size_t			 i;

	for (i = 0; i < w->lint->count; i++) {
		e = &w->lint->entries[i];
		if (strcmp(e->key, key) == 0 && e->section == w->section)
			return !WRONG(w, "[%s] %s: comes again; expected once, "
			    "it stands in line %u already", w->section, key,
			    e->line);
	}
	return false;
}

static void
add_entry(struct walk *w, const char *key, const char *value)
{
	struct lint		*lint = w->lint;
	struct lint_entry	*more;

	/* Room for a power of two of them. */
	if ((lint->count & (lint->count - 1)) == 0) {
		more = arena_calloc(w->arena,
		    lint->count == 0 ? 1 : lint->count * 2, sizeof(*more));
		if (lint->count > 0)
			memcpy(more, lint->entries,
			    lint->count * sizeof(*more));
		lint->entries = more;
	}
	more = &lint->entries[lint->count++];
	more->line = w->first;
	more->section = w->section;
	more->key = key;
	more->value = value;
}

/* key = value */
static bool
take_key(struct walk *w, const char *text)
{
	const char	*equals, *s, *value, *why;
	char		*key;

	if ((equals = strchr(text, '=')) == NULL)
		return WRONG(w, "neither [section] nor key = value nor a "
		    "comment");
	key = tidy_name(w, text, (size_t)(equals - text));
	if (!is_name(key, "_"))
		return WRONG(w, "no name of a key before the =; expected "
		    "letters and _");
	if (w->section == NULL)
		return WRONG(w, "%s: stands before the first section; expected "
		    "[%s] above it", key, keys_first_section(w->kind));
	if (w->is_skipped)
		return false;
	if (is_repeated(w, key))
		return false;
	for (s = equals + 1; isspace((unsigned char)*s); s++)
		continue;
	why = *s == '"' || *s == '\'' ? quoted_value(w, s, &value) :
	    bare_value(w, s, strcmp(key, "regex") == 0, &value);
	if (why == NULL && has_control(value))
		why = "a control byte in the value";
	if (why != NULL)
		return WRONG(w, "[%s] %s: %s", w->section, key, why);
	if (w->lint->count == LINT_ENTRIES_MAX)
		return WRONG(w, "too many settings; expected %d at most",
		    LINT_ENTRIES_MAX);
	add_entry(w, key, value);
	return true;
}

static bool
take_line(struct walk *w)
{
	const char	*text = w->text;

	while (isspace((unsigned char)*text))
		text++;
	if (*text == '\0' || *text == '#' || *text == ';')
		return true;
	if (strncmp(text, "\xef\xbb\xbf", 3) == 0)
		return WRONG(w, "a byte order mark; expected UTF-8 without");
	if (*text == '[')
		return take_section(w, text,
		    (size_t)(w->text + w->len - text));
	return take_key(w, text);
}

void
lint_text(struct lint *lint, struct arena *arena, const char *file,
    enum keys_file kind, const char *text, size_t len,
    struct config_errors *errors)
{
	struct walk	 w;
	const char	*start;

	memset(lint, 0, sizeof(*lint));
	lint->clean = arena_alloc(arena, len + 1);
	memset(&w, 0, offsetof(struct walk, sections));
	w.section_count = 0;
	w.lint = lint;
	w.arena = arena;
	w.file = file;
	w.kind = kind;
	w.errors = errors;
	w.at = text;
	w.end = text + len;
	w.line = 1;
	while (w.at < w.end) {
		start = w.at;
		if (!next_line(&w) || !take_line(&w))
			continue;
		memcpy(lint->clean + lint->clean_len, start,
		    (size_t)(w.at - start));
		lint->clean_len += (size_t)(w.at - start);
	}
	/* iniparser passes over a last line of one byte without newline. */
	if (lint->clean_len > 0 && lint->clean[lint->clean_len - 1] != '\n')
		lint->clean[lint->clean_len++] = '\n';
}
