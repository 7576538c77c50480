/*
 * fastcgi_answers: what the module makes of all that a FastCGI worker may say,
 * and of all the ways in which it may leave.
 */
#include "lib/peer.h"

#include <sys/ioctl.h>
#include <sys/socket.h>

#include <event2/buffer.h>
#include <linux/sockios.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ROWS(table)	((int)(sizeof(table) / sizeof((table)[0])))

/* --- answers ------------------------------------------------------------ */

static struct evbuffer *
make_answer(void)
{
	struct evbuffer	*b = evbuffer_new();

	put_record(b, FCGI_STDOUT, 1, HEAD, strlen(HEAD), 3);
	put_record(b, FCGI_STDERR, 1, "oops\n", 5, 0);
	put_record(b, FCGI_STDOUT, 1, "hel", 3, 255);
	put_record(b, FCGI_STDERR, 1, "", 0, 0);
	put_record(b, FCGI_STDOUT, 1, "lo", 2, 6);
	put_record(b, FCGI_STDOUT, 1, "", 0, 8);
	put_end(b, 0x89abcdef, FCGI_REQUEST_COMPLETE);
	return b;
}

static void
assert_answered(void)
{
	assert_done(HEAD "hello");
	ck_assert_str_eq(fake_text(fake->err), "oops\n");
	ck_assert_uint_eq(fake->request.app_status, 0x89abcdef);
	ck_assert_uint_eq(fake->stdout_ends, 1);
}

/* All on one connection. */
START_TEST(split_anywhere)
{
	struct evbuffer	*b = make_answer();
	size_t		 len = evbuffer_get_length(b), i;
	const uint8_t	*bytes = evbuffer_pullup(b, -1);

	for (i = 1; i < len; i++) {
		begin_next();
		ck_assert_str_eq(peer_heard(), "BEGIN 1 1 PARAMS[] STDIN[]");
		peer_write(bytes, i);
		fake_settle(worker);
		ck_assert_int_eq(fake->request.exchange_end, EXCHANGE_ON);
		peer_write(bytes + i, len - i);
		assert_answered();
	}
	evbuffer_free(b);
}
END_TEST

START_TEST(byte_by_byte)
{
	struct evbuffer	*b = make_answer();
	size_t		 len = evbuffer_get_length(b), i;
	const uint8_t	*bytes = evbuffer_pullup(b, -1);

	begin_next();
	for (i = 0; i < len; i++) {
		peer_write(bytes + i, 1);
		fake_settle(worker);
	}
	assert_answered();
	evbuffer_free(b);
}
END_TEST

START_TEST(big_records)
{
	struct evbuffer	*b = evbuffer_new();
	char		*bytes = make_bytes(BIG);
	size_t		 at, n;

	for (at = 0; at < BIG; at += n) {
		n = BIG - at < FCGI_CONTENT_MAX ? BIG - at : FCGI_CONTENT_MAX;
		put_record(b, FCGI_STDOUT, 1, bytes + at, n, 255);
	}
	put_end(b, 0, FCGI_REQUEST_COMPLETE);
	begin_next();
	while (evbuffer_get_length(b) > 0) {
		evbuffer_write(b, peer.fd);
		fake_settle(worker);
	}
	ck_assert_int_eq(fake->request.exchange_end, EXCHANGE_DONE);
	ck_assert_uint_eq(evbuffer_get_length(fake->out), BIG);
	ck_assert_mem_eq(evbuffer_pullup(fake->out, -1), bytes, BIG);
	evbuffer_free(b);
	free(bytes);
}
END_TEST

/* --- what no worker may say --------------------------------------------- */

