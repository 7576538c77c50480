/*
 * urlreply: what functions return, and the answers it means.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buffer.h"
#include "cgi.h"
#include "urlreply.h"
#include "lib/suite.h"

static const struct urlreply	reply = { "the-id", "Root=1" };

#define IDS	"x-amzn-RequestId: the-id\r\nX-Amzn-Trace-Id: Root=1\r\n"
#define JSON	"Content-Type: application/json\r\n"
#define PLAIN	"Status: 200 OK\r\n" JSON IDS

static const struct {
	const char	*payload;
	const char	*answer;	/* NULL: it is none */
} whole[] = {
	/* lambda.md, all JSON that is no answer by itself */
	{ "{\"hello\": \"world\"}",
	  PLAIN "Content-Length: 17\r\n\r\n{\"hello\":\"world\"}" },
	{ " [\"hello\", 3, true]\n",
	  PLAIN "Content-Length: 16\r\n\r\n[\"hello\",3,true]" },
	{ "3", PLAIN "Content-Length: 1\r\n\r\n3" },
	{ "3.1", PLAIN "Content-Length: 3\r\n\r\n3.1" },
	{ "true", PLAIN "Content-Length: 4\r\n\r\ntrue" },
	{ "null", PLAIN "Content-Length: 4\r\n\r\nnull" },
	{ "\"hello\"", PLAIN "Content-Length: 5\r\n\r\nhello" },
	{ "\"a \\\"b\\\"\"", PLAIN "Content-Length: 5\r\n\r\na \"b\"" },
	{ "\"\"", PLAIN "Content-Length: 0\r\n\r\n" },
	{ "{\"a\": \"b \\\" c\"}",
	  PLAIN "Content-Length: 14\r\n\r\n{\"a\":\"b \\\" c\"}" },
	{ "123456789012345678901234567890",
	  PLAIN "Content-Length: 30\r\n\r\n123456789012345678901234567890" },

	/* answers */
	{ "{\"statusCode\":201}",
	  "Status: 201 Created\r\n" JSON IDS "Content-Length: 0\r\n\r\n" },
	{ "{\"statusCode\":200,\"body\":\"x y\"}",
	  PLAIN "Content-Length: 3\r\n\r\nx y" },
	{ "{\"statusCode\":200,\"body\":{\"a\": [1, 2.5]}}",
	  PLAIN "Content-Length: 13\r\n\r\n{\"a\":[1,2.5]}" },
	{ "{\"statusCode\":200,\"body\":\"aGk=\",\"isBase64Encoded\":true}",
	  PLAIN "Content-Length: 2\r\n\r\nhi" },
	{ "{\"statusCode\":200,\"body\":\"aGk\",\"isBase64Encoded\":true}",
	  PLAIN "Content-Length: 2\r\n\r\nhi" },
	{ "{\"statusCode\":200,\"body\":\"aGk=\",\"isBase64Encoded\":false}",
	  PLAIN "Content-Length: 4\r\n\r\naGk=" },
	{ "{\"statusCode\":302.0,\"headers\":{\"Location\":\"/x\"}}",
	  "Status: 302 Found\r\nLocation: /x\r\n" JSON IDS
	  "Content-Length: 0\r\n\r\n" },
	{ "{\"statusCode\":200,\"headers\":{\"content-type\":\"text/html\","
	  "\"x-n\":7,\"x-r\":1.5,\"x-b\":true,\"x-0\":null,\"Status\":\"500\","
	  "\"content-length\":\"99\",\"transfer-encoding\":\"chunked\"}}",
	  "Status: 200 OK\r\ncontent-type: text/html\r\nx-n: 7\r\n"
	  "x-r: 1.5\r\nx-b: true\r\n" IDS "Content-Length: 0\r\n\r\n" },
	{ "{\"statusCode\":200,\"cookies\":[\"a=1; Path=/\",\"b=2\"]}",
	  "Status: 200 OK\r\nSet-Cookie: a=1; Path=/\r\nSet-Cookie: b=2\r\n"
	  JSON IDS "Content-Length: 0\r\n\r\n" },
	{ "{\"statusCode\":299}",
	  "Status: 299\r\n" JSON IDS "Content-Length: 0\r\n\r\n" },

	/* what is none */
	{ "", NULL },
	{ "hello", NULL },
	{ "{\"a\":1", NULL },
	{ "{} {}", NULL },
	{ "{\"statusCode\":\"200\"}", NULL },
	{ "{\"statusCode\":null}", NULL },
	{ "{\"statusCode\":100}", NULL },
	{ "{\"statusCode\":600}", NULL },
	{ "{\"statusCode\":200.5}", NULL },
	{ "{\"statusCode\":1e400}", NULL },
	{ "{\"statusCode\":200,\"headers\":[]}", NULL },
	{ "{\"statusCode\":200,\"headers\":{\"a\":[]}}", NULL },
	{ "{\"statusCode\":200,\"headers\":{\"a b\":\"c\"}}", NULL },
	{ "{\"statusCode\":200,\"headers\":{\"\":\"c\"}}", NULL },
	{ "{\"statusCode\":200,\"headers\":{\"a\":\"b\\r\\nc: d\"}}", NULL },
	{ "{\"statusCode\":200,\"headers\":{\"a\":\"b\\u0000\"}}", NULL },
	{ "{\"statusCode\":200,\"cookies\":{}}", NULL },
	{ "{\"statusCode\":200,\"cookies\":[1,{}]}", NULL },
	{ "{\"statusCode\":200,\"cookies\":[\"a\\nb: c\"]}", NULL },
	{ "{\"statusCode\":200,\"body\":\"a\",\"isBase64Encoded\":true}",
	  NULL },
	{ "{\"statusCode\":200,\"body\":\"a?==\",\"isBase64Encoded\":true}",
	  NULL },
};

