/*
 * fastcgi: what the module says to a worker, when a cold one has begun, which
 * connections serve again, and who waits for whom.
 */
#include "lib/peer.h"

#include <errno.h>
#include <event2/buffer.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "body.h"
#include "mem.h"

#define ROWS(table)	((int)(sizeof(table) / sizeof((table)[0])))

static void
set_variable(const char *name, const char *value)
{
	struct arena	*arena = fake->request.arena;

	variables_set(&fake->request.variables, arena_strdup(arena, name),
	    arena_strdup(arena, value));
}

/* --- warm workers ------------------------------------------------------- */

START_TEST(round_trip)
{
	set_variable("REQUEST_METHOD", "POST");
	set_variable("HTTP_PROXY", "http://evil");
	set_variable("X", "");
	fake_set_body(fake, "hello", 5);
	begin();
	ck_assert_str_eq(peer_heard(), "BEGIN 1 1 "
	    "PARAMS[REQUEST_METHOD=POST X=] PARAMS[] STDIN[hello] STDIN[]");
	ck_assert_uint_gt(fake->heard, 0);
	peer_answer("hello");
	assert_done(HEAD "hello");
	ck_assert_uint_eq(fake->stdout_ends, 1);
}
END_TEST

static const struct {
	const char	*name;
	uint16_t	 role;
	const char	*heard;
} roles[] = {
	{ "responder", FCGI_RESPONDER,
	    "BEGIN 1 1 PARAMS[] STDIN[in] STDIN[]" },
	{ "authorizer", FCGI_AUTHORIZER,
	    "BEGIN 2 1 PARAMS[] STDIN[in] STDIN[]" },
	{ "filter", FCGI_FILTER,
	    "BEGIN 3 1 PARAMS[] STDIN[in] STDIN[] DATA[data] DATA[]" },
};

START_TEST(by_role)
{
	fake->request.role = roles[_i].role;
	fake_set_body(fake, "in", 2);
	fake->request.data = body_create(100, "/nonexistent");
	body_append(fake->request.data, "data", 4);
	body_end(fake->request.data);
	begin();
	ck_assert_str_eq(peer_heard(), roles[_i].heard);
	peer_answer(roles[_i].name);
	fake_settle(worker);
	ck_assert_int_eq(fake->request.exchange_end, EXCHANGE_DONE);
}
END_TEST

/* A filter's streams as they come: DATA never before the end of STDIN. */
START_TEST(filter_in_pieces)
{
	struct request	*r = &fake->request;

	r->role = FCGI_FILTER;
	begin();
	ck_assert_str_eq(peer_heard(), "BEGIN 3 1 PARAMS[]");
	r->data = body_create(100, "/nonexistent");
	body_append(r->data, "one", 3);
	worker->protocol->push(r);
	peer_listen();
	ck_assert_str_eq(peer_heard(), "");
	fake_set_body(fake, "in", 2);
	worker->protocol->push(r);
	peer_listen();
	ck_assert_str_eq(peer_heard(), "STDIN[in] STDIN[] DATA[one]");
	body_append(r->data, "two", 3);
	body_end(r->data);
	worker->protocol->push(r);
	peer_listen();
	ck_assert_str_eq(peer_heard(), "DATA[two] DATA[]");
	worker->protocol->push(r);
	peer_listen();
	ck_assert_str_eq(peer_heard(), "");
	worker->protocol->cut(r);
}
END_TEST

START_TEST(body_in_pieces)
{
	struct request	*r = &fake->request;

	begin();
	ck_assert_str_eq(peer_heard(), "BEGIN 1 1 PARAMS[]");
	worker->protocol->push(r);
	r->body = body_create(100, "/nonexistent");
	body_append(r->body, "one", 3);
	worker->protocol->push(r);
	peer_listen();
	ck_assert_str_eq(peer_heard(), "STDIN[one]");
	body_append(r->body, "two", 3);
	worker->protocol->push(r);
	body_end(r->body);
	worker->protocol->push(r);
	peer_listen();
	ck_assert_str_eq(peer_heard(), "STDIN[two] STDIN[]");
	worker->protocol->cut(r);
	ck_assert(peer_sees_end());
}
END_TEST

