/*
 * timer: never early, once a start, at ease with being freed or started anew
 * in its own callback, however many durations there are.
 */
#include "timer.h"
#include "mem.h"
#include "lib/suite.h"

#include <event2/event.h>

#include <check.h>
#include <stdlib.h>
#include <time.h>

#define ROWS(table)	((int)(sizeof(table) / sizeof((table)[0])))

struct probe {
	struct timer	*timer;
	uint64_t	 started;	/* timer_now at its start */
	uint64_t	 ms;
	uint64_t	 fired;		/* timer_now at its callback */
	int		 times;
	int		 again;		/* starts itself so often */
	bool		 was_started;	/* as seen in the callback */
};

static struct event_base	*base;

static void
set_up(void)
{
	ck_assert_ptr_nonnull(base = event_base_new());
	timer_init(base);
}

static void
tear_down(void)
{
	timer_release();
	event_base_free(base);
}

static void
probe_start(struct probe *p, uint64_t ms)
{
	p->started = timer_now();
	p->ms = ms;
	timer_start(p->timer, ms);
}

static void
on_time(void *arg)
{
	struct probe	*p = arg;

	p->fired = timer_now();
	p->times++;
	p->was_started = timer_is_started(p->timer);
	ck_assert_uint_ge(p->fired, p->started + p->ms);
	if (p->again-- > 0)
		probe_start(p, p->ms);
}

static void
on_time_free(void *arg)
{
	struct probe	*p = arg;

	p->times++;
	timer_free(p->timer);
	p->timer = NULL;
}

static void
probe_init(struct probe *p, void (*callback)(void *))
{
	*p = (struct probe){ 0 };
	p->timer = timer_new(callback, p);
}

/* One turn of the loop that lasts long. */
static void
be_busy(uint64_t ms)
{
	uint64_t	 end;

	end = timer_now() + ms;
	while (timer_now() < end)
		continue;
}

static void
run(void)
{
	ck_assert_int_ge(event_base_dispatch(base), 0);
}

static const uint64_t	durations[] = { 0, 1, 2, 3, 7, 20, 51 };

/* More than QUEUE_WORTH starts, so an event of its own and a queue serve. */
START_TEST(never_early)
{
	struct probe	 p;

	probe_init(&p, on_time);
	p.again = 6;
	probe_start(&p, durations[_i]);
	ck_assert(timer_is_started(p.timer));
	run();
	ck_assert_int_eq(p.times, 7);
	ck_assert(!p.was_started);
	ck_assert(!timer_is_started(p.timer));
	timer_free(p.timer);
}
END_TEST

struct late {
	struct probe	 common[8];
	struct probe	 single;
};

static void
on_long_turn(void *arg)
{
	struct late	*l = arg;
	int		 i;

	be_busy(60);
	for (i = 0; i < 8; i++)
		probe_start(&l->common[i], 30);
	probe_start(&l->single, 31);
}

/* libevent's clock stands still during a turn; started late, not early. */
START_TEST(late_in_a_long_turn)
{
	struct late	 l;
	struct timer	*turn;
	int		 i;

	turn = timer_new(on_long_turn, &l);
	for (i = 0; i < 8; i++)
		probe_init(&l.common[i], on_time);
	probe_init(&l.single, on_time);
	timer_start(turn, 1);
	run();
	for (i = 0; i < 8; i++) {
		ck_assert_int_eq(l.common[i].times, 1);
		timer_free(l.common[i].timer);
	}
	ck_assert_int_eq(l.single.times, 1);
	timer_free(l.single.timer);
	timer_free(turn);
}
END_TEST

static const struct {
	uint64_t	 first, then;
} moves[] = {
	{ 5, 40 },
	{ 100000, 10 },
	{ 0, 15 },
	{ UINT64_MAX, 5 },
	{ 30, 0 },
};

START_TEST(moved)
{
	struct probe	 p;

	probe_init(&p, on_time);
	probe_start(&p, moves[_i].first);
	probe_start(&p, moves[_i].then);
	run();
	ck_assert_int_eq(p.times, 1);
	ck_assert_uint_lt(p.fired - p.started, 50000);
	timer_free(p.timer);
}
END_TEST

START_TEST(stopped)
{
	struct probe	 p;

	probe_init(&p, on_time);
	timer_stop(p.timer);
	probe_start(&p, 1);
	timer_stop(p.timer);
	ck_assert(!timer_is_started(p.timer));
	run();
	ck_assert_int_eq(p.times, 0);
	timer_free(p.timer);
	timer_free(NULL);
}
END_TEST

START_TEST(freed)
{
	struct probe	 in_callback, while_started;

	probe_init(&in_callback, on_time_free);
	probe_init(&while_started, on_time);
	probe_start(&in_callback, 1);
	probe_start(&while_started, 0);
	timer_free(while_started.timer);
	run();
	ck_assert_int_eq(in_callback.times, 1);
	ck_assert_ptr_null(in_callback.timer);
	ck_assert_int_eq(while_started.times, 0);
}
END_TEST

