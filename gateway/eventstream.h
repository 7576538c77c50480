/*
 * eventstream: frames of application/vnd.amazon.eventstream, as
 * InvokeWithResponseStream answers with them.
 *
 * Pure.  Source: "Amazon Event Stream Specification" of the Smithy docs.
 */
#ifndef TOLLGATE_EVENTSTREAM_H
#define TOLLGATE_EVENTSTREAM_H

#include <stddef.h>
#include <stdint.h>

struct buffer;

#define EVENTSTREAM_TYPE	"application/vnd.amazon.eventstream"

/* Append a PayloadChunk of these bytes. */
void	eventstream_put_chunk(struct buffer *, const void *, size_t);
/* Append an InvokeComplete, of that JSON. */
void	eventstream_put_complete(struct buffer *, const char *json);

#endif