/* A worker that does not read costs no more memory than a buffer's worth. */
START_TEST(big_body)
{
	struct evbuffer	*in = evbuffer_new();
	char		*bytes = make_bytes(BIG);
	uint64_t	 left;

	fake_set_body(fake, bytes, BIG);
	ck_assert_int_eq(worker->protocol->begin(&fake->request), 0);
	ck_assert(peer_accept());
	fake_settle(worker);
	left = body_waiting(fake->request.body);
	ck_assert_uint_gt(left, BIG / 2);
	worker->protocol->push(&fake->request);
	fake_settle(worker);
	ck_assert_uint_eq(body_waiting(fake->request.body), left);
	peer_listen();
	ck_assert_uint_eq(peer_join(FCGI_STDIN, in), BIG);
	ck_assert_mem_eq(evbuffer_pullup(in, -1), bytes, BIG);
	peer_answer("got it");
	assert_done(HEAD "got it");
	evbuffer_free(in);
	free(bytes);
}
END_TEST

/* As set_variable, but as a pair that came in a record, where at is. */
static uint8_t *
add_pair(uint8_t *at, const char *name, const char *value)
{
	struct fcgi_pair	 pair = { name, strlen(name), value,
				    strlen(value), 0 };
	size_t			 room = pair.name_len + pair.value_len + 8;
	ptrdiff_t		 n;

	n = (ptrdiff_t)fcgi_pair_put(at, room, &pair);
	ck_assert_int_eq(fcgi_pair_parse(at, room, room, &pair), n);
	ck_assert_ptr_null(variables_add(&fake->request.variables, &pair));
	return at + n;
}

/* Around the sizes of length bytes, of a record, of several. */
static const size_t	value_sizes[] = { 0, 127, 128, 32767, 65000, 65524,
    65525, 65526, 65527, 65528, 65529, 65530, 65534, 65535, 65536, 70000,
    131070, 200000 };

/*
 * Every one of them arrives, with what stands before and behind it, whether
 * they are our own or as they came.
 */
START_TEST(big_parameters)
{
	static const char	*names[] = { "AA", "BIG_ONE", "C" };
	static uint8_t		 came[300000];
	uint8_t			*end = came;
	struct evbuffer		*in = evbuffer_new();
	struct fcgi_pair	 pair;
	const uint8_t		*at;
	char			*values[3];
	size_t			 len, i;
	ptrdiff_t		 n;

	values[0] = make_bytes(300);
	values[1] = make_bytes(value_sizes[_i / 2]);
	values[2] = make_bytes(value_sizes[_i / 2] / 3);
	for (i = 0; i < 3; i++)
		if (_i % 2 == 0)
			set_variable(names[i], values[i]);
		else
			end = add_pair(end, names[i], values[i]);
	begin();
	len = peer_join(FCGI_PARAMS, in);
	at = evbuffer_pullup(in, -1);
	for (i = 0; i < 3; i++, at += n, len -= (size_t)n) {
		n = fcgi_pair_parse(at, len, len, &pair);
		ck_assert_int_gt(n, 0);
		ck_assert_uint_eq(pair.name_len, strlen(names[i]));
		ck_assert_mem_eq(pair.name, names[i], pair.name_len);
		ck_assert_uint_eq(pair.value_len, strlen(values[i]));
		ck_assert_mem_eq(pair.value, values[i], pair.value_len);
		free(values[i]);
	}
	ck_assert_uint_eq(len, 0);
	ck_assert_uint_eq(evbuffer_get_length(peer.heard), 0);
	worker->protocol->cut(&fake->request);
	evbuffer_free(in);
}
END_TEST

