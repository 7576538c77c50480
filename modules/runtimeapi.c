/*
 * runtimeapi: libmicrohttpd in the loop, and the table of what can be called.
 */
#include "runtimeapi.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/event.h>
#include <microhttpd.h>

#include "jsontext.h"
#include "log.h"
#include "mem.h"
#include "sockowner.h"
#include "timer.h"

#define MEMORY_MAX	(128 * 1024)	/* of a connection: headers, trailers */
#define CONNECTIONS_MAX	65536		/* of all workers together */
#define ACCEPTS_MAX	16		/* in one turn of an endpoint */
#define LAST_TURNS	256	/* of the daemon, for what is still unread */
#define TELL_MS		1000
#define NO_FILES_MS	100		/* no descriptor: then try again */
#define JSON_TYPE	"application/json"

LIST_HEAD(link_list, link);

struct runtimeapi {
	struct MHD_Daemon	*daemon;
	struct event		*ready;	/* its epoll descriptor */
	struct timer		*run;	/* it has something to do now */
	int			 owner;	/* sockowner's way */
	struct endpoint		*accepting;
	uint64_t		 told_ms;	/* when a refusal was logged */
	struct link_list	 half;	/* that sent something, but not all */
};

struct endpoint {
	struct runtimeapi	*api;
	struct endpoint_setup	 setup;
	struct event		*listening;
	struct timer		*retry;	/* accepting */
	struct link_list	 links;
	unsigned		 count;
};

struct link {			/* a connection */
	struct runtimeapi	*api;
	struct endpoint		*endpoint;	/* NULL: freed */
	struct MHD_Connection	*connection;
	int			 fd;
	struct call		*call;	/* the one at hand */
	LIST_ENTRY(link)	 in_endpoint;
	bool			 is_half;
	LIST_ENTRY(link)	 in_half;
};

/* --- what can be called ------------------------------------------------- */

#define NOT_SUPPORTED(name) \
	"{\"errorMessage\":\"" name " API is not supported\"," \
	"\"errorType\":\"" name ".NotSupported\"}\n"
#define STATUS_OK	"{\"status\":\"OK\"}\n"

static const struct path {
	const char	*method;
	const char	*path;		/* * is an invocation's id */
	enum call_kind	 kind;
	unsigned	 status;	/* of CALL_ANSWERED */
	const char	*answer;
} paths[] = {
	{ "GET", "/2018-06-01/runtime/invocation/next", CALL_NEXT, 0, NULL },
	{ "POST", "/2018-06-01/runtime/invocation/*/response", CALL_RESPONSE,
	  0, NULL },
	{ "POST", "/2018-06-01/runtime/invocation/*/error", CALL_ERROR, 0,
	  NULL },
	{ "POST", "/2018-06-01/runtime/init/error", CALL_INIT_ERROR, 0, NULL },
	{ "GET", "/2018-06-01/runtime/restore/next", CALL_ANSWERED, 200, "" },
	{ "POST", "/2018-06-01/runtime/restore/error", CALL_ANSWERED, 202,
	  STATUS_OK },
	{ "GET", "/2018-06-01/ping", CALL_ANSWERED, 200, "pong" },
	{ "POST", "/2020-01-01/extension/register", CALL_REGISTER, 0, NULL },
	{ "GET", "/2020-01-01/extension/event/next", CALL_EXTENSION_NEXT, 0,
	  NULL },
	{ "POST", "/2020-01-01/extension/init/error", CALL_ANSWERED, 202,
	  STATUS_OK },
	{ "POST", "/2020-01-01/extension/exit/error", CALL_ANSWERED, 202,
	  STATUS_OK },
	{ "PUT", "/2020-08-15/logs", CALL_ANSWERED, 202,
	  NOT_SUPPORTED("Logs") },
	{ "PUT", "/2022-07-01/telemetry", CALL_ANSWERED, 202,
	  NOT_SUPPORTED("Telemetry") },
};

static const struct path	not_found = { NULL, NULL, CALL_ANSWERED, 404,
				    "404 page not found\n" };
