/*
 * cgi: a path is made normal once and for all, and a method, length or host
 * that is not one is not taken for one.
 */
#include "cgi.h"
#include "mem.h"
#include "lib/suite.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROWS(table)	((int)(sizeof(table) / sizeof((table)[0])))

static struct arena	*arena;
static struct variables	 vars;

static void
set_up(void)
{
	arena = arena_create(4096);
	variables_init(&vars, arena);
}

static void
tear_down(void)
{
	arena_free(arena);
}

static void
add(const char *name, const char *value)
{
	if (value != NULL)
		variables_set(&vars, name, value);
}

/* A copy of exactly that size: ASan sees what reads beyond. */
static char *
exact_copy(const char *bytes, size_t len)
{
	char	*copy;

	ck_assert_ptr_nonnull(copy = malloc(len > 0 ? len : 1));
	memcpy(copy, bytes, len);
	return copy;
}

/* --- the path ----------------------------------------------------------- */

static const struct {
	const char	*path;
	const char	*expected;	/* NULL: not a path */
} paths[] = {
	{ "/", "/" }, { "//", "/" }, { "////", "/" },
	{ "/a", "/a" }, { "/a/", "/a/" }, { "/a//", "/a/" },
	{ "/a//b", "/a/b" }, { "//a///b//", "/a/b/" },
	{ "/.", "/" }, { "/./", "/" }, { "/..", "/" }, { "/../", "/" },
	{ "/../../a", "/a" }, { "/a/.", "/a/" }, { "/a/./b", "/a/b" },
	{ "/a/..", "/" }, { "/a/../", "/" }, { "/a/../b", "/b" },
	{ "/a/b/..", "/a/" }, { "/a/b/../c", "/a/c" },
	{ "/a/b/../../c", "/c" }, { "/a/b/../../../../c/.", "/c/" },
	{ "/a//../b", "/b" }, { "/a/b//..//c", "/a/c" },
	{ "/a/b/c/./../../g", "/a/g" },	/* RFC 3986 5.2.4's own */
	{ "/...", "/..." }, { "/.a", "/.a" }, { "/a.", "/a." },
	{ "/..a", "/..a" }, { "/a..", "/a.." }, { "/..;/a", "/..;/a" },
	{ "/%2e%2e/a", "/%2e%2e/a" }, { "/a b\n?c", "/a b\n?c" },
	{ "", NULL }, { "a", NULL }, { "*", NULL }, { "../a", NULL },
	{ ".", NULL }, { "http://a/", NULL },
};

START_TEST(normalise)
{
	const char	*expected = paths[_i].expected;
	char		*path;

	path = exact_copy(paths[_i].path, strlen(paths[_i].path) + 1);
	ck_assert_int_eq(cgi_path_normalise(path), expected ? 0 : -1);
	if (expected != NULL) {
		ck_assert_str_eq(path, expected);
		ck_assert_int_eq(cgi_path_normalise(path), 0);
		ck_assert_str_eq(path, expected);
	}
	free(path);
}
END_TEST

/* Is there nothing left to make normal? */
static bool
is_normal(const char *path)
{
	size_t	 len = strlen(path);

	return *path == '/' && strstr(path, "//") == NULL &&
	    strstr(path, "/./") == NULL && strstr(path, "/../") == NULL &&
	    (len < 2 || strcmp(path + len - 2, "/.") != 0) &&
	    (len < 3 || strcmp(path + len - 3, "/..") != 0);
}

/* All paths of up to nine of the bytes that matter: done with in one turn. */
START_TEST(normalise_all)
{
	const char	 bytes[] = "/.a";
	char		 path[16], once[16];
	int		 number, rest, len, i;

	for (len = 0; len <= 9; len++)
		for (number = 0; ; number++) {
			path[0] = '/';
			for (i = 1, rest = number; i <= len; i++, rest /= 3)
				path[i] = bytes[rest % 3];
			if (rest > 0)
				break;
			path[i] = '\0';
			if (cgi_path_normalise(path) == -1 || !is_normal(path))
				ck_abort_msg("%d/%d: %s", len, number, path);
			strcpy(once, path);
			if (cgi_path_normalise(path) == -1 ||
			    strcmp(path, once) != 0)
				ck_abort_msg("%s became %s", once, path);
		}
}
END_TEST

