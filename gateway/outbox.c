/*
 * outbox: what one turn of the loop has to send, sent together.
 */
#include "outbox.h"

#include <assert.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <liburing.h>

#include "mem.h"

#define RING_SIZE	256	/* operations at once */
#define PER_POST	2	/* a send, and a taking off */
#define FLAGS		(MSG_DONTWAIT | MSG_NOSIGNAL)

TAILQ_HEAD(posts, outbox_post);

struct outbox {
	struct io_uring	 ring;
	struct posts	 waiting;
	struct posts	 leaving;	/* in this flush */
	uint8_t		 seen[OUTBOX_SEEN_MAX];	/* taken off, not read */
};

/* --- the ring ------------------------------------------------------------- */

/* Debian 12's liburing declares calls for these, but does not export them. */
static int
ring_register(struct io_uring *ring, unsigned what, void *arg, unsigned count)
{
	return syscall(SYS_io_uring_register, ring->ring_fd, what, arg,
	    count) == -1 ? -errno : 0;
}

/* Whoever gets hold of the ring can do with it what we do, and no more. */
static int
restrict_ring(struct io_uring *ring)
{
	struct io_uring_restriction	 only[] = {
		{ .opcode = IORING_RESTRICTION_SQE_OP,
		  .sqe_op = IORING_OP_SEND },
		{ .opcode = IORING_RESTRICTION_SQE_OP,
		  .sqe_op = IORING_OP_RECV },
	};
	int				 result;

	result = ring_register(ring, IORING_REGISTER_RESTRICTIONS, only,
	    sizeof(only) / sizeof(only[0]));
	return result != 0 ? result :
	    ring_register(ring, IORING_REGISTER_ENABLE_RINGS, NULL, 0);
}

struct outbox *
outbox_create(void)
{
	/* An operation that fails must not keep those behind it. */
	struct io_uring_params	 params = {
		.flags = IORING_SETUP_R_DISABLED | IORING_SETUP_SUBMIT_ALL,
	};
	struct outbox		*o;
	int			 result;

	o = xcalloc(1, sizeof(*o));
	TAILQ_INIT(&o->waiting);
	TAILQ_INIT(&o->leaving);
	result = io_uring_queue_init_params(RING_SIZE, &o->ring, &params);
	if (result == 0) {
		if ((result = restrict_ring(&o->ring)) == 0)
			return o;
		io_uring_queue_exit(&o->ring);
	}
	free(o);
	errno = -result;
	return NULL;
}

void
outbox_free(struct outbox *o)
{
	if (o == NULL)
		return;
	assert(TAILQ_EMPTY(&o->waiting) && TAILQ_EMPTY(&o->leaving));
	io_uring_queue_exit(&o->ring);
	free(o);
}

/* --- posts ---------------------------------------------------------------- */

void
outbox_add(struct outbox *o, struct outbox_post *p)
{
	if (p->outbox != NULL)
		return;
	p->outbox = o;
	p->is_leaving = false;
	p->error = 0;
	TAILQ_INSERT_TAIL(&o->waiting, p, in_outbox);
}

void
outbox_remove(struct outbox_post *p)
{
	struct outbox	*o = p->outbox;

	if (o == NULL)
		return;
	TAILQ_REMOVE(p->is_leaving ? &o->leaving : &o->waiting, p, in_outbox);
	p->outbox = NULL;
}

/* --- a flush -------------------------------------------------------------- */

static bool
has_seen(const struct outbox_post *p)
{
	return p->seen != NULL && *p->seen > 0;
}

/* What to do with a post's result depends on which of its two it is of. */
static void
set_data(struct io_uring_sqe *sqe, struct outbox_post *p, bool is_send)
{
	io_uring_sqe_set_data64(sqe, (uint64_t)(uintptr_t)p |
	    (is_send ? 1 : 0));
}

static void
put_post(struct outbox *o, struct outbox_post *p)
{
	struct io_uring_sqe	*sqe;

	if (buffer_size(p->bytes) > 0) {
		sqe = io_uring_get_sqe(&o->ring);
		io_uring_prep_send(sqe, p->fd, buffer_bytes(p->bytes),
		    buffer_size(p->bytes), FLAGS);
		set_data(sqe, p, true);
	}
	/* Behind the send: the peer is awake by then, for that. */
	if (has_seen(p)) {
		assert(*p->seen <= OUTBOX_SEEN_MAX);
		sqe = io_uring_get_sqe(&o->ring);
		io_uring_prep_recv(sqe, p->fd, o->seen, *p->seen, FLAGS);
		set_data(sqe, p, false);
	}
}

static void
take_result(struct outbox_post *p, bool is_send, int result)
{
	if (is_send && result >= 0)
		buffer_consume(p->bytes, (size_t)result);
	else if (is_send && result != -EAGAIN && result != -EINTR)
		p->error = -result;
	else if (!is_send) {
		if (result != (int)*p->seen && p->error == 0)
			p->error = result < 0 ? -result : EBADMSG;
		*p->seen = 0;
	}
}

/* All of those that were submitted are done: nothing in them waits. */
static void
take_results(struct outbox *o, unsigned count)
{
	struct io_uring_cqe	*cqe;
	uint64_t		 data;

	while (count-- > 0) {
		if (io_uring_wait_cqe(&o->ring, &cqe) != 0)
			abort();	/* not even EINTR is left by then */
		data = io_uring_cqe_get_data64(cqe);
		take_result((struct outbox_post *)(uintptr_t)(data & ~1ULL),
		    (data & 1) != 0, cqe->res);
		io_uring_cqe_seen(&o->ring, cqe);
	}
}

static void
submit(struct outbox *o)
{
	unsigned	 left = io_uring_sq_ready(&o->ring);
	int		 n;

	while (left > 0) {
		n = io_uring_submit_and_wait(&o->ring, left);
		if (n == -EINTR || n == -EAGAIN || n == -EBUSY)
			continue;
		if (n <= 0)
			abort();
		take_results(o, (unsigned)n);
		left -= (unsigned)n;
	}
}

/* Move up to a ringful of those that wait into the ring. */
static void
fill(struct outbox *o)
{
	struct outbox_post	*p;

	while ((p = TAILQ_FIRST(&o->waiting)) != NULL &&
	    io_uring_sq_space_left(&o->ring) >= PER_POST) {
		TAILQ_REMOVE(&o->waiting, p, in_outbox);
		TAILQ_INSERT_TAIL(&o->leaving, p, in_outbox);
		p->is_leaving = true;
		put_post(o, p);
	}
}

void
outbox_flush(struct outbox *o)
{
	struct outbox_post	*p;

	/* What is added by a done leaves too: no turn may be near. */
	while (o != NULL && !TAILQ_EMPTY(&o->waiting)) {
		fill(o);
		submit(o);
		while ((p = TAILQ_FIRST(&o->leaving)) != NULL) {
			outbox_remove(p);
			p->done(p->arg, p->error);
		}
	}
}
