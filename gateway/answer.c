/*
 * answer: bytes of STDOUT in, records for the front out.
 */
#include "answer.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "eventstream.h"
#include "fcgi.h"
#include "mem.h"

static void
put_records(struct buffer *out, uint16_t id, const uint8_t *bytes,
    size_t len)
{
	uint8_t	 header[FCGI_HEADER_LEN];
	size_t	 n;

	for (; len > 0; bytes += n, len -= n) {
		n = len < ANSWER_CONTENT_MAX ? len : ANSWER_CONTENT_MAX;
		fcgi_put_header(header, FCGI_STDOUT, id, (uint16_t)n, 0);
		buffer_add(out, header, sizeof(header));
		buffer_add(out, bytes, n);
	}
}

void
answer_init(struct answer *a, uint16_t front_id, size_t head_max)
{
	memset(a, 0, sizeof(*a));
	a->front_id = front_id;
	a->head_max = head_max;
}

void
answer_set_method(struct answer *a, const char *method)
{
	a->is_head_only = strcmp(method, "HEAD") == 0;
}

void
answer_release(struct answer *a)
{
	buffer_release(&a->ready);
	buffer_release(&a->tail);
	buffer_release(&a->partial);
}

bool
answer_is_empty(const struct answer *a)
{
	return a->state == ANSWER_HEAD && buffer_size(&a->partial) == 0;
}

/* What is left to come after the head, given what the head says. */
static void
begin_body(struct answer *a)
{
	if (a->head.is_elsewhere ||
	    !cgi_has_body(a->is_head_only ? "HEAD" : "GET", a->head.status) ||
	    (a->head.has_length && a->head.content_length == 0))
		a->state = ANSWER_WHOLE;
	else
		a->state = ANSWER_BODY;
	a->body_left = a->head.has_length ? a->head.content_length :
	    UINT64_MAX;
}

/* What makes the answer whole has to wait for the record. */
static struct buffer *
where_to(struct answer *a)
{
	return a->state == ANSWER_WHOLE ? &a->tail : &a->ready;
}

/* The head and the body bytes that came with it leave in one record. */
static void
put_head(struct answer *a, const uint8_t *head, size_t head_len,
    const uint8_t *body, size_t body_len)
{
	struct buffer	*out = where_to(a);
	uint8_t		 header[FCGI_HEADER_LEN];

	if (head_len + body_len > ANSWER_CONTENT_MAX) {
		put_records(out, a->front_id, head, head_len);
		put_records(out, a->front_id, body, body_len);
		return;
	}
	fcgi_put_header(header, FCGI_STDOUT, a->front_id,
	    (uint16_t)(head_len + body_len), 0);
	buffer_add(out, header, sizeof(header));
	buffer_add(out, head, head_len);
	buffer_add(out, body, body_len);
}

/* In one piece, without records, of a body that is kept. */
static void
keep(struct answer *a, const uint8_t *bytes, size_t len)
{
	if (buffer_size(&a->ready) + len > a->keep_max) {
		a->state = ANSWER_BAD;
		a->is_too_large = true;
		a->why = "its answer is larger than a result may be";
		return;
	}
	buffer_add(&a->ready, bytes, len);
}

/* Each in a record of its own, with room for what a frame adds. */
#define CHUNK_MAX	(ANSWER_CONTENT_MAX - 256)

static void
put_chunks(struct answer *a, const uint8_t *bytes, size_t len)
{
	struct buffer	 frame = { 0 };
	size_t		 n;

	for (; len > 0; bytes += n, len -= n) {
		n = len < CHUNK_MAX ? len : CHUNK_MAX;
		eventstream_put_chunk(&frame, bytes, n);
		put_records(&a->ready, a->front_id, buffer_bytes(&frame),
		    buffer_size(&frame));
		buffer_clear(&frame);
	}
	buffer_release(&frame);
}

