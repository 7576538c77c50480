/*
 * apikeys: lines <-> a table of keys.
 */
#include "apikeys.h"

#include <stdlib.h>
#include <string.h>

#include "mem.h"

#define LETTERS		"ABCDEFGHIJKLMNOPQRSTUVWXYZ" \
			"abcdefghijklmnopqrstuvwxyz"
#define DIGITS		"0123456789"
#define ID_BYTES	LETTERS DIGITS "_"
#define SECRET_BYTES	LETTERS DIGITS "+/=_.-"
#define NAME_BYTES	LETTERS DIGITS "._@+-"
#define PATTERN_BYTES	LETTERS DIGITS "_-*"

/* --- one line ------------------------------------------------------------- */

static bool
is_made_of(const char *word, const char *bytes, size_t min, size_t max)
{
	size_t	 len = strlen(word);

	return len >= min && len <= max && strspn(word, bytes) == len;
}

static const char *
check_action(const char *action)
{
	static const char *const	 actions[] = {
		"lambda:InvokeFunction", "lambda:InvokeFunctionUrl",
		"lambda:InvokeAsync", "lambda:*", "*",
	};
	size_t				 i;

	for (i = 0; i < sizeof(actions) / sizeof(actions[0]); i++)
		if (strcmp(action, actions[i]) == 0)
			return NULL;
	return "of an action other than lambda:InvokeFunction or lambda:*";
}

/* ACTION:PATTERN, the last colon between them. */
static const char *
parse_grant(struct arena *arena, const char *word, struct apikey_grant *grant)
{
	const char	*colon = strrchr(word, ':');

	if (colon == NULL)
		return "not KEYID SECRET NAME ACTION:PATTERN...";
	grant->action = arena_strndup(arena, word, (size_t)(colon - word));
	grant->pattern = arena_strdup(arena, colon + 1);
	if (!is_made_of(grant->pattern, PATTERN_BYTES, 1, APIKEY_PATTERN_MAX))
		return "of a pattern with other bytes than A-Z a-z 0-9 _ - *";
	return check_action(grant->action);
}

static const char *
check_words(const struct word_list *words)
{
	if (words->count < 4)
		return "not KEYID SECRET NAME ACTION:PATTERN...";
	if (!is_made_of(words->words[0], ID_BYTES, 1, APIKEY_ID_MAX))
		return "of an id with other bytes than A-Z a-z 0-9 _";
	if (!is_made_of(words->words[1], SECRET_BYTES, APIKEY_SECRET_MIN,
	    APIKEY_SECRET_MAX))
		return "of a secret that is not 16 to 128 of A-Z a-z 0-9 "
		    "+ / = _ . -";
	if (!is_made_of(words->words[2], NAME_BYTES, 1, APIKEY_NAME_MAX))
		return "of a name with other bytes than A-Z a-z 0-9 . _ @ + -";
	return NULL;
}

const char *
apikey_parse(struct arena *arena, const char *line, struct apikey *key)
{
	struct word_list	 words;
	const char		*why;
	size_t			 i;

	memset(key, 0, sizeof(*key));
	if ((why = words_parse(arena, line, &words)) != NULL ||
	    (why = check_words(&words)) != NULL)
		return why;
	key->id = words.words[0];
	key->secret = words.words[1];
	key->name = words.words[2];
	key->grants = arena_calloc(arena, words.count - 3,
	    sizeof(*key->grants));
	for (i = 3; i < words.count; i++) {
		why = parse_grant(arena, words.words[i],
		    &key->grants[key->grant_count++]);
		if (why != NULL)
			return why;
	}
	return NULL;
}

/* --- a file --------------------------------------------------------------- */

/* Where each stands, to say which one comes again. */
struct numbered {
	struct apikey	 key;
	unsigned	 line;
};

static int
compare_numbered(const void *a, const void *b)
{
	const struct numbered	*x = a, *y = b;
	int			 order = strcmp(x->key.id, y->key.id);

	return order != 0 ? order : x->line < y->line ? -1 : 1;
}

static size_t
count_lines(const char *text)
{
	size_t	 n = 1;

	for (; (text = strchr(text, '\n')) != NULL; text++)
		n++;
	return n;
}

void
apikeys_read(struct arena *arena, char *text, struct apikeys *all,
    void (*on_error)(void *arg, unsigned line, const char *why), void *arg)
{
	struct numbered	*found;
	const char	*why;
	char		*line;
	size_t		 lines = count_lines(text), count = 0, i;
	unsigned	 number = 0;

	found = xcalloc(lines, sizeof(*found));
	while ((line = strsep(&text, "\n")) != NULL) {
		number++;
		line[strcspn(line, "\r")] = '\0';
		line += strspn(line, " \t");
		if (*line == '\0' || *line == '#')
			continue;
		why = apikey_parse(arena, line, &found[count].key);
		if (why != NULL)
			on_error(arg, number, why);
		else
			found[count++].line = number;
	}
	if (count > 0)
		qsort(found, count, sizeof(*found), compare_numbered);
	all->count = 0;
	all->list = arena_calloc(arena, count, sizeof(*all->list));
	for (i = 0; i < count; i++)
		if (i > 0 && strcmp(found[i - 1].key.id, found[i].key.id) == 0)
			on_error(arg, found[i].line,
			    "of an id that was there before");
		else
			all->list[all->count++] = found[i].key;
	free(found);
}

/* --- the table ------------------------------------------------------------ */

static int
compare_id(const void *id, const void *entry)
{
	return strcmp(id, ((const struct apikey *)entry)->id);
}

const struct apikey *
apikeys_find(const struct apikeys *all, const char *id)
{
	if (all->count == 0)
		return NULL;
	return bsearch(id, all->list, all->count, sizeof(*all->list),
	    compare_id);
}

/* Each * stands for any text; where the last one gave up it takes more. */
static bool
fits(const char *pattern, const char *text)
{
	const char	*star = NULL, *from = NULL;

	while (*text != '\0') {
		if (*pattern == '*') {
			star = ++pattern;
			from = text;
		} else if (*pattern == *text) {
			pattern++;
			text++;
		} else if (star != NULL) {
			pattern = star;
			text = ++from;
		} else
			return false;
	}
	return pattern[strspn(pattern, "*")] == '\0';
}

bool
apikey_permits(const struct apikey *key, const char *action,
    const char *function)
{
	size_t	 i;

	for (i = 0; i < key->grant_count; i++)
		if (fits(key->grants[i].action, action) &&
		    fits(key->grants[i].pattern, function))
			return true;
	return false;
}

static struct apikey *
add_key(struct arena *arena, struct apikeys *all)
{
	all->list = arena_grow(arena, all->list, all->count,
	    sizeof(*all->list));
	return &all->list[all->count++];
}

const char *
set_apikey(struct arena *arena, void *field, const char *value,
    const struct setting *setting)
{
	struct apikeys	*all = field;
	struct apikey	 key;
	const char	*why;

	(void)setting;
	if (*value == '\0')
		return NULL;
	if ((why = apikey_parse(arena, value, &key)) != NULL)
		return why;
	if (all->count > 0 &&
	    strcmp(key.id, all->list[all->count - 1].id) <= 0)
		return "out of order";
	*add_key(arena, all) = key;
	return NULL;
}

void
apikey_print(FILE *out, const struct apikey *key)
{
	size_t	 i;

	fprintf(out, "%s %s %s", key->id, key->secret, key->name);
	for (i = 0; i < key->grant_count; i++)
		fprintf(out, " %s:%s", key->grants[i].action,
		    key->grants[i].pattern);
}
