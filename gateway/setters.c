/*
 * setters: settings whose values are words of their own, or that concern more
 * of a struct than one field.
 */
#include "setters.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

#include "confine.h"
#include "keys.h"
#include "mem.h"
#include "runtime.h"
#include "settings.h"

const char *
set_full(struct arena *arena, void *field, const char *value,
    const struct setting *setting)
{
	(void)arena;
	(void)setting;
	if (strcmp(value, "refuse") != 0 && strcmp(value, "continue") != 0)
		return "neither refuse nor continue";
	*(enum accounting_full *)field =
	    *value == 'r' ? FULL_REFUSE : FULL_CONTINUE;
	return NULL;
}

void
print_full(FILE *out, const void *field, const struct setting *setting)
{
	(void)setting;
	fputs(*(const enum accounting_full *)field == FULL_REFUSE ?
	    "refuse" : "continue", out);
}

/* As AWS names them. */
const char *
set_invoke_mode(struct arena *arena, void *field, const char *value,
    const struct setting *setting)
{
	(void)arena;
	(void)setting;
	if (strcasecmp(value, "buffered") != 0 &&
	    strcasecmp(value, "response_stream") != 0)
		return "neither buffered nor response_stream";
	*(bool *)field = *value == 'r' || *value == 'R';
	return NULL;
}

void
print_invoke_mode(FILE *out, const void *field, const struct setting *setting)
{
	(void)setting;
	fputs(*(const bool *)field ? "response_stream" : "buffered", out);
}

const char *
set_api_auth(struct arena *arena, void *field, const char *value,
    const struct setting *setting)
{
	(void)arena;
	(void)setting;
	if (strcmp(value, "iam") != 0 && strcmp(value, "none") != 0)
		return "neither iam nor none";
	*(enum api_auth *)field =
	    *value == 'i' ? API_AUTH_IAM : API_AUTH_NONE;
	return NULL;
}

void
print_api_auth(FILE *out, const void *field, const struct setting *setting)
{
	(void)setting;
	fputs(*(const enum api_auth *)field == API_AUTH_IAM ? "iam" : "none",
	    out);
}

/* A word of an ARN: nothing in it ends one. */
const char *
set_region(struct arena *arena, void *field, const char *value,
    const struct setting *setting)
{
	if (value[strspn(value, "abcdefghijklmnopqrstuvwxyz0123456789-")] !=
	    '\0')
		return "no region: other bytes than a-z 0-9 -";
	return set_text(arena, field, value, setting);
}

const char *
set_api_account(struct arena *arena, void *field, const char *value,
    const struct setting *setting)
{
	if (value[strspn(value, "0123456789")] != '\0')
		return "no account: not 12 digits";
	return set_text(arena, field, value, setting);
}

const char *
set_protocol(struct arena *arena, void *field, const char *value,
    const struct setting *setting)
{
	const struct protocol_settings	*protocol;

	(void)arena;
	(void)setting;
	if ((protocol = protocol_settings_find(value)) == NULL)
		return "no protocol; expected fastcgi or cgi";
	*(const struct protocol_settings **)field = protocol;
	return NULL;
}

void
print_protocol(FILE *out, const void *field, const struct setting *setting)
{
	(void)setting;
	fputs((*(const struct protocol_settings *const *)field)->name, out);
}

/* Functions without any share one, so what is set goes into a new one. */
static struct function_code *
own_code(struct arena *arena, void *field)
{
	const struct function_code	**code = field;
	struct function_code		 *own;

	own = arena_alloc(arena, sizeof(*own));
	*own = **code;
	*code = own;
	return own;
}

const char *
set_runtime(struct arena *arena, void *field, const char *value,
    const struct setting *setting)
{
	const struct runtime	*runtime = runtime_find(value);

	(void)setting;
	if (*value == '\0')
		return NULL;
	if (runtime == NULL)
		return "no runtime; expected python3, nodejs, ruby, perl, "
		    "php, shell or provided";
	own_code(arena, field)->runtime = runtime;
	return NULL;
}

void
print_runtime(FILE *out, const void *field, const struct setting *setting)
{
	const struct function_code	*code;

	(void)setting;
	code = *(const struct function_code *const *)field;
	fputs(code->runtime == NULL ? "" : code->runtime->name, out);
}

/* A row's min says which of the texts. */
const char *
set_code(struct arena *arena, void *field, const char *value,
    const struct setting *setting)
{
	struct function_code	*code;

	if (*value == '\0')
		return NULL;
	if (strlen(value) > SETTING_TEXT_MAX)
		return "too long";
	code = own_code(arena, field);
	*(const char **)(void *)((char *)code + setting->min) =
	    arena_strdup(arena, value);
	return NULL;
}

void
print_code(FILE *out, const void *field, const struct setting *setting)
{
	const struct function_code	*code;

	code = *(const struct function_code *const *)field;
	fputs(*(const char *const *)(const void *)((const char *)code +
	    setting->min), out);
}

static const char *const	auth_words[] = {
	[AUTH_NONE] = "none", [AUTH_KEY] = "key", [AUTH_BASIC] = "basic",
	[AUTH_IAM] = "iam",
};

