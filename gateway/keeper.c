/*
 * keeper: from the spawner to the gateway's executable.
 */
#include "keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "log.h"
#include "mem.h"
#include "privileges.h"
#include "process.h"

#define TITLE		"tollgated: gateway"
#define HELPER_TITLE	"tollgated: auth"
#define GIVEN		3	/* the one descriptor it gets besides 0 to 2 */

int
keeper_find(const char *program)
{
	char	 path[PATH_MAX];
	size_t	 room = strlen(program) + 1;
	char	*slash;
	ssize_t	 len;
	int	 fd;

	len = readlink("/proc/self/exe", path, sizeof(path) - 1);
	if (len > 0) {
		path[len] = '\0';
		slash = strrchr(path, '/');
		if (slash != NULL && (size_t)(slash + 1 - path) +
		    room <= sizeof(path)) {
			memcpy(slash + 1, program, room);
			if ((fd = open(path, O_PATH | O_CLOEXEC)) != -1)
				return fd;
		}
	}
	snprintf(path, sizeof(path), "%s/%s", PKGLIBEXECDIR, program);
	fd = open(path, O_PATH | O_CLOEXEC);
	if (fd == -1)
		log_errno("%s", path);
	return fd;
}

struct birth {
	int				 executable;
	const struct gateway_settings	*settings;
	pid_t				 parent;
	int				 given;
	bool				 is_quiet;
	char				*argv[5];
};

static _Noreturn void
give_up(const char *what)
{
	dprintf(STDERR_FILENO, "tollgated: gateway: %s: %s\n", what,
	    strerror(errno));
	_exit(1);
}

/* Nothing comes along but 0 to 2, what is given, and the executable. */
static void
arrange_descriptors(int given, int executable, bool is_quiet)
{
	int	 null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null == -1 || dup2(null, STDIN_FILENO) == -1)
		give_up("/dev/null");
	if (is_quiet && (dup2(null, STDOUT_FILENO) == -1 ||
	    dup2(null, STDERR_FILENO) == -1))
		give_up("/dev/null");
	/* Out of the way first, as either may stand at 3 or 4. */
	given = fcntl(given, F_DUPFD_CLOEXEC, GIVEN + 2);
	executable = fcntl(executable, F_DUPFD_CLOEXEC, GIVEN + 2);
	if (given == -1 || executable == -1 || dup2(given, GIVEN) == -1 ||
	    dup3(executable, GIVEN + 1, O_CLOEXEC) == -1 ||
	    close_range(GIVEN + 2, ~0U, 0) == -1)
		give_up("descriptors");
}

/* In the child.  Words go to stderr, as the log has been closed. */
static _Noreturn void
become(const struct birth *b)
{
	static char	 path[] = "PATH=/usr/local/bin:/usr/bin:/bin";
	char		*environment[] = { path, NULL };

	arrange_descriptors(b->given, b->executable, b->is_quiet);
	if (process_reset_signals() == -1 || setsid() == -1)
		give_up("session");
	privileges_bound();
	if (privileges_can_change_user()) {
		errno = EPERM;
		if (b->settings->uid == 0 || process_become(b->settings->uid,
		    b->settings->gid, NULL, 0) == -1)
			give_up("user");
	}
	if (process_die_with(b->parent) == -1)
		give_up("parent");
	/* A setuid program is no way back for one that was captured. */
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1)
		give_up("no_new_privs");
	execveat(GIVEN + 1, "", b->argv, environment, AT_EMPTY_PATH);
	give_up("exec");
}

/* One end of a new pair is its descriptor 3, the other one *end. */
static pid_t
start(struct birth *birth, int *end)
{
	const char	*title = birth->argv[0];
	int		 pair[2], saved;
	pid_t		 pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == -1) {
		log_errno("%s: socketpair", title);
		return -1;
	}
	birth->given = pair[1];
	if ((pid = fork()) == 0)
		become(birth);
	saved = errno;
	close(pair[1]);
	*end = pair[0];
	if (pid == -1) {
		close(pair[0]);
		errno = saved;
		log_errno("%s: fork", title);
	}
	return pid;
}

pid_t
keeper_start(int executable, const struct gateway_settings *settings,
    bool is_quiet, int *channel)
{
	char		 title[] = TITLE;
	struct birth	 birth = { executable, settings, getpid(), -1,
			     is_quiet, { title, NULL } };

	return start(&birth, channel);
}

pid_t
keeper_start_helper(int executable, const struct gateway_settings *settings,
    bool is_quiet, int *fd)
{
	char		 title[] = HELPER_TITLE;
	struct birth	 birth = { executable, settings, getpid(), -1,
			     is_quiet, { title, NULL } };

	return start(&birth, fd);
}

int
keeper_check(int executable, const struct gateway_settings *settings, int load,
    const char *request)
{
	char		 title[] = TITLE, word[] = "check", number[8];
	char		*words = request != NULL ? xstrdup(request) : NULL;
	struct birth	 birth = { executable, settings, getpid(), load, false,
			     { title, word, number, words, NULL } };
	pid_t		 pid;
	int		 status;

	snprintf(number, sizeof(number), "%d", GIVEN);
	if ((pid = fork()) == 0)
		become(&birth);
	free(words);
	if (pid == -1) {
		log_errno("gateway: fork");
		return -1;
	}
	while (waitpid(pid, &status, 0) == -1)
		if (errno != EINTR) {
			log_errno("gateway: wait");
			return -1;
		}
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}
