/*
 * authorization: a header -> scheme, name, secret.
 */
#include "authorization.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#define DECODED_MAX	(AUTHORIZATION_NAME_MAX + 1 + AUTHORIZATION_SECRET_MAX)

/* RFC 4648 section 4; -1 for what is no digit. */
static int
base64_digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* How many = it ends in, 2 at most, left out of *len; they must fill up 4. */
static int
take_padding(const char *text, size_t *len)
{
	int	 n = 0;

	if (*len % 4 != 0)
		return -1;
	while (n < 2 && *len > 0 && text[*len - 1] == '=') {
		(*len)--;
		n++;
	}
	return n;
}

/*
 * Decode into out, which has room for DECODED_MAX bytes and a NUL.  The bytes
 * there are, or -1: not base64, or too long.
 */
static int
base64_decode(const char *text, size_t len, char *out)
{
	uint32_t	 bits = 0;
	unsigned	 count = 0;
	int		 used = 0, digit;
	size_t		 i;

	if (take_padding(text, &len) == -1 || len * 3 / 4 > DECODED_MAX)
		return -1;
	for (i = 0; i < len; i++) {
		if ((digit = base64_digit(text[i])) == -1)
			return -1;
		bits = (bits << 6 | (uint32_t)digit) & 0xffff;
		count += 6;
		if (count >= 8) {
			count -= 8;
			out[used++] = (char)(bits >> count & 0xff);
		}
	}
	/* What fills up the last byte says nothing: one text, one meaning. */
	if (count >= 6 || (bits & ((1u << count) - 1)) != 0)
		return -1;
	out[used] = '\0';
	return used;
}

/* No control bytes (RFC 7617 section 2), so no NUL either. */
static bool
is_printable(const char *text, size_t len)
{
	size_t	 i;

	for (i = 0; i < len; i++)
		if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
			return false;
	return true;
}

static void
take_basic(struct authorization *a, const char *text, size_t len)
{
	char	 pair[DECODED_MAX + 1], *colon;
	int	 n;

	a->scheme = SCHEME_MALFORMED;
	n = base64_decode(text, len, pair);
	if (n == -1 || !is_printable(pair, (size_t)n) ||
	    (colon = strchr(pair, ':')) == NULL ||
	    colon - pair > AUTHORIZATION_NAME_MAX ||
	    strlen(colon + 1) > AUTHORIZATION_SECRET_MAX)
		goto out;
	*colon = '\0';
	strcpy(a->name, pair);
	strcpy(a->secret, colon + 1);
	a->scheme = SCHEME_BASIC;
out:
	explicit_bzero(pair, sizeof(pair));
}

/* Printable ASCII without blanks. */
void
authorization_take_key(struct authorization *a, const char *text, size_t len)
{
	size_t	 i;

	a->scheme = SCHEME_MALFORMED;
	a->name[0] = '\0';
	if (len == 0 || len > AUTHORIZATION_SECRET_MAX)
		return;
	for (i = 0; i < len; i++)
		if (text[i] <= ' ' || text[i] >= 0x7f)
			return;
	memcpy(a->secret, text, len);
	a->secret[len] = '\0';
	a->scheme = SCHEME_BEARER;
}

/* The word that text begins with, if it is this one, in any case. */
static bool
is_scheme(const char *text, size_t len, const char *word)
{
	return len == strlen(word) && strncasecmp(text, word, len) == 0;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

void
authorization_parse(struct authorization *a, const char *text, size_t len)
{
	const char	*rest;
	size_t		 word = 0;

	a->scheme = SCHEME_NONE;
	a->name[0] = a->secret[0] = '\0';
	while (len > 0 && is_blank(text[len - 1]))
		len--;
	while (len > 0 && is_blank(*text)) {
		text++;
		len--;
	}
	if (len == 0)
		return;
	while (word < len && !is_blank(text[word]))
		word++;
	rest = text + word;
	len -= word;
	while (len > 0 && is_blank(*rest)) {
		rest++;
		len--;
	}
	a->scheme = SCHEME_OTHER;
	if (is_scheme(text, word, "Basic"))
		take_basic(a, rest, len);
	else if (is_scheme(text, word, "Bearer"))
		authorization_take_key(a, rest, len);
}

void
authorization_forget(struct authorization *a)
{
	explicit_bzero(a->secret, sizeof(a->secret));
}
