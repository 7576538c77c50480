/*
 * skeleton: the smallest module there can be, to start a new one from.
 *
 * Its workers may be of any kind: it never speaks to them, and answers each
 * request itself.  A real module keeps what it needs per worker in
 * worker->private and per request in request->exchange, adds a row to
 * settings.c that says how its workers start, and a line in gateway.c.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mem.h"
#include "module.h"
#include "request.h"
#include "worker.h"

struct skeleton {			/* worker->private */
	int	 fd;			/* the way to the worker */
};

/* The worker stands: the descriptors are ours from now on. */
static int
skeleton_attach(struct worker *w, const int *fds, int count)
{
	struct skeleton	*s;

	s = xmalloc(sizeof(*s));
	s->fd = fds[0];
	while (--count > 0)
		close(fds[count]);
	w->private = s;
	return 0;
}

/*
 * A real one writes r->variables and r->body to the worker, sets r->exchange,
 * and returns; what the worker says comes later, through an event.
 */
static int
skeleton_begin(struct request *r)
{
	static char		 text[] =
	    "Content-Type: text/plain\r\n\r\nskeleton\n";
	const struct iovec	 answer = { text, sizeof(text) - 1 };

	request_begun(r);
	request_take_stdout(r, &answer, 1);
	request_done(r, 0, true);
	return 0;
}

/* Between begin and request_done: more body, room for more, and giving up. */
static void
skeleton_push(struct request *r)
{
	(void)r;
}

static void
skeleton_pull(struct request *r)
{
	(void)r;
}

static void
skeleton_cut(struct request *r)
{
	r->exchange = NULL;
}

/* The process has ended: nothing is ever open here. */
static void
skeleton_ended(struct worker *w)
{
	(void)w;
}

static void
skeleton_detach(struct worker *w)
{
	struct skeleton	*s = w->private;

	close(s->fd);
	free(s);
	w->private = NULL;
}

const struct protocol	protocol_skeleton = {
	.name = "skeleton",
	.attach = skeleton_attach,
	.begin = skeleton_begin,
	.push = skeleton_push,
	.pull = skeleton_pull,
	.cut = skeleton_cut,
	.ended = skeleton_ended,
	.detach = skeleton_detach,
	.refused_status = 503,
	.died_status = 502,
	.overdue_status = 504,
	.full_status = 503,
};
