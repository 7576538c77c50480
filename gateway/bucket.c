/*
 * bucket: what a bucket lacks, which time makes up for.
 *
 * What is kept is not what it holds but what it lacks, so that a new quota
 * needs no conversion, and a zeroed bucket is full.
 */
#include "bucket.h"

#define UNIT	1000	/* thousandths, as rate * milliseconds gives them */

static bool
is_unlimited(const struct quota *q)
{
	return q->rate > QUOTA_MAX;
}

/* Let it fill up to now. */
static void
fill(struct bucket *b, const struct quota *q, uint64_t now_ms)
{
	uint64_t	 lacks = (uint64_t)b->lacks;
	uint64_t	 passed = now_ms > b->at_ms ? now_ms - b->at_ms : 0;

	if (is_unlimited(q) || (q->rate > 0 && passed > lacks / q->rate))
		b->lacks = 0;
	else	/* no more than it lacks: it cannot overflow */
		b->lacks -= (int64_t)(passed * q->rate);
	if (now_ms > b->at_ms)
		b->at_ms = now_ms;
}

bool
bucket_has(struct bucket *b, const struct quota *q, uint64_t now_ms)
{
	return bucket_wait_ms(b, q, now_ms) == 0;
}

uint64_t
bucket_wait_ms(struct bucket *b, const struct quota *q, uint64_t now_ms)
{
	uint64_t	 may_lack, lacks;

	if (is_unlimited(q))
		return 0;
	fill(b, q, now_ms);
	may_lack = q->burst > 0 ? (q->burst - 1) * UNIT : 0;
	lacks = (uint64_t)b->lacks;
	if (lacks <= may_lack)
		return 0;
	if (q->rate == 0)
		return UINT64_MAX;
	return (lacks - may_lack + q->rate - 1) / q->rate;
}

void
bucket_take(struct bucket *b, const struct quota *q, uint64_t count,
    uint64_t now_ms)
{
	if (is_unlimited(q))
		return;
	fill(b, q, now_ms);
	b->lacks += (int64_t)(count * UNIT);
}

bool
bucket_is_full(struct bucket *b, const struct quota *q, uint64_t now_ms)
{
	fill(b, q, now_ms);
	return b->lacks == 0;
}
