/*
 * netmask: text <-> networks, and the longest one an address is in.
 */
#include "netmask.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#define BITS_MAX	128
#define IPV4_BITS	96	/* those before an IPv4 address's own */
#define TEXT_MAX	(INET6_ADDRSTRLEN + sizeof("/128"))

static const uint8_t	ipv4_prefix[12] = {
	[10] = 0xff, [11] = 0xff,
};

static void
set_ipv4(struct ip *address, const void *four)
{
	memcpy(address->bytes, ipv4_prefix, sizeof(ipv4_prefix));
	memcpy(address->bytes + sizeof(ipv4_prefix), four, 4);
}

bool
ip_parse(const char *text, size_t len, struct ip *address)
{
	char		 copy[INET6_ADDRSTRLEN];
	struct in_addr	 four;

	if (len == 0 || len >= sizeof(copy) || memchr(text, '\0', len) != NULL)
		return false;
	memcpy(copy, text, len);
	copy[len] = '\0';
	if (inet_pton(AF_INET, copy, &four) == 1) {
		set_ipv4(address, &four);
		return true;
	}
	return inet_pton(AF_INET6, copy, address->bytes) == 1;
}

bool
ip_of_peer(const struct sockaddr *peer, struct ip *address)
{
	const void	*any = peer;

	switch (peer->sa_family) {
	case AF_INET:
		set_ipv4(address,
		    &((const struct sockaddr_in *)any)->sin_addr);
		return true;
	case AF_INET6:
		memcpy(address->bytes,
		    &((const struct sockaddr_in6 *)any)->sin6_addr,
		    sizeof(address->bytes));
		return true;
	default:
		return false;
	}
}

bool
ip_is_ipv4(const struct ip *address)
{
	return memcmp(address->bytes, ipv4_prefix, sizeof(ipv4_prefix)) == 0;
}

bool
ip_is_loopback(const struct ip *address)
{
	static const struct ip	 one = { .bytes = { [15] = 1 } };

	if (ip_is_ipv4(address))
		return address->bytes[12] == IN_LOOPBACKNET;
	return memcmp(address, &one, sizeof(one)) == 0;
}

/* --- networks ----------------------------------------------------------- */

/* Are the first bits of the two the same? */
static bool
is_same(const uint8_t *a, const uint8_t *b, unsigned bits)
{
	unsigned	 whole = bits / 8, rest = bits % 8;

	if (memcmp(a, b, whole) != 0)
		return false;
	return rest == 0 || ((a[whole] ^ b[whole]) >> (8 - rest)) == 0;
}

/* Digits behind the slash, at most three; -1 if they are none. */
static int
parse_bits(const char *text)
{
	int	 n = 0;

	if (*text == '\0' || strlen(text) > 3)
		return -1;
	for (; *text != '\0'; text++) {
		if (*text < '0' || *text > '9')
			return -1;
		n = n * 10 + (*text - '0');
	}
	return n;
}

/* A network written by one of its hosts is most likely a slip. */
static bool
has_bits_beyond(const struct netmask *mask)
{
	static const struct ip	 zero;
	struct ip			 rest = mask->address;
	unsigned			 whole = mask->bits / 8;

	memset(rest.bytes, 0, whole);
	if (mask->bits % 8 != 0)
		rest.bytes[whole] &= (uint8_t)(0xff >> mask->bits % 8);
	return memcmp(&rest, &zero, sizeof(zero)) != 0;
}

const char *
netmask_parse(const char *text, struct netmask *mask)
{
	const char	*slash = strchrnul(text, '/');
	int		 bits, skipped;

	memset(mask, 0, sizeof(*mask));
	if (strcmp(text, "all") == 0)
		return NULL;
	if (!ip_parse(text, (size_t)(slash - text), &mask->address))
		return "no numeric address";
	/* ::ffff:192.0.2.0/120 counts all its bits. */
	skipped = ip_is_ipv4(&mask->address) &&
	    memchr(text, ':', (size_t)(slash - text)) == NULL ? IPV4_BITS : 0;
	mask->bits = BITS_MAX;
	if (*slash == '\0')
		return NULL;
	bits = parse_bits(slash + 1);
	if (bits == -1 || bits > BITS_MAX - skipped)
		return "a network with a wrong number of bits";
	mask->bits = (uint8_t)(bits + skipped);
	return has_bits_beyond(mask) ?
	    "a network whose address has bits beyond its /" : NULL;
}

void
netmask_print(FILE *out, const struct netmask *mask)
{
	const uint8_t	*bytes = mask->address.bytes;
	char		 text[TEXT_MAX];
	unsigned	 skipped = 0;

	if (mask->bits == 0) {
		fputs("all", out);
		return;
	}
	if (mask->bits >= IPV4_BITS && ip_is_ipv4(&mask->address)) {
		skipped = IPV4_BITS;
		inet_ntop(AF_INET, bytes + 12, text, sizeof(text));
	} else
		inet_ntop(AF_INET6, bytes, text, sizeof(text));
	fputs(text, out);
	if (mask->bits < BITS_MAX)
		fprintf(out, "/%u", mask->bits - skipped);
}

int
netmask_longest(const struct netmask_list *masks, const struct ip *address)
{
	const struct netmask	*mask;
	int			 longest = -1;
	size_t			 i;

	for (i = 0; i < masks->count; i++) {
		mask = &masks->list[i];
		if (mask->bits > longest && is_same(mask->address.bytes,
		    address->bytes, mask->bits))
			longest = mask->bits;
	}
	return longest;
}
