/*
 * failures, proofs: what is counted and known, for how long, and that no number
 * of addresses or passwords takes more memory.
 *
 * The clock is this file's own.
 */
#include "failures.h"
#include "proofs.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "timer.h"
#include "lib/suite.h"

#define MANY	100000

static uint64_t		 now_ms = 1000;
static struct failures	*f;
static struct proofs	*p;

uint64_t
timer_now(void)
{
	return now_ms;
}

static void
set_up(void)
{
	now_ms = 1000;
	f = failures_create();
	p = proofs_create();
}

static void
tear_down(void)
{
	failures_free(f);
	proofs_free(p);
}

/* --- failures ----------------------------------------------------------- */

static void
fail_logins(const char *what, const char *address, int n)
{
	while (n-- > 0)
		failures_count(f, what, address, strlen(address));
}

static uint64_t
wait_s(const char *what, const char *address)
{
	return failures_wait_s(f, what, address, strlen(address), 3);
}

START_TEST(counts_by_address)
{
	ck_assert_uint_eq(wait_s("file", "192.0.2.1"), 0);
	fail_logins("file", "192.0.2.1", 2);
	ck_assert_uint_eq(wait_s("file", "192.0.2.1"), 0);
	now_ms += 10000;
	fail_logins("file", "192.0.2.1", 1);
	ck_assert_uint_eq(wait_s("file", "192.0.2.1"), 50);
	ck_assert_uint_eq(wait_s("file", "::ffff:192.0.2.1"), 50);
	ck_assert_uint_eq(wait_s("file", "192.0.2.2"), 0);
	ck_assert_uint_eq(wait_s("other", "192.0.2.1"), 0);
	ck_assert_uint_eq(failures_wait_s(f, "file", "192.0.2.1", 9, 4), 0);
	ck_assert_uint_eq(failures_wait_s(f, "file", "192.0.2.1", 9, 0), 0);
	now_ms += 49999;
	ck_assert_uint_eq(wait_s("file", "192.0.2.1"), 1);
	now_ms += 1;
	ck_assert_uint_eq(wait_s("file", "192.0.2.1"), 0);
	fail_logins("file", "192.0.2.1", 1);
	ck_assert_uint_eq(wait_s("file", "192.0.2.1"), 0);
}
END_TEST

START_TEST(undoes)
{
	fail_logins("file", "192.0.2.1", 3);
	failures_undo(f, "file", "192.0.2.1", 9);
	ck_assert_uint_eq(wait_s("file", "192.0.2.1"), 0);
	fail_logins("file", "192.0.2.1", 1);
	ck_assert_uint_eq(wait_s("file", "192.0.2.1"), 60);
	failures_undo(f, "file", "192.0.2.9", 9);
	failures_undo(f, "file", "192.0.2.1", 9);
	failures_undo(f, "file", "192.0.2.1", 9);
	failures_undo(f, "file", "192.0.2.1", 9);
	failures_undo(f, "file", "192.0.2.1", 9);
	fail_logins("file", "192.0.2.1", 2);
	ck_assert_uint_eq(wait_s("file", "192.0.2.1"), 0);
}
END_TEST

START_TEST(networks)
{
	fail_logins("file", "2001:db8::1", 1);
	fail_logins("file", "2001:db8::2", 1);
	fail_logins("file", "2001:db8:0:0:ffff::", 1);
	ck_assert_uint_eq(wait_s("file", "2001:db8::3"), 60);
	ck_assert_uint_eq(wait_s("file", "2001:db8:0:1::3"), 0);
	/* What is no address is one as well. */
	fail_logins("file", "rubbish", 3);
	ck_assert_uint_eq(wait_s("file", ""), 60);
	ck_assert_uint_eq(wait_s("file", "127.0.0.1"), 0);
}
END_TEST

START_TEST(many_addresses)
{
	char	 address[32];
	int	 i;

	for (i = 0; i < MANY; i++) {
		now_ms++;
		snprintf(address, sizeof(address), "10.%d.%d.%d", i >> 16,
		    i >> 8 & 255, i & 255);
		fail_logins("file", address, 3);
		ck_assert_uint_gt(wait_s("file", address), 0);
	}
	/* Another's row is full of others by now, most likely; the last are
	   all there. */
	ck_assert_uint_gt(wait_s("file", address), 0);
}
END_TEST

/* --- proofs ------------------------------------------------------------- */

static struct digest
name_of(const char *file, const char *name, const char *hash,
    const char *password)
{
	struct digest	 digest;

	proofs_name(p, &digest, file, name, hash, password);
	return digest;
}

START_TEST(proves_for_a_while)
{
	struct digest	 right = name_of("f", "anna", "h", "secret");
	struct digest	 others[] = {
		name_of("g", "anna", "h", "secret"),
		name_of("f", "bert", "h", "secret"),
		name_of("f", "anna", "i", "secret"),
		name_of("f", "anna", "h", "Secret"),
		name_of("f", "annah", "", "secret"),
		name_of("fanna", "", "h", "secret"),
	};
	size_t		 i;

	ck_assert(!proofs_has(p, &right, 1000));
	proofs_add(p, &right);
	ck_assert(proofs_has(p, &right, 1000));
	ck_assert(!proofs_has(p, &right, 0));
	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		ck_assert(!proofs_has(p, &others[i], 1000));
	now_ms += 999;
	ck_assert(proofs_has(p, &right, 1000));
	now_ms += 1;
	ck_assert(!proofs_has(p, &right, 1000));
	proofs_add(p, &right);
	ck_assert(proofs_has(p, &right, 1000));
}
END_TEST

START_TEST(many_proofs)
{
	struct digest	 digest;
	char		 password[16];
	int		 i;

	for (i = 0; i < MANY; i++) {
		now_ms++;
		snprintf(password, sizeof(password), "%d", i);
		digest = name_of("f", "anna", "h", password);
		ck_assert(!proofs_has(p, &digest, MANY));
		proofs_add(p, &digest);
		ck_assert(proofs_has(p, &digest, MANY));
	}
}
END_TEST

/* What is kept is of no use to another process. */
START_TEST(keys_differ)
{
	struct proofs	*other = proofs_create();
	struct digest	 ours = name_of("f", "anna", "h", "secret"), theirs;

	proofs_name(other, &theirs, "f", "anna", "h", "secret");
	ck_assert(!digest_is_equal(&ours, &theirs));
	proofs_free(other);
}
END_TEST

int
main(void)
{
	Suite	*s;
	TCase	*tc;

	s = suite_create("logins");
	tc = tcase_create("logins");
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, counts_by_address);
	tcase_add_test(tc, undoes);
	tcase_add_test(tc, networks);
	tcase_add_test(tc, many_addresses);
	tcase_add_test(tc, proves_for_a_while);
	tcase_add_test(tc, many_proofs);
	tcase_add_test(tc, keys_differ);
	suite_add_tcase(s, tc);

	return suite_run(s);
}
