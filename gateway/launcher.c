/*
 * launcher: a worker's child, up to its exec.
 */
#include "launcher.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cgi.h"
#include "function.h"
#include "mem.h"
#include "message.h"
#include "sandbox.h"

#define EXIT_NOT_RUN	127	/* as a shell's: there was no program */
#define FIXED_VARIABLES	2	/* PATH, the mark */

#define DEFAULT_PATH	"PATH=/usr/local/bin:/usr/bin:/bin"

/* The bytes of NAME in NAME=value, or 0 if it is not of that form. */
static size_t
name_length(const char *variable)
{
	size_t	 len = strcspn(variable, "=");

	return variable[len] == '=' ? len : 0;
}

static bool
list_has(const struct word_list *list, const char *name, size_t len)
{
	size_t	 i;

	for (i = 0; i < list->count; i++)
		if (strncmp(list->words[i], name, len) == 0 &&
		    list->words[i][len] == '=')
			return true;
	return false;
}

/* What decides which code runs is never for a request to say. */
static bool
is_reserved(const char *name, size_t len)
{
	static const char	 mark[] = LAUNCHER_MARK;

	return (len == 4 && strncmp(name, "PATH", 4) == 0) ||
	    (len >= 3 && strncmp(name, "LD_", 3) == 0) ||
	    (len == sizeof(mark) - 1 && strncmp(name, mark, len) == 0);
}

static bool
may_be_set(const struct function *fn, const char *name, size_t len)
{
	return !is_reserved(name, len) &&
	    (variable_name_passes(name, len, NAME_CGI) ||
	    list_has(&fn->parameters, name, len));
}

static const char **
put_words(const char **to, const struct word_list *list)
{
	size_t	 i;

	for (i = 0; i < list->count; i++)
		*to++ = list->words[i];
	return to;
}

/* Those that other has not. */
static const char **
put_missing(const char **to, const struct word_list *list,
    const struct word_list *other)
{
	size_t	 i;

	for (i = 0; i < list->count; i++)
		if (!list_has(other, list->words[i],
		    strcspn(list->words[i], "=")))
			*to++ = list->words[i];
	return to;
}

void
launcher_prepare(struct launch *l, struct arena *arena,
    const struct function *fn, const char *path, uint64_t serial,
    const struct launch_words *more)
{
	static const struct launch_words	 nothing;
	const char				**to;

	if (more == NULL)
		more = &nothing;
	/* The arguments are the configuration's alone, never a query's. */
	to = l->arguments = arena_calloc(arena, fn->arguments.count + 2,
	    sizeof(*to));
	*to++ = path;
	put_words(to, &fn->arguments);

	to = l->environment = arena_calloc(arena, FIXED_VARIABLES +
	    fn->environment.count + more->fixed.count + more->usual.count + 1,
	    sizeof(*to));
	if (!list_has(&fn->environment, "PATH", 4))
		*to++ = DEFAULT_PATH;
	to = put_missing(to, &more->usual, &fn->environment);
	to = put_missing(to, &fn->environment, &more->fixed);
	to = put_words(to, &more->fixed);
	*to++ = arena_printf(arena, "%s=%llu", LAUNCHER_MARK,
	    (unsigned long long)serial);
	l->variables = (size_t)(to - l->environment);
}

int
launcher_environment(const struct launch *l, const struct function *fn,
    const char *packet, size_t len, const char **env)
{
	const char	*at;
	size_t		 used = l->variables, done, name_len;

	memcpy(env, l->environment, used * sizeof(*env));
	if (len > 0 && packet[len - 1] != '\0') {
		errno = EBADMSG;
		return -1;
	}
	for (done = 0; done < len; done += strlen(at) + 1) {
		at = packet + done;
		if ((name_len = name_length(at)) == 0) {
			errno = EBADMSG;
			return -1;
		}
		if (list_has(&fn->environment, at, name_len))
			continue;
		if (!may_be_set(fn, at, name_len)) {
			errno = EPERM;
			return -1;
		}
		env[used++] = at;
	}
	env[used] = NULL;
	return 0;
}

static _Noreturn void
answer_failure(const struct sandbox *box)
{
	struct launch_failure	 failure;

	memset(&failure, 0, sizeof(failure));
	failure.error = box->failure.error;
	failure.refusal = (int32_t)box->failure.refusal;
	snprintf(failure.step, sizeof(failure.step), "%s", box->failure.step);
	/* If the gateway has gone, nobody minds. */
	send(box->variables, &failure, sizeof(failure), MSG_NOSIGNAL);
	_exit(EXIT_NOT_RUN);
}

/* Look at the program again: it may have been edited since, or sold. */
static int
find_again(struct sandbox *box)
{
	if (trust_open(&box->request, &box->program, &box->failure) == -1)
		return -1;
	if (box->is_root && box->function->is_template &&
	    box->program.uid != box->uid) {
		box->failure.step = "file: owner has changed";
		box->failure.refusal = REFUSAL_NOT_TRUSTED;
		box->failure.error = EPERM;
		return -1;
	}
	return 0;
}

/* Wait for the one packet of variables; its length, up to one too many. */
static size_t
await_variables(const struct sandbox *box, char *packet)
{
	ssize_t	 len;

	do
		len = recv(box->variables, packet, LAUNCH_VARIABLES_MAX + 1, 0);
	while (len == -1 && errno == EINTR);
	if (len <= 0)
		_exit(0);	/* it was not needed after all */
	return (size_t)len;
}

/* Read a request's variables and make an environment of them; -1 with errno. */
static int
read_environment(const struct sandbox *box, const struct launch *l,
    const char ***env)
{
	const size_t	 align = sizeof(char *);
	char		*packet;
	size_t		 room, len;

	/* Room for the most there can be: only what is used of it will cost. */
	room = LAUNCH_VARIABLES_MAX + align + sizeof(char *) * (l->variables +
	    LAUNCHER_VARIABLES(LAUNCH_VARIABLES_MAX));
	packet = mmap(NULL, room, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (packet == MAP_FAILED)
		return -1;
	len = await_variables(box, packet);
	if (len > LAUNCH_VARIABLES_MAX) {
		errno = EMSGSIZE;
		return -1;
	}
	*env = (const char **)(void *)(packet + (len + align - 1) / align *
	    align);
	return launcher_environment(l, box->function, packet, len, *env);
}

static _Noreturn void
launch(struct sandbox *box, const struct launch *l)
{
	const char	**env;

	close(box->program.fd);
	if (read_environment(box, l, &env) == -1) {
		box->failure.step = "variables";
		box->failure.refusal = REFUSAL_FAILED;
		box->failure.error = errno;
	} else if (find_again(box) == 0)
		sandbox_exec(box, l->arguments, env);
	answer_failure(box);
}

struct program {
	struct sandbox		*box;
	const struct launch	*launch;
};

/* All steps are done. */
static void
become_program(void *arg)
{
	const struct program	*p = arg;
	struct sandbox		*box = p->box;

	sandbox_report(box, SANDBOX_STANDS);
	if (box->variables != -1) {
		close(box->report);
		launch(box, p->launch);
	}
	sandbox_exec(box, p->launch->arguments, p->launch->environment);
	sandbox_report(box, SANDBOX_FAILED);
	_exit(EXIT_NOT_RUN);
}

_Noreturn void
launcher_become(struct sandbox *box, const struct launch *l)
{
	struct program	 program = { box, l };

	if (sandbox_apply(box) == 0)
		sandbox_run(box, become_program, &program,
		    box->variables == -1);
	sandbox_report(box, SANDBOX_FAILED);
	_exit(EXIT_NOT_RUN);
}
