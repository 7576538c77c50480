/*
 * pattern: the regexes of routes, on PCRE2.
 */
#include "pattern.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"

struct pattern {
	struct pattern	*next;
	struct patterns	*set;
	pcre2_code	*code;
	const char	**names;	/* of groups, each once */
	size_t		 name_count;
	bool		 is_used;	/* machine code has been asked for */
};

struct patterns {
	struct pattern		*list;
	uint32_t		 groups;	/* the most of any pattern */
	pcre2_match_context	*limits;
	pcre2_match_data	*found;		/* for so many, or NULL yet */
};

struct patterns *
patterns_create(void)
{
	struct patterns	*set;

	set = xcalloc(1, sizeof(*set));
	if ((set->limits = pcre2_match_context_create(NULL)) == NULL)
		abort();	/* out of memory */
	pcre2_set_match_limit(set->limits, PATTERN_MATCH_LIMIT);
	return set;
}

void
patterns_free(struct patterns *set)
{
	struct pattern	*p, *next;

	if (set == NULL)
		return;
	for (p = set->list; p != NULL; p = next) {
		next = p->next;
		pcre2_code_free(p->code);
		free(p->names);
		free(p);
	}
	pcre2_match_data_free(set->found);
	pcre2_match_context_free(set->limits);
	free(set);
}

/*
 * An entry of PCRE2's name table is the group's number in two bytes and its
 * name.  Entries are sorted, so a name that (?J) let stand twice is adjacent.
 */
static void
collect_names(struct pattern *p)
{
	PCRE2_SPTR	 table;
	uint32_t	 count, size, i;
	const char	*name;

	pcre2_pattern_info(p->code, PCRE2_INFO_NAMECOUNT, &count);
	pcre2_pattern_info(p->code, PCRE2_INFO_NAMEENTRYSIZE, &size);
	pcre2_pattern_info(p->code, PCRE2_INFO_NAMETABLE, &table);
	if (count == 0)
		return;
	p->names = xcalloc(count, sizeof(*p->names));
	for (i = 0; i < count; i++, table += size) {
		name = (const char *)table + 2;
		if (p->name_count == 0 ||
		    strcmp(p->names[p->name_count - 1], name) != 0)
			p->names[p->name_count++] = name;
	}
}

struct pattern *
patterns_add(struct patterns *set, const char *text, char *why, size_t room)
{
	PCRE2_UCHAR	 words[128];
	struct pattern	*p;
	pcre2_code	*code;
	PCRE2_SIZE	 offset;
	uint32_t	 groups;
	int		 error;

	code = pcre2_compile((PCRE2_SPTR)text, PCRE2_ZERO_TERMINATED,
	    PCRE2_DOTALL | PCRE2_DOLLAR_ENDONLY, &error, &offset, NULL);
	if (code == NULL) {
		pcre2_get_error_message(error, words, sizeof(words));
		snprintf(why, room, "at offset %zu: %s", offset,
		    (const char *)words);
		return NULL;
	}
	p = xcalloc(1, sizeof(*p));
	p->set = set;
	p->code = code;
	p->next = set->list;
	set->list = p;
	collect_names(p);
	pcre2_pattern_info(code, PCRE2_INFO_CAPTURECOUNT, &groups);
	if (groups > set->groups) {
		set->groups = groups;
		pcre2_match_data_free(set->found);
		set->found = NULL;
	}
	return p;
}

/* --- what a regex begins with ------------------------------------------- */

/*
 * Step over a class, from behind its bracket to behind its closing one; a
 * bracket that comes first, or ends [:alpha:] and the like, does not close it.
 */
static const char *
skip_class(const char *s)
{
	const char	*end;

	if (*s == '^')
		s++;
	if (*s == ']')
		s++;
	for (; *s != '\0' && *s != ']'; s++) {
		if (*s == '\\' && s[1] != '\0')
			s++;
		else if (*s == '[' && s[1] == ':' &&
		    (end = strchr(s + 2, ']')) != NULL &&
		    end > s + 2 && end[-1] == ':')
			s = end;
	}
	return *s == ']' ? s + 1 : s;
}

