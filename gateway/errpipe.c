/*
 * errpipe: the pipes that workers' stderr comes by.
 *
 * All pipes are in an epoll instance of their own, which the loop watches as
 * one descriptor.  Before a record is written it is asked, without waiting,
 * which pipes have something; the answer holds for all records until something
 * more is heard of any worker.
 *
 * Why no line is missed: a record stands on something that was read from its
 * worker (END_REQUEST, the end of its output, its exit), and what a worker
 * wrote to stderr before it wrote that was in the pipe before that could be
 * read.  Each time that something is heard of a worker the answer is forgotten
 * (errpipes_heard), so the question is always later than what the record
 * stands on: a pipe that was not named was empty, and one that was stays marked
 * until it has been read empty.  Records of one turn share one question.
 *
 * A pipe is read once a turn of the loop and twice before a record, so a worker
 * that floods it keeps nobody waiting for longer than that.
 */
#include "errpipe.h"

#include <sys/epoll.h>

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "funclog.h"
#include "log.h"
#include "mem.h"

#define READ_SIZE	(64 * 1024)	/* what a pipe holds, by default */
#define READS		2		/* of one, before a record */

struct errpipes {
	struct funclogs		*logs;
	struct event		*readable;
	int			 epoll;
	bool			 is_asked;	/* since errpipes_heard */
	struct epoll_event	*found;		/* room for all pipes */
	size_t			 room;
	size_t			 count;		/* of pipes */
	char			 bytes[READ_SIZE];
};

struct errpipe {
	struct errpipes		*all;
	int			 fd;		/* -1: it has ended */
	bool			 is_marked;	/* there may be bytes in it */
	struct funclog_stream	*log;
	const char		*request_id;
};

/* Mark the pipes that have something; they are the first of found. */
static int
ask(struct errpipes *all)
{
	struct errpipe	*p;
	int		 i, n;

	if (all->count == 0)
		return 0;
	n = epoll_wait(all->epoll, all->found, (int)all->count, 0);
	all->is_asked = n != -1;
	for (i = 0; i < n; i++) {
		p = all->found[i].data.ptr;
		p->is_marked = true;
	}
	return n;
}

static void
stop(struct errpipe *p)
{
	if (p->fd == -1)
		return;
	/* A copy of it elsewhere would keep it in the set. */
	epoll_ctl(p->all->epoll, EPOLL_CTL_DEL, p->fd, NULL);
	close(p->fd);
	p->fd = -1;
	p->is_marked = false;
	p->all->count--;
}

/* Once.  A pipe that gives less than was asked for is empty then. */
static void
read_once(struct errpipe *p, const char *request_id)
{
	ssize_t	 n;

	n = read(p->fd, p->all->bytes, READ_SIZE);
	p->is_marked = n == READ_SIZE || (n == -1 && errno == EINTR);
	if (n > 0)
		funclog_write(p->log, request_id, p->all->bytes, (size_t)n);
	else if (n == 0 || (errno != EAGAIN && errno != EINTR))
		stop(p);
}

static void
read_marked(struct errpipe *p, const char *request_id)
{
	int	 i;

	for (i = 0; i < READS && p->is_marked; i++)
		read_once(p, request_id);
	funclog_flush(p->log, request_id);
}

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct errpipes	*all = arg;
	struct errpipe	*p;
	int		 i, n;

	(void)fd;
	(void)what;
	n = ask(all);
	for (i = 0; i < n; i++) {
		p = all->found[i].data.ptr;
		read_once(p, p->request_id != NULL ? p->request_id : "-");
	}
}

struct errpipes *
errpipes_create(struct event_base *base, struct funclogs *logs)
{
	struct errpipes	*all;

	all = xcalloc(1, sizeof(*all));
	all->logs = logs;
	if ((all->epoll = epoll_create1(EPOLL_CLOEXEC)) == -1)
		fatal("epoll_create1");
	all->readable = event_new(base, all->epoll, EV_READ | EV_PERSIST,
	    on_readable, all);
	if (all->readable == NULL || event_add(all->readable, NULL) == -1)
		fatal("event_add");
	return all;
}

void
errpipes_free(struct errpipes *all)
{
	if (all == NULL)
		return;
	event_free(all->readable);
	close(all->epoll);
	free(all->found);
	free(all);
}

void
errpipes_heard(struct errpipes *all)
{
	all->is_asked = false;
}

static void
make_room(struct errpipes *all)
{
	if (all->count < all->room)
		return;
	all->room = all->room == 0 ? 16 : all->room * 2;
	all->found = xreallocarray(all->found, all->room, sizeof(*all->found));
}

struct errpipe *
errpipe_create(struct errpipes *all, int fd,
    const struct funclog_source *source)
{
	struct epoll_event	 want = { .events = EPOLLIN };
	struct errpipe		*p;
	int			 saved;

	p = xcalloc(1, sizeof(*p));
	want.data.ptr = p;
	if (fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) == -1 ||
	    epoll_ctl(all->epoll, EPOLL_CTL_ADD, fd, &want) == -1) {
		saved = errno;
		close(fd);
		free(p);
		errno = saved;
		return NULL;
	}
	make_room(all);
	all->count++;
	p->all = all;
	p->fd = fd;
	p->log = funclog_stream_create(all->logs, source);
	return p;
}

void
errpipe_free(struct errpipe *p)
{
	if (p == NULL)
		return;
	p->is_marked = p->fd != -1;
	read_marked(p, "-");
	stop(p);
	funclog_stream_free(p->log);
	free(p);
}

void
errpipe_attribute(struct errpipe *p, const char *request_id)
{
	p->request_id = request_id;
}

void
errpipe_read(struct errpipe *p, const char *request_id)
{
	if (!p->all->is_asked)
		ask(p->all);
	read_marked(p, request_id);
}

void
errpipe_log(struct errpipe *p, const char *request_id, const void *bytes,
    size_t len)
{
	funclog_write(p->log, request_id, bytes, len);
}
