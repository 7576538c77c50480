/*
 * fcgi: bytes <-> FastCGI records and name-value pairs (FastCGI 1.0).
 *
 * Pure: no I/O, no state, so that tests and fuzzers reach all of it.  Constants
 * (FCGI_BEGIN_REQUEST and so on) are those of <fastcgi.h>.
 */
#ifndef TOLLGATE_FCGI_H
#define TOLLGATE_FCGI_H

#include <stddef.h>
#include <stdint.h>

#include <fastcgi.h>

#define FCGI_CONTENT_MAX	65535
#define FCGI_RECORD_MAX		(FCGI_HEADER_LEN + FCGI_CONTENT_MAX + 255)

struct fcgi_record {
	uint8_t		 type;
	uint16_t	 request_id;
	size_t		 length;	/* of content */
	const uint8_t	*content;	/* borrowed from the bytes parsed */
};

/*
 * Look for one whole record at the front of bytes.  Returns how many bytes it
 * takes up with its padding, 0 if more are needed, or -1 if this is not
 * FastCGI version 1 (known from the first byte).
 */
ptrdiff_t	fcgi_parse(const uint8_t *bytes, size_t len,
		    struct fcgi_record *);

/* How many bytes the record that begins here takes up, once 8 are there. */
size_t	fcgi_record_size(const uint8_t header[FCGI_HEADER_LEN]);

/* Write the 8 bytes of a record's header. */
void	fcgi_put_header(uint8_t out[FCGI_HEADER_LEN], uint8_t type,
	    uint16_t request_id, uint16_t length, uint8_t padding);

/* Whole records of fixed size: all 16 bytes are written, none is leaked. */
#define FCGI_FIXED_LEN	(FCGI_HEADER_LEN + 8)
void	fcgi_put_begin(uint8_t out[FCGI_FIXED_LEN], uint16_t request_id,
	    uint16_t role, uint8_t flags);
void	fcgi_put_end(uint8_t out[FCGI_FIXED_LEN], uint16_t request_id,
	    uint32_t app_status, uint8_t protocol_status);
void	fcgi_put_unknown(uint8_t out[FCGI_FIXED_LEN], uint8_t type);

/* Bodies of records, section 5.  -1 if length does not fit. */
int	fcgi_get_begin(const struct fcgi_record *, uint16_t *role,
	    uint8_t *flags);
int	fcgi_get_end(const struct fcgi_record *, uint32_t *app_status,
	    uint8_t *protocol_status);

/* A name-value pair, section 3.4; both borrowed, neither NUL-terminated. */
struct fcgi_pair {
	const char	*name;
	size_t		 name_len;
	const char	*value;
	size_t		 value_len;
	size_t		 head;	/* of one parsed: bytes of the two lengths,
				   in front of name; value is behind it */
};

/*
 * Look for one pair at the front of bytes.  Returns the bytes it takes up, 0 if
 * more are needed (at a stream's end: it is cut short), or -1 if it can never
 * be valid within max bytes.  Both length forms are taken for any length.
 */
ptrdiff_t	fcgi_pair_parse(const uint8_t *bytes, size_t len, size_t max,
		    struct fcgi_pair *);

/*
 * Encode a pair at out if it fits in room bytes.  Returns the bytes written, 0
 * if it does not fit.  This is the one encoder.
 */
size_t	fcgi_pair_put(uint8_t *out, size_t room, const struct fcgi_pair *);

/*
 * Answer FCGI_GET_VALUES (section 4.1): each known name that the content asks
 * for, once, with its value of those given.  Writes one whole record, padded to
 * 8 bytes, of at most FCGI_VALUES_MAX bytes; returns its size.
 */
#define FCGI_VALUES_MAX	128
struct fcgi_values {
	uint32_t	 max_conns;
	uint32_t	 max_reqs;
	uint32_t	 mpxs_conns;
};
size_t	fcgi_put_values(uint8_t out[FCGI_VALUES_MAX],
	    const struct fcgi_record *asked, const struct fcgi_values *);

#endif
