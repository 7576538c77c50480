/*
 * fronts: loopback and those who are named may connect, nobody else.
 */
#include "fronts.h"

#include <arpa/inet.h>
#include <sys/socket.h>

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "keys.h"
#include "lib/suite.h"

#define ROWS(table)	((int)(sizeof(table) / sizeof((table)[0])))

static const struct {
	const char	*listen;
	bool		 is_open;
} listens[] = {
	{ "unix:/run/0.0.0.0:9000", false },
	{ "127.0.0.1:9000", false }, { "127.1.2.3:9000", false },
	{ "[::1]:9000", false }, { "[::ffff:127.0.0.1]:9000", false },
	{ "0.0.0.0:9000", true }, { "[::]:9000", true },
	{ "192.0.2.1:9000", true }, { "[2001:db8::1]:9000", true },
};

START_TEST(listens_elsewhere)
{
	const char		*words[] = { "127.0.0.1:1",
				     listens[_i].listen };
	struct netmask		 mask;
	struct gateway_settings	 settings = { .listen = { words, 2 } };

	if (listens[_i].is_open)
		ck_assert_str_eq(fronts_find_open(&settings), words[1]);
	else
		ck_assert_ptr_null(fronts_find_open(&settings));
	ck_assert_ptr_null(netmask_parse("192.0.2.0/24", &mask));
	settings.trusted_fronts = (struct netmask_list){ &mask, 1 };
	ck_assert_ptr_null(fronts_find_open(&settings));
}
END_TEST

static const struct {
	int		 family;
	const char	*address;
	bool		 may;
} peers[] = {
	{ AF_INET, "127.0.0.1", true }, { AF_INET, "127.9.9.9", true },
	{ AF_INET6, "::1", true }, { AF_INET6, "::ffff:127.0.0.1", true },
	{ AF_INET, "192.0.2.255", true },
	{ AF_INET6, "::ffff:192.0.2.1", true },
	{ AF_INET, "192.0.3.1", false }, { AF_INET6, "2001:db8::1", false },
	{ AF_INET6, "::", false }, { AF_INET6, "::192.0.2.1", false },
};

START_TEST(tcp_peers)
{
	struct netmask		 mask;
	struct gateway_settings	 settings;
	union {
		struct sockaddr		 any;
		struct sockaddr_in	 in;
		struct sockaddr_in6	 in6;
	}			 peer;
	char			 who[FRONTS_WHO];

	memset(&settings, 0, sizeof(settings));
	ck_assert_ptr_null(netmask_parse("192.0.2.0/24", &mask));
	settings.trusted_fronts = (struct netmask_list){ &mask, 1 };
	memset(&peer, 0, sizeof(peer));
	peer.any.sa_family = (sa_family_t)peers[_i].family;
	ck_assert_int_eq(inet_pton(peers[_i].family, peers[_i].address,
	    peers[_i].family == AF_INET ? (void *)&peer.in.sin_addr :
	    (void *)&peer.in6.sin6_addr), 1);
	ck_assert(fronts_may_connect(&settings, -1, &peer.any, who) ==
	    peers[_i].may);
	if (!peers[_i].may)
		ck_assert_ptr_nonnull(strstr(who, peers[_i].address));
	peer.any.sa_family = AF_UNSPEC;
	ck_assert(!fronts_may_connect(&settings, -1, &peer.any, who));
}
END_TEST

START_TEST(unix_peers)
{
	uint32_t		 ids[2] = { (uint32_t)geteuid() + 1,
				     (uint32_t)geteuid() };
	struct gateway_settings	 settings;
	struct sockaddr		 peer = { .sa_family = AF_UNIX };
	char			 who[FRONTS_WHO];
	int			 pair[2];

	memset(&settings, 0, sizeof(settings));
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	ck_assert(fronts_may_connect(&settings, pair[0], &peer, who));
	settings.allow_uids = (struct id_list){ ids, 1 };
	ck_assert(!fronts_may_connect(&settings, pair[0], &peer, who));
	ck_assert_ptr_nonnull(strstr(who, "not in allow_users"));
	settings.allow_uids.count = 2;
	ck_assert(fronts_may_connect(&settings, pair[0], &peer, who));
	ck_assert(!fronts_may_connect(&settings, -1, &peer, who));
	close(pair[0]);
	close(pair[1]);
}
END_TEST

int
main(void)
{
	Suite	*s;
	TCase	*tc;

	s = suite_create("fronts");
	tc = tcase_create("fronts");
	tcase_add_loop_test(tc, listens_elsewhere, 0, ROWS(listens));
	tcase_add_loop_test(tc, tcp_peers, 0, ROWS(peers));
	tcase_add_test(tc, unix_peers);
	suite_add_tcase(s, tc);

	return suite_run(s);
}