static void
on_time_stop(void *arg)
{
	struct probe	*other = arg;

	timer_stop(other->timer);
}

/* Both are due in one turn, and the first of them stops the second. */
START_TEST(stopped_when_due)
{
	struct probe	 p;
	struct timer	*t;

	probe_init(&p, on_time);
	t = timer_new(on_time_stop, &p);
	timer_start(t, 5);
	probe_start(&p, 6);
	be_busy(20);
	run();
	ck_assert_int_eq(p.times, 0);
	timer_free(t);
	timer_free(p.timer);
}
END_TEST

struct order {
	struct timer	*timer;
	struct order	*next;
	int		*count;
	int		 place;
};

static void
on_time_pass_on(void *arg)
{
	struct order	*o = arg;

	o->place = ++*o->count;
	if (o->next != NULL)
		timer_soon(o->next->timer);
}

/* What the first asks for comes behind the second, which was there before. */
START_TEST(soon)
{
	struct order	 o[4];
	int		 count, i;

	count = 0;
	for (i = 0; i < 4; i++) {
		o[i] = (struct order){ .count = &count };
		o[i].timer = timer_new(on_time_pass_on, &o[i]);
	}
	o[0].next = &o[2];
	timer_start(o[0].timer, 100000);
	timer_soon(o[0].timer);
	timer_soon(o[1].timer);
	timer_start(o[3].timer, 20);
	ck_assert(timer_is_started(o[0].timer));
	run();
	for (i = 0; i < 4; i++) {
		ck_assert_int_eq(o[i].place, i + 1);
		timer_free(o[i].timer);
	}
}
END_TEST

static void
do_nothing(struct timer *t)
{
	(void)t;
}

static void
start_late(struct timer *t)
{
	timer_start(t, 10);
}

static const struct {
	void		(*then)(struct timer *);
	int		 times;
	uint64_t	 ms;
} second_thoughts[] = {
	{ do_nothing, 1, 0 },
	{ timer_soon, 1, 0 },
	{ timer_stop, 0, 0 },
	{ start_late, 1, 10 },
};

START_TEST(soon_or_not)
{
	struct probe	 p;

	probe_init(&p, on_time);
	p.started = timer_now();
	p.ms = second_thoughts[_i].ms;
	timer_soon(p.timer);
	second_thoughts[_i].then(p.timer);
	run();
	ck_assert_int_eq(p.times, second_thoughts[_i].times);
	timer_free(p.timer);
}
END_TEST

/* Far more durations, each often used, than there are queues. */
START_TEST(many_durations)
{
	struct probe	*probes;
	int		 i, round, count;

	count = 1000;
	probes = xcalloc((size_t)count, sizeof(*probes));
	for (i = 0; i < count; i++) {
		probe_init(&probes[i], on_time);
		for (round = 0; round < 6; round++)
			probe_start(&probes[i], (uint64_t)i / 8);
	}
	for (i = 0; i < count; i++)
		for (round = 0; round < 6; round++)
			timer_start(probes[i].timer, 100000 + (uint64_t)i);
	for (i = 0; i < count; i++)
		probe_start(&probes[i], (uint64_t)i / 8);
	/* Queues of long durations have nobody in them, but a while to go. */
	for (i = 0; i < count; i++)
		while (probes[i].times == 0)
			event_base_loop(base, EVLOOP_ONCE);
	for (i = 0; i < count; i++) {
		ck_assert_int_eq(probes[i].times, 1);
		timer_free(probes[i].timer);
	}
	free(probes);
}
END_TEST

START_TEST(clock_is_monotonic)
{
	struct timespec	 ts;
	uint64_t	 before, now;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	before = (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
	now = timer_now();
	ck_assert_uint_ge(now, before);
	ck_assert_uint_lt(now, before + 10000);
}
END_TEST

int
main(void)
{
	Suite	*s;
	TCase	*tc;

	s = suite_create("timer");
	tc = tcase_create("timer");
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_loop_test(tc, never_early, 0, ROWS(durations));
	tcase_add_test(tc, late_in_a_long_turn);
	tcase_add_loop_test(tc, moved, 0, ROWS(moves));
	tcase_add_test(tc, stopped);
	tcase_add_test(tc, freed);
	tcase_add_test(tc, stopped_when_due);
	tcase_add_test(tc, soon);
	tcase_add_loop_test(tc, soon_or_not, 0, ROWS(second_thoughts));
	tcase_add_test(tc, many_durations);
	tcase_add_test(tc, clock_is_monotonic);
	suite_add_tcase(s, tc);

	return suite_run(s);
}
