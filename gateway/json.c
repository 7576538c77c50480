/*
 * json: a byte at a time through a table of states.
 */
#include "json.h"

#include <stdio.h>
#include <string.h>

#include "mem.h"

enum state {
	VALUE = 0,	/* a value must come */
	FIRST_ITEM,	/* or the array ends */
	FIRST_KEY,	/* a key, or the object ends */
	KEY,
	COLON,
	AFTER,		/* a value has ended */
	STRING,
	CHARACTER,	/* in one of several bytes, of a string */
	ESCAPE,
	HEX,
	LITERAL,
	MINUS,		/* of a number, as all below */
	ZERO,
	WHOLE,
	POINT,
	FRACTION,
	EXPONENT,
	SIGN,
	POWER,
	NOT_UTF8, TOO_DEEP, UNEXPECTED
};

#define DIGIT(c)	((c) >= '0' && (c) <= '9')

/* --- UTF-8 (RFC 3629 section 4) ------------------------------------------- */

/*
 * How many bytes follow one that is not ASCII, of which the next is within low
 * and high; 0: none begins so.
 */
static unsigned
begin_character(uint8_t c, uint8_t *low, uint8_t *high)
{
	*low = c == 0xe0 ? 0xa0 : c == 0xf0 ? 0x90 : 0x80;
	*high = c == 0xed ? 0x9f : c == 0xf4 ? 0x8f : 0xbf;
	if (c < 0xc2 || c > 0xf4)
		return 0;
	return c < 0xe0 ? 1 : c < 0xf0 ? 2 : 3;
}

/* --- checking ------------------------------------------------------------- */

static bool
in_object(const struct json_check *j)
{
	unsigned	 i = j->depth - 1;

	return j->depth > 0 && (j->is_object[i / 8] >> i % 8 & 1) != 0;
}

static enum state
push(struct json_check *j, bool is_object)
{
	unsigned	 i = j->depth;
	uint8_t		 bit = (uint8_t)(1U << i % 8);

	if (i == JSON_DEPTH_MAX)
		return TOO_DEEP;
	j->depth++;
	j->is_object[i / 8] = (uint8_t)(is_object ? j->is_object[i / 8] | bit :
	    j->is_object[i / 8] & ~bit);
	return is_object ? FIRST_KEY : FIRST_ITEM;
}

static enum state
pop(struct json_check *j)
{
	j->depth--;
	return AFTER;
}

static enum state
begin_literal(struct json_check *j, const char *rest)
{
	j->literal = rest;
	return LITERAL;
}

static enum state
begin_string(struct json_check *j, bool is_key)
{
	j->is_key = is_key;
	return STRING;
}

static enum state
begin_value(struct json_check *j, uint8_t c)
{
	switch (c) {
	case '{':
		return push(j, true);
	case '[':
		return push(j, false);
	case '"':
		return begin_string(j, false);
	case 'n':
		return begin_literal(j, "ull");
	case 't':
		return begin_literal(j, "rue");
	case 'f':
		return begin_literal(j, "alse");
	case '-':
		return MINUS;
	case '0':
		return ZERO;
	default:
		return DIGIT(c) ? WHOLE : UNEXPECTED;
	}
}

static enum state
after_value(struct json_check *j, uint8_t c)
{
	bool	 is_object = in_object(j);

	if (j->depth == 0)
		return UNEXPECTED;
	if (c == ',')
		return is_object ? KEY : VALUE;
	return c == (is_object ? '}' : ']') ? pop(j) : UNEXPECTED;
}

static enum state
in_string(struct json_check *j, uint8_t c)
{
	if (c == '"')
		return j->is_key ? COLON : AFTER;
	if (c == '\\')
		return ESCAPE;
	if (c < 0x20)
		return UNEXPECTED;
	if (c < 0x80)
		return STRING;
	j->left = begin_character(c, &j->low, &j->high);
	return j->left == 0 ? NOT_UTF8 : CHARACTER;
}

static enum state
in_character(struct json_check *j, uint8_t c)
{
	if (c < j->low || c > j->high)
		return NOT_UTF8;
	j->low = 0x80;
	j->high = 0xbf;
	return --j->left == 0 ? STRING : CHARACTER;
}

static enum state
in_escape(struct json_check *j, uint8_t c)
{
	j->left = 4;
	if (c == 'u')
		return HEX;
	return c != '\0' && strchr("\"\\/bfnrt", c) != NULL ? STRING :
	    UNEXPECTED;
}

static enum state
in_hex(struct json_check *j, uint8_t c)
{
	if (!DIGIT(c) && ((c | 0x20) < 'a' || (c | 0x20) > 'f'))
		return UNEXPECTED;
	return --j->left == 0 ? STRING : HEX;
}

static enum state
in_literal(struct json_check *j, uint8_t c)
{
	if (c != (uint8_t)*j->literal)
		return c < 0x80 ? UNEXPECTED : NOT_UTF8;
	return *++j->literal == '\0' ? AFTER : LITERAL;
}

