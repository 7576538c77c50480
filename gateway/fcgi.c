/*
 * fcgi: bytes <-> FastCGI records and name-value pairs.
 *
 * Nothing here allocates or keeps anything.  Every length is compared in 64
 * bits with the bytes that are really there, so that no sum of two lengths can
 * wrap, on any machine.
 */
#include "fcgi.h"

#include <stdbool.h>
#include <string.h>

#define PAIR_LENGTH_MAX	0x7fffffff	/* 31 bits (section 3.4) */

static uint32_t
get16(const uint8_t *in)
{
	return (uint32_t)in[0] << 8 | in[1];
}

static uint32_t
get32(const uint8_t *in)
{
	return get16(in) << 16 | get16(in + 2);
}

static void
put16(uint8_t *out, uint32_t n)
{
	out[0] = (uint8_t)(n >> 8);
	out[1] = (uint8_t)n;
}

static void
put32(uint8_t *out, uint32_t n)
{
	put16(out, n >> 16);
	put16(out + 2, n);
}

/* --- records (section 3.3) ---------------------------------------------- */

size_t
fcgi_record_size(const uint8_t header[FCGI_HEADER_LEN])
{
	return FCGI_HEADER_LEN + get16(header + 4) + header[6];
}

ptrdiff_t
fcgi_parse(const uint8_t *bytes, size_t len, struct fcgi_record *record)
{
	size_t	 size;

	if (len == 0)
		return 0;
	if (bytes[0] != FCGI_VERSION_1)
		return -1;
	if (len < FCGI_HEADER_LEN || len < (size = fcgi_record_size(bytes)))
		return 0;
	record->type = bytes[1];
	record->request_id = (uint16_t)get16(bytes + 2);
	record->length = get16(bytes + 4);
	record->content = bytes + FCGI_HEADER_LEN;
	return (ptrdiff_t)size;
}

void
fcgi_put_header(uint8_t out[FCGI_HEADER_LEN], uint8_t type,
    uint16_t request_id, uint16_t length, uint8_t padding)
{
	out[0] = FCGI_VERSION_1;
	out[1] = type;
	put16(out + 2, request_id);
	put16(out + 4, length);
	out[6] = padding;
	out[7] = 0;
}

/* A header, and a body of eight zeroes to write into. */
static uint8_t *
put_fixed(uint8_t out[FCGI_FIXED_LEN], uint8_t type, uint16_t request_id)
{
	fcgi_put_header(out, type, request_id,
	    FCGI_FIXED_LEN - FCGI_HEADER_LEN, 0);
	return memset(out + FCGI_HEADER_LEN, 0,
	    FCGI_FIXED_LEN - FCGI_HEADER_LEN);
}

void
fcgi_put_begin(uint8_t out[FCGI_FIXED_LEN], uint16_t request_id,
    uint16_t role, uint8_t flags)
{
	uint8_t	*body;

	body = put_fixed(out, FCGI_BEGIN_REQUEST, request_id);
	put16(body, role);
	body[2] = flags;
}

void
fcgi_put_end(uint8_t out[FCGI_FIXED_LEN], uint16_t request_id,
    uint32_t app_status, uint8_t protocol_status)
{
	uint8_t	*body;

	body = put_fixed(out, FCGI_END_REQUEST, request_id);
	put32(body, app_status);
	body[4] = protocol_status;
}

void
fcgi_put_unknown(uint8_t out[FCGI_FIXED_LEN], uint8_t type)
{
	uint8_t	*body;

	body = put_fixed(out, FCGI_UNKNOWN_TYPE, FCGI_NULL_REQUEST_ID);
	body[0] = type;
}

int
fcgi_get_begin(const struct fcgi_record *record, uint16_t *role,
    uint8_t *flags)
{
	if (record->length != sizeof(FCGI_BeginRequestBody))
		return -1;
	*role = (uint16_t)get16(record->content);
	*flags = record->content[2];
	return 0;
}

int
fcgi_get_end(const struct fcgi_record *record, uint32_t *app_status,
    uint8_t *protocol_status)
{
	if (record->length != sizeof(FCGI_EndRequestBody))
		return -1;
	*app_status = get32(record->content);
	*protocol_status = record->content[4];
	return 0;
}

/* --- name-value pairs (section 3.4) ------------------------------------- */

/*
 * Read the lengths of a pair, in any of their forms.  Returns the bytes that
 * they take up, or what fcgi_pair_parse is to return.
 */
static ptrdiff_t
get_lengths(const uint8_t *bytes, size_t len, size_t max,
    struct fcgi_pair *pair)
{
	uint64_t	 total = 0;	/* what it takes up, as far as known */
	size_t		 head = 0, width, length;
	int		 i;

	for (i = 0; i < 2; i++) {
		width = head < len && (bytes[head] & 0x80) != 0 ? 4 : 1;
		total += width;
		if (total > max)
			return -1;
		if (len - head < width)
			return 0;
		length = width == 1 ? bytes[head] :
		    get32(bytes + head) & PAIR_LENGTH_MAX;
		if (i == 0)
			pair->name_len = length;
		else
			pair->value_len = length;
		total += length;
		head += width;
	}
	return (ptrdiff_t)head;
}

