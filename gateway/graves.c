/*
 * graves: wait for cgroup.events to say that nobody is in there any more.
 */
#include "graves.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/queue.h>
#include <unistd.h>

#include "cgroupfs.h"
#include "leaf.h"
#include "log.h"
#include "mem.h"
#include "watch.h"

struct grave {
	LIST_ENTRY(grave)	 in_all;
	struct graves		*all;
	struct leaf		 leaf;
	struct watch		 events;
};

struct graves {
	int			 epoll;
	LIST_HEAD(, grave)	 all;
};

struct graves *
graves_create(int epoll)
{
	struct graves	*gs = xcalloc(1, sizeof(*gs));

	gs->epoll = epoll;
	LIST_INIT(&gs->all);
	return gs;
}

static void
grave_free(struct grave *g)
{
	watch_close(g->all->epoll, &g->events);
	LIST_REMOVE(g, in_all);
	free(g);
}

void
graves_free(struct graves *gs)
{
	struct grave	*g;

	while ((g = LIST_FIRST(&gs->all)) != NULL)
		grave_free(g);
	free(gs);
}

static void
complain(const struct leaf *leaf, const char *what)
{
	log_errno("%s: cgroup of worker %llu: %s", leaf->function,
	    (unsigned long long)leaf->serial, what);
}

/* To read it is to be told of the next change; the first comes at once. */
static void
on_events(void *arg, uint32_t events)
{
	struct grave	*g = arg;
	char		 text[CGROUPFS_TEXT_MAX];
	uint64_t	 populated;
	ssize_t		 n;

	(void)events;
	if ((n = pread(g->events.fd, text, sizeof(text) - 1, 0)) > 0) {
		text[n] = '\0';
		if (cgroupfs_number(text, "populated", &populated) &&
		    populated != 0)
			return;
	}
	if (leaf_remove(&g->leaf) == -1 && errno != ENOENT)
		complain(&g->leaf, "rmdir");
	grave_free(g);
}

void
graves_add(struct graves *gs, const struct leaf *leaf)
{
	struct grave	*g;
	int		 fd;

	if (leaf_remove(leaf) == 0 || errno == ENOENT)
		return;
	if (errno != EBUSY) {
		complain(leaf, "rmdir");
		return;
	}
	g = xcalloc(1, sizeof(*g));
	g->all = gs;
	g->leaf = *leaf;
	g->events.on_ready = on_events;
	g->events.arg = g;
	LIST_INSERT_HEAD(&gs->all, g, in_all);
	fd = leaf_open_file(leaf, "cgroup.events");
	if (fd == -1 || watch_add(gs->epoll, &g->events, fd, EPOLLPRI) == -1) {
		complain(leaf, "cgroup.events");
		if (fd != -1)
			close(fd);
		g->events.fd = -1;
		grave_free(g);
	}
}
