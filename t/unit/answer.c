/*
 * answer: whatever the pieces it comes in, the same bytes leave, and what
 * completes an answer never leaves with the rest.
 *
 * Answers are told apart by what is in ready and in tail when all has been
 * taken: the content of their STDOUT records.
 */
#include "answer.h"
#include "fcgi.h"
#include "mem.h"
#include "lib/suite.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROWS(table)	((int)(sizeof(table) / sizeof((table)[0])))
#define HEAD_MAX	1000
#define FRONT_ID	7

#define TYPE	"Content-Type: text/plain\r\n"

/* The content of all records of a type, which must be all there are. */
static size_t
unwrap(const struct buffer *records, uint8_t type, char *out, size_t room)
{
	struct fcgi_record	 rec;
	const uint8_t		*bytes;
	ptrdiff_t		 n;
	size_t			 len, sum = 0;

	len = buffer_size(records);
	bytes = buffer_bytes(records);
	for (; len > 0; bytes += n, len -= (size_t)n) {
		n = fcgi_parse(bytes, len, &rec);
		ck_assert_int_gt(n, 0);
		ck_assert_uint_eq(rec.type, type);
		ck_assert_uint_eq(rec.request_id, FRONT_ID);
		ck_assert_uint_gt(rec.length, 0);
		ck_assert_uint_eq((size_t)n, FCGI_HEADER_LEN + rec.length);
		ck_assert_uint_lt(sum + rec.length, room);
		memcpy(out + sum, rec.content, rec.length);
		sum += rec.length;
	}
	out[sum] = '\0';
	return sum;
}

