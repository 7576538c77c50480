/*
 * peer: a FastCGI worker played by its test.
 */
#include "peer.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <errno.h>
#include <event2/buffer.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mem.h"

struct peer	 peer;
struct worker	*worker;
struct fake	*fake;

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

void
peer_set_up(void)
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

void
peer_close(void)
{
	close(peer.fd);
	peer.fd = -1;
}

void
peer_tear_down(void)
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

bool
peer_accept(void)
{
	ck_assert_int_eq(peer.fd, -1);
	peer.fd = accept4(peer.listener, NULL, NULL, SOCK_NONBLOCK);
	if (peer.fd == -1)
		ck_assert_int_eq(errno, EAGAIN);
	return peer.fd != -1;
}

bool
peer_sees_end(void)
{
	char	 byte;

	return recv(peer.fd, &byte, 1, MSG_PEEK) == 0;
}

size_t
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

void
peer_listen(void)
{
	do
		fake_settle(worker);
	while (peer_read(SIZE_MAX) > 0);
}

void
peer_write(const void *bytes, size_t len)
{
	ck_assert_int_eq(write(peer.fd, bytes, len), (ssize_t)len);
}

void
put_record(struct evbuffer *out, uint8_t type, uint16_t id, const void *bytes,
    size_t len, uint8_t padding)
{
	static const uint8_t	 zeros[256];
	uint8_t			 header[FCGI_HEADER_LEN];

	fcgi_put_header(header, type, id, (uint16_t)len, padding);
	evbuffer_add(out, header, sizeof(header));
	evbuffer_add(out, bytes, len);
	evbuffer_add(out, zeros, padding);
}

void
put_end(struct evbuffer *out, uint32_t app_status, uint8_t protocol_status)
{
	uint8_t	 end[FCGI_FIXED_LEN];

	fcgi_put_end(end, 1, app_status, protocol_status);
	evbuffer_add(out, end, sizeof(end));
}

void
peer_send(struct evbuffer *b)
{
	size_t	 len = evbuffer_get_length(b);

	peer_write(evbuffer_pullup(b, -1), len);
	evbuffer_free(b);
}

void
peer_say(uint8_t type, const char *text)
{
	struct evbuffer	*b = evbuffer_new();

	put_record(b, type, 1, text, strlen(text), 0);
	peer_send(b);
}

void
peer_answer(const char *body)
{
	struct evbuffer	*b = evbuffer_new();

	put_record(b, FCGI_STDOUT, 1, HEAD, strlen(HEAD), 0);
	put_record(b, FCGI_STDOUT, 1, body, strlen(body), 0);
	put_record(b, FCGI_STDOUT, 1, "", 0, 0);
	put_end(b, 0, FCGI_REQUEST_COMPLETE);
	peer_send(b);
}

/* --- what it has heard -------------------------------------------------- */

bool
peer_record(struct fcgi_record *rec, uint8_t content[FCGI_CONTENT_MAX])
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

const char *
peer_heard(void)
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
	while (peer_record(&rec, content)) {
		if (at > text)
			*at++ = ' ';
		if (rec.type == FCGI_BEGIN_REQUEST) {
			fcgi_get_begin(&rec, &role, &flags);
			at += snprintf(at, (size_t)(end - at), "BEGIN %d %d",
			    role, flags);
			continue;
		}
		ck_assert_uint_le(rec.type, FCGI_DATA);
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

size_t
peer_join(uint8_t type, struct evbuffer *out)
{
	static uint8_t		 content[FCGI_CONTENT_MAX];
	struct fcgi_record	 rec;

	while (peer_record(&rec, content)) {
		if (rec.type != type)
			continue;
		if (rec.length == 0)
			return evbuffer_get_length(out);
		evbuffer_add(out, content, rec.length);
	}
	ck_abort_msg("the stream does not end");
}

/* --- the request's side ------------------------------------------------- */

void
begin(void)
{
	fake_begin(fake);
	ck_assert_ptr_nonnull(fake->request.exchange);
	if (peer.fd == -1)
		ck_assert(peer_accept());
	peer_listen();
}

void
begin_next(void)
{
	fake_free(fake);
	fake = fake_create(worker);
	fake_set_body(fake, "", 0);
	begin();
}

void
assert_done(const char *out)
{
	fake_settle(worker);
	ck_assert_int_eq(fake->request.exchange_end, EXCHANGE_DONE);
	ck_assert_ptr_null(fake->request.exchange);
	ck_assert(fake->request.worker_reusable);
	ck_assert_str_eq(fake_text(fake->out), out);
	ck_assert_uint_eq(worker->workers->kills, 0);
}

void
assert_serves_next(void)
{
	begin_next();
	peer_answer("next");
	assert_done(HEAD "next");
}

char *
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