static const struct {
	const char	*what;
	const char	*bytes;
	size_t		 len;
} garbage[] = {
#define ROW(what, bytes)	{ what, bytes, sizeof(bytes) - 1 }
	ROW("not FastCGI", "HTTP/1.1 200 OK\r\n\r\n"),
	ROW("one byte of what is not", "\0"),
	ROW("a record of version 2", "\2\6\0\1\0\0\0\0"),
	ROW("another id", "\1\6\0\2\0\1\0\0x"),
	ROW("id 0", "\1\6\0\0\0\1\0\0x"),
	ROW("id 257", "\1\6\1\1\0\1\0\0x"),
	ROW("STDERR of another id", "\1\7\0\2\0\1\0\0x"),
	ROW("END_REQUEST of another id",
	    "\1\3\0\2\0\10\0\0\0\0\0\0\0\0\0\0"),
	ROW("STDOUT after its end", "\1\6\0\1\0\0\0\0\1\6\0\1\0\1\0\0x"),
	ROW("END_REQUEST: CANT_MPX_CONN",
	    "\1\3\0\1\0\10\0\0\0\0\0\0\1\0\0\0"),
	ROW("END_REQUEST: OVERLOADED", "\1\3\0\1\0\10\0\0\0\0\0\0\2\0\0\0"),
	ROW("END_REQUEST: UNKNOWN_ROLE",
	    "\1\3\0\1\0\10\0\0\0\0\0\0\3\0\0\0"),
	ROW("END_REQUEST: no such status",
	    "\1\3\0\1\0\10\0\0\0\0\0\0\377\0\0\0"),
	ROW("END_REQUEST too short", "\1\3\0\1\0\4\0\0\0\0\0\0"),
	ROW("END_REQUEST too long",
	    "\1\3\0\1\0\20\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"),
	ROW("BEGIN_REQUEST", "\1\1\0\1\0\10\0\0\0\1\0\0\0\0\0\0"),
	ROW("STDIN", "\1\5\0\1\0\1\0\0x"),
	ROW("PARAMS", "\1\4\0\1\0\0\0\0"),
	ROW("UNKNOWN_TYPE", "\1\13\0\1\0\10\0\0\14\0\0\0\0\0\0\0"),
	ROW("no type of the standard", "\1\143\0\1\0\0\0\0"),
#undef ROW
};

START_TEST(garbage_fails)
{
	begin_next();
	peer_write(garbage[_i].bytes, garbage[_i].len);
	fake_settle(worker);
	ck_assert_msg(fake->request.exchange_end == EXCHANGE_GARBAGE, "%s",
	    garbage[_i].what);
	ck_assert(peer_sees_end());
	ck_assert_uint_eq(worker->workers->kills, 0);
}
END_TEST

/* The same behind part of an answer, byte by byte. */
START_TEST(garbage_in_pieces_fails)
{
	size_t	 i;

	begin_next();
	peer_say(FCGI_STDOUT, HEAD);
	fake_settle(worker);
	for (i = 0; i < garbage[_i].len; i++) {
		if (write(peer.fd, garbage[_i].bytes + i, 1) == -1)
			break;
		fake_settle(worker);
	}
	ck_assert_msg(fake->request.exchange_end == EXCHANGE_GARBAGE, "%s",
	    garbage[_i].what);
	ck_assert_str_eq(fake_text(fake->out), HEAD);
}
END_TEST

static const char *const	unasked[] = {
	"\1\6\1\1xxxx", "\1\6", "HTTP/1.1", "x",
};

/* Nobody asked, be it behind an answer in one breath or later. */
START_TEST(unasked_later)
{
	begin_next();
	peer_answer("hello");
	assert_done(HEAD "hello");
	peer_say(FCGI_STDOUT, HEAD);
	fake_settle(worker);
	ck_assert_uint_eq(worker->workers->kills, 1);
	ck_assert(peer_sees_end());
}
END_TEST

START_TEST(unasked_at_once)
{
	struct evbuffer	*b = make_answer();

	evbuffer_add(b, unasked[_i], strlen(unasked[_i]));
	begin_next();
	peer_send(b);
	fake_settle(worker);
	ck_assert_int_eq(fake->request.exchange_end, EXCHANGE_DONE);
	ck_assert_uint_eq(worker->workers->kills, 1);
	ck_assert(peer_sees_end());
}
END_TEST

/* --- connections that end ----------------------------------------------- */

enum leave {
	CLOSES,			/* having read all */
	LEAVES_UNREAD,		/* which resets */
	SHUTS_DOWN		/* its writing half alone */
};

static const struct {
	const char		*what;
	const char		*says;		/* raw */
	size_t			 len;
	enum leave		 leaves;
	enum exchange_end	 end;
	const char		*out;
} losses[] = {
	{ "closes at once", "", 0, CLOSES, EXCHANGE_CLOSED, "" },
	{ "closes within a header", "\1\6\0\1", 4, CLOSES, EXCHANGE_CLOSED,
	    "" },
	{ "closes within a record", "\1\6\0\1\0\5\0\0he", 10, CLOSES,
	    EXCHANGE_CLOSED, "" },
	{ "closes behind a record", "\1\6\0\1\0\2\0\0he", 10, CLOSES,
	    EXCHANGE_CLOSED, "he" },
	{ "closes behind its STDOUT", "\1\6\0\1\0\2\0\0he\1\6\0\1\0\0\0\0",
	    18, CLOSES, EXCHANGE_CLOSED, "he" },
	{ "says no more", "\1\6\0\1\0\2\0\0he", 10, SHUTS_DOWN,
	    EXCHANGE_CLOSED, "he" },
	{ "resets at once", "", 0, LEAVES_UNREAD, EXCHANGE_RESET, "" },
	{ "resets behind a record", "\1\6\0\1\0\2\0\0he", 10, LEAVES_UNREAD,
	    EXCHANGE_RESET, "he" },
};

