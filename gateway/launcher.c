/*
 * launcher: a worker's child, up to its exec.
 */
#include "launcher.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cgi.h"
#include "function.h"
#include "mem.h"
#include "message.h"
#include "sandbox.h"

#define EXIT_NOT_RUN	127	/* as a shell's: there was no program */
#define FIXED_VARIABLES	3	/* PATH, the mark, the endpoint */

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

/* How many strings the packet holds; -1 if it does not end in a NUL. */
static ptrdiff_t
count_strings(const char *packet, size_t len)
{
	ptrdiff_t	 count = 0;
	size_t		 i;

	if (len > 0 && packet[len - 1] != '\0')
		return -1;
	for (i = 0; i < len; i++)
		if (packet[i] == '\0')
			count++;
	return count;
}

/* Put the packet's variables behind used others; -1 with errno. */
static int
add_packet(char **env, size_t used, const struct function *fn, char *packet,
    size_t len)
{
	char	*at;
	size_t	 done, name_len;

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

char **
launcher_environment(const struct function *fn, uint64_t serial,
    const char *endpoint, char *packet, size_t len)
{
	char		**env;
	ptrdiff_t	  strings;
	size_t		  used = 0, i;

	if ((strings = count_strings(packet, len)) == -1) {
		errno = EBADMSG;
		return NULL;
	}
	env = xcalloc(FIXED_VARIABLES + fn->environment.count +
	    (size_t)strings + 1, sizeof(*env));
	if (!list_has(&fn->environment, "PATH", 4))
		env[used++] = xstrdup(DEFAULT_PATH);
	for (i = 0; i < fn->environment.count; i++)
		env[used++] = xstrdup(fn->environment.words[i]);
	if (endpoint != NULL)
		env[used++] = xstrdup(endpoint);
	env[used++] = xasprintf("%s=%llu", LAUNCHER_MARK,
	    (unsigned long long)serial);
	if (add_packet(env, used, fn, packet, len) == -1) {
		while (used > 0)
			free(env[--used]);
		free(env);
		return NULL;
	}
	return env;
}

/* The arguments are the configuration's alone, never a query's. */
static char **
arguments(const struct sandbox *box)
{
	const struct word_list	*words = &box->function->arguments;
	char			**argv;
	size_t			  i;

	argv = xcalloc(words->count + 2, sizeof(*argv));
	argv[0] = xstrdup(box->request.path);
	for (i = 0; i < words->count; i++)
		argv[i + 1] = xstrdup(words->words[i]);
	return argv;
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

/* Wait for the one packet of variables, then run the program with them. */
static _Noreturn void
launch(struct sandbox *box, uint64_t serial)
{
	char	 *packet, **env;
	ssize_t	  len;

	close(box->program.fd);
	packet = xmalloc(LAUNCH_VARIABLES_MAX + 1);
	do
		len = recv(box->variables, packet, LAUNCH_VARIABLES_MAX + 1, 0);
	while (len == -1 && errno == EINTR);
	if (len <= 0)
		_exit(0);	/* it was not needed after all */

	errno = EMSGSIZE;
	env = NULL;
	if (len <= LAUNCH_VARIABLES_MAX)
		env = launcher_environment(box->function, serial, NULL, packet,
		    (size_t)len);
	if (env == NULL) {
		box->failure.step = "variables";
		box->failure.refusal = REFUSAL_FAILED;
		box->failure.error = errno;
	} else if (find_again(box) == 0)
		sandbox_exec(box, arguments(box), env);
	answer_failure(box);
}

_Noreturn void
launcher_become(struct sandbox *box, uint64_t serial, const char *endpoint)
{
	char	**env;

	if (sandbox_apply(box) == -1) {
		sandbox_report(box, true);
		_exit(EXIT_NOT_RUN);
	}
	sandbox_report(box, false);
	if (box->variables != -1) {
		close(box->report);
		launch(box, serial);
	}
	env = launcher_environment(box->function, serial, endpoint, NULL, 0);
	sandbox_exec(box, arguments(box), env);
	sandbox_report(box, true);
	_exit(EXIT_NOT_RUN);
}