static const struct row {
	const char		*what;
	const char		*method;
	const char		*in;
	enum answer_state	 state;		/* before its end */
	enum answer_state	 end;		/* and behind it */
	const char		*ready;		/* when in came at once */
	const char		*tail;
	uint64_t		 body_out;
	bool			 surplus;
} rows[] = {
	{ "until its end", "GET", TYPE "\r\nhello", ANSWER_BODY, ANSWER_WHOLE,
	    TYPE "\r\nhello", "", 5, false },
	{ "no body, no length", "GET", TYPE "\r\n", ANSWER_BODY, ANSWER_WHOLE,
	    TYPE "\r\n", "", 0, false },
	{ "lines end in LF", "GET", "Status: 404 No\nX: y\n\nhello",
	    ANSWER_BODY, ANSWER_WHOLE, "Status: 404 No\nX: y\n\nhello", "",
	    5, false },
	{ "length reached", "GET", TYPE "Content-Length: 5\r\n\r\nhello",
	    ANSWER_WHOLE, ANSWER_WHOLE, "",
	    TYPE "Content-Length: 5\r\n\r\nhello", 5, false },
	{ "short of its length", "GET", TYPE "Content-Length: 6\r\n\r\nhello",
	    ANSWER_BODY, ANSWER_BODY, TYPE "Content-Length: 6\r\n\r\nhello",
	    "", 5, false },
	{ "more than its length", "GET", TYPE "Content-Length: 4\r\n\r\nhello",
	    ANSWER_WHOLE, ANSWER_WHOLE, "",
	    TYPE "Content-Length: 4\r\n\r\nhell", 4, true },
	{ "length 0", "GET", TYPE "Content-Length: 0\r\n\r\n",
	    ANSWER_WHOLE, ANSWER_WHOLE, "", TYPE "Content-Length: 0\r\n\r\n",
	    0, false },
	{ "length 0, but more", "GET", TYPE "Content-Length: 0\r\n\r\nx",
	    ANSWER_WHOLE, ANSWER_WHOLE, "", TYPE "Content-Length: 0\r\n\r\n",
	    0, true },
	{ "HEAD", "HEAD", TYPE "\r\n", ANSWER_WHOLE, ANSWER_WHOLE,
	    "", TYPE "\r\n", 0, false },
	{ "HEAD with the length of GET", "HEAD",
	    TYPE "Content-Length: 5\r\n\r\n", ANSWER_WHOLE, ANSWER_WHOLE,
	    "", TYPE "Content-Length: 5\r\n\r\n", 0, false },
	{ "HEAD answered as GET", "HEAD",
	    TYPE "Content-Length: 5\r\n\r\nhello", ANSWER_WHOLE, ANSWER_WHOLE,
	    "", TYPE "Content-Length: 5\r\n\r\n", 0, true },
	{ "204", "GET", "Status: 204 None\r\n\r\n", ANSWER_WHOLE, ANSWER_WHOLE,
	    "", "Status: 204 None\r\n\r\n", 0, false },
	{ "204 with a body", "GET", "Status: 204\r\n\r\nx",
	    ANSWER_WHOLE, ANSWER_WHOLE, "", "Status: 204\r\n\r\n", 0, true },
	{ "304 with a length", "GET",
	    "Status: 304\r\nContent-Length: 9\r\n\r\n",
	    ANSWER_WHOLE, ANSWER_WHOLE,
	    "", "Status: 304\r\nContent-Length: 9\r\n\r\n", 0, false },
	{ "made by the front", "GET",
	    TYPE "X-Accel-Redirect: /secret\r\n\r\nignored",
	    ANSWER_WHOLE, ANSWER_WHOLE,
	    "", TYPE "X-Accel-Redirect: /secret\r\n\r\n", 0, true },
	{ "redirected", "GET", "Location: /there\r\n\r\n",
	    ANSWER_BODY, ANSWER_WHOLE, "Location: /there\r\n\r\n", "",
	    0, false },
	{ "the front's business left out", "GET",
	    "Connection: close\r\n" TYPE "Transfer-Encoding: chunked\r\n"
	    "X: y\r\nProxy-Status: z\r\n\r\nhello",
	    ANSWER_BODY, ANSWER_WHOLE, TYPE "X: y\r\n\r\nhello", "", 5,
	    false },
	{ "left out of a whole one", "GET",
	    "Keep-Alive: 5\n" TYPE "Content-Length: 2\n\nhi",
	    ANSWER_WHOLE, ANSWER_WHOLE, "", TYPE "Content-Length: 2\n\nhi", 2,
	    false },
	{ "body of empty lines", "GET", TYPE "\r\n\n\n\r\n\r\n",
	    ANSWER_BODY, ANSWER_WHOLE, TYPE "\r\n\n\n\r\n\r\n", "", 6,
	    false },
	{ "nothing", "GET", "", ANSWER_HEAD, ANSWER_BAD, "", "", 0, false },
	{ "a head that breaks off", "GET", TYPE "X: y\r\n",
	    ANSWER_HEAD, ANSWER_BAD, "", "", 0, false },
	{ "no head at all", "GET", "<html>\n\n<p>hello\n",
	    ANSWER_BAD, ANSWER_BAD, "", "", 0, false },
	{ "an empty line first", "GET", "\r\n" TYPE "\r\nhello",
	    ANSWER_BAD, ANSWER_BAD, "", "", 0, false },
	{ "an empty head", "GET", "\n", ANSWER_BAD, ANSWER_BAD, "", "", 0,
	    false },
	{ "HTTP's own", "GET", "HTTP/1.1 200 OK\r\n" TYPE "\r\nhello",
	    ANSWER_BAD, ANSWER_BAD, "", "", 0, false },
	{ "two lengths", "GET",
	    TYPE "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello",
	    ANSWER_BAD, ANSWER_BAD, "", "", 0, false },
	{ "CR within a line", "GET", TYPE "X: a\r\rb\r\n\r\nhello",
	    ANSWER_BAD, ANSWER_BAD, "", "", 0, false },
	{ "an end that is none", "GET", TYPE "\r\r\n\r\nhello",
	    ANSWER_BAD, ANSWER_BAD, "", "", 0, false },
};

static void
take(struct answer *a, const char *bytes, size_t len)
{
	uint8_t	*copy;

	/* A copy of its own, so that reading beyond it shows. */
	copy = xmalloc(len + (len == 0));
	memcpy(copy, bytes, len);
	answer_take(a, copy, len);
	free(copy);
}

static void
check_state(const struct row *row, const struct answer *a,
    enum answer_state wanted)
{
	ck_assert_msg(a->state == wanted, "%s: state %d", row->what,
	    (int)a->state);
	ck_assert((a->state == ANSWER_BAD) == (a->why != NULL));
}

