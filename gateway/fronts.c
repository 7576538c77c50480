/*
 * fronts: peers of the listeners, by user or by address.
 */
#include "fronts.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "keys.h"

/* ADDR:PORT or [ADDR]:PORT, whose form has been checked. */
static bool
is_of_loopback(const char *word)
{
	struct ip	 address;
	size_t		 len = (size_t)(strrchr(word, ':') - word);

	if (*word == '[') {
		word++;
		len -= 2;
	}
	return ip_parse(word, len, &address) &&
	    ip_is_loopback(&address);
}

const char *
fronts_find_open(const struct gateway_settings *settings)
{
	const struct word_list	*listen = &settings->listen;
	size_t			 i;

	if (settings->trusted_fronts.count > 0)
		return NULL;
	for (i = 0; i < listen->count; i++)
		if (strncmp(listen->words[i], "unix:", 5) != 0 &&
		    !is_of_loopback(listen->words[i]))
			return listen->words[i];
	return NULL;
}

static bool
may_user(const struct gateway_settings *settings, int fd, char *who)
{
	const struct id_list	*allowed = &settings->allow_uids;
	struct ucred		 peer;
	socklen_t		 len = sizeof(peer);
	size_t			 i;

	if (allowed->count == 0)
		return true;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == -1) {
		snprintf(who, FRONTS_WHO, "a peer of unknown user: %s",
		    strerror(errno));
		return false;
	}
	for (i = 0; i < allowed->count; i++)
		if (allowed->ids[i] == peer.uid)
			return true;
	snprintf(who, FRONTS_WHO, "user %lu (process %ld), not in allow_users",
	    (unsigned long)peer.uid, (long)peer.pid);
	return false;
}

static void
describe(const struct ip *address, char *who)
{
	struct netmask	 mask = { *address, 128 };
	FILE		*out;

	if ((out = fmemopen(who, FRONTS_WHO, "w")) == NULL)
		return;
	netmask_print(out, &mask);
	fputs(", not in trusted_fronts", out);
	fclose(out);
}

bool
fronts_may_connect(const struct gateway_settings *settings, int fd,
    const struct sockaddr *peer, char who[FRONTS_WHO])
{
	struct ip	 address;

	strcpy(who, "a peer without address");
	if (peer->sa_family == AF_UNIX)
		return may_user(settings, fd, who);
	if (!ip_of_peer(peer, &address))
		return false;
	if (ip_is_loopback(&address) ||
	    netmask_longest(&settings->trusted_fronts, &address) != -1)
		return true;
	describe(&address, who);
	return false;
}
