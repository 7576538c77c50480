/*
 * credentials: NAME:HASH lines <-> tables of names.
 */
#include "credentials.h"

#include <stdlib.h>
#include <string.h>

#include "mem.h"

#define LENGTH(array)	(sizeof(array) / sizeof((array)[0]))

#define SHA256_PREFIX	"$sha256$"
#define ITOA64		"./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ" \
			"abcdefghijklmnopqrstuvwxyz"
#define NAME_BYTES	"ABCDEFGHIJKLMNOPQRSTUVWXYZ" \
			"abcdefghijklmnopqrstuvwxyz0123456789._@+-"

/* What crypt(5) has that is not weak, and how many bytes its hash takes. */
static const struct {
	const char	*prefix;
	size_t		 hash_len;
} methods[] = {
	{ "$y$",	43 },		/* yescrypt */
	{ "$gy$",	43 },		/* the same, with GOST */
	{ "$7$",	43 },		/* scrypt */
	{ "$2a$",	53 },		/* bcrypt, salt included */
	{ "$2b$",	53 },
	{ "$2y$",	53 },
	{ "$6$",	86 },		/* SHA-512 */
	{ "$5$",	43 },		/* SHA-256 */
};

/* --- one line ----------------------------------------------------------- */

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static const char *
parse_key(const char *hex, uint8_t key[CREDENTIAL_KEY_LEN])
{
	static const char	 wrong[] = "not $sha256$ and 64 hex digits";
	int			 high, low;
	size_t			 i;

	for (i = 0; i < CREDENTIAL_KEY_LEN; i++) {
		if ((high = hex_digit(hex[2 * i])) == -1 ||
		    (low = hex_digit(hex[2 * i + 1])) == -1)
			return wrong;
		key[i] = (uint8_t)(high << 4 | low);
	}
	return hex[2 * CREDENTIAL_KEY_LEN] == '\0' ? NULL : wrong;
}

/* Anything else crypt(3) would take as well, but no password should be so. */
static const char *
check_password(const char *hash)
{
	const char	*last = strrchr(hash, '$');
	size_t		 i;

	if (strlen(hash) > CREDENTIAL_HASH_MAX)
		return "too long a hash";
	for (i = 0; i < LENGTH(methods); i++)
		if (strncmp(hash, methods[i].prefix,
		    strlen(methods[i].prefix)) == 0)
			break;
	if (i == LENGTH(methods))
		return "neither $sha256$ and hex digits nor a hash as "
		    "\"mkpasswd -m yescrypt\" makes it";
	if (hash[strspn(hash, ITOA64 "$,=")] != '\0' ||
	    strspn(last + 1, ITOA64) != methods[i].hash_len)
		return "a hash that is not whole";
	return NULL;
}

static const char *
parse_hash(struct credential *c, const char *hash)
{
	size_t	 len = strlen(SHA256_PREFIX);

	if (strncmp(hash, SHA256_PREFIX, len) == 0) {
		c->kind = CREDENTIAL_KEY;
		return parse_key(hash + len, c->key);
	}
	c->kind = CREDENTIAL_PASSWORD;
	return check_password(hash);
}

const char *
credential_parse(struct arena *arena, const char *line, struct credential *c)
{
	size_t		 len = strspn(line, NAME_BYTES);
	const char	*why;

	memset(c, 0, sizeof(*c));
	if (line[len] != ':')
		return strchr(line, ':') == NULL ? "not NAME:HASH" :
		    "a name with other bytes than A-Z a-z 0-9 . _ @ + -";
	if (len == 0 || len > CREDENTIAL_NAME_MAX)
		return "a name of no or too many bytes";
	if ((why = parse_hash(c, line + len + 1)) != NULL)
		return why;
	c->name = arena_strndup(arena, line, len);
	c->hash = arena_strdup(arena, line + len + 1);
	return NULL;
}

/* --- a file ------------------------------------------------------------- */

static int
compare_names(const void *a, const void *b)
{
	const struct credential	*x = a, *y = b;

	return strcmp(x->name, y->name);
}

static int
compare_keys(const void *a, const void *b)
{
	const struct credential	*const *x = a, *const *y = b;

	return memcmp((*x)->key, (*y)->key, CREDENTIAL_KEY_LEN);
}

static void
sort(struct arena *arena, struct credentials *all)
{
	size_t	 i, keys = 0;

	memset(all->kinds, 0, sizeof(all->kinds));
	all->by_key = NULL;
	if (all->count == 0)
		return;
	qsort(all->list, all->count, sizeof(*all->list), compare_names);
	all->by_key = arena_calloc(arena, all->count, sizeof(*all->by_key));
	for (i = 0; i < all->count; i++) {
		all->kinds[all->list[i].kind]++;
		if (all->list[i].kind == CREDENTIAL_KEY)
			all->by_key[keys++] = &all->list[i];
	}
	qsort(all->by_key, keys, sizeof(*all->by_key), compare_keys);
}

