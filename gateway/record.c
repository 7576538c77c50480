/*
 * record: what one request cost, as a line of JSON.  On the path of every
 * request, so what most records consist of - numbers, plain text, the second
 * that it is - is put down without a look at each byte.
 */
#include "accounting.h"

#include <string.h>
#include <time.h>

#include "log.h"

/* Room for text, quotes included, so that all together keep to RECORD_MAX. */
#define NAME_ROOM	128
#define PATH_ROOM	6144

#define SECONDS_MAX	UINT64_C(253402300799)	/* the end of year 9999 */
#define GB		(UINT64_C(1) << 30)

const char *
outcome_name(enum outcome outcome)
{
	static const char *const	 names[OUTCOMES] = {
		[OUTCOME_OK]       = "ok",
		[OUTCOME_ERROR]    = "error",
		[OUTCOME_TIMEOUT]  = "timeout",
		[OUTCOME_CRASH]    = "crash",
		[OUTCOME_OOM]      = "oom",
		[OUTCOME_ABORTED]  = "aborted",
		[OUTCOME_REJECTED] = "rejected",
	};

	return (unsigned)outcome < OUTCOMES ? names[outcome] : "";
}

uint64_t
record_billed_ms(uint64_t duration_us, uint64_t granularity_ms)
{
	uint64_t	 unit_us;

	if (granularity_ms == 0)
		granularity_ms = 1;
	unit_us = granularity_ms * 1000;
	return (duration_us / unit_us + (duration_us % unit_us != 0)) *
	    granularity_ms;
}

/* Each of these puts something down at at and returns where it ends. */

static char *
put_bytes(char *at, const void *bytes, size_t len)
{
	memcpy(at, bytes, len);
	return at + len;
}

/* Of a length that the compiler knows: a few moves, no call. */
#define PUT(at, literal)	put_bytes(at, literal, sizeof(literal) - 1)

/* Two at a time, as each takes a division. */
static char *
put_digits(char *at, uint64_t n, int width)
{
	static const char	 pairs[] =
	    "00010203040506070809101112131415161718192021222324"
	    "25262728293031323334353637383940414243444546474849"
	    "50515253545556575859606162636465666768697071727374"
	    "75767778798081828384858687888990919293949596979899";
	int			 i;

	for (i = width; i > 1; n /= 100) {
		i -= 2;
		memcpy(at + i, &pairs[2 * (n % 100)], 2);
	}
	if (i == 1)
		at[0] = (char)('0' + n % 10);
	return at + width;
}

static char *
put_number(char *at, uint64_t n)
{
	uint64_t	 rest;
	int		 width = 1;

	for (rest = n; rest >= 100; rest /= 100)
		width += 2;
	return put_digits(at, n, width + (rest >= 10));
}

static char *
put_signed(char *at, int64_t n)
{
	if (n >= 0)
		return put_number(at, (uint64_t)n);
	*at++ = '-';
	return put_number(at, -(uint64_t)n);
}

/* Microseconds as milliseconds. */
static char *
put_ms(char *at, uint64_t us)
{
	at = put_number(at, us / 1000);
	*at++ = '.';
	return put_digits(at, us % 1000, 3);
}

/* RFC 3339, UTC; down to the second it is mostly as the time before. */
static char *
put_time(char *at, uint64_t us, struct record_second *last)
{
	struct tm	 tm;
	uint64_t	 second = us / 1000000;
	char		*text = last->text;
	time_t		 t;

	if (text[0] == '\0' || last->second != second) {
		last->second = second;
		t = (time_t)(second < SECONDS_MAX ? second : SECONDS_MAX);
		gmtime_r(&t, &tm);
		text = put_digits(text, (uint64_t)tm.tm_year + 1900, 4);
		*text++ = '-';
		text = put_digits(text, (uint64_t)tm.tm_mon + 1, 2);
		*text++ = '-';
		text = put_digits(text, (uint64_t)tm.tm_mday, 2);
		*text++ = 'T';
		text = put_digits(text, (uint64_t)tm.tm_hour, 2);
		*text++ = ':';
		text = put_digits(text, (uint64_t)tm.tm_min, 2);
		*text++ = ':';
		put_digits(text, (uint64_t)tm.tm_sec, 2);
	}
	at = put_bytes(at, last->text, sizeof(last->text));
	*at++ = '.';
	at = put_digits(at, us % 1000000, 6);
	*at++ = 'Z';
	return at;
}

/* Memory x time; millionths are put down, a billionth of a GB-s each. */
static char *
put_gb_ms(char *at, uint64_t memory, uint64_t ms)
{
	unsigned __int128	 millionths;

	millionths = (unsigned __int128)memory * ms * 1000000 / GB;
	if (millionths > UINT64_MAX)
		millionths = UINT64_MAX;
	at = put_number(at, (uint64_t)millionths / 1000000);
	*at++ = '.';
	return put_digits(at, (uint64_t)millionths % 1000000, 6);
}

