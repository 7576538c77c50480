/*
 * netmask: addresses and networks, IPv4 and IPv6, and which of them fit.
 *
 * All are kept in 16 bytes: an IPv4 address is its IPv4-mapped IPv6 one, so
 * that a client is the same however its address reached us.  Pure.
 */
#ifndef TOLLGATE_NETMASK_H
#define TOLLGATE_NETMASK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct sockaddr;

struct ip {
	uint8_t	 bytes[16];
};

struct netmask {		/* a network: its first bits count */
	struct ip	 address;
	uint8_t		 bits;		/* 0: all */
};

struct netmask_list {
	struct netmask	*list;
	size_t		 count;
};

/* "192.0.2.1", "2001:db8::1": len bytes; false if it is no numeric address. */
bool	ip_parse(const char *text, size_t len, struct ip *);
/* A peer's; false if its family is another. */
bool	ip_of_peer(const struct sockaddr *, struct ip *);
bool	ip_is_ipv4(const struct ip *);
/* 127.0.0.0/8 or ::1 */
bool	ip_is_loopback(const struct ip *);

/*
 * An address, a network (192.0.2.0/24, 2001:db8::/32), or all.  NULL, or in
 * static words what is wrong.
 */
const char	*netmask_parse(const char *text, struct netmask *);
/* As netmask_parse reads it. */
void		 netmask_print(FILE *, const struct netmask *);

/*
 * The most bits of any network in the list that the address is in; -1 if it is
 * in none.
 */
int	netmask_longest(const struct netmask_list *, const struct ip *);

#endif
