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

#define EACH(byte)	(UINT64_C(0x0101010101010101) * (byte))

/* Does one of these eight bytes, all below 0x80, equal that one? */
static uint64_t
has_byte(uint64_t eight, uint8_t byte)
{
	return (EACH(0x80) + (eight ^ EACH(byte)) - EACH(1)) ^ EACH(0x80);
}

/* How many of the first bytes stand for themselves in a string, and are
   ASCII?  Eight at a time, as most do. */
static size_t
plain_span(const char *bytes, size_t len)
{
	const uint8_t	*p = (const uint8_t *)bytes;
	uint64_t	 eight, not_plain;
	size_t		 i;

	for (i = 0; len - i >= 8; i += 8) {
		memcpy(&eight, p + i, 8);
		if (eight & EACH(0x80))
			break;
		not_plain = has_byte(eight, '"') | has_byte(eight, '\\') |
		    ((EACH(0x80) + eight - EACH(0x20)) ^ EACH(0x80));
		if (not_plain & EACH(0x80))
			break;
	}
	while (i < len && p[i] >= 0x20 && p[i] < 0x80 && p[i] != '"' &&
	    p[i] != '\\')
		i++;
	return i;
}

bool
json_is_utf8(const char *bytes, size_t len)
{
	const uint8_t	*p = (const uint8_t *)bytes;
	size_t		 i, n;

	for (i = 0; i < len; i += n) {
		if ((n = plain_span(bytes + i, len - i)) > 0)
			continue;
		if ((n = character(p + i, len - i)) == 0)
			return false;
	}
	return true;
}

/* --- strings ------------------------------------------------------------ */

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
		n = plain_span(bytes + i, len - i);
		if (n == 0 && p[i] >= 0x80)
			n = character(p + i, len - i);
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

/* Values of digits, and one more: 0 is no digit. */
static void
make_values(uint8_t values[256])
{
	unsigned	 i;

	memset(values, 0, 256);
	for (i = 0; i < 64; i++)
		values[(uint8_t)digits64[i]] = (uint8_t)(i + 1);
}

int
base64_decode(struct buffer *b, const char *text, size_t len)
{
	uint8_t		*out, values[256], value;
	uint32_t	 bits = 0;
	size_t		 i, n = 0;

	while (len > 0 && len % 4 != 1 && text[len - 1] == '=' && n < 2) {
		len--;
		n++;
	}
	if (len % 4 == 1 || (n > 0 && (len + n) % 4 != 0))
		return -1;
	make_values(values);
	out = buffer_reserve(b, len / 4 * 3 + 3);
	for (i = n = 0; i < len; i++) {
		if ((value = values[(uint8_t)text[i]]) == 0)
			return -1;
		bits = bits << 6 | (uint32_t)(value - 1);
		if (i % 4 != 0)
			out[n++] = (uint8_t)(bits >> (6 - i % 4 * 2));
	}
	buffer_extend(b, n);
	return 0;
}

/* --- reading ------------------------------------------------------------ */

struct reader {
	const char	*at;
	const char	*end;
};

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void
skip_blanks(struct reader *r)
{
	while (r->at < r->end && is_blank(*r->at))
		r->at++;
}

/* The byte there, '\0' at the end: no value begins with that. */
static char
peek(const struct reader *r)
{
	return r->at < r->end ? *r->at : '\0';
}

static bool
take(struct reader *r, char c)
{
	if (peek(r) != c || r->at == r->end)
		return false;
	r->at++;
	return true;
}

/* -1: they are none. */
static int
hex4(const char *at, const char *end)
{
	int	 value = 0, i;
	char	 c;

	if (end - at < 4)
		return -1;
	for (i = 0; i < 4; i++) {
		c = at[i];
		if (c >= '0' && c <= '9')
			value = value * 16 + c - '0';
		else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
			value = value * 16 + (c | 0x20) - 'a' + 10;
		else
			return -1;
	}
	return value;
}

static bool
skip_escape(struct reader *r)
{
	char	 c;

	r->at++;
	c = peek(r);
	if (c == '\0' || strchr("\"\\/bfnrtu", c) == NULL)
		return false;
	r->at++;
	if (c != 'u')
		return true;
	if (hex4(r->at, r->end) == -1)
		return false;
	r->at += 4;
	return true;
}

static bool
skip_string(struct reader *r)
{
	size_t	 n;

	if (!take(r, '"'))
		return false;
	while (r->at < r->end) {
		r->at += plain_span(r->at, (size_t)(r->end - r->at));
		if (take(r, '"'))
			return true;
		if (r->at == r->end)
			break;
		if (*r->at == '\\') {
			if (!skip_escape(r))
				return false;
			continue;
		}
		if ((uint8_t)*r->at < 0x80)
			return false;
		n = character((const uint8_t *)r->at,
		    (size_t)(r->end - r->at));
		if (n == 0)
			return false;
		r->at += n;
	}
	return false;
}

static bool
skip_digits(struct reader *r)
{
	const char	*from = r->at;

	while (peek(r) >= '0' && peek(r) <= '9')
		r->at++;
	return r->at > from;
}

static bool
skip_number(struct reader *r)
{
	take(r, '-');
	if (!take(r, '0') && !skip_digits(r))
		return false;
	if (take(r, '.') && !skip_digits(r))
		return false;
	if (!take(r, 'e') && !take(r, 'E'))
		return true;
	if (!take(r, '+'))
		take(r, '-');
	return skip_digits(r);
}

static bool
skip_word(struct reader *r, const char *word)
{
	size_t	 len = strlen(word);

	if ((size_t)(r->end - r->at) < len || memcmp(r->at, word, len) != 0)
		return false;
	r->at += len;
	return true;
}

