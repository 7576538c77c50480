/*
 * urlevent: a request as the event that AWS Lambda's function URLs make of it
 * (payload format 2.0).
 *
 * Pure: no I/O.
 */
#ifndef TOLLGATE_URLEVENT_H
#define TOLLGATE_URLEVENT_H

#include <stddef.h>
#include <stdint.h>

struct buffer;
struct variables;

struct urlevent {
	const struct variables	*variables;
	const char		*request_id;
	const char		*trace_id;	/* of X-Ray */
	uint64_t		 time_us;	/* CLOCK_REALTIME */
	const void		*body;
	size_t			 body_len;	/* 0: none */
};

/* Append its JSON. */
void	urlevent_write(struct buffer *, const struct urlevent *);

#endif
