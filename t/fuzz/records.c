/*
 * records: any bytes as a stream of FastCGI records.
 *
 * What is parsed lies within the bytes, is whole only with its last byte, and
 * encodes back to the same header; a body that is understood is put together
 * again as it was.
 */
#include "fcgi.h"

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
check_begin(const struct fcgi_record *record)
{
	uint8_t		 out[FCGI_FIXED_LEN], flags;
	uint16_t	 role;

	if (fcgi_get_begin(record, &role, &flags) == -1)
		return;
	fcgi_put_begin(out, record->request_id, role, flags);
	must(memcmp(out + FCGI_HEADER_LEN, record->content, 3) == 0);
}

static void
check_end(const struct fcgi_record *record)
{
	uint8_t		 out[FCGI_FIXED_LEN], protocol;
	uint32_t	 status;

	if (fcgi_get_end(record, &status, &protocol) == -1)
		return;
	fcgi_put_end(out, record->request_id, status, protocol);
	must(memcmp(out + FCGI_HEADER_LEN, record->content, 5) == 0);
}

/* Whatever is asked, the answer is one record of at most three pairs. */
static void
check_values(const struct fcgi_record *asked)
{
	const struct fcgi_values	 values = { 1, 0xffffffff, 77 };
	struct fcgi_record		 answer;
	struct fcgi_pair		 pair;
	uint8_t				 out[FCGI_VALUES_MAX];
	size_t				 size, at;
	ptrdiff_t			 n;
	int				 pairs = 0;

	size = fcgi_put_values(out, asked, &values);
	must(size <= sizeof(out) && size % 8 == 0);
	must(fcgi_parse(out, size, &answer) == (ptrdiff_t)size);
	for (at = 0; (n = fcgi_pair_parse(answer.content + at,
	    answer.length - at, answer.length - at, &pair)) > 0;
	    at += (size_t)n)
		pairs++;
	must(at == answer.length && pairs <= 3);
}

static void
check_record(const uint8_t *bytes, size_t size,
    const struct fcgi_record *record)
{
	struct fcgi_record	 again;
	uint8_t			 header[FCGI_HEADER_LEN];

	must(size == fcgi_record_size(bytes));
	must(record->content == bytes + FCGI_HEADER_LEN);
	must(record->length + FCGI_HEADER_LEN <= size);
	must(fcgi_parse(bytes, size - 1, &again) == 0);
	fcgi_put_header(header, record->type, record->request_id,
	    (uint16_t)record->length, bytes[6]);
	must(memcmp(header, bytes, FCGI_HEADER_LEN - 1) == 0);

	check_begin(record);
	check_end(record);
	check_values(record);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct fcgi_record	 record;
	ptrdiff_t		 n;

	while ((n = fcgi_parse(bytes, len, &record)) > 0) {
		must((size_t)n <= len);
		check_record(bytes, (size_t)n, &record);
		bytes += n;
		len -= (size_t)n;
	}
	return 0;
}