ptrdiff_t
fcgi_pair_parse(const uint8_t *bytes, size_t len, size_t max,
    struct fcgi_pair *pair)
{
	uint64_t	 total;
	ptrdiff_t	 head = 2;

	if (len >= 2 && bytes[0] < 0x80 && bytes[1] < 0x80) {
		pair->name_len = bytes[0];	/* nearly always */
		pair->value_len = bytes[1];
	} else if ((head = get_lengths(bytes, len, max, pair)) <= 0)
		return head;
	total = (uint64_t)head + pair->name_len + pair->value_len;
	if (total > max)
		return -1;
	if (total > len)
		return 0;
	pair->head = (size_t)head;
	pair->name = (const char *)bytes + head;
	pair->value = pair->name + pair->name_len;
	return (ptrdiff_t)total;
}

/* Write a length where put stands; returns what is behind it. */
static uint8_t *
put_length(uint8_t *put, size_t length)
{
	if (length < 0x80) {
		*put = (uint8_t)length;
		return put + 1;
	}
	put32(put, (uint32_t)length | 0x80000000);
	return put + 4;
}

size_t
fcgi_pair_put(uint8_t *out, size_t room, const struct fcgi_pair *pair)
{
	uint64_t	 size;
	uint8_t		*put = out;

	if (pair->name_len > PAIR_LENGTH_MAX ||
	    pair->value_len > PAIR_LENGTH_MAX)
		return 0;
	size = (uint64_t)pair->name_len + pair->value_len +
	    (pair->name_len < 0x80 ? 1 : 4) +
	    (pair->value_len < 0x80 ? 1 : 4);
	if (size > room)
		return 0;

	put = put_length(put, pair->name_len);
	put = put_length(put, pair->value_len);
	/* An empty text may be NULL, which memcpy(3) must not see. */
	if (pair->name_len > 0)
		put = mempcpy(put, pair->name, pair->name_len);
	if (pair->value_len > 0)
		put = mempcpy(put, pair->value, pair->value_len);
	return (size_t)(put - out);
}

/* --- FCGI_GET_VALUES (section 4.1) -------------------------------------- */

static const struct {
	const char	*name;
	size_t		 offset;	/* in struct fcgi_values */
} known_values[] = {
	{ FCGI_MAX_CONNS,  offsetof(struct fcgi_values, max_conns) },
	{ FCGI_MAX_REQS,   offsetof(struct fcgi_values, max_reqs) },
	{ FCGI_MPXS_CONNS, offsetof(struct fcgi_values, mpxs_conns) },
};
#define KNOWN_VALUES	(sizeof(known_values) / sizeof(known_values[0]))

/* Mark the known names that the content asks for, however often. */
static void
find_asked(const struct fcgi_record *record, bool asked[KNOWN_VALUES])
{
	struct fcgi_pair	 pair;
	size_t			 at, i;
	ptrdiff_t		 n;

	for (at = 0; (n = fcgi_pair_parse(record->content + at,
	    record->length - at, record->length - at, &pair)) > 0;
	    at += (size_t)n)
		for (i = 0; i < KNOWN_VALUES; i++)
			if (strlen(known_values[i].name) == pair.name_len &&
			    memcmp(known_values[i].name, pair.name,
			    pair.name_len) == 0)
				asked[i] = true;
}

/* Write n in decimal; returns the digits. */
static size_t
put_decimal(char out[10], uint32_t n)
{
	uint32_t	 rest;
	size_t		 width, i;

	for (width = 1, rest = n; rest > 9; rest /= 10)
		width++;
	for (i = width; i > 0; n /= 10)
		out[--i] = (char)('0' + n % 10);
	return width;
}

size_t
fcgi_put_values(uint8_t out[FCGI_VALUES_MAX], const struct fcgi_record *record,
    const struct fcgi_values *values)
{
	bool			 asked[KNOWN_VALUES] = { false };
	struct fcgi_pair	 pair;
	uint32_t		 n;
	char			 digits[10];
	size_t			 size = FCGI_HEADER_LEN, padding, i;

	find_asked(record, asked);
	for (i = 0; i < KNOWN_VALUES; i++) {
		if (!asked[i])
			continue;
		memcpy(&n, (const char *)values + known_values[i].offset,
		    sizeof(n));
		pair.name = known_values[i].name;
		pair.name_len = strlen(pair.name);
		pair.value = digits;
		pair.value_len = put_decimal(digits, n);
		size += fcgi_pair_put(out + size, FCGI_VALUES_MAX - size,
		    &pair);
	}
	padding = -size & 7;
	memset(out + size, 0, padding);
	fcgi_put_header(out, FCGI_GET_VALUES_RESULT, FCGI_NULL_REQUEST_ID,
	    (uint16_t)(size - FCGI_HEADER_LEN), (uint8_t)padding);
	return size + padding;
}
