/*
 * sockowner: whose is the other end of a connection over loopback?
 */
#ifndef TOLLGATE_SOCKOWNER_H
#define TOLLGATE_SOCKOWNER_H

#include <stdint.h>
#include <sys/types.h>

/*
 * The way to ask the kernel (sock_diag(7)).  -1 with errno: there is none, as
 * where AF_NETLINK is forbidden; then no control group is told, and each answer
 * costs more the more connections the machine has.
 */
int	sockowner_open(void);

struct sockowner {
	uid_t		 uid;
	uint64_t	 cgroup;	/* its control group; 0: not told */
};

/*
 * Who made the socket that fd, a TCP connection over IPv4 inside our own
 * network namespace, is connected to.  -1 with errno: it cannot be told, as
 * when that socket is closed already.
 */
int	sockowner_ask(int way, int fd, struct sockowner *);

#endif
