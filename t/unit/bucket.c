/*
 * bucket: as often as the quota says, and never more, however it is asked.
 */
#include "bucket.h"
#include "lib/suite.h"

#include <check.h>
#include <stdlib.h>

/* How many may be taken, one after the other, at that time. */
static unsigned
take_all(struct bucket *b, const struct quota *q, uint64_t now_ms)
{
	unsigned	 n;

	for (n = 0; n < 1000 && bucket_has(b, q, now_ms); n++)
		bucket_take(b, q, 1, now_ms);
	return n;
}

START_TEST(burst_then_rate)
{
	const struct quota	 q = { 4, 3 };
	struct bucket		 b = { 0, 0 };

	ck_assert_uint_eq(take_all(&b, &q, 5000), 3);
	ck_assert_uint_eq(bucket_wait_ms(&b, &q, 5000), 250);
	ck_assert_uint_eq(take_all(&b, &q, 5249), 0);
	ck_assert_uint_eq(take_all(&b, &q, 5250), 1);
	ck_assert_uint_eq(take_all(&b, &q, 5750), 2);
	ck_assert(!bucket_is_full(&b, &q, 6000));
	ck_assert(bucket_is_full(&b, &q, 6500));
	ck_assert_uint_eq(take_all(&b, &q, UINT64_MAX), 3);
}
END_TEST

START_TEST(no_more_than_rate_in_the_long_run)
{
	const struct quota	 q = { 7, 2 };
	struct bucket		 b = { 0, 0 };
	unsigned		 n = 0;
	uint64_t		 now;

	for (now = 0; now < 10000; now += 1 + now % 13)
		n += take_all(&b, &q, now);
	ck_assert_uint_le(n, 2 + 70);
	ck_assert_uint_ge(n, 2 + 69);
}
END_TEST

START_TEST(more_than_there_is)
{
	const struct quota	 q = { 100, 50 };
	struct bucket		 b = { 0, 0 };

	bucket_take(&b, &q, 250, 0);
	ck_assert_uint_eq(bucket_wait_ms(&b, &q, 0), 2010);
	ck_assert(!bucket_has(&b, &q, 2009));
	ck_assert(bucket_has(&b, &q, 2010));
}
END_TEST

START_TEST(no_limit)
{
	const struct quota	 q = { UINT64_MAX, 1 };
	struct bucket		 b = { 0, 0 };

	ck_assert_uint_eq(take_all(&b, &q, 0), 1000);
	ck_assert(bucket_is_full(&b, &q, 0));
}
END_TEST

/* What it lacks stays, what it may hold is another's. */
START_TEST(another_quota)
{
	const struct quota	 small = { 1, 1 }, large = { 1, 5 };
	const struct quota	 none = { UINT64_MAX, 1 };
	struct bucket		 b = { 0, 0 };

	ck_assert_uint_eq(take_all(&b, &small, 0), 1);
	ck_assert_uint_eq(take_all(&b, &large, 0), 4);
	ck_assert_uint_eq(bucket_wait_ms(&b, &small, 0), 5000);
	ck_assert_uint_eq(bucket_wait_ms(&b, &none, 0), 0);
	ck_assert(bucket_is_full(&b, &none, 0));
}
END_TEST

START_TEST(clock_and_limits)
{
	const struct quota	 huge = { QUOTA_MAX, UINT64_C(1) << 40 };
	const struct quota	 never = { 0, 1 };
	struct bucket		 b = { 0, 0 };

	bucket_take(&b, &huge, 1 << 30, 1000);
	ck_assert(bucket_has(&b, &huge, 900));		/* it went back */
	ck_assert(bucket_is_full(&b, &huge, UINT64_MAX));
	b = (struct bucket){ 0, 0 };
	ck_assert_uint_eq(take_all(&b, &never, 0), 1);
	ck_assert_uint_eq(bucket_wait_ms(&b, &never, 1 << 30), UINT64_MAX);
}
END_TEST

int
main(void)
{
	Suite	*s;
	TCase	*tc;

	s = suite_create("bucket");
	tc = tcase_create("bucket");
	tcase_add_test(tc, burst_then_rate);
	tcase_add_test(tc, no_more_than_rate_in_the_long_run);
	tcase_add_test(tc, more_than_there_is);
	tcase_add_test(tc, no_limit);
	tcase_add_test(tc, another_quota);
	tcase_add_test(tc, clock_and_limits);
	suite_add_tcase(s, tc);

	return suite_run(s);
}
