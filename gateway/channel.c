/*
 * channel: messages to and from the gateway, queued where they must wait.
 */
#include "channel.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/queue.h>
#include <unistd.h>

#include "log.h"
#include "mem.h"
#include "watch.h"

#define RETRY_MS	20	/* after an error that no event ends */

struct unsent {
	TAILQ_ENTRY(unsent)	 entry;
	struct message		 message;
	int			 fds[MESSAGE_FDS_MAX];
	int			 count;
};

struct channel {
	int		 epoll;
	struct watch	 watch;
	TAILQ_HEAD(, unsent)	 queue;
	unsigned	 starts;	/* that have no answer yet */
	uint64_t	 retry_ms;	/* UINT64_MAX: not needed */
	void		(*on_message)(void *arg, const struct message *);
	void		(*on_lost)(void *arg, const char *why);
	void		*arg;
};

static void
close_all(const int *fds, int count)
{
	while (count-- > 0)
		close(fds[count]);
}

static bool
is_answer(const struct message *m)
{
	return m->type == MESSAGE_STARTED || m->type == MESSAGE_REFUSED;
}

/* 0: sent, or the gateway has gone and will be noticed so; -1: later. */
static int
send_now(struct channel *ch, const struct message *m, const int *fds, int count)
{
	if (message_send(ch->watch.fd, m, fds, count) == -1) {
		switch (errno) {
		case EAGAIN:
			watch_change(ch->epoll, &ch->watch, EPOLLIN | EPOLLOUT);
			return -1;
		case ENOBUFS:
		case ENOMEM:
		case ETOOMANYREFS:	/* descriptors under way, unix(7) */
			ch->retry_ms = watch_now() + RETRY_MS;
			return -1;
		default:
			log_debug("%s to the gateway: %s",
			    message_name(m->type), strerror(errno));
		}
	}
	close_all(fds, count);
	if (is_answer(m))
		ch->starts--;
	return 0;
}

void
channel_send(struct channel *ch, const struct message *m, const int *fds,
    int count)
{
	struct unsent	*u;

	if (TAILQ_EMPTY(&ch->queue) && send_now(ch, m, fds, count) == 0)
		return;
	u = xcalloc(1, sizeof(*u));
	u->message = *m;
	u->count = count;
	if (count > 0)
		memcpy(u->fds, fds, (size_t)count * sizeof(*fds));
	TAILQ_INSERT_TAIL(&ch->queue, u, entry);
}

void
channel_retry(struct channel *ch)
{
	struct unsent	*u;

	ch->retry_ms = UINT64_MAX;
	while ((u = TAILQ_FIRST(&ch->queue)) != NULL) {
		if (send_now(ch, &u->message, u->fds, u->count) == -1)
			return;
		TAILQ_REMOVE(&ch->queue, u, entry);
		free(u);
	}
	watch_change(ch->epoll, &ch->watch, EPOLLIN);
}

uint64_t
channel_deadline(const struct channel *ch)
{
	return ch->retry_ms;
}

/* One message a turn; there is no hurry that the loop does not see to. */
static void
on_ready(void *arg, uint32_t events)
{
	struct channel	*ch = arg;
	struct message	 m;
	int		 fds[MESSAGE_FDS_MAX], count, n;

	if (events & EPOLLOUT)
		channel_retry(ch);
	if ((events & ~(uint32_t)EPOLLOUT) == 0)
		return;

	n = message_receive(ch->watch.fd, TO_SPAWNER, &m, fds, &count);
	if (n == -1 && errno == EAGAIN)
		return;
	if (n == 1 && m.type == MESSAGE_START &&
	    ++ch->starts > MESSAGE_STARTS_MAX)
		ch->on_lost(ch->arg, "it asks for more workers at once than "
		    "it may");
	else if (n == 1)
		ch->on_message(ch->arg, &m);
	else if (n == 0)
		ch->on_lost(ch->arg, NULL);
	else
		ch->on_lost(ch->arg, errno == EBADMSG ?
		    "it sent what cannot be believed" : strerror(errno));
}

struct channel *
channel_create(int epoll, int fd,
    void (*on_message)(void *arg, const struct message *),
    void (*on_lost)(void *arg, const char *why), void *arg)
{
	struct channel	*ch;

	ch = xcalloc(1, sizeof(*ch));
	ch->epoll = epoll;
	ch->on_message = on_message;
	ch->on_lost = on_lost;
	ch->arg = arg;
	ch->retry_ms = UINT64_MAX;
	TAILQ_INIT(&ch->queue);
	ch->watch.on_ready = on_ready;
	ch->watch.arg = ch;
	if (fcntl(fd, F_SETFL, O_NONBLOCK) == -1 ||
	    watch_add(epoll, &ch->watch, fd, EPOLLIN) == -1) {
		close(fd);
		free(ch);
		return NULL;
	}
	return ch;
}

void
channel_free(struct channel *ch)
{
	struct unsent	*u;

	if (ch == NULL)
		return;
	while ((u = TAILQ_FIRST(&ch->queue)) != NULL) {
		TAILQ_REMOVE(&ch->queue, u, entry);
		close_all(u->fds, u->count);
		free(u);
	}
	watch_close(ch->epoll, &ch->watch);
	free(ch);
}
