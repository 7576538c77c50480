/*
 * listeners: unix and TCP sockets of the front.
 */
#include "listeners.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "log.h"
#include "mem.h"
#include "message.h"

#define INHERITED_FIRST	3	/* SD_LISTEN_FDS_START */
#define LISTENERS_MAX	(MESSAGE_FDS_MAX - 1)	/* LOAD's first is the file */

union address {
	struct sockaddr		 any;
	struct sockaddr_un	 un;
	struct sockaddr_in	 in;
	struct sockaddr_in6	 in6;
};

/* --- addresses ---------------------------------------------------------- */

static const char *
unix_path(const char *address)
{
	return strncmp(address, "unix:", 5) == 0 ? address + 5 : NULL;
}

/* -1: not of the form ADDR:PORT with a numeric address. */
static int
parse_tcp(const char *text, union address *address, socklen_t *len)
{
	char		 host[INET6_ADDRSTRLEN + 2];
	const char	*colon = strrchr(text, ':');
	in_port_t	 port;
	size_t		 n;

	if (colon == NULL || (n = (size_t)(colon - text)) >= sizeof(host))
		return -1;
	port = htons((in_port_t)strtoul(colon + 1, NULL, 10));
	memset(address, 0, sizeof(*address));
	if (text[0] == '[' && n >= 2) {
		memcpy(host, text + 1, n - 2);
		host[n - 2] = '\0';
		address->in6.sin6_family = AF_INET6;
		address->in6.sin6_port = port;
		*len = sizeof(address->in6);
		return inet_pton(AF_INET6, host, &address->in6.sin6_addr) == 1 ?
		    0 : -1;
	}
	memcpy(host, text, n);
	host[n] = '\0';
	address->in.sin_family = AF_INET;
	address->in.sin_port = port;
	*len = sizeof(address->in);
	return inet_pton(AF_INET, host, &address->in.sin_addr) == 1 ? 0 : -1;
}

static bool
is_loopback(const union address *address)
{
	if (address->any.sa_family == AF_INET6)
		return IN6_IS_ADDR_LOOPBACK(&address->in6.sin6_addr);
	return ntohl(address->in.sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
}

/* The address of an inherited socket as configurations write it; or NULL. */
static char *
address_of(int fd)
{
	union address	 address;
	socklen_t	 len = sizeof(address);
	char		 host[INET6_ADDRSTRLEN];

	memset(&address, 0, sizeof(address));
	if (getsockname(fd, &address.any, &len) == -1)
		return NULL;
	switch (address.any.sa_family) {
	case AF_UNIX:
		return xasprintf("unix:%.*s",
		    (int)sizeof(address.un.sun_path), address.un.sun_path);
	case AF_INET:
		inet_ntop(AF_INET, &address.in.sin_addr, host, sizeof(host));
		return xasprintf("%s:%u", host, ntohs(address.in.sin_port));
	case AF_INET6:
		inet_ntop(AF_INET6, &address.in6.sin6_addr, host, sizeof(host));
		return xasprintf("[%s]:%u", host,
		    ntohs(address.in6.sin6_port));
	default:
		return NULL;
	}
}

/* The same place, however an IPv6 address is written. */
static bool
is_same_address(const char *a, const char *b)
{
	union address	 left, right;
	socklen_t	 left_len, right_len;

	if (strcmp(a, b) == 0)
		return true;
	if (unix_path(a) != NULL || unix_path(b) != NULL)
		return false;
	return parse_tcp(a, &left, &left_len) == 0 &&
	    parse_tcp(b, &right, &right_len) == 0 && left_len == right_len &&
	    memcmp(&left, &right, left_len) == 0;
}

/* --- binding ------------------------------------------------------------ */

/* A socket there that nobody listens on is left from a crash. */
static int
remove_stale(const char *path)
{
	struct sockaddr_un	 un = { .sun_family = AF_UNIX };
	struct stat		 st;
	int			 fd, status;

	if (lstat(path, &st) == -1)
		return errno == ENOENT ? 0 : -1;
	if (!S_ISSOCK(st.st_mode)) {
		errno = EEXIST;
		return -1;
	}
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd == -1)
		return -1;
	memcpy(un.sun_path, path, strlen(path) + 1);
	status = connect(fd, (const struct sockaddr *)&un, sizeof(un));
	/* EAGAIN: its backlog is full, so somebody does listen. */
	if (status == 0 || errno == EAGAIN)
		errno = EADDRINUSE;
	else if (errno == ECONNREFUSED)
		status = unlink(path) == 0 ? 1 : -1;
	close(fd);
	return status == 1 ? 0 : -1;
}

