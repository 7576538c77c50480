/*
 * record: what one request cost, as a line of JSON.  Pure; on the path of every
 * request, so numbers and plain text are put down by hand.
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
put_digits(char *at, uint64_t n, int width)
{
	int	 i;

	for (i = width - 1; i >= 0; i--, n /= 10)
		at[i] = (char)('0' + n % 10);
	return at + width;
}

static char *
put_number(char *at, uint64_t n)
{
	uint64_t	 rest;
	int		 width = 1;

	for (rest = n / 10; rest != 0; rest /= 10)
		width++;
	return put_digits(at, n, width);
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

/* RFC 3339, UTC. */
static char *
put_time(char *at, uint64_t us)
{
	struct tm	 tm;
	uint64_t	 seconds = us / 1000000;
	time_t		 t;

	t = (time_t)(seconds < SECONDS_MAX ? seconds : SECONDS_MAX);
	gmtime_r(&t, &tm);
	at = put_digits(at, (uint64_t)tm.tm_year + 1900, 4);
	*at++ = '-';
	at = put_digits(at, (uint64_t)tm.tm_mon + 1, 2);
	*at++ = '-';
	at = put_digits(at, (uint64_t)tm.tm_mday, 2);
	*at++ = 'T';
	at = put_digits(at, (uint64_t)tm.tm_hour, 2);
	*at++ = ':';
	at = put_digits(at, (uint64_t)tm.tm_min, 2);
	*at++ = ':';
	at = put_digits(at, (uint64_t)tm.tm_sec, 2);
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

/*
 * What stands for the first byte or character of text in a JSON string (RFC
 * 8259 section 7); *taken: the bytes of text that it stands for.
 */
static size_t
word_character(char piece[6], const unsigned char *text, size_t len,
    size_t *taken)
{
	static const char	 hex[] = "0123456789abcdef";

	*taken = 1;
	if (*text == '"' || *text == '\\') {
		piece[0] = '\\';
		piece[1] = (char)*text;
		return 2;
	}
	if (*text < 0x20 || *text == 0x7f) {
		memcpy(piece, "\\u00", 4);
		piece[4] = hex[*text >> 4];
		piece[5] = hex[*text & 0xf];
		return 6;
	}
	if (*text < 0x7f) {
		piece[0] = (char)*text;
		return 1;
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

/* A string of at most room bytes; one that is cut ends in three dots. */
static char *
put_string(char *at, size_t room, const char *text)
{
	const unsigned char	*s;
	const char		*end = at + room - 1;
	char			 piece[6], *cut;
	size_t			 len, taken, width;

	s = (const unsigned char *)(text != NULL ? text : "");
	len = strlen((const char *)s);
	*at++ = '"';
	for (cut = at; len > 0; s += taken, len -= taken) {
		width = word_character(piece, s, len, &taken);
		if (width > (size_t)(end - at)) {
			at = stpcpy(cut, "...");
			break;
		}
		memcpy(at, piece, width);
		at += width;
		/* So far, if what follows does not fit. */
		if (end - at >= 3)
			cut = at;
	}
	*at++ = '"';
	return at;
}

static char *
put_request(char *at, const struct record *r)
{
	at = stpcpy(at, "{\"time\":\"");
	at = put_time(at, r->time_us);
	at = stpcpy(at, "\",\"id\":");
	at = put_string(at, NAME_ROOM, r->id);
	at = stpcpy(at, ",\"function\":");
	at = put_string(at, NAME_ROOM, r->function);
	at = stpcpy(at, ",\"version\":");
	at = put_string(at, NAME_ROOM, r->version);
	at = stpcpy(at, ",\"trigger\":");
	at = put_string(at, NAME_ROOM, r->trigger);
	at = stpcpy(at, ",\"user\":");
	at = put_string(at, NAME_ROOM, r->user);
	at = stpcpy(at, ",\"method\":");
	at = put_string(at, NAME_ROOM, r->method);
	at = stpcpy(at, ",\"path\":");
	return put_string(at, PATH_ROOM, r->path);
}

static char *
put_costs(char *at, const struct record *r)
{
	at = stpcpy(at, ",\"duration_ms\":");
	at = put_ms(at, r->duration_us);
	at = stpcpy(at, ",\"queue_ms\":");
	at = put_ms(at, r->queue_us);
	if (r->cold) {
		at = stpcpy(at, ",\"init_ms\":");
		at = put_ms(at, r->init_us);
	}
	at = stpcpy(at, ",\"billed_ms\":");
	at = put_number(at, r->billed_ms);
	at = stpcpy(at, ",\"cpu_ms\":");
	at = put_ms(at, r->cpu_us);
	at = stpcpy(at, ",\"memory_mb\":");
	at = put_number(at, r->memory_bytes >> 20);
	at = stpcpy(at, ",\"max_memory_kb\":");
	at = put_number(at, r->max_memory_kb);
	at = stpcpy(at, ",\"gb_ms\":");
	at = put_gb_ms(at, r->memory_bytes, r->billed_ms);
	at = stpcpy(at, ",\"bytes_in\":");
	at = put_number(at, r->bytes_in);
	at = stpcpy(at, ",\"bytes_out\":");
	return put_number(at, r->bytes_out);
}

size_t
record_format(char out[RECORD_MAX], const struct record *r)
{
	char	*at;

	at = put_request(out, r);
	at = stpcpy(at, ",\"status\":");
	at = put_signed(at, r->status);
	at = stpcpy(at, ",\"outcome\":\"");
	at = stpcpy(at, outcome_name(r->outcome));
	at = stpcpy(at, "\"");
	at = put_costs(at, r);
	at = stpcpy(at, ",\"worker\":");
	at = put_signed(at, r->worker);
	at = stpcpy(at, r->cold ? ",\"cold\":true" : ",\"cold\":false");
	at = stpcpy(at, ",\"attempt\":");
	at = put_number(at, r->attempt);
	at = stpcpy(at, "}\n");
	return (size_t)(at - out);
}