/* A number ends where something comes that is none of its bytes. */
static enum state
in_number(struct json_check *j, uint8_t c)
{
	static const struct {
		enum state	 digit, point, exponent, sign;
		bool		 may_end;
	} next[] = {
		[MINUS] = { WHOLE, UNEXPECTED, UNEXPECTED, UNEXPECTED, false },
		[ZERO] = { UNEXPECTED, POINT, EXPONENT, UNEXPECTED, true },
		[WHOLE] = { WHOLE, POINT, EXPONENT, UNEXPECTED, true },
		[POINT] = { FRACTION, UNEXPECTED, UNEXPECTED, UNEXPECTED,
		    false },
		[FRACTION] = { FRACTION, UNEXPECTED, EXPONENT, UNEXPECTED,
		    true },
		[EXPONENT] = { POWER, UNEXPECTED, UNEXPECTED, SIGN, false },
		[SIGN] = { POWER, UNEXPECTED, UNEXPECTED, UNEXPECTED, false },
		[POWER] = { POWER, UNEXPECTED, UNEXPECTED, UNEXPECTED, true },
	};

	if (j->state == MINUS && c == '0')
		return ZERO;
	if (DIGIT(c))
		return next[j->state].digit;
	if (c == '.')
		return next[j->state].point;
	if ((c | 0x20) == 'e')
		return next[j->state].exponent;
	if (c == '+' || c == '-')
		return next[j->state].sign;
	if (!next[j->state].may_end)
		return UNEXPECTED;
	return strchr(" \t\r\n", c) != NULL && c != '\0' ? AFTER :
	    after_value(j, c);
}

static bool
skips_blanks(unsigned state)
{
	return state <= AFTER;
}

static enum state
take(struct json_check *j, uint8_t c)
{
	if (skips_blanks(j->state) && (c == ' ' || c == '\t' || c == '\r' ||
	    c == '\n'))
		return j->state;
	switch ((enum state)j->state) {
	case VALUE:
		return begin_value(j, c);
	case FIRST_ITEM:
		return c == ']' ? pop(j) : begin_value(j, c);
	case FIRST_KEY:
		if (c == '}')
			return pop(j);
		/* FALLTHROUGH */
	case KEY:
		return c == '"' ? begin_string(j, true) : UNEXPECTED;
	case COLON:
		return c == ':' ? VALUE : UNEXPECTED;
	case AFTER:
		return after_value(j, c);
	case STRING:
		return in_string(j, c);
	case CHARACTER:
		return in_character(j, c);
	case ESCAPE:
		return in_escape(j, c);
	case HEX:
		return in_hex(j, c);
	case LITERAL:
		return in_literal(j, c);
	default:
		return in_number(j, c);
	}
}

static enum json_verdict
verdict_of(const struct json_check *j)
{
	switch ((enum state)j->state) {
	case NOT_UTF8:
		return JSON_NOT_UTF8;
	case TOO_DEEP:
		return JSON_TOO_DEEP;
	case UNEXPECTED:
		return JSON_UNEXPECTED;
	default:
		return JSON_GOOD;
	}
}

enum json_verdict
json_feed(struct json_check *j, const void *bytes, size_t len)
{
	const uint8_t	*at = bytes, *end = at + len;

	for (; at < end && j->state < NOT_UTF8; at++) {
		if (*at == '\n') {
			j->line++;
			j->column = 0;
		} else
			j->column++;
		j->wrong = *at;
		j->state = take(j, *at);
	}
	return verdict_of(j);
}

enum json_verdict
json_end(struct json_check *j)
{
	if (j->state >= NOT_UTF8)
		return verdict_of(j);
	if (j->depth == 0 && (j->state == AFTER || j->state == ZERO ||
	    j->state == WHOLE || j->state == FRACTION || j->state == POWER))
		return JSON_GOOD;
	return JSON_UNFINISHED;
}

/* --- strings -------------------------------------------------------------- */

/* How many bytes the whole character takes that text begins with; 0: none. */
static size_t
character_len(const char *text, size_t len)
{
	uint8_t		 low, high, c = (uint8_t)*text;
	size_t		 i, more;

	if (c < 0x80)
		return 1;
	more = begin_character(c, &low, &high);
	if (more == 0 || more >= len)
		return 0;
	for (i = 1; i <= more; i++) {
		c = (uint8_t)text[i];
		if (c < low || c > high)
			return 0;
		low = 0x80;
		high = 0xbf;
	}
	return more + 1;
}

const char *
json_quote(struct arena *arena, const char *text, size_t len)
{
	char	*out = arena_alloc(arena, 6 * len + 3), *to = out;
	size_t	 i, n;

	*to++ = '"';
	for (i = 0; i < len; i += n) {
		n = character_len(text + i, len - i);
		if (n == 0) {
			to = stpcpy(to, "\\ufffd");
			n = 1;
		} else if (n == 1 && ((uint8_t)text[i] < 0x20 ||
		    text[i] == 0x7f))
			to += sprintf(to, "\\u%04x", (unsigned)text[i]);
		else {
			if (text[i] == '"' || text[i] == '\\')
				*to++ = '\\';
			memcpy(to, text + i, n);
			to += n;
		}
	}
	*to++ = '"';
	*to = '\0';
	return out;
}
