/*
 * urlevent: requests, and the events they become.
 */
#include <check.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "buffer.h"
#include "cgi.h"
#include "fcgi.h"
#include "jsontext.h"
#include "mem.h"
#include "urlevent.h"
#include "lib/suite.h"

static struct arena	*arena;
static struct variables	 vars;
static struct urlevent	 event;
static json_t		*json;

static void
set_up(void)
{
	arena = arena_create(4096);
	variables_init(&vars, arena);
	event = (struct urlevent){ .variables = &vars, .request_id = "the-id",
	    .trace_id = "Root=1", .time_us = UINT64_C(1790244672123456) };
	json = NULL;
}

static void
tear_down(void)
{
	json_decref(json);
	arena_free(arena);
}

static void
set(const char *name, const char *value)
{
	struct fcgi_pair	 pair = { name, (uint32_t)strlen(name), value,
				    (uint32_t)strlen(value), 0 };

	ck_assert_ptr_null(variables_add(&vars, &pair));
}

/* The event, which must be JSON in UTF-8 and without blanks around. */
static void
make(void)
{
	struct buffer	 b = { 0 };
	json_error_t	 error;

	json_decref(json);
	urlevent_write(&b, &event);
	json = json_loadb((const char *)buffer_bytes(&b), buffer_size(&b),
	    JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &error);
	ck_assert_msg(json != NULL, "%s: %.*s", error.text,
	    (int)buffer_size(&b), (char *)buffer_bytes(&b));
	buffer_release(&b);
}

/* The member at a.b.c, of text; NULL if it is not there. */
static const char *
at(const char *path)
{
	json_t	*j = json;
	char	 name[64];
	size_t	 n;

	for (; j != NULL && *path != '\0'; path += n + (path[n] == '.')) {
		n = strcspn(path, ".");
		snprintf(name, sizeof(name), "%.*s", (int)n, path);
		j = json_object_get(j, name);
	}
	return json_string_value(j);
}

START_TEST(a_whole_one)
{
	static const char	 want[] = "{\"version\":\"2.0\",\"routeKey\":"
	    "\"$default\",\"rawPath\":\"/shop/item%201\",\"rawQueryString\":"
	    "\"a=1&a=2&b=x\",\"queryStringParameters\":{\"a\":\"1,2\",\"b\":"
	    "\"x\"},\"cookies\":[\"sid=77\",\"lang=en\"],\"headers\":{\"host\":"
	    "\"Shop.example.org:8443\",\"user-agent\":\"curl/8\",\"x-a-b\":"
	    "\"c,d\",\"content-type\":\"application/json\",\"content-length\":"
	    "\"7\",\"x-amzn-trace-id\":\"Root=1\",\"x-forwarded-for\":"
	    "\"203.0.113.9\",\"x-forwarded-port\":\"8443\","
	    "\"x-forwarded-proto\":\"https\"},\"requestContext\":{"
	    "\"accountId\":\"anonymous\",\"apiId\":\"shop\",\"domainName\":"
	    "\"shop.example.org\",\"domainPrefix\":\"shop\",\"http\":{"
	    "\"method\":\"POST\",\"path\":\"/shop/item%201\",\"protocol\":"
	    "\"HTTP/1.1\",\"sourceIp\":\"203.0.113.9\",\"userAgent\":"
	    "\"curl/8\"},\"requestId\":\"the-id\",\"routeKey\":\"$default\","
	    "\"stage\":\"$default\",\"time\":\"24/Sep/2026:10:11:12 +0000\","
	    "\"timeEpoch\":1790244672123},\"body\":\"{\\\"n\\\":1}\","
	    "\"isBase64Encoded\":false}";
	struct buffer		 b = { 0 };

	set("REQUEST_METHOD", "POST");
	set("REQUEST_URI", "/shop/item%201?a=1&a=2&b=x");
	set("QUERY_STRING", "a=1&a=2&b=x");
	set("SERVER_PROTOCOL", "HTTP/1.1");
	set("SERVER_PORT", "8443");
	set("HTTPS", "on");
	set("REMOTE_ADDR", "203.0.113.9");
	set("HTTP_HOST", "Shop.example.org:8443");
	set("HTTP_USER_AGENT", "curl/8");
	set("HTTP_COOKIE", "sid=77; lang=en");
	set("HTTP_X_A_B", "c,d");
	set("HTTP_PROXY", "evil");
	set("HTTP_CONNECTION", "close");
	set("CONTENT_TYPE", "application/json");
	set("CONTENT_LENGTH", "7");
	event.body = "{\"n\":1}";
	event.body_len = 7;
	urlevent_write(&b, &event);
	buffer_add(&b, "", 1);
	ck_assert_str_eq((char *)buffer_bytes(&b), want);
	buffer_release(&b);
}
END_TEST

