/*
 * watch: epoll with callbacks.
 */
#include "watch.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

static int
control(int epoll, int operation, const struct watch *w, uint32_t events)
{
	struct epoll_event	 event;

	memset(&event, 0, sizeof(event));
	event.events = events;
	event.data.ptr = (void *)(uintptr_t)w;
	return epoll_ctl(epoll, operation, w->fd, &event);
}

int
watch_add(int epoll, struct watch *w, int fd, uint32_t events)
{
	w->fd = fd;
	if (control(epoll, EPOLL_CTL_ADD, w, events) == 0)
		return 0;
	w->fd = -1;
	return -1;
}

int
watch_change(int epoll, const struct watch *w, uint32_t events)
{
	return control(epoll, EPOLL_CTL_MOD, w, events);
}

int
watch_remove(int epoll, struct watch *w)
{
	int	 fd = w->fd;

	/* A child may hold a copy, so closing it alone would not do. */
	if (fd != -1)
		control(epoll, EPOLL_CTL_DEL, w, 0);
	w->fd = -1;
	return fd;
}

void
watch_close(int epoll, struct watch *w)
{
	int	 fd = watch_remove(epoll, w);

	if (fd != -1)
		close(fd);
}

int
watch_wait(int epoll, int ms)
{
	struct epoll_event	 event;
	struct watch		*w;
	int			 n;

	n = epoll_wait(epoll, &event, 1, ms);
	if (n == -1)
		return errno == EINTR ? 0 : -1;
	if (n == 1) {
		w = event.data.ptr;
		w->on_ready(w->arg, event.events);
	}
	return 0;
}

uint64_t
watch_now(void)
{
	struct timespec	 now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}
