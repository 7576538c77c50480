/*
 * channel: the spawner's end of its talk with the gateway.
 *
 * Sending never blocks and never loses anything: what the gateway is too slow
 * to take waits here.  That is bounded by what the gateway asked for itself: 32
 * answers to START, and an EXITED for each worker it has.
 */
#ifndef TOLLGATE_CHANNEL_H
#define TOLLGATE_CHANNEL_H

#include "message.h"

struct channel;

/*
 * Take over the socket.  on_message runs for each message that makes sense;
 * on_lost once, when the gateway has gone or sent what cannot be believed (why
 * says what): nothing more comes then.  Either may free the channel.  NULL with
 * errno, the socket being closed.
 */
struct channel	*channel_create(int epoll, int fd,
		    void (*on_message)(void *arg, const struct message *),
		    void (*on_lost)(void *arg, const char *why), void *arg);
void		 channel_free(struct channel *);	/* NULL is fine */

/*
 * Send, now or later.  The descriptors become the channel's and are closed
 * once sent.
 */
void	channel_send(struct channel *, const struct message *, const int *fds,
	    int count);

/* When to call channel_retry, in watch_now's time; UINT64_MAX: never. */
uint64_t	channel_deadline(const struct channel *);
void		channel_retry(struct channel *);

#endif
