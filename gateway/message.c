/*
 * message: fixed structs between spawner and gateway, checked before anything
 * in them is believed.
 */
#include "message.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define HEADER	offsetof(struct message, start)

static const struct {
	const char		*name;
	enum message_side	 side;
	size_t			 size;	/* behind the header */
} types[MESSAGE_TYPES] = {
	[MESSAGE_START]   = { "START",   TO_SPAWNER,
	    sizeof(struct message_start) },
	[MESSAGE_SIGNAL]  = { "SIGNAL",  TO_SPAWNER,
	    sizeof(struct message_signal) },
	[MESSAGE_FREEZE]  = { "FREEZE",  TO_SPAWNER,
	    sizeof(struct message_freeze) },
	[MESSAGE_LOADED]  = { "LOADED",  TO_SPAWNER,
	    sizeof(struct message_load) },
	[MESSAGE_READY]   = { "READY",   TO_SPAWNER, 0 },
	[MESSAGE_HELP]    = { "HELP",    TO_SPAWNER, 0 },
	[MESSAGE_LOAD]    = { "LOAD",    TO_GATEWAY,
	    sizeof(struct message_load) },
	[MESSAGE_COMMIT]  = { "COMMIT",  TO_GATEWAY,
	    sizeof(struct message_load) },
	[MESSAGE_STARTED] = { "STARTED", TO_GATEWAY,
	    sizeof(struct message_started) },
	[MESSAGE_REFUSED] = { "REFUSED", TO_GATEWAY,
	    sizeof(struct message_refused) },
	[MESSAGE_EXITED]  = { "EXITED",  TO_GATEWAY,
	    sizeof(struct message_exited) },
	[MESSAGE_HELPER]  = { "HELPER",  TO_GATEWAY, 0 },
	[MESSAGE_REOPEN]  = { "REOPEN",  TO_GATEWAY, 0 },
	[MESSAGE_DRAIN]   = { "DRAIN",   TO_GATEWAY, 0 },
	[MESSAGE_STOP]    = { "STOP",    TO_GATEWAY, 0 },
};

/* Room for the descriptors of one message, aligned as cmsg(3) wants it. */
union control {
	char		 bytes[CMSG_SPACE(MESSAGE_FDS_MAX * sizeof(int))];
	struct cmsghdr	 align;
};

const char *
message_name(uint32_t type)
{
	if (type >= MESSAGE_TYPES || types[type].name == NULL)
		return "?";
	return types[type].name;
}

int
message_send(int fd, const struct message *m, const int *fds, int count)
{
	union control	 control;
	struct iovec	 iov;
	struct msghdr	 msg;
	struct cmsghdr	*c;
	size_t		 size = (size_t)count * sizeof(int);
	ssize_t		 n;

	if (m->type >= MESSAGE_TYPES || types[m->type].name == NULL ||
	    count < 0 || count > MESSAGE_FDS_MAX) {
		errno = EINVAL;
		return -1;
	}
	memset(&msg, 0, sizeof(msg));
	iov.iov_base = (void *)(uintptr_t)m;	/* sendmsg only reads it */
	iov.iov_len = HEADER + types[m->type].size;
	msg.msg_iov = &iov;
	msg.msg_iovlen = 1;
	if (count > 0) {
		memset(&control, 0, sizeof(control));
		msg.msg_control = control.bytes;
		msg.msg_controllen = CMSG_SPACE(size);
		c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(size);
		memcpy(CMSG_DATA(c), fds, size);
	}
	do
		n = sendmsg(fd, &msg, MSG_NOSIGNAL);
	while (n == -1 && errno == EINTR);
	return n == -1 ? -1 : 0;
}

static bool
is_terminated(const char *text, size_t room)
{
	return memchr(text, '\0', room) != NULL;
}

static int
count_bits(uint32_t bits)
{
	int	 n;

	for (n = 0; bits != 0; bits &= bits - 1)
		n++;
	return n;
}

