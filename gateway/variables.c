/*
 * variables: the variables of a request, and which of them may pass.
 *
 * Every request brings some 25 and may bring 10,000, named by whoever sent it;
 * so they are found by a hash that nobody outside can aim at, and stay where
 * their record lies.
 */
#include "cgi.h"

#include <endian.h>
#include <string.h>
#include <strings.h>
#include <sys/auxv.h>

#include "fcgi.h"
#include "mem.h"

#define FIRST_SIZE	32		/* room for so many at first */
#define LENGTH_MAX	0x3fffffff	/* of a name, of a value, even joined */
#define HASH_PRIME	((UINT64_C(1) << 61) - 1)
#define HASH_POINTS	(UINT64_C(1) << 60)
#define SEVEN_BYTES	((UINT64_C(1) << 56) - 1)
#define PLAIN_BITS	UINT64_C(0x4040404040404040)

/* --- the hash ----------------------------------------------------------- */

/*
 * The kernel gives each process random bytes: no system call is needed.  They
 * stay the same, so they are looked up once.
 */
static uint64_t
hash_key(void)
{
	static uint64_t	 key;
	const void	*random;

	if (key != 0)
		return key;
	if ((random = (const void *)getauxval(AT_RANDOM)) != NULL)
		memcpy(&key, random, sizeof(key));
	return key = key % (HASH_POINTS - 2) + 2;
}

/* h stays below 2^63, as the key is below 2^60 and a word below 2^56. */
static uint64_t
hash_word(uint64_t h, uint64_t word, uint64_t key)
{
	unsigned __int128	 product = (unsigned __int128)(h + word) * key;

	return ((uint64_t)product & HASH_PRIME) + (uint64_t)(product >> 61);
}

/* Eight bytes, the last of them highest. */
static uint64_t
load_word(const char *bytes)
{
	uint64_t	 word;

	memcpy(&word, bytes, sizeof(word));
	return le64toh(word);
}

/* The same of fewer, with plain ones in front. */
static uint64_t
load_short(const char *bytes, size_t len)
{
	uint64_t	 word = PLAIN_BITS;
	size_t		 i;

	for (i = 0; i < len; i++)
		word = word >> 8 | (uint64_t)(uint8_t)bytes[i] << 56;
	return word;
}

/*
 * The name's bytes, seven at a time, and its length, as a polynomial modulo a
 * prime at a point that is the key: two names of n bytes, however they were
 * chosen, meet at n/7 + 1 of the 2^60 points at most, and so in k bits of the
 * hash with a probability of about (n/7 + 1)/2^k.  In the same pass, *is_plain
 * says whether all bytes have the bit that capitals and _ have, and NUL, CR, LF
 * and = have not.
 */
static inline uint32_t
hash_name(uint64_t key, const char *name, size_t len, bool *is_plain)
{
	uint64_t	 h = 0, common = PLAIN_BITS, word;
	size_t		 left;

	for (left = len; left >= 8; left -= 7, name += 7) {
		word = load_word(name);
		common &= word;
		h = hash_word(h, word & SEVEN_BYTES, key);
	}
	/* The last seven, whether some of them have been there or not. */
	word = len < 8 ? load_short(name, len) : load_word(name + left - 8);
	*is_plain = (common & word) == PLAIN_BITS;
	return (uint32_t)(hash_word(h, word >> 8, key) + len);
}

/* --- the index ---------------------------------------------------------- */

/* The slot of a name: its own, or the free one where it belongs. */
static inline uint32_t *
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
find(const struct variables *v, const char *name, size_t len)
{
	uint32_t	 i;
	bool		 is_plain;

	if (v->count == 0)
		return NULL;
	i = *find_slot(v, name, len, hash_name(v->key, name, len, &is_plain));
	return i != 0 && !v->list[i - 1].is_removed ? &v->list[i - 1] : NULL;
}

