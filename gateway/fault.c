/*
 * fault: what a request by the Invoke API is answered.
 *
 * What is the function's fault is 200 with X-Amz-Function-Error: it did run,
 * or should have.  All else is an error of the API.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "buffer.h"
#include "config.h"
#include "eventstream.h"
#include "funclog.h"
#include "function.h"
#include "invoke.h"
#include "mem.h"
#include "pool.h"
#include "settings.h"
#include "walk.h"
#include "worker.h"

#define SAID_MAX	1024	/* bytes of a function's own words */
#define REPORT_MAX	512	/* of the lines around them in the log */

/* --- heads ---------------------------------------------------------------- */

static void
put_error(struct request *r, const struct api_error *e)
{
	const char	*head;

	head = arena_printf(r->arena, "Status: %d %s\r\n"
	    "Content-Type: application/json\r\nContent-Length: %zu\r\n"
	    "x-amzn-RequestId: %s\r\nx-amzn-ErrorType: %s\r\n%s\r\n%s",
	    e->status, cgi_reason(e->status), strlen(e->body), r->id, e->name,
	    e->status == 429 ? "Retry-After: 1\r\n" : "", e->body);
	answer_replace(&r->answer, head, strlen(head));
	r->answer.body_out = strlen(e->body);
}

static const char *
encode_base64(struct arena *arena, const char *bytes, size_t len)
{
	static const char	 digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "abcdefghijklmnopqrstuvwxyz0123456789+/";
	char			*out = arena_alloc(arena, len / 3 * 4 + 5);
	char			*to = out;
	size_t			 i, n;
	unsigned		 bits;

	for (i = 0; i < len; i += 3) {
		n = len - i < 3 ? len - i : 3;
		bits = (unsigned)(uint8_t)bytes[i] << 16;
		if (n > 1)
			bits |= (unsigned)(uint8_t)bytes[i + 1] << 8;
		if (n > 2)
			bits |= (uint8_t)bytes[i + 2];
		*to++ = digits[bits >> 18];
		*to++ = digits[bits >> 12 & 63];
		*to++ = n > 1 ? digits[bits >> 6 & 63] : '=';
		*to++ = n > 2 ? digits[bits & 63] : '=';
	}
	*to = '\0';
	return out;
}

/* The lines that a runtime of Lambda's would have around the function's. */
static size_t
put_report(const struct request *r, char out[REPORT_MAX])
{
	uint64_t	 us = 0;
	char		 init[64] = "";

	if (r->begun_us != 0)
		us = request_clock_us() - r->begun_us;
	if (r->is_cold)
		snprintf(init, sizeof(init), "Init Duration: %.2f ms\t",
		    (double)r->init_us / 1000);
	return (size_t)snprintf(out, REPORT_MAX, "END RequestId: %s\n"
	    "REPORT RequestId: %s\tDuration: %.2f ms\tBilled Duration: %"
	    PRIu64 " ms\tMemory Size: %" PRIu64 " MB\tMax Memory Used: %"
	    PRIu64 " MB\t%s\n", r->id, r->id, (double)us / 1000,
	    record_billed_ms(us,
	    r->services->settings->billing_granularity_ms),
	    r->function->memory_max >> 20, r->peak_kb >> 10, init);
}

static const char *
log_result(struct request *r)
{
	char	 text[REPORT_MAX + FUNCLOG_TAIL_MAX + REPORT_MAX];
	size_t	 len = 0;
	bool	 is_bare = r->function->protocol->way != WAY_ENDPOINT;

	/* What it wrote so far is in the log then. */
	if (r->worker != NULL)
		request_measure(r);
	if (is_bare)
		len = (size_t)snprintf(text, REPORT_MAX,
		    "START RequestId: %s Version: " API_LATEST "\n", r->id);
	len += funclog_tail_text(r->by_name->own->tail, text + len);
	if (is_bare)
		len += put_report(r, text + len);
	if (len <= FUNCLOG_TAIL_MAX)
		return encode_base64(r->arena, text, len);
	return encode_base64(r->arena, text + len - FUNCLOG_TAIL_MAX,
	    FUNCLOG_TAIL_MAX);
}

