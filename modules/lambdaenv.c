/*
 * lambdaenv: the environment of a Lambda worker, as far as it is known before
 * the worker runs.
 */
#include "lambdaenv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "function.h"
#include "mem.h"

#define WORDS_MAX	24
#define MIB		(1024 * 1024)
#define MEMORY_MOST	10240

unsigned
lambda_memory_mb(const struct function *fn)
{
	uint64_t	 mb = (fn->memory_max + MIB - 1) / MIB;

	return fn->memory_max == 0 || mb > UINT32_MAX ? MEMORY_MOST :
	    (unsigned)mb;
}

const char *
lambda_arn(const struct function *fn, struct arena *arena)
{
	return arena_printf(arena, "arn:aws:lambda:" LAMBDA_REGION ":"
	    LAMBDA_ACCOUNT ":function:%s", fn->name);
}

static void
add(struct word_list *list, const char *word)
{
	list->words[list->count++] = word;
}

/* A name no other worker's log has: 2026/01/02/[$LATEST]<32 hex>. */
static const char *
stream_name(struct arena *arena)
{
	time_t		 now = time(NULL);
	struct tm	 tm;

	gmtime_r(&now, &tm);
	return arena_printf(arena, "AWS_LAMBDA_LOG_STREAM_NAME="
	    "%04d/%02d/%02d/[" LAMBDA_VERSION "]%08x%08x%08x%08x",
	    tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, arc4random(),
	    arc4random(), arc4random(), arc4random());
}

void
lambda_environment(const struct function *fn, struct arena *arena,
    const char *folder, struct word_list *fixed, struct word_list *usual)
{
	fixed->words = arena_calloc(arena, WORDS_MAX, sizeof(char *));
	usual->words = arena_calloc(arena, WORDS_MAX, sizeof(char *));
	fixed->count = usual->count = 0;

	add(fixed, arena_printf(arena, "AWS_LAMBDA_FUNCTION_NAME=%s",
	    fn->name));
	add(fixed, "AWS_LAMBDA_FUNCTION_VERSION=" LAMBDA_VERSION);
	add(fixed, arena_printf(arena, "AWS_LAMBDA_FUNCTION_MEMORY_SIZE=%u",
	    lambda_memory_mb(fn)));
	add(fixed, "AWS_LAMBDA_INITIALIZATION_TYPE=on-demand");
	add(fixed, arena_printf(arena, "AWS_LAMBDA_LOG_GROUP_NAME="
	    "/aws/lambda/%s", fn->name));
	add(fixed, stream_name(arena));
	add(fixed, arena_printf(arena, "LAMBDA_TASK_ROOT=%s",
	    *fn->code->task_root != '\0' ? fn->code->task_root : folder));
	add(fixed, arena_printf(arena, "_HANDLER=%s",
	    fn->code->handler_name));
	if (fn->code->runtime == NULL)
		add(fixed, "LAMBDA_RUNTIME_DIR=/var/runtime");
	if (fn->concurrency > 1)
		add(fixed, arena_printf(arena, "AWS_LAMBDA_MAX_CONCURRENCY=%u",
		    fn->concurrency));

	add(usual, "AWS_REGION=" LAMBDA_REGION);
	add(usual, "AWS_DEFAULT_REGION=" LAMBDA_REGION);
	add(usual, "AWS_XRAY_CONTEXT_MISSING=LOG_ERROR");
	/* AWS's en_US is not everywhere, and Perl complains of that. */
	add(usual, "LANG=C.UTF-8");
	add(usual, "TZ=:UTC");
}
