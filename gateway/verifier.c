/*
 * verifier: questions in lanes, one at a time to the helper.
 */
#include "verifier.h"

#include <sys/queue.h>

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/event.h>

#include "auth.h"
#include "log.h"
#include "mem.h"
#include "timer.h"

#define PATIENCE_MS	10000	/* with the helper, and for it to come */
#define TRIES_MAX	2

struct verifier_wait {
	LIST_ENTRY(verifier_wait)	 in_check;
	struct check	*check;
	void		(*ready)(void *arg, enum verifier_verdict);
	void		*arg;
};

struct check {			/* a question, and who waits for its answer */
	TAILQ_ENTRY(check)	 in_lane;
	struct lane		*lane;		/* NULL: the helper has it */
	struct verifier		*verifier;
	struct digest		 name;
	struct auth_question	 question;
	char			*lane_name;
	unsigned		 tries;
	LIST_HEAD(, verifier_wait)	 waits;
};

TAILQ_HEAD(check_queue, check);

struct lane {			/* of those that wait; freed with its last */
	TAILQ_ENTRY(lane)	 in_all;
	char			*name;
	struct check_queue	 checks;
	size_t			 count;
};

struct verifier {
	struct verifier_setup	 setup;
	TAILQ_HEAD(, lane)	 lanes;		/* whose turn it is first */
	size_t			 waiting;	/* checks in lanes */
	struct check		*in_hand;	/* the helper's */
	int			 fd;		/* to it; -1: there is none */
	struct event		*readable;
	bool			 is_asked;	/* for, of the spawner */
	struct timer		*patience;
	uint64_t		 last_number;
};

static void	go_on(struct verifier *);

/* --- lanes -------------------------------------------------------------- */

static struct lane *
find_lane(struct verifier *v, const char *name)
{
	struct lane	*lane;

	TAILQ_FOREACH(lane, &v->lanes, in_all)
		if (strcmp(lane->name, name) == 0)
			return lane;
	return NULL;
}

static void
put_in_lane(struct verifier *v, struct check *c, bool is_first)
{
	struct lane	*lane;

	if ((lane = find_lane(v, c->lane_name)) == NULL) {
		lane = xcalloc(1, sizeof(*lane));
		lane->name = xstrdup(c->lane_name);
		TAILQ_INIT(&lane->checks);
		TAILQ_INSERT_TAIL(&v->lanes, lane, in_all);
	}
	if (is_first)
		TAILQ_INSERT_HEAD(&lane->checks, c, in_lane);
	else
		TAILQ_INSERT_TAIL(&lane->checks, c, in_lane);
	lane->count++;
	v->waiting++;
	c->lane = lane;
}

static void
take_from_lane(struct check *c)
{
	struct verifier	*v = c->verifier;
	struct lane	*lane = c->lane;

	TAILQ_REMOVE(&lane->checks, c, in_lane);
	c->lane = NULL;
	v->waiting--;
	if (--lane->count > 0)
		return;
	TAILQ_REMOVE(&v->lanes, lane, in_all);
	free(lane->name);
	free(lane);
}

static struct check *
take_next(struct verifier *v)
{
	struct lane	*lane = TAILQ_FIRST(&v->lanes);
	struct check	*c = TAILQ_FIRST(&lane->checks);

	TAILQ_REMOVE(&v->lanes, lane, in_all);
	TAILQ_INSERT_TAIL(&v->lanes, lane, in_all);
	take_from_lane(c);
	return c;
}

/* --- checks ------------------------------------------------------------- */

static void
check_free(struct check *c)
{
	if (c->lane != NULL)
		take_from_lane(c);
	if (c->verifier->in_hand == c)
		c->verifier->in_hand = NULL;
	explicit_bzero(&c->question, sizeof(c->question));
	free(c->lane_name);
	free(c);
}

/* Tell all who wait, and be done with it. */
static void
finish(struct check *c, enum verifier_verdict verdict)
{
	struct verifier_wait	*w;

	while ((w = LIST_FIRST(&c->waits)) != NULL) {
		LIST_REMOVE(w, in_check);
		w->ready(w->arg, verdict);
		free(w);
	}
	check_free(c);
}

static void
finish_all(struct verifier *v, enum verifier_verdict verdict)
{
	struct lane	*lane;

	while ((lane = TAILQ_FIRST(&v->lanes)) != NULL)
		finish(TAILQ_FIRST(&lane->checks), verdict);
}

static struct verifier_wait *
add_wait(struct check *c, void (*ready)(void *arg, enum verifier_verdict),
    void *arg)
{
	struct verifier_wait	*w;

	w = xcalloc(1, sizeof(*w));
	w->check = c;
	w->ready = ready;
	w->arg = arg;
	LIST_INSERT_HEAD(&c->waits, w, in_check);
	return w;
}

void
verifier_cancel(struct verifier_wait *w)
{
	struct check	*c = w->check;

	LIST_REMOVE(w, in_check);
	free(w);
	/* What the helper has in hand it answers all the same. */
	if (LIST_EMPTY(&c->waits) && c->lane != NULL)
		check_free(c);
}

/* --- the helper --------------------------------------------------------- */

static void
let_go_of_helper(struct verifier *v)
{
	if (v->fd == -1)
		return;
	event_free(v->readable);
	v->readable = NULL;
	close(v->fd);
	v->fd = -1;
}

