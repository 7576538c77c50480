/*
 * words: values that are lists of words (value.h).
 */
#include "value.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdbool.h>
#include <string.h>
#include <sys/un.h>

#include "mem.h"

/* Read one word at *s into out, which has room; -1: its quote stays open. */
static int
word_read(const char **s, char *out)
{
	char	 quote = '\0';

	for (; **s != '\0'; (*s)++) {
		if (quote == '\0' && (**s == ' ' || **s == '\t'))
			break;
		if (quote != '\0' ? **s == quote : **s == '"' || **s == '\'')
			quote = quote != '\0' ? '\0' : **s;
		else
			*out++ = **s;
	}
	*out = '\0';
	return quote == '\0' ? 0 : -1;
}

/* At least as many as there are: blanks in quotes count too. */
static size_t
count_words(const char *s)
{
	size_t	 count;

	for (count = 0; *s != '\0'; count++) {
		s += strcspn(s, " \t");
		s += strspn(s, " \t");
	}
	return count;
}

const char *
words_parse(struct arena *arena, const char *text, struct word_list *list)
{
	size_t	 len = strlen(text);
	char	*word;

	list->count = 0;
	list->words = NULL;
	text += strspn(text, " \t");
	if (*text == '\0')
		return NULL;
	list->words = arena_alloc(arena, count_words(text) * sizeof(char *));
	word = arena_alloc(arena, len + 1);
	while (*text != '\0') {
		list->words[list->count++] = word;
		if (word_read(&text, word) == -1)
			return "a list with a quote that is not closed";
		word += strlen(word) + 1;
		text += strspn(text, " \t");
	}
	return NULL;
}

/*
 * A line of a file that holds both kinds of quotes must not begin with one, so
 * the first word's beginning stays bare as far as it can; NAME= always does.
 */
static void
word_print(FILE *out, const char *word, bool is_first)
{
	size_t	 bare = strcspn(word, " \t\"'"), n;
	char	 quote;

	for (n = bare; n > 0 && word[bare] != '\0'; n--)
		if (word[n - 1] == '=')
			break;
	if (word[bare] != '\0' && (n > 0 || !is_first))
		bare = n;
	fwrite(word, 1, bare, out);
	if (*word == '\0')
		fputs("\"\"", out);
	for (word += bare; *word != '\0'; word += n) {
		quote = *word == '"' ? '\'' : '"';
		n = strcspn(word, quote == '"' ? "\"" : "'");
		fprintf(out, "%c%.*s%c", quote, (int)n, word, quote);
	}
}

void
words_print(FILE *out, const struct word_list *list)
{
	size_t	 i;

	for (i = 0; i < list->count; i++) {
		if (i > 0)
			putc(' ', out);
		word_print(out, list->words[i], i == 0);
	}
}

/* --- lists -------------------------------------------------------------- */

const char *
set_words(struct arena *arena, void *field, const char *value,
    const struct setting *setting)
{
	(void)setting;
	return words_parse(arena, value, field);
}

void
print_words(FILE *out, const void *field, const struct setting *setting)
{
	(void)setting;
	words_print(out, field);
}

/* A list of words that must each pass a check, which says what is wrong. */
static const char *
set_checked(struct arena *arena, struct word_list *list, const char *value,
    const char *(*check)(const char *word))
{
	const char	*why;
	size_t		 i, j;

	if ((why = words_parse(arena, value, list)) != NULL)
		return why;
	for (i = 0; i < list->count; i++) {
		if ((why = check(list->words[i])) != NULL)
			return why;
		for (j = 0; j < i; j++)
			if (strcmp(list->words[i], list->words[j]) == 0)
				return "a list that holds a word twice";
	}
	return NULL;
}

static const char *
check_pair(const char *word)
{
	size_t	 n = strspn(word, "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");

	if (n == 0 || word[n] != '=' || isdigit((unsigned char)*word))
		return "a list with a word that is not NAME=value";
	return NULL;
}

const char *
set_pairs(struct arena *arena, void *field, const char *value,
    const struct setting *setting)
{
	struct word_list *list = field;
	const char	 *why;
	size_t		  i, j, n;

	(void)setting;
	if ((why = set_checked(arena, list, value, check_pair)) != NULL)
		return why;
	for (i = 1; i < list->count; i++) {
		n = strcspn(list->words[i], "=") + 1;
		for (j = 0; j < i; j++)
			if (strncmp(list->words[i], list->words[j], n) == 0)
				return "a list that gives one NAME twice";
	}
	return NULL;
}

