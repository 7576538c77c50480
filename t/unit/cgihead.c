/*
 * cgihead: what the web server will see of an answer's head can be read in one
 * way only, and is known when its last byte is there.
 */
#include "cgi.h"
#include "lib/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define ROWS(table)	((int)(sizeof(table) / sizeof((table)[0])))
#define TEXT(s)	s, sizeof(s) - 1

/* A copy of exactly that size: ASan sees what reads beyond. */
static char *
exact_copy(const char *bytes, size_t len)
{
	char	*copy;

	ck_assert_ptr_nonnull(copy = malloc(len > 0 ? len : 1));
	memcpy(copy, bytes, len);
	return copy;
}

static const struct {
	const char	*bytes;
	int		 status;
	int64_t		 length;	/* -1: none given */
	bool		 is_elsewhere;
	const char	*copy;		/* NULL: the same */
} good_heads[] = {
	{ "Content-Type: a/b\n\n", 200, -1, false, NULL },
	{ "Content-Type: a/b\r\n\r\n", 200, -1, false, NULL },
	{ "content-TYPE:a/b\r\n\n", 200, -1, false, NULL },
	{ "Content-Type:\n\n", 200, -1, false, NULL },
	{ "Status: 404\n\n", 404, -1, false, NULL },
	{ "Status: 200 OK\n\n", 200, -1, false, NULL },
	{ "Status:999 \xc3\xa4\n\n", 999, -1, false, NULL },
	{ "Status:\t 204 \t\r\n\r\n", 204, -1, false, NULL },
	{ "Location: /a\n\n", 302, -1, false, NULL },
	{ "Location: /a\nStatus: 301 Moved\n\n", 301, -1, false, NULL },
	{ "Status: 301 Moved\nLocation: /a\n\n", 301, -1, false, NULL },
	{ "Location: /a\nContent-Type: a/b\n\n", 302, -1, false, NULL },
	{ "Content-Type: a/b\nContent-Length: 0\n\n", 200, 0, false, NULL },
	{ "Content-Length: 42 \nContent-Type: a/b\n\n", 200, 42, false, NULL },
	{ "Content-Length: 9223372036854775807\nStatus: 200\n\n", 200,
	    INT64_MAX, false, NULL },
	{ "Status: 200\nX-Accel-Redirect: /a\n\n", 200, -1, true, NULL },
	{ "Status: 200\nX-Sendfile: /a\n\n", 200, -1, true, NULL },
	{ "Status: 200\nX-LIGHTTPD-send-file: /a\n\n", 200, -1, true, NULL },
	{ "Status: 200\nX-Accel-Buffering: no\n\n", 200, -1, false, NULL },
	{ "Status: 200\nX: \x80\xff\t'\"<>\n\n", 200, -1, false, NULL },
	{ "Status: 200\nSet-Cookie: a\nSet-Cookie: b\n\n", 200, -1, false,
	    NULL },
	{ "Status: 200\nStatus-Line: x\nContent-Length-X: y\n\n", 200, -1,
	    false, NULL },
	{ "Status: 200\nProxy: x\nProxyX: y\nUpgrades: z\n\n", 200, -1,
	    false, NULL },
	{ "Connection: close\nStatus: 200\n\n", 200, -1, false,
	    "Status: 200\n\n" },
	{ "Status: 200\r\nkeep-alive: x\r\nA: b\r\n\r\n", 200, -1, false,
	    "Status: 200\r\nA: b\r\n\r\n" },
	{ "Status: 200\nTransfer-Encoding: chunked\n\n", 200, -1, false,
	    "Status: 200\n\n" },
	{ "Trailer: x\nUpgrade: y\nProxy-Status: z\nProxy-: z\n"
	    "PROXY-AUTHENTICATE: z\nStatus: 200\n\n", 200, -1, false,
	    "Status: 200\n\n" },
};

/* Nothing before its last byte; then the same, whatever follows. */
START_TEST(good_head)
{
	const char	*bytes = good_heads[_i].bytes, *why = NULL, *copy;
	size_t		 size = strlen(bytes), len;
	struct cgi_head	 head;
	char		*in, *out;

	for (len = 0; len < size; len++) {
		in = exact_copy(bytes, len);
		ck_assert_int_eq(cgi_head_parse(in, len, size, &head, &why),
		    0);
		free(in);
	}
	/* A body that looks like a head is none. */
	ck_assert_ptr_nonnull(in = malloc(size + 8));
	memcpy(mempcpy(in, bytes, size), "Status:1", 8);
	ck_assert_int_eq(cgi_head_parse(in, size, size, &head, &why), 1);
	ck_assert_int_eq(cgi_head_parse(in, size + 8, size, &head, &why), 1);
	ck_assert_uint_eq(head.size, size);
	ck_assert_int_eq(head.status, good_heads[_i].status);
	ck_assert_int_eq(head.has_length, good_heads[_i].length >= 0);
	if (head.has_length)
		ck_assert_uint_eq(head.content_length,
		    (uint64_t)good_heads[_i].length);
	ck_assert_int_eq(head.is_elsewhere, good_heads[_i].is_elsewhere);
	ck_assert_int_eq(head.is_clean, good_heads[_i].copy == NULL);

	copy = head.is_clean ? bytes : good_heads[_i].copy;
	ck_assert_ptr_nonnull(out = malloc(size));
	ck_assert_uint_eq(cgi_head_copy(out, in, &head), strlen(copy));
	ck_assert_mem_eq(out, copy, strlen(copy));
	free(out);
	free(in);
}
END_TEST