/* The head of a result of len bytes. */
static const char *
result_head(struct request *r, bool has_failed, size_t len)
{
	const char	*log = "", *prefix = "", *end = "";

	if (r->by_name->own->tail != NULL) {
		prefix = "X-Amz-Log-Result: ";
		log = log_result(r);
		end = "\r\n";
	}
	return arena_printf(r->arena, "Status: 200 OK\r\n"
	    "Content-Type: application/json\r\nContent-Length: %zu\r\n"
	    "x-amzn-RequestId: %s\r\nX-Amzn-Trace-Id: %s\r\n"
	    "X-Amz-Executed-Version: " API_LATEST "\r\n%s%s%s%s\r\n", len,
	    r->id, r->by_name->trace_id,
	    has_failed ? "X-Amz-Function-Error: Unhandled\r\n" : "",
	    prefix, log, end);
}

/* A result that is ours. */
static void
put_result(struct request *r, bool has_failed, const char *json)
{
	const char	*text;

	text = arena_printf(r->arena, "%s%s", result_head(r, has_failed,
	    strlen(json)), json);
	answer_replace(&r->answer, text, strlen(text));
	r->answer.body_out = strlen(json);
}

/* --- streams -------------------------------------------------------------- */

const char *
invoke_stream_head(const struct request *r)
{
	return arena_printf(r->arena, "Status: 200 OK\r\n"
	    "Content-Type: " EVENTSTREAM_TYPE "\r\n"
	    "x-amzn-RequestId: %s\r\nX-Amzn-Trace-Id: %s\r\n"
	    "X-Amz-Executed-Version: " API_LATEST "\r\n"
	    "X-Accel-Buffering: no\r\n", r->id, r->by_name->trace_id);
}

/* Has its head been put, so that only its end can tell more? */
static bool
has_begun(const struct request *r)
{
	const struct answer	*a = &r->answer;

	return a->keep_max == 0 && (a->state == ANSWER_BODY ||
	    a->state == ANSWER_WHOLE);
}

bool
invoke_can_end(const struct request *r)
{
	return r->by_name != NULL && r->by_name->is_streamed && has_begun(r);
}

/* The errorType of such JSON, or what failures are called in general. */
static const char *
error_type(struct arena *arena, const char *json)
{
	static const char	 key[] = "\"errorType\":";
	const char		*at = strstr(json, key);

	if (at != NULL) {
		at += sizeof(key) - 1;
		at += strspn(at, " ");
	}
	if (at == NULL || *at++ != '"')
		return "\"Unhandled\"";
	return json_quote(arena, at, strcspn(at, "\"\\"));
}

/* fault: JSON, or NULL where all was well. */
static void
end_stream(struct request *r, const char *fault)
{
	const char	*error = "", *log = "";
	struct buffer	 out = { 0 };

	if (!has_begun(r)) {
		buffer_add(&out, invoke_stream_head(r),
		    strlen(invoke_stream_head(r)));
		buffer_add(&out, "\r\n", 2);
		answer_replace(&r->answer, "", 0);
		r->answer.body_out = 0;
	}
	if (fault != NULL)
		error = arena_printf(r->arena, "\"ErrorCode\":%s,"
		    "\"ErrorDetails\":%s", error_type(r->arena, fault),
		    json_quote(r->arena, fault, strlen(fault)));
	if (r->by_name->own->tail != NULL)
		log = arena_printf(r->arena, "%s\"LogResult\":\"%s\"",
		    fault != NULL ? "," : "", log_result(r));
	eventstream_put_complete(&out, arena_printf(r->arena, "{%s%s}", error,
	    log));
	answer_put_tail(&r->answer, buffer_bytes(&out), buffer_size(&out));
	buffer_release(&out);
}

/* --- the function's fault ------------------------------------------------- */

