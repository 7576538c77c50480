/*
 * netmask, permit: what is an address, what a network, and that the longest
 * one that fits decides.
 */
#include "netmask.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "function.h"
#include "mem.h"
#include "permit.h"
#include "lib/suite.h"

#define ROWS(table)	((int)(sizeof(table) / sizeof((table)[0])))
#define LIST_MAX	8

static const struct {
	const char	*text;
	const char	*printed;	/* NULL: the same */
	int		 bits;		/* -1: refused */
} masks[] = {
	{ "all", NULL, 0 }, { "::/0", "all", 0 },
	{ "192.0.2.1", NULL, 128 }, { "192.0.2.1/32", "192.0.2.1", 128 },
	{ "192.0.2.0/24", NULL, 120 }, { "0.0.0.0/0", NULL, 96 },
	{ "128.0.0.0/1", NULL, 97 }, { "192.0.2.128/25", NULL, 121 },
	{ "2001:db8::1", NULL, 128 },
	{ "2001:DB8:0::/32", "2001:db8::/32", 32 },
	{ "2001:db8::/33", NULL, 33 }, { "::1", NULL, 128 },
	{ "::ffff:192.0.2.1", "192.0.2.1", 128 },
	{ "::ffff:192.0.2.0/120", "192.0.2.0/24", 120 },
	{ "::ffff:0:0/96", "0.0.0.0/0", 96 },
	{ "", NULL, -1 }, { "/", NULL, -1 }, { "All", NULL, -1 },
	{ "192.0.2", NULL, -1 }, { "192.0.2.1.1", NULL, -1 },
	{ "192.0.2.256", NULL, -1 }, { "192.0.2.01", NULL, -1 },
	{ "0xc0.0.2.1", NULL, -1 }, { "192.0.2.1/", NULL, -1 },
	{ "192.0.2.1/33", NULL, -1 }, { "192.0.2.1/-1", NULL, -1 },
	{ "192.0.2.1/+1", NULL, -1 }, { "192.0.2.0/24/24", NULL, -1 },
	{ "192.0.2.0/0024", NULL, -1 }, { "192.0.2.0/255.255.255.0", NULL, -1 },
	{ "192.0.2.1/24", NULL, -1 }, { "192.0.2.128/24", NULL, -1 },
	{ "2001:db8::/129", NULL, -1 }, { "2001:db8::1/64", NULL, -1 },
	{ "::ffff:192.0.2.0/24", NULL, -1 }, { "fe80::1%lo", NULL, -1 },
	{ "[::1]", NULL, -1 }, { "localhost", NULL, -1 }, { " ::1", NULL, -1 },
	{ "1:2:3:4:5:6:7:8:9", NULL, -1 },
};

START_TEST(parse_and_print)
{
	const char	*want = masks[_i].printed != NULL ? masks[_i].printed :
			    masks[_i].text;
	struct netmask	 mask, again;
	const char	*why;
	char		*text;
	size_t		 len;
	FILE		*out;

	why = netmask_parse(masks[_i].text, &mask);
	if (masks[_i].bits == -1) {
		ck_assert_ptr_nonnull(why);
		return;
	}
	ck_assert_msg(why == NULL, "%s is %s", masks[_i].text, why);
	ck_assert_int_eq(mask.bits, masks[_i].bits);
	ck_assert_ptr_nonnull(out = open_memstream(&text, &len));
	netmask_print(out, &mask);
	fclose(out);
	ck_assert_str_eq(text, want);
	ck_assert_ptr_null(netmask_parse(text, &again));
	ck_assert_mem_eq(&mask, &again, sizeof(mask));
	free(text);
}
END_TEST

/* Words apart by blanks. */
static void
fill(struct netmask_list *list, const char *words)
{
	char	*copy = xstrdup(words), *rest = copy, *word;

	list->count = 0;
	while ((word = strsep(&rest, " ")) != NULL)
		if (*word != '\0')
			ck_assert_ptr_null(netmask_parse(word,
			    &list->list[list->count++]));
	free(copy);
}

