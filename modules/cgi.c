/*
 * cgi: programs that serve one request and end (RFC 3875).
 *
 * The worker is a launcher, forked and sandboxed ahead of need: it waits on a
 * socket for one request's variables and execs the program with them.  The
 * exec closes that socket; if it fails, the launcher says so there.  The body
 * goes to the program's stdin, its answer comes from its stdout, and it is done
 * when its process has ended, whoever else still holds its stdout.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <event2/event.h>

#include "body.h"
#include "cgi.h"
#include "function.h"
#include "log.h"
#include "mem.h"
#include "message.h"
#include "module.h"
#include "request.h"
#include "worker.h"

#define READ_SIZE	(64 * 1024)
#define OUTPUT_SIZE	(60 * 1024)	/* whole pages that fit a record */
#define LAST_READS	17	/* more than a pipe holds: 1 MB, pipe(7) */

struct program {			/* worker->private */
	struct worker	*worker;
	struct request	*request;	/* NULL: none yet, or cut */
	struct event	*variables;	/* each NULL once closed */
	struct event	*input;
	struct event	*output;
};

/* --- descriptors -------------------------------------------------------- */

static void
close_event(struct event **e)
{
	int	 fd;

	if (*e == NULL)
		return;
	fd = event_get_fd(*e);
	event_free(*e);
	close(fd);
	*e = NULL;
}

static struct event *
open_event(struct program *p, int fd, short what, event_callback_fn on_event)
{
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	return event_new(workers_base(p->worker->workers), fd,
	    (short)(what | EV_PERSIST), on_event, p);
}

/* --- the variables ------------------------------------------------------ */

/* Is name given by [function] parameters?  Those pass whatever their name. */
static bool
is_parameter(const struct function *fn, const struct variable *v)
{
	const char	*word;
	size_t		 i;

	for (i = 0; i < fn->parameters.count; i++) {
		word = fn->parameters.words[i];
		if (strncmp(word, v->name, v->name_len) == 0 &&
		    word[v->name_len] == '=')
			return true;
	}
	return false;
}

static bool
passes(const struct request *r, const struct variable *v)
{
	return !v->is_removed &&
	    (variable_name_passes(v->name, v->name_len, NAME_CGI) ||
	    is_parameter(r->function, v));
}

/* NAME=value strings, each ended by a NUL; the size, or 0 if it is too much. */
static size_t
put_variables(const struct request *r, char *out, size_t room)
{
	const struct variable	*v;
	size_t			 i, used = 0;

	for (i = 0; i < r->variables.count; i++) {
		v = &r->variables.list[i];
		if (!passes(r, v))
			continue;
		if ((size_t)v->name_len + v->value_len + 2 > room - used)
			return 0;
		memcpy(out + used, v->name, v->name_len);
		used += v->name_len;
		out[used++] = '=';
		memcpy(out + used, v->value, v->value_len);
		used += v->value_len;
		out[used++] = '\0';
	}
	return used;
}

/* A body that came without its length has been waited for: now it has one. */
static void
set_length(struct request *r)
{
	if (r->has_length || r->body == NULL || body_received(r->body) == 0)
		return;
	variables_set(&r->variables, "CONTENT_LENGTH",
	    arena_printf(r->arena, "%" PRIu64, body_received(r->body)));
}

static int
send_variables(struct program *p, struct request *r)
{
	char	*packet = (char *)workers_scratch(p->worker->workers);
	size_t	 size;

	set_length(r);
	size = put_variables(r, packet, LAUNCH_VARIABLES_MAX);
	if (size == 0) {
		errno = E2BIG;
		return -1;
	}
	return send(event_get_fd(p->variables), packet, size,
	    MSG_NOSIGNAL) == (ssize_t)size ? 0 : -1;
}

/*
 * The launcher's answer: none, since the exec closed the socket; or why not.
 * If it ended without having read the variables, that is ECONNRESET.
 */
static void
read_launch(struct program *p)
{
	struct launch_failure	 failure;
	struct request		*r = p->request;
	ssize_t			 n;

	n = recv(event_get_fd(p->variables), &failure, sizeof(failure), 0);
	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return;
	close_event(&p->variables);
	if (r == NULL)
		return;
	if (n == 0)
		request_begun(r);
	if (n != sizeof(failure))
		return;
	failure.step[sizeof(failure.step) - 1] = '\0';
	p->request = NULL;
	request_refused(r, (unsigned)failure.refusal <= REFUSAL_NOT_TRUSTED ?
	    (unsigned)failure.refusal : REFUSAL_FAILED, failure.error,
	    failure.step);
}

static void
on_variables(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	read_launch(arg);
}

/* --- stdin -------------------------------------------------------------- */

/* The program wants no more of it: what still comes is thrown away. */
static void
drop_body(struct body *body)
{
	const uint8_t	*bytes;
	ptrdiff_t	 n;

	while (body != NULL && (n = body_peek(body, &bytes, READ_SIZE)) > 0)
		body_consume(body, (size_t)n);
}