/* However it came in pieces: what is in ready and tail is the same together. */
static void
check_end(const struct row *row, struct answer *a)
{
	char	 sent[2000], wanted[2000];
	size_t	 n;

	ck_assert_int_eq(answer_end(a), a->state);
	check_state(row, a, row->end);
	n = unwrap(&a->ready, FCGI_STDOUT, sent, sizeof(sent));
	unwrap(&a->tail, FCGI_STDOUT, sent + n, sizeof(sent) - n);
	snprintf(wanted, sizeof(wanted), "%s%s", row->ready, row->tail);
	ck_assert_str_eq(sent, wanted);
	ck_assert_uint_eq(a->body_out, row->body_out);
	ck_assert_msg(a->had_surplus == row->surplus, "%s", row->what);
}

START_TEST(at_once)
{
	const struct row	*row = &rows[_i];
	struct answer		 a;
	char			 text[2000];

	answer_init(&a, FRONT_ID, HEAD_MAX);
	answer_set_method(&a, row->method);
	ck_assert(answer_is_empty(&a));
	take(&a, row->in, strlen(row->in));
	ck_assert_msg(answer_is_empty(&a) == (row->in[0] == '\0'), "%s",
	    row->what);
	check_state(row, &a, row->state);
	unwrap(&a.ready, FCGI_STDOUT, text, sizeof(text));
	ck_assert_str_eq(text, row->ready);
	unwrap(&a.tail, FCGI_STDOUT, text, sizeof(text));
	ck_assert_str_eq(text, row->tail);
	check_end(row, &a);
	answer_release(&a);
}
END_TEST

/* The last byte of a whole answer is never in ready. */
START_TEST(in_two_pieces)
{
	const struct row	*row = &rows[_i];
	struct answer		 a;
	size_t			 len = strlen(row->in), i;

	for (i = 1; i < len; i++) {
		answer_init(&a, FRONT_ID, HEAD_MAX);
		answer_set_method(&a, row->method);
		take(&a, row->in, i);
		ck_assert(!answer_is_empty(&a));
		take(&a, row->in + i, len - i);
		check_state(row, &a, row->state);
		if (a.state == ANSWER_WHOLE)
			ck_assert_uint_gt(buffer_size(&a.tail), 0);
		check_end(row, &a);
		answer_release(&a);
	}
}
END_TEST

START_TEST(byte_by_byte)
{
	const struct row	*row = &rows[_i];
	struct answer		 a;
	const char		*in;

	answer_init(&a, FRONT_ID, HEAD_MAX);
	answer_set_method(&a, row->method);
	for (in = row->in; *in != '\0'; in++) {
		take(&a, in, 1);
		take(&a, in, 0);
	}
	check_state(row, &a, row->state);
	check_end(row, &a);
	answer_release(&a);
}
END_TEST

/* The bytes that complete the length stay back, those before them leave. */
START_TEST(what_stays_back)
{
	struct answer	 a;
	char		 text[200];

	answer_init(&a, FRONT_ID, HEAD_MAX);
	take(&a, TYPE "Content-Length: 6\n\nab", strlen(TYPE) + 21);
	take(&a, "cd", 2);
	ck_assert_int_eq(a.state, ANSWER_BODY);
	take(&a, "ef", 2);
	ck_assert_int_eq(a.state, ANSWER_WHOLE);
	unwrap(&a.ready, FCGI_STDOUT, text, sizeof(text));
	ck_assert_str_eq(text, TYPE "Content-Length: 6\n\nabcd");
	unwrap(&a.tail, FCGI_STDOUT, text, sizeof(text));
	ck_assert_str_eq(text, "ef");
	ck_assert(!a.had_surplus);
	take(&a, "g", 1);
	ck_assert(a.had_surplus);
	ck_assert_uint_eq(a.body_out, 6);
	answer_release(&a);
	answer_release(&a);
}
END_TEST

/* A head of HEAD_MAX bytes and so many more. */
static const struct {
	int	 more;
	bool	 is_whole;	/* its empty line is there */
	bool	 is_good;
} heads[] = {
	{ -1, true, true },
	{ 0, true, true },
	{ 1, true, false },
	{ 100, true, false },
	{ -1, false, true },
	{ 0, false, false },
	{ 1, false, false },
};

