/*
 * verifier: each who asks hears once; a helper that dies, is silent or talks
 * nonsense costs no answer but at most its own; a flood has a lane of its own.
 *
 * The helper is the other end of a socket here, and the clock this file's own.
 */
#include "verifier.h"

#include <sys/socket.h>

#include <check.h>
#include <event2/event.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "auth.h"
#include "mem.h"
#include "timer.h"
#include "lib/suite.h"

#define ASKERS	16
#define NOT_YET	-1

struct timer {
	void	(*on_time)(void *arg);
	void	 *arg;
	bool	  is_started;
};

static struct timer		*patience;	/* there is but one */
static struct event_base	*base;
static struct verifier		*v;
static unsigned			 asked;		/* for a helper */
static int			 helper;	/* our end */
static int			 verdicts[ASKERS];

struct timer *
timer_new(void (*on_time)(void *arg), void *arg)
{
	patience = xcalloc(1, sizeof(*patience));
	patience->on_time = on_time;
	patience->arg = arg;
	return patience;
}

void
timer_free(struct timer *t)
{
	free(t);
}

void
timer_start(struct timer *t, uint64_t ms)
{
	(void)ms;
	t->is_started = true;
}

void
timer_stop(struct timer *t)
{
	t->is_started = false;
}

static void
pass_time(void)
{
	ck_assert(patience->is_started);
	patience->is_started = false;
	patience->on_time(patience->arg);
}

static void
ask_helper(void *arg)
{
	(void)arg;
	asked++;
}

static void
set_up(void)
{
	struct verifier_setup	 setup = { .ask_helper = ask_helper };
	int			 i;

	base = event_base_new();
	setup.base = base;
	asked = 0;
	helper = -1;
	for (i = 0; i < ASKERS; i++)
		verdicts[i] = NOT_YET;
	v = verifier_create(&setup);
}

static void
tear_down(void)
{
	verifier_free(v);
	if (helper != -1)
		close(helper);
	event_base_free(base);
}

static void
bring_helper(void)
{
	int	 pair[2];

	if (helper != -1)
		close(helper);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0,
	    pair), 0);
	helper = pair[0];
	verifier_take_helper(v, pair[1]);
}

static void
turn(void)
{
	event_base_loop(base, EVLOOP_NONBLOCK);
}

/* What the helper is asked; false: nothing. */
static bool
hear(struct auth_question *q)
{
	return recv(helper, q, sizeof(*q), 0) == (ssize_t)sizeof(*q);
}

static void
say(uint64_t number, uint32_t is_right)
{
	struct auth_answer	 answer = { number, is_right, 0 };

	ck_assert_int_eq(send(helper, &answer, sizeof(answer), 0),
	    (int)sizeof(answer));
	turn();
}

/* It is asked this password, and says that. */
static void
expect(const char *password, uint32_t is_right)
{
	struct auth_question	 q;

	ck_assert(hear(&q));
	ck_assert_str_eq(q.password, password);
	say(q.number, is_right);
}

static void
on_ready(void *arg, enum verifier_verdict verdict)
{
	int	*slot = arg;

	ck_assert_int_eq(*slot, NOT_YET);
	*slot = (int)verdict;
}

static struct digest
name_of(const char *password)
{
	struct digest	 name;

	memset(&name, 0, sizeof(name));
	memcpy(name.bytes, password, strlen(password));
	return name;
}

static struct verifier_wait *
ask(int i, const char *lane, const char *password, size_t max)
{
	struct verifier_question	 q = { name_of(password), lane, "hash",
					     password };

	return verifier_ask(v, max, &q, on_ready, &verdicts[i]);
}