static void
send_body(struct program *p)
{
	struct body	*body = p->request->body;
	const uint8_t	*bytes;
	ptrdiff_t	 n;
	ssize_t		 sent;

	while (body != NULL && (n = body_peek(body, &bytes, READ_SIZE)) > 0) {
		sent = write(event_get_fd(p->input), bytes, (size_t)n);
		if (sent == -1 && (errno == EAGAIN || errno == EINTR)) {
			event_add(p->input, NULL);
			return;
		}
		if (sent == -1) {
			close_event(&p->input);
			drop_body(body);
			return;
		}
		body_consume(body, (size_t)sent);
		request_heard(p->request);
	}
	event_del(p->input);
	/*
	 * It sees the end only when this, the last copy, is closed: and must
	 * not see one where the rest of the body cannot be read back.
	 */
	if (body != NULL && body_has_ended(body) && body_waiting(body) == 0)
		close_event(&p->input);
}

static void
cgi_push(struct request *r)
{
	struct program	*p = r->exchange;

	if (p->input != NULL)
		send_body(p);
	else
		drop_body(r->body);
	if (r->is_stopped_reading)
		request_room(r);
}

static void
on_input(evutil_socket_t fd, short what, void *arg)
{
	struct program	*p = arg;

	(void)fd;
	(void)what;
	if (p->request != NULL)
		cgi_push(p->request);
	else
		close_event(&p->input);
}

/* --- stdout ------------------------------------------------------------- */

/* One read's worth.  False when there is nothing more for now. */
static bool
read_output(struct program *p)
{
	struct iovec	 piece = { workers_scratch(p->worker->workers), 0 };
	ssize_t		 n;

	n = read(event_get_fd(p->output), piece.iov_base, OUTPUT_SIZE);
	if (n > 0) {
		piece.iov_len = (size_t)n;
		if (p->request != NULL &&
		    !request_take_stdout(p->request, &piece, 1))
			event_del(p->output);
		return true;
	}
	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return false;
	close_event(&p->output);
	if (p->request != NULL)
		request_stdout_end(p->request);
	return false;
}

static void
on_output(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	read_output(arg);
}

static void
cgi_pull(struct request *r)
{
	struct program	*p = r->exchange;

	if (p->output != NULL)
		event_add(p->output, NULL);
}

/* --- the contract ------------------------------------------------------- */

static int
cgi_attach(struct worker *w, const int *fds, int count)
{
	struct program	*p;

	(void)count;
	p = xcalloc(1, sizeof(*p));
	p->worker = w;
	p->variables = open_event(p, fds[0], EV_READ, on_variables);
	p->input = open_event(p, fds[1], EV_WRITE, on_input);
	p->output = open_event(p, fds[2], EV_READ, on_output);
	w->private = p;
	return 0;
}

static int
cgi_begin(struct request *r)
{
	struct program	*p = r->worker->private;
	int		 error;

	if (send_variables(p, r) == -1) {
		error = errno;
		if (error == EPIPE || error == ECONNRESET ||
		    error == ECONNREFUSED)
			return -1;
		/* The launcher must not wait for what never comes. */
		close_event(&p->variables);
		request_refused(r, REFUSAL_FAILED, error, "its variables");
		return 0;
	}
	p->request = r;
	r->exchange = p;
	event_add(p->variables, NULL);
	event_add(p->output, NULL);
	send_body(p);
	return 0;
}

static void
cgi_cut(struct request *r)
{
	struct program	*p = r->exchange;

	p->request = NULL;
	close_event(&p->variables);
	close_event(&p->input);
	close_event(&p->output);
}

static void
cgi_ended(struct worker *w)
{
	struct program	*p = w->private;
	struct request	*r;
	unsigned	 i;

	if (p->variables != NULL && p->request != NULL)
		read_launch(p);
	for (i = 0; i < LAST_READS && p->output != NULL &&
	    p->request != NULL && read_output(p); i++)
		continue;
	if ((r = p->request) == NULL)
		return;
	p->request = NULL;
	if (WIFSIGNALED(w->end.status))
		request_failed(r, EXCHANGE_RESET, "while it served a request");
	else
		request_done(r, (uint32_t)WEXITSTATUS(w->end.status), false);
}

static void
cgi_detach(struct worker *w)
{
	struct program	*p = w->private;

	close_event(&p->variables);
	close_event(&p->input);
	close_event(&p->output);
	free(p);
	w->private = NULL;
}

const struct protocol	protocol_cgi = {
	.name = "cgi",
	.attach = cgi_attach,
	.begin = cgi_begin,
	.push = cgi_push,
	.pull = cgi_pull,
	.cut = cgi_cut,
	.ended = cgi_ended,
	.detach = cgi_detach,
	.refused_status = 503,
	.died_status = 502,
	.overdue_status = 504,
	.full_status = 503,
};