/* At most half of the index is ever taken. */
static void
grow(struct variables *v)
{
	struct variable	*list;
	uint32_t	 i;

	v->size = v->size == 0 ? FIRST_SIZE : 2 * v->size;
	list = arena_alloc(v->arena, v->size * sizeof(*list));
	if (v->count > 0)
		memcpy(list, v->list, v->count * sizeof(*list));
	v->list = list;
	v->index_size = 2 * v->size;
	v->index = arena_calloc(v->arena, v->index_size, sizeof(*v->index));
	for (i = 0; i < v->count; i++)
		*find_slot(v, list[i].name, list[i].name_len, list[i].hash) =
		    i + 1;
}

/*
 * The variable of that name, which is new if its name is NULL: then the caller
 * fills it in.
 */
static inline struct variable *
find_or_add(struct variables *v, const char *name, size_t len, uint32_t hash)
{
	struct variable	*var;
	uint32_t	*slot;

	if (v->count == v->size)
		grow(v);
	slot = find_slot(v, name, len, hash);
	if (*slot != 0)
		return &v->list[*slot - 1];
	var = &v->list[v->count++];
	*slot = (uint32_t)v->count;
	var->name = NULL;
	var->name_len = (uint32_t)len;
	var->hash = hash;
	var->passes = variable_name_passes(name, len, NAME_FASTCGI);
	var->is_removed = false;
	return var;
}

void
variables_init(struct variables *v, struct arena *arena)
{
	memset(v, 0, sizeof(*v));
	v->arena = arena;
	v->key = hash_key();
}

/* --- texts -------------------------------------------------------------- */

/* A text known here, with its length. */
struct word {
	const char	*s;
	size_t		 len;
};
#define WORD(s)	{ s, sizeof(s) - 1 }

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

/* A text that grows. */
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