static const struct path	not_allowed = { NULL, NULL, CALL_ANSWERED, 405,
				    "" };

/* Does url fit?  What stands for * goes to id. */
static bool
fits(const char *pattern, const char *url, char id[CALL_ID_MAX + 1])
{
	size_t	 n;

	id[0] = '\0';
	for (; *pattern != '\0' && *pattern != '*'; pattern++, url++)
		if (*pattern != *url)
			return false;
	if (*pattern == '\0')
		return *url == '\0';
	n = strcspn(url, "/");
	if (n > CALL_ID_MAX || strcmp(pattern + 1, url + n) != 0)
		return false;
	memcpy(id, url, n);
	id[n] = '\0';
	return true;
}

static const struct path *
find_path(const char *method, const char *url, char id[CALL_ID_MAX + 1])
{
	const struct path	*found = &not_found;
	size_t			 i;

	for (i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		if (!fits(paths[i].path, url, id))
			continue;
		if (strcmp(paths[i].method, method) == 0)
			return &paths[i];
		found = &not_allowed;
	}
	return found;
}

static bool	refuse(const struct endpoint *, const char *, ...)
		    __attribute__((format(printf, 2, 3)));

/* --- the daemon's turn -------------------------------------------------- */

static void
note_half(struct link *l)
{
	if (l->is_half)
		return;
	l->is_half = true;
	LIST_INSERT_HEAD(&l->api->half, l, in_half);
}

static void
note_whole(struct link *l)
{
	if (!l->is_half)
		return;
	l->is_half = false;
	LIST_REMOVE(l, in_half);
}

/* Has the other end said all that it will ever say? */
static bool
has_hung_up(int fd)
{
	char	 byte;
	ssize_t	 n;

	n = recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
	return n == 0 || (n == -1 && errno != EAGAIN && errno != EINTR);
}

/*
 * A client that writes head and body apart sends the body when the head is
 * acknowledged (RFC 896), which would take 40 ms: do it now.  And the end of a
 * connection that came with the last bytes is no news to epoll(7), so that the
 * daemon does not look for it: make it some.
 */
static void
see_to_half(struct runtimeapi *api)
{
	const int	 on = 1;
	struct link	*l;

	while ((l = LIST_FIRST(&api->half)) != NULL) {
		note_whole(l);
		if (has_hung_up(l->fd))
			shutdown(l->fd, SHUT_RD);
		else
			setsockopt(l->fd, IPPROTO_TCP, TCP_QUICKACK, &on,
			    sizeof(on));
	}
}

/* It keeps to itself what it has read but not yet worked through. */
static void
run(void *arg)
{
	struct runtimeapi	*api = arg;
	MHD_UNSIGNED_LONG_LONG	 wait_ms;

	MHD_run(api->daemon);
	see_to_half(api);
	if (MHD_get_timeout(api->daemon, &wait_ms) == MHD_YES && wait_ms == 0)
		timer_soon(api->run);
}

static void
on_ready(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	run(arg);
}

/* --- calls -------------------------------------------------------------- */

static struct call *
call_create(struct link *l, const char *method, const char *url)
{
	const struct path	*p;
	struct call		*c = xcalloc(1, sizeof(*c));
	struct buffer		 body = { 0 };
	struct call_header	 headers[] = { { "Content-Type", JSON_TYPE },
				    { NULL, NULL } };

	c->link = l;
	p = find_path(method, url, c->id);
	c->kind = p->kind;
	if (p->kind != CALL_ANSWERED)
		return c;
	if (p->answer[0] != '{')
		headers[0].value = p->answer[0] == '\0' ? NULL : "text/plain";
	json_put(&body, p->answer);
	call_reply(c, p->status, headers, &body);
	return c;
}

static void
suspend(struct call *c)
{
	c->is_suspended = true;
	MHD_suspend_connection(c->link->connection);
}

