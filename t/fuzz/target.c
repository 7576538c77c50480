/*
 * target: any bytes as a target of the Invoke API, its headers' values behind
 * newlines.
 *
 * What is understood is within its bounds and reads back the same from its
 * ARN; what is said of the rest is JSON.
 */
#include "api.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "mem.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
must(int is_true)
{
	if (!is_true)
		abort();
}

static void
check_json(const char *text)
{
	struct json_check	 json;

	memset(&json, 0, sizeof(json));
	json_feed(&json, text, strlen(text));
	must(json_end(&json) == JSON_GOOD);
}

/* As the last of the path, where the ARN stands for the name. */
static void
check_again(struct arena *arena, const struct api_place *place,
    const struct api_call *call)
{
	const struct api_headers	 none = { NULL, NULL, NULL };
	struct api_call			 again;

	must(api_parse(&again, arena, place, "POST", arena_printf(arena,
	    "/2015-03-31/functions/%s/invocations", api_arn(call, arena, "")),
	    &none) == NULL);
	must(strcmp(again.name, call->name) == 0);
	must(strcmp(again.qualifier, call->qualifier) == 0);
	must(strcmp(again.account, call->account) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *input, size_t len)
{
	static const struct api_place	 place = { "us-east-1",
					     "000000000000" };
	struct arena			*arena = arena_create(4096);
	struct api_headers		 headers;
	struct api_call			 call;
	const struct api_error		*e;
	char				*rest, *target;

	rest = arena_strndup(arena, (const char *)input, len);
	target = strsep(&rest, "\n");
	headers.type = strsep(&rest, "\n");
	headers.log_type = strsep(&rest, "\n");
	headers.client_context = rest;
	e = api_parse(&call, arena, &place, "POST", target, &headers);
	if (e != NULL) {
		must(e->status >= 400);
		check_json(e->body);
	} else {
		must(call.operation > API_UNKNOWN);
		must(strlen(call.name) <= API_NAME_MAX);
		if (*call.client_context != '\0')
			check_json(call.client_context);
		/* A qualifier in the query may be one that no name has. */
		if (strchr(call.qualifier, '$') == NULL)
			check_again(arena, &place, &call);
	}
	check_json(json_quote(arena, (const char *)input, len));
	arena_free(arena);
	return 0;
}