static const char *
check_address(const char *word)
{
	static const struct setting	 ports = { .min = 1, .max = 65535 };
	struct in6_addr			 unused;
	char				 host[INET6_ADDRSTRLEN + 2];
	const char			*colon;
	uint32_t			 port;
	size_t				 len;
	int				 family = AF_INET;

	if (strncmp(word, "unix:", 5) == 0) {
		if (word[5] != '/')
			return "a list with a unix: that is not absolute";
		/* Never cut short: the kernel's field has 108 bytes. */
		return strlen(word + 5) <
		    sizeof(((struct sockaddr_un *)0)->sun_path) ? NULL :
		    "a list with a unix: path of more than 107 bytes";
	}
	if ((colon = strrchr(word, ':')) == NULL)
		return "a list with a word that is no address";
	if (set_number(NULL, &port, colon + 1, &ports) != NULL)
		return "a list with an address without a port";
	len = (size_t)(colon - word);
	if (len >= 2 && word[0] == '[' && word[len - 1] == ']') {
		family = AF_INET6;
		word++;
		len -= 2;
	}
	if (len >= sizeof(host))
		return "a list with a word that is no address";
	memcpy(host, word, len);
	host[len] = '\0';
	return inet_pton(family, host, &unused) == 1 ? NULL :
	    "a list with a word that is no numeric address";
}

const char *
set_addresses(struct arena *arena, void *field, const char *value,
    const struct setting *setting)
{
	struct word_list *list = field;
	const char	 *why;

	if ((why = set_checked(arena, list, value, check_address)) != NULL)
		return why;
	return list->count < setting->min ? "empty" : NULL;
}

static const char *
check_host(const char *word)
{
	const char	*s = strncmp(word, "*.", 2) == 0 ? word + 2 : word;

	/* An IPv6 address stands in brackets, as in a URL. */
	if (*s == '[')
		return s[1 + strspn(s + 1, "0123456789abcdef:.")] == ']' &&
		    s == word ? NULL : "a list with a word that is no host";
	if (*s == '\0' || *s == '.')
		return "a list with a word that is no host";
	for (; *s != '\0'; s++)
		if (!isalnum((unsigned char)*s) && strchr("._-", *s) == NULL)
			return "a list with a word that is no host";
	return NULL;
}

const char *
set_hosts(struct arena *arena, void *field, const char *value,
    const struct setting *setting)
{
	char	*lower, *s;

	(void)setting;
	if (*value == '\0')
		return words_parse(arena, value, field);
	lower = arena_strdup(arena, value);
	for (s = lower; *s != '\0'; s++)
		*s = (char)tolower((unsigned char)*s);
	return set_checked(arena, field, lower, check_host);
}

static const char *
check_method(const char *word)
{
	size_t	 n = strspn(word, "ABCDEFGHIJKLMNOPQRSTUVWXYZ-");

	return n == 0 || n > 32 || word[n] != '\0' ?
	    "a list with a word that is no method" : NULL;
}

const char *
set_methods(struct arena *arena, void *field, const char *value,
    const struct setting *setting)
{
	(void)setting;
	return set_checked(arena, field, value, check_method);
}

static const char *
check_prefix(const char *word)
{
	return word[0] == '/' ? NULL :
	    "a list with a path that does not begin with a slash";
}

const char *
set_prefixes(struct arena *arena, void *field, const char *value,
    const struct setting *setting)
{
	(void)setting;
	return set_checked(arena, field, value, check_prefix);
}

const char *
set_netmasks(struct arena *arena, void *field, const char *value,
    const struct setting *setting)
{
	struct netmask_list	*masks = field;
	struct word_list	 words;
	const char		*why;
	size_t			 i, j;

	(void)setting;
	masks->count = 0;
	masks->list = NULL;
	if ((why = words_parse(arena, value, &words)) != NULL ||
	    words.count == 0)
		return why;
	masks->list = arena_calloc(arena, words.count, sizeof(*masks->list));
	for (i = 0; i < words.count; i++) {
		why = netmask_parse(words.words[i], &masks->list[i]);
		if (why != NULL)
			return why;
		for (j = 0; j < i; j++)
			if (memcmp(&masks->list[i], &masks->list[j],
			    sizeof(*masks->list)) == 0)
				return "a list that holds a network twice";
	}
	masks->count = words.count;
	return NULL;
}

void
print_netmasks(FILE *out, const void *field, const struct setting *setting)
{
	const struct netmask_list	*masks = field;
	size_t				 i;

	(void)setting;
	for (i = 0; i < masks->count; i++) {
		if (i > 0)
			putc(' ', out);
		netmask_print(out, &masks->list[i]);
	}
}

const char *
set_ids(struct arena *arena, void *field, const char *value,
    const struct setting *setting)
{
	struct id_list		*ids = field;
	struct word_list	 words;
	const char		*why;
	size_t			 i;

	ids->count = 0;
	ids->ids = NULL;
	if ((why = words_parse(arena, value, &words)) != NULL ||
	    words.count == 0)
		return why;
	ids->ids = arena_calloc(arena, words.count, sizeof(*ids->ids));
	for (i = 0; i < words.count; i++) {
		why = set_id(arena, &ids->ids[i], words.words[i], setting);
		if (why != NULL)
			return why;
	}
	ids->count = words.count;
	return NULL;
}

void
print_ids(FILE *out, const void *field, const struct setting *setting)
{
	const struct id_list	*ids = field;
	size_t			 i;

	for (i = 0; i < ids->count; i++) {
		if (i > 0)
			putc(' ', out);
		print_id(out, &ids->ids[i], setting);
	}
}
