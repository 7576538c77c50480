/*
 * variables: the variables of a request, and which of them may pass.
 *
 * Every request brings some 25 and may bring 10,000, named by whoever sent it;
 * so they are found by a hash that nobody outside can aim at, and copied once.
 */
#include "cgi.h"

#include <string.h>
#include <strings.h>
#include <sys/auxv.h>

#include "mem.h"

#define FIRST_SIZE	32		/* room for so many at first */
#define LENGTH_MAX	0x3fffffff	/* of a name, of a value, even joined */
#define HASH_PRIME	0x7fffffff	/* 2^31 - 1 */
#define HASH_POINTS	0x40000000

/* A text known here, with its length. */
struct word {
	const char	*s;
	size_t		 len;
};
#define WORD(s)	{ s, sizeof(s) - 1 }

/* --- the hash ----------------------------------------------------------- */

/*
 * The name's bytes as a polynomial modulo a prime, at a point that is the key:
 * two names of n bytes, however they were chosen, meet at n points at most.
 * No point is above 2^30, so h stays below 2^32 with one step of reduction.
 */
static uint32_t
hash_name(uint32_t key, const char *name, size_t len)
{
	uint64_t	 h = 0;
	size_t		 i;

	for (i = 0; i < len; i++) {
		h = h * key + (uint8_t)name[i];
		h = (h & HASH_PRIME) + (h >> 31);
	}
	return (uint32_t)h;
}

/* The kernel gives each process random bytes: no system call is needed. */
static uint32_t
make_key(void)
{
	const void	*random;
	uint32_t	 key = 0;

	random = (const void *)getauxval(AT_RANDOM);
	if (random != NULL)
		memcpy(&key, random, sizeof(key));
	return key % (HASH_POINTS - 2) + 2;
}

/* The slot of a name: its own, or the free one where it belongs. */
static uint32_t *
find_slot(const struct variables *v, const char *name, size_t len,
    uint32_t hash)
{
	const struct variable	*var;
	size_t			 mask = v->index_size - 1, at;

	for (at = hash & mask; v->index[at] != 0; at = (at + 1) & mask) {
		var = &v->list[v->index[at] - 1];
		if (var->hash == hash && var->name_len == len &&
		    memcmp(var->name, name, len) == 0)
			break;
	}
	return &v->index[at];
}

static struct variable *
find(const struct variables *v, const char *name)
{
	uint32_t	 i;
	size_t		 len = strlen(name);

	i = *find_slot(v, name, len, hash_name(v->key, name, len));
	return i != 0 ? &v->list[i - 1] : NULL;
}

static void
fill_index(struct variables *v)
{
	const struct variable	*var;
	uint32_t		 i;

	memset(v->index, 0, v->index_size * sizeof(*v->index));
	for (i = 0; i < v->count; i++) {
		var = &v->list[i];
		*find_slot(v, var->name, var->name_len, var->hash) = i + 1;
	}
}

/* At most half of the index is ever taken. */
static void
grow(struct variables *v, size_t size)
{
	struct variable	*list;

	list = arena_alloc(v->arena, size * sizeof(*list));
	if (v->count > 0)
		memcpy(list, v->list, v->count * sizeof(*list));
	v->list = list;
	v->size = size;
	v->index_size = 2 * size;
	v->index = arena_alloc(v->arena, v->index_size * sizeof(*v->index));
	fill_index(v);
}

void
variables_init(struct variables *v, struct arena *arena)
{
	memset(v, 0, sizeof(*v));
	v->arena = arena;
	v->key = make_key();
	grow(v, FIRST_SIZE);
}

/* --- text that grows ---------------------------------------------------- */

struct text {
	struct arena	*arena;
	char		*s;
	size_t		 len;
	size_t		 room;		/* with the final NUL */
};

/* Room doubles, so that many small pieces are not copied over and over. */
static void
text_add(struct text *t, const char *s, size_t len)
{
	char	*larger;

	if (t->len + len >= t->room) {
		t->room = 2 * (t->len + len + 1);
		larger = arena_alloc(t->arena, t->room);
		if (t->len > 0)
			memcpy(larger, t->s, t->len);
		t->s = larger;
	}
	if (len > 0)
		memcpy(t->s + t->len, s, len);
	t->len += len;
	t->s[t->len] = '\0';
}

/* --- variables ---------------------------------------------------------- */

/* Write text and its NUL at put; returns what is behind. */
static char *
put_text(char *put, const char *s, size_t len)
{
	if (len > 0)
		memcpy(put, s, len);
	put[len] = '\0';
	return put + len + 1;
}