static const struct {
	const char	*allow;
	const char	*deny;
	const char	*address;
	enum permit	 want;
} permits[] = {
	{ "", "", "192.0.2.1", PERMIT_ANY },
	{ "", "", "no address", PERMIT_ANY },
	{ "192.0.2.0/24", "", "192.0.2.255", PERMIT_ALLOWED },
	{ "192.0.2.0/24", "", "192.0.3.0", PERMIT_DENIED },
	{ "192.0.2.0/24", "", "::ffff:192.0.2.9", PERMIT_ALLOWED },
	{ "192.0.2.0/24", "", "::192.0.2.9", PERMIT_DENIED },
	{ "192.0.2.0/24", "", "", PERMIT_DENIED },
	{ "", "192.0.2.0/24", "192.0.2.0", PERMIT_DENIED },
	{ "", "192.0.2.0/24", "192.0.1.255", PERMIT_ANY },
	{ "", "192.0.2.0/24", "", PERMIT_DENIED },
	{ "", "::1", "127.0.0.1", PERMIT_ANY },
	{ "all", "", "2001:db8::1", PERMIT_ALLOWED },
	{ "all", "all", "2001:db8::1", PERMIT_DENIED },
	{ "all", "", "rubbish", PERMIT_DENIED },
	{ "192.0.2.4/30", "192.0.2.0/24", "192.0.2.7", PERMIT_ALLOWED },
	{ "192.0.2.4/30", "192.0.2.0/24", "192.0.2.8", PERMIT_DENIED },
	{ "192.0.2.4/30 192.0.2.6", "192.0.2.6", "192.0.2.6", PERMIT_DENIED },
	{ "10.0.0.0/8", "10.0.0.0/8", "10.1.1.1", PERMIT_DENIED },
	{ "0.0.0.0/0", "", "2001:db8::1", PERMIT_DENIED },
	{ "2001:db8::/33", "2001:db8::/32", "2001:db8:7fff::", PERMIT_ALLOWED },
	{ "2001:db8::/33", "2001:db8::/32", "2001:db8:8000::", PERMIT_DENIED },
};

START_TEST(longest_decides)
{
	struct netmask		 allow[LIST_MAX], deny[LIST_MAX];
	struct function_access	 access = { .allow = { allow, 0 },
				     .deny = { deny, 0 } };
	const char		*address = permits[_i].address;

	fill(&access.allow, permits[_i].allow);
	fill(&access.deny, permits[_i].deny);
	ck_assert_msg(permit_address(&access, address, strlen(address)) ==
	    permits[_i].want, "%s | %s: %s", permits[_i].allow,
	    permits[_i].deny, address);
}
END_TEST

START_TEST(part_of_a_text)
{
	struct ip	 ip;

	ck_assert(ip_parse("192.0.2.11", 9, &ip));
	ck_assert_int_eq(ip.bytes[15], 1);
	ck_assert(!ip_parse("::1\0", 4, &ip));
	ck_assert(!ip_parse("192.0.2.1", 0, &ip));
	ck_assert(ip_parse("127.255.0.1", 11, &ip) && ip_is_loopback(&ip));
	ck_assert(ip_parse("::1", 3, &ip) && ip_is_loopback(&ip));
	ck_assert(ip_parse("::2", 3, &ip) && !ip_is_loopback(&ip));
	ck_assert(ip_parse("128.0.0.1", 9, &ip) && !ip_is_loopback(&ip));
}
END_TEST

int
main(void)
{
	Suite	*s;
	TCase	*tc;

	s = suite_create("netmask");
	tc = tcase_create("netmask");
	tcase_add_loop_test(tc, parse_and_print, 0, ROWS(masks));
	tcase_add_loop_test(tc, longest_decides, 0, ROWS(permits));
	tcase_add_test(tc, part_of_a_text);
	suite_add_tcase(s, tc);

	return suite_run(s);
}
