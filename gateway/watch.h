/*
 * watch: the spawner's event loop: one epoll, a callback a descriptor.
 *
 * As small as what must be trusted should be.  Events are taken one at a time,
 * so a callback may remove and free any watch, its own too.
 */
#ifndef TOLLGATE_WATCH_H
#define TOLLGATE_WATCH_H

#include <stdint.h>

struct watch {
	int	 fd;		/* -1: not watched */
	void	(*on_ready)(void *arg, uint32_t events);	/* epoll's */
	void	*arg;
};

/*
 * Begin to watch fd (level-triggered) for events; what on_ready and arg are is
 * set before.  -1 with errno.
 */
int	watch_add(int epoll, struct watch *, int fd, uint32_t events);
int	watch_change(int epoll, const struct watch *, uint32_t events);
/* Stop watching: the descriptor, which stays open; -1 if there is none. */
int	watch_remove(int epoll, struct watch *);
/* The same, and close it.  Again: nothing. */
void	watch_close(int epoll, struct watch *);

/* Wait at most ms (-1: for ever) and serve one event.  -1 with errno. */
int	watch_wait(int epoll, int ms);

/* Milliseconds of CLOCK_MONOTONIC: for deadlines. */
uint64_t	watch_now(void);

#endif