/* A name that is not there yet, in one piece with its value. */
static void
insert(struct variables *v, const char *name, size_t name_len,
    const char *value, size_t value_len, uint32_t hash)
{
	struct variable	*var;
	char		*copy;

	if (v->count == v->size)
		grow(v, 2 * v->size);
	copy = arena_alloc(v->arena, name_len + 1 + value_len + 1);
	var = &v->list[v->count];
	var->name = copy;
	var->value = copy = put_text(copy, name, name_len);
	put_text(copy, value, value_len);
	var->name_len = (uint32_t)name_len;
	var->value_len = (uint32_t)value_len;
	var->value_room = (uint32_t)value_len + 1;
	var->hash = hash;
	*find_slot(v, name, name_len, hash) = (uint32_t)++v->count;
}

static void
replace(struct variables *v, struct variable *var, const char *value,
    size_t len)
{
	var->value = arena_strndup(v->arena, len > 0 ? value : "", len);
	var->value_len = (uint32_t)len;
	var->value_room = (uint32_t)len + 1;
}

static bool
has_prefix(const char *name, size_t len, const struct word *prefix)
{
	return len > prefix->len && memcmp(name, prefix->s, prefix->len) == 0;
}

static bool
is_word(const char *name, size_t len, const struct word *word)
{
	return len == word->len && memcmp(name, word->s, len) == 0;
}

/*
 * What stands between the values of a repeated name: "" where the last counts.
 * RFC 9110 section 5.3; RFC 6265 section 5.4 for cookies.
 */
static const char *
separator_of(const char *name, size_t len)
{
	static const struct word	 http = WORD("HTTP_");
	static const struct word	 cookie = WORD("HTTP_COOKIE");
	static const struct word	 host = WORD("HTTP_HOST");
	static const struct word	 auth = WORD("HTTP_AUTHORIZATION");
	static const struct word	 content = WORD("HTTP_CONTENT_");

	if (!has_prefix(name, len, &http) || is_word(name, len, &host) ||
	    is_word(name, len, &auth) || has_prefix(name, len, &content))
		return "";
	return is_word(name, len, &cookie) ? "; " : ", ";
}

static const char *
join(struct variables *v, struct variable *var, const char *separator,
    const char *value, size_t len)
{
	/* The arena's copy is ours to write into. */
	struct text	 t = { v->arena, (char *)var->value, var->value_len,
			    var->value_room };

	if (len == 0)
		return NULL;
	if (len + strlen(separator) > LENGTH_MAX - t.len)
		return "a header's values are too long together";
	if (t.len > 0)
		text_add(&t, separator, strlen(separator));
	text_add(&t, value, len);
	var->value = t.s;
	var->value_len = (uint32_t)t.len;
	var->value_room = (uint32_t)t.room;
	return NULL;
}

/* A name comes again. */
static const char *
repeat(struct variables *v, struct variable *var, const char *value,
    size_t len)
{
	static const struct word	 length = WORD("CONTENT_LENGTH");
	const char			*separator;

	separator = separator_of(var->name, var->name_len);
	if (*separator != '\0')
		return join(v, var, separator, value, len);
	/* Two lengths: where the body ends depends on whom one asks. */
	if (is_word(var->name, var->name_len, &length) &&
	    len > 0 && var->value_len > 0 &&
	    (len != var->value_len || memcmp(value, var->value, len) != 0))
		v->length_differs = true;
	replace(v, var, value, len);
	return NULL;
}

static const char *
check(const char *name, size_t name_len, const char *value, size_t value_len)
{
	static const bool	 is_bad[256] = {
		['\0'] = true, ['\r'] = true, ['\n'] = true, ['='] = true,
	};
	size_t			 i;

	if (name_len == 0)
		return "a parameter without name";
	if (name_len > LENGTH_MAX || value_len > LENGTH_MAX)
		return "a parameter is too long";
	for (i = 0; i < name_len; i++)
		if (is_bad[(uint8_t)name[i]])
			return "NUL, CR, LF or = in a parameter's name";
	if (value_len > 0 && memchr(value, '\0', value_len) != NULL)
		return "NUL in a parameter's value";
	return NULL;
}

const char *
variables_add(struct variables *v, const char *name, size_t name_len,
    const char *value, size_t value_len)
{
	const char	*why;
	uint32_t	 hash, i;

	if ((why = check(name, name_len, value, value_len)) != NULL)
		return why;
	hash = hash_name(v->key, name, name_len);
	if ((i = *find_slot(v, name, name_len, hash)) != 0)
		return repeat(v, &v->list[i - 1], value, value_len);
	insert(v, name, name_len, value, value_len, hash);
	return NULL;
}

