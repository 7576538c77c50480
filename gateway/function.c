/*
 * function: one function's settings, counted, and the ${NAME}s of its path.
 */
#include "function.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "mem.h"

#define CAPTURE_NAME_MAX	32	/* PCRE2's longest group name */
#define ROOM			1024	/* for a few short texts */

#define ALNUM	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

struct function *
function_create(void)
{
	static const struct sandbox_lists	 no_lists;
	static const struct function_code	 no_code = {
		.handler_name = "", .program = "", .task_root = "",
	};
	static const struct function_access	 no_access = {
		.auth_file = "", .realm = "",
	};
	static const struct function		 empty = {
		.name = "", .file = "", .handler = "", .chdir = "",
		.environment_file = "", .cpu_max = "", .stderr_log = "",
		.user = "", .group = "", .lists = &no_lists,
		.code = &no_code,
		.access = &no_access,
	};

	return function_create_like(&empty, ROOM);
}

struct function *
function_create_like(const struct function *model, size_t room)
{
	struct arena	*arena;
	struct function	*fn;

	arena = arena_create(sizeof(*fn) + room);
	fn = arena_alloc(arena, sizeof(*fn));
	*fn = *model;
	fn->arena = arena;
	fn->references = 1;
	return fn;
}

struct function *
function_hold(struct function *fn)
{
	assert(fn->references > 0);
	fn->references++;
	return fn;
}

void
function_release(struct function *fn)
{
	if (fn == NULL)
		return;
	assert(fn->references > 0);
	if (--fn->references == 0)
		arena_free(fn->arena);	/* fn itself is in it */
}

/* Is the whole text, 1 to max bytes of it, made of these? */
static bool
consists_of(const char *text, const char *accepted, size_t max)
{
	size_t	 len = strspn(text, accepted);

	return len > 0 && len <= max && text[len] == '\0';
}

bool
function_name_is_valid(const char *name)
{
	return consists_of(name, ALNUM "_-", FUNCTION_NAME_MAX);
}

bool
function_capture_is_valid(const char *text)
{
	/* No leading dot, so neither "..", nor a hidden file or folder. */
	return text[0] != '.' &&
	    consists_of(text, ALNUM "._-", FUNCTION_CAPTURE_LEN);
}

/*
 * Look at the next ${NAME} from *at on, and move *at behind it.  Returns 1
 * with the name's place; 0 if there is none; -1 if it is not well formed.
 */
static int
next_capture(const char **at, const char **name, size_t *len)
{
	const char	*start;

	if ((start = strstr(*at, "${")) == NULL)
		return 0;
	*name = start + 2;
	*len = strspn(*name, ALNUM "_");
	if (*len == 0 || *len > CAPTURE_NAME_MAX || (*name)[*len] != '}' ||
	    ((*name)[0] >= '0' && (*name)[0] <= '9'))
		return -1;
	*at = *name + *len + 1;
	return 1;
}

/* The number of a capture's name, or list->count if it is not among them. */
static size_t
capture_number(const struct word_list *list, const char *name, size_t len)
{
	size_t	 i;

	for (i = 0; i < list->count; i++)
		if (strncmp(list->words[i], name, len) == 0 &&
		    list->words[i][len] == '\0')
			break;
	return i;
}

/* Does the path hold a segment "." or ".."? */
static bool
has_dot_segment(const char *path)
{
	const char	*s;

	for (s = path; (s = strstr(s, "/.")) != NULL; s++) {
		if (s[2] == '/' || s[2] == '\0')
			return true;
		if (s[2] == '.' && (s[3] == '/' || s[3] == '\0'))
			return true;
	}
	return false;
}

const char *
function_find_captures(struct function *fn)
{
	struct word_list *list = &fn->captures;
	const char	 *at = fn->handler, *name;
	size_t		  len;
	int		  found;

	list->count = 0;
	if (strstr(at, "${") != NULL)
		list->words = arena_calloc(fn->arena, FUNCTION_CAPTURES_MAX,
		    sizeof(*list->words));
	if (fn->handler[0] != '/')
		return "not an absolute path";
	while ((found = next_capture(&at, &name, &len)) == 1) {
		if (capture_number(list, name, len) < list->count)
			continue;
		if (list->count == FUNCTION_CAPTURES_MAX)
			return "a path with more than 4 different ${NAME}";
		list->words[list->count++] =
		    arena_strndup(fn->arena, name, len);
	}
	if (found == -1)
		return "a path with a ${NAME} that is not well formed";
	fn->is_template = list->count > 0;
	if (fn->is_template && has_dot_segment(fn->handler))
		return "a path with ${NAME} and a segment \".\" or \"..\"";
	return NULL;
}

char *
function_handler_path(const struct function *fn, const char *const values[])
{
	const char	*at, *from = fn->handler, *name;
	size_t		 room = strlen(fn->handler) + 1, len, used = 0, i;
	char		*path;

	for (i = 0; i < fn->captures.count; i++)
		if (!function_capture_is_valid(values[i])) {
			errno = EINVAL;
			return NULL;
		}
	for (at = from; next_capture(&at, &name, &len) == 1; )
		room += FUNCTION_CAPTURE_LEN;
	path = xmalloc(room);
	for (at = from; next_capture(&at, &name, &len) == 1; from = at) {
		memcpy(path + used, from, (size_t)(name - 2 - from));
		used += (size_t)(name - 2 - from);
		i = capture_number(&fn->captures, name, len);
		used = (size_t)(stpcpy(path + used, values[i]) - path);
	}
	strcpy(path + used, from);
	return path;
}
