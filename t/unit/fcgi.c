/*
 * fcgi: records and pairs come out as they went in, wherever the bytes are
 * cut, and no length can make more of them than there are.
 */
#include "fcgi.h"
#include "lib/suite.h"

#include <check.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define ROWS(table)	((int)(sizeof(table) / sizeof((table)[0])))

/* A copy of exactly that size: ASan sees what reads beyond. */
static uint8_t *
exact_copy(const void *bytes, size_t len)
{
	uint8_t	*copy;

	ck_assert_ptr_nonnull(copy = malloc(len > 0 ? len : 1));
	if (len > 0)
		memcpy(copy, bytes, len);
	return copy;
}

/* The same numbers on every run and machine. */
static uint32_t
pseudo_random(void)
{
	static uint32_t	 state = 2463534242;

	state ^= state << 13;
	state ^= state >> 17;
	state ^= state << 5;
	return state;
}

/* --- records ------------------------------------------------------------ */

/* Every version but one is refused at its first byte, whatever follows. */
START_TEST(version)
{
	struct fcgi_record	 record;
	uint8_t			 bytes[FCGI_HEADER_LEN] = { 0 };
	size_t			 len;
	int			 i, is_one;

	for (i = 0; i < 256; i++) {
		bytes[0] = (uint8_t)i;
		is_one = i == FCGI_VERSION_1;
		ck_assert_int_eq(fcgi_parse(bytes, 0, &record), 0);
		for (len = 1; len < sizeof(bytes); len++)
			ck_assert_int_eq(fcgi_parse(bytes, len, &record),
			    is_one ? 0 : -1);
		ck_assert_int_eq(fcgi_parse(bytes, sizeof(bytes), &record),
		    is_one ? FCGI_HEADER_LEN : -1);
	}
}
END_TEST

static const struct {
	uint16_t	 length;
	uint8_t		 padding;
} extents[] = {
	{ 0, 0 }, { 0, 1 }, { 0, 255 }, { 1, 0 }, { 1, 7 }, { 255, 1 },
	{ 256, 0 }, { 32767, 255 }, { 32768, 0 }, { 65535, 0 }, { 65535, 1 },
	{ 65535, 255 },
};

/* Whole only with the last byte of its padding. */
START_TEST(extent)
{
	static uint8_t		 bytes[FCGI_RECORD_MAX];
	const size_t		 cuts[] = { 1, 7, 8, 9, 1000 };
	struct fcgi_record	 record;
	size_t			 size, i;

	size = (size_t)FCGI_HEADER_LEN + extents[_i].length +
	    extents[_i].padding;
	memset(bytes, 0xee, sizeof(bytes));
	fcgi_put_header(bytes, FCGI_STDOUT, 0xabcd, extents[_i].length,
	    extents[_i].padding);
	ck_assert_int_eq(bytes[7], 0);
	ck_assert_uint_eq(fcgi_record_size(bytes), size);

	for (i = 0; i < sizeof(cuts) / sizeof(cuts[0]); i++)
		if (cuts[i] < size)
			ck_assert_int_eq(fcgi_parse(bytes, cuts[i], &record),
			    0);
	ck_assert_int_eq(fcgi_parse(bytes, size - 1, &record), 0);
	ck_assert_int_eq(fcgi_parse(bytes, size, &record), (int)size);
	ck_assert_int_eq(fcgi_parse(bytes, sizeof(bytes), &record), (int)size);
	ck_assert_int_eq(record.type, FCGI_STDOUT);
	ck_assert_int_eq(record.request_id, 0xabcd);
	ck_assert_uint_eq(record.length, extents[_i].length);
	ck_assert_ptr_eq(record.content, bytes + FCGI_HEADER_LEN);
}
END_TEST

/* Parse what is there of a stream; returns how far it is understood. */
static size_t
parse_stream(const uint8_t *bytes, size_t len, int types[], int *count)
{
	struct fcgi_record	 record;
	size_t			 at = 0;
	ptrdiff_t		 n;

	while ((n = fcgi_parse(bytes + at, len - at, &record)) > 0) {
		types[(*count)++] = record.type;
		at += (size_t)n;
	}
	ck_assert_int_eq(n, 0);
	return at;
}