/* As Go calls them, in which Lambda is written. */
static const char *
signal_name(struct arena *arena, int number)
{
	static const char *const	 names[] = {
		[1] = "hangup", [2] = "interrupt", [3] = "quit",
		[4] = "illegal instruction", [5] = "trace/breakpoint trap",
		[6] = "aborted", [7] = "bus error",
		[8] = "floating point exception", [9] = "killed",
		[10] = "user defined signal 1", [11] = "segmentation fault",
		[12] = "user defined signal 2", [13] = "broken pipe",
		[14] = "alarm clock", [15] = "terminated",
	};

	if (number > 0 && (size_t)number < sizeof(names) / sizeof(names[0]))
		return names[number];
	return arena_printf(arena, "%d", number);
}

static const char *
exit_fault(const struct request *r)
{
	int		 status = r->worker->end.status;
	const char	*what = "without providing a reason";

	if (WIFSIGNALED(status))
		what = arena_printf(r->arena, "with error: signal: %s",
		    signal_name(r->arena, WTERMSIG(status)));
	else if (WEXITSTATUS(status) != 0)
		what = arena_printf(r->arena, "with error: exit status %d",
		    WEXITSTATUS(status));
	return api_fault(r->arena, "Runtime.ExitError",
	    "RequestId: %s Error: Runtime exited %s", r->id, what);
}

static const char *
timeout_fault(const struct request *r)
{
	const struct function	*fn = r->function;
	uint64_t		 ms;

	if (!r->is_overdue)
		ms = fn->io_timeout_ms;
	else
		ms = r->begun_us == 0 ? fn->start_timeout_ms :
		    fn->request_terminate_timeout_ms;
	return api_fault(r->arena, "Sandbox.Timedout", "RequestId: %s Error: "
	    "Task timed out after %.2f seconds", r->id, (double)ms / 1000);
}

static const char *
describe_fault(const struct request *r, enum outcome outcome, const char *why)
{
	const struct worker	*w = r->worker;
	const char		*type = "Runtime.Unknown";

	if (r->payload_len > 0)
		return r->payload;
	if (r->answer.is_too_large)
		return "{\"errorMessage\":\"Response payload size exceeded "
		    "maximum allowed payload size (6291556 bytes).\","
		    "\"errorType\":\"Function.ResponseSizeTooLarge\"}";
	if (outcome == OUTCOME_TIMEOUT)
		return timeout_fault(r);
	if (w == NULL || r->exchange_end == EXCHANGE_REFUSED)
		type = "Runtime.InvalidEntrypoint";
	else if (w->state == WORKER_DEAD && !w->end.refused &&
	    (w->end.status != 0 || r->exchange_end != EXCHANGE_DONE))
		return exit_fault(r);
	else if (r->answer.state == ANSWER_BODY)
		type = "Runtime.TruncatedResponse";
	if (r->exchange_why != NULL && r->exchange_end != EXCHANGE_REFUSED)
		why = r->exchange_why;
	return api_fault(r->arena, type, "RequestId: %s Error: %s", r->id,
	    why);
}

/* --- the gateway's or the caller's ---------------------------------------- */

static const struct api_error *
describe_error(const struct request *r, int status, const char *why)
{
	struct arena	*arena = r->arena;

	switch (status) {
	case 400:
		return api_fail(arena, API_INVALID_CONTENT, "%s", why);
	case 404:
		return api_fail(arena, API_NOT_FOUND, "Function not found: %s",
		    api_arn(&r->by_name->own->call, arena, API_LATEST));
	case 408:
		return api_fail(arena, API_TOO_SLOW, "%s", why);
	case 413:
		return api_fail(arena, API_TOO_LARGE, "Request must be "
		    "smaller than %" PRIu64 " bytes for the InvokeFunction "
		    "operation", request_body_limit(r));
	case 501:
		return api_fail(arena, API_NOT_BUILT, "%s", why);
	case 429:
	case 503:
		break;
	default:
		return api_fail(arena, API_SERVICE, "%s", why);
	}
	/* Once there is a pool, only it can be full. */
	if (r->pool == NULL)
		return api_fail(arena, API_UNAVAILABLE, "%s", why);
	return api_throttle(arena, r->pool_answer == POOL_ACCOUNT_FULL ?
	    "ConcurrentInvocationLimitExceeded" :
	    "ReservedFunctionConcurrentInvocationLimitExceeded");
}