START_TEST(with_next_to_nothing)
{
	make();
	ck_assert_str_eq(at("rawPath"), "/");
	ck_assert_str_eq(at("rawQueryString"), "");
	ck_assert_ptr_null(json_object_get(json, "queryStringParameters"));
	ck_assert_ptr_null(json_object_get(json, "cookies"));
	ck_assert_ptr_null(json_object_get(json, "body"));
	ck_assert(json_is_false(json_object_get(json, "isBase64Encoded")));
	ck_assert_str_eq(at("headers.x-forwarded-proto"), "http");
	ck_assert_str_eq(at("headers.x-forwarded-port"), "80");
}
END_TEST

static const struct {
	const char	*uri, *script, *info, *path;
} paths[] = {
	{ "/pa2%Fth/1?x", "/", "", "/pa2%Fth/1" },
	{ "/a//b/../c", "/", "", "/a//b/../c" },
	{ "http://example.org/abs?q", "", "", "/abs" },
	{ "http://example.org", "", "", "/" },
	{ "", "/script", "/info", "/script/info" },
	{ "/caf\xc3\xa9", "", "", "/caf\xc3\xa9" },
	{ "/caf\xe9", "", "", "/caf\xc3\xa9" },
};

START_TEST(its_path)
{
	set("REQUEST_URI", paths[_i].uri);
	set("SCRIPT_NAME", paths[_i].script);
	set("PATH_INFO", paths[_i].info);
	make();
	ck_assert_str_eq(at("rawPath"), paths[_i].path);
	ck_assert_str_eq(at("requestContext.http.path"), paths[_i].path);
}
END_TEST

static const struct {
	const char	*query, *name, *value;
} queries[] = {
	{ "a=%20b+c&d", "a", " b c" },
	{ "a=%20b+c&d", "d", "" },
	{ "a=1&b=2&a=3&a", "a", "1,3," },
	{ "&&a=1&&", "a", "1" },
	{ "=x", "", "x" },
	{ "%61=1&b=2&a=3", "a", "1,3" },
	{ "a=%zz%4", "a", "%zz%4" },
	{ "a=%00\"\\", "a", NULL },
};

START_TEST(its_query)
{
	json_t	*value;

	set("QUERY_STRING", queries[_i].query);
	make();
	ck_assert_str_eq(at("rawQueryString"), queries[_i].query);
	value = json_object_get(json_object_get(json, "queryStringParameters"),
	    queries[_i].name);
	ck_assert(json_is_string(value));
	if (queries[_i].value != NULL)
		ck_assert_str_eq(json_string_value(value), queries[_i].value);
	else
		ck_assert_mem_eq(json_string_value(value), "\0\"\\", 3);
}
END_TEST

START_TEST(many_parameters)
{
	char	 query[4000];
	int	 i, n = 0;

	for (i = 0; i < 500; i++)
		n += sprintf(query + n, "p%d=&", i);
	set("QUERY_STRING", query);
	make();
	ck_assert_str_eq(at("rawQueryString"), query);
	ck_assert_uint_eq(json_object_size(json_object_get(json,
	    "queryStringParameters")), 256);
}
END_TEST

