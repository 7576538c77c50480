/*
 * skeleton: the smallest module keeps the whole contract of module.h.
 */
#include "lib/fake.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#define ROWS(table)	((int)(sizeof(table) / sizeof((table)[0])))

static struct worker	*worker;

static void
set_up(void)
{
	worker = fake_worker_create(&protocol_skeleton);
}

static void
tear_down(void)
{
	fake_worker_free(worker);
}

static bool
is_open(int fd)
{
	return fcntl(fd, F_GETFD) != -1;
}

/* However many descriptors its way of starting leaves, all are closed. */
static const int	counts[] = { 1, 2, 3 };

START_TEST(attach_and_detach)
{
	int	 fds[3], i;

	for (i = 0; i < counts[_i]; i++)
		fds[i] = open("/dev/null", O_RDWR);
	ck_assert_int_eq(worker->protocol->attach(worker, fds, counts[_i]), 0);
	ck_assert_ptr_nonnull(worker->private);
	ck_assert(is_open(fds[0]));
	worker->protocol->detach(worker);
	for (i = 0; i < counts[_i]; i++)
		ck_assert(!is_open(fds[i]));
}
END_TEST

/* One request after another, then the process ends. */
START_TEST(serves)
{
	struct fake	*f;
	int		 fd = open("/dev/null", O_RDWR), i;

	ck_assert_int_eq(worker->protocol->attach(worker, &fd, 1), 0);
	worker->has_served = false;
	for (i = 0; i < 3; i++) {
		f = fake_create(worker);
		ck_assert_int_eq(worker->protocol->begin(&f->request), 0);
		ck_assert_uint_eq(f->begun, 1);
		ck_assert(worker->has_served);
		ck_assert_str_eq(fake_text(f->out),
		    "Content-Type: text/plain\r\n\r\nskeleton\n");
		ck_assert_int_eq(f->request.exchange_end, EXCHANGE_DONE);
		ck_assert_uint_eq(f->request.app_status, 0);
		ck_assert(f->request.worker_reusable);
		ck_assert_ptr_null(f->request.exchange);
		fake_free(f);
	}
	worker->state = WORKER_DEAD;
	worker->protocol->ended(worker);
	worker->protocol->detach(worker);
}
END_TEST

/* What may come between begin and the end of a module that takes its time. */
START_TEST(told_more)
{
	struct fake	*f = fake_create(worker);
	int		 fd = open("/dev/null", O_RDWR);

	ck_assert_int_eq(worker->protocol->attach(worker, &fd, 1), 0);
	f->request.exchange = f;
	worker->protocol->push(&f->request);
	worker->protocol->pull(&f->request);
	worker->protocol->cut(&f->request);
	ck_assert_ptr_null(f->request.exchange);
	ck_assert_int_eq(f->request.exchange_end, EXCHANGE_ON);
	worker->protocol->detach(worker);
	fake_free(f);
}
END_TEST

int
main(void)
{
	Suite	*s = suite_create("skeleton");
	TCase	*tc = tcase_create("skeleton");

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_loop_test(tc, attach_and_detach, 0, ROWS(counts));
	tcase_add_test(tc, serves);
	tcase_add_test(tc, told_more);
	suite_add_tcase(s, tc);
	return fake_run(s);
}