/*
 * php-cgi reads each PARAMS record by itself: no pair that fits straddles,
 * whether it is our own (0) or stands behind others as it came (1).
 */
START_TEST(pairs_are_not_split)
{
	static uint8_t		 came[60 * 3100], content[FCGI_CONTENT_MAX];
	char			 name[20], *value = make_bytes(3000);
	uint8_t			*end = came;
	struct fcgi_record	 rec;
	struct fcgi_pair	 pair;
	size_t			 at, pairs = 0, records = 0;
	ptrdiff_t		 n;
	int			 i;

	for (i = 0; i < 60; i++) {
		snprintf(name, sizeof(name), "NAME_%d", i);
		if (_i == 0)
			set_variable(name, value);
		else
			end = add_pair(end, name, value);
	}
	begin();
	while (peer_record(&rec, content)) {
		if (rec.type != FCGI_PARAMS)
			continue;
		records++;
		for (at = 0; at < rec.length; at += (size_t)n, pairs++) {
			n = fcgi_pair_parse(content + at, rec.length - at,
			    rec.length - at, &pair);
			ck_assert_int_gt(n, 0);
			ck_assert_uint_eq(pair.value_len, strlen(value));
			ck_assert_mem_eq(pair.value, value, pair.value_len);
		}
	}
	ck_assert_uint_eq(pairs, 60);
	ck_assert_uint_eq(records, 4);	/* 21 pairs each; the end */
	free(value);
	worker->protocol->cut(&fake->request);
}
END_TEST

/*
 * Pairs go on as they came, whatever the form of their lengths; what has
 * changed or is our own is encoded anew, in its place.
 */
START_TEST(pairs_as_they_came)
{
	static const char	 came[] = "\1\1A1" "\200\0\0\1\1B2"
	    "\1\200\0\0\1C3" "\12\1HTTP_PROXYx" "\200\0\0\6\200\0\0\1HTTP_D4"
	    "\1\0E" "\6\1HTTP_D6" "\1\1F7";
	static const char	 wanted[] = "\1\1A1" "\200\0\0\1\1B2"
	    "\1\1C8" "\6\4HTTP_D4, 6" "\1\0E" "\1\1F7" "\1\2G10";
	const uint8_t		*at = (const uint8_t *)came;
	struct evbuffer		*in = evbuffer_new();
	struct fcgi_pair	 pair;
	size_t			 left = sizeof(came) - 1;
	ptrdiff_t		 n;

	for (; left > 0; at += n, left -= (size_t)n) {
		n = fcgi_pair_parse(at, left, left, &pair);
		ck_assert_int_gt(n, 0);
		ck_assert_ptr_null(variables_add(&fake->request.variables,
		    &pair));
	}
	set_variable("A", "1");
	set_variable("C", "8");
	set_variable("G", "10");
	begin();
	ck_assert_uint_eq(peer_join(FCGI_PARAMS, in), sizeof(wanted) - 1);
	ck_assert_mem_eq(evbuffer_pullup(in, -1), wanted, sizeof(wanted) - 1);
	worker->protocol->cut(&fake->request);
	evbuffer_free(in);
}
END_TEST

/* --- cold workers ------------------------------------------------------- */

/* PARAMS alone first; only when all is read does the request begin. */
START_TEST(cold)
{
	worker->has_served = false;
	set_variable("A", "b");
	fake_set_body(fake, "hello", 5);
	ck_assert_int_eq(worker->protocol->begin(&fake->request), 0);
	fake_settle(worker);
	ck_assert_uint_eq(fake->begun, 0);
	ck_assert(peer_accept());
	fake_settle(worker);
	worker->protocol->push(&fake->request);
	fake_settle(worker);
	ck_assert_uint_eq(fake->begun, 0);

	ck_assert_uint_eq(peer_read(20), 20);
	fake_settle(worker);
	ck_assert_uint_eq(fake->begun, 0);
	ck_assert_uint_gt(peer_read(SIZE_MAX), 0);
	ck_assert_str_eq(peer_heard(), "BEGIN 1 1 PARAMS[A=b] PARAMS[]");
	fake_settle(worker);
	ck_assert_uint_eq(fake->begun, 1);

	peer_listen();
	ck_assert_str_eq(peer_heard(), "STDIN[hello] STDIN[]");
	ck_assert_uint_eq(fake->begun, 1);
	peer_answer("hello");
	assert_done(HEAD "hello");
}
END_TEST