static bool
is_value(const struct variable *var, const char *value, size_t len)
{
	return len == var->value_len && memcmp(value, var->value, len) == 0;
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

/* The value is text that is known here, and no part of a pair any more. */
static void
set_value(struct variable *var, const char *value, size_t len, size_t room)
{
	var->value = value;
	var->value_len = (uint32_t)len;
	var->value_room = (uint32_t)room;
	var->head = 0;
}

/* Name and value are a pair, which stays where it is. */
static void
set_pair(struct variable *var, const struct fcgi_pair *pair)
{
	var->name = pair->name;
	set_value(var, pair->value, pair->value_len, 0);
	var->head = (uint8_t)pair->head;
}

static const char *
join(struct variables *v, struct variable *var, const char *separator,
    const struct fcgi_pair *pair)
{
	/* What is joined already is ours to write into, with room. */
	struct text	 t = { v->arena, (char *)var->value, var->value_len,
			    var->value_room };

	if (pair->value_len == 0)
		return NULL;
	if (pair->value_len + strlen(separator) > LENGTH_MAX - t.len)
		return "a header's values are too long together";
	if (t.len > 0)
		text_add(&t, separator, strlen(separator));
	text_add(&t, pair->value, pair->value_len);
	set_value(var, t.s, t.len, t.room);
	return NULL;
}

/* A name comes again. */
static const char *
repeat(struct variables *v, struct variable *var, const struct fcgi_pair *pair)
{
	static const struct word	 length = WORD("CONTENT_LENGTH");
	const char			*separator;

	separator = separator_of(var->name, var->name_len);
	if (*separator != '\0')
		return join(v, var, separator, pair);
	/* Two lengths: where the body ends depends on whom one asks. */
	if (is_word(var->name, var->name_len, &length) &&
	    pair->value_len > 0 && var->value_len > 0 &&
	    !is_value(var, pair->value, pair->value_len))
		v->length_differs = true;
	set_pair(var, pair);
	return NULL;
}

static bool
has_bad_byte(const char *name, size_t len)
{
	static const bool	 is_bad[256] = {
		['\0'] = true, ['\r'] = true, ['\n'] = true, ['='] = true,
	};
	size_t			 i;

	for (i = 0; i < len; i++)
		if (is_bad[(uint8_t)name[i]])
			return true;
	return false;
}

const char *
variables_add(struct variables *v, const struct fcgi_pair *pair)
{
	struct variable	*var;
	uint32_t	 hash;
	bool		 is_plain;

	if (pair->name_len == 0)
		return "a parameter without name";
	if (pair->name_len > LENGTH_MAX || pair->value_len > LENGTH_MAX)
		return "a parameter is too long";
	hash = hash_name(v->key, pair->name, pair->name_len, &is_plain);
	if (!is_plain && has_bad_byte(pair->name, pair->name_len))
		return "NUL, CR, LF or = in a parameter's name";
	if (pair->value_len > 0 &&
	    memchr(pair->value, '\0', pair->value_len) != NULL)
		return "NUL in a parameter's value";

	var = find_or_add(v, pair->name, pair->name_len, hash);
	if (var->name != NULL)
		return repeat(v, var, pair);
	set_pair(var, pair);
	return NULL;
}

void
variables_set(struct variables *v, const char *name, const char *value)
{
	struct variable	*var;
	size_t		 name_len = strlen(name), len = strlen(value);
	bool		 is_plain;

	var = find_or_add(v, name, name_len,
	    hash_name(v->key, name, name_len, &is_plain));
	if (var->name == NULL)
		var->name = name;
	else if (is_value(var, value, len) && !var->is_removed)
		return;		/* a pair that says so can pass as it is */
	if (var->is_removed)
		var->passes = variable_name_passes(name, name_len,
		    NAME_FASTCGI);
	var->is_removed = false;
	set_value(var, value, len, 0);
}

void
variables_remove(struct variables *v, const char *name)
{
	struct variable	*var;

	if ((var = find(v, name, strlen(name))) == NULL)
		return;
	var->is_removed = true;
	var->passes = false;
	set_value(var, "", 0, 0);
}

const struct variable *
variables_find(const struct variables *v, const char *name)
{
	return find(v, name, strlen(name));
}

const char *
variables_get(const struct variables *v, const char *name)
{
	const struct variable	*var;

	if ((var = variables_find(v, name)) == NULL)
		return NULL;
	return arena_strndup(v->arena, var->value, var->value_len);
}

/* --- ${NAME} ------------------------------------------------------------ */

/* The value of extra's, which may be NULL, else of v's, else nothing. */
static void
add_value(struct text *t, const struct variables *v,
    const struct variables *extra, const char *name, size_t len)
{
	const struct variable	*var = NULL;

	if (extra != NULL)
		var = find(extra, name, len);
	if (var == NULL)
		var = find(v, name, len);
	if (var != NULL)
		text_add(t, var->value, var->value_len);
}

const char *
variables_expand(const struct variables *v, const char *text,
    const struct variables *extra)
{
	struct text	 t = { v->arena, NULL, 0, 0 };
	const char	*open, *close;

	while ((open = strstr(text, "${")) != NULL &&
	    (close = strchr(open, '}')) != NULL) {
		text_add(&t, text, (size_t)(open - text));
		add_value(&t, v, extra, open + 2,
		    (size_t)(close - open) - 2);
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

/*
 * A Proxy: header is not the proxy that so many libraries look for under this
 * name; and a body has one type and one length.
 */
static bool
never_passes(const char *name, size_t len)
{
	switch (len) {
	case sizeof("HTTP_PROXY") - 1:
		return strncasecmp(name, "HTTP_PROXY", len) == 0;
	case sizeof("HTTP_CONTENT_TYPE") - 1:
		return strncasecmp(name, "HTTP_CONTENT_TYPE", len) == 0;
	case sizeof("HTTP_CONTENT_LENGTH") - 1:
		return strncasecmp(name, "HTTP_CONTENT_LENGTH", len) == 0;
	default:
		return false;
	}
}

bool
variable_name_passes(const char *name, size_t len, enum name_rule rule)
{
	size_t	 i;

	if (never_passes(name, len))
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
