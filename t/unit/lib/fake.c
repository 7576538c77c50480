/*
 * fake: what modules call of request, worker and timer, faked.
 */
#include "fake.h"

#include <event2/buffer.h>
#include <event2/event.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "body.h"
#include "fcgi.h"
#include "function.h"
#include "mem.h"
#include "outbox.h"
#include "timer.h"
#include "suite.h"

#define TURNS	10		/* of the loop, more than anything needs */

struct timer {
	void	(*on_time)(void *);
	void	*arg;
	bool	 is_started;
	LIST_ENTRY(timer)	 in_all;
};

static LIST_HEAD(, timer)	timers = LIST_HEAD_INITIALIZER(timers);

/* --- timer.h ------------------------------------------------------------ */

struct timer *
timer_new(void (*on_time)(void *), void *arg)
{
	struct timer	*t;

	t = xcalloc(1, sizeof(*t));
	t->on_time = on_time;
	t->arg = arg;
	LIST_INSERT_HEAD(&timers, t, in_all);
	return t;
}

void
timer_free(struct timer *t)
{
	if (t == NULL)
		return;
	LIST_REMOVE(t, in_all);
	free(t);
}

void
timer_start(struct timer *t, uint64_t ms)
{
	ck_assert_uint_le(ms, 5000);
	t->is_started = true;
}

unsigned
fake_fire_timers(void)
{
	struct timer	*t, *next;
	unsigned	 fired = 0;

	for (t = LIST_FIRST(&timers); t != NULL; t = next) {
		next = LIST_NEXT(t, in_all);
		if (!t->is_started)
			continue;
		t->is_started = false;
		fired++;
		t->on_time(t->arg);
	}
	return fired;
}

/* --- worker.h ----------------------------------------------------------- */

uint8_t *
workers_scratch(struct workers *ws)
{
	return ws->scratch;
}

struct event_base *
workers_base(struct workers *ws)
{
	return ws->base;
}

struct outbox *
workers_outbox(struct workers *ws)
{
	return ws->outbox;
}

void
worker_kill(struct worker *w, const char *why)
{
	ck_assert_str_ne(why, "");
	w->workers->kills++;
}

struct worker *
fake_worker_create(const struct protocol *protocol)
{
	struct worker	*w;

	signal(SIGPIPE, SIG_IGN);
	w = xcalloc(1, sizeof(*w));
	w->workers = xcalloc(1, sizeof(*w->workers));
	w->workers->base = event_base_new();
	w->workers->outbox = outbox_create();
	w->protocol = protocol;
	w->state = WORKER_IDLE;
	w->has_served = true;
	return w;
}

void
fake_worker_free(struct worker *w)
{
	ck_assert_ptr_null(w->private);
	ck_assert(LIST_EMPTY(&timers));
	outbox_free(w->workers->outbox);
	event_base_free(w->workers->base);
	free(w->workers);
	free(w);
}

void
fake_begin(struct fake *f)
{
	struct worker	*w = f->request.worker;

	ck_assert_int_eq(w->protocol->begin(&f->request), 0);
	outbox_flush(w->workers->outbox);
}

void
fake_settle(struct worker *w)
{
	int	 i;

	for (i = 0; i < TURNS; i++) {
		outbox_flush(w->workers->outbox);
		event_base_loop(w->workers->base, EVLOOP_NONBLOCK);
	}
}

/* --- request.h ---------------------------------------------------------- */

struct fake *
fake_create(struct worker *w)
{
	struct fake	*f;

	f = xcalloc(1, sizeof(*f));
	f->out = evbuffer_new();
	f->err = evbuffer_new();
	f->room = SIZE_MAX;
	f->function = function_create();
	f->request.function = f->function;
	f->request.worker = w;
	f->request.role = FCGI_RESPONDER;
	f->request.arena = arena_create(4096);
	variables_init(&f->request.variables, f->request.arena);
	return f;
}

void
fake_free(struct fake *f)
{
	body_free(f->request.body);
	body_free(f->request.data);
	arena_free(f->request.arena);
	function_release(f->function);
	evbuffer_free(f->out);
	evbuffer_free(f->err);
	free(f);
}

