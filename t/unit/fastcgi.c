/*
 * fastcgi: what the module says to a worker, and what it makes of all that a
 * worker may say or do.
 *
 * The worker is played by the test: a listening unix socket without a name, as
 * the spawner leaves it, and at most one connection at a time.  Nothing waits:
 * what either side writes is there at once, so fake_settle is enough.
 */
#include "lib/fake.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <errno.h>
#include <event2/buffer.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "body.h"
#include "fcgi.h"
#include "mem.h"

#define ROWS(table)	((int)(sizeof(table) / sizeof((table)[0])))
#define HEAD		"Content-Type: text/plain\r\n\r\n"
#define BIG		1000000		/* more than any socket buffer */

/* The worker's side. */
struct peer {
	int		 listener;
	int		 fd;		/* of its connection, or -1 */
	struct evbuffer	*heard;
};

static struct peer	 peer;
static struct worker	*worker;
static struct fake	*fake;

static int
bind_listener(struct sockaddr_un *to)
{
	char	 folder[] = "/tmp/tollgate-fastcgi.XXXXXX";
	int	 fd;

	ck_assert_ptr_nonnull(mkdtemp(folder));
	*to = (struct sockaddr_un){ .sun_family = AF_UNIX };
	snprintf(to->sun_path, sizeof(to->sun_path), "%s/sock", folder);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)to, sizeof(*to)), 0);
	ck_assert_int_eq(listen(fd, 4), 0);
	return fd;
}

static void
set_up(void)
{
	struct sockaddr_un	 to;
	int			 fd;

	worker = fake_worker_create(&protocol_fastcgi);
	peer.listener = bind_listener(&to);
	peer.fd = -1;
	peer.heard = evbuffer_new();
	ck_assert_int_ne(fd = open(to.sun_path, O_PATH | O_CLOEXEC), -1);
	unlink(to.sun_path);
	*strrchr(to.sun_path, '/') = '\0';
	ck_assert_int_eq(rmdir(to.sun_path), 0);
	ck_assert_int_eq(worker->protocol->attach(worker, &fd, 1), 0);
	fake = fake_create(worker);
}

static void
peer_close(void)
{
	close(peer.fd);
	peer.fd = -1;
}

static void
tear_down(void)
{
	worker->protocol->detach(worker);
	fake_free(fake);
	fake_worker_free(worker);
	evbuffer_free(peer.heard);
	if (peer.fd != -1)
		close(peer.fd);
	if (peer.listener != -1)
		close(peer.listener);
}

/* --- the worker's side -------------------------------------------------- */

/* Is there a connection that was not yet accepted? */
static bool
peer_accept(void)
{
	ck_assert_int_eq(peer.fd, -1);
	peer.fd = accept4(peer.listener, NULL, NULL, SOCK_NONBLOCK);
	if (peer.fd == -1)
		ck_assert_int_eq(errno, EAGAIN);
	return peer.fd != -1;
}

static bool
peer_sees_end(void)
{
	char	 byte;

	return recv(peer.fd, &byte, 1, MSG_PEEK) == 0;
}

/* Read at most max bytes of what is there. */
static size_t
peer_read(size_t max)
{
	char	 bytes[65536];
	ssize_t	 n;

	n = read(peer.fd, bytes, max < sizeof(bytes) ? max : sizeof(bytes));
	if (n <= 0)
		return 0;
	evbuffer_add(peer.heard, bytes, (size_t)n);
	return (size_t)n;
}

/* Read all, while the module goes on. */
static void
peer_listen(void)
{
	do
		fake_settle(worker);
	while (peer_read(SIZE_MAX) > 0);
}

static void
peer_write(const void *bytes, size_t len)
{
	ck_assert_int_eq(write(peer.fd, bytes, len), (ssize_t)len);
}

static void
put(struct evbuffer *out, uint8_t type, uint16_t id, const void *bytes,
    size_t len, uint8_t padding)
{
	static const uint8_t	 zeros[256];
	uint8_t			 header[FCGI_HEADER_LEN];

	fcgi_put_header(header, type, id, (uint16_t)len, padding);
	evbuffer_add(out, header, sizeof(header));
	evbuffer_add(out, bytes, len);
	evbuffer_add(out, zeros, padding);
}

static void
put_end(struct evbuffer *out, uint32_t app_status, uint8_t protocol_status)
{
	uint8_t	 end[FCGI_FIXED_LEN];

	fcgi_put_end(end, 1, app_status, protocol_status);
	evbuffer_add(out, end, sizeof(end));
}

static void
peer_send(struct evbuffer *b)
{
	size_t	 len = evbuffer_get_length(b);

	peer_write(evbuffer_pullup(b, -1), len);
	evbuffer_free(b);
}