/* Is a name there twice, once they are sorted? */
static bool
has_double(const struct credentials *all)
{
	size_t	 i;

	for (i = 1; i < all->count; i++)
		if (strcmp(all->list[i - 1].name, all->list[i].name) == 0)
			return true;
	return false;
}

static size_t
count_lines(const char *text)
{
	size_t	 n = 1;

	for (; (text = strchr(text, '\n')) != NULL; text++)
		n++;
	return n;
}

static void
trim(char *line)
{
	size_t	 len = strlen(line);

	while (len > 0 && strchr(" \t\r", line[len - 1]) != NULL)
		line[--len] = '\0';
}

/* Where each name stands, to say which one comes again. */
struct place {
	const char	*name;
	unsigned	 line;
};

static int
compare_places(const void *a, const void *b)
{
	const struct place	*x = a, *y = b;
	int			 order = strcmp(x->name, y->name);

	return order != 0 ? order : x->line < y->line ? -1 : 1;
}

static void
find_doubles(struct place *places, size_t count,
    void (*on_error)(void *arg, unsigned line, const char *why), void *arg)
{
	size_t	 i;

	if (count > 0)
		qsort(places, count, sizeof(*places), compare_places);
	for (i = 1; i < count; i++)
		if (strcmp(places[i - 1].name, places[i].name) == 0)
			on_error(arg, places[i].line,
			    "a name that was there before");
}

void
credentials_read(struct arena *arena, char *text, struct credentials *all,
    void (*on_error)(void *arg, unsigned line, const char *why), void *arg)
{
	struct place	*places;
	const char	*why;
	char		*line;
	size_t		 lines = count_lines(text);
	unsigned	 number = 0;

	all->count = 0;
	all->list = arena_calloc(arena, lines, sizeof(*all->list));
	places = xcalloc(lines, sizeof(*places));
	while ((line = strsep(&text, "\n")) != NULL) {
		number++;
		trim(line);
		if (*line == '\0' || *line == '#')
			continue;
		why = credential_parse(arena, line, &all->list[all->count]);
		if (why != NULL) {
			on_error(arg, number, why);
			continue;
		}
		places[all->count].name = all->list[all->count].name;
		places[all->count++].line = number;
	}
	find_doubles(places, all->count, on_error, arg);
	free(places);
	sort(arena, all);
}

/* --- files -------------------------------------------------------------- */

static int
compare_file(const void *path, const void *entry)
{
	return strcmp(path, ((const struct credentials *)entry)->file);
}

const struct credentials *
credentials_find(const struct credential_files *files, const char *file)
{
	if (files->count == 0)
		return NULL;
	return bsearch(file, files->list, files->count, sizeof(*files->list),
	    compare_file);
}

static int
compare_name(const void *name, const void *entry)
{
	return strcmp(name, ((const struct credential *)entry)->name);
}

const struct credential *
credential_find(const struct credentials *all, const char *name)
{
	if (all->count == 0)
		return NULL;
	return bsearch(name, all->list, all->count, sizeof(*all->list),
	    compare_name);
}

static int
compare_key(const void *key, const void *entry)
{
	const struct credential	*const *c = entry;

	return memcmp(key, (*c)->key, CREDENTIAL_KEY_LEN);
}

const struct credential *
credential_find_key(const struct credentials *all,
    const uint8_t key[CREDENTIAL_KEY_LEN])
{
	const struct credential	**found;

	if (all->kinds[CREDENTIAL_KEY] == 0)
		return NULL;
	found = bsearch(key, all->by_key, all->kinds[CREDENTIAL_KEY],
	    sizeof(*all->by_key), compare_key);
	return found != NULL ? *found : NULL;
}

static struct credentials *
add_file(struct arena *arena, struct credential_files *files)
{
	files->list = arena_grow(arena, files->list, files->count,
	    sizeof(*files->list));
	return &files->list[files->count++];
}

const char *
set_credentials(struct arena *arena, void *field, const char *value,
    const struct setting *setting)
{
	struct credential_files	*files = field;
	struct credentials	*all;
	struct word_list	 words;
	const char		*why;

	(void)setting;
	if ((why = words_parse(arena, value, &words)) != NULL ||
	    words.count == 0)
		return why;
	if (files->count > 0 && strcmp(words.words[0],
	    files->list[files->count - 1].file) <= 0)
		return "out of order";
	all = add_file(arena, files);
	all->file = words.words[0];
	all->list = arena_calloc(arena, words.count, sizeof(*all->list));
	for (all->count = 0; all->count + 1 < words.count; all->count++)
		if ((why = credential_parse(arena,
		    words.words[all->count + 1], &all->list[all->count])) !=
		    NULL)
			return why;
	sort(arena, all);
	return has_double(all) ? "a list with a name twice" : NULL;
}

void
credentials_print(FILE *out, const struct credentials *all)
{
	const struct word_list	 file = { (const char **)&all->file, 1 };
	size_t			 i;

	words_print(out, &file);
	for (i = 0; i < all->count; i++)
		fprintf(out, " %s:%s", all->list[i].name, all->list[i].hash);
}
