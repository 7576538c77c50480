/*
 * launcher: the environment that a worker is given, and what a request may
 * put into it.
 */
#include "launcher.h"

#include "function.h"
#include "mem.h"
#include "lib/suite.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ROWS(table)	((int)(sizeof(table) / sizeof((table)[0])))

static struct function	*fn;

static void
list_of(struct word_list *list, const char *a, const char *b)
{
	list->count = 2;
	list->words = arena_calloc(fn->arena, 2, sizeof(*list->words));
	list->words[0] = a;
	list->words[1] = b;
}

static void
set_up(void)
{
	fn = function_create();
	list_of(&fn->environment, "LANG=C", "HTTPS=on");
	list_of(&fn->parameters, "MY_OWN=1", "LD_AUDIT=x");
}

static void
tear_down(void)
{
	function_release(fn);
}

static const char *
value_of(const char *const *all, const char *name)
{
	size_t	 len = strlen(name), i;

	for (i = 0; all[i] != NULL; i++)
		if (strncmp(all[i], name, len) == 0 && all[i][len] == '=')
			return all[i] + len + 1;
	return NULL;
}

static size_t
count_of(const char *const *all)
{
	size_t	 n = 0;

	while (all[n] != NULL)
		n++;
	return n;
}

static const char	*env[64];
static const char	*usual[] = { "LANG=usual", "TZ=usual" };

/* The environment with this packet; -1 with errno. */
static int
make(uint64_t serial, const char *endpoint, const char *packet, size_t len)
{
	struct launch		 l;
	struct launch_words	 words;

	words.fixed = (struct word_list){ &endpoint, endpoint != NULL };
	words.usual = (struct word_list){ usual, 2 };
	launcher_prepare(&l, fn->arena, fn, "/srv/a", serial, &words);
	ck_assert_str_eq(l.arguments[0], "/srv/a");
	ck_assert_uint_le(l.variables + LAUNCHER_VARIABLES(len),
	    sizeof(env) / sizeof(env[0]));
	return launcher_environment(&l, fn, packet, len, env);
}

START_TEST(what_is_configured)
{
	ck_assert_int_eq(make(7, "API=127.0.0.1:9", NULL, 0), 0);
	ck_assert_uint_eq(count_of(env), 6);
	ck_assert_str_eq(value_of(env, "PATH"), "/usr/local/bin:/usr/bin:/bin");
	ck_assert_str_eq(value_of(env, "LANG"), "C");
	ck_assert_str_eq(value_of(env, "TZ"), "usual");
	ck_assert_str_eq(value_of(env, "API"), "127.0.0.1:9");
	ck_assert_str_eq(value_of(env, LAUNCHER_MARK), "7");
}
END_TEST

START_TEST(a_path_of_its_own)
{
	list_of(&fn->environment, "PATH=/opt/bin", "A=");
	ck_assert_int_eq(make(1, NULL, NULL, 0), 0);
	ck_assert_uint_eq(count_of(env), 5);
	ck_assert_str_eq(value_of(env, "PATH"), "/opt/bin");
	ck_assert_str_eq(value_of(env, "A"), "");
}
END_TEST

/* What is configured stands, whatever the request says. */
START_TEST(request_adds_its_own)
{
	const char	 packet[] = "QUERY_STRING=a=b\0HTTPS=off\0MY_OWN=2\0"
			     "HTTP_A=";

	ck_assert_int_eq(make(1, NULL, packet, sizeof(packet)), 0);
	ck_assert_str_eq(value_of(env, "QUERY_STRING"), "a=b");
	ck_assert_str_eq(value_of(env, "HTTPS"), "on");
	ck_assert_str_eq(value_of(env, "MY_OWN"), "2");
	ck_assert_str_eq(value_of(env, "HTTP_A"), "");
	ck_assert_uint_eq(count_of(env), 8);
}
END_TEST

static const struct {
	const char	*packet;
	size_t		 len;
	int		 error;
} bad[] = {
	{ "LD_PRELOAD=x", 13, EPERM },
	{ "LD_=x", 6, EPERM },
	{ "LD_AUDIT=x", 11, EPERM },	/* even among parameters */
	{ "PATH=x", 7, EPERM },
	{ "IFS=x", 6, EPERM },
	{ "HTTP_PROXY=x", 13, EPERM },
	{ LAUNCHER_MARK "=1", sizeof(LAUNCHER_MARK "=1"), EPERM },
	{ "A=1\0LD_PRELOAD=x", 17, EPERM },
	{ "QUERY_STRING", 13, EBADMSG },
	{ "=x", 3, EBADMSG },
	{ "\0", 2, EBADMSG },
	{ "QUERY_STRING=x", 14, EBADMSG },	/* no NUL at its end */
};

START_TEST(request_is_refused)
{
	char	*packet = xmalloc(bad[_i].len);

	memcpy(packet, bad[_i].packet, bad[_i].len);
	ck_assert_int_eq(make(1, NULL, packet, bad[_i].len), -1);
	ck_assert_int_eq(errno, bad[_i].error);
	free(packet);
}
END_TEST

int
main(void)
{
	Suite	*s;
	TCase	*tc;

	s = suite_create("launcher");
	tc = tcase_create("launcher");
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, what_is_configured);
	tcase_add_test(tc, a_path_of_its_own);
	tcase_add_test(tc, request_adds_its_own);
	tcase_add_loop_test(tc, request_is_refused, 0, ROWS(bad));
	suite_add_tcase(s, tc);

	return suite_run(s);
}