/* Did it reach the function, or fail to because of that? */
static bool
is_its_fault(const struct request *r, enum outcome outcome)
{
	if (r->pool == NULL || outcome == OUTCOME_ABORTED)
		return false;
	return outcome != OUTCOME_REJECTED ||
	    r->exchange_end == EXCHANGE_REFUSED ||
	    r->pool_answer == POOL_NOT_FOUND ||
	    r->pool_answer == POOL_NOT_TRUSTED;
}

static void
put_fault(struct request *r, const char *json)
{
	if (r->by_name->is_streamed)
		end_stream(r, json);
	else
		put_result(r, true, json);
}

int
invoke_refuse(struct request *r, int status, enum outcome outcome,
    const char *why)
{
	const struct api_error	*e = r->by_name->own->error;

	if (e == NULL && is_its_fault(r, outcome)) {
		put_fault(r, describe_fault(r, outcome, why));
		return 200;
	}
	if (e == NULL)
		e = describe_error(r, status, why);
	put_error(r, e);
	return e->status;
}

/* --- the function's own answer -------------------------------------------- */

static bool
is_json(const uint8_t *bytes, size_t len)
{
	struct json_check	 json;

	memset(&json, 0, sizeof(json));
	return json_feed(&json, bytes, len) == JSON_GOOD &&
	    json_end(&json) == JSON_GOOD;
}

/* A program that speaks HTTP says so by its status. */
static const char *
status_fault(const struct request *r, const uint8_t *said, size_t len)
{
	int	 status = r->answer.head.status;

	return api_fault(r->arena, "Function.HttpStatus", "RequestId: %s "
	    "Error: the function answered %d %s%s%.*s", r->id, status,
	    cgi_reason(status), len > 0 ? ": " : "",
	    (int)(len < SAID_MAX ? len : SAID_MAX),
	    len > 0 ? (const char *)said : "");
}

static enum outcome
take_result(struct request *r)
{
	bool		 has_failed;
	const uint8_t	*bytes;
	const char	*head;
	size_t		 len;

	if (r->by_name->is_streamed && has_begun(r)) {
		end_stream(r, NULL);
		return OUTCOME_OK;
	}
	bytes = answer_kept(&r->answer, &len);
	has_failed = r->is_function_error ||
	    r->answer.head.status >= 400;
	if (r->by_name->is_streamed)
		end_stream(r, r->is_function_error || is_json(bytes, len) ?
		    arena_strndup(r->arena, (const char *)bytes, len) :
		    status_fault(r, bytes, len));
	else if (has_failed && !r->is_function_error && !is_json(bytes, len))
		put_result(r, true, status_fault(r, bytes, len));
	else if (len == 0)
		put_result(r, has_failed, "null");
	else {
		head = result_head(r, has_failed, len);
		answer_wrap(&r->answer, head, strlen(head));
	}
	return has_failed ? OUTCOME_ERROR : OUTCOME_OK;
}

enum outcome
invoke_conclude(struct request *r, enum outcome outcome)
{
	const char	*head;

	if (outcome != OUTCOME_OK) {
		answer_replace(&r->answer, "", 0);
		return outcome;
	}
	if (!r->by_name->own->is_dry) {
		r->status = 200;
		return take_result(r);
	}
	r->status = 204;
	head = arena_printf(r->arena, "Status: 204 No Content\r\n"
	    "x-amzn-RequestId: %s\r\n\r\n", r->id);
	answer_replace(&r->answer, head, strlen(head));
	return OUTCOME_OK;
}
