/*
 * runtimes: looks for bootstraps beside tollgated, and for code.
 */
#include "runtimes.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config.h"
#include "mem.h"
#include "runtime.h"
#include "settings.h"

#define HERE	"handlers/runtimes"	/* in the build folder */

/* Our bootstrap of that name: beside tollgated, or where it is installed. */
static const char *
find_bootstrap(struct arena *arena, const char *name)
{
	char		 self[PATH_MAX], *slash;
	const char	*path;
	ssize_t		 len;

	len = readlink("/proc/self/exe", self, sizeof(self) - 1);
	if (len > 0) {
		self[len] = '\0';
		if ((slash = strrchr(self, '/')) != NULL) {
			path = arena_printf(arena, "%.*s/%s/%s",
			    (int)(slash - self), self, HERE, name);
			if (access(path, X_OK) == 0)
				return path;
		}
	}
	return arena_printf(arena, "%s/runtimes/%s", PKGLIBEXECDIR, name);
}

/* handler, as a folder; without slashes at its end, as views want it. */
static const char *
folder_name(const struct function *fn)
{
	size_t	 len = strlen(fn->handler);

	while (len > 1 && fn->handler[len - 1] == '/')
		len--;
	return arena_strndup(fn->arena, fn->handler, len);
}

/* A file of code must be the one that handler_name speaks of. */
static bool
is_file_of(const struct function_code *code, const char *name)
{
	size_t	 len = runtime_file_length(code->handler_name);

	return strncmp(name, code->handler_name, len) == 0 &&
	    name[len] == '.' && memchr(code->handler_name, '/', len) == NULL;
}

/* Where handler is a file: its folder, and the file as it is said there. */
static void
resolve_file(struct function *fn, struct function_code *code,
    const struct config_index *index, struct config_errors *errors)
{
	const char	*name = strrchr(fn->handler, '/') + 1;

	code->task_root = name == fn->handler + 1 ? "/" :
	    arena_strndup(fn->arena, fn->handler,
	    (size_t)(name - 1 - fn->handler));
	if (code->runtime->is_provided)
		code->program = fn->handler;
	else if (!is_file_of(code, name))
		config_blame(errors, index, fn, "function.handler_name",
		    "\"%s\" is not of the file %s; expected %.*s.FUNCTION",
		    code->handler_name, name, (int)strcspn(name, "."), name);
}

static void
warn_of_code(struct function *fn, const struct config_index *index,
    struct config_errors *warnings)
{
	const char	*why = NULL;
	struct stat	 st;

	if (stat(fn->handler, &st) == -1)
		why = strerror(errno);
	else if (!S_ISDIR(st.st_mode) && !S_ISREG(st.st_mode))
		why = "neither a file nor a folder";
	else if (st.st_mode & S_IWOTH && !(st.st_mode & S_ISVTX))
		why = "can be written to by everybody";
	if (why != NULL)
		config_blame(warnings, index, fn, "function.handler", "%s: %s",
		    fn->handler, why);
}

/* What each worker is told of itself is for nobody else to say. */
static void
check_environment(struct function *fn, const struct config_index *index,
    struct config_errors *errors)
{
	const struct word_list	*words = &fn->environment;
	size_t			 i, len;

	if (strcmp(fn->protocol->name, "lambda") != 0)
		return;
	for (i = 0; i < words->count; i++) {
		len = strcspn(words->words[i], "=");
		if (runtime_reserves(words->words[i], len))
			config_blame(errors, index, fn,
			    "function.environment", "%.*s cannot be set: "
			    "protocol = lambda sets it", (int)len,
			    words->words[i]);
	}
}

void
runtimes_resolve(struct function *fn, const struct config_index *index,
    struct config_errors *errors, struct config_errors *warnings)
{
	struct function_code	*code;
	struct stat		 st;

	check_environment(fn, index, errors);
	if (fn->code->runtime == NULL)
		return;
	code = arena_alloc(fn->arena, sizeof(*code));
	*code = *fn->code;
	fn->code = code;
	code->task_root = folder_name(fn);
	code->program = code->runtime->is_provided ?
	    arena_printf(fn->arena, "%s/bootstrap", code->task_root) :
	    find_bootstrap(fn->arena, code->runtime->name);
	if (stat(fn->handler, &st) == 0 && S_ISREG(st.st_mode))
		resolve_file(fn, code, index, errors);
	warn_of_code(fn, index, warnings);
	if (access(code->program, X_OK) == -1)
		config_blame(warnings, index, fn, "function.runtime",
		    "%s: %s", code->program, strerror(errno));
}

void
runtimes_environment(const struct function *fn, struct word_list *usual)
{
	const struct function_code	*code = fn->code;
	const struct runtime		*runtime = code->runtime;

	if (runtime == NULL || runtime->is_provided)
		return;
	usual->words[usual->count++] = arena_printf(fn->arena,
	    "LAMBDA_RUNTIME_DIR=%.*s",
	    (int)(strrchr(code->program, '/') - code->program), code->program);
	/* Those of AWS's languages put their version behind it. */
	usual->words[usual->count++] = arena_printf(fn->arena,
	    "AWS_EXECUTION_ENV=AWS_Lambda_%s", runtime->name);
	if (runtime->layers != NULL)
		usual->words[usual->count++] = runtime->layers;
}

void
runtimes_each_file(const struct function *fn,
    void (*with)(void *arg, const char *path), void *arg)
{
	const struct function_code	*code = fn->code;
	const char			*extension;
	char				 path[PATH_MAX];
	size_t				 i;

	if (code->runtime == NULL)
		return;
	with(arg, code->program);
	for (i = 0; i < RUNTIME_EXTENSIONS_MAX; i++) {
		if ((extension = code->runtime->extensions[i]) == NULL)
			break;
		snprintf(path, sizeof(path), "%s/%.*s%s", code->task_root,
		    (int)runtime_file_length(code->handler_name),
		    code->handler_name, extension);
		with(arg, path);
	}
}
