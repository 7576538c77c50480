/*
 * eventstream: frames that botocore's EventStreamBuffer has read.
 */
#include "eventstream.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buffer.h"

static void
assert_hex(const struct buffer *b, const char *want)
{
	char	 hex[512] = "";
	size_t	 i;

	ck_assert_uint_lt(buffer_size(b), sizeof(hex) / 2);
	for (i = 0; i < buffer_size(b); i++)
		snprintf(hex + 2 * i, 3, "%02x", buffer_bytes(b)[i]);
	ck_assert_str_eq(hex, want);
}

START_TEST(chunk)
{
	struct buffer	 b = { 0 };

	eventstream_put_chunk(&b, "Hi", 2);
	assert_hex(&b, "0000006c0000005ab25efdcf0b3a6576656e742d747970650700"
	    "0c5061796c6f61644368756e6b0d3a636f6e74656e742d74797065070018"
	    "6170706c69636174696f6e2f6f637465742d73747265616d0d3a6d657373"
	    "6167652d747970650700056576656e74486984e6c0cb");
	buffer_release(&b);
}
END_TEST

START_TEST(complete)
{
	struct buffer	 b = { 0 };

	eventstream_put_complete(&b, "{}");
	assert_hex(&b, "00000066000000541f56c8690b3a6576656e742d747970650700"
	    "0e496e766f6b65436f6d706c6574650d3a636f6e74656e742d7479706507"
	    "00106170706c69636174696f6e2f6a736f6e0d3a6d6573736167652d7479"
	    "70650700056576656e747b7d7006d467");
	buffer_release(&b);
}
END_TEST

int
main(void)
{
	SRunner	*sr;
	Suite	*s;
	TCase	*tc;
	int	 failed;

	s = suite_create("eventstream");
	tc = tcase_create("eventstream");
	tcase_add_test(tc, chunk);
	tcase_add_test(tc, complete);
	suite_add_tcase(s, tc);

	sr = srunner_create(s);
	srunner_set_tap(sr, "-");
	srunner_run_all(sr, CK_SILENT);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