static void
lose(int row)
{
	fake_set_body(fake, "hello", 5);
	fake_begin(fake);
	ck_assert(peer_accept());
	if (losses[row].leaves != LEAVES_UNREAD)
		peer_listen();
	peer_write(losses[row].says, losses[row].len);
	if (losses[row].leaves == SHUTS_DOWN)
		shutdown(peer.fd, SHUT_WR);
	else
		peer_close();
	fake_settle(worker);
	/* How the process ended decides what it means: that is waited for. */
	ck_assert_msg(fake->request.exchange_end == EXCHANGE_ON, "%s",
	    losses[row].what);
	ck_assert_str_eq(fake_text(fake->out), losses[row].out);
	worker->protocol->push(&fake->request);
	worker->protocol->pull(&fake->request);
}

START_TEST(lost_and_dead)
{
	lose(_i);
	worker->state = WORKER_DEAD;
	worker->protocol->ended(worker);
	ck_assert_int_eq(fake->request.exchange_end, losses[_i].end);
	ck_assert_ptr_null(fake->request.exchange);
	ck_assert_uint_eq(fake_fire_timers(), 0);
}
END_TEST

START_TEST(lost_and_alive)
{
	lose(_i);
	ck_assert_uint_eq(fake_fire_timers(), 1);
	ck_assert_int_eq(fake->request.exchange_end, losses[_i].end);
	worker->protocol->ended(worker);
	if (peer.fd != -1)
		peer_close();
	assert_serves_next();
}
END_TEST

START_TEST(lost_and_cut)
{
	lose(_i);
	worker->protocol->cut(&fake->request);
	ck_assert_uint_eq(fake_fire_timers(), 0);
	worker->protocol->ended(worker);
	ck_assert_int_eq(fake->request.exchange_end, EXCHANGE_ON);
}
END_TEST

/* Its last words are still unread when its death is heard of. */
START_TEST(dead_with_last_words)
{
	begin_next();
	peer_answer("last words");
	peer_close();
	worker->state = WORKER_DEAD;
	worker->protocol->ended(worker);
	ck_assert_int_eq(fake->request.exchange_end, EXCHANGE_DONE);
	ck_assert_str_eq(fake_text(fake->out), HEAD "last words");
}
END_TEST

START_TEST(dead_in_mid_answer)
{
	begin_next();
	peer_say(FCGI_STDOUT, HEAD);
	peer_close();
	worker->state = WORKER_DEAD;
	worker->protocol->ended(worker);
	ck_assert_int_eq(fake->request.exchange_end, EXCHANGE_CLOSED);
	ck_assert_str_eq(fake_text(fake->out), HEAD);
}
END_TEST

/* The process has ended, but a child of it keeps the connection open. */
START_TEST(dead_but_open)
{
	begin_next();
	peer_say(FCGI_STDOUT, HEAD);
	worker->state = WORKER_DEAD;
	worker->protocol->ended(worker);
	ck_assert_int_ne(fake->request.exchange_end, EXCHANGE_ON);
	ck_assert_int_ne(fake->request.exchange_end, EXCHANGE_DONE);
	ck_assert_str_eq(fake_text(fake->out), HEAD);
	ck_assert(peer_sees_end());
}
END_TEST

START_TEST(dead_but_open_and_never_begun)
{
	worker->has_served = false;
	ck_assert_int_eq(worker->protocol->begin(&fake->request), 0);
	ck_assert(peer_accept());
	fake_settle(worker);
	worker->state = WORKER_DEAD;
	worker->protocol->ended(worker);
	ck_assert_int_ne(fake->request.exchange_end, EXCHANGE_ON);
	ck_assert_uint_eq(fake->begun, 0);
}
END_TEST