static void
peer_say(uint8_t type, const char *text)
{
	struct evbuffer	*b = evbuffer_new();

	put(b, type, 1, text, strlen(text), 0);
	peer_send(b);
}

/* A whole answer, said at once. */
static void
peer_answer(const char *body)
{
	struct evbuffer	*b = evbuffer_new();

	put(b, FCGI_STDOUT, 1, HEAD, strlen(HEAD), 0);
	put(b, FCGI_STDOUT, 1, body, strlen(body), 0);
	put(b, FCGI_STDOUT, 1, "", 0, 0);
	put_end(b, 0, FCGI_REQUEST_COMPLETE);
	peer_send(b);
}

/* --- what it has heard -------------------------------------------------- */

/* Take one whole record out of what was heard; its content is a copy. */
static bool
next_record(struct fcgi_record *rec, uint8_t content[FCGI_CONTENT_MAX])
{
	ptrdiff_t	 n;

	n = fcgi_parse(evbuffer_pullup(peer.heard, -1),
	    evbuffer_get_length(peer.heard), rec);
	ck_assert_int_ge(n, 0);
	if (n == 0)
		return false;
	/* Plain records: no padding, and BEGIN_REQUEST least of all. */
	ck_assert_uint_eq((size_t)n, FCGI_HEADER_LEN + rec->length);
	ck_assert_uint_eq(rec->request_id, 1);
	memcpy(content, rec->content, rec->length);
	rec->content = content;
	evbuffer_drain(peer.heard, (size_t)n);
	return true;
}

static size_t
write_pairs(char *out, size_t room, const struct fcgi_record *rec)
{
	struct fcgi_pair	 pair;
	const uint8_t		*at = rec->content;
	size_t			 left = rec->length, used = 0;
	ptrdiff_t		 n;

	for (; left > 0; at += n, left -= (size_t)n) {
		n = fcgi_pair_parse(at, left, left, &pair);
		ck_assert_int_gt(n, 0);
		used += (size_t)snprintf(out + used, room - used, "%s%.*s=%.*s",
		    used == 0 ? "" : " ", (int)pair.name_len, pair.name,
		    (int)pair.value_len, pair.value);
	}
	return used;
}

/* What was heard so far, in words: "BEGIN role flags PARAMS[A=b] ...". */
static const char *
heard(void)
{
	static char		 text[1000];
	static uint8_t		 content[FCGI_CONTENT_MAX];
	struct fcgi_record	 rec;
	char			*at = text, *end = text + sizeof(text);
	static const char *const names[] = { [FCGI_PARAMS] = "PARAMS",
	    [FCGI_STDIN] = "STDIN", [FCGI_DATA] = "DATA" };
	uint16_t		 role;
	uint8_t			 flags;

	*at = '\0';
	while (next_record(&rec, content)) {
		if (at > text)
			*at++ = ' ';
		if (rec.type == FCGI_BEGIN_REQUEST) {
			fcgi_get_begin(&rec, &role, &flags);
			at += snprintf(at, (size_t)(end - at), "BEGIN %d %d",
			    role, flags);
			continue;
		}
		ck_assert_ptr_nonnull(names[rec.type]);
		at += snprintf(at, (size_t)(end - at), "%s[",
		    names[rec.type]);
		if (rec.type == FCGI_PARAMS)
			at += write_pairs(at, (size_t)(end - at), &rec);
		else
			at += snprintf(at, (size_t)(end - at), "%.*s",
			    (int)rec.length, (const char *)rec.content);
		at += snprintf(at, (size_t)(end - at), "]");
	}
	return text;
}

/* Join one stream to its empty record.  The other streams are passed over. */
static size_t
join(uint8_t type, struct evbuffer *out)
{
	static uint8_t		 content[FCGI_CONTENT_MAX];
	struct fcgi_record	 rec;

	while (next_record(&rec, content)) {
		if (rec.type != type)
			continue;
		if (rec.length == 0)
			return evbuffer_get_length(out);
		evbuffer_add(out, content, rec.length);
	}
	ck_abort_msg("the stream does not end");
}

/* --- the request's side ------------------------------------------------- */

static void
set_variable(const char *name, const char *value)
{
	variables_set(&fake->request.variables, name, value);
}

/* Begin on the connection that the worker accepts, and hear it all out. */
static void
begin(void)
{
	ck_assert_int_eq(worker->protocol->begin(&fake->request), 0);
	ck_assert_ptr_nonnull(fake->request.exchange);
	if (peer.fd == -1)
		ck_assert(peer_accept());
	peer_listen();
}

static void
begin_next(void)
{
	fake_free(fake);
	fake = fake_create(worker);
	fake_set_body(fake, "", 0);
	begin();
}

