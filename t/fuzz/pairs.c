/*
 * pairs: any bytes as a stream of name-value pairs, and what a request makes
 * of them: its variables, its path, its host.
 *
 * Pairs encode back to what parses the same; each variable is there once and
 * found again; a path is normal or refused.
 */
#include "cgi.h"
#include "fcgi.h"
#include "mem.h"

#include <stdlib.h>
#include <string.h>

#define PAIRS_MAX	65536	/* bytes that one may take up */

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
must(int is_true)
{
	if (!is_true)
		abort();
}

static int
is_same(const char *a, size_t a_len, const char *b, size_t b_len)
{
	return a_len == b_len && memcmp(a, b, a_len) == 0;
}

/* In a room of exactly its size it fits, in one less it does not. */
static void
check_pair(const struct fcgi_pair *pair)
{
	struct fcgi_pair	 again;
	uint8_t			*room;
	size_t			 size;

	size = pair->name_len + (pair->name_len < 128 ? 1 : 4) +
	    pair->value_len + (pair->value_len < 128 ? 1 : 4);
	must((room = malloc(size)) != NULL);
	must(fcgi_pair_put(room, size - 1, pair) == 0);
	must(fcgi_pair_put(room, size, pair) == size);
	must(fcgi_pair_parse(room, size, size, &again) == (ptrdiff_t)size);
	must(is_same(pair->name, pair->name_len, again.name,
	    again.name_len));
	must(is_same(pair->value, pair->value_len, again.value,
	    again.value_len));
	free(room);
}

/* What still stands as a pair reads as one. */
static void
check_head(const struct variable *var)
{
	struct fcgi_pair	 pair;
	size_t			 size = var->head + var->name_len +
				    var->value_len;

	must(fcgi_pair_parse((const uint8_t *)var->name - var->head, size,
	    size, &pair) == (ptrdiff_t)size);
	must(pair.head == var->head && pair.name == var->name &&
	    pair.value == var->value);
}

static void
check_variables(const struct variables *v)
{
	const struct variable	*var;
	const char		*name;
	size_t			 i;

	for (i = 0; i < v->count; i++) {
		var = &v->list[i];
		name = arena_strndup(v->arena, var->name, var->name_len);
		must(strlen(name) == var->name_len);
		must(memchr(var->value, '\0', var->value_len) == NULL);
		must(var->name_len > 0 && strpbrk(name, "\r\n=") == NULL);
		must(variables_find(v, name) == var);
		if (var->head != 0)
			check_head(var);
		if (variable_name_passes(name, var->name_len, NAME_CGI))
			must(var->passes);
	}
}

static void
check_meaning(const struct variables *v, struct arena *arena)
{
	const struct variable	*host;
	const char		*path;
	char			*again, out[256];
	uint64_t		 length;

	if (cgi_request_path(v, &path) == PATH_GOOD) {
		must(*path == '/' && strstr(path, "//") == NULL &&
		    strstr(path, "/../") == NULL);
		again = arena_strdup(arena, path);
		must(cgi_path_normalise(again) == 0);
		must(strcmp(again, path) == 0);
	}
	if ((host = variables_find(v, "HTTP_HOST")) != NULL) {
		cgi_host(host->value, host->value_len, out, sizeof(out));
		must(strlen(out) <= host->value_len);
	}
	if (cgi_content_length(v, &length) == 1)
		must(length <= INT64_MAX);
	variables_expand(v, "${QUERY_STRING}${HTTP_HOST}", v);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct arena		*arena;
	struct variables	 v;
	struct fcgi_pair	 pair;
	ptrdiff_t		 n;

	arena = arena_create(4096);
	variables_init(&v, arena);
	while ((n = fcgi_pair_parse(bytes, len, PAIRS_MAX, &pair)) > 0) {
		must((size_t)n <= len);
		check_pair(&pair);
		if (variables_add(&v, &pair) != NULL)
			break;
		bytes += n;
		len -= (size_t)n;
	}
	check_variables(&v);
	check_meaning(&v, arena);
	arena_free(arena);
	return 0;
}