/* More parameters than the socket takes: begun only with the last of them. */
START_TEST(cold_with_big_parameters)
{
	struct evbuffer	*in = evbuffer_new();
	char		*bytes = make_bytes(60000), name[20];
	int		 i;

	for (i = 0; i < 10; i++) {
		snprintf(name, sizeof(name), "NAME_%d", i);
		set_variable(name, bytes);
	}
	worker->has_served = false;
	fake_set_body(fake, "hello", 5);
	ck_assert_int_eq(worker->protocol->begin(&fake->request), 0);
	ck_assert(peer_accept());
	fake_settle(worker);
	while (evbuffer_get_length(peer.heard) < 600000) {
		ck_assert_uint_eq(fake->begun, 0);
		ck_assert_uint_gt(peer_read(1000), 0);
		fake_settle(worker);
	}
	peer_listen();
	ck_assert_uint_eq(fake->begun, 1);
	ck_assert_uint_eq(peer_join(FCGI_STDIN, in), 5);
	worker->protocol->cut(&fake->request);
	evbuffer_free(in);
	free(bytes);
}
END_TEST

/* It answers although it has read nothing: it has begun, for certain. */
START_TEST(cold_but_hasty)
{
	worker->has_served = false;
	fake_set_body(fake, "hello", 5);
	ck_assert_int_eq(worker->protocol->begin(&fake->request), 0);
	ck_assert(peer_accept());
	peer_answer("hello");
	assert_done(HEAD "hello");
	ck_assert_uint_ge(fake->begun, 1);
	/* Its unread request would be taken for the next: a new connection. */
	peer_close();
	assert_serves_next();
}
END_TEST

/* It ends without having read its first request: it has never begun. */
static const struct {
	bool	 accepts;
	size_t	 reads;
} no_starts[] = {
	{ false, 0 },
	{ true, 0 },
	{ true, 10 },
};

START_TEST(cold_and_never_begun)
{
	worker->has_served = false;
	fake_set_body(fake, "hello", 5);
	ck_assert_int_eq(worker->protocol->begin(&fake->request), 0);
	fake_settle(worker);
	if (no_starts[_i].accepts) {
		ck_assert(peer_accept());
		ck_assert_uint_eq(peer_read(no_starts[_i].reads),
		    no_starts[_i].reads);
		peer_close();
	}
	close(peer.listener);
	peer.listener = -1;
	fake_settle(worker);
	worker->state = WORKER_DEAD;
	worker->protocol->ended(worker);
	ck_assert_int_eq(fake->request.exchange_end, EXCHANGE_RESET);
	ck_assert_uint_eq(fake->begun, 0);
	ck_assert(!worker->has_served);
}
END_TEST

START_TEST(nobody_listens)
{
	close(peer.listener);
	peer.listener = -1;
	ck_assert_int_eq(worker->protocol->begin(&fake->request), 0);
	/* Not before it is known how the process ended, or that it lives. */
	ck_assert_int_eq(fake->request.exchange_end, EXCHANGE_ON);
	ck_assert_uint_eq(fake_fire_timers(), 1);
	ck_assert_ptr_null(fake->request.exchange);
	ck_assert_int_eq(fake->request.exchange_end, EXCHANGE_RESET);
}
END_TEST

