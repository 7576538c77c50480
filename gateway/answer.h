/*
 * answer: a handler's answer on its way to the front.
 *
 * Bytes of STDOUT in, records for the front out: the head is checked, the body
 * counted against its Content-Length, and what completes the answer is set
 * apart in tail, since it may leave only when the request's record is written.
 * It does no I/O.
 */
#ifndef TOLLGATE_ANSWER_H
#define TOLLGATE_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buffer.h"
#include "cgi.h"

/* Of one record: a multiple of 8, so that none needs padding. */
#define ANSWER_CONTENT_MAX	65528

enum answer_state {
	ANSWER_HEAD = 0,	/* the head is arriving */
	ANSWER_BODY,		/* the head was good */
	ANSWER_WHOLE,		/* nothing more belongs to it */
	ANSWER_BAD		/* why says what is wrong with the head */
};

struct answer {
	enum answer_state	 state;
	struct buffer	 ready;		/* whole records that may leave */
	struct buffer	 tail;		/* those that complete the answer */
	struct buffer	 partial;	/* a head that is not whole */
	bool		 is_line_empty;	/* so far, of a partial head's last */
	struct cgi_head	 head;
	uint16_t	 front_id;	/* the request's id at the front */
	bool		 is_head_only;	/* the method is HEAD */
	size_t		 head_max;	/* bytes */
	uint64_t	 body_left;	/* of Content-Length */
	uint64_t	 body_out;	/* bytes of body passed on */
	const char	*why;
	bool		 had_surplus;	/* more than Content-Length came */
	size_t		 keep_max;	/* bytes of body kept; 0: none are */
	const char	*frame_head;	/* NULL: it is not framed */
	size_t		 frame_keep;	/* keep_max, of a failure */
	bool		 is_too_large;	/* BAD, as more of them came */
};

void	answer_init(struct answer *, uint16_t front_id, size_t head_max);
void	answer_release(struct answer *);

/* To a request of this method, which is known before a handler is asked. */
void	answer_set_method(struct answer *, const char *method);

/* Nothing has come yet: an answer can still be begun anew. */
bool	answer_is_empty(const struct answer *);

/* Take bytes of the handler's STDOUT, any number at a time. */
void	answer_take(struct answer *, const uint8_t *bytes, size_t len);

/*
 * May len bytes of body, the next that came, leave as they are?  Then they
 * count as passed on.  False if something is to leave before them, or if they
 * may complete the answer: it is to take them.
 */
bool	answer_passes(struct answer *, size_t len);

/*
 * The handler's STDOUT has ended.  ANSWER_WHOLE if that is an answer,
 * ANSWER_BODY if its Content-Length was not reached, ANSWER_BAD without head.
 */
enum answer_state	answer_end(struct answer *);

/*
 * Put the records that end the request behind the tail: an empty STDOUT and
 * END_REQUEST.
 */
void	answer_put_end(struct answer *, uint32_t app_status,
	    uint8_t protocol_status);

/*
 * Let nothing leave: the body is kept as it is, up to max bytes, until
 * answer_wrap puts a head of our own before it.
 */
void	answer_keep(struct answer *, size_t max);
const uint8_t	*answer_kept(const struct answer *, size_t *len);
void	answer_wrap(struct answer *, const char *head, size_t len);

/*
 * Let it leave as an event stream, under this head, which stays and lacks its
 * end: what it remaps follows.  An answer with a status of 400 and more is kept
 * instead, up to keep_max bytes.
 */
void	answer_frame(struct answer *, const char *head, size_t keep_max);
/* Put bytes behind what is to leave last. */
void	answer_put_tail(struct answer *, const void *, size_t len);

/* An answer of our own in place of the handler's, of which nothing left yet. */
void	answer_replace(struct answer *, const char *bytes, size_t len);

#endif
