/*
 * sockowner: sock_diag(7), asked for one socket at a time; where there is no
 * such way, a look through /proc/net/tcp (proc(5)), which lists them all.
 */
#include "sockowner.h"

#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define ROOT_CGROUP	1
#define PAIR_LEN	27	/* two addresses, ports, what is between */

struct question {
	struct nlmsghdr			 head;
	struct inet_diag_req_v2		 request;
};

union answer {
	struct nlmsghdr			 head;
	uint8_t				 bytes[1024];
};

int
sockowner_open(void)
{
	return socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
	    NETLINK_SOCK_DIAG);
}

/* Both ends of fd, as the other end sees them. */
static int
fill(struct question *q, int fd)
{
	struct sockaddr_in	 ours, theirs;
	socklen_t		 len = sizeof(ours);

	memset(q, 0, sizeof(*q));
	if (getsockname(fd, (struct sockaddr *)&ours, &len) == -1)
		return -1;
	len = sizeof(theirs);
	if (getpeername(fd, (struct sockaddr *)&theirs, &len) == -1)
		return -1;
	q->head.nlmsg_len = sizeof(*q);
	q->head.nlmsg_type = SOCK_DIAG_BY_FAMILY;
	q->head.nlmsg_flags = NLM_F_REQUEST;
	q->request.sdiag_family = AF_INET;
	q->request.sdiag_protocol = IPPROTO_TCP;
	q->request.idiag_states = (uint32_t)-1;
	q->request.id.idiag_sport = theirs.sin_port;
	q->request.id.idiag_dport = ours.sin_port;
	q->request.id.idiag_src[0] = theirs.sin_addr.s_addr;
	q->request.id.idiag_dst[0] = ours.sin_addr.s_addr;
	q->request.id.idiag_cookie[0] = INET_DIAG_NOCOOKIE;
	q->request.id.idiag_cookie[1] = INET_DIAG_NOCOOKIE;
	return 0;
}

/*
 * Since Linux 5.7.  The root is where sockets seem to be if the kernel does not
 * keep count of them, and no worker is in it.
 */
static uint64_t
find_cgroup(const struct nlmsghdr *head)
{
	const struct rtattr	*a;
	const char		*at;
	size_t			 left;
	uint64_t		 id;

	at = (const char *)NLMSG_DATA(head) +
	    NLMSG_ALIGN(sizeof(struct inet_diag_msg));
	left = head->nlmsg_len - NLMSG_SPACE(sizeof(struct inet_diag_msg));
	if (head->nlmsg_len < NLMSG_SPACE(sizeof(struct inet_diag_msg)))
		return 0;
	for (a = (const void *)at; RTA_OK(a, left); a = RTA_NEXT(a, left)) {
		if (a->rta_type != INET_DIAG_CGROUP_ID ||
		    RTA_PAYLOAD(a) != sizeof(id))
			continue;
		memcpy(&id, RTA_DATA(a), sizeof(id));
		return id == ROOT_CGROUP ? 0 : id;
	}
	return 0;
}

static int
read_answer(const union answer *a, ssize_t len, struct sockowner *owner)
{
	const struct inet_diag_msg	*m = NLMSG_DATA(&a->head);
	const struct nlmsgerr		*error = NLMSG_DATA(&a->head);

	if (len < (ssize_t)sizeof(a->head) ||
	    !NLMSG_OK(&a->head, (size_t)len)) {
		errno = EBADMSG;
		return -1;
	}
	if (a->head.nlmsg_type == NLMSG_ERROR &&
	    a->head.nlmsg_len >= NLMSG_LENGTH(sizeof(*error))) {
		errno = -error->error;
		return -1;
	}
	if (a->head.nlmsg_type != SOCK_DIAG_BY_FAMILY ||
	    a->head.nlmsg_len < NLMSG_LENGTH(sizeof(*m))) {
		errno = EBADMSG;
		return -1;
	}
	owner->uid = m->idiag_uid;
	owner->cgroup = find_cgroup(&a->head);
	return 0;
}

/* "ADDRESS:PORT ADDRESS:PORT", as a line of that file begins. */
static void
put_pair(char out[PAIR_LEN + 1], const struct question *q)
{
	const struct inet_diag_sockid	*id = &q->request.id;

	snprintf(out, PAIR_LEN + 1, "%08X:%04X %08X:%04X", id->idiag_src[0],
	    ntohs(id->idiag_sport), id->idiag_dst[0], ntohs(id->idiag_dport));
}

static int
look_it_up(const struct question *q, struct sockowner *owner)
{
	char	 wanted[PAIR_LEN + 1], pair[PAIR_LEN + 1], line[512];
	FILE	*list;
	unsigned uid;
	int	 saved;

	if ((list = fopen("/proc/net/tcp", "re")) == NULL)
		return -1;
	put_pair(wanted, q);
	errno = ENOENT;
	while (fgets(line, sizeof(line), list) != NULL)
		if (sscanf(line, " %*d: %27[0-9A-F: ] %*x %*x:%*x %*x:%*x %*x "
		    "%u", pair, &uid) == 2 && strcmp(pair, wanted) == 0) {
			owner->uid = uid;
			owner->cgroup = 0;
			errno = 0;
			break;
		}
	saved = errno;
	fclose(list);
	errno = saved;
	return saved == 0 ? 0 : -1;
}

int
sockowner_ask(int way, int fd, struct sockowner *owner)
{
	struct question	 q;
	union answer	 a;
	ssize_t		 n;

	if (fill(&q, fd) == -1)
		return -1;
	if (way == -1)
		return look_it_up(&q, owner);
	/* What an earlier question may have left unread is not ours. */
	while (recv(way, &a, sizeof(a), MSG_DONTWAIT) >= 0)
		continue;
	if (send(way, &q, sizeof(q), 0) == -1)
		return -1;
	/* The kernel answers while it is asked. */
	n = recv(way, &a, sizeof(a), MSG_DONTWAIT);
	return n == -1 ? -1 : read_answer(&a, n, owner);
}
