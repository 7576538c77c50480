/*
 * confine: [sandbox]'s words <-> typed values.
 */
#include "confine.h"

#include <string.h>

#include "mem.h"

#define LENGTH(array)	(sizeof(array) / sizeof((array)[0]))

#define DEFAULT_FILTER	"@default"
#define ABI_MAX		99
#define SANDBOX_CALLS_MAX	64	/* seccomp has room for them */

static const char *const levels[] = {
	[CONFINE_NONE] = "none",
	[CONFINE_STANDARD] = "standard",
	[CONFINE_STRICT] = "strict",
};
static const char *const networks[] = {
	[NETWORK_HOST] = "host",
	[NETWORK_LOOPBACK] = "loopback",
	[NETWORK_NONE] = "none",
};
static const char *const capabilities[CAPABILITIES] = {
	[CAPABILITY_LANDLOCK] = "landlock",
	[CAPABILITY_SECCOMP] = "seccomp",
	[CAPABILITY_NAMESPACES] = "namespaces",
	[CAPABILITY_USERNS] = "userns",
	[CAPABILITY_CGROUP] = "cgroup",
	[CAPABILITY_MEMORY] = "memory",
	[CAPABILITY_PIDS] = "pids",
	[CAPABILITY_CPU] = "cpu",
};

/* The word's number, or count. */
static size_t
find_word(const char *const *words, size_t count, const char *word)
{
	size_t	 i;

	for (i = 0; i < count; i++)
		if (strcmp(words[i], word) == 0)
			break;
	return i;
}

const char *
set_confinement(struct arena *arena, void *field, const char *value,
    const struct setting *setting)
{
	size_t	 i = find_word(levels, LENGTH(levels), value);

	(void)arena;
	(void)setting;
	if (i == LENGTH(levels))
		return "no level; expected strict, standard or none";
	*(enum confinement *)field = (enum confinement)i;
	return NULL;
}

void
print_confinement(FILE *out, const void *field, const struct setting *setting)
{
	(void)setting;
	fputs(confinement_name(*(const enum confinement *)field), out);
}

const char *
confinement_name(enum confinement level)
{
	return levels[level];
}

const char *
set_network(struct arena *arena, void *field, const char *value,
    const struct setting *setting)
{
	size_t	 i = find_word(networks, LENGTH(networks), value);

	(void)arena;
	(void)setting;
	if (i == LENGTH(networks))
		return "no such network; expected host, loopback or none";
	*(enum network *)field = (enum network)i;
	return NULL;
}

void
print_network(FILE *out, const void *field, const struct setting *setting)
{
	(void)setting;
	fputs(network_name(*(const enum network *)field), out);
}

const char *
network_name(enum network network)
{
	return networks[network];
}

/* --- lists -------------------------------------------------------------- */

/* The one that a row is of. */
static const struct word_list *
list_of(const void *field, const struct setting *setting)
{
	const struct sandbox_lists	*lists;

	lists = *(const struct sandbox_lists *const *)field;
	return (const struct word_list *)(const void *)
	    ((const char *)lists + setting->min);
}

/*
 * Put words in that list's place.  Whoever has none shares one struct of empty
 * lists, so the words go into a new one.
 */
static const char *
set_list(struct arena *arena, void *field, const struct word_list *words,
    const struct setting *setting)
{
	const struct sandbox_lists	**lists = field;
	struct sandbox_lists		 *own;
	size_t				  i, j;

	for (i = 1; i < words->count; i++)
		for (j = 0; j < i; j++)
			if (strcmp(words->words[i], words->words[j]) == 0)
				return "a list that holds a word twice";
	if (words->count == list_of(field, setting)->count &&
	    words->count == 0)
		return NULL;
	own = arena_alloc(arena, sizeof(*own));
	*own = **lists;
	memcpy((char *)own + setting->min, words, sizeof(*words));
	*lists = own;
	return NULL;
}

void
print_listed(FILE *out, const void *field, const struct setting *setting)
{
	words_print(out, list_of(field, setting));
}