const char *
set_auth(struct arena *arena, void *field, const char *value,
    const struct setting *setting)
{
	int	 i;

	(void)arena;
	(void)setting;
	for (i = AUTH_NONE; i <= AUTH_IAM; i++)
		if (strcmp(value, auth_words[i]) == 0) {
			*(enum auth *)field = (enum auth)i;
			return NULL;
		}
	return "neither none, key, basic nor iam";
}

void
print_auth(FILE *out, const void *field, const struct setting *setting)
{
	const enum auth	*auth = field;

	(void)setting;
	fputs(auth_words[*auth], out);
}

const char *
set_satisfy(struct arena *arena, void *field, const char *value,
    const struct setting *setting)
{
	(void)arena;
	(void)setting;
	if (strcmp(value, "all") != 0 && strcmp(value, "any") != 0)
		return "neither all nor any";
	*(enum satisfy *)field = strcmp(value, "all") == 0 ? SATISFY_ALL :
	    SATISFY_ANY;
	return NULL;
}

void
print_satisfy(FILE *out, const void *field, const struct setting *setting)
{
	(void)setting;
	fputs(*(const enum satisfy *)field == SATISFY_ALL ? "all" : "any",
	    out);
}

/* It is put into a header, between quotes. */
const char *
set_realm(struct arena *arena, void *field, const char *value,
    const struct setting *setting)
{
	const char	*s;

	for (s = value; *s != '\0'; s++)
		if ((unsigned char)*s < ' ' || *s == 0x7f || *s == '"' ||
		    *s == '\\')
			return "a text with quotes, backslashes or "
			    "control bytes";
	return set_text(arena, field, value, setting);
}

/* Printed by itself, never with the rest. */
void
print_nothing(FILE *out, const void *field, const struct setting *setting)
{
	(void)out;
	(void)field;
	(void)setting;
}

const char *
set_handler(struct arena *arena, void *field, const char *value,
    const struct setting *setting)
{
	struct function	*fn = field;

	(void)setting;
	fn->handler = arena_strdup(arena, value);
	return function_find_captures(fn);
}

void
print_handler(FILE *out, const void *field, const struct setting *setting)
{
	(void)setting;
	fputs(((const struct function *)field)->handler, out);
}

/* Put words over those of list that have the same NAME, or behind them. */
static void
merge_environment(struct arena *arena, struct word_list *list,
    const struct word_list *words)
{
	const char	**all;
	size_t		  i, j, n;

	if (words->count == 0)
		return;
	all = arena_calloc(arena, list->count + words->count, sizeof(*all));
	if (list->count > 0)
		memcpy(all, list->words, list->count * sizeof(*all));
	list->words = all;
	for (i = 0; i < words->count; i++) {
		n = strcspn(words->words[i], "=") + 1;
		for (j = 0; j < list->count; j++)
			if (strncmp(all[j], words->words[i], n) == 0)
				break;
		all[j] = words->words[i];
		if (j == list->count)
			list->count++;
	}
}

const char *
set_environment(struct arena *arena, void *field, const char *value,
    const struct setting *setting)
{
	struct function	*fn = field;
	const char	*why;

	why = set_pairs(arena, &fn->environment_written, value, setting);
	if (why == NULL)
		merge_environment(arena, &fn->environment,
		    &fn->environment_written);
	return why;
}

const char *
set_file_environment(struct arena *arena, void *field, const char *value,
    const struct setting *setting)
{
	struct function		*fn = field;
	struct word_list	 words;
	const char		*why;

	if ((why = set_pairs(arena, &words, value, setting)) == NULL)
		merge_environment(arena, &fn->environment, &words);
	return why;
}

/* All of it, as the file's words may have replaced some. */
void
print_file_environment(FILE *out, const void *field,
    const struct setting *setting)
{
	const struct function	*fn = field;

	(void)setting;
	if (*fn->environment_file != '\0')
		words_print(out, &fn->environment);
}

void
print_environment(FILE *out, const void *field, const struct setting *setting)
{
	const struct function	*fn = field;

	(void)setting;
	words_print(out, &fn->environment_written);
}

const char *
set_version(struct arena *arena, void *field, const char *value,
    const struct setting *setting)
{
	struct function	*fn = field;
	const char	*why;

	why = set_digest(arena, &fn->process_digest, value, setting);
	if (why == NULL)
		snprintf(fn->version, sizeof(fn->version), "%016llx",
		    (unsigned long long)fn->process_digest);
	return why;
}

const char *
set_groups(struct arena *arena, void *field, const char *value,
    const struct setting *setting)
{
	struct function		*fn = field;
	struct word_list	 words;
	const char		*why;

	if ((why = words_parse(arena, value, &words)) != NULL)
		return why;
	if (words.count > FUNCTION_GROUPS_MAX)
		return "too many groups";
	if (words.count > 0)
		fn->groups = arena_calloc(arena, words.count,
		    sizeof(*fn->groups));
	for (fn->group_count = 0; fn->group_count < words.count;
	    fn->group_count++) {
		why = set_id(arena, &fn->groups[fn->group_count],
		    words.words[fn->group_count], setting);
		if (why != NULL)
			return why;
	}
	return NULL;
}

void
print_groups(FILE *out, const void *field, const struct setting *setting)
{
	const struct function	*fn = field;
	size_t			 i;

	(void)setting;
	for (i = 0; i < fn->group_count; i++)
		fprintf(out, "%s%lu", i == 0 ? "" : " ",
		    (unsigned long)fn->groups[i]);
}
