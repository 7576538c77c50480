/*
 * rulebook: whose rules are found, and which go when there is no more room.
 */
#include "rulebook.h"

#include <check.h>
#include <fcntl.h>
#include <stdbool.h>
#include <unistd.h>

#include "lib/suite.h"

static struct rulebook	 book;

static int
keep(uint32_t function, uint64_t print)
{
	struct rules	 rules = { .print = print };

	rules.fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	ck_assert_int_ne(rules.fd, -1);
	rulebook_keep(&book, function, rules);
	return rules.fd;
}

static bool
is_open(int fd)
{
	return fcntl(fd, F_GETFD) != -1;
}

START_TEST(each_has_its_own)
{
	int	 one, two;

	ck_assert_int_eq(rulebook_find(&book, 0).fd, -1);
	one = keep(0, 10);
	two = keep(1, 20);
	ck_assert_int_eq(rulebook_find(&book, 0).fd, one);
	ck_assert_uint_eq(rulebook_find(&book, 0).print, 10);
	ck_assert_int_eq(rulebook_find(&book, 1).fd, two);
	ck_assert_uint_eq(rulebook_find(&book, 1).print, 20);
	ck_assert_int_eq(rulebook_find(&book, 2).fd, -1);
	rulebook_clear(&book);
	ck_assert(!is_open(one) && !is_open(two));
	ck_assert_int_eq(rulebook_find(&book, 0).fd, -1);
}
END_TEST

START_TEST(newer_ones_replace)
{
	int	 old = keep(7, 1), new = keep(7, 2);

	ck_assert(!is_open(old));
	ck_assert_int_eq(rulebook_find(&book, 7).fd, new);
	ck_assert_uint_eq(rulebook_find(&book, 7).print, 2);
	ck_assert_uint_eq(book.count, 1);
	rulebook_clear(&book);
}
END_TEST

START_TEST(the_oldest_goes)
{
	int		 first = keep(0, 0);
	uint32_t	 i;

	for (i = 1; i < RULEBOOK_MAX; i++)
		keep(i, i);
	ck_assert(is_open(first));
	for (; i < 2 * RULEBOOK_MAX + 1; i++) {
		keep(i, i);
		ck_assert_int_eq(rulebook_find(&book, i - RULEBOOK_MAX).fd, -1);
		ck_assert_uint_eq(rulebook_find(&book,
		    i - RULEBOOK_MAX + 1).print, i - RULEBOOK_MAX + 1);
	}
	ck_assert_uint_eq(book.count, RULEBOOK_MAX);
	rulebook_clear(&book);
	ck_assert(!is_open(first));
}
END_TEST

int
main(void)
{
	Suite	*s;
	TCase	*tc;

	s = suite_create("rulebook");
	tc = tcase_create("rulebook");
	tcase_add_test(tc, each_has_its_own);
	tcase_add_test(tc, newer_ones_replace);
	tcase_add_test(tc, the_oldest_goes);
	suite_add_tcase(s, tc);

	return suite_run(s);
}