static void
assert_done(const char *out)
{
	fake_settle(worker);
	ck_assert_int_eq(fake->request.exchange_end, EXCHANGE_DONE);
	ck_assert_ptr_null(fake->request.exchange);
	ck_assert(fake->request.worker_reusable);
	ck_assert_str_eq(fake_text(fake->out), out);
	ck_assert_uint_eq(worker->workers->kills, 0);
}

/* A module that has gone deaf would leave this undone. */
static void
assert_serves_next(void)
{
	begin_next();
	peer_answer("next");
	assert_done(HEAD "next");
}

/* --- warm workers ------------------------------------------------------- */

START_TEST(round_trip)
{
	set_variable("REQUEST_METHOD", "POST");
	set_variable("HTTP_PROXY", "http://evil");
	set_variable("X", "");
	fake_set_body(fake, "hello", 5);
	begin();
	ck_assert_str_eq(heard(), "BEGIN 1 1 PARAMS[REQUEST_METHOD=POST X=] "
	    "PARAMS[] STDIN[hello] STDIN[]");
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
	ck_assert_str_eq(heard(), roles[_i].heard);
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
	ck_assert_str_eq(heard(), "BEGIN 3 1 PARAMS[]");
	r->data = body_create(100, "/nonexistent");
	body_append(r->data, "one", 3);
	worker->protocol->push(r);
	peer_listen();
	ck_assert_str_eq(heard(), "");
	fake_set_body(fake, "in", 2);
	worker->protocol->push(r);
	peer_listen();
	ck_assert_str_eq(heard(), "STDIN[in] STDIN[] DATA[one]");
	body_append(r->data, "two", 3);
	body_end(r->data);
	worker->protocol->push(r);
	peer_listen();
	ck_assert_str_eq(heard(), "DATA[two] DATA[]");
	worker->protocol->push(r);
	peer_listen();
	ck_assert_str_eq(heard(), "");
	worker->protocol->cut(r);
}
END_TEST

START_TEST(body_in_pieces)
{
	struct request	*r = &fake->request;

	begin();
	ck_assert_str_eq(heard(), "BEGIN 1 1 PARAMS[]");
	worker->protocol->push(r);
	r->body = body_create(100, "/nonexistent");
	body_append(r->body, "one", 3);
	worker->protocol->push(r);
	peer_listen();
	ck_assert_str_eq(heard(), "STDIN[one]");
	body_append(r->body, "two", 3);
	worker->protocol->push(r);
	body_end(r->body);
	worker->protocol->push(r);
	peer_listen();
	ck_assert_str_eq(heard(), "STDIN[two] STDIN[]");
	worker->protocol->cut(r);
	ck_assert(peer_sees_end());
}
END_TEST

static char *
make_bytes(size_t len)
{
	char	*bytes;
	size_t	 i;

	bytes = xmalloc(len + 1);
	for (i = 0; i < len; i++)
		bytes[i] = (char)('a' + i * 2654435761u / 7 % 26);
	bytes[len] = '\0';
	return bytes;
}

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
	ck_assert_uint_eq(join(FCGI_STDIN, in), BIG);
	ck_assert_mem_eq(evbuffer_pullup(in, -1), bytes, BIG);
	peer_answer("got it");
	assert_done(HEAD "got it");
	evbuffer_free(in);
	free(bytes);
}
END_TEST

/* Around the sizes of length bytes, of a record, of several. */
static const size_t	value_sizes[] = { 0, 127, 128, 32767, 65000, 65524,
    65525, 65526, 65527, 65528, 65529, 65530, 65534, 65535, 65536, 70000,
    131070, 200000 };

