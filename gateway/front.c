/*
 * front: the listeners: accepting, pausing, draining.
 */
#include "front.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/event.h>

#include "config.h"
#include "connection.h"
#include "fronts.h"
#include "log.h"
#include "mem.h"
#include "request.h"
#include "timer.h"

#define ACCEPTS_PER_TURN 64	/* then others have their turn */
#define PAUSE_MS	1000	/* without descriptors, before another try */
#define SEND_BUFFER	(256 * 1024)	/* or what the kernel grants */
#define WARN_EVERY_MS	1000	/* of what may happen at each connection */

struct listener {
	int		 fd;
	struct event	*readable;
};

struct front {
	struct connections	 all;
	struct listener		*listeners;
	size_t			 listener_count;
	struct timer		*pause;		/* until accepting goes on */
	bool			 is_paused;
	uint64_t		 warned_ms;	/* of max_connections */
	uint64_t		 refused_ms;	/* when one was logged last */
	unsigned		 refused;	/* since then */
};

/* --- accepting ---------------------------------------------------------- */

static void
set_accepting(struct front *f, bool on)
{
	size_t	 i;

	for (i = 0; i < f->listener_count; i++) {
		if (f->listeners[i].readable == NULL)
			continue;
		if (on)
			event_add(f->listeners[i].readable, NULL);
		else
			event_del(f->listeners[i].readable);
	}
	f->is_paused = !on;
}

static void
accept_again(struct front *f)
{
	if (f->is_paused && !f->all.is_draining &&
	    !timer_is_started(f->pause) &&
	    f->all.count < f->all.services->settings->max_connections)
		set_accepting(f, true);
}

static void
on_pause_over(void *arg)
{
	accept_again(arg);
}

/* New ones wait in the backlog until one of those that are here has gone. */
static bool
is_full(struct front *f)
{
	uint32_t	 limit = f->all.services->settings->max_connections;

	if (f->all.count < limit)
		return false;
	set_accepting(f, false);
	if (timer_now() - f->warned_ms >= WARN_EVERY_MS) {
		f->warned_ms = timer_now();
		log_warning("front: max_connections = %u reached: accepting "
		    "pauses", limit);
	}
	return true;
}

/* Without descriptors an accept loop would spin: try again in a second. */
static void
pause_accepting(struct front *f)
{
	log_errno("front: accept pauses for %d ms", PAUSE_MS);
	set_accepting(f, false);
	timer_start(f->pause, PAUSE_MS);
}

/*
 * The more of a long answer a unix socket takes, the less often its worker has
 * to pause; TCP's grows by itself.  If it may not be, it stays as it is.
 */
static void
set_up_socket(int fd, bool is_unix)
{
	int	 room = SEND_BUFFER, on = 1;

	if (is_unix)
		setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
	else
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

/* Its word cannot be taken: not a byte of it is read. */
static void
refuse_peer(struct front *f, int fd, const char *who)
{
	close(fd);
	f->refused++;
	if (f->refused_ms != 0 &&
	    timer_now() - f->refused_ms < WARN_EVERY_MS)
		return;
	log_warning("front: closed the connection of %s (%u since the last "
	    "such line)", who, f->refused);
	f->refused_ms = timer_now();
	f->refused = 0;
}

static void
on_connect(evutil_socket_t fd, short what, void *arg)
{
	struct sockaddr_storage	 from;
	struct front		*f = arg;
	socklen_t		 len;
	char			 who[FRONTS_WHO];
	int			 i, new;

	(void)what;
	for (i = 0; i < ACCEPTS_PER_TURN && !is_full(f); i++) {
		len = sizeof(from);
		new = accept4((int)fd, (struct sockaddr *)&from, &len,
		    SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (new == -1) {
			if (errno == EMFILE || errno == ENFILE ||
			    errno == ENOBUFS || errno == ENOMEM)
				pause_accepting(f);
			return;
		}
		if (!fronts_may_connect(f->all.services->settings, new,
		    (const struct sockaddr *)&from, who)) {
			refuse_peer(f, new, who);
			continue;
		}
		set_up_socket(new, from.ss_family == AF_UNIX);
		connection_create(&f->all, new, from.ss_family == AF_UNIX);
	}
}

/* --- the front as a whole ----------------------------------------------- */

static void
on_connection_gone(void *arg)
{
	accept_again(arg);
}

struct front *
front_create(struct event_base *base, struct services *services)
{
	struct front	*f;

	f = xcalloc(1, sizeof(*f));
	f->all.base = base;
	f->all.services = services;
	f->all.scratch = xmalloc(CONNECTION_SCRATCH);
	f->all.on_gone = on_connection_gone;
	f->all.arg = f;
	LIST_INIT(&f->all.list);
	f->pause = timer_new(on_pause_over, f);
	return f;
}

static void
listener_close(struct listener *l)
{
	if (l->readable == NULL)
		return;
	event_free(l->readable);
	l->readable = NULL;
	close(l->fd);
}

void
front_free(struct front *f)
{
	size_t	 i;

	if (f == NULL)
		return;
	f->all.is_draining = true;	/* nothing is accepted from here on */
	connections_drop_all(&f->all);
	for (i = 0; i < f->listener_count; i++)
		listener_close(&f->listeners[i]);
	timer_free(f->pause);
	free(f->listeners);
	free(f->all.scratch);
	free(f);
}

void
front_listen(struct front *f, const int *fds, size_t count)
{
	struct listener	*old = f->listeners;
	size_t		 i, old_count = f->listener_count;

	f->listeners = xcalloc(count, sizeof(*f->listeners));
	f->listener_count = count;
	for (i = 0; i < count; i++) {
		if (fds[i] == -1) {
			if (i < old_count) {
				f->listeners[i] = old[i];
				old[i].readable = NULL;
			}
			continue;
		}
		fcntl(fds[i], F_SETFL, fcntl(fds[i], F_GETFL) | O_NONBLOCK);
		f->listeners[i].fd = fds[i];
		f->listeners[i].readable = event_new(f->all.base, fds[i],
		    EV_READ | EV_PERSIST, on_connect, f);
	}
	for (i = 0; i < old_count; i++)
		listener_close(&old[i]);
	free(old);
	set_accepting(f, !f->all.is_draining);
}

void
front_drain(struct front *f)
{
	f->all.is_draining = true;
	set_accepting(f, false);
	connections_drop_idle(&f->all);
}
