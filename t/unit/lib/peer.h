/*
 * peer: a FastCGI worker played by its test, and the one request in its hand.
 *
 * It listens on a unix socket without a name, as the spawner leaves it, and
 * has at most one connection at a time.  Nothing waits: what either side
 * writes is there at once, so that fake_settle is enough.
 */
#ifndef TOLLGATE_PEER_H
#define TOLLGATE_PEER_H

#include "fake.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fcgi.h"

#define HEAD	"Content-Type: text/plain\r\n\r\n"
#define BIG	1000000		/* more than any socket buffer */

struct evbuffer;

/* The worker's side. */
struct peer {
	int		 listener;	/* each -1 when closed */
	int		 fd;		/* of its connection */
	struct evbuffer	*heard;
};

extern struct peer	 peer;
extern struct worker	*worker;
extern struct fake	*fake;

/* The fixture: the worker stands, is warm and idle; fake is still empty. */
void	peer_set_up(void);
void	peer_tear_down(void);

/* Take a connection.  False: none waits. */
bool	peer_accept(void);
void	peer_close(void);

/* Has the module closed it? */
bool	peer_sees_end(void);

/* Read at most max bytes of what is there; or all, while the module goes on. */
size_t	peer_read(size_t max);
void	peer_listen(void);

/* Say bytes; what is in a buffer, which is freed; a record; a whole answer. */
void	peer_write(const void *, size_t);
void	peer_send(struct evbuffer *);
void	peer_say(uint8_t type, const char *text);
void	peer_answer(const char *body);

/* Append a record to what is to be said. */
void	put_record(struct evbuffer *, uint8_t type, uint16_t id,
	    const void *bytes, size_t len, uint8_t padding);
void	put_end(struct evbuffer *, uint32_t app_status,
	    uint8_t protocol_status);

/* Take a whole record of what was heard.  False: there is none. */
bool	peer_record(struct fcgi_record *, uint8_t content[FCGI_CONTENT_MAX]);

/* All of them in words: "BEGIN role flags PARAMS[A=b C=d] STDIN[] ...". */
const char	*peer_heard(void);

/* One stream's content, to its end; what is not of it is passed over. */
size_t	peer_join(uint8_t type, struct evbuffer *);

/* Begin fake, or one anew that has no body, and hear it all out. */
void	begin(void);
void	begin_next(void);

/* It is over, and this is what was answered. */
void	assert_done(const char *out);

/* Another request is served: a module that has gone deaf fails here. */
void	assert_serves_next(void);

/* len letters in no simple order, and a NUL; the caller's. */
char	*make_bytes(size_t len);

#endif