/* The value of Content-Type in a head that was parsed; NULL: there is none. */
static const uint8_t *
content_type(const uint8_t *head, size_t len, size_t *value_len)
{
	static const char	 name[] = "content-type:";
	const uint8_t		*end;
	size_t			 n;

	for (; len > 0; head += n, len -= n) {
		end = memchr(head, '\n', len);
		n = end != NULL ? (size_t)(end - head) + 1 : len;
		if (n < sizeof(name) || strncasecmp((const char *)head, name,
		    sizeof(name) - 1) != 0)
			continue;
		head += sizeof(name) - 1;
		n -= sizeof(name) - 1;
		for (; n > 0 && (*head == ' ' || *head == '\t'); n--)
			head++;
		while (n > 0 && (head[n - 1] == '\n' || head[n - 1] == '\r' ||
		    head[n - 1] == ' '))
			n--;
		*value_len = n;
		return head;
	}
	return NULL;
}

static void
begin_frames(struct answer *a, const uint8_t *bytes, size_t size)
{
	static const char	 remapped[] = "X-Amzn-Remapped-Content-Type: ";
	struct buffer		 head = { 0 };
	const uint8_t		*type;
	size_t			 len;

	buffer_add(&head, a->frame_head, strlen(a->frame_head));
	if ((type = content_type(bytes, size, &len)) != NULL) {
		buffer_add(&head, remapped, sizeof(remapped) - 1);
		buffer_add(&head, type, len);
		buffer_add(&head, "\r\n", 2);
	}
	buffer_add(&head, "\r\n", 2);
	put_records(&a->ready, a->front_id, buffer_bytes(&head),
	    buffer_size(&head));
	buffer_release(&head);
}

/* How many of len bytes belong to the body; the last one makes it whole. */
static size_t
count_body(struct answer *a, size_t len)
{
	if (a->state != ANSWER_BODY) {
		a->had_surplus |= len > 0;
		return 0;
	}
	if (len > a->body_left) {
		a->had_surplus = true;
		len = (size_t)a->body_left;
	}
	if (a->head.has_length && (a->body_left -= len) == 0)
		a->state = ANSWER_WHOLE;
	a->body_out += len;
	return len;
}

static void
take_body(struct answer *a, const uint8_t *bytes, size_t len)
{
	if ((len = count_body(a, len)) == 0)
		return;
	if (a->keep_max != 0) {
		keep(a, bytes, len);
		return;
	}
	if (a->frame_head != NULL) {
		put_chunks(a, bytes, len);
		return;
	}
	put_records(where_to(a), a->front_id, bytes, len);
}

/* The head is whole: pass it and what came behind it on. */
static void
begin(struct answer *a, const uint8_t *bytes, size_t len)
{
	size_t	 size = a->head.size, body;
	char	*clean;

	begin_body(a);
	body = count_body(a, len - size);
	if (a->frame_head != NULL && a->head.status >= 400)
		a->keep_max = a->frame_keep;
	if (a->keep_max != 0) {
		keep(a, bytes + size, body);
		return;
	}
	if (a->frame_head != NULL) {
		begin_frames(a, bytes, size);
		put_chunks(a, bytes + size, body);
		return;
	}
	if (a->head.is_clean) {
		put_head(a, bytes, size, bytes + size, body);
		return;
	}
	clean = xmalloc(size);
	put_head(a, (const uint8_t *)clean,
	    cgi_head_copy(clean, (const char *)bytes, &a->head),
	    bytes + size, body);
	free(clean);
}

/* Look for the head at the front of what has come so far. */
static void
take_head(struct answer *a, const uint8_t *bytes, size_t len)
{
	switch (cgi_head_parse((const char *)bytes, len, a->head_max,
	    &a->head, &a->why)) {
	case 1:
		begin(a, bytes, len);
		break;
	case 0:
		break;
	default:
		a->state = ANSWER_BAD;
	}
}