static const struct {
	const char	*bytes;
	size_t		 len;
	const char	*words;		/* in what is said */
} bad_heads[] = {
	{ TEXT("\n"), "none of" },
	{ TEXT("\r\n\r\n"), "none of" },
	{ TEXT("X: y\n\n"), "none of" },
	{ TEXT("Content-Length: 5\n\n"), "none of" },
	{ TEXT("no colon\n\n"), "without colon" },
	{ TEXT("<html>\n"), "without colon" },
	{ TEXT(": b\n"), "not a token" },
	{ TEXT("a b: c\n"), "not a token" },
	{ TEXT("Status : 200\n"), "not a token" },
	{ TEXT("a\0b: c\n"), "not a token" },
	{ TEXT("\xc3\xa4: c\n"), "not a token" },
	{ TEXT("a\rb: c\n"), "not a token" },
	{ TEXT("a: b\rc\n"), "control" },
	{ TEXT("a: b\r\r\n"), "control" },
	{ TEXT("a: b\0\n"), "control" },
	{ TEXT("a: \x7f\n"), "control" },
	{ TEXT("a: \x1b[2J\n"), "control" },
	{ TEXT("\r\r\n"), "without colon" },
	{ TEXT("a: b\n c\n"), "folded" },
	{ TEXT("a: b\n\tc: d\n"), "folded" },
	{ TEXT(" \n"), "folded" },
	{ TEXT("HTTP/1.1 200 OK\r\n"), "nph-" },
	{ TEXT("HTTP/1.0 200: OK\n"), "nph-" },
	{ TEXT("Content-Length: 5\nContent-Length: 5\n"), "two Content-" },
	{ TEXT("Content-Length: 5\ncontent-length: 6\n"), "two Content-" },
	{ TEXT("Content-Length:\n"), "not a number" },
	{ TEXT("Content-Length: -1\n"), "not a number" },
	{ TEXT("Content-Length: 5, 5\n"), "not a number" },
	{ TEXT("Content-Length: 9223372036854775808\n"), "not a number" },
	{ TEXT("Status: 200\nStatus: 200\n"), "two Status" },
	{ TEXT("Status:\n"), "Status" },
	{ TEXT("Status: OK\n"), "Status" },
	{ TEXT("Status: 20\n"), "Status" },
	{ TEXT("Status: 099\n"), "Status" },
	{ TEXT("Status: 1000\n"), "Status" },
	{ TEXT("Status: 200OK\n"), "Status" },
	{ TEXT("Status: -20\n"), "Status" },
	{ TEXT("Status: 100 Continue\n"), "Status" },
	{ TEXT("Status: 101 Switching Protocols\n"), "Status" },
	{ TEXT("Status: 199\n"), "Status" },
	{ TEXT("Status: 200\r\rX: y\n"), "control" },
};

/* Refused with the end of the line that is bad. */
START_TEST(bad_head)
{
	size_t		 len = bad_heads[_i].len;
	const char	*why = NULL;
	struct cgi_head	 head;
	char		*in;

	in = exact_copy(bad_heads[_i].bytes, len);
	ck_assert_int_eq(cgi_head_parse(in, len, 1000, &head, &why), -1);
	ck_assert_ptr_nonnull(strstr(why, bad_heads[_i].words));
	free(in);
}
END_TEST

/* At the limit, one byte above it, and without any end. */
START_TEST(head_at_the_limit)
{
	static char	 bytes[3 * 8192 + 2];
	const size_t	 sizes[] = { 18, 19, 1000, 8191, 8192, 8193, 3 * 8192 };
	const char	*why = NULL;
	struct cgi_head	 head;
	size_t		 size, i;

	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		size = sizes[i];
		memset(bytes, 'x', sizeof(bytes));
		memcpy(bytes, "Content-Type:", 13);
		memcpy(bytes + size - 2, "\n\n", 2);
		ck_assert_int_eq(cgi_head_parse(bytes, size - 1, size, &head,
		    &why), 0);
		ck_assert_int_eq(cgi_head_parse(bytes, size, size, &head,
		    &why), 1);
		ck_assert_int_eq(cgi_head_parse(bytes, size, size + 1, &head,
		    &why), 1);
		ck_assert_int_eq(cgi_head_parse(bytes, size, size - 1, &head,
		    &why), -1);
		ck_assert_ptr_nonnull(strstr(why, "max_header_size"));
		/* Known as soon as one more byte would be too many. */
		ck_assert_int_eq(cgi_head_parse(bytes, size - 1, size - 1,
		    &head, &why), -1);
		ck_assert_int_eq(cgi_head_parse(bytes, size - 2, size - 1,
		    &head, &why), 0);
	}
}
END_TEST

START_TEST(body_or_not)
{
	int	 status;

	for (status = 100; status < 1000; status++) {
		ck_assert(!cgi_has_body("HEAD", status));
		ck_assert_int_eq(cgi_has_body("GET", status),
		    status >= 200 && status != 204 && status != 304);
		ck_assert_int_eq(cgi_has_body("POST", status),
		    cgi_has_body("GET", status));
	}
}
END_TEST

START_TEST(reason)
{
	ck_assert_str_eq(cgi_reason(200), "OK");
	ck_assert_str_eq(cgi_reason(503), "Service Unavailable");
	ck_assert_str_eq(cgi_reason(299), "");
	ck_assert_str_eq(cgi_reason(-1), "");
}
END_TEST

int
main(void)
{
	Suite	*s;
	TCase	*tc;

	s = suite_create("cgihead");
	tc = tcase_create("head");
	tcase_add_loop_test(tc, good_head, 0, ROWS(good_heads));
	tcase_add_loop_test(tc, bad_head, 0, ROWS(bad_heads));
	tcase_add_test(tc, head_at_the_limit);
	tcase_add_test(tc, body_or_not);
	tcase_add_test(tc, reason);
	suite_add_tcase(s, tc);

	return suite_run(s);
}