static char *
make_head(int size, bool is_whole)
{
	char	*head;

	head = xmalloc((size_t)size + 1);
	memset(head, 'x', (size_t)size);
	head[size] = '\0';
	memcpy(head, "Status: 200\nX: ", 15);
	if (is_whole)
		memcpy(head + size - 2, "\n\n", 2);
	return head;
}

START_TEST(head_limit)
{
	struct answer	 whole, split;
	char		*head;
	int		 size = HEAD_MAX + heads[_i].more, i;

	head = make_head(size, heads[_i].is_whole);
	answer_init(&whole, FRONT_ID, HEAD_MAX);
	take(&whole, head, (size_t)size);
	answer_init(&split, FRONT_ID, HEAD_MAX);
	for (i = 0; i < size; i++)
		take(&split, head + i, 1);
	if (!heads[_i].is_good) {
		ck_assert_int_eq(whole.state, ANSWER_BAD);
		ck_assert_ptr_nonnull(strstr(whole.why, "max_header_size"));
		ck_assert_int_eq(answer_end(&split), ANSWER_BAD);
	} else {
		ck_assert_int_eq(whole.state, heads[_i].is_whole ?
		    ANSWER_BODY : ANSWER_HEAD);
		ck_assert_int_eq(split.state, whole.state);
	}
	answer_release(&whole);
	answer_release(&split);
	free(head);
}
END_TEST

/* Behind a head that came slowly and never ends, nothing is kept any more. */
START_TEST(head_without_end)
{
	struct answer	 a;
	int		 i;

	answer_init(&a, FRONT_ID, HEAD_MAX);
	for (i = 0; i < 100 * HEAD_MAX; i++)
		take(&a, "X", 1);
	ck_assert_int_eq(a.state, ANSWER_BAD);
	ck_assert_ptr_nonnull(strstr(a.why, "max_header_size"));
	ck_assert_uint_eq(buffer_size(&a.partial), 0);
	answer_release(&a);
}
END_TEST

/* Many short lines, byte by byte: a parse at each line would take minutes. */
START_TEST(many_lines)
{
	struct answer	 a;
	int		 i, lines = 200000;

	answer_init(&a, FRONT_ID, SIZE_MAX / 2);
	take(&a, "Status: 200\n", 12);
	for (i = 0; i < lines; i++) {
		answer_take(&a, (const uint8_t *)"a:\r\n", 2);
		answer_take(&a, (const uint8_t *)"a:\r\n" + 2, 2);
	}
	ck_assert_int_eq(a.state, ANSWER_HEAD);
	take(&a, "\n", 1);
	ck_assert_int_eq(a.state, ANSWER_BODY);
	ck_assert_uint_eq(a.head.size, 12 + 4 * (size_t)lines + 1);
	answer_release(&a);
}
END_TEST

/* --- big ones ----------------------------------------------------------- */

static const struct {
	size_t	 body;
	bool	 has_length;
} sizes[] = {
	{ ANSWER_CONTENT_MAX - 20, false },
	{ ANSWER_CONTENT_MAX - 1, false },
	{ ANSWER_CONTENT_MAX, false },
	{ ANSWER_CONTENT_MAX + 1, false },
	{ ANSWER_CONTENT_MAX, true },
	{ ANSWER_CONTENT_MAX + 1, true },
	{ 3 * ANSWER_CONTENT_MAX, false },
	{ 200000, true },
	{ 1000000, false },
};

static char *
make_body(size_t len)
{
	char	*body;
	size_t	 i;

	body = xmalloc(len);
	for (i = 0; i < len; i++)
		body[i] = (char)('a' + i * 2654435761u % 26);
	return body;
}

START_TEST(big_body)
{
	struct answer	 a;
	char		 head[100], *body, *in, *out;
	size_t		 head_len, len = sizes[_i].body;

	if (sizes[_i].has_length)
		snprintf(head, sizeof(head), TYPE "Content-Length: %zu\n\n",
		    len);
	else
		snprintf(head, sizeof(head), TYPE "\n");
	head_len = strlen(head);
	body = make_body(len);
	in = xmalloc(head_len + len);
	memcpy(in, head, head_len);
	memcpy(in + head_len, body, len);
	out = xmalloc(head_len + len + 1);

	answer_init(&a, FRONT_ID, HEAD_MAX);
	take(&a, in, head_len + len);
	ck_assert_uint_eq(buffer_size(sizes[_i].has_length ?
	    &a.ready : &a.tail), 0);
	ck_assert_uint_eq(unwrap(sizes[_i].has_length ? &a.tail : &a.ready,
	    FCGI_STDOUT, out, head_len + len + 1), head_len + len);
	ck_assert_mem_eq(out, in, head_len + len);
	ck_assert_uint_eq(a.body_out, len);
	answer_release(&a);
	free(out);
	free(in);
	free(body);
}
END_TEST

