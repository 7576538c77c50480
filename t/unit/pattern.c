/*
 * pattern: the literal that a regex begins with is never more than what all
 * its subjects begin with; matches keep within bounds.
 */
#include "pattern.h"
#include "lib/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define ROWS(table)	((int)(sizeof(table) / sizeof((table)[0])))

static struct patterns	*set;

static void
set_up(void)
{
	set = patterns_create();
}

static void
tear_down(void)
{
	patterns_free(set);
}

static struct pattern *
compile(const char *text)
{
	struct pattern	*p;
	char		 why[128] = "";

	p = patterns_add(set, text, why, sizeof(why));
	ck_assert_msg(p != NULL, "%s: %s", text, why);
	return p;
}

static const struct {
	const char	*regex;
	const char	*literal;
} literals[] = {
	{ "^/u/([a-z]+)", "/u/" },
	{ "^/u/", "/u/" },
	{ "^/u$", "/u" },
	{ "^/a\\.b/.*", "/a.b/" },
	{ "^/a-b_c~d\\-", "/a-b_c~d-" },
	{ "^/ab+c", "/ab" },
	{ "^/ab*c", "/a" },
	{ "^/ab?", "/a" },
	{ "^/ab{0,2}", "/a" },
	{ "^/a\\.?b", "/a" },
	{ "^/a\\d", "/a" },
	{ "^/a[bc]", "/a" },
	{ "^", "" },
	{ "/u/", "" },			/* may fit anywhere */
	{ "\\.php$", "" },
	{ "(?i)^/u/", "" },
	{ "^(?i)/u/", "" },
	{ "^(/u/|/v/)", "" },
	/* branches */
	{ "^/a|^/b", "" },
	{ "^/a/(x|y)", "/a/" },
	{ "^/a/(x|(y|z))/w", "/a/" },
	{ "^/a/(x)|/b", "" },
	{ "^/a/[|]", "/a/" },
	{ "^/a/[]|]b", "/a/" },
	{ "^/a/[^]|]b", "/a/" },
	{ "^/a/[(]|/b", "" },
	{ "^/a/[[:alpha:](]|/b", "" },
	{ "^/a/[[:alpha:]|]", "/a/" },
	{ "^/a/[a[:]|/b]", "" },
	{ "^/a/[\\](]|/b", "" },
	{ "^/a/\\(|/b", "" },
	{ "^/a/\\|b", "/a/|b" },
	/* where parentheses may be none */
	{ "^/a/\\Q(\\E|/b", "" },
	{ "^/a/(?#()|/b", "" },
	{ "^/a/(?x) # (\n|/b", "" },
};

START_TEST(literal_of_regex)
{
	char	 out[64];
	size_t	 len;

	compile(literals[_i].regex);
	len = pattern_literal(literals[_i].regex, out);
	out[len] = '\0';
	ck_assert_str_eq(out, literals[_i].literal);
}
END_TEST

static const struct {
	const char		*regex;
	const char		*subject;
	enum pattern_verdict	 verdict;
} matches[] = {
	{ "^/a$", "/a", PATTERN_FITS },
	{ "^/a$", "/a\n", PATTERN_FITS_NOT },
	{ "^/a.b$", "/a\nb", PATTERN_FITS },
	{ "^/(.)$", "/\xff", PATTERN_FITS },	/* no UTF-8 */
	{ "^/(a+)+$", "/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!",
	  PATTERN_TOO_COSTLY },
	{ "(*UTF)^/.$", "/\xff", PATTERN_FITS_NOT },
};

START_TEST(match_of_subject)
{
	struct pattern	*p;
	int		 i;

	p = compile(matches[_i].regex);
	for (i = 0; i < 2; i++)		/* first use and second */
		ck_assert_int_eq(pattern_match(p, matches[_i].subject,
		    strlen(matches[_i].subject)), matches[_i].verdict);
}
END_TEST

/* More to come back to than the machine code's stack holds. */
START_TEST(deep_match_is_interpreted)
{
	struct pattern	*p;
	char		 subject[2000];

	p = compile("^/(?:a|b)*$");
	memset(subject, 'a', sizeof(subject));
	subject[0] = '/';
	ck_assert_int_eq(pattern_match(p, subject, sizeof(subject)),
	    PATTERN_FITS);
}
END_TEST

START_TEST(spans_and_names)
{
	struct pattern	*p;
	size_t		 start, end;

	p = compile("(?J)^/(?<b>x)?(?:(?<a>[a-m]+)|(?<a>[n-z]+))/");
	ck_assert_str_eq(pattern_name(p, 0), "a");
	ck_assert_str_eq(pattern_name(p, 1), "b");
	ck_assert_ptr_null(pattern_name(p, 2));
	ck_assert(pattern_has_name(p, "b") && !pattern_has_name(p, "c"));

	ck_assert_int_eq(pattern_match(p, "/nnn/rest", 9), PATTERN_FITS);
	ck_assert(pattern_span(p, "a", &start, &end));
	ck_assert(start == 1 && end == 4);
	ck_assert(!pattern_span(p, "b", &start, &end));
	ck_assert(!pattern_span(p, "c", &start, &end));
	ck_assert_uint_eq(pattern_end(p), 5);
}
END_TEST

/* What was found is kept for the largest pattern of the set. */
START_TEST(later_pattern_has_more_groups)
{
	struct pattern	*few, *many;
	size_t		 start, end;

	few = compile("^/(?<a>.)");
	ck_assert_int_eq(pattern_match(few, "/xyz", 4), PATTERN_FITS);
	many = compile("^/(?<a>.)(?<b>.)(?<c>.)");
	ck_assert_int_eq(pattern_match(many, "/xyz", 4), PATTERN_FITS);
	ck_assert(pattern_span(many, "c", &start, &end));
	ck_assert(start == 3 && end == 4);
}
END_TEST

START_TEST(bad_regex_is_refused)
{
	char	 why[128];

	ck_assert_ptr_null(patterns_add(set, "^/a(b", why, sizeof(why)));
	ck_assert_str_eq(why, "at offset 5: missing closing parenthesis");
}
END_TEST

int
main(void)
{
	Suite	*suite = suite_create("pattern");
	TCase	*tc = tcase_create("pattern");

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_loop_test(tc, literal_of_regex, 0, ROWS(literals));
	tcase_add_loop_test(tc, match_of_subject, 0, ROWS(matches));
	tcase_add_test(tc, deep_match_is_interpreted);
	tcase_add_test(tc, spans_and_names);
	tcase_add_test(tc, later_pattern_has_more_groups);
	tcase_add_test(tc, bad_regex_is_refused);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