/* A request cut in two at every byte is the same request. */
START_TEST(every_split)
{
	const int	 expected[] = { FCGI_BEGIN_REQUEST, FCGI_PARAMS,
			    FCGI_PARAMS, FCGI_STDIN };
	uint8_t		 stream[256], *first, *rest;
	size_t		 len = 0, cut, used;
	int		 types[8], count;

	fcgi_put_begin(stream, 1, FCGI_RESPONDER, FCGI_KEEP_CONN);
	len += FCGI_FIXED_LEN;
	fcgi_put_header(stream + len, FCGI_PARAMS, 1, 5, 3);
	/* What looks like a record in content and padding is none. */
	memcpy(stream + len + FCGI_HEADER_LEN, "\1\1\0\1\0\1\5\0", 8);
	len += FCGI_HEADER_LEN + 8;
	fcgi_put_header(stream + len, FCGI_PARAMS, 1, 0, 0);
	len += FCGI_HEADER_LEN;
	fcgi_put_header(stream + len, FCGI_STDIN, 1, 0, 8);
	memcpy(stream + len + FCGI_HEADER_LEN, "\1\5\0\1\0\0\0\0", 8);
	len += FCGI_HEADER_LEN + 8;

	for (cut = 0; cut <= len; cut++) {
		count = 0;
		first = exact_copy(stream, cut);
		used = parse_stream(first, cut, types, &count);
		rest = exact_copy(stream + used, len - used);
		used += parse_stream(rest, len - used, types, &count);
		ck_assert_uint_eq(used, len);
		ck_assert_int_eq(count, ROWS(expected));
		ck_assert_mem_eq(types, expected, sizeof(expected));
		free(first);
		free(rest);
	}
}
END_TEST

/* --- records of fixed size ---------------------------------------------- */

/* Parse out, in which every byte must have been written. */
static struct fcgi_record
parse_fixed(const uint8_t out[FCGI_FIXED_LEN])
{
	struct fcgi_record	 record;

	ck_assert_int_eq(fcgi_parse(out, FCGI_FIXED_LEN, &record),
	    FCGI_FIXED_LEN);
	ck_assert_uint_eq(record.length, 8);
	return record;
}

START_TEST(fixed_bytes)
{
	uint8_t	 out[FCGI_FIXED_LEN];

	memset(out, 0xee, sizeof(out));
	fcgi_put_begin(out, 0x1234, FCGI_FILTER, FCGI_KEEP_CONN);
	ck_assert_mem_eq(out, "\1\1\x12\x34\0\10\0\0\0\3\1\0\0\0\0\0", 16);
	memset(out, 0xee, sizeof(out));
	fcgi_put_end(out, 0xffff, 0x89abcdef, FCGI_OVERLOADED);
	ck_assert_mem_eq(out,
	    "\1\3\xff\xff\0\10\0\0\x89\xab\xcd\xef\2\0\0\0", 16);
	memset(out, 0xee, sizeof(out));
	fcgi_put_unknown(out, 200);
	ck_assert_mem_eq(out, "\1\13\0\0\0\10\0\0\xc8\0\0\0\0\0\0\0", 16);
}
END_TEST

START_TEST(begin_and_end_round_trip)
{
	const uint32_t		 statuses[] = { 0, 1, 0x7fffffff, 0x80000000,
				    0xffffffff };
	struct fcgi_record	 record;
	uint8_t			 out[FCGI_FIXED_LEN], flags, protocol;
	uint16_t		 role;
	uint32_t		 status;
	int			 i;

	for (i = 0; i < 65536; i += 257) {
		fcgi_put_begin(out, (uint16_t)i, (uint16_t)i, (uint8_t)i);
		record = parse_fixed(out);
		ck_assert_int_eq(record.type, FCGI_BEGIN_REQUEST);
		ck_assert_int_eq(record.request_id, i);
		ck_assert_int_eq(fcgi_get_begin(&record, &role, &flags), 0);
		ck_assert_int_eq(role, i);
		ck_assert_int_eq(flags, (uint8_t)i);
	}
	for (i = 0; i < ROWS(statuses); i++) {
		fcgi_put_end(out, 7, statuses[i], (uint8_t)i);
		record = parse_fixed(out);
		ck_assert_int_eq(record.type, FCGI_END_REQUEST);
		ck_assert_int_eq(fcgi_get_end(&record, &status, &protocol), 0);
		ck_assert_uint_eq(status, statuses[i]);
		ck_assert_int_eq(protocol, i);
	}
}
END_TEST