/* Absolute, and of plain segments: so that one can be compared to another. */
static bool
is_plain_path(const char *path)
{
	size_t	 len;

	if (*path != '/')
		return false;
	if (path[1] == '\0')
		return true;
	for (; *path == '/'; path += len) {
		path++;
		len = strcspn(path, "/");
		if (len == 0 || (len <= 2 && strspn(path, ".") == len))
			return false;
	}
	return true;
}

const char *
set_paths(struct arena *arena, void *field, const char *value,
    const struct setting *setting)
{
	struct word_list	 list;
	const char		*why;
	size_t			 i;

	if ((why = words_parse(arena, value, &list)) != NULL)
		return why;
	if (list.count > SANDBOX_PATHS_MAX)
		return "a list of more than 32 paths";
	for (i = 0; i < list.count; i++)
		if (!is_plain_path(list.words[i]))
			return "a list with a word that is no absolute path; "
			    "expected /path /another ..., without . and .. "
			    "and a slash at the end";
	return set_list(arena, field, &list, setting);
}

static bool
is_call(const char *word)
{
	size_t	 n = strspn(word, "abcdefghijklmnopqrstuvwxyz0123456789_");

	return n > 0 && word[n] == '\0';
}

const char *
set_calls(struct arena *arena, void *field, const char *value,
    const struct setting *setting)
{
	struct word_list	 list;
	const char		*why;
	size_t			 i;

	/* Most say that, so it takes no memory. */
	if (strcmp(value, DEFAULT_FILTER) == 0)
		return set_list(arena, field, &(struct word_list){ NULL, 0 },
		    setting);
	if ((why = words_parse(arena, value, &list)) != NULL)
		return why;
	if (list.count == 0 || strcmp(list.words[0], DEFAULT_FILTER) != 0)
		return "no filter; expected @default, then names of system "
		    "calls to be allowed as well";
	list.words++;
	list.count--;
	if (list.count > SANDBOX_CALLS_MAX)
		return "a list of more than 64 system calls";
	for (i = 0; i < list.count; i++)
		if (!is_call(list.words[i]))
			return "a list with a word that is no name of a "
			    "system call";
	return set_list(arena, field, &list, setting);
}

void
print_calls(FILE *out, const void *field, const struct setting *setting)
{
	const struct word_list	*list = list_of(field, setting);

	fputs(DEFAULT_FILTER, out);
	if (list->count > 0) {
		putc(' ', out);
		words_print(out, list);
	}
}

/* --- require ------------------------------------------------------------ */

/* A number of one or two digits, at least 1; 0 if it is none. */
static unsigned
read_abi(const char *s)
{
	unsigned	 n = 0;

	if (*s == '\0' || s[strspn(s, "0123456789")] != '\0')
		return 0;
	for (; *s != '\0' && n <= ABI_MAX; s++)
		n = n * 10 + (unsigned)(*s - '0');
	return n > ABI_MAX ? 0 : n;
}

bool
requirement_parse(const char *word, struct requirement *r)
{
	static const char	 abi[] = "landlock>=";
	size_t			 i;

	if (strncmp(word, abi, sizeof(abi) - 1) == 0) {
		r->capability = CAPABILITY_LANDLOCK;
		r->least = read_abi(word + sizeof(abi) - 1);
		return r->least > 0;
	}
	i = find_word(capabilities, CAPABILITIES, word);
	r->capability = (enum capability)i;
	r->least = 1;
	return i < CAPABILITIES;
}

const char *
capability_name(enum capability capability)
{
	return capabilities[capability];
}

const char *
set_require(struct arena *arena, void *field, const char *value,
    const struct setting *setting)
{
	struct word_list	 list;
	struct requirement	 unused;
	const char		*why;
	size_t			 i;

	if ((why = words_parse(arena, value, &list)) != NULL)
		return why;
	for (i = 0; i < list.count; i++)
		if (!requirement_parse(list.words[i], &unused))
			return "a list with an unknown word; expected "
			    "landlock, landlock>=2, seccomp, namespaces, "
			    "userns, cgroup, memory, pids or cpu";
	return set_list(arena, field, &list, setting);
}
