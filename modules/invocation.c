/*
 * invocation: events, results, failures and log lines of single requests.
 */
#include "invocation.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#include "body.h"
#include "cgi.h"
#include "function.h"
#include "jsontext.h"
#include "lambdaenv.h"
#include "log.h"
#include "mem.h"
#include "request.h"
#include "urlevent.h"
#include "urlreply.h"
#include "worker.h"

#define READ_SIZE	(64 * 1024)
#define TRACE_MAX	256	/* of a client's own trace id */
#define PRELUDE_MAX	(64 * 1024)
#define PIECE_MAX	60000	/* of a stream, at a time */
#define PRELUDE_TYPE	"application/vnd.awslambda.http-integration-response"

static uint64_t
clock_us(clockid_t clock)
{
	struct timespec	 t;

	clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

/* --- the event ---------------------------------------------------------- */

/* X-Ray's: the client's, if it sent a sane one, or one of this request's id. */
static const char *
make_trace_id(const struct request *r)
{
	const struct variable	*v;
	char			 hex[33];
	size_t			 i, n = 0;

	if (r->by_name != NULL)
		return r->by_name->trace_id;
	v = variables_find(&r->variables, "HTTP_X_AMZN_TRACE_ID");
	if (v != NULL && v->value_len > 0 && v->value_len <= TRACE_MAX) {
		for (i = 0; i < v->value_len; i++)
			if (v->value[i] <= ' ' || v->value[i] > '~')
				break;
		if (i == v->value_len)
			return arena_strndup(r->arena, v->value, v->value_len);
	}
	for (i = 0; r->id[i] != '\0' && n < sizeof(hex) - 1; i++)
		if (r->id[i] != '-')
			hex[n++] = r->id[i];
	hex[n] = '\0';
	return arena_printf(r->arena, "Root=1-%08" PRIx64 "-%.24s;"
	    "Parent=%.16s;Sampled=0", r->time_us / 1000000, hex,
	    n >= 16 ? hex + n - 16 : hex);
}

/* All of it, which has come, in one piece; -1: too long, or unreadable. */
static int
read_body(struct request *r, struct buffer *out)
{
	const uint8_t	*bytes;
	ptrdiff_t	 n;

	if (r->body == NULL)
		return 0;
	if (body_received(r->body) > INVOCATION_PAYLOAD_MAX)
		return -1;
	while ((n = body_peek(r->body, &bytes, READ_SIZE)) > 0) {
		buffer_add(out, bytes, (size_t)n);
		body_consume(r->body, (size_t)n);
	}
	return n == -1 ? -1 : 0;
}

static int
make_event(struct invocation *i)
{
	struct request	*r = i->request;
	struct buffer	 body = { 0 };
	struct urlevent	 event = {
		.variables = &r->variables, .request_id = r->id,
		.trace_id = i->trace_id, .time_us = r->time_us,
	};
	int		 status;

	if (r->by_name != NULL)		/* its body is one */
		return read_body(r, &i->event);
	if ((status = read_body(r, &body)) == 0) {
		event.body = buffer_bytes(&body);
		event.body_len = buffer_size(&body);
		urlevent_write(&i->event, &event);
		if (buffer_size(&i->event) > INVOCATION_PAYLOAD_MAX)
			status = -1;
	}
	buffer_release(&body);
	return status;
}

/* --- the answer --------------------------------------------------------- */

/* Head and body, to the request, as a CGI program's. */
static bool
tell(struct request *r, struct buffer *answer)
{
	struct iovec	 piece;
	size_t		 len;
	bool		 has_room = true;

	while ((len = buffer_size(answer)) > 0) {
		piece.iov_base = buffer_bytes(answer);
		piece.iov_len = len > PIECE_MAX ? PIECE_MAX : len;
		has_room = request_take_stdout(r, &piece, 1);
		buffer_consume(answer, piece.iov_len);
	}
	buffer_release(answer);
	return has_room;
}

static struct urlreply
reply_of(const struct invocation *i)
{
	return (struct urlreply){ i->request->id, i->trace_id };
}

/* To who invokes by name: as it is. */
static void
tell_result(struct request *r, const void *payload, size_t len)
{
	struct buffer	 answer = { 0 };

	json_put(&answer, r->is_function_error ? "Status: 500\n" : "");
	json_put(&answer, "Content-Type: application/json\n\n");
	buffer_add(&answer, payload, len);
	tell(r, &answer);
}

static void
tell_failure(struct invocation *i, int status)
{
	static const char	 unread[] =
	    "{\"errorType\":\"Sandbox.Failure\",\"errorMessage\":"
	    "\"the event cannot be read\"}";
	struct urlreply		 reply = reply_of(i);
	struct buffer		 answer = { 0 };

	i->request->is_function_error = true;
	if (i->request->by_name != NULL) {
		tell_result(i->request, unread, sizeof(unread) - 1);
		return;
	}
	urlreply_write_failure(&answer, &reply, status);
	tell(i->request, &answer);
}

struct invocation *
invocation_create(struct request *r)
{
	struct invocation	*i = xcalloc(1, sizeof(*i));

	i->request = r;
	i->trace_id = make_trace_id(r);
	if (make_event(i) == 0)
		return i;
	log_warning("%s: request %s: its event is longer than %d bytes",
	    r->function->name, r->id, INVOCATION_PAYLOAD_MAX);
	tell_failure(i, 413);
	invocation_free(i);
	return NULL;
}

void
invocation_free(struct invocation *i)
{
	buffer_release(&i->event);
	free(i);
}

uint64_t
invocation_start(struct invocation *i)
{
	struct request	*r = i->request;
	uint64_t	 ms = r->function->request_terminate_timeout_ms;
	char		 line[128];

	i->state = INVOCATION_RUNNING;
	i->began_us = clock_us(CLOCK_MONOTONIC);
	if (i->init_us != 0) {	/* what was said before is not its own */
		worker_heard(r->worker);
		worker_read_stderr(r->worker, r->id);
	}
	snprintf(line, sizeof(line), "START RequestId: %s Version: "
	    LAMBDA_VERSION "\n", r->id);
	worker_log(r->worker, r->id, line, strlen(line));
	if (ms == 0)
		ms = UINT64_C(24) * 60 * 60 * 1000;
	return clock_us(CLOCK_REALTIME) / 1000 + ms;
}

void
invocation_answer(struct invocation *i, const void *payload, size_t len,
    bool is_error)
{
	struct urlreply	 reply = reply_of(i);
	struct buffer	 answer = { 0 };
	struct request	*r = i->request;
	const char	*why = "the function failed";

	i->state = INVOCATION_ANSWERED;
	if (r->by_name != NULL) {
		r->is_function_error = is_error;
		tell_result(r, payload, len);
		request_stdout_end(r);
		return;
	}
	if (is_error) {
		invocation_keep_payload(r, payload, len);
	} else if (urlreply_write(&answer, &reply, payload, len, &why) == 0) {
		tell(r, &answer);
		request_stdout_end(r);
		return;
	} else
		log_warning("%s: request %s: its result is no answer: %s",
		    r->function->name, r->id, why);
	tell_failure(i, 502);
	request_stdout_end(r);
}

/* --- streams ------------------------------------------------------------ */

/* Where the NULs behind a prelude begin, or NULL. */
static const char *
find_nuls(const char *bytes, size_t len)
{
	static const char	 nuls[URLREPLY_NULS];

	return memmem(bytes, len, nuls, sizeof(nuls));
}

/* Is the prelude here, in what waits?  0: not yet. */
static int
take_prelude(struct invocation *i, struct buffer *held, const char **why)
{
	struct urlreply	 reply = reply_of(i);
	struct buffer	 head = { 0 };
	const char	*bytes = (const char *)buffer_bytes(held), *nuls;

	nuls = bytes == NULL ? NULL : find_nuls(bytes, buffer_size(held));
	if (nuls == NULL) {
		*why = "its prelude has no end";
		return buffer_size(held) > PRELUDE_MAX ? -1 : 0;
	}
	if (urlreply_write_prelude(&head, &reply, bytes,
	    (size_t)(nuls - bytes), why) == -1)
		return -1;
	buffer_consume(held, (size_t)(nuls - bytes) + URLREPLY_NULS);
	tell(i->request, &head);
	i->has_head = true;
	return 1;
}

static bool
has_prelude(const char *content_type)
{
	return content_type != NULL && strncmp(content_type, PRELUDE_TYPE,
	    sizeof(PRELUDE_TYPE) - 1) == 0;
}

/* The head of a stream, as far as it can be told. */
static int
take_head(struct invocation *i, const char *content_type,
    struct buffer *held, const char **why)
{
	struct urlreply	 reply = reply_of(i);
	struct buffer	 head = { 0 };

	if (i->has_head)
		return 1;
	if (has_prelude(content_type) && i->request->by_name == NULL)
		return take_prelude(i, held, why);
	urlreply_write_stream(&head, &reply, content_type);
	tell(i->request, &head);
	i->has_head = true;
	return 1;
}

int
invocation_stream(struct invocation *i, const char *content_type,
    const void *bytes, size_t len, const char **why)
{
	struct buffer	 held = { 0 };
	int		 n;

	/* What came in front of the NULs waits where the event was. */
	buffer_add(&i->event, bytes, len);
	if ((n = take_head(i, content_type, &i->event, why)) != 1)
		return n;
	held = i->event;
	memset(&i->event, 0, sizeof(i->event));
	return tell(i->request, &held) ? 0 : 1;
}

int
invocation_stream_end(struct invocation *i, const char *content_type,
    const char **why)
{
	if (!i->has_head && take_head(i, content_type, &i->event, why) != 1)
		return -1;
	tell(i->request, &i->event);
	i->state = INVOCATION_ANSWERED;
	request_stdout_end(i->request);
	return 0;
}

/* --- failures ----------------------------------------------------------- */

void
invocation_keep_payload(struct request *r, const void *bytes, size_t len)
{
	char	*copy;

	copy = arena_alloc(r->arena, len + 1);
	if (len > 0)
		memcpy(copy, bytes, len);
	copy[len] = '\0';
	r->payload = copy;
	r->payload_len = len;
}

/* As AWS words what its platform says; into the function's log as well. */
static void
fail(struct invocation *i, const char *type, const char *error)
{
	struct request	*r = i->request;

	r->payload = arena_printf(r->arena, "{\"errorType\":\"%s\","
	    "\"errorMessage\":\"RequestId: %s Error: %s\"}", type, r->id,
	    error);
	r->payload_len = strlen(r->payload);
}

void
invocation_timed_out(struct invocation *i)
{
	const struct request	*r = i->request;
	double			 s;
	char			 error[64], line[128];

	s = (double)r->function->request_terminate_timeout_ms / 1000;
	snprintf(error, sizeof(error), "Task timed out after %.2f seconds", s);
	fail(i, "Sandbox.Timedout", error);
	snprintf(line, sizeof(line), "%s %s\n", r->id, error);
	worker_log(r->worker, r->id, line, strlen(line));
}

/* "exit status 1", "signal: killed". */
static void
describe_status(int status, char *out, size_t room)
{
	char	*p;

	if (!WIFSIGNALED(status)) {
		snprintf(out, room, "exit status %d", WEXITSTATUS(status));
		return;
	}
	snprintf(out, room, "signal: %s", strsignal(WTERMSIG(status)));
	for (p = out; *p != '\0'; p++)	/* as Go says it */
		if (*p >= 'A' && *p <= 'Z')
			*p = (char)(*p | 0x20);
}

void
invocation_exited(struct invocation *i, int wait_status)
{
	const struct request	*r = i->request;
	char			 how[64], error[128], line[256];

	snprintf(error, sizeof(error), "Runtime exited without providing a "
	    "reason");
	if (wait_status != 0) {
		describe_status(wait_status, how, sizeof(how));
		snprintf(error, sizeof(error), "Runtime exited with error: %s",
		    how);
	}
	fail(i, "Runtime.ExitError", error);
	snprintf(line, sizeof(line), "RequestId: %s Error: %s\n"
	    "Runtime.ExitError\n", r->id, error);
	worker_log(r->worker, r->id, line, strlen(line));
}

/* --- the function's log ------------------------------------------------- */

static void
put_failure(struct buffer *line, const char *status, const char *error_type)
{
	if (status != NULL)
		json_printf(line, "Status: %s", status);
	if (error_type != NULL)
		json_printf(line, "\tError Type: %s", error_type);
	json_put(line, "\n");
}

static void
write_log(struct worker *w, const char *request_id, struct buffer *line)
{
	worker_heard(w);
	worker_read_stderr(w, request_id);
	worker_log(w, request_id, buffer_bytes(line), buffer_size(line));
	buffer_release(line);
}

void
invocation_report(struct invocation *i, const char *status,
    const char *error_type)
{
	struct request	*r = i->request;
	struct buffer	 line = { 0 };
	uint64_t	 limit, us = clock_us(CLOCK_MONOTONIC) - i->began_us;

	limit = r->function->request_terminate_timeout_ms * 1000;
	if (limit != 0 && us > limit)
		us = limit;
	json_printf(&line, "END RequestId: %s\nREPORT RequestId: %s\t"
	    "Duration: %.2f ms\tBilled Duration: %" PRIu64 " ms\t"
	    "Memory Size: %u MB\tMax Memory Used: %" PRIu64 " MB\t", r->id,
	    r->id, (double)us / 1000, (us + i->init_us + 999) / 1000,
	    lambda_memory_mb(r->function),
	    (worker_peak_kb(r->worker) + 1023) / 1024);
	if (i->init_us != 0)
		json_printf(&line, "Init Duration: %.2f ms\t",
		    (double)i->init_us / 1000);
	put_failure(&line, status, error_type);
	write_log(r->worker, r->id, &line);
}

void
invocation_report_init(struct worker *w, const char *request_id,
    uint64_t init_us, const char *status, const char *error_type)
{
	struct buffer	 line = { 0 };

	json_printf(&line, "INIT_REPORT Init Duration: %.2f ms\tPhase: init\t",
	    (double)init_us / 1000);
	put_failure(&line, status, error_type);
	write_log(w, request_id, &line);
}