/*
 * Is there an empty line now?  Only then is a head that came in pieces parsed
 * again, so that one byte at a time costs no more than all at once.
 */
static bool
has_empty_line(struct answer *a, const uint8_t *bytes, size_t len)
{
	size_t	 i;

	for (i = 0; i < len; i++) {
		if (bytes[i] == '\n') {
			if (a->is_line_empty)
				return true;
			a->is_line_empty = true;
		} else if (bytes[i] != '\r')
			a->is_line_empty = false;
	}
	return false;
}

void
answer_take(struct answer *a, const uint8_t *bytes, size_t len)
{
	size_t	 whole;
	bool	 is_end;

	if (a->state == ANSWER_BAD || len == 0)
		return;
	if (a->state != ANSWER_HEAD) {
		take_body(a, bytes, len);
		return;
	}
	if (buffer_size(&a->partial) == 0) {
		take_head(a, bytes, len);
		if (a->state != ANSWER_HEAD)
			return;
	}
	buffer_add(&a->partial, bytes, len);
	is_end = has_empty_line(a, bytes, len);
	whole = buffer_size(&a->partial);
	if (!is_end && whole <= a->head_max)
		return;
	take_head(a, buffer_bytes(&a->partial), whole);
	if (a->state != ANSWER_HEAD)
		buffer_release(&a->partial);
}

bool
answer_passes(struct answer *a, size_t len)
{
	if (a->state != ANSWER_BODY || a->keep_max != 0 ||
	    a->frame_head != NULL || buffer_size(&a->ready) > 0 ||
	    len >= a->body_left)
		return false;
	count_body(a, len);
	return true;
}

enum answer_state
answer_end(struct answer *a)
{
	switch (a->state) {
	case ANSWER_HEAD:
		a->state = ANSWER_BAD;
		a->why = buffer_size(&a->partial) == 0 ? "it answered nothing" :
		    "its answer ended within the head";
		break;
	case ANSWER_BODY:
		if (!a->head.has_length)
			a->state = ANSWER_WHOLE;
		break;
	case ANSWER_WHOLE:
	case ANSWER_BAD:
		break;
	}
	return a->state;
}

void
answer_put_end(struct answer *a, uint32_t app_status, uint8_t protocol_status)
{
	uint8_t	 end[FCGI_HEADER_LEN + FCGI_FIXED_LEN];

	fcgi_put_header(end, FCGI_STDOUT, a->front_id, 0, 0);
	fcgi_put_end(end + FCGI_HEADER_LEN, a->front_id, app_status,
	    protocol_status);
	buffer_add(&a->tail, end, sizeof(end));
}

void
answer_replace(struct answer *a, const char *bytes, size_t len)
{
	buffer_clear(&a->ready);
	buffer_clear(&a->tail);
	put_records(&a->tail, a->front_id, (const uint8_t *)bytes, len);
	a->state = ANSWER_WHOLE;
}

void
answer_keep(struct answer *a, size_t max)
{
	a->keep_max = max;
}

const uint8_t *
answer_kept(const struct answer *a, size_t *len)
{
	*len = buffer_size(&a->ready);
	return buffer_bytes(&a->ready);
}

void
answer_wrap(struct answer *a, const char *head, size_t len)
{
	struct buffer	 kept = a->ready;

	memset(&a->ready, 0, sizeof(a->ready));
	answer_replace(a, head, len);
	put_records(&a->tail, a->front_id, buffer_bytes(&kept),
	    buffer_size(&kept));
	a->body_out = buffer_size(&kept);
	buffer_release(&kept);
}

void
answer_frame(struct answer *a, const char *head, size_t keep_max)
{
	a->keep_max = 0;
	a->frame_head = head;
	a->frame_keep = keep_max;
}

void
answer_put_tail(struct answer *a, const void *bytes, size_t len)
{
	put_records(&a->tail, a->front_id, bytes, len);
}