static const struct {
	const char	*script_name;
	const char	*path_info;
	const char	*request_uri;
	const char	*expected;	/* NULL: PATH_BAD */
} requests[] = {
	{ "/a", NULL, "/x", "/a" },
	{ "/a", "/b", "/x", "/a/b" },
	{ "", "/b", "/x", "/b" },
	{ NULL, "/b", NULL, "/b" },
	{ "/a/../..", "//b", "/x", "/b" },
	{ "/a%2fb", "", "/x", "/a%2fb" },	/* the front has decoded it */
	{ "/a%", "", "/x", "/a%" },
	{ NULL, NULL, "/x?y=/../z", "/x" },
	{ "", "", "/x/./y#z?", "/x/y" },
	{ "proxy:fcgi://x/", "", "/x", "/x" },
	{ NULL, NULL, "/%41%7a%3f%23", "/Az?#" },
	{ NULL, NULL, "/a%2fb%2F..%2fc", "/a/c" },	/* once */
	{ NULL, NULL, "/a%252e", "/a%2e" },
	{ NULL, NULL, "/%2e%2E/a", "/a" },
	{ NULL, NULL, "/%c3%a4+", "/\xc3\xa4+" },
	{ NULL, NULL, "%2fa", "/a" },
	{ NULL, NULL, "http://h", "/" },
	{ NULL, NULL, "http://h/a?b", "/a" },
	{ NULL, NULL, "http://h?a/b", "/" },
	{ NULL, NULL, "https://[::1]:80//a", "/a" },
	{ NULL, NULL, "://a/b", NULL },
	{ NULL, NULL, "a/b://c/d", NULL },
	{ NULL, NULL, "/%00", NULL },
	{ NULL, NULL, "/a%00b", NULL },
	{ NULL, NULL, "/%", NULL },
	{ NULL, NULL, "/%4", NULL },
	{ NULL, NULL, "/%zz", NULL },
	{ NULL, NULL, "/%4g", NULL },
	{ NULL, NULL, "/%?41", NULL },
	{ NULL, NULL, "*", NULL },
	{ NULL, NULL, "", NULL },
	{ NULL, NULL, "?a", NULL },
	{ NULL, NULL, NULL, NULL },
};

static const struct { const char *from, *to; } codes[] = {
	{ "", "" }, { "abc", "abc" }, { "%41%3a%3A", "A::" },
	{ "100%", "100%" }, { "%4", "%4" }, { "%4g%g4%", "%4g%g4%" },
	{ "a%00b", "a%00b" }, { "%2541", "%41" }, { "%ff", "\xff" },
};

START_TEST(decode)
{
	const char	*from = codes[_i].from;

	ck_assert_str_eq(cgi_decode(arena, from, strlen(from)), codes[_i].to);
	/* No further than it is told to. */
	ck_assert_str_eq(cgi_decode(arena, "%4142", 2), "%4");
}
END_TEST

START_TEST(request_path)
{
	const char	*path = NULL;

	add("SCRIPT_NAME", requests[_i].script_name);
	add("PATH_INFO", requests[_i].path_info);
	add("REQUEST_URI", requests[_i].request_uri);
	if (requests[_i].expected == NULL) {
		ck_assert_int_eq(cgi_request_path(&vars, &path), PATH_BAD);
		return;
	}
	ck_assert_int_eq(cgi_request_path(&vars, &path), PATH_GOOD);
	ck_assert_str_eq(path, requests[_i].expected);
}
END_TEST

/* --- method, length, host ----------------------------------------------- */

