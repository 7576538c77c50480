/*
 * funclog: a function's own log: the lines its workers write to stderr.
 *
 * Each line gets time, request id and worker, is escaped, cut into pieces of
 * 8 KB, and counted against two rates, its function's and its user's account's:
 * what is beyond them is dropped, and a line says how much, so that a flood
 * costs those who make it their lines and nobody anything else.  Of a template
 * each user has the function's rate for himself.  Few files are kept open, and
 * a function that says nothing costs nothing.
 *
 *	2026-11-24T16:05:01.123Z REQUEST worker PID: text
 */
#ifndef TOLLGATE_FUNCLOG_H
#define TOLLGATE_FUNCLOG_H

#include <stddef.h>
#include <sys/types.h>

struct function;
struct tenant;
struct funclog_stream;
struct funclogs;

#define FUNCLOG_LINE_MAX	8192		/* bytes of a line's text */
#define FUNCLOG_FILES		64		/* kept open, at most */

struct funclog_source {
	const struct function	*function;
	pid_t			 worker;
	struct tenant		*tenant;
};

/*
 * folder: function_logs, "" for none: lines then go to the error log.  Files
 * are made 0640; links are not followed.  One that cannot be written to is an
 * error in the log, once a minute, and its lines are dropped.
 */
struct funclogs	*funclogs_create(const char *folder);
/* All streams are freed before.  NULL is fine. */
void		 funclogs_free(struct funclogs *);
/* Open all files anew, after logrotate moved them, or in another folder. */
void		 funclogs_reopen(struct funclogs *, const char *folder);

/*
 * One worker's stream (descriptor or FCGI_STDERR): bytes in, whole lines out.
 * The source's function and tenant are borrowed until the stream is freed.
 */
struct funclog_stream	*funclog_stream_create(struct funclogs *,
			    const struct funclog_source *);
/* What is left of an unfinished line is written.  NULL is fine. */
void			 funclog_stream_free(struct funclog_stream *);

/* request: the id of the one in hand, or "-". */
void	funclog_write(struct funclog_stream *, const char *request,
	    const void *bytes, size_t len);
/* The request is over: an unfinished line is written as its own. */
void	funclog_flush(struct funclog_stream *, const char *request);

/*
 * A request's last lines, beside its function's log, whatever the rates.  They
 * are kept as they were written, the first of them cut.
 */
#define FUNCLOG_TAIL_MAX	4096

struct funclog_tail;
/* The id is borrowed. */
struct funclog_tail	*funclog_tail_create(struct funclogs *,
			    const char *request);
void			 funclog_tail_free(struct funclog_tail *);
/* Copy them to out, of FUNCLOG_TAIL_MAX bytes; how many there are. */
size_t	funclog_tail_text(const struct funclog_tail *, char *out);

#endif
