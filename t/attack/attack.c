/*
 * attack: a CGI program that tries each deed in its body, and answers what came
 * of it.
 *
 * A line of the body is the deed's name and argument, a line of the answer the
 * same, ": ", and OPEN or held:ERRNO, and what else was seen.  With an argument
 * it is one of the programs that deeds run.
 */
#include "attack.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define SECONDS		20	/* that a deed may take */

struct outcome {
	int	 status;
	int	 error;
	char	 note[200];
};

static struct outcome	 outcome;

int	 attack_descriptor = -1;

void
attack_note(const char *format, ...)
{
	va_list	 ap;

	va_start(ap, format);
	vsnprintf(outcome.note, sizeof(outcome.note), format, ap);
	va_end(ap);
}

int
attack_run(const char *program, const char *argument)
{
	char	*arguments[] = { (char *)(size_t)program,
		    (char *)(size_t)argument, NULL };
	pid_t	 pid;
	int	 status;

	errno = posix_spawn(&pid, program, NULL, NULL, arguments, environ);
	if (errno != 0)
		return -1;
	if (waitpid(pid, &status, 0) == -1)
		return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

/* How a process that ended without a word did. */
static void
judge_end(struct outcome *o, int status)
{
	o->status = -1;
	o->error = -1;
	if (WIFSIGNALED(status))
		snprintf(o->note, sizeof(o->note), "SIG%s",
		    sigabbrev_np(WTERMSIG(status)));
	else
		snprintf(o->note, sizeof(o->note), "exit %d",
		    WEXITSTATUS(status));
}

static struct outcome
run_apart(int (*deed)(char *), char *argument)
{
	struct outcome	 o;
	pid_t		 pid;
	int		 ends[2], status = 0;

	memset(&o, 0, sizeof(o));
	o.status = -1;
	if (pipe(ends) == -1 || (pid = fork()) == -1) {
		o.error = errno;
		return o;
	}
	if (pid == 0) {
		close(ends[0]);
		alarm(SECONDS);
		errno = 0;
		outcome.status = deed(argument);
		outcome.error = errno;
		_exit(write(ends[1], &outcome, sizeof(outcome)) ==
		    sizeof(outcome) ? 0 : 1);
	}
	close(ends[1]);
	if (read(ends[0], &o, sizeof(o)) != sizeof(o)) {
		waitpid(pid, &status, 0);
		judge_end(&o, status);
	} else
		waitpid(pid, &status, 0);
	close(ends[0]);
	return o;
}

static const struct deed *
find_deed(const char *name)
{
	static const struct deed *const	 all[] = { deeds_files,
		deeds_processes, deeds_network, deeds_kernel, deeds_resources,
		deeds_census };
	const struct deed		*deed;
	size_t				 i;

	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		for (deed = all[i]; deed->name != NULL; deed++)
			if (strcmp(deed->name, name) == 0)
				return deed;
	return NULL;
}

static void
try(char *line)
{
	const struct deed	*deed;
	struct outcome		 o;
	char			*name, *argument;

	printf("%s: ", line);
	name = strsep(&line, " ");
	argument = line == NULL ? name + strlen(name) : line;
	if ((deed = find_deed(name)) == NULL) {
		printf("no such deed\n");
		return;
	}
	fflush(stdout);
	o = run_apart(deed->run, argument);
	if (o.status == 0)
		printf("OPEN %s\n", o.note);
	else if (o.error == -1)
		printf("held:%s\n", o.note);
	else
		printf("held:%s %s\n", o.error == 0 ? "nothing" :
		    strerrorname_np(o.error), o.note);
}

static void
look_at_descriptors(void)
{
	int	 fd;

	for (fd = STDERR_FILENO + 1; fd < 1024; fd++)
		if (fcntl(fd, F_GETFD) != -1)
			attack_descriptor = fd;
}

int
main(int argc, char *argv[])
{
	char	 line[512];

	if (argc > 1)
		return strcmp(argv[1], "is-root") == 0 && geteuid() != 0;
	look_at_descriptors();
	printf("Content-Type: text/plain\r\n\r\n");
	while (fgets(line, sizeof(line), stdin) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		try(line);
	}
	return 0;
}