/* What was made must be an answer for the gateway, too. */
static void
check_head(const struct buffer *b)
{
	struct cgi_head	 head;
	const char	*why = "";

	ck_assert_msg(cgi_head_parse((const char *)buffer_bytes(b),
	    buffer_size(b), 32768, &head, &why) == 1, "%s", why);
}

START_TEST(of_a_payload)
{
	struct buffer	 b = { 0 };
	const char	*why = NULL, *payload = whole[_i].payload;
	int		 status;

	status = urlreply_write(&b, &reply, payload, strlen(payload), &why);
	if (whole[_i].answer == NULL) {
		ck_assert_msg(status == -1, "%s", payload);
		ck_assert_ptr_nonnull(why);
		ck_assert_uint_eq(buffer_size(&b), 0);
	} else {
		ck_assert_msg(status == 0, "%s: %s", payload, why);
		check_head(&b);
		buffer_add(&b, "", 1);
		ck_assert_str_eq((char *)buffer_bytes(&b), whole[_i].answer);
	}
	buffer_release(&b);
}
END_TEST

START_TEST(nested_without_end)
{
	const size_t	 len = 1000000;
	char		*payload = malloc(len);
	struct buffer	 b = { 0 };
	const char	*why;

	memset(payload, '[', len);
	ck_assert_int_eq(urlreply_write(&b, &reply, payload, len, &why), -1);
	free(payload);
	buffer_release(&b);
}
END_TEST

START_TEST(of_a_prelude)
{
	static const char	 good[] = "{\"statusCode\":404,\"headers\":"
				    "{\"a\":\"b\"},\"cookies\":[\"c=d\"]}";
	struct buffer		 b = { 0 };
	const char		*why;

	ck_assert_int_eq(urlreply_write_prelude(&b, &reply, "[]", 2, &why), -1);
	ck_assert_int_eq(urlreply_write_prelude(&b, &reply, "{", 1, &why), -1);
	ck_assert_uint_eq(buffer_size(&b), 0);
	ck_assert_int_eq(urlreply_write_prelude(&b, &reply, good, strlen(good),
	    &why), 0);
	check_head(&b);
	buffer_add(&b, "", 1);
	ck_assert_str_eq((char *)buffer_bytes(&b), "Status: 404 Not Found\r\n"
	    "a: b\r\nSet-Cookie: c=d\r\nContent-Type: application/octet-stream"
	    "\r\n" IDS "\r\n");
	buffer_clear(&b);
	ck_assert_int_eq(urlreply_write_prelude(&b, &reply, "{}", 2, &why), 0);
	check_head(&b);
	buffer_release(&b);
}
END_TEST

START_TEST(without_prelude)
{
	struct buffer	 b = { 0 };

	urlreply_write_stream(&b, &reply, "text/plain");
	check_head(&b);
	urlreply_write_stream(&b, &reply, "a\nb: c");
	buffer_add(&b, "", 1);
	ck_assert_str_eq((char *)buffer_bytes(&b), "Status: 200 OK\r\n"
	    "Content-Type: text/plain\r\n" IDS "\r\nStatus: 200 OK\r\n"
	    "Content-Type: application/octet-stream\r\n" IDS "\r\n");
	buffer_release(&b);
}
END_TEST

START_TEST(of_a_failure)
{
	const struct urlreply	 no_trace = { "the-id", NULL };
	struct buffer		 b = { 0 };

	urlreply_write_failure(&b, &no_trace, 502);
	check_head(&b);
	buffer_add(&b, "", 1);
	ck_assert_str_eq((char *)buffer_bytes(&b), "Status: 502 Bad Gateway"
	    "\r\n" JSON "x-amzn-RequestId: the-id\r\nContent-Length: 21\r\n\r\n"
	    "Internal Server Error");
	buffer_release(&b);
}
END_TEST

int
main(void)
{
	TCase	*tc = tcase_create("urlreply");
	Suite	*s = suite_create("urlreply");

	tcase_add_loop_test(tc, of_a_payload, 0,
	    sizeof(whole) / sizeof(whole[0]));
	tcase_add_test(tc, nested_without_end);
	tcase_add_test(tc, of_a_prelude);
	tcase_add_test(tc, without_prelude);
	tcase_add_test(tc, of_a_failure);
	suite_add_tcase(s, tc);
	return suite_run(s);
}