/*
 * Mode and group, by a descriptor, so that nothing put in its place meanwhile
 * is changed; and which file it is.
 */
static int
give_permissions(struct listener *l, const char *path,
    const struct gateway_settings *settings)
{
	char		 by_descriptor[64];
	struct stat	 st;
	int		 fd, status = -1;

	fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd == -1)
		return -1;
	snprintf(by_descriptor, sizeof(by_descriptor), "/proc/self/fd/%d", fd);
	if (fstat(fd, &st) == -1)
		goto out;
	if (!S_ISSOCK(st.st_mode)) {
		errno = EEXIST;
		goto out;
	}
	if (l->ino != 0 && (l->dev != st.st_dev || l->ino != st.st_ino)) {
		errno = ESTALE;		/* another's: to be left alone */
		goto out;
	}
	l->dev = st.st_dev;
	l->ino = st.st_ino;
	if (settings->listen_gid != (gid_t)-1 && fchownat(fd, "", (uid_t)-1,
	    settings->listen_gid, AT_EMPTY_PATH) == -1)
		goto out;
	status = chmod(by_descriptor, settings->listen_mode);
out:
	close(fd);
	return status;
}

static int
bind_unix(struct listener *l, const char *path,
    const struct gateway_settings *settings)
{
	struct sockaddr_un	 un = { .sun_family = AF_UNIX };
	mode_t			 mask;
	int			 status;

	if (strlen(path) >= sizeof(un.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(un.sun_path, path, strlen(path) + 1);
	if (remove_stale(path) == -1)
		return -1;
	l->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (l->fd == -1)
		return -1;
	/* Nobody gets in before group and mode are right. */
	mask = umask(0777);
	status = bind(l->fd, (const struct sockaddr *)&un, sizeof(un));
	umask(mask);
	if (status == -1)
		return -1;
	if (listen(l->fd, (int)settings->listen_backlog) == -1)
		return -1;
	return give_permissions(l, path, settings);
}

static int
bind_tcp(struct listener *l, const struct gateway_settings *settings)
{
	union address	 address;
	socklen_t	 len;
	int		 on = 1;

	if (parse_tcp(l->address, &address, &len) == -1) {
		errno = EINVAL;
		return -1;
	}
	l->fd = socket(address.any.sa_family,
	    SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (l->fd == -1)
		return -1;
	setsockopt(l->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (address.any.sa_family == AF_INET6)
		setsockopt(l->fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	if (bind(l->fd, &address.any, len) == -1 ||
	    listen(l->fd, (int)settings->listen_backlog) == -1)
		return -1;
	if (!is_loopback(&address))
		log_warning("listen = %s: whoever has an address of "
		    "trusted_fronts can call every function, with any "
		    "parameters", l->address);
	return 0;
}

/* Remove the path if it still leads to this socket. */
static void
remove_path(const struct listener *l)
{
	const char	*path = unix_path(l->address);
	struct stat	 st;

	if (path != NULL && !l->is_inherited && l->ino != 0 &&
	    lstat(path, &st) == 0 && st.st_dev == l->dev && st.st_ino == l->ino)
		unlink(path);
}

static void
close_listener(struct listener *l)
{
	remove_path(l);
	if (l->fd != -1)
		close(l->fd);
	l->fd = -1;
}

/* --- sets --------------------------------------------------------------- */

static struct listener *
add(struct listeners *set, const char *address)
{
	struct listener	*l;

	set->list = xreallocarray(set->list, set->count + 1,
	    sizeof(*set->list));
	l = &set->list[set->count++];
	memset(l, 0, sizeof(*l));
	l->address = xstrdup(address);
	l->fd = -1;
	return l;
}

static struct listener *
find(const struct listeners *set, const char *address)
{
	size_t	 i;

	for (i = 0; i < set->count; i++)
		if (is_same_address(set->list[i].address, address))
			return &set->list[i];
	return NULL;
}

/* Forget the set; its sockets are somebody else's, or closed. */
static void
forget(struct listeners *set)
{
	size_t	 i;

	for (i = 0; i < set->count; i++)
		free(set->list[i].address);
	free(set->list);
	set->list = NULL;
	set->count = 0;
}

static bool
is_listening(int fd)
{
	int		 type, listening;
	socklen_t	 len = sizeof(int);

	if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) == -1)
		return false;
	len = sizeof(int);
	return type == SOCK_STREAM && getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN,
	    &listening, &len) == 0 && listening;
}

void
listeners_inherit(struct listeners *set)
{
	const char	*count = getenv("LISTEN_FDS");
	const char	*pid = getenv("LISTEN_PID");
	struct listener	*l;
	char		*address;
	int		 fd, end;

	set->list = NULL;
	set->count = 0;
	end = INHERITED_FIRST;
	if (count != NULL && pid != NULL && atol(pid) == (long)getpid() &&
	    atoi(count) > 0 && atoi(count) <= LISTENERS_MAX)
		end += atoi(count);
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDNAMES");
	for (fd = INHERITED_FIRST; fd < end; fd++) {
		if (fcntl(fd, F_SETFD, FD_CLOEXEC) == -1)
			continue;
		address = is_listening(fd) ? address_of(fd) : NULL;
		if (address == NULL || fcntl(fd, F_SETFL, O_NONBLOCK) == -1) {
			log_warning("descriptor %d of LISTEN_FDS is no "
			    "listening stream socket", fd);
			free(address);
			continue;
		}
		l = add(set, address);
		l->fd = fd;
		l->is_inherited = true;
		free(address);
	}
	close_range((unsigned)end, ~0U, 0);
}

static int
open_one(struct listeners *set, const char *address,
    const struct gateway_settings *settings, const struct listeners *old)
{
	struct listener	*l, *known;
	const char	*path = unix_path(address);

	if ((known = find(set, address)) != NULL) {
		log_error("listen = %s: the same as %s", address,
		    known->address);
		return -1;
	}
	l = add(set, address);
	if ((known = find(old, address)) != NULL) {
		l->fd = known->fd;
		l->is_inherited = known->is_inherited;
		l->dev = known->dev;
		l->ino = known->ino;
		l->is_shared = true;
		return 0;
	}
	if ((path != NULL ? bind_unix(l, path, settings) :
	    bind_tcp(l, settings)) == 0)
		return 0;
	if (errno == EEXIST)
		log_error("listen = %s: there is something that is no socket",
		    address);
	else if (errno == EADDRINUSE)
		log_error("listen = %s: in use by another program", address);
	else
		log_errno("listen = %s", address);
	return -1;
}

int
listeners_open(struct listeners *set, const struct gateway_settings *settings,
    const struct listeners *old)
{
	size_t	 i;

	set->list = NULL;
	set->count = 0;
	if (settings->listen.count > LISTENERS_MAX) {
		log_error("listen: more than %d addresses", LISTENERS_MAX);
		return -1;
	}
	for (i = 0; i < settings->listen.count; i++)
		if (open_one(set, settings->listen.words[i], settings, old) ==
		    -1) {
			listeners_abandon(set);
			return -1;
		}
	return 0;
}

void
listeners_abandon(struct listeners *fresh)
{
	size_t	 i;

	for (i = 0; i < fresh->count; i++)
		if (!fresh->list[i].is_shared)
			close_listener(&fresh->list[i]);
	forget(fresh);
}

/* A kept socket gets what mode, group and backlog are now. */
static void
refresh(struct listener *l, const struct gateway_settings *settings)
{
	const char	*path = unix_path(l->address);

	listen(l->fd, (int)settings->listen_backlog);
	if (path == NULL || give_permissions(l, path, settings) == 0)
		return;
	if (errno == ESTALE)
		log_error("listen = %s: another socket stands there by now; "
		    "nobody finds ours", l->address);
	else
		log_errno("listen = %s", l->address);
}

void
listeners_replace(struct listeners *old, struct listeners *fresh,
    const struct gateway_settings *settings)
{
	struct listener	*l;
	size_t		 i;

	for (i = 0; i < old->count; i++) {
		l = &old->list[i];
		if (find(fresh, l->address) != NULL)
			continue;
		if (l->is_inherited)
			log_warning("%s was handed over by LISTEN_FDS, but is "
			    "not in listen: closed", l->address);
		close_listener(l);
	}
	forget(old);
	for (i = 0; i < fresh->count; i++) {
		l = &fresh->list[i];
		if (l->is_shared && !l->is_inherited)
			refresh(l, settings);
		l->is_shared = false;
	}
	*old = *fresh;
	fresh->list = NULL;
	fresh->count = 0;
}

int
listeners_descriptors(const struct listeners *set, bool all, int *fds, int room,
    uint32_t *bits)
{
	size_t	 i;
	int	 n = 0;

	*bits = 0;
	for (i = 0; i < set->count && n < room; i++)
		if (all || !set->list[i].is_shared) {
			fds[n++] = set->list[i].fd;
			*bits |= 1u << i;
		}
	return n;
}

void
listeners_close(struct listeners *set)
{
	size_t	 i;

	for (i = 0; i < set->count; i++)
		close_listener(&set->list[i]);
	forget(set);
}
