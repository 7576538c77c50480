/*
 * sigv4: any bytes as what is signed: Authorization, X-Amz-Date and target,
 * a newline between them.
 *
 * Whatever is taken for a signature has all its parts, nothing but a good one
 * is taken for good, and whoever signs the same request makes no other.
 */
#include "sigv4.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cgi.h"
#include "mem.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
must(int is_true)
{
	if (!is_true)
		abort();
}

static void
check(struct sigv4 *s, struct arena *arena, const struct variables *vars)
{
	struct digest		 digest;
	enum sigv4_verdict	 verdict;

	must(*s->key_id != '\0' && *s->date != '\0' && *s->region != '\0');
	must(strlen(s->key_id) <= SIGV4_KEY_ID_MAX);
	must(strlen(s->signature) == 64 && strlen(s->time) == 16);
	must(s->expires_s <= SIGV4_EXPIRES_MAX_S);
	digest_of(&digest, "", 0);
	verdict = sigv4_check(s, arena, vars, &digest, "a secret", s->time_s);
	/* Nobody guesses one. */
	must(verdict == SIGV4_MISMATCH || verdict == SIGV4_INCOMPLETE);
	must(sigv4_check(s, arena, vars, &digest, "a secret",
	    s->time_s - SIGV4_SKEW_S - 1) != SIGV4_GOOD);
	must(strcmp(sigv4_canonical(s, arena, vars, &digest),
	    sigv4_canonical(s, arena, vars, &digest)) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *input, size_t len)
{
	static const char *const	 names[] = {
		"HTTP_AUTHORIZATION", "HTTP_X_AMZ_DATE", "REQUEST_URI",
		"HTTP_HOST",
	};
	struct arena			*arena = arena_create(4096);
	struct variables		 vars;
	struct sigv4			 s;
	char				*rest, *value;
	size_t				 i;

	variables_init(&vars, arena);
	rest = arena_strndup(arena, (const char *)input, len);
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if ((value = strsep(&rest, "\n")) != NULL)
			variables_set(&vars, names[i], value);
	switch (sigv4_parse(&s, arena, &vars)) {
	case SIGV4_GOOD:
		check(&s, arena, &vars);
		break;
	case SIGV4_INCOMPLETE:
		must(s.why != NULL);
		break;
	case SIGV4_MISSING:
		break;
	default:
		abort();
	}
	arena_free(arena);
	return 0;
}