void
variables_set(struct variables *v, const char *name, const char *value)
{
	struct variable	*var;
	size_t		 len = strlen(name);

	if ((var = find(v, name)) != NULL)
		replace(v, var, value, strlen(value));
	else
		insert(v, name, len, value, strlen(value),
		    hash_name(v->key, name, len));
}

void
variables_unset(struct variables *v, const char *name)
{
	struct variable	*var;

	if ((var = find(v, name)) == NULL)
		return;
	v->count--;
	memmove(var, var + 1,
	    (size_t)(v->list + v->count - var) * sizeof(*var));
	fill_index(v);
}

const char *
variables_get(const struct variables *v, const char *name)
{
	const struct variable	*var;

	return (var = find(v, name)) != NULL ? var->value : NULL;
}

/* --- ${NAME} ------------------------------------------------------------ */

static const char *
find_value(const struct variables *v, const struct variables *extra,
    const char *name)
{
	const char	*value = NULL;

	if (extra != NULL)
		value = variables_get(extra, name);
	if (value == NULL)
		value = variables_get(v, name);
	return value != NULL ? value : "";
}

const char *
variables_expand(const struct variables *v, const char *text,
    const struct variables *extra)
{
	struct text	 t = { v->arena, NULL, 0, 0 };
	const char	*open, *close, *value;

	while ((open = strstr(text, "${")) != NULL &&
	    (close = strchr(open, '}')) != NULL) {
		text_add(&t, text, (size_t)(open - text));
		value = find_value(v, extra, arena_strndup(v->arena, open + 2,
		    (size_t)(close - open) - 2));
		text_add(&t, value, strlen(value));
		text = close + 1;
	}
	text_add(&t, text, strlen(text));
	return t.s;
}

/* --- names that may pass ------------------------------------------------ */

/* RFC 3875 section 4.1, and what php-cgi and most programs need beside. */
static const struct word	 cgi_names[] = {
	WORD("AUTH_TYPE"), WORD("CONTENT_LENGTH"), WORD("CONTENT_TYPE"),
	WORD("GATEWAY_INTERFACE"), WORD("PATH_INFO"), WORD("PATH_TRANSLATED"),
	WORD("QUERY_STRING"), WORD("REMOTE_ADDR"), WORD("REMOTE_HOST"),
	WORD("REMOTE_IDENT"), WORD("REMOTE_USER"), WORD("REQUEST_METHOD"),
	WORD("SCRIPT_NAME"), WORD("SERVER_NAME"), WORD("SERVER_PORT"),
	WORD("SERVER_PROTOCOL"), WORD("SERVER_SOFTWARE"),
	WORD("DOCUMENT_ROOT"), WORD("HTTPS"), WORD("REDIRECT_STATUS"),
	WORD("REQUEST_URI"), WORD("SCRIPT_FILENAME"),
};
static const struct word	 cgi_prefixes[] = {
	WORD("HTTP_"), WORD("TOLLGATE_"),
};
/*
 * A Proxy: header is not the proxy that so many libraries look for under this
 * name; and a body has one type and one length.
 */
static const struct word	 never_passing[] = {
	WORD("HTTP_PROXY"), WORD("HTTP_CONTENT_TYPE"),
	WORD("HTTP_CONTENT_LENGTH"),
};
#define COUNT(array)	(sizeof(array) / sizeof((array)[0]))

/* As the shell has it: [A-Za-z_][A-Za-z0-9_]* */
static bool
is_environment_name(const char *name, size_t len)
{
	static const bool	 may_follow[256] = {
		['0' ... '9'] = true, ['A' ... 'Z'] = true,
		['a' ... 'z'] = true, ['_'] = true,
	};
	size_t			 i;

	if (len == 0 || (name[0] >= '0' && name[0] <= '9'))
		return false;
	for (i = 0; i < len; i++)
		if (!may_follow[(uint8_t)name[i]])
			return false;
	return true;
}

bool
variable_name_passes(const char *name, size_t len, enum name_rule rule)
{
	size_t	 i;

	for (i = 0; i < COUNT(never_passing); i++)
		if (len == never_passing[i].len &&
		    strncasecmp(name, never_passing[i].s, len) == 0)
			return false;
	if (rule == NAME_FASTCGI)
		return true;
	if (!is_environment_name(name, len))
		return false;
	for (i = 0; i < COUNT(cgi_prefixes); i++)
		if (has_prefix(name, len, &cgi_prefixes[i]))
			return true;
	for (i = 0; i < COUNT(cgi_names); i++)
		if (is_word(name, len, &cgi_names[i]))
			return true;
	return false;
}
