/*
 * runtime: a row per language, and what may be said with it.
 */
#include "runtime.h"

#include <string.h>

#include "function.h"
#include "settings.h"

static const struct runtime	runtimes[] = {
	/* Its bootstrap looks into /opt/python itself. */
	{ "python3",	false, { ".py", NULL, NULL }, NULL },
	{ "nodejs",	false, { ".js", ".mjs", ".cjs" },
	  "NODE_PATH=/opt/nodejs/node_modules" },
	{ "ruby",	false, { ".rb", NULL, NULL }, "RUBYLIB=/opt/ruby/lib" },
	{ "perl",	false, { ".pl", NULL, NULL }, NULL },
	{ "php",	false, { ".php", NULL, NULL }, NULL },
	{ "shell",	false, { ".sh", NULL, NULL }, NULL },
	{ "provided",	true,  { NULL, NULL, NULL }, NULL },
};

static const char *const	reserved[] = {
	"_HANDLER", "_X_AMZN_TRACE_ID", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
	"AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_FUNCTION_VERSION",
	"AWS_LAMBDA_INITIALIZATION_TYPE", "AWS_LAMBDA_LOG_GROUP_NAME",
	"AWS_LAMBDA_LOG_STREAM_NAME", "AWS_LAMBDA_MAX_CONCURRENCY",
	"AWS_LAMBDA_RUNTIME_API", "LAMBDA_RUNTIME_DIR", "LAMBDA_TASK_ROOT",
};

#define LENGTH(array)	(sizeof(array) / sizeof((array)[0]))

const struct runtime *
runtime_find(const char *name)
{
	size_t	 i;

	for (i = 0; i < LENGTH(runtimes); i++)
		if (strcmp(runtimes[i].name, name) == 0)
			return &runtimes[i];
	return NULL;
}

size_t
runtime_file_length(const char *handler_name)
{
	const char	*slash = strrchr(handler_name, '/');
	const char	*name = slash == NULL ? handler_name : slash + 1;
	const char	*dot = strchr(name, '.');

	if (dot == NULL || dot == name || dot[1] == '\0')
		return 0;
	return (size_t)(dot - handler_name);
}

/* AWS's texts have no blanks either. */
static bool
is_text(const char *s)
{
	size_t	 len = strlen(s), i;

	for (i = 0; i < len; i++)
		if ((unsigned char)s[i] <= ' ' || s[i] == 0x7f)
			return false;
	return len <= RUNTIME_HANDLER_MAX;
}

const char *
runtime_check(const struct function *fn, const char **key)
{
	const char	*name = fn->code->handler_name;
	bool		 is_lambda = strcmp(fn->protocol->name, "lambda") == 0;

	*key = "function.runtime";
	if (fn->code->runtime != NULL && !is_lambda)
		return "is only for protocol = lambda";
	if (fn->code->runtime != NULL && fn->is_template)
		return "cannot be with ${NAME} in handler; expected a handler "
		    "that is the program";
	*key = "function.handler_name";
	if (*name != '\0' && !is_lambda)
		return "is only for protocol = lambda";
	if (!is_text(name))
		return "has blanks or more than 128 bytes";
	if (fn->code->runtime == NULL || fn->code->runtime->is_provided)
		return NULL;
	if (runtime_file_length(name) == 0)
		return "is not file.function, as in hello.handler";
	if (*name == '/' || strncmp(name, "../", 3) == 0 ||
	    strstr(name, "/../") != NULL)
		return "leaves the folder of the code; expected file.function "
		    "in there";
	return NULL;
}

bool
runtime_reserves(const char *name, size_t len)
{
	size_t	 i;

	for (i = 0; i < LENGTH(reserved); i++)
		if (strlen(reserved[i]) == len &&
		    memcmp(reserved[i], name, len) == 0)
			return true;
	return false;
}