static bool
skip_scalar(struct reader *r)
{
	switch (peek(r)) {
	case '"':
		return skip_string(r);
	case 't':
		return skip_word(r, "true");
	case 'f':
		return skip_word(r, "false");
	case 'n':
		return skip_word(r, "null");
	default:
		return skip_number(r);
	}
}

/* A name and its colon. */
static bool
skip_name(struct reader *r)
{
	skip_blanks(r);
	if (!skip_string(r))
		return false;
	skip_blanks(r);
	return take(r, ':');
}

/* Go on behind a value: past what closes, to where the next one begins. */
static bool
skip_close(struct reader *r, const char *closers, size_t *depth)
{
	while (*depth > 0) {
		skip_blanks(r);
		if (take(r, closers[*depth - 1]))
			(*depth)--;
		else
			return take(r, ',') && (closers[*depth - 1] == ']' ||
			    skip_name(r));
	}
	return true;
}

/* Without recursion, as what comes may be nested as deep as it likes. */
static bool
skip_value(struct reader *r)
{
	char	 closers[JSON_DEPTH_MAX], c;
	size_t	 depth = 0;

	do {
		skip_blanks(r);
		c = peek(r);
		if (c != '{' && c != '[') {
			if (!skip_scalar(r))
				return false;
		} else {
			if (depth == JSON_DEPTH_MAX)
				return false;
			r->at++;
			closers[depth++] = c == '{' ? '}' : ']';
			skip_blanks(r);
			if (peek(r) != closers[depth - 1]) {
				if (c == '{' && !skip_name(r))
					return false;
				continue;
			}
		}
		if (!skip_close(r, closers, &depth))
			return false;
	} while (depth > 0);
	return true;
}

bool
json_parse(const char *json, size_t len, struct json_value *value)
{
	struct reader	 r = { json, json + len };

	skip_blanks(&r);
	value->at = r.at;
	if (!skip_value(&r))
		return false;
	value->len = (size_t)(r.at - value->at);
	skip_blanks(&r);
	return r.at == r.end;
}

bool
json_next_member(const struct json_value *object, const char **at,
    struct json_value *name, struct json_value *value)
{
	struct reader	 r = { *at, object->at + object->len };

	if (r.at == NULL)
		r.at = object->at + 1;
	skip_blanks(&r);
	take(&r, ',');
	skip_blanks(&r);
	if (peek(&r) != '"')
		return false;
	name->at = r.at + 1;
	skip_string(&r);
	name->len = (size_t)(r.at - 1 - name->at);
	skip_blanks(&r);
	take(&r, ':');
	skip_blanks(&r);
	value->at = r.at;
	skip_value(&r);
	value->len = (size_t)(r.at - value->at);
	*at = r.at;
	return true;
}

bool
json_is_text(const struct json_value *v, const char *literal)
{
	return v->at != NULL && v->len == strlen(literal) &&
	    memcmp(v->at, literal, v->len) == 0;
}

static void
put_utf8(struct buffer *b, uint32_t c)
{
	uint8_t	 bytes[4];
	size_t	 n = 0;

	if (c < 0x80)
		bytes[n++] = (uint8_t)c;
	else {
		if (c < 0x800)
			bytes[n++] = (uint8_t)(0xc0 | c >> 6);
		else {
			if (c < 0x10000)
				bytes[n++] = (uint8_t)(0xe0 | c >> 12);
			else {
				bytes[n++] = (uint8_t)(0xf0 | c >> 18);
				bytes[n++] = (uint8_t)(0x80 | (c >> 12 & 63));
			}
			bytes[n++] = (uint8_t)(0x80 | (c >> 6 & 63));
		}
		bytes[n++] = (uint8_t)(0x80 | (c & 63));
	}
	buffer_add(b, bytes, n);
}

/* Behind \\u; how many bytes it took. */
static size_t
put_code(struct buffer *b, const char *at, const char *end)
{
	int	 high = hex4(at, end), low;

	if (high < 0xd800 || high > 0xdfff) {
		put_utf8(b, (uint32_t)high);
		return 4;
	}
	if (high < 0xdc00 && end - at >= 10 && at[4] == '\\' && at[5] == 'u') {
		low = hex4(at + 6, end);
		if (low >= 0xdc00 && low <= 0xdfff) {
			put_utf8(b, 0x10000 + ((uint32_t)(high - 0xd800) << 10)
			    + (uint32_t)(low - 0xdc00));
			return 10;
		}
	}
	put_utf8(b, 0xfffd);
	return 4;
}

void
json_put_meaning(struct buffer *b, const struct json_value *v)
{
	static const char	 letters[] = "btnfr", means[] = "\b\t\n\f\r";
	const char		*at = v->at + 1, *end = v->at + v->len - 1;
	const char		*slash, *found;

	while ((slash = memchr(at, '\\', (size_t)(end - at))) != NULL) {
		buffer_add(b, at, (size_t)(slash - at));
		at = slash + 2;
		if (slash[1] == 'u')
			at += put_code(b, at, end);
		else if ((found = strchr(letters, slash[1])) != NULL)
			buffer_add(b, &means[found - letters], 1);
		else
			buffer_add(b, &slash[1], 1);
	}
	buffer_add(b, at, (size_t)(end - at));
}

/* --- shorter ------------------------------------------------------------ */

void
json_put_compact(struct buffer *b, const char *json, size_t len)
{
	struct reader	 r = { json, json + len };
	const char	*from = json;

	while (r.at < r.end) {
		if (*r.at == '"' && skip_string(&r))
			continue;
		if (!is_blank(*r.at)) {
			r.at++;
			continue;
		}
		buffer_add(b, from, (size_t)(r.at - from));
		from = ++r.at;
	}
	buffer_add(b, from, (size_t)(r.at - from));
}
