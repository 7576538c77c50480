/*
 * errpipe: the pipes that workers' stderr comes by.
 *
 * What a worker writes is read as it comes, and once more before a record of
 * it is written: all that it wrote before it ended its answer is then in its
 * function's log, under that request's id.  One question to the kernel says
 * which of all pipes have something, so a worker that is silent costs nothing.
 */
#ifndef TOLLGATE_ERRPIPE_H
#define TOLLGATE_ERRPIPE_H

#include <stdbool.h>
#include <stddef.h>

struct errpipe;
struct errpipes;
struct event_base;
struct funclog_source;
struct funclogs;

/* Both are borrowed.  Ends the process if there is no descriptor for it. */
struct errpipes	*errpipes_create(struct event_base *, struct funclogs *);
/* All pipes are freed before.  NULL is fine. */
void		 errpipes_free(struct errpipes *);

/*
 * Something was heard of a worker, or time has passed: before that, workers may
 * have written what the kernel has not been asked about yet.
 */
void	errpipes_heard(struct errpipes *);

/*
 * fd is the read end and becomes ours; what comes by it is of that function,
 * process and tenant, the first and last of them borrowed until errpipe_free.
 * NULL with errno: fd is closed.
 */
struct errpipe	*errpipe_create(struct errpipes *, int fd,
		    const struct funclog_source *);
/* What is still in it is read, and logged as of no request.  NULL is fine. */
void		 errpipe_free(struct errpipe *);

/* Whose is what comes by itself?  Borrowed; NULL: of no single request. */
void	errpipe_attribute(struct errpipe *, const char *request_id);

/*
 * The record of a request is about to be written: read what its worker wrote
 * up to the last errpipes_heard, two pipes full at most.
 */
void	errpipe_read(struct errpipe *, const char *request_id);
/* Bytes of FCGI_STDERR go the same way. */
void	errpipe_log(struct errpipe *, const char *request_id, const void *,
	    size_t);

#endif