/* Every one of them arrives, with what stands before and behind it. */
START_TEST(big_parameters)
{
	static const char	*names[] = { "AA", "BIG_ONE", "C" };
	struct evbuffer		*in = evbuffer_new();
	struct fcgi_pair	 pair;
	const uint8_t		*at;
	char			*values[3];
	size_t			 len, i;
	ptrdiff_t		 n;

	values[0] = make_bytes(300);
	values[1] = make_bytes(value_sizes[_i]);
	values[2] = make_bytes(value_sizes[_i] / 3);
	for (i = 0; i < 3; i++)
		set_variable(names[i], values[i]);
	begin();
	len = join(FCGI_PARAMS, in);
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

/* php-cgi reads each PARAMS record by itself: no pair that fits straddles. */
START_TEST(pairs_are_not_split)
{
	static uint8_t		 content[FCGI_CONTENT_MAX];
	char			 name[20], *value = make_bytes(3000);
	struct fcgi_record	 rec;
	struct fcgi_pair	 pair;
	size_t			 at, pairs = 0;
	ptrdiff_t		 n;
	int			 i;

	for (i = 0; i < 60; i++) {
		snprintf(name, sizeof(name), "NAME_%d", i);
		set_variable(name, value);
	}
	free(value);
	begin();
	while (next_record(&rec, content)) {
		if (rec.type != FCGI_PARAMS)
			continue;
		for (at = 0; at < rec.length; at += (size_t)n, pairs++) {
			n = fcgi_pair_parse(content + at, rec.length - at,
			    rec.length - at, &pair);
			ck_assert_int_gt(n, 0);
		}
	}
	ck_assert_uint_eq(pairs, 60);
	worker->protocol->cut(&fake->request);
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
	ck_assert_str_eq(heard(), "BEGIN 1 1 PARAMS[A=b] PARAMS[]");
	fake_settle(worker);
	ck_assert_uint_eq(fake->begun, 1);

	peer_listen();
	ck_assert_str_eq(heard(), "STDIN[hello] STDIN[]");
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
	ck_assert_uint_eq(join(FCGI_STDIN, in), 5);
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
	ck_assert_int_eq(worker->protocol->begin(&fake->request), -1);
	ck_assert_int_eq(errno, ECONNREFUSED);
	ck_assert_ptr_null(fake->request.exchange);
	ck_assert_int_eq(fake->request.exchange_end, EXCHANGE_ON);
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

/* --- answers ------------------------------------------------------------ */

static struct evbuffer *
make_answer(void)
{
	struct evbuffer	*b = evbuffer_new();

	put(b, FCGI_STDOUT, 1, HEAD, strlen(HEAD), 3);
	put(b, FCGI_STDERR, 1, "oops\n", 5, 0);
	put(b, FCGI_STDOUT, 1, "hel", 3, 255);
	put(b, FCGI_STDERR, 1, "", 0, 0);
	put(b, FCGI_STDOUT, 1, "lo", 2, 6);
	put(b, FCGI_STDOUT, 1, "", 0, 8);
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
		ck_assert_str_eq(heard(), "BEGIN 1 1 PARAMS[] STDIN[]");
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
		put(b, FCGI_STDOUT, 1, bytes + at, n, 255);
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
	ck_assert_int_eq(worker->protocol->begin(&fake->request), 0);
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

/* --- several requests --------------------------------------------------- */

START_TEST(connection_is_kept)
{
	int	 i;

	for (i = 0; i < 5; i++) {
		begin_next();
		ck_assert_str_eq(heard(), "BEGIN 1 1 PARAMS[] STDIN[]");
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
	ck_assert_str_eq(heard(), "BEGIN 1 1 PARAMS[] STDIN[one] STDIN[]");
	first = peer.fd;
	peer.fd = -1;
	fake_set_body(other, "two", 3);
	ck_assert_int_eq(worker->protocol->begin(&other->request), 0);
	ck_assert(peer_accept());
	peer_listen();
	ck_assert_str_eq(heard(), "BEGIN 1 1 PARAMS[] STDIN[two] STDIN[]");
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

/* --- all of them -------------------------------------------------------- */

static void
add_sending(TCase *tc)
{
	tcase_add_test(tc, round_trip);
	tcase_add_loop_test(tc, by_role, 0, ROWS(roles));
	tcase_add_test(tc, filter_in_pieces);
	tcase_add_test(tc, body_in_pieces);
	tcase_add_test(tc, big_body);
	tcase_add_loop_test(tc, big_parameters, 0, ROWS(value_sizes));
	tcase_add_test(tc, pairs_are_not_split);
	tcase_add_test(tc, cold);
	tcase_add_test(tc, cold_with_big_parameters);
	tcase_add_test(tc, cold_but_hasty);
	tcase_add_loop_test(tc, cold_and_never_begun, 0, ROWS(no_starts));
	tcase_add_test(tc, nobody_listens);
	tcase_add_test(tc, backlog_is_full);
}

static void
add_hearing(TCase *tc)
{
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
}

static void
add_several(TCase *tc)
{
	tcase_add_test(tc, connection_is_kept);
	tcase_add_test(tc, peer_closes_each);
	tcase_add_loop_test(tc, half_sent_is_not_kept, 0, 2);
	tcase_add_test(tc, two_at_once);
	tcase_add_test(tc, dead_with_two_open);
	tcase_add_test(tc, pause_and_pull);
	tcase_add_test(tc, paused_at_its_end);
	tcase_add_test(tc, paused_and_dead);
}

int
main(void)
{
	static void (*const	 add[])(TCase *) = { add_sending, add_hearing,
	    add_several };
	static const char *const names[] = { "sending", "hearing", "several" };
	Suite			*s = suite_create("fastcgi");
	TCase			*tc;
	int			 i;

	for (i = 0; i < ROWS(add); i++) {
		tc = tcase_create(names[i]);
		tcase_add_checked_fixture(tc, set_up, tear_down);
		tcase_set_timeout(tc, 60);
		add[i](tc);
		suite_add_tcase(s, tc);
	}
	return fake_run(s);
}
