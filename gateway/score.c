/*
 * score: /proc/self/oom_score_adj, kept open.
 */
#include "score.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "log.h"

void
score_open(struct score *s)
{
	ssize_t	 n;

	s->fd = open("/proc/self/oom_score_adj", O_RDWR | O_CLOEXEC);
	if (s->fd == -1)
		return;
	n = pread(s->fd, s->own, sizeof(s->own), 0);
	if (n > 0)
		s->own_len = (int)n;
	else
		score_close(s);
}

void
score_close(struct score *s)
{
	if (s->fd != -1)
		close(s->fd);
	s->fd = -1;
}

bool
score_raise(const struct score *s)
{
	return s->fd != -1 && pwrite(s->fd, SCORE_WORKER,
	    strlen(SCORE_WORKER), 0) != -1;
}

void
score_lower(const struct score *s)
{
	if (pwrite(s->fd, s->own, (size_t)s->own_len, 0) == -1)
		log_errno("oom_score_adj");
}