START_TEST(body_of_another_length)
{
	uint8_t			 body[16] = { 0 }, byte;
	struct fcgi_record	 record = { .content = body };
	uint16_t		 role;
	uint32_t		 status;

	for (record.length = 0; record.length <= sizeof(body);
	    record.length++) {
		ck_assert_int_eq(fcgi_get_begin(&record, &role, &byte),
		    record.length == 8 ? 0 : -1);
		ck_assert_int_eq(fcgi_get_end(&record, &status, &byte),
		    record.length == 8 ? 0 : -1);
	}
}
END_TEST

/* --- pairs -------------------------------------------------------------- */

static const uint32_t	lengths[] = {
	0, 1, 127, 128, 129, 65535, 0x7ffffffe, 0x7fffffff,
};
#define LENGTHS	ROWS(lengths)

/* Either form of a length; 4 bytes for those that need them. */
static size_t
put_length(uint8_t *out, uint32_t length, bool is_long)
{
	if (!is_long && length < 128) {
		out[0] = (uint8_t)length;
		return 1;
	}
	out[0] = (uint8_t)(length >> 24 | 0x80);
	out[1] = (uint8_t)(length >> 16);
	out[2] = (uint8_t)(length >> 8);
	out[3] = (uint8_t)length;
	return 4;
}

/*
 * Each length with each, in either form (0x80000000 and 0xffffffff on the wire
 * are the long forms of 0 and 0x7fffffff): whole exactly when all is there,
 * refused exactly when it is more than may be.
 */
static void
check_lengths(uint32_t name, uint32_t value, int forms)
{
	static uint8_t		 bytes[2 * 65536 + 16];
	struct fcgi_pair	 pair;
	uint64_t		 total;
	size_t			 head, size;

	head = put_length(bytes, name, (forms & 1) != 0);
	head += put_length(bytes + head, value, (forms & 2) != 0);
	total = (uint64_t)head + name + value;

	ck_assert_int_eq(fcgi_pair_parse(bytes, head, (size_t)total - 1,
	    &pair), -1);
	if (name + (uint64_t)value > 0)
		ck_assert_int_eq(fcgi_pair_parse(bytes, head, SIZE_MAX, &pair),
		    0);
	if (total > sizeof(bytes)) {
		ck_assert_int_eq(fcgi_pair_parse(bytes, sizeof(bytes),
		    SIZE_MAX, &pair), 0);
		ck_assert_int_eq(fcgi_pair_parse(bytes, sizeof(bytes),
		    65536, &pair), -1);
		return;
	}
	size = (size_t)total;
	ck_assert_int_eq(fcgi_pair_parse(bytes, size - 1, size, &pair), 0);
	ck_assert_int_eq(fcgi_pair_parse(bytes, size, size, &pair), (int)size);
	ck_assert_int_eq(fcgi_pair_parse(bytes, sizeof(bytes), SIZE_MAX,
	    &pair), (int)size);
	ck_assert_uint_eq(pair.name_len, name);
	ck_assert_uint_eq(pair.value_len, value);
	ck_assert_uint_eq(pair.head, head);
	ck_assert_ptr_eq(pair.name, bytes + head);
	ck_assert_ptr_eq(pair.value, bytes + head + name);
}

START_TEST(lengths_squared)
{
	int	 i, forms;

	for (i = 0; i < LENGTHS; i++)
		for (forms = 0; forms < 4; forms++)
			check_lengths(lengths[_i], lengths[i], forms);
}
END_TEST

/* A length that cannot be true is refused before the other one is there. */
START_TEST(refused_early)
{
	struct fcgi_pair	 pair;

	ck_assert_int_eq(fcgi_pair_parse((const uint8_t *)"\xff\xff\xff\xff",
	    4, 65536, &pair), -1);
	ck_assert_int_eq(fcgi_pair_parse((const uint8_t *)"\x80", 1, 5, &pair),
	    0);
	ck_assert_int_eq(fcgi_pair_parse((const uint8_t *)"\x80", 1, 3, &pair),
	    -1);
	ck_assert_int_eq(fcgi_pair_parse((const uint8_t *)"", 0, 1, &pair), 0);
	ck_assert_int_eq(fcgi_pair_parse((const uint8_t *)"", 0, 0, &pair), -1);
	ck_assert_int_eq(fcgi_pair_parse((const uint8_t *)"", 1, 1, &pair), -1);
}
END_TEST