START_TEST(backlog_is_full)
{
	struct fake	*others[20];
	int		 i, count;

	for (count = 0; count < 20; count++) {
		others[count] = fake_create(worker);
		if (worker->protocol->begin(&others[count]->request) == -1)
			break;
	}
	ck_assert_int_lt(count, 20);
	ck_assert_int_eq(errno, EAGAIN);
	for (i = 0; i <= count; i++) {
		if (i < count)
			worker->protocol->cut(&others[i]->request);
		fake_free(others[i]);
	}
}
END_TEST

/* --- several requests --------------------------------------------------- */

START_TEST(connection_is_kept)
{
	int	 i;

	for (i = 0; i < 5; i++) {
		begin_next();
		ck_assert_str_eq(peer_heard(), "BEGIN 1 1 PARAMS[] STDIN[]");
		peer_answer("hello");
		assert_done(HEAD "hello");
	}
	ck_assert(!peer_sees_end());
}
END_TEST

/* From the second request on the module closes first, and is not surprised. */
START_TEST(peer_closes_each)
{
	int	 i;

	for (i = 0; i < 3; i++) {
		begin_next();
		peer_answer("hello");
		assert_done(HEAD "hello");
		if (i > 0)
			ck_assert(peer_sees_end());
		peer_close();
		fake_settle(worker);
	}
	ck_assert_uint_eq(worker->workers->kills, 0);
}
END_TEST

/* The answer came before the request was all there. */
/* The peer may not have read the end of STDIN when it answers. */
START_TEST(sent_in_pieces_is_not_kept)
{
	static char	 body[8192];	/* with its PARAMS: more than that */

	fake_set_body(fake, body, _i == 0 ? 5 : sizeof(body));
	if (_i == 0)
		worker->has_served = false;
	begin();
	if (_i == 0)
		peer_heard();
	fake_settle(worker);
	peer_heard();
	peer_answer("hello");
	assert_done(HEAD "hello");
	ck_assert(peer_sees_end());
}
END_TEST

START_TEST(half_sent_is_not_kept)
{
	fake->request.role = _i == 0 ? FCGI_RESPONDER : FCGI_FILTER;
	if (_i == 1)
		fake_set_body(fake, "", 0);
	begin();
	peer_answer("early");
	assert_done(HEAD "early");
	ck_assert(peer_sees_end());
	peer_close();
	assert_serves_next();
}
END_TEST

START_TEST(two_at_once)
{
	struct fake	*other = fake_create(worker);
	int		 first;

	fake_set_body(fake, "one", 3);
	begin();
	ck_assert_str_eq(peer_heard(), "BEGIN 1 1 PARAMS[] STDIN[one] STDIN[]");
	first = peer.fd;
	peer.fd = -1;
	fake_set_body(other, "two", 3);
	ck_assert_int_eq(worker->protocol->begin(&other->request), 0);
	ck_assert(peer_accept());
	peer_listen();
	ck_assert_str_eq(peer_heard(), "BEGIN 1 1 PARAMS[] STDIN[two] STDIN[]");
	peer_answer("two");
	fake_settle(worker);
	ck_assert_int_eq(fake->request.exchange_end, EXCHANGE_ON);
	ck_assert_int_eq(other->request.exchange_end, EXCHANGE_DONE);
	ck_assert_str_eq(fake_text(other->out), HEAD "two");
	peer_close();
	peer.fd = first;
	peer_answer("one");
	assert_done(HEAD "one");
	fake_free(other);
}
END_TEST

/* One of two connections breaks the worker's word: the other goes on. */
START_TEST(dead_with_two_open)
{
	struct fake	*other = fake_create(worker);
	int		 first;

	fake_set_body(fake, "", 0);
	begin();
	first = peer.fd;
	peer.fd = -1;
	ck_assert_int_eq(worker->protocol->begin(&other->request), 0);
	ck_assert(peer_accept());
	peer_listen();
	peer_close();
	peer.fd = first;
	peer_answer("one");
	worker->state = WORKER_DEAD;
	worker->protocol->ended(worker);
	ck_assert_int_eq(fake->request.exchange_end, EXCHANGE_DONE);
	ck_assert_int_eq(other->request.exchange_end, EXCHANGE_CLOSED);
	fake_free(other);
}
END_TEST