void
fake_set_body(struct fake *f, const char *bytes, size_t len)
{
	f->request.body = body_create(len + 1, "/nonexistent");
	ck_assert_int_eq(body_append(f->request.body, bytes, len), 0);
	body_end(f->request.body);
}

/* The request that a module speaks of: it must still be on. */
static struct fake *
fake_of(struct request *r)
{
	ck_assert_int_eq(r->exchange_end, EXCHANGE_ON);
	return (struct fake *)r;
}

void
request_begun(struct request *r)
{
	struct fake	*f = fake_of(r);

	if (f->begun++ == 0)
		r->worker->has_served = true;
}

void
request_heard(struct request *r)
{
	fake_of(r)->heard++;
}

void
request_room(struct request *r)
{
	fake_of(r)->rooms++;
}

bool
request_take_stdout(struct request *r, const struct iovec *pieces, int count)
{
	struct fake	*f = fake_of(r);
	size_t		 len = 0;
	int		 i;

	ck_assert_int_le(count, REQUEST_PIECES);
	for (i = 0; i < count; i++) {
		ck_assert_uint_gt(pieces[i].iov_len, 0);
		evbuffer_add(f->out, pieces[i].iov_base, pieces[i].iov_len);
		len += pieces[i].iov_len;
	}
	ck_assert_uint_gt(len, 0);
	ck_assert_uint_le(len, ANSWER_CONTENT_MAX);
	return evbuffer_get_length(f->out) < f->room;
}

/* As they stand, but for the first that come. */
bool
request_take_records(struct request *r, uint16_t id,
    const struct iovec *records, size_t len)
{
	struct fake		*f = fake_of(r);
	const uint8_t		*at = records->iov_base;
	struct fcgi_record	 rec;
	size_t			 left, n;

	if (evbuffer_get_length(f->out) == 0)
		return false;
	for (left = records->iov_len; left > 0; at += n, left -= n) {
		n = (size_t)fcgi_parse(at, left, &rec);
		ck_assert_uint_le(n, left);
		ck_assert_uint_eq(rec.type, FCGI_STDOUT);
		ck_assert_uint_eq(rec.request_id, id);
		ck_assert_uint_gt(rec.length, 0);
		evbuffer_add(f->out, rec.content, rec.length);
		len -= rec.length;
	}
	ck_assert_uint_eq(len, 0);
	r->is_paused = evbuffer_get_length(f->out) >= f->room;
	return true;
}

void
request_take_stderr(struct request *r, const uint8_t *bytes, size_t len)
{
	evbuffer_add(fake_of(r)->err, bytes, len);
}

void
request_stdout_end(struct request *r)
{
	fake_of(r)->stdout_ends++;
}

static void
end(struct request *r, enum exchange_end how, const char *why)
{
	ck_assert_int_ne(how, EXCHANGE_ON);
	fake_of(r);
	r->exchange = NULL;
	r->exchange_end = how;
	r->exchange_why = why;
}

void
request_done(struct request *r, uint32_t app_status, bool reusable)
{
	r->app_status = app_status;
	r->worker_reusable = reusable;
	end(r, EXCHANGE_DONE, NULL);
}

void
request_failed(struct request *r, enum exchange_end how, const char *why)
{
	ck_assert_str_ne(why, "");
	end(r, how, why);
}

void
request_refused(struct request *r, unsigned refusal, int error,
    const char *step)
{
	r->exchange_refusal = refusal;
	r->exchange_error = error;
	end(r, EXCHANGE_REFUSED, arena_strdup(r->arena, step));
}

/* --- for the tests ------------------------------------------------------ */

const char *
fake_text(struct evbuffer *b)
{
	static char	 text[4096];
	size_t		 len = evbuffer_get_length(b);

	ck_assert_uint_lt(len, sizeof(text));
	evbuffer_copyout(b, text, len);
	text[len] = '\0';
	ck_assert_uint_eq(strlen(text), len);
	return text;
}

int
fake_run(Suite *s)
{
	return suite_run(s);
}