/* Into a room that is too small by one byte nothing is written. */
static void
check_room(uint32_t name, uint32_t value)
{
	static char		 text[65535];
	struct fcgi_pair	 in = { text, name, text, value, 0 }, out;
	uint8_t			 small[2], *room;
	size_t			 size;

	if (name > sizeof(text) || value > sizeof(text)) {
		ck_assert_uint_eq(fcgi_pair_put(small, sizeof(small), &in), 0);
		return;
	}
	memset(text, 'x', sizeof(text));
	size = (size_t)(name < 128 ? 1 : 4) + (value < 128 ? 1 : 4) + name +
	    value;
	room = exact_copy(NULL, 0);
	ck_assert_uint_eq(fcgi_pair_put(room, 0, &in), 0);
	free(room);
	ck_assert_ptr_nonnull(room = malloc(size));
	ck_assert_uint_eq(fcgi_pair_put(room, size - 1, &in), 0);
	ck_assert_uint_eq(fcgi_pair_put(room, size, &in), size);
	ck_assert_int_eq(fcgi_pair_parse(room, size, size, &out), (int)size);
	ck_assert_uint_eq(out.name_len, name);
	ck_assert_uint_eq(out.value_len, value);
	free(room);
}

START_TEST(pair_put_in_room)
{
	int	 i;

	for (i = 0; i < LENGTHS; i++)
		check_room(lengths[_i], lengths[i]);
}
END_TEST

START_TEST(pair_put_beyond_31_bits)
{
	struct fcgi_pair	 pair = { NULL, 0, NULL, 0, 0 };
	uint8_t			 out[16];

	ck_assert_uint_eq(fcgi_pair_put(out, sizeof(out), &pair), 2);
	ck_assert_mem_eq(out, "\0\0", 2);
	pair.name_len = 0x80000000;
	ck_assert_uint_eq(fcgi_pair_put(out, SIZE_MAX, &pair), 0);
	pair.name_len = 0;
	pair.value_len = SIZE_MAX;
	ck_assert_uint_eq(fcgi_pair_put(out, SIZE_MAX, &pair), 0);
}
END_TEST

/* Pairs of many sizes in one stream come out the same, in the same order. */
START_TEST(pairs_round_trip)
{
	enum { PAIRS = 200 };
	static char		 text[70000];
	static uint8_t		 stream[PAIRS * 1000];
	struct fcgi_pair	 in[PAIRS], out;
	size_t			 len = 0, at = 0, i;
	ptrdiff_t		 n;

	for (i = 0; i < sizeof(text); i++)
		text[i] = (char)pseudo_random();
	for (i = 0; i < PAIRS; i++) {
		in[i].name_len = pseudo_random() % 300;
		in[i].value_len = pseudo_random() % 600;
		in[i].name = text + pseudo_random() % 60000;
		in[i].value = text + pseudo_random() % 60000;
		len += fcgi_pair_put(stream + len, sizeof(stream) - len,
		    &in[i]);
	}
	for (i = 0; i < PAIRS; i++) {
		n = fcgi_pair_parse(stream + at, len - at, len, &out);
		ck_assert_int_gt(n, 0);
		ck_assert_uint_eq(out.name_len, in[i].name_len);
		ck_assert_uint_eq(out.value_len, in[i].value_len);
		ck_assert_int_eq(memcmp(out.name, in[i].name, out.name_len),
		    0);
		ck_assert_int_eq(memcmp(out.value, in[i].value,
		    out.value_len), 0);
		at += (size_t)n;
	}
	ck_assert_uint_eq(at, len);
}
END_TEST

/* --- FCGI_GET_VALUES ---------------------------------------------------- */

#define MAX_CONNS	"\16\0FCGI_MAX_CONNS"
#define MAX_REQS	"\15\0FCGI_MAX_REQS"
#define MPXS_CONNS	"\17\0FCGI_MPXS_CONNS"
#define TEXT(s)	s, sizeof(s) - 1