/* Its own answer, or what on_whole has left for later. */
static enum MHD_Result
finish(struct call *c)
{
	struct link	*l = c->link;

	if (!c->is_whole) {
		c->is_whole = true;
		if (c->response == NULL)
			l->endpoint->setup.on_whole(l->endpoint->setup.arg, c);
	}
	if (c->response != NULL)
		return MHD_queue_response(l->connection, c->status,
		    c->response);
	suspend(c);
	return MHD_YES;
}

/*
 * How much of it is left.  A paused call is suspended only when there is more,
 * which is left: else the daemon would go on with the chunks that it has read,
 * and work on a connection that is not in its lists any more.
 */
static size_t
take_body(struct call *c, const char *bytes, size_t len)
{
	const struct endpoint_setup	*s = &c->link->endpoint->setup;

	if (c->response != NULL)
		return 0;
	if (c->is_paused) {
		suspend(c);
		return len;
	}
	c->is_paused = !s->on_body(s->arg, c, bytes, len);
	return 0;
}

static enum MHD_Result
on_request(void *arg, struct MHD_Connection *connection, const char *url,
    const char *method, const char *version, const char *bytes, size_t *len,
    void **state)
{
	struct link	*l;
	struct call	*c = *state;

	(void)arg;
	(void)version;
	l = *(void *const *)MHD_get_connection_info(connection,
	    MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	if (l == NULL || l->endpoint == NULL)
		return MHD_NO;
	if (c == NULL) {
		l->connection = connection;
		*state = l->call = c = call_create(l, method, url);
		if (c->response == NULL)
			l->endpoint->setup.on_head(l->endpoint->setup.arg, c);
		note_half(l);
		return MHD_YES;
	}
	if (*len > 0) {
		note_half(l);
		*len = take_body(c, bytes, *len);
		return MHD_YES;
	}
	note_whole(l);
	return finish(c);
}

static void
on_completed(void *arg, struct MHD_Connection *connection, void **state,
    enum MHD_RequestTerminationCode how)
{
	struct call	*c = *state;
	struct link	*l;

	(void)arg;
	(void)connection;
	if (c == NULL)
		return;
	*state = NULL;
	l = c->link;
	l->call = NULL;
	if (l->endpoint != NULL && c->kind != CALL_ANSWERED)
		l->endpoint->setup.on_over(l->endpoint->setup.arg, c,
		    how == MHD_REQUEST_TERMINATED_COMPLETED_OK);
	if (c->response != NULL)
		MHD_destroy_response(c->response);
	buffer_release(&c->body);
	free(c);
}

const char *
call_header(const struct call *c, const char *name)
{
	return MHD_lookup_connection_value(c->link->connection,
	    MHD_HEADER_KIND, name);
}

const char *
call_trailer(const struct call *c, const char *name)
{
	return MHD_lookup_connection_value(c->link->connection,
	    MHD_FOOTER_KIND, name);
}

void
call_resume(struct call *c)
{
	c->is_paused = false;
	if (!c->is_suspended)
		return;
	c->is_suspended = false;
	MHD_resume_connection(c->link->connection);
	timer_soon(c->link->api->run);
}

bool
call_is_alive(const struct call *c)
{
	return !has_hung_up(c->link->fd);
}

void
call_drop(struct call *c)
{
	shutdown(c->link->fd, SHUT_RDWR);
	call_reply_error(c, 500, "InternalServerError",
	    "Internal Server Error");
}

bool
call_has_reply(const struct call *c)
{
	return c->response != NULL;
}

void
call_reply(struct call *c, unsigned status, const struct call_header *headers,
    struct buffer *body)
{
	size_t	 len = buffer_size(body);
	void	*bytes;

	/* Its memory is handed on as a whole, which begins with the bytes. */
	if (body->at > 0) {
		memmove(body->memory, body->memory + body->at, len);
		body->at = 0;
		body->end = len;
	}
	bytes = body->memory != NULL ? body->memory : xmalloc(1);
	memset(body, 0, sizeof(*body));
	c->response = MHD_create_response_from_buffer(len, bytes,
	    MHD_RESPMEM_MUST_FREE);
	if (c->response == NULL)
		fatal("out of memory");
	for (; headers->name != NULL; headers++)
		if (headers->value != NULL)
			MHD_add_response_header(c->response, headers->name,
			    headers->value);
	c->status = status;
	call_resume(c);
}

static void
reply_json(struct call *c, unsigned status, struct buffer *body)
{
	static const struct call_header	 headers[] = {
		{ "Content-Type", JSON_TYPE },
		{ NULL, NULL },
	};

	call_reply(c, status, headers, body);
}

void
call_reply_accepted(struct call *c)
{
	struct buffer	 body = { 0 };

	json_put(&body, STATUS_OK);
	reply_json(c, 202, &body);
}

void
call_reply_error(struct call *c, unsigned status, const char *type,
    const char *message)
{
	struct buffer	 body = { 0 };

	json_put(&body, "{\"errorMessage\":");
	json_put_string(&body, message, strlen(message));
	json_put(&body, ",\"errorType\":");
	json_put_string(&body, type, strlen(type));
	json_put(&body, "}\n");
	reply_json(c, status, &body);
}

/* --- connections -------------------------------------------------------- */

static void
on_connection(void *arg, struct MHD_Connection *connection, void **context,
    enum MHD_ConnectionNotificationCode what)
{
	struct runtimeapi	*api = arg;
	struct link		*l = *context;

	if (what == MHD_CONNECTION_NOTIFY_STARTED) {
		l = xcalloc(1, sizeof(*l));
		l->api = api;
		l->endpoint = api->accepting;
		l->connection = connection;
		l->fd = MHD_get_connection_info(connection,
		    MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
		LIST_INSERT_HEAD(&l->endpoint->links, l, in_endpoint);
		l->endpoint->count++;
		*context = l;
		return;
	}
	if (l == NULL)
		return;
	if (l->endpoint != NULL) {
		LIST_REMOVE(l, in_endpoint);
		l->endpoint->count--;
	}
	*context = NULL;
	note_whole(l);
	free(l);
}

/* Once a second: who tries it may do so all the time.  False. */
static bool
refuse(const struct endpoint *e, const char *format, ...)
{
	struct runtimeapi	*api = e->api;
	char			 words[160];
	va_list			 ap;

	if (api->told_ms != 0 && timer_now() - api->told_ms < TELL_MS)
		return false;
	api->told_ms = timer_now();
	va_start(ap, format);
	vsnprintf(words, sizeof(words), format, ap);
	va_end(ap);
	log_warning("runtime API of a worker of user %ld: a connection is "
	    "refused: %s", (long)e->setup.uid, words);
	return false;
}

/* May whoever is at the other end speak for this worker? */
static bool
is_welcome(const struct endpoint *e, int fd)
{
	struct sockowner	 owner;

	if (e->count >= e->setup.connections_max)
		return refuse(e, "it has %u already", e->count);
	if (e->setup.has_own_network)
		return true;
	if (sockowner_ask(e->api->owner, fd, &owner) == -1)
		return refuse(e, "whose it is cannot be told: %s",
		    strerror(errno));
	if (owner.uid != e->setup.uid)
		return refuse(e, "it is user %ld's", (long)owner.uid);
	if (owner.cgroup != 0 && e->setup.cgroup != 0 &&
	    owner.cgroup != e->setup.cgroup)
		return refuse(e, "it is another worker's");
	return true;
}

/* fd is the daemon's from now on, whatever comes of it. */
static void
add_connection(struct endpoint *e, int fd, const struct sockaddr_in *peer,
    socklen_t len)
{
	e->api->accepting = e;
	MHD_add_connection(e->api->daemon, fd, (const struct sockaddr *)peer,
	    len);
	e->api->accepting = NULL;
	timer_soon(e->api->run);
}

static void
on_connect(evutil_socket_t listener, short what, void *arg)
{
	struct endpoint		*e = arg;
	struct sockaddr_in	 peer;
	socklen_t		 len;
	int			 fd, i;

	(void)what;
	for (i = 0; i < ACCEPTS_MAX; i++) {
		len = sizeof(peer);
		fd = accept4((int)listener, (struct sockaddr *)&peer, &len,
		    SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (fd == -1)
			break;
		if (is_welcome(e, fd))
			add_connection(e, fd, &peer, len);
		else
			close(fd);
	}
	if (i == ACCEPTS_MAX || errno == EAGAIN || errno == EINTR ||
	    errno == ECONNABORTED)
		return;
	log_errno("runtime API: accept");
	event_del(e->listening);
	timer_start(e->retry, NO_FILES_MS);
}

static void
listen_again(void *arg)
{
	struct endpoint	*e = arg;

	event_add(e->listening, NULL);
}

/* --- endpoints ---------------------------------------------------------- */

struct endpoint *
endpoint_create(struct runtimeapi *api, const struct endpoint_setup *setup)
{
	struct endpoint	*e = xcalloc(1, sizeof(*e));
	int		 fd = setup->listener;

	e->api = api;
	e->setup = *setup;
	LIST_INIT(&e->links);
	e->retry = timer_new(listen_again, e);
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	e->listening = event_new(event_get_base(api->ready), fd,
	    EV_READ | EV_PERSIST, on_connect, e);
	event_add(e->listening, NULL);
	return e;
}

void
endpoint_finish(struct endpoint *e)
{
	MHD_UNSIGNED_LONG_LONG	 wait_ms;
	int			 i;

	on_connect(e->setup.listener, EV_READ, e);
	for (i = 0; i < LAST_TURNS; i++) {
		MHD_run(e->api->daemon);
		see_to_half(e->api);
		if (MHD_get_timeout(e->api->daemon, &wait_ms) != MHD_YES ||
		    wait_ms != 0)
			break;
	}
	timer_soon(e->api->run);
}

/* The daemon lets go of it, and of its call, in its own time. */
static void
forget_link(struct link *l)
{
	LIST_REMOVE(l, in_endpoint);
	l->endpoint = NULL;
	shutdown(l->fd, SHUT_RDWR);
	if (l->call != NULL)
		call_resume(l->call);
}

void
endpoint_free(struct endpoint *e)
{
	struct link	*l;

	if (e == NULL)
		return;
	while ((l = LIST_FIRST(&e->links)) != NULL)
		forget_link(l);
	timer_free(e->retry);
	event_free(e->listening);
	close(e->setup.listener);
	timer_soon(e->api->run);
	free(e);
}

/* --- the daemon --------------------------------------------------------- */

static struct MHD_Daemon *
start_daemon(struct runtimeapi *api)
{
	return MHD_start_daemon(MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET |
	    MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, on_request, api,
	    MHD_OPTION_NOTIFY_CONNECTION, on_connection, api,
	    MHD_OPTION_NOTIFY_COMPLETED, on_completed, api,
	    MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)MEMORY_MAX,
	    MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS_MAX,
	    MHD_OPTION_END);
}

struct runtimeapi *
runtimeapi_create(struct event_base *base)
{
	struct runtimeapi	*api = xcalloc(1, sizeof(*api));
	int			 fd;

	api->owner = sockowner_open();
	if ((api->daemon = start_daemon(api)) == NULL)
		goto close_owner;
	fd = MHD_get_daemon_info(api->daemon,
	    MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
	api->run = timer_new(run, api);
	api->ready = event_new(base, fd, EV_READ | EV_PERSIST, on_ready, api);
	event_add(api->ready, NULL);
	return api;

close_owner:
	if (api->owner != -1)
		close(api->owner);
	free(api);
	return NULL;
}

void
runtimeapi_free(struct runtimeapi *api)
{
	if (api == NULL)
		return;
	/* It must not be stopped while connections are suspended. */
	MHD_run(api->daemon);
	event_free(api->ready);
	timer_free(api->run);
	MHD_stop_daemon(api->daemon);
	if (api->owner != -1)
		close(api->owner);
	free(api);
}
