/*
 * eventstream: lengths, headers and check sums around bytes.
 */
#include "eventstream.h"

#include <string.h>

#include "buffer.h"

#define PRELUDE_LEN	12	/* two lengths and their check sum */
#define SUM_LEN		4
#define STRING		7	/* the type of a header's value */

/* ISO 3309's, reflected, four bits at a time. */
static uint32_t
crc32(const uint8_t *bytes, size_t len)
{
	static const uint32_t	 table[16] = {
		0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac,
		0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c,
		0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
		0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
	};
	uint32_t		 sum = 0xffffffff;

	for (; len > 0; bytes++, len--) {
		sum ^= *bytes;
		sum = table[sum & 15] ^ sum >> 4;
		sum = table[sum & 15] ^ sum >> 4;
	}
	return ~sum;
}

static void
put_u32(uint8_t *at, uint32_t n)
{
	at[0] = (uint8_t)(n >> 24);
	at[1] = (uint8_t)(n >> 16);
	at[2] = (uint8_t)(n >> 8);
	at[3] = (uint8_t)n;
}

static void
put_header(struct buffer *out, const char *name, const char *value)
{
	size_t	 len = strlen(value);
	uint8_t	 lengths[4] = { (uint8_t)strlen(name), STRING,
		     (uint8_t)(len >> 8), (uint8_t)len };

	buffer_add(out, lengths, 1);
	buffer_add(out, name, strlen(name));
	buffer_add(out, lengths + 1, 3);
	buffer_add(out, value, len);
}

static void
put_frame(struct buffer *out, const char *event, const char *type,
    const void *payload, size_t len)
{
	struct buffer	 frame = { 0 };
	uint8_t		 prelude[PRELUDE_LEN] = { 0 }, sum[SUM_LEN];
	size_t		 headers_len;

	buffer_add(&frame, prelude, sizeof(prelude));
	put_header(&frame, ":event-type", event);
	put_header(&frame, ":content-type", type);
	put_header(&frame, ":message-type", "event");
	headers_len = buffer_size(&frame) - PRELUDE_LEN;
	buffer_add(&frame, payload, len);
	put_u32(prelude, (uint32_t)(buffer_size(&frame) + SUM_LEN));
	put_u32(prelude + 4, (uint32_t)headers_len);
	put_u32(prelude + 8, crc32(prelude, 8));
	memcpy(buffer_bytes(&frame), prelude, sizeof(prelude));
	put_u32(sum, crc32(buffer_bytes(&frame), buffer_size(&frame)));
	buffer_add(&frame, sum, sizeof(sum));
	buffer_add(out, buffer_bytes(&frame), buffer_size(&frame));
	buffer_release(&frame);
}

void
eventstream_put_chunk(struct buffer *out, const void *bytes, size_t len)
{
	put_frame(out, "PayloadChunk", "application/octet-stream", bytes, len);
}

void
eventstream_put_complete(struct buffer *out, const char *json)
{
	put_frame(out, "InvokeComplete", "application/json", json,
	    strlen(json));
}