static const struct {
	const char	*asked;
	size_t		 asked_len;
	const char	*expected;
	size_t		 expected_len;
} values[] = {
	{ TEXT(""), TEXT("\1\12\0\0\0\0\0\0") },
	{ TEXT(MPXS_CONNS),
	    TEXT("\1\12\0\0\0\22\6\0\17\1FCGI_MPXS_CONNS1\0\0\0\0\0\0") },
	{ TEXT(MPXS_CONNS MPXS_CONNS MPXS_CONNS),
	    TEXT("\1\12\0\0\0\22\6\0\17\1FCGI_MPXS_CONNS1\0\0\0\0\0\0") },
	{ TEXT("\0\0\4\2NOPE42" MAX_REQS),
	    TEXT("\1\12\0\0\0\20\0\0\15\1FCGI_MAX_REQS0") },
	{ TEXT("\15\0FCGI_MAX_REQZ\1\0F"), TEXT("\1\12\0\0\0\0\0\0") },
	/* Cut short: what was asked for before counts. */
	{ TEXT(MAX_CONNS "\177"), TEXT("\1\12\0\0\0\32\6\0"
	    "\16\12FCGI_MAX_CONNS4294967295\0\0\0\0\0\0") },
	{ TEXT(MAX_CONNS "\xff\xff\xff\xff\xff\xff\xff\xff"),
	    TEXT("\1\12\0\0\0\32\6\0"
	    "\16\12FCGI_MAX_CONNS4294967295\0\0\0\0\0\0") },
};

START_TEST(get_values)
{
	const struct fcgi_values	 ours = { 0xffffffff, 0, 1 };
	struct fcgi_record		 record = { FCGI_GET_VALUES, 0, 0,
					    NULL };
	uint8_t				 out[FCGI_VALUES_MAX], *asked;
	size_t				 len = values[_i].expected_len;

	asked = exact_copy(values[_i].asked, values[_i].asked_len);
	record.content = asked;
	record.length = values[_i].asked_len;
	memset(out, 0xee, sizeof(out));
	ck_assert_uint_eq(fcgi_put_values(out, &record, &ours), len);
	ck_assert_mem_eq(out, values[_i].expected, len);
	free(asked);
}
END_TEST

START_TEST(all_values_fit)
{
	const struct fcgi_values	 ours = { 0xffffffff, 0xffffffff,
					    0xffffffff };
	const char			 asked[] = MAX_CONNS MAX_REQS
					    MPXS_CONNS;
	struct fcgi_record		 record = { FCGI_GET_VALUES, 0,
					    sizeof(asked) - 1,
					    (const uint8_t *)asked };
	uint8_t				 out[FCGI_VALUES_MAX];
	struct fcgi_pair		 pair;
	size_t				 size, at;
	ptrdiff_t			 n;
	int				 pairs = 0;

	size = fcgi_put_values(out, &record, &ours);
	ck_assert_uint_eq(size % 8, 0);
	ck_assert_int_eq(fcgi_parse(out, size, &record), (int)size);
	ck_assert_int_eq(record.type, FCGI_GET_VALUES_RESULT);
	for (at = 0; (n = fcgi_pair_parse(record.content + at,
	    record.length - at, SIZE_MAX, &pair)) > 0; at += (size_t)n) {
		ck_assert_uint_eq(pair.value_len, 10);
		ck_assert_mem_eq(pair.value, "4294967295", 10);
		pairs++;
	}
	ck_assert_uint_eq(at, record.length);
	ck_assert_int_eq(pairs, 3);
}
END_TEST

int
main(void)
{
	Suite	*s;
	TCase	*tc;

	s = suite_create("fcgi");
	tc = tcase_create("records");
	tcase_add_test(tc, version);
	tcase_add_loop_test(tc, extent, 0, ROWS(extents));
	tcase_add_test(tc, every_split);
	tcase_add_test(tc, fixed_bytes);
	tcase_add_test(tc, begin_and_end_round_trip);
	tcase_add_test(tc, body_of_another_length);
	suite_add_tcase(s, tc);
	tc = tcase_create("pairs");
	tcase_add_loop_test(tc, lengths_squared, 0, LENGTHS);
	tcase_add_test(tc, refused_early);
	tcase_add_loop_test(tc, pair_put_in_room, 0, LENGTHS);
	tcase_add_test(tc, pair_put_beyond_31_bits);
	tcase_add_test(tc, pairs_round_trip);
	suite_add_tcase(s, tc);
	tc = tcase_create("values");
	tcase_add_loop_test(tc, get_values, 0, ROWS(values));
	tcase_add_test(tc, all_values_fit);
	suite_add_tcase(s, tc);

	return suite_run(s);
}