/*
 * Has the regex branches that are in no group?  Then what the first begins
 * with says nothing of the others.  True also where that is hard to say:
 * quotes, comments, callouts may hold parentheses that are none.
 */
static bool
has_branches(const char *text)
{
	const char	*s = text;
	int		 depth = 0;

	if (strchr(text, '|') == NULL)
		return false;
	if (strchr(text, '#') != NULL || strstr(text, "(?C") != NULL)
		return true;
	while (*s != '\0') {
		if (*s == '\\') {
			if (s[1] == '\0' || strchr("QEc", s[1]) != NULL)
				return true;
			s += 2;
		} else if (*s == '[')
			s = skip_class(s + 1);
		else {
			if (*s == '|' && depth == 0)
				return true;
			depth += (*s == '(') - (*s == ')');
			s++;
		}
	}
	return false;
}

size_t
pattern_literal(const char *text, char *out)
{
	const char	*s;
	size_t		 len = 0;

	if (text[0] != '^' || has_branches(text))
		return 0;
	for (s = text + 1; *s != '\0'; s++) {
		if (strchr("?*{", *s) != NULL) {
			/* The byte before may come not at all. */
			return len > 0 ? len - 1 : 0;
		}
		if (*s == '\\') {
			/* A punctuation mark means itself; letters do not. */
			if (strchr("./-_~+*?()[]{}|^$\\", s[1]) == NULL ||
			    s[1] == '\0')
				break;
			s++;
		} else if (strchr("^$.[]()|+", *s) != NULL)
			break;
		out[len++] = *s;
	}
	return len;
}

/* --- matching ----------------------------------------------------------- */

static void
prepare(struct pattern *p)
{
	/*
	 * Where memory must not be both written and run this fails, with
	 * PCRE2_ERROR_NOMEMORY, and pcre2_match interprets.
	 */
	if (!p->is_used)
		(void)pcre2_jit_compile(p->code, PCRE2_JIT_COMPLETE);
	p->is_used = true;
	if (p->set->found == NULL && (p->set->found =
	    pcre2_match_data_create(p->set->groups + 1, NULL)) == NULL)
		abort();	/* out of memory */
}

enum pattern_verdict
pattern_match(struct pattern *p, const char *subject, size_t len)
{
	struct patterns	*set = p->set;
	int		 n;

	prepare(p);
	n = pcre2_match(p->code, (PCRE2_SPTR)subject, len, 0, 0, set->found,
	    set->limits);
	/* Machine code has the 32 KB of its stack, the interpreter the heap. */
	if (n == PCRE2_ERROR_JIT_STACKLIMIT)
		n = pcre2_match(p->code, (PCRE2_SPTR)subject, len, 0,
		    PCRE2_NO_JIT, set->found, set->limits);
	if (n == PCRE2_ERROR_MATCHLIMIT || n == PCRE2_ERROR_HEAPLIMIT)
		return PATTERN_TOO_COSTLY;
	return n > 0 ? PATTERN_FITS : PATTERN_FITS_NOT;
}

size_t
pattern_end(const struct pattern *p)
{
	return pcre2_get_ovector_pointer(p->set->found)[1];
}

bool
pattern_span(const struct pattern *p, const char *name, size_t *start,
    size_t *end)
{
	const PCRE2_SIZE	*offsets;
	PCRE2_SPTR		 entry, last;
	int			 size;
	unsigned		 group;

	offsets = pcre2_get_ovector_pointer(p->set->found);
	size = pcre2_substring_nametable_scan(p->code, (PCRE2_SPTR)name,
	    &entry, &last);
	if (size < 0)
		return false;
	for (; entry <= last; entry += size) {
		group = (unsigned)entry[0] << 8 | entry[1];
		if (offsets[2 * group] != PCRE2_UNSET) {
			*start = offsets[2 * group];
			*end = offsets[2 * group + 1];
			return true;
		}
	}
	return false;
}

const char *
pattern_name(const struct pattern *p, size_t i)
{
	return i < p->name_count ? p->names[i] : NULL;
}

bool
pattern_has_name(const struct pattern *p, const char *name)
{
	size_t	 i;

	for (i = 0; i < p->name_count; i++)
		if (strcmp(p->names[i], name) == 0)
			return true;
	return false;
}