static const struct {
	const char	*type, *body, *text;
	int		 is_base64;
} bodies[] = {
	{ "application/json; charset=utf-8", "\"\n\"", "\"\n\"", 0 },
	{ "text/plain", "caf\xc3\xa9", "caf\xc3\xa9", 0 },
	{ "text/plain", "caf\xe9", "Y2Fm6Q==", 1 },
	{ "text/html;charset=x", "<", "<", 0 },
	{ "application/xml", "<a/>", "<a/>", 0 },
	{ "application/soap+xml", "<a/>", "<a/>", 0 },
	{ "application/ld+json", "1", "1", 0 },
	{ "Application/JavaScript", "1", "1", 0 },
	{ "multipart/form-data; boundary=x", "ab", "YWI=", 1 },
	{ "application/x-www-form-urlencoded", "a=b", "YT1i", 1 },
	{ "application/octet-stream", "abcd", "YWJjZA==", 1 },
	{ "", "x", "eA==", 1 },
};

START_TEST(its_body)
{
	set("CONTENT_TYPE", bodies[_i].type);
	event.body = bodies[_i].body;
	event.body_len = strlen(bodies[_i].body);
	make();
	ck_assert_str_eq(at("body"), bodies[_i].text);
	ck_assert_int_eq(json_is_true(json_object_get(json,
	    "isBase64Encoded")), bodies[_i].is_base64);
}
END_TEST

/* Whatever bytes come: the event is JSON. */
START_TEST(any_bytes)
{
	char	 all[256];
	int	 i;

	for (i = 1; i < 256; i++)
		all[i - 1] = (char)i;
	all[255] = '\0';
	set("REQUEST_URI", all);
	set("QUERY_STRING", all);
	set("HTTP_X", all);
	set("HTTP_HOST", all);
	set("HTTP_COOKIE", all);
	set("REMOTE_ADDR", all);
	set("HTTP_X_FORWARDED_FOR", all);
	make();
	ck_assert_ptr_nonnull(at("headers.x"));
}
END_TEST

START_TEST(who_forwarded)
{
	set("HTTP_X_FORWARDED_FOR", "192.0.2.1");
	set("HTTP_X_FORWARDED_PROTO", "https");
	set("REMOTE_ADDR", "198.51.100.7");
	make();
	ck_assert_str_eq(at("headers.x-forwarded-for"),
	    "192.0.2.1, 198.51.100.7");
	ck_assert_str_eq(at("headers.x-forwarded-proto"), "http");
}
END_TEST

/* --- JSON's text -------------------------------------------------------- */

static const struct {
	const char	*bytes;
	int		 is_utf8;
} texts[] = {
	{ "", 1 }, { "a\x7f", 1 }, { "\xc3\xa9", 1 }, { "\xe2\x82\xac", 1 },
	{ "\xf0\x9f\x98\x80", 1 }, { "\xf4\x8f\xbf\xbf", 1 },
	{ "\x80", 0 }, { "\xc3", 0 }, { "\xc0\x80", 0 }, { "\xc1\xbf", 0 },
	{ "\xe0\x80\x80", 0 }, { "\xed\xa0\x80", 0 }, { "\xe2\x82", 0 },
	{ "\xf0\x80\x80\x80", 0 }, { "\xf4\x90\x80\x80", 0 }, { "\xf5", 0 },
	{ "\xff", 0 }, { "a\xc3(", 0 },
};

START_TEST(utf8)
{
	ck_assert_int_eq(json_is_utf8(texts[_i].bytes,
	    strlen(texts[_i].bytes)), texts[_i].is_utf8);
}
END_TEST

static const struct {
	const char	*json;
	int		 is_valid;
} jsons[] = {
	{ "0", 1 }, { "-0.5e+3", 1 }, { " {} ", 1 }, { "[[],{}]", 1 },
	{ "{\"a\":[1,{\"b\":null}],\"c\":true}", 1 }, { "\"\\u00e9\"", 1 },
	{ "[1,2", 0 }, { "[1,]", 0 }, { "[,1]", 0 }, { "{\"a\"}", 0 },
	{ "{\"a\":}", 0 }, { "{\"a\":1,}", 0 }, { "{a:1}", 0 }, { "[1}", 0 },
	{ "01", 0 }, { "1.", 0 }, { ".5", 0 }, { "+1", 0 }, { "1e", 0 },
	{ "-", 0 }, { "tru", 0 }, { "nulll", 0 }, { "1 2", 0 }, { "\"", 0 },
	{ "\"\\x\"", 0 }, { "\"\\u12g4\"", 0 }, { "\"\t\"", 0 },
	{ "\"\xff\"", 0 }, { "\"abcdefg\x01hij\"", 0 }, { "", 0 }, { " ", 0 },
	{ "\"abcdefgh\\", 0 },
};

