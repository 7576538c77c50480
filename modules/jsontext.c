/*
 * jsontext: JSON as text, UTF-8, and base64.
 */
#include "jsontext.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "buffer.h"

#define SHORT_MAX	512	/* bytes of what json_printf makes */

static const char	digits64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
			    "abcdefghijklmnopqrstuvwxyz0123456789+/";

void
json_put(struct buffer *b, const char *text)
{
	buffer_add(b, text, strlen(text));
}

void
json_printf(struct buffer *b, const char *format, ...)
{
	char	 text[SHORT_MAX];
	va_list	 ap;
	int	 n;

	va_start(ap, format);
	n = vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	if (n > 0)
		buffer_add(b, text, (size_t)n < sizeof(text) ? (size_t)n :
		    sizeof(text) - 1);
}

/* --- UTF-8 -------------------------------------------------------------- */

/* The bytes of the character at p (RFC 3629), 0 if that is none. */
static size_t
character(const uint8_t *p, size_t len)
{
	size_t	 n, i;
	uint8_t	 least = 0x80, most = 0xbf;

	if (p[0] < 0x80)
		return 1;
	if (p[0] < 0xc2 || p[0] > 0xf4)
		return 0;
	n = p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
	if (p[0] == 0xe0)
		least = 0xa0;
	else if (p[0] == 0xed)
		most = 0x9f;	/* surrogates are no characters */
	else if (p[0] == 0xf0)
		least = 0x90;
	else if (p[0] == 0xf4)
		most = 0x8f;
	if (len < n || p[1] < least || p[1] > most)
		return 0;
	for (i = 2; i < n; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	return n;
}

bool
json_is_utf8(const char *bytes, size_t len)
{
	const uint8_t	*p = (const uint8_t *)bytes;
	size_t		 i, n;

	for (i = 0; i < len; i += n)
		if ((n = character(p + i, len - i)) == 0)
			return false;
	return true;
}

/* --- strings ------------------------------------------------------------ */

static bool
is_plain(uint8_t c)
{
	return c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
}

/* One byte that does not stand for itself. */
static void
put_escaped(struct buffer *b, uint8_t c)
{
	static const char	 names[] = "\b\t\n\f\r\"\\";
	static const char	 letters[] = "btnfr\"\\";
	const char		*found;
	char			 two[2];

	if (c != '\0' && (found = strchr(names, c)) != NULL) {
		two[0] = '\\';
		two[1] = letters[found - names];
		buffer_add(b, two, 2);
	} else if (c < 0x20)
		json_printf(b, "\\u%04x", c);
	else {			/* ISO 8859-1 */
		two[0] = (char)(0xc0 | c >> 6);
		two[1] = (char)(0x80 | (c & 0x3f));
		buffer_add(b, two, 2);
	}
}

void
json_put_bytes(struct buffer *b, const char *bytes, size_t len)
{
	const uint8_t	*p = (const uint8_t *)bytes;
	size_t		 i = 0, from = 0, n;

	while (i < len) {
		n = is_plain(p[i]) ? 1 : p[i] < 0x80 ? 0 :
		    character(p + i, len - i);
		if (n > 0) {
			i += n;
			continue;
		}
		buffer_add(b, bytes + from, i - from);
		put_escaped(b, p[i++]);
		from = i;
	}
	if (from < len)
		buffer_add(b, bytes + from, len - from);
}

void
json_put_string(struct buffer *b, const char *bytes, size_t len)
{
	json_put(b, "\"");
	json_put_bytes(b, bytes, len);
	json_put(b, "\"");
}

/* --- base64 (RFC 4648) -------------------------------------------------- */

/* One to three bytes as four digits. */
static void
encode(char *out, const uint8_t *in, size_t len)
{
	uint32_t	 bits = (uint32_t)in[0] << 16;

	if (len > 1)
		bits |= (uint32_t)in[1] << 8;
	if (len > 2)
		bits |= in[2];
	out[0] = digits64[bits >> 18];
	out[1] = digits64[bits >> 12 & 63];
	out[2] = len > 1 ? digits64[bits >> 6 & 63] : '=';
	out[3] = len > 2 ? digits64[bits & 63] : '=';
}

void
json_put_base64(struct buffer *b, const void *bytes, size_t len)
{
	const uint8_t	*in = bytes;
	size_t		 size = 2 + (len + 2) / 3 * 4, i;
	char		*out = (char *)buffer_reserve(b, size);

	*out++ = '"';
	for (i = 0; i < len; i += 3, out += 4)
		encode(out, in + i, len - i < 3 ? len - i : 3);
	*out = '"';
	buffer_extend(b, size);
}

/* -1: no digit. */
static int
value64(char c)
{
	const char	*found = c == '\0' ? NULL : strchr(digits64, c);

	return found == NULL ? -1 : (int)(found - digits64);
}

int
base64_decode(struct buffer *b, const char *text, size_t len)
{
	uint8_t		*out;
	uint32_t	 bits = 0;
	size_t		 i, n = 0;
	int		 value;

	while (len > 0 && len % 4 != 1 && text[len - 1] == '=' && n < 2) {
		len--;
		n++;
	}
	if (len % 4 == 1 || (n > 0 && (len + n) % 4 != 0))
		return -1;
	out = buffer_reserve(b, len / 4 * 3 + 3);
	for (i = n = 0; i < len; i++) {
		if ((value = value64(text[i])) == -1)
			return -1;
		bits = bits << 6 | (uint32_t)value;
		if (i % 4 != 0)
			out[n++] = (uint8_t)(bits >> (6 - i % 4 * 2));
	}
	buffer_extend(b, n);
	return 0;
}

/* --- shorter ------------------------------------------------------------ */

void
json_put_compact(struct buffer *b, const char *json, size_t len)
{
	size_t	 i, from = 0;
	bool	 in_string = false;

	for (i = 0; i < len; i++) {
		if (in_string && json[i] == '\\')
			i++;
		else if (json[i] == '"')
			in_string = !in_string;
		else if (!in_string && (json[i] == ' ' || json[i] == '\t' ||
		    json[i] == '\n' || json[i] == '\r')) {
			buffer_add(b, json + from, i - from);
			from = i + 1;
		}
	}
	if (from < len)
		buffer_add(b, json + from, len - from);
}