/* Does it stand in a JSON string as it is (RFC 8259 section 7)? */
static bool
is_plain(unsigned char c)
{
	return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

/*
 * Are these eight all plain?  In each line the top bit of a byte says no: it is
 * set already, below 0x20, DEL, a quote, a backslash.  A borrow can only come
 * from a byte that says no itself.
 */
static bool
eight_are_plain(const char text[8])
{
	const uint64_t	 ones = UINT64_C(0x0101010101010101);
	uint64_t	 word, quote, backslash, no;

	memcpy(&word, text, sizeof(word));
	quote = word ^ ones * '"';
	backslash = word ^ ones * '\\';
	no = word;
	no |= word - ones * 0x20;
	no |= word + ones;
	no |= quote - ones;
	no |= backslash - ones;
	return (no & ones * 0x80) == 0;
}

/* Eight at a time, the last eight maybe for the second time. */
static bool
are_plain(const char *text, size_t len)
{
	size_t	 i = 0;

	if (len < 8) {
		while (i < len && is_plain((unsigned char)text[i]))
			i++;
		return i == len;
	}
	while (i < len - 8 && eight_are_plain(text + i))
		i += 8;
	return i >= len - 8 && eight_are_plain(text + len - 8);
}

/*
 * What stands for the first character of text, which is not plain, in a JSON
 * string; *taken: the bytes of text that it stands for.
 */
static size_t
word_character(char piece[6], const char *text, size_t len, size_t *taken)
{
	static const char	 hex[] = "0123456789abcdef";
	unsigned char		 c = (unsigned char)*text;

	*taken = 1;
	if (c == '"' || c == '\\') {
		piece[0] = '\\';
		piece[1] = *text;
		return 2;
	}
	if (c < 0x20 || c == 0x7f) {
		memcpy(piece, "\\u00", 4);
		piece[4] = hex[c >> 4];
		piece[5] = hex[c & 0xf];
		return 6;
	}
	if ((*taken = utf8_length(text, len)) != 0) {
		memcpy(piece, text, *taken);
		return *taken;
	}
	/* The replacement character: some byte stood here. */
	*taken = 1;
	memcpy(piece, "\\ufffd", 6);
	return 6;
}

/*
 * The inside of a string that cannot be taken as it is: not all of it is plain,
 * or it is too long for room, and then ends in three dots.
 */
static char *
put_characters(char *at, size_t room, const char *text, size_t len)
{
	const char	*end = at + room;
	char		 piece[6], *cut;
	size_t		 taken, width;

	for (cut = at; len > 0; text += taken, len -= taken) {
		taken = width = 1;
		if (is_plain((unsigned char)*text))
			piece[0] = *text;
		else
			width = word_character(piece, text, len, &taken);
		if (width > (size_t)(end - at))
			return PUT(cut, "...");
		at = put_bytes(at, piece, width);
		/* So far, if what follows does not fit. */
		if (end - at >= 3)
			cut = at;
	}
	return at;
}

/* A string of at most room bytes. */
static char *
put_string(char *at, size_t room, const char *text)
{
	size_t	 len;

	if (text == NULL)
		text = "";
	len = strlen(text);
	*at++ = '"';
	room -= 2;
	if (len <= room && are_plain(text, len))
		at = put_bytes(at, text, len);
	else
		at = put_characters(at, room, text, len);
	*at++ = '"';
	return at;
}

static char *
put_request(char *at, const struct record *r, struct record_second *last)
{
	at = PUT(at, "{\"time\":\"");
	at = put_time(at, r->time_us, last);
	at = PUT(at, "\",\"id\":");
	at = put_string(at, NAME_ROOM, r->id);
	at = PUT(at, ",\"function\":");
	at = put_string(at, NAME_ROOM, r->function);
	at = PUT(at, ",\"version\":");
	at = put_string(at, NAME_ROOM, r->version);
	at = PUT(at, ",\"trigger\":");
	at = put_string(at, NAME_ROOM, r->trigger);
	at = PUT(at, ",\"user\":");
	at = put_string(at, NAME_ROOM, r->user);
	at = PUT(at, ",\"caller\":");
	at = put_string(at, NAME_ROOM, r->caller);
	at = PUT(at, ",\"method\":");
	at = put_string(at, NAME_ROOM, r->method);
	at = PUT(at, ",\"path\":");
	return put_string(at, PATH_ROOM, r->path);
}

static char *
put_costs(char *at, const struct record *r)
{
	at = PUT(at, ",\"duration_ms\":");
	at = put_ms(at, r->duration_us);
	at = PUT(at, ",\"queue_ms\":");
	at = put_ms(at, r->queue_us);
	if (r->cold) {
		at = PUT(at, ",\"init_ms\":");
		at = put_ms(at, r->init_us);
	}
	at = PUT(at, ",\"billed_ms\":");
	at = put_number(at, r->billed_ms);
	at = PUT(at, ",\"cpu_ms\":");
	at = put_ms(at, r->cpu_us);
	at = PUT(at, ",\"memory_mb\":");
	at = put_number(at, r->memory_bytes >> 20);
	at = PUT(at, ",\"max_memory_kb\":");
	at = put_number(at, r->max_memory_kb);
	at = PUT(at, ",\"gb_ms\":");
	at = put_gb_ms(at, r->memory_bytes, r->billed_ms);
	at = PUT(at, ",\"bytes_in\":");
	at = put_number(at, r->bytes_in);
	at = PUT(at, ",\"bytes_out\":");
	return put_number(at, r->bytes_out);
}

size_t
record_format(char out[RECORD_MAX], const struct record *r,
    struct record_second *last)
{
	char	*at;

	at = put_request(out, r, last);
	at = PUT(at, ",\"status\":");
	at = put_signed(at, r->status);
	at = PUT(at, ",\"outcome\":\"");
	at = stpcpy(at, outcome_name(r->outcome));
	*at++ = '"';
	at = put_costs(at, r);
	at = PUT(at, ",\"worker\":");
	at = put_signed(at, r->worker);
	at = r->cold ? PUT(at, ",\"cold\":true") : PUT(at, ",\"cold\":false");
	at = PUT(at, ",\"attempt\":");
	at = put_number(at, r->attempt);
	at = PUT(at, "}\n");
	return (size_t)(at - out);
}
