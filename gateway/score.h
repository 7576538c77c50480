/*
 * score: whom the kernel ends first when memory runs out.
 *
 * A child has its parent's oom_score_adj, and for a new process its own file of
 * that name is slow to open.  So the spawner has a worker's while it forks.
 */
#ifndef TOLLGATE_SCORE_H
#define TOLLGATE_SCORE_H

#include <stdbool.h>

/* Workers go before gateway and spawner. */
#define SCORE_WORKER	"500"

struct score {
	int	 fd;		/* -1: it cannot be set */
	int	 own_len;
	char	 own[16];
};

void	score_open(struct score *);	/* this process's */
void	score_close(struct score *);

/* A worker's; false: it is not set. */
bool	score_raise(const struct score *);
/* Our own again. */
void	score_lower(const struct score *);

#endif
