/*
 * outbox: what one turn of the loop has to send, sent together.
 *
 * Each send(2) to a peer that sleeps wakes it, and it then often runs in our
 * place, on our processor, with what it was told first; the others wait.  So
 * small messages wait for the end of the turn and leave in one system call
 * (io_uring_enter(2)), which the kernel finishes before anybody is run.
 *
 * The ring can do nothing but send and receive on sockets (io_uring's
 * restrictions), and everything in it completes within the call: no operation
 * is ever left in the kernel.  Where there is no io_uring there is no outbox,
 * and everybody sends at once, as they do what is long.
 */
#ifndef TOLLGATE_OUTBOX_H
#define TOLLGATE_OUTBOX_H

#include <sys/queue.h>

#include <stdbool.h>
#include <stddef.h>

#include "buffer.h"

#define OUTBOX_MESSAGE_MAX	8192	/* bytes that are worth a copy */
#define OUTBOX_SEEN_MAX		4096	/* of an outbox_post's seen */

struct outbox;

/* One socket's place in the outbox; all zero but for what its owner sets. */
struct outbox_post {
	int		 fd;		/* a socket that does not block */
	struct buffer	*bytes;		/* sent, and consumed */
	size_t		*seen;		/* NULL, or: so many bytes are read off
					   the socket then, as they were looked
					   at already (MSG_PEEK); set to 0 */
	/*
	 * Runs from outbox_flush.  error: 0, and what is left in bytes did not
	 * fit into the socket; or an errno, of sending or of taking off.  It
	 * may do with the outbox what it likes.
	 */
	void		(*done)(void *arg, int error);
	void		*arg;

	/* the outbox's */
	struct outbox	*outbox;	/* NULL: not in one */
	bool		 is_leaving;
	int		 error;
	TAILQ_ENTRY(outbox_post)	 in_outbox;
};

/* NULL with errno: there is no io_uring here, or it may not be used. */
struct outbox	*outbox_create(void);
void		 outbox_free(struct outbox *);		/* NULL is fine */

/* Have the post sent at the end of this turn; once, however often asked. */
void	outbox_add(struct outbox *, struct outbox_post *);
/* Its bytes stay where they are; done does not run. */
void	outbox_remove(struct outbox_post *);

static inline bool
outbox_has(const struct outbox_post *p)
{
	return p->outbox != NULL;
}

/* The turn is over: send all.  NULL is fine. */
void	outbox_flush(struct outbox *);

#endif
