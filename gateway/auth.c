/*
 * auth: the main of tollgate-auth, the helper that checks passwords.
 *
 * The spawner starts it, as the gateway's user, with one descriptor: the other
 * end is the gateway's, whose end is its end.  It opens nothing, keeps nothing
 * of what it is asked, and has no privilege that a password could be worth.
 */
#include "auth.h"

#include <crypt.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "callfilter.h"

_Static_assert(AUTH_PASSWORD_LEN <= CRYPT_MAX_PASSPHRASE_SIZE,
    "crypt(3) takes all that a question holds");

/* In a time that does not depend on where they differ. */
static bool
is_same(const char *a, const char *b, size_t len)
{
	unsigned	 difference = 0;
	size_t		 i;

	for (i = 0; i < len; i++)
		difference |= (unsigned)(a[i] ^ b[i]);
	return difference == 0;
}

static bool
is_right(const struct auth_question *q, struct crypt_data *work)
{
	const char	*hash;
	size_t		 len = strlen(q->hash);

	hash = crypt_r(q->password, q->hash, work);
	/* A hash that crypt(3) cannot read fits nothing. */
	return hash != NULL && *hash != '*' && strlen(hash) == len &&
	    is_same(hash, q->hash, len);
}

static bool
is_valid(const struct auth_question *q, ssize_t len)
{
	return len == (ssize_t)sizeof(*q) &&
	    memchr(q->hash, '\0', sizeof(q->hash)) != NULL &&
	    memchr(q->password, '\0', sizeof(q->password)) != NULL;
}

/* Until the gateway has gone.  The exit status. */
static int
serve(void)
{
	static struct crypt_data	 work;
	static struct auth_question	 q;
	struct auth_answer		 answer;
	ssize_t				 n;

	for (;;) {
		n = recv(AUTH_CHANNEL, &q, sizeof(q), MSG_TRUNC);
		if (n == 0)
			return 0;
		if (n == -1 && errno == EINTR)
			continue;
		if (!is_valid(&q, n))
			return 1;
		memset(&answer, 0, sizeof(answer));
		answer.number = q.number;
		answer.is_right = is_right(&q, &work);
		explicit_bzero(&q, sizeof(q));
		explicit_bzero(&work, sizeof(work));
		if (send(AUTH_CHANNEL, &answer, sizeof(answer),
		    MSG_NOSIGNAL) == -1)
			return errno == EPIPE ? 0 : 1;
	}
}

static int
set_limit(int resource, rlim_t most)
{
	struct rlimit	 limit = { most, most };

	return setrlimit((__rlimit_resource_t)resource, &limit);
}

/* From here on there are arithmetic, memory and one descriptor. */
static int
confine(void)
{
	size_t	 count;

	if (prctl(PR_SET_DUMPABLE, 0) == -1 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1 ||
	    set_limit(RLIMIT_CORE, 0) == -1 ||
	    set_limit(RLIMIT_FSIZE, 0) == -1 ||
	    set_limit(RLIMIT_NPROC, 0) == -1)
		return -1;
	close(STDIN_FILENO);
	close(STDOUT_FILENO);
	if (set_limit(RLIMIT_NOFILE, 0) == -1)
		return -1;
	/* Some kernels have none. */
	if (!IS_SANITIZED)
		(void)!callfilter_install(CALLS_OF_AUTH, &count);
	return 0;
}

int
main(void)
{
	if (fcntl(AUTH_CHANNEL, F_GETFD) == -1) {
		fprintf(stderr, "This is tollgated's helper; see "
		    "tollgated(8).\n");
		return 2;
	}
	/* A terminal's signals are for tollgated. */
	signal(SIGINT, SIG_IGN);
	signal(SIGQUIT, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	if (confine() == -1) {
		perror("tollgated: auth");
		return 1;
	}
	return serve();
}