/* What it had in hand is asked once more of the next one. */
static void
lose_helper(struct verifier *v, const char *why)
{
	struct check	*c = v->in_hand;

	log_error("auth: %s", why);
	let_go_of_helper(v);
	v->in_hand = NULL;
	timer_stop(v->patience);
	if (c != NULL) {
		if (LIST_EMPTY(&c->waits))
			check_free(c);
		else if (c->tries < TRIES_MAX)
			put_in_lane(v, c, true);
		else
			finish(c, VERIFIER_UNABLE);
	}
	go_on(v);
}

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct verifier		*v = arg;
	struct auth_answer	 answer;
	ssize_t			 n;

	(void)what;
	n = recv((int)fd, &answer, sizeof(answer), MSG_TRUNC);
	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n == -1 || n == 0) {
		lose_helper(v, "the helper has gone");
		return;
	}
	if (n != (ssize_t)sizeof(answer) || v->in_hand == NULL ||
	    answer.number != v->in_hand->question.number) {
		lose_helper(v, "the helper answers what it was not asked");
		return;
	}
	timer_stop(v->patience);
	finish(v->in_hand, answer.is_right == 1 ? VERIFIER_RIGHT :
	    VERIFIER_WRONG);
	go_on(v);
}

static void
on_impatience(void *arg)
{
	struct verifier	*v = arg;

	if (v->fd != -1) {
		lose_helper(v, "the helper does not answer");
		return;
	}
	log_error("auth: no helper came");
	v->is_asked = false;
	finish_all(v, VERIFIER_UNABLE);
}

static void
hand_over(struct verifier *v, struct check *c)
{
	v->in_hand = c;
	c->question.number = ++v->last_number;
	c->tries++;
	timer_start(v->patience, PATIENCE_MS);
	if (send(v->fd, &c->question, sizeof(c->question), MSG_NOSIGNAL) == -1)
		lose_helper(v, "the helper cannot be asked");
}

/* Whatever can be done for those who wait. */
static void
go_on(struct verifier *v)
{
	if (v->in_hand != NULL || v->waiting == 0)
		return;
	if (v->fd != -1) {
		hand_over(v, take_next(v));
		return;
	}
	if (v->is_asked)
		return;
	v->is_asked = true;
	timer_start(v->patience, PATIENCE_MS);
	v->setup.ask_helper(v->setup.arg);
}

void
verifier_take_helper(struct verifier *v, int fd)
{
	let_go_of_helper(v);
	v->is_asked = false;
	timer_stop(v->patience);
	if (v->in_hand != NULL) {
		put_in_lane(v, v->in_hand, true);
		v->in_hand = NULL;
	}
	if (fd == -1) {
		finish_all(v, VERIFIER_UNABLE);
		return;
	}
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	v->fd = fd;
	v->readable = event_new(v->setup.base, fd, EV_READ | EV_PERSIST,
	    on_readable, v);
	event_add(v->readable, NULL);
	go_on(v);
}

/* --- asking ------------------------------------------------------------- */

struct verifier_wait *
verifier_join(struct verifier *v, const struct digest *name,
    void (*ready)(void *arg, enum verifier_verdict), void *arg)
{
	struct lane	*lane;
	struct check	*c;

	if (v->in_hand != NULL && digest_is_equal(name, &v->in_hand->name))
		return add_wait(v->in_hand, ready, arg);
	TAILQ_FOREACH(lane, &v->lanes, in_all)
		TAILQ_FOREACH(c, &lane->checks, in_lane)
			if (digest_is_equal(name, &c->name))
				return add_wait(c, ready, arg);
	return NULL;
}

/* False: the lane it would stand in is the longest itself. */
static bool
make_room(struct verifier *v, const char *lane_name)
{
	struct lane	*lane, *longest = NULL, *own;

	TAILQ_FOREACH(lane, &v->lanes, in_all)
		if (longest == NULL || lane->count > longest->count)
			longest = lane;
	own = find_lane(v, lane_name);
	if (longest == NULL ||
	    longest->count <= (own != NULL ? own->count : 0) + 1)
		return false;
	finish(TAILQ_LAST(&longest->checks, check_queue), VERIFIER_FULL);
	return true;
}

struct verifier_wait *
verifier_ask(struct verifier *v, size_t max, const struct verifier_question *q,
    void (*ready)(void *arg, enum verifier_verdict), void *arg)
{
	struct verifier_wait	*w;
	struct check		*c;

	if (strlen(q->hash) >= AUTH_HASH_LEN ||
	    strlen(q->password) >= AUTH_PASSWORD_LEN)
		return NULL;
	if (v->waiting >= max && !make_room(v, q->lane))
		return NULL;
	c = xcalloc(1, sizeof(*c));
	c->verifier = v;
	c->name = q->name;
	c->lane_name = xstrdup(q->lane);
	strcpy(c->question.hash, q->hash);
	strcpy(c->question.password, q->password);
	LIST_INIT(&c->waits);
	w = add_wait(c, ready, arg);
	put_in_lane(v, c, false);
	go_on(v);
	return w;
}

struct verifier *
verifier_create(const struct verifier_setup *setup)
{
	struct verifier	*v;

	v = xcalloc(1, sizeof(*v));
	v->setup = *setup;
	v->fd = -1;
	TAILQ_INIT(&v->lanes);
	v->patience = timer_new(on_impatience, v);
	return v;
}

static void
drop(struct check *c)
{
	struct verifier_wait	*w;

	while ((w = LIST_FIRST(&c->waits)) != NULL) {
		LIST_REMOVE(w, in_check);
		free(w);
	}
	check_free(c);
}

void
verifier_free(struct verifier *v)
{
	struct lane	*lane;

	if (v == NULL)
		return;
	while ((lane = TAILQ_FIRST(&v->lanes)) != NULL)
		drop(TAILQ_FIRST(&lane->checks));
	if (v->in_hand != NULL)
		drop(v->in_hand);
	let_go_of_helper(v);
	timer_free(v->patience);
	free(v);
}
