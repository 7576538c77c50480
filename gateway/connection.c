/*
 * connection: what leaves by one connection from the web server, and its ends.
 */
#include "intake.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/event.h>

#include "config.h"
#include "fcgi.h"
#include "log.h"
#include "mem.h"
#include "timer.h"

#define REPLIES_MAX	(64 * 1024)	/* bytes that a peer may leave unread */
#define DEAF_MS		2000	/* for a peer to notice that it is closed */

/* --- ends of connections ------------------------------------------------ */

void
connection_take_off(struct connection *c)
{
	uint8_t	 seen[OUTBOX_SEEN_MAX];

	if (c->seen > 0 && read(c->fd, seen, c->seen) != (ssize_t)c->seen)
		c->has_ended = true;
	c->seen = 0;
}

static void
connection_free(struct connection *c)
{
	struct connections	*all = c->all;

	LIST_REMOVE(c, in_all);
	all->count--;
	event_free(c->readable);
	event_free(c->hung_up);
	event_free(c->writable);
	timer_free(c->whole);
	buffer_release(&c->unsent);
	connection_take_off(c);
	close(c->fd);
	free(c->kept);
	free(c);
	all->on_gone(all->arg);
}

void
connection_enter(struct connection *c)
{
	c->inside++;
}

void
connection_leave(struct connection *c)
{
	if (--c->inside == 0 && c->is_dead)
		connection_free(c);
}

void
connection_drop(struct connection *c)
{
	struct request	*r;

	if (c->is_dead)
		return;
	c->is_dead = true;
	outbox_remove(&c->post);
	event_del(c->readable);
	event_del(c->hung_up);
	event_del(c->writable);
	if (c->whole != NULL)
		timer_stop(c->whole);
	while ((r = TAILQ_FIRST(&c->requests)) != NULL) {
		TAILQ_REMOVE(&c->requests, r, in_connection);
		request_leave(r);
	}
	if (c->inside == 0)
		connection_free(c);
}

/* Is there a reason to part with a connection that has no request? */
static bool
is_over(const struct connection *c)
{
	return c->request_count == 0 &&
	    (c->is_closing || c->has_ended || !c->keeps ||
	    c->all->is_draining);
}

static void
on_deaf_time(void *arg)
{
	connection_drop(arg);
}

/*
 * Part with it.  A peer that is still sending would, on a close, get a reset
 * in place of the answer it has not read yet: it is told first that no more
 * comes, and for a moment what it sends is thrown away.
 */
static void
connection_finish(struct connection *c)
{
	if (!c->is_closing || c->has_ended) {
		connection_drop(c);
		return;
	}
	if (c->is_deaf)
		return;
	c->is_deaf = true;
	connection_take_off(c);
	shutdown(c->fd, SHUT_WR);
	/* Anew, as what has come already was told before. */
	event_del(c->readable);
	event_add(c->readable, NULL);
	timer_free(c->whole);
	c->whole = timer_new(on_deaf_time, c);
	timer_start(c->whole, DEAF_MS);
}

/* --- out ---------------------------------------------------------------- */

static void
tell_room(struct connection *c)
{
	struct request	*r;

	TAILQ_FOREACH(r, &c->requests, in_connection)
		request_room(r);
}

static size_t
buffer_limit(const struct connection *c)
{
	return c->all->services->settings->buffer_size;
}

/* It has been written to; before that, had bytes waited. */
static void
after_sending(struct connection *c, size_t had)
{
	size_t	 left = buffer_size(&c->unsent);

	if (had >= buffer_limit(c) && left < buffer_limit(c))
		tell_room(c);
	if (left > 0) {
		event_add(c->writable, NULL);
		c->is_full = true;
		return;
	}
	c->replied = 0;
	if (c->is_full)
		event_del(c->writable);
	c->is_full = false;
	if (is_over(c))
		connection_finish(c);
}

/* Write what waits, and these pieces behind it. */
static void
send_now(struct connection *c, const struct iovec *pieces, int count)
{
	size_t	 had = buffer_size(&c->unsent);

	if (c->is_dead)
		return;
	outbox_remove(&c->post);
	if (buffer_send(&c->unsent, c->fd, pieces, count) == -1) {
		connection_drop(c);
		return;
	}
	connection_take_off(c);
	after_sending(c, had);
}

static void
on_sent(void *arg, int error)
{
	struct connection	*c = arg;

	connection_enter(c);
	if (error != 0)
		connection_drop(c);
	else
		after_sending(c, 0);
	connection_leave(c);
}

/*
 * May it wait for the end of the turn?  Not what is long, nor if a worker would
 * be told to pause because of what only waits for that.
 */
static bool
may_wait(const struct connection *c, const struct iovec *pieces, int count)
{
	size_t	 len = 0;
	int	 i;

	for (i = 0; i < count; i++)
		len += pieces[i].iov_len;
	return c->all->services->outbox != NULL && !c->is_full &&
	    len <= OUTBOX_MESSAGE_MAX &&
	    buffer_size(&c->unsent) + len < buffer_limit(c);
}