/* --- back-pressure ------------------------------------------------------ */

START_TEST(pause_and_pull)
{
	size_t	 had;

	begin_next();
	fake->room = 1;
	peer_say(FCGI_STDOUT, HEAD);
	fake_settle(worker);
	had = evbuffer_get_length(fake->out);
	ck_assert_uint_eq(had, strlen(HEAD));
	peer_say(FCGI_STDOUT, "one");
	fake_settle(worker);
	ck_assert_uint_eq(evbuffer_get_length(fake->out), had);

	/* Still no room after these three; then there is for the rest. */
	worker->protocol->pull(&fake->request);
	fake_settle(worker);
	ck_assert_uint_eq(evbuffer_get_length(fake->out), had + 3);
	peer_say(FCGI_STDOUT, "two");
	fake_settle(worker);
	ck_assert_uint_eq(evbuffer_get_length(fake->out), had + 3);
	fake->room = SIZE_MAX;
	worker->protocol->pull(&fake->request);
	fake_settle(worker);
	worker->protocol->pull(&fake->request);
	peer_answer("");
	assert_done(HEAD "onetwo" HEAD);
}
END_TEST

/* Nobody pulls once it is over: the next request must be heard all the same. */
START_TEST(paused_at_its_end)
{
	begin_next();
	fake->room = 1;
	peer_answer("hello");
	assert_done(HEAD "hello");
	assert_serves_next();
}
END_TEST

START_TEST(paused_and_dead)
{
	begin_next();
	fake->room = 1;
	peer_say(FCGI_STDOUT, HEAD);
	fake_settle(worker);
	peer_say(FCGI_STDOUT, "rest");
	peer_close();
	worker->state = WORKER_DEAD;
	worker->protocol->ended(worker);
	ck_assert_int_eq(fake->request.exchange_end, EXCHANGE_CLOSED);
	ck_assert_str_eq(fake_text(fake->out), HEAD "rest");
}
END_TEST

int
main(void)
{
	Suite	*s = suite_create("fastcgi");
	TCase	*tc = tcase_create("fastcgi");

	tcase_add_checked_fixture(tc, peer_set_up, peer_tear_down);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, round_trip);
	tcase_add_loop_test(tc, by_role, 0, ROWS(roles));
	tcase_add_test(tc, filter_in_pieces);
	tcase_add_test(tc, body_in_pieces);
	tcase_add_test(tc, big_body);
	tcase_add_loop_test(tc, big_parameters, 0, 2 * ROWS(value_sizes));
	tcase_add_loop_test(tc, pairs_are_not_split, 0, 2);
	tcase_add_test(tc, pairs_as_they_came);
	tcase_add_test(tc, cold);
	tcase_add_test(tc, cold_with_big_parameters);
	tcase_add_test(tc, cold_but_hasty);
	tcase_add_loop_test(tc, cold_and_never_begun, 0, ROWS(no_starts));
	tcase_add_test(tc, nobody_listens);
	tcase_add_test(tc, backlog_is_full);
	tcase_add_test(tc, connection_is_kept);
	tcase_add_test(tc, peer_closes_each);
	tcase_add_loop_test(tc, sent_in_pieces_is_not_kept, 0, 2);
	tcase_add_loop_test(tc, half_sent_is_not_kept, 0, 2);
	tcase_add_test(tc, two_at_once);
	tcase_add_test(tc, dead_with_two_open);
	tcase_add_test(tc, pause_and_pull);
	tcase_add_test(tc, paused_at_its_end);
	tcase_add_test(tc, paused_and_dead);
	suite_add_tcase(s, tc);
	return fake_run(s);
}