START_TEST(method)
{
	char	 name[34];
	int	 i;

	ck_assert(cgi_method_is_valid("GET"));
	ck_assert(cgi_method_is_valid("M-SEARCH"));
	ck_assert(!cgi_method_is_valid(""));
	memset(name, 'A', 33);
	name[33] = '\0';
	ck_assert(!cgi_method_is_valid(name));
	name[32] = '\0';
	ck_assert(cgi_method_is_valid(name));
	for (i = 1; i < 256; i++) {
		snprintf(name, sizeof(name), "A%cB", i);
		ck_assert_int_eq(cgi_method_is_valid(name),
		    strchr("!#$%&'*+-.^_`|~0123456789"
		    "abcdefghijklmnopqrstuvwxyz"
		    "ABCDEFGHIJKLMNOPQRSTUVWXYZ", i) != NULL);
	}
}
END_TEST

static const struct {
	const char	*text;
	int		 result;
	uint64_t	 length;
} content_lengths[] = {
	{ NULL, 0, 0 }, { "", 0, 0 }, { "0", 1, 0 }, { "1", 1, 1 },
	{ "007", 1, 7 }, { "8388608", 1, 8388608 },
	{ "9223372036854775807", 1, INT64_MAX },
	{ "09223372036854775807", 1, INT64_MAX },
	{ "9223372036854775808", -1, 0 },
	{ "9223372036854775810", -1, 0 },
	{ "18446744073709551615", -1, 0 },
	{ "18446744073709551616", -1, 0 },
	{ "18446744073709551621", -1, 0 },
	{ "99999999999999999999999999", -1, 0 },
	{ "-1", -1, 0 }, { "+5", -1, 0 }, { "5, 5", -1, 0 },
	{ "0x5", -1, 0 }, { " 5", -1, 0 }, { "5 ", -1, 0 }, { "5.", -1, 0 },
	{ "\xb2", -1, 0 },
};

START_TEST(content_length)
{
	uint64_t	 length = 77;

	add("CONTENT_LENGTH", content_lengths[_i].text);
	ck_assert_int_eq(cgi_content_length(&vars, &length),
	    content_lengths[_i].result);
	ck_assert_uint_eq(length, content_lengths[_i].result == 1 ?
	    content_lengths[_i].length : 77);
}
END_TEST

static const struct {
	const char	*http_host;
	const char	*expected;
} hosts[] = {
	{ "", "" }, { "example.org", "example.org" },
	{ "Example.ORG:8080", "example.org" }, { "a:", "a" }, { ":80", "" },
	{ "example.org.", "example.org" }, { "example.org.:80", "example.org" },
	{ ".", "" }, { "127.0.0.1:80", "127.0.0.1" },
	{ "[::1]", "[::1]" }, { "[::1]:80", "[::1]" },
	{ "[2001:DB8::A]:8080", "[2001:db8::a]" }, { "[::1", "[::1" },
	{ "[", "[" }, { "[]", "[]" }, { "A@Z[`{", "a@z[`{" },
};

START_TEST(host)
{
	const char	*expected = hosts[_i].expected;
	size_t		 sent_len = strlen(hosts[_i].http_host);
	size_t		 len = strlen(expected), room;
	char		*sent, *out;

	sent = exact_copy(hosts[_i].http_host, sent_len);
	for (room = 0; room < len + 3; room++) {
		out = exact_copy("xxxxxxxxxxxxxxxxxxxxxxx", room);
		cgi_host(sent, sent_len, out, room);
		if (room > 0)
			ck_assert_str_eq(out, room > len ? expected : "");
		free(out);
	}
	free(sent);
}
END_TEST

int
main(void)
{
	Suite	*s;
	TCase	*tc;

	s = suite_create("cgi");
	tc = tcase_create("request");
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_loop_test(tc, normalise, 0, ROWS(paths));
	tcase_add_test(tc, normalise_all);
	tcase_add_loop_test(tc, decode, 0, ROWS(codes));
	tcase_add_loop_test(tc, request_path, 0, ROWS(requests));
	tcase_add_test(tc, method);
	tcase_add_loop_test(tc, content_length, 0, ROWS(content_lengths));
	tcase_add_loop_test(tc, host, 0, ROWS(hosts));
	suite_add_tcase(s, tc);

	return suite_run(s);
}
