/*
 * lambda: workers that ask for their requests, as AWS Lambda's do.
 *
 * A worker finds the address of its endpoint in its environment.  Its first
 * GET next ends its start, each next hands it an invocation, and it is free
 * again when it asks for the one after it: not when it has answered.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "function.h"
#include "invocation.h"
#include "jsontext.h"
#include "lambdaenv.h"
#include "log.h"
#include "mem.h"
#include "module.h"
#include "request.h"
#include "runtimeapi.h"
#include "urlreply.h"
#include "worker.h"

#define CONNECTIONS_MAX	8	/* of a worker, and two for each in flight */
#define TYPE_MAX	64	/* bytes of an error's type that is kept */

#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE	71	/* since Linux 5.14 */
#endif

struct runtime {			/* worker->private */
	struct worker	*worker;
	struct endpoint	*endpoint;
	struct invocations	 open;	/* first come first */
	struct call_list	 asking;	/* calls of next without one */
	uint64_t	 attached_us;
	uint64_t	 init_us;	/* until its first next; 0: not yet */
	bool		 has_reported;	/* init_us, with an invocation */
	bool		 has_failed;	/* it said so, instead of next */
};

static uint64_t
now_us(void)
{
	struct timespec	 t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static bool
is_ready(const struct runtime *rt)
{
	return rt->init_us != 0;
}

/* --- invocations -------------------------------------------------------- */

static struct invocation *
find_open(const struct runtime *rt, const char *id)
{
	struct invocation	*i;

	TAILQ_FOREACH(i, &rt->open, in_worker)
		if (strcmp(i->request->id, id) == 0)
			return i;
	return NULL;
}

static struct invocation *
find_in(const struct runtime *rt, enum invocation_state state)
{
	struct invocation	*i;

	TAILQ_FOREACH(i, &rt->open, in_worker)
		if (i->state == state)
			return i;
	return NULL;
}

/* Those that the worker has and has not answered. */
static unsigned
count_running(const struct runtime *rt)
{
	const struct invocation	*i;
	unsigned		 n = 0;

	TAILQ_FOREACH(i, &rt->open, in_worker)
		n += i->state == INVOCATION_RUNNING ||
		    i->state == INVOCATION_RESPONDING;
	return n;
}

static void
forget(struct runtime *rt, struct invocation *i)
{
	if (i->call != NULL)
		i->call->arg = NULL;
	TAILQ_REMOVE(&rt->open, i, in_worker);
	invocation_free(i);
}

/* The worker is done with it. */
static void
close_invocation(struct runtime *rt, struct invocation *i, bool reusable)
{
	struct request	*r = i->request;

	invocation_report(i, NULL, NULL);
	forget(rt, i);
	request_done(r, 0, reusable);
}

/* It cannot be answered any more. */
static void
break_invocation(struct runtime *rt, struct invocation *i,
    enum exchange_end end, const char *why)
{
	struct request	*r = i->request;

	forget(rt, i);
	request_failed(r, end, why);
}

/* --- next --------------------------------------------------------------- */

static void
hand_out(struct runtime *rt, struct invocation *i, struct call *c)
{
	struct request		*r = i->request;
	const struct by_name	*named = r->by_name;
	char			 deadline[24];
	struct call_header	 headers[] = {
		{ "Lambda-Runtime-Aws-Request-Id", r->id },
		{ "Lambda-Runtime-Deadline-Ms", deadline },
		{ "Lambda-Runtime-Invoked-Function-Arn",
		    named != NULL ? named->function_arn :
		    lambda_arn(r->function, r->arena) },
		{ "Lambda-Runtime-Trace-Id", i->trace_id },
		{ "Content-Type", "application/json" },
		{ NULL, NULL },		/* the client's context, or none */
		{ NULL, NULL },
	};

	if (named != NULL && *named->client_context != '\0')
		headers[5] = (struct call_header){
		    "Lambda-Runtime-Client-Context", named->client_context };

	if (!rt->has_reported)
		i->init_us = rt->init_us;
	rt->has_reported = true;
	request_begun(r);
	snprintf(deadline, sizeof(deadline), "%" PRIu64, invocation_start(i));
	call_reply(c, 200, headers, &i->event);
}

static void
stop_asking(struct runtime *rt, struct call *c)
{
	TAILQ_REMOVE(&rt->asking, c, in_list);
	c->arg = NULL;
}

/* Who has asked, and gone: the worker has asked anew since, or will. */
static void
drop_dead(struct runtime *rt)
{
	struct call	*c, *next;

	for (c = TAILQ_FIRST(&rt->asking); c != NULL; c = next) {
		next = TAILQ_NEXT(c, in_list);
		if (!call_is_alive(c)) {
			stop_asking(rt, c);
			call_drop(c);
		}
	}
}

/* Give those that wait to those that ask. */
static void
match(struct runtime *rt)
{
	struct invocation	*i;
	struct call		*c;

	drop_dead(rt);
	while ((c = TAILQ_FIRST(&rt->asking)) != NULL &&
	    (i = find_in(rt, INVOCATION_WAITING)) != NULL) {
		stop_asking(rt, c);
		hand_out(rt, i, c);
	}
}

static void
refuse_transition(struct call *c, const char *from, const char *to)
{
	char	 message[160];

	snprintf(message, sizeof(message), "State transition from %s to %s "
	    "failed for runtime. Error: State transition is not allowed", from,
	    to);
	call_reply_error(c, 403, "InvalidStateTransition", message);
}

static void
take_next(struct runtime *rt, struct call *c)
{
	struct invocation	*i;

	if (rt->has_failed) {
		refuse_transition(c, "InitError", "Ready");
		return;
	}
	if (!is_ready(rt)) {
		rt->init_us = now_us() - rt->attached_us;
		rt->init_us += rt->init_us == 0;
	}
	if (count_running(rt) >= rt->worker->function->concurrency) {
		refuse_transition(c, "Running", "Ready");
		return;
	}
	if ((i = find_in(rt, INVOCATION_ANSWERED)) != NULL)
		close_invocation(rt, i, true);
	c->arg = rt;
	TAILQ_INSERT_TAIL(&rt->asking, c, in_list);
	match(rt);
}

/* --- results ------------------------------------------------------------ */

static const char *
state_name(enum invocation_state state)
{
	static const char	*const names[] = {
		[INVOCATION_WAITING] = "Ready",
		[INVOCATION_RUNNING] = "Running",
		[INVOCATION_RESPONDING] = "InvocationResponse",
		[INVOCATION_ANSWERED] = "ResponseSent",
	};

	return names[state];
}

/* Who invokes by name says it himself, and then it is the runtime's choice. */
static bool
is_streamed(const struct request *r, const char *mode)
{
	return r->by_name == NULL ? r->function->is_streamed :
	    r->by_name->is_streamed && mode != NULL;
}

/* May this be the result of that? */
static void
begin_result(struct runtime *rt, struct call *c)
{
	const char		*mode, *to;
	struct invocation	*i = find_open(rt, c->id);

	to = c->kind == CALL_ERROR ? "InvocationErrorResponse" :
	    "InvocationResponse";
	mode = call_header(c, "Lambda-Runtime-Function-Response-Mode");
	if (!is_ready(rt))
		refuse_transition(c, "Started", to);
	else if (i == NULL || i->state == INVOCATION_WAITING)
		call_reply_error(c, 400, "InvalidRequestID",
		    "Invalid request ID");
	else if (i->state != INVOCATION_RUNNING)
		refuse_transition(c, state_name(i->state), to);
	else if (c->kind == CALL_RESPONSE && mode != NULL &&
	    strcmp(mode, "streaming") != 0)
		call_reply_error(c, 400, "InvalidFunctionResponseMode",
		    "Invalid function response mode");
	else {
		i->state = INVOCATION_RESPONDING;
		i->is_streamed = c->kind == CALL_RESPONSE &&
		    is_streamed(i->request, mode);
		i->call = c;
		c->arg = i;
	}
}

/* More than may be. */
static void
refuse_long(struct runtime *rt, struct invocation *i, struct call *c)
{
	static const char	 payload[] = "{\"errorMessage\":\"Response "
	    "payload size exceeded maximum allowed payload size "
	    "(6291556 bytes).\",\"errorType\":"
	    "\"Function.ResponseSizeTooLarge\"}";

	call_reply_error(c, 413, "RequestEntityTooLarge",
	    "Exceeded maximum allowed payload size (6291556 bytes).");
	buffer_release(&c->body);
	c->arg = i->call = NULL;
	if (i->has_head)
		break_invocation(rt, i, EXCHANGE_GARBAGE,
		    "its result is too long");
	else
		invocation_answer(i, payload, sizeof(payload) - 1, true);
}

/* The start of a stream is no head, or its end is missing. */
static void
break_stream(struct runtime *rt, struct invocation *i, struct call *c,
    const char *why)
{
	if (!call_has_reply(c))
		call_reply_accepted(c);
	c->arg = i->call = NULL;
	break_invocation(rt, i, EXCHANGE_GARBAGE, why);
}

static bool
on_body(void *arg, struct call *c, const void *bytes, size_t len)
{
	struct runtime		*rt = arg;
	struct invocation	*i = c->arg;
	const char		*why;
	uint64_t		 most = INVOCATION_PAYLOAD_MAX;
	int			 n;

	if (c->kind != CALL_RESPONSE && c->kind != CALL_ERROR) {
		/* The body of init/error is kept, no other is. */
		if (c->kind == CALL_INIT_ERROR &&
		    buffer_size(&c->body) + len <= most)
			buffer_add(&c->body, bytes, len);
		return true;
	}
	if (i == NULL)
		return true;	/* it was cut: nobody waits for it */
	if (i->is_streamed)
		most = INVOCATION_STREAM_MAX;
	i->received += len;
	if (i->received > most) {
		refuse_long(rt, i, c);
		return true;
	}
	if (!i->is_streamed) {
		buffer_add(&c->body, bytes, len);
		return true;
	}
	n = invocation_stream(i, call_header(c, "Content-Type"), bytes, len,
	    &why);
	if (n == -1)
		break_stream(rt, i, c, why);
	return n != 1;
}

/*
 * Clients that send trailers send them always: it has gone wrong if that of
 * the error's type has a value.  The other is the error, in base64.
 */
static bool
has_error_trailer(struct call *c)
{
	const char	*type, *error;
	struct buffer	 text = { 0 };

	type = call_trailer(c, "Lambda-Runtime-Function-Error-Type");
	if (type == NULL || *type == '\0')
		return false;
	error = call_trailer(c, "Lambda-Runtime-Function-Error-Body");
	if (error != NULL && base64_decode(&text, error, strlen(error)) == 0) {
		buffer_release(&c->body);
		c->body = text;
	}
	return true;
}

static void
end_result(struct runtime *rt, struct call *c)
{
	struct invocation	*i = c->arg;
	bool			 is_error;
	const char		*why;

	if (i == NULL) {
		call_reply_error(c, 400, "InvalidRequestID",
		    "Invalid request ID");
		return;
	}
	is_error = has_error_trailer(c) || c->kind == CALL_ERROR;
	call_reply_accepted(c);
	c->arg = i->call = NULL;
	if (!i->is_streamed || (is_error && !i->has_head))
		invocation_answer(i, buffer_bytes(&c->body),
		    buffer_size(&c->body), is_error);
	else if (is_error) {
		if (buffer_size(&c->body) > 0)
			invocation_keep_payload(i->request,
			    buffer_bytes(&c->body), buffer_size(&c->body));
		break_invocation(rt, i, EXCHANGE_GARBAGE,
		    "the function failed in mid-answer");
	} else if (invocation_stream_end(i, call_header(c, "Content-Type"),
	    &why) == -1)
		break_invocation(rt, i, EXCHANGE_GARBAGE, why);
	buffer_release(&c->body);
}

/* Its upload broke off: it may be sent anew, unless some has gone out. */
static void
lose_result(struct runtime *rt, struct invocation *i)
{
	i->call = NULL;
	if (i->is_streamed && i->received > 0) {
		break_invocation(rt, i, EXCHANGE_GARBAGE,
		    "its result was cut short");
		return;
	}
	i->state = INVOCATION_RUNNING;
	i->received = 0;
}

/* --- the start ---------------------------------------------------------- */

/* Once, and instead of the first next. */
static void
begin_init_error(struct runtime *rt, struct call *c)
{
	if (is_ready(rt) || rt->has_failed)
		refuse_transition(c, is_ready(rt) ? "Ready" : "InitError",
		    "InitError");
	rt->has_failed = !is_ready(rt);
}

/* (Runtime|Function).[A-Z][a-zA-Z]+, as AWS keeps it; else it is unknown. */
static const char *
error_type(const struct call *c)
{
	static const char	 letters[] = "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
	const char		*said, *reason;

	said = call_header(c, "Lambda-Runtime-Function-Error-Type");
	if (said != NULL && (strncmp(said, "Runtime.", 8) == 0 ||
	    strncmp(said, "Function.", 9) == 0)) {
		reason = strchr(said, '.') + 1;
		if (*reason >= 'A' && *reason <= 'Z' && reason[1] != '\0' &&
		    strlen(said) <= TYPE_MAX &&
		    reason[strspn(reason, letters)] == '\0')
			return said;
	}
	return "Runtime.Unknown";
}

/* Its error is what those who wait for it are told. */
static void
take_init_error(struct runtime *rt, struct call *c)
{
	struct invocation	*i;

	i = TAILQ_FIRST(&rt->open);
	invocation_report_init(rt->worker, i == NULL ? "-" : i->request->id,
	    now_us() - rt->attached_us, "error", error_type(c));
	while ((i = TAILQ_FIRST(&rt->open)) != NULL) {
		invocation_keep_payload(i->request, buffer_bytes(&c->body),
		    buffer_size(&c->body));
		break_invocation(rt, i, EXCHANGE_CLOSED,
		    "it reports that its start failed");
	}
	buffer_release(&c->body);
	call_reply_accepted(c);
}

/* Extensions inside the runtime's process may register, and wait for ever. */
static void
take_register(struct runtime *rt, struct call *c)
{
	static const struct call_header	 headers[] = {
		{ "Lambda-Extension-Identifier",
		    "00000000-0000-4000-8000-000000000001" },
		{ "Content-Type", "application/json" },
		{ NULL, NULL },
	};
	struct buffer			 body = { 0 };

	json_printf(&body, "{\"functionName\":\"%s\",\"functionVersion\":\""
	    LAMBDA_VERSION "\",\"handler\":\"\"}",
	    rt->worker->function->name);
	call_reply(c, 200, headers, &body);
}

/* --- calls -------------------------------------------------------------- */

static void
on_head(void *arg, struct call *c)
{
	if (c->kind == CALL_RESPONSE || c->kind == CALL_ERROR)
		begin_result(arg, c);
	else if (c->kind == CALL_INIT_ERROR)
		begin_init_error(arg, c);
}

static void
on_whole(void *arg, struct call *c)
{
	switch (c->kind) {
	case CALL_NEXT:
		take_next(arg, c);
		break;
	case CALL_RESPONSE:
	case CALL_ERROR:
		end_result(arg, c);
		break;
	case CALL_INIT_ERROR:
		take_init_error(arg, c);
		break;
	case CALL_REGISTER:
		take_register(arg, c);
		break;
	case CALL_EXTENSION_NEXT:	/* until the worker ends */
	case CALL_ANSWERED:
		break;
	}
}

static void
on_over(void *arg, struct call *c, bool is_done)
{
	struct runtime	*rt = arg;

	(void)is_done;
	if (c->arg == NULL)
		return;
	if (c->kind == CALL_NEXT) {
		stop_asking(rt, c);
		return;
	}
	lose_result(rt, c->arg);
	c->arg = NULL;
}

/* --- the contract ------------------------------------------------------- */

/*
 * Is the worker's network another than ours?  Nobody else can reach its
 * endpoint then, and sock_diag(7) does not see into it.
 */
static bool
has_own_network(int listener)
{
	uint64_t	 theirs = 0, ours = 0;
	socklen_t	 len = sizeof(theirs);
	int		 own;
	bool		 differs;

	own = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (own == -1)
		return false;
	differs = getsockopt(listener, SOL_SOCKET, SO_NETNS_COOKIE, &theirs,
	    &len) == 0 && getsockopt(own, SOL_SOCKET, SO_NETNS_COOKIE, &ours,
	    &len) == 0 && theirs != ours;
	close(own);
	return differs;
}

static int
lambda_attach(struct worker *w, const int *fds, int count)
{
	struct runtime		*rt = xcalloc(1, sizeof(*rt));
	struct endpoint_setup	 setup = {
		.listener = fds[0], .uid = w->uid, .cgroup = w->cgroup,
		.has_own_network = has_own_network(fds[0]),
		.connections_max = CONNECTIONS_MAX +
		    2 * w->function->concurrency,
		.on_head = on_head, .on_body = on_body, .on_whole = on_whole,
		.on_over = on_over, .arg = rt,
	};

	(void)count;
	rt->worker = w;
	rt->attached_us = now_us();
	TAILQ_INIT(&rt->open);
	TAILQ_INIT(&rt->asking);
	rt->endpoint = endpoint_create(workers_runtimeapi(w->workers), &setup);
	w->private = rt;
	return 0;
}

static int
lambda_begin(struct request *r)
{
	struct runtime		*rt = r->worker->private;
	struct invocation	*i;

	if (rt->has_failed) {
		errno = ECONNREFUSED;
		return -1;
	}
	if ((i = invocation_create(r)) == NULL) {
		request_done(r, 0, true);
		return 0;
	}
	r->exchange = i;
	TAILQ_INSERT_TAIL(&rt->open, i, in_worker);
	match(rt);
	return 0;
}

/* Its body was here before it was begun. */
static void
lambda_push(struct request *r)
{
	(void)r;
}

static void
lambda_pull(struct request *r)
{
	struct invocation	*i = r->exchange;

	if (i->call != NULL)
		call_resume(i->call);
}

static void
lambda_cut(struct request *r)
{
	struct invocation	*i = r->exchange;
	struct runtime		*rt = r->worker->private;

	if (i->state == INVOCATION_WAITING && !is_ready(rt))
		invocation_report_init(rt->worker, r->id,
		    now_us() - rt->attached_us, "timeout", NULL);
	else if (i->state != INVOCATION_WAITING) {
		if (r->is_overdue)
			invocation_timed_out(i);
		invocation_report(i, r->is_overdue ? "timeout" : "error",
		    NULL);
	}
	forget(rt, i);
}

static void
end_invocation(struct runtime *rt, struct invocation *i)
{
	int	 status = rt->worker->end.status;

	if (i->state == INVOCATION_ANSWERED) {
		close_invocation(rt, i, false);
		return;
	}
	if (i->state == INVOCATION_WAITING && is_ready(rt)) {
		break_invocation(rt, i, EXCHANGE_RESET,
		    "before it took the request");
		return;
	}
	invocation_exited(i, status);
	if (i->state != INVOCATION_WAITING) {
		invocation_report(i, "error", "Runtime.ExitError");
		break_invocation(rt, i, EXCHANGE_DIED,
		    "while it served a request");
		return;
	}
	invocation_report_init(rt->worker, i->request->id,
	    now_us() - rt->attached_us, "error", "Runtime.ExitError");
	break_invocation(rt, i, EXCHANGE_RESET, NULL);
}

static void
lambda_ended(struct worker *w)
{
	struct runtime		*rt = w->private;
	struct invocation	*i;

	/* Its last words may be here, and not yet read. */
	endpoint_finish(rt->endpoint);
	while ((i = TAILQ_FIRST(&rt->open)) != NULL)
		end_invocation(rt, i);
}

static void
lambda_detach(struct worker *w)
{
	struct runtime	*rt = w->private;

	endpoint_free(rt->endpoint);
	free(rt);
	w->private = NULL;
}

/* As a function URL answers for what its function did not. */
static void
lambda_put_refusal(const struct request *r, int status, struct buffer *out)
{
	struct urlreply	 reply = { r->id, NULL };

	urlreply_write_failure(out, &reply, status);
}

const struct protocol	protocol_lambda = {
	.name = "lambda",
	.attach = lambda_attach,
	.begin = lambda_begin,
	.push = lambda_push,
	.pull = lambda_pull,
	.cut = lambda_cut,
	.ended = lambda_ended,
	.detach = lambda_detach,
	.put_refusal = lambda_put_refusal,
	.refused_status = 502,
	.died_status = 502,
	.overdue_status = 502,
	.full_status = 429,
};
