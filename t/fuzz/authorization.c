/*
 * authorization: any bytes as an Authorization header, and as a key.
 *
 * Whatever is taken for name and secret is within its bounds and printable;
 * and what was well formed is so in one way: put down again it is the same
 * header.
 */
#include "authorization.h"

#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
must(int is_true)
{
	if (!is_true)
		abort();
}

static void
check_text(const char *text, size_t room)
{
	size_t	 i;

	must(memchr(text, '\0', room) != NULL);
	for (i = 0; text[i] != '\0'; i++)
		must(!iscntrl((unsigned char)text[i]) ||
		    (unsigned char)text[i] >= 0x80);
}

/* Name and secret as RFC 7617 puts them. */
static void
encode(char *out, const struct authorization *a)
{
	static const char	 digits[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	char			 pair[sizeof(a->name) + sizeof(a->secret)];
	unsigned		 bits;
	size_t			 len, i;

	len = (size_t)snprintf(pair, sizeof(pair), "%s:%s", a->name,
	    a->secret);
	for (i = 0; i < len; i += 3) {
		bits = (unsigned)(uint8_t)pair[i] << 16;
		if (i + 1 < len)
			bits |= (unsigned)(uint8_t)pair[i + 1] << 8;
		if (i + 2 < len)
			bits |= (uint8_t)pair[i + 2];
		*out++ = digits[bits >> 18];
		*out++ = digits[bits >> 12 & 63];
		*out++ = i + 1 < len ? digits[bits >> 6 & 63] : '=';
		*out++ = i + 2 < len ? digits[bits & 63] : '=';
	}
	*out = '\0';
}

int
LLVMFuzzerTestOneInput(const uint8_t *input, size_t len)
{
	struct authorization	 a, key;
	char			 again[2048];
	const char		*text = (const char *)input;

	authorization_parse(&a, text, len);
	must(a.scheme <= SCHEME_MALFORMED);
	if (a.scheme == SCHEME_BASIC) {
		check_text(a.name, sizeof(a.name));
		check_text(a.secret, sizeof(a.secret));
		must(strchr(a.name, ':') == NULL);
		encode(again, &a);
		must(memmem(text, len, again, strlen(again)) != NULL);
	} else if (a.scheme == SCHEME_BEARER) {
		check_text(a.secret, sizeof(a.secret));
		authorization_take_key(&key, a.secret, strlen(a.secret));
		must(key.scheme == SCHEME_BEARER);
		must(strcmp(key.secret, a.secret) == 0);
	}
	authorization_take_key(&key, text, len);
	must(key.scheme == SCHEME_BEARER || key.scheme == SCHEME_MALFORMED);
	if (key.scheme == SCHEME_BEARER)
		must(strlen(key.secret) == len &&
		    memcmp(key.secret, text, len) == 0);
	return 0;
}