START_TEST(one_at_a_time)
{
	struct auth_question	 q, none;

	ck_assert_ptr_nonnull(ask(0, "a", "first", 8));
	ck_assert_ptr_nonnull(ask(1, "a", "second", 8));
	ck_assert_uint_eq(asked, 1);
	bring_helper();
	ck_assert(hear(&q));
	ck_assert_str_eq(q.hash, "hash");
	ck_assert_str_eq(q.password, "first");
	ck_assert(!hear(&none));
	ck_assert_int_eq(verdicts[0], NOT_YET);
	say(q.number, 1);
	ck_assert_int_eq(verdicts[0], VERIFIER_RIGHT);
	expect("second", 0);
	ck_assert_int_eq(verdicts[1], VERIFIER_WRONG);
	ck_assert(!patience->is_started);
	ck_assert_ptr_nonnull(ask(2, "a", "third", 8));
	expect("third", 7);		/* 1 alone means yes */
	ck_assert_int_eq(verdicts[2], VERIFIER_WRONG);
	ck_assert_uint_eq(asked, 1);
}
END_TEST

START_TEST(same_question)
{
	struct digest		 name = name_of("same");
	struct verifier_wait	*leaver;
	struct auth_question	 none;

	bring_helper();
	ck_assert_ptr_null(verifier_join(v, &name, on_ready, &verdicts[9]));
	ask(0, "a", "other", 8);
	ask(1, "a", "same", 8);
	leaver = verifier_join(v, &name, on_ready, &verdicts[2]);
	ck_assert_ptr_nonnull(verifier_join(v, &name, on_ready, &verdicts[3]));
	expect("other", 0);
	ck_assert_ptr_nonnull(verifier_join(v, &name, on_ready, &verdicts[4]));
	verifier_cancel(leaver);
	expect("same", 1);
	ck_assert_int_eq(verdicts[1], VERIFIER_RIGHT);
	ck_assert_int_eq(verdicts[2], NOT_YET);
	ck_assert_int_eq(verdicts[3], VERIFIER_RIGHT);
	ck_assert_int_eq(verdicts[4], VERIFIER_RIGHT);
	ck_assert(!hear(&none));
}
END_TEST

START_TEST(who_leaves)
{
	struct verifier_wait	*first, *second;
	struct auth_question	 none;

	bring_helper();
	first = ask(0, "a", "first", 8);
	second = ask(1, "a", "second", 8);
	ask(2, "a", "third", 8);
	verifier_cancel(first);		/* the helper has it already */
	verifier_cancel(second);
	expect("first", 1);
	expect("third", 1);
	ck_assert(!hear(&none));
	ck_assert_int_eq(verdicts[0], NOT_YET);
	ck_assert_int_eq(verdicts[1], NOT_YET);
	ck_assert_int_eq(verdicts[2], VERIFIER_RIGHT);
}
END_TEST

START_TEST(helper_dies)
{
	ask(0, "a", "first", 8);
	ask(1, "a", "second", 8);
	bring_helper();
	close(helper);
	helper = -1;
	turn();
	ck_assert_uint_eq(asked, 2);
	ck_assert_int_eq(verdicts[0], NOT_YET);
	bring_helper();
	expect("first", 1);		/* once more, and first again */
	expect("second", 1);
	ck_assert_int_eq(verdicts[0], VERIFIER_RIGHT);

	ask(2, "a", "third", 8);	/* this one kills it each time */
	ask(3, "a", "fourth", 8);
	close(helper);
	helper = -1;
	turn();
	bring_helper();
	close(helper);
	helper = -1;
	turn();
	ck_assert_int_eq(verdicts[2], VERIFIER_UNABLE);
	bring_helper();
	expect("fourth", 1);
	ck_assert_int_eq(verdicts[3], VERIFIER_RIGHT);
	/* Dead while nothing is asked: the next question finds out. */
	close(helper);
	helper = -1;
	turn();
	ck_assert_uint_eq(asked, 4);
	ask(4, "a", "fifth", 8);
	ck_assert_uint_eq(asked, 5);
	bring_helper();
	expect("fifth", 0);
	ck_assert_int_eq(verdicts[4], VERIFIER_WRONG);
}
END_TEST

START_TEST(no_helper)
{
	ask(0, "a", "first", 8);
	ask(1, "b", "second", 8);
	verifier_take_helper(v, -1);
	ck_assert_int_eq(verdicts[0], VERIFIER_UNABLE);
	ck_assert_int_eq(verdicts[1], VERIFIER_UNABLE);
	ask(2, "a", "third", 8);
	ck_assert_uint_eq(asked, 2);
	pass_time();			/* none comes at all */
	ck_assert_int_eq(verdicts[2], VERIFIER_UNABLE);
	ask(3, "a", "fourth", 8);
	ck_assert_uint_eq(asked, 3);
	bring_helper();
	expect("fourth", 1);
}
END_TEST

