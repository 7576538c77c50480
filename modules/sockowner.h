/*
 * sockowner: whose is the other end of a connection over loopback?
 */
#ifndef TOLLGATE_SOCKOWNER_H
#define TOLLGATE_SOCKOWNER_H

#include <sys/types.h>

/* The way to ask the kernel (sock_diag(7)); -1 with errno. */
int	sockowner_open(void);

/*
 * Who made the socket that fd, a TCP connection over IPv4 inside our own
 * network namespace, is connected to.  -1 with errno: it cannot be told, as
 * when that socket is closed already.
 */
int	sockowner_uid(int way, int fd, uid_t *uid);

#endif