START_TEST(what_is_json)
{
	struct json_value	 value;

	ck_assert_msg(json_parse(jsons[_i].json, strlen(jsons[_i].json),
	    &value) == jsons[_i].is_valid, "%s", jsons[_i].json);
}
END_TEST

START_TEST(what_strings_mean)
{
	static const char	 written[] = "\"a\\b\\t\\n\\f\\r\\\"\\\\\\/"
				    "\\u00e9\\ud83d\\ude00\\ud83dx\\ude00\"";
	struct json_value	 value;
	struct buffer		 b = { 0 };

	ck_assert(json_parse(written, strlen(written), &value));
	json_put_meaning(&b, &value);
	buffer_add(&b, "", 1);
	ck_assert_str_eq((char *)buffer_bytes(&b), "a\b\t\n\f\r\"\\/"
	    "\xc3\xa9\xf0\x9f\x98\x80\xef\xbf\xbdx\xef\xbf\xbd");
	buffer_release(&b);
}
END_TEST

START_TEST(members_of_an_object)
{
	static const char	 written[] = " { \"a\" : [ 1 , {\"b\":2} ] ,"
				    "\"c\":\"d\" , \"\" : null } ";
	struct json_value	 object, name, value;
	const char		*at = NULL;
	char			 text[200] = "";

	ck_assert(json_parse(written, strlen(written), &object));
	while (json_next_member(&object, &at, &name, &value))
		snprintf(text + strlen(text), sizeof(text) - strlen(text),
		    "%.*s=%.*s;", (int)name.len, name.at, (int)value.len,
		    value.at);
	ck_assert_str_eq(text, "a=[ 1 , {\"b\":2} ];c=\"d\";=null;");
}
END_TEST

START_TEST(base64_there_and_back)
{
	struct buffer	 text = { 0 }, bytes = { 0 };
	uint8_t		 all[256];
	size_t		 len;

	for (len = 0; len < sizeof(all); len++)
		all[len] = (uint8_t)(len * 7);
	for (len = 0; len < sizeof(all); len++) {
		buffer_clear(&text);
		buffer_clear(&bytes);
		json_put_base64(&text, all, len);
		ck_assert_int_eq(base64_decode(&bytes,
		    (char *)buffer_bytes(&text) + 1, buffer_size(&text) - 2),
		    0);
		ck_assert_uint_eq(buffer_size(&bytes), len);
		if (len > 0)
			ck_assert_mem_eq(buffer_bytes(&bytes), all, len);
	}
	buffer_release(&text);
	buffer_release(&bytes);
}
END_TEST

int
main(void)
{
	TCase	*tc = tcase_create("urlevent");
	Suite	*s = suite_create("urlevent");

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, a_whole_one);
	tcase_add_test(tc, with_next_to_nothing);
	tcase_add_loop_test(tc, its_path, 0, sizeof(paths) / sizeof(paths[0]));
	tcase_add_loop_test(tc, its_query, 0,
	    sizeof(queries) / sizeof(queries[0]));
	tcase_add_test(tc, many_parameters);
	tcase_add_loop_test(tc, its_body, 0,
	    sizeof(bodies) / sizeof(bodies[0]));
	tcase_add_test(tc, any_bytes);
	tcase_add_test(tc, who_forwarded);
	tcase_add_loop_test(tc, utf8, 0, sizeof(texts) / sizeof(texts[0]));
	tcase_add_loop_test(tc, what_is_json, 0,
	    sizeof(jsons) / sizeof(jsons[0]));
	tcase_add_test(tc, what_strings_mean);
	tcase_add_test(tc, members_of_an_object);
	tcase_add_test(tc, base64_there_and_back);
	suite_add_tcase(s, tc);
	return suite_run(s);
}