/* --- what we put there ourselves ---------------------------------------- */

START_TEST(end_of_request)
{
	struct fcgi_record	 rec;
	struct answer		 a;
	const uint8_t		*bytes;
	ptrdiff_t		 n, m, end;
	uint32_t		 app_status;
	uint8_t			 protocol_status;
	size_t			 len;

	answer_init(&a, FRONT_ID, HEAD_MAX);
	answer_set_method(&a, "HEAD");
	take(&a, TYPE "\n", strlen(TYPE) + 1);
	answer_put_end(&a, 0x01020304, FCGI_OVERLOADED);
	ck_assert_uint_eq(buffer_size(&a.ready), 0);
	len = buffer_size(&a.tail);
	bytes = buffer_bytes(&a.tail);
	n = fcgi_parse(bytes, len, &rec);
	ck_assert_uint_eq(rec.length, strlen(TYPE) + 1);
	m = fcgi_parse(bytes + n, len - (size_t)n, &rec);
	ck_assert_uint_eq(rec.type, FCGI_STDOUT);
	ck_assert_uint_eq(rec.request_id, FRONT_ID);
	ck_assert_uint_eq(rec.length, 0);
	end = fcgi_parse(bytes + n + m, len - (size_t)(n + m), &rec);
	ck_assert_uint_eq(rec.type, FCGI_END_REQUEST);
	ck_assert_uint_eq(rec.request_id, FRONT_ID);
	ck_assert_int_eq(fcgi_get_end(&rec, &app_status, &protocol_status), 0);
	ck_assert_uint_eq(app_status, 0x01020304);
	ck_assert_uint_eq(protocol_status, FCGI_OVERLOADED);
	ck_assert_uint_eq((size_t)(n + m + end), len);
	answer_release(&a);
}
END_TEST

/* In any state of the handler's own, nothing of that is left. */
static const char *const	replaced[] = {
	"",
	"Status: 2",
	TYPE "\nhello",
	TYPE "Content-Length: 5\n\nhello",
	"no head\n\n",
};

START_TEST(replace)
{
	const char	*mine = "Status: 502 Bad Gateway\r\n" TYPE
			    "\r\nsorry\n";
	struct answer	 a;
	char		 text[200];

	answer_init(&a, FRONT_ID, HEAD_MAX);
	take(&a, replaced[_i], strlen(replaced[_i]));
	answer_replace(&a, mine, strlen(mine));
	ck_assert_int_eq(a.state, ANSWER_WHOLE);
	take(&a, "late", 4);
	ck_assert_int_eq(answer_end(&a), ANSWER_WHOLE);
	ck_assert_uint_eq(buffer_size(&a.ready), 0);
	unwrap(&a.tail, FCGI_STDOUT, text, sizeof(text));
	ck_assert_str_eq(text, mine);
	answer_release(&a);
}
END_TEST

int
main(void)
{
	Suite	*s;
	TCase	*tc;

	s = suite_create("answer");
	tc = tcase_create("answer");
	tcase_add_loop_test(tc, at_once, 0, ROWS(rows));
	tcase_add_loop_test(tc, in_two_pieces, 0, ROWS(rows));
	tcase_add_loop_test(tc, byte_by_byte, 0, ROWS(rows));
	tcase_add_test(tc, what_stays_back);
	tcase_add_loop_test(tc, head_limit, 0, ROWS(heads));
	tcase_add_test(tc, head_without_end);
	tcase_add_test(tc, many_lines);
	tcase_add_loop_test(tc, big_body, 0, ROWS(sizes));
	tcase_add_test(tc, end_of_request);
	tcase_add_loop_test(tc, replace, 0, ROWS(replaced));
	suite_add_tcase(s, tc);

	return suite_run(s);
}