START_TEST(silent_helper)
{
	bring_helper();
	ask(0, "a", "first", 8);
	pass_time();
	ck_assert_uint_eq(asked, 1);
	bring_helper();
	pass_time();
	ck_assert_int_eq(verdicts[0], VERIFIER_UNABLE);
}
END_TEST

START_TEST(nonsense)
{
	struct auth_question	 q;

	bring_helper();
	ask(0, "a", "first", 8);
	ck_assert(hear(&q));
	say(q.number + 1, 1);
	ck_assert_int_eq(verdicts[0], NOT_YET);
	bring_helper();
	ck_assert(hear(&q));
	ck_assert_int_eq(send(helper, "x", 1, 0), 1);
	turn();
	ck_assert_int_eq(verdicts[0], VERIFIER_UNABLE);
	bring_helper();
	say(1, 1);			/* it was asked nothing */
	ask(1, "a", "second", 8);
	bring_helper();
	expect("second", 1);
	ck_assert_int_eq(verdicts[1], VERIFIER_RIGHT);
}
END_TEST

START_TEST(lanes)
{
	struct auth_question	 none;
	char			 password[24];
	int			 i;

	bring_helper();
	for (i = 0; i < 5; i++) {	/* one in hand, four wait */
		snprintf(password, sizeof(password), "flood%d", i);
		ck_assert_ptr_nonnull(ask(i, "flood", password, 4));
	}
	ck_assert_ptr_null(ask(5, "flood", "flood5", 4));
	ck_assert_ptr_nonnull(ask(6, "calm", "calm0", 4));
	ck_assert_int_eq(verdicts[4], VERIFIER_FULL);
	ck_assert_ptr_nonnull(ask(7, "calm", "calm1", 4));
	ck_assert_int_eq(verdicts[3], VERIFIER_FULL);
	ck_assert_ptr_null(ask(8, "calm", "calm2", 4));
	expect("flood0", 0);
	expect("flood1", 0);
	expect("calm0", 1);		/* they have turns */
	expect("flood2", 0);
	expect("calm1", 1);
	ck_assert(!hear(&none));
	ck_assert_int_eq(verdicts[5], NOT_YET);
	ck_assert_int_eq(verdicts[7], VERIFIER_RIGHT);
	ck_assert_int_eq(verdicts[8], NOT_YET);
}
END_TEST

START_TEST(too_long)
{
	char	 password[AUTH_PASSWORD_LEN + 1];

	memset(password, 'x', sizeof(password));
	password[AUTH_PASSWORD_LEN] = '\0';
	ck_assert_ptr_null(verifier_ask(v, 8, &(struct verifier_question){
	    name_of("x"), "a", "hash", password }, on_ready, &verdicts[0]));
	password[AUTH_PASSWORD_LEN - 1] = '\0';
	ck_assert_ptr_nonnull(verifier_ask(v, 8, &(struct verifier_question){
	    name_of("x"), "a", "hash", password }, on_ready, &verdicts[0]));
	bring_helper();
	expect(password, 1);
}
END_TEST

/* The end, with one in hand and one that waits. */
START_TEST(ends_in_between)
{
	bring_helper();
	ask(0, "a", "first", 8);
	ask(1, "a", "second", 8);
}
END_TEST

int
main(void)
{
	Suite	*s;
	TCase	*tc;

	s = suite_create("verifier");
	tc = tcase_create("verifier");
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, one_at_a_time);
	tcase_add_test(tc, same_question);
	tcase_add_test(tc, who_leaves);
	tcase_add_test(tc, helper_dies);
	tcase_add_test(tc, no_helper);
	tcase_add_test(tc, silent_helper);
	tcase_add_test(tc, nonsense);
	tcase_add_test(tc, lanes);
	tcase_add_test(tc, too_long);
	tcase_add_test(tc, ends_in_between);
	suite_add_tcase(s, tc);

	return suite_run(s);
}
