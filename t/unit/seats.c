/*
 * seats: each user's workers are counted, however many users there are, and
 * none gets more, or faster, than his account allows.
 */
#include "seats.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "account.h"
#include "lib/suite.h"

#define USERS	5000

static struct seats	 seats;
static struct account	 account;

static void
set_up(void)
{
	seats_init(&seats);
	memset(&account, 0, sizeof(account));
	account.max_children = account.start_rate = ACCOUNT_NO_CAP;
	account.start_burst = 10;
}

static void
tear_down(void)
{
	seats_release(&seats);
}

START_TEST(max_children)
{
	account.max_children = 2;
	ck_assert_ptr_null(seats_limit(&seats, 7, &account, 0));
	seats_take(&seats, 7, &account, 0);
	seats_take(&seats, 7, &account, 0);
	ck_assert_str_eq(seats_limit(&seats, 7, &account, 0),
	    "account.max_children");
	ck_assert_ptr_null(seats_limit(&seats, 8, &account, 0));
	seats_give_back(&seats, 7);
	ck_assert_ptr_null(seats_limit(&seats, 7, &account, 0));
	account.max_children = 0;
	ck_assert_ptr_nonnull(seats_limit(&seats, 9, &account, 0));
}
END_TEST

START_TEST(start_rate)
{
	int	 i;

	account.start_rate = 2;
	account.start_burst = 3;
	for (i = 0; i < 3; i++) {
		ck_assert_ptr_null(seats_limit(&seats, 7, &account, 1000));
		seats_take(&seats, 7, &account, 1000);
		seats_give_back(&seats, 7);
	}
	ck_assert_str_eq(seats_limit(&seats, 7, &account, 1499),
	    "account.start_rate");
	ck_assert_ptr_null(seats_limit(&seats, 8, &account, 1499));
	ck_assert_ptr_null(seats_limit(&seats, 7, &account, 1500));
}
END_TEST

/* While the table grows and shrinks, no count is lost. */
START_TEST(many_users)
{
	uid_t	 uid;
	int	 round;

	for (round = 0; round < 3; round++) {
		for (uid = 0; uid < USERS; uid++) {
			seats_take(&seats, uid * 3, &account, 0);
			seats_take(&seats, uid * 3, &account, 0);
		}
		for (uid = 0; uid < USERS; uid++) {
			ck_assert_uint_eq(seats_count(&seats, uid * 3), 2);
			ck_assert_uint_eq(seats_count(&seats, uid * 3 + 1), 0);
			seats_give_back(&seats, uid * 3);
			seats_give_back(&seats, uid * 3);
		}
	}
	ck_assert_uint_le(seats.size, 4 * USERS);
	/* Those that are gone make room for others. */
	for (uid = 0; uid < 10 * USERS; uid++) {
		seats_take(&seats, 1000000 + uid, &account, 0);
		seats_give_back(&seats, 1000000 + uid);
	}
	ck_assert_uint_le(seats.size, 4 * USERS);
}
END_TEST

/* Who left is not forgotten before he might start again at full burst. */
START_TEST(rates_outlive_workers)
{
	uid_t	 uid;

	account.start_rate = 1;
	account.start_burst = 1;
	for (uid = 1; uid <= 1000; uid++) {
		seats_take(&seats, uid, &account, 100);
		seats_give_back(&seats, uid);
	}
	for (uid = 1; uid <= 1000; uid++)
		ck_assert_ptr_nonnull(seats_limit(&seats, uid, &account, 200));
	for (uid = 1001; uid <= 3000; uid++) {
		seats_take(&seats, uid, &account, 2000);
		seats_give_back(&seats, uid);
	}
	ck_assert_ptr_null(seats_limit(&seats, 1, &account, 2000));
	ck_assert_ptr_nonnull(seats_limit(&seats, 1001, &account, 2000));
}
END_TEST

int
main(void)
{
	Suite	*s;
	TCase	*tc;

	s = suite_create("seats");
	tc = tcase_create("seats");
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, max_children);
	tcase_add_test(tc, start_rate);
	tcase_add_test(tc, many_users);
	tcase_add_test(tc, rates_outlive_workers);
	suite_add_tcase(s, tc);

	return suite_run(s);
}