static void
connection_send(struct connection *c, const struct iovec *pieces, int count)
{
	int	 i;

	if (c->is_dead)
		return;
	if (!may_wait(c, pieces, count)) {
		send_now(c, pieces, count);
		return;
	}
	for (i = 0; i < count; i++)
		buffer_add(&c->unsent, pieces[i].iov_base, pieces[i].iov_len);
	outbox_add(c->all->services->outbox, &c->post);
}

static void
on_writable(evutil_socket_t fd, short what, void *arg)
{
	struct connection	*c = arg;

	(void)fd;
	(void)what;
	connection_enter(c);
	send_now(c, NULL, 0);
	connection_leave(c);
}

void
connection_send_waiting(struct connection *c)
{
	if (outbox_has(&c->post))
		send_now(c, NULL, 0);
}

void
connection_say(struct connection *c, void *bytes, size_t len)
{
	struct iovec	 piece = { bytes, len };

	c->replied += len;
	if (c->replied > REPLIES_MAX) {
		log_info("front: a peer does not read what it asks for: "
		    "closed");
		connection_drop(c);
		return;
	}
	send_now(c, &piece, 1);
}

/* --- what requests ask of it (struct client) ---------------------------- */

static void
client_send(struct request *r, const struct iovec *records, int count)
{
	struct connection	*c = r->connection;

	connection_enter(c);
	connection_send(c, records, count);
	connection_leave(c);
}

static bool
client_is_behind(const struct request *r)
{
	const struct connection	*c = r->connection;

	return buffer_size(&c->unsent) >= buffer_limit(c);
}

static void
read_again(struct connection *c)
{
	if (c->stopped == 0 || --c->stopped > 0 || c->is_dead || c->has_ended)
		return;
	event_del(c->hung_up);
	event_add(c->readable, NULL);
}

static void
client_resume(struct request *r)
{
	read_again(r->connection);
}

/*
 * A record of version 0 is no FastCGI to any web server: it gives the answer
 * up, visibly, which a mere close does not always make it do.
 */
static void
cut_off(struct connection *c, const struct request *r)
{
	uint8_t	 end[FCGI_FIXED_LEN];

	if (c->request_count > 0) {
		/* Others share the connection: only this one is ended. */
		fcgi_put_end(end, r->front_id, 1, FCGI_OVERLOADED);
		connection_say(c, end, sizeof(end));
		return;
	}
	memset(end, 0, sizeof(end));
	c->is_closing = true;
	connection_say(c, end, sizeof(end));
}

static void
client_over(struct request *r, enum client_end how)
{
	struct connection	*c = r->connection;

	if (c->is_dead)
		return;
	connection_enter(c);
	TAILQ_REMOVE(&c->requests, r, in_connection);
	c->request_count--;
	if (r->is_stopped_reading)
		read_again(c);
	if (how == CLIENT_CUT_OFF && client_is_behind(r))
		connection_drop(c);	/* it would not read that either */
	else if (how == CLIENT_CUT_OFF)
		cut_off(c, r);
	else if (how == CLIENT_DISTRUSTED || (!c->keeps && !r->stdin_ended))
		c->is_closing = true;
	if (!c->is_dead && is_over(c) && buffer_size(&c->unsent) == 0)
		connection_finish(c);
	connection_leave(c);
}

const struct client	connection_client = {
	.send = client_send,
	.is_behind = client_is_behind,
	.resume = client_resume,
	.over = client_over,
};

/* --- all of them ------------------------------------------------------- */

void
connection_create(struct connections *all, int fd, bool is_unix)
{
	struct connection	*c;

	c = xcalloc(1, sizeof(*c));
	c->all = all;
	c->fd = fd;
	c->is_unix = is_unix;
	c->keeps = true;
	c->post.fd = fd;
	c->post.bytes = &c->unsent;
	c->post.seen = &c->seen;
	c->post.done = on_sent;
	c->post.arg = c;
	/* By edge: what was only looked at would be news again and again. */
	c->readable = event_new(all->base, fd, EV_READ | EV_CLOSED |
	    EV_PERSIST | EV_ET, intake_on_readable, c);
	c->hung_up = event_new(all->base, fd, EV_CLOSED | EV_PERSIST | EV_ET,
	    intake_on_hung_up, c);
	c->writable = event_new(all->base, fd, EV_WRITE | EV_PERSIST | EV_ET,
	    on_writable, c);
	TAILQ_INIT(&c->requests);
	event_add(c->readable, NULL);
	LIST_INSERT_HEAD(&all->list, c, in_all);
	all->count++;
}

void
connections_drop_all(struct connections *all)
{
	struct connection	*c, *next;

	for (c = LIST_FIRST(&all->list); c != NULL; c = next) {
		next = LIST_NEXT(c, in_all);
		connection_drop(c);
	}
}

void
connections_drop_idle(struct connections *all)
{
	struct connection	*c, *next;

	for (c = LIST_FIRST(&all->list); c != NULL; c = next) {
		next = LIST_NEXT(c, in_all);
		if (c->request_count == 0 && c->kept_len == 0 &&
		    buffer_size(&c->unsent) == 0)
			connection_drop(c);
	}
}