static bool
start_is_valid(const struct message_start *start)
{
	uint32_t	 i;

	if (start->capture_count > FUNCTION_CAPTURES_MAX)
		return false;
	for (i = 0; i < start->capture_count; i++)
		if (!is_terminated(start->captures[i],
		    sizeof(start->captures[i])))
			return false;
	return true;
}

static bool
started_is_valid(const struct message_started *started, int count)
{
	if (started->has_cpu_stat > 1 || started->has_memory_peak > 1)
		return false;
	count -= (int)(started->has_cpu_stat + started->has_memory_peak);
	return (count == 2 || count == 4) && started->pid > 0;
}

/* Do the fields and the number of descriptors make sense? */
static bool
is_valid(const struct message *m, int count)
{
	switch (m->type) {
	case MESSAGE_START:
		return count == 0 && start_is_valid(&m->start);
	case MESSAGE_SIGNAL:
		return count == 0 && (m->signal.signal == SIGTERM ||
		    m->signal.signal == SIGKILL);
	case MESSAGE_FREEZE:
		return count == 0 && m->freeze.on <= 1;
	case MESSAGE_LOADED:
		return count == 0 && m->load.accepted <= 1;
	case MESSAGE_LOAD:
		return count == 1 + count_bits(m->load.listeners);
	case MESSAGE_HELPER:
		return count <= 1;
	case MESSAGE_STARTED:
		return started_is_valid(&m->started, count);
	case MESSAGE_REFUSED:
		return count == 0 &&
		    m->refused.refusal <= REFUSAL_CAPPED &&
		    is_terminated(m->refused.step, MESSAGE_STEP_LEN);
	case MESSAGE_EXITED:
		return count == 0 && m->exited.is_oom <= 1 &&
		    m->exited.is_above <= 1 &&
		    is_terminated(m->exited.step, MESSAGE_STEP_LEN);
	default:
		return count == 0;
	}
}

/* Gather the descriptors that came along; returns how many. */
static int
take_descriptors(struct msghdr *msg, int *fds)
{
	struct cmsghdr	*c;
	int		 count = 0, n;

	for (c = CMSG_FIRSTHDR(msg); c != NULL; c = CMSG_NXTHDR(msg, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		n = (int)((c->cmsg_len - CMSG_LEN(0)) / sizeof(int));
		memcpy(fds + count, CMSG_DATA(c), (size_t)n * sizeof(int));
		count += n;
	}
	return count;
}

int
message_receive(int fd, enum message_side side, struct message *m, int *fds,
    int *count)
{
	union control	 control;
	struct iovec	 iov = { .iov_base = m, .iov_len = sizeof(*m) };
	struct msghdr	 msg;
	ssize_t		 n;

	memset(&msg, 0, sizeof(msg));
	msg.msg_iov = &iov;
	msg.msg_iovlen = 1;
	/* Without room for them, the kernel drops descriptors. */
	if (side == TO_GATEWAY) {
		msg.msg_control = control.bytes;
		msg.msg_controllen = sizeof(control.bytes);
	}
	*count = 0;
	memset(m, 0, sizeof(*m));
	do
		n = recvmsg(fd, &msg, MSG_CMSG_CLOEXEC);
	while (n == -1 && errno == EINTR);
	if (n == -1)
		return errno == ECONNRESET ? 0 : -1;
	*count = take_descriptors(&msg, fds);
	if (n == 0 && *count == 0)
		return 0;

	if ((msg.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) == 0 &&
	    (size_t)n >= HEADER && m->type < MESSAGE_TYPES &&
	    types[m->type].name != NULL && types[m->type].side == side &&
	    (size_t)n == HEADER + types[m->type].size && m->reserved == 0 &&
	    is_valid(m, *count))
		return 1;

	while (*count > 0)
		close(fds[--*count]);
	errno = EBADMSG;
	return -1;
}