/* It reads no more of a body that it has answered early, in good order. */
START_TEST(answers_early_and_closes)
{
	char	*bytes = make_bytes(BIG);

	fake_set_body(fake, bytes, BIG);
	free(bytes);
	ck_assert_int_eq(worker->protocol->begin(&fake->request), 0);
	ck_assert(peer_accept());
	fake_settle(worker);
	peer_answer("too big");
	peer_close();
	assert_done(HEAD "too big");
	assert_serves_next();
}
END_TEST

/* What the peer wrote and we have not taken off its socket, in bytes. */
static int
left_in_socket(void)
{
	int	 left;

	ck_assert_int_eq(ioctl(peer.fd, SIOCOUTQ, &left), 0);
	return left;
}

/* Taking a short answer off would wake the worker that waits for the next. */
START_TEST(whole_answer_stays_until_the_next_request)
{
	begin_next();
	peer_answer("one");
	assert_done(HEAD "one");
	ck_assert_int_gt(left_in_socket(), 1);
	begin_next();
	ck_assert_int_le(left_in_socket(), 1);
	peer_answer("two");
	assert_done(HEAD "two");
}
END_TEST

/* It may wait for room to write the rest. */
START_TEST(part_of_an_answer_is_taken_off)
{
	begin_next();
	peer_say(FCGI_STDOUT, HEAD "on");
	fake_settle(worker);
	ck_assert_str_eq(fake_text(fake->out), HEAD "on");
	ck_assert_int_le(left_in_socket(), 1);
}
END_TEST

/* A program must not take our parting for a failure. */
START_TEST(parting_is_no_reset)
{
	begin_next();
	peer_answer("one");
	assert_done(HEAD "one");
	ck_assert_int_gt(left_in_socket(), 1);
	worker->state = WORKER_DEAD;
	worker->protocol->ended(worker);
	ck_assert_int_eq(read(peer.fd, (char [1]){ 0 }, 1), 0);
}
END_TEST

/* It closed with the end of its answer: the next finds a new connection. */
START_TEST(kept_connection_is_gone)
{
	begin_next();
	peer_answer("one");
	assert_done(HEAD "one");
	/* The loop has no time to tell of it. */
	peer_close();
	assert_serves_next();
}
END_TEST

/*
 * The worker goes in the very turn in which it was to be told: not a byte of
 * the request has gone out, which is more than can be said of any other end.
 */
START_TEST(gone_before_it_was_told)
{
	begin_next();
	peer_answer("one");
	assert_done(HEAD "one");
	fake_free(fake);
	fake = fake_create(worker);
	fake_set_body(fake, "", 0);
	ck_assert_int_eq(worker->protocol->begin(&fake->request), 0);
	peer_close();
	worker->state = WORKER_DEAD;
	worker->protocol->ended(worker);
	ck_assert_int_eq(fake->request.exchange_end, EXCHANGE_RESET);
	ck_assert_ptr_null(fake->request.exchange);
	ck_assert_uint_eq(fake->begun, 0);
}
END_TEST

int
main(void)
{
	Suite	*s = suite_create("fastcgi_answers");
	TCase	*tc = tcase_create("fastcgi_answers");

	tcase_add_checked_fixture(tc, peer_set_up, peer_tear_down);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, split_anywhere);
	tcase_add_test(tc, byte_by_byte);
	tcase_add_test(tc, big_records);
	tcase_add_loop_test(tc, garbage_fails, 0, ROWS(garbage));
	tcase_add_loop_test(tc, garbage_in_pieces_fails, 0, ROWS(garbage));
	tcase_add_test(tc, unasked_later);
	tcase_add_loop_test(tc, unasked_at_once, 0, ROWS(unasked));
	tcase_add_loop_test(tc, lost_and_dead, 0, ROWS(losses));
	tcase_add_loop_test(tc, lost_and_alive, 0, ROWS(losses));
	tcase_add_loop_test(tc, lost_and_cut, 0, ROWS(losses));
	tcase_add_test(tc, dead_with_last_words);
	tcase_add_test(tc, dead_in_mid_answer);
	tcase_add_test(tc, dead_but_open);
	tcase_add_test(tc, dead_but_open_and_never_begun);
	tcase_add_test(tc, answers_early_and_closes);
	tcase_add_test(tc, whole_answer_stays_until_the_next_request);
	tcase_add_test(tc, part_of_an_answer_is_taken_off);
	tcase_add_test(tc, parting_is_no_reset);
	tcase_add_test(tc, kept_connection_is_gone);
	tcase_add_test(tc, gone_before_it_was_told);
	suite_add_tcase(s, tc);
	return fake_run(s);
}
