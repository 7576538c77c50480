/*
 * invoke: a request by the Invoke API: which function it means, who asks, and
 * whether its event is one; then it is served as all others are.
 *
 * What is wrong with a call is told only to those who have signed it.
 */
#include "invoke.h"

#include <fastcgi.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "apikeys.h"
#include "body.h"
#include "config.h"
#include "funclog.h"
#include "function.h"
#include "iam.h"
#include "log.h"
#include "mem.h"
#include "permit.h"
#include "route.h"
#include "timer.h"
#include "walk.h"

#define HOST_LEN	256
#define PIECE		16384	/* of an event, looked at at a time */
#define TRACE_MAX	256	/* bytes of a trace id */

/* --- admission ------------------------------------------------------------ */

/* NAME, or *.NAME: any host below it. */
static bool
host_fits(const char *host, const char *rule)
{
	size_t	 len = strlen(host), tail = strlen(rule) - 1;

	if (*rule != '*')
		return strcmp(host, rule) == 0;
	return len > tail && strcmp(host + len - tail, rule + 1) == 0;
}

static bool
is_api_host(const struct request *r)
{
	const struct word_list	*hosts = &r->services->settings->api_hosts;
	const struct variable	*sent;
	char			 host[HOST_LEN] = "";
	size_t			 i;

	if (hosts->count == 0 ||
	    (sent = variables_find(&r->variables, "HTTP_HOST")) == NULL)
		return false;
	cgi_host(sent->value, sent->value_len, host, sizeof(host));
	for (i = 0; i < hosts->count; i++)
		if (host_fits(host, hosts->words[i]))
			return true;
	return false;
}

/* As it came; without it the path, which may have lost what it quotes. */
static const char *
target_of(const struct request *r)
{
	const char	*target = variables_get(&r->variables, "REQUEST_URI");

	return target != NULL && *target == '/' ? target : r->path;
}

bool
request_is_invoked(const struct request *r)
{
	return r->by_name != NULL || (is_api_host(r) &&
	    api_operation(r->method, target_of(r)) != API_NONE);
}

static void
parse(struct request *r, struct invoke *own)
{
	const struct gateway_settings	*s = r->services->settings;
	const struct variables		*vars = &r->variables;
	const struct api_place		 place = {
		arena_strdup(r->arena, s->api_region),
		arena_strdup(r->arena, s->api_account),
	};
	const struct api_headers	 headers = {
		variables_get(vars, "HTTP_X_AMZ_INVOCATION_TYPE"),
		variables_get(vars, "HTTP_X_AMZ_LOG_TYPE"),
		variables_get(vars, "HTTP_X_AMZ_CLIENT_CONTEXT"),
	};

	own->wrong = api_parse(&own->call, r->arena, &place, r->method,
	    target_of(r), &headers);
}

/* There is one version, and of a template not one program. */
static void
find_function(struct request *r, const struct api_call *call)
{
	struct function	*fn;

	if (strcmp(call->account, r->services->settings->api_account) != 0 ||
	    (*call->qualifier != '\0' &&
	    strcmp(call->qualifier, API_LATEST) != 0))
		return;
	fn = config_find(r->services->config, call->name);
	if (fn == NULL || fn->is_template)
		return;
	r->function = function_hold(fn);
	r->user = fn->user;
}

/* Our own, unless the caller's is one. */
static const char *
trace_id(const struct request *r)
{
	static const char	 bytes[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "abcdefghijklmnopqrstuvwxyz"
				    "0123456789=;:-_.";
	const char		*sent, *id = r->id;

	sent = variables_get(&r->variables, "HTTP_X_AMZN_TRACE_ID");
	if (sent != NULL && *sent != '\0' && strlen(sent) <= TRACE_MAX &&
	    strspn(sent, bytes) == strlen(sent))
		return sent;
	/* 96 bits of our id, which are as random as any. */
	return arena_printf(r->arena, "Root=1-%08" PRIx64 "-%.8s%.4s%.12s;"
	    "Sampled=0", r->time_us / 1000000, id, id + 9, id + 24);
}

int
request_admit_invoked(struct request *r, const char **why)
{
	struct by_name	*in = r->by_name;

	if (in == NULL) {
		in = r->by_name = arena_calloc(r->arena, 1, sizeof(*in));
		in->own = arena_calloc(r->arena, 1, sizeof(*in->own));
		in->own->digest = digest_begin(r->arena);
		in->trace_id = trace_id(r);
		answer_keep(&r->answer, API_PAYLOAD_MAX);
	}
	parse(r, in->own);
	in->client_context = in->own->call.client_context;
	in->function_arn = api_arn(&in->own->call, r->arena, "");
	if (in->own->wrong == NULL)
		find_function(r, &in->own->call);
	if (r->role != FCGI_RESPONDER) {
		r->protocol_status = FCGI_UNKNOWN_ROLE;
		*why = "it can only be asked by a responder";
		return 501;
	}
	return 0;
}

void
request_leave_invoked(struct request *r)
{
	if (r->by_name != NULL)
		funclog_tail_free(r->by_name->own->tail);
}

/* --- the event ------------------------------------------------------------ */

uint64_t
request_body_limit(const struct request *r)
{
	uint64_t	 limit;

	limit = r->function != NULL ? r->function->max_body_size : UINT64_MAX;
	return r->by_name != NULL && limit > API_EVENT_MAX ? API_EVENT_MAX :
	    limit;
}

/* Look at what has come since, a little at a time: it may be long. */
static int
look(struct request *r)
{
	struct invoke	*own = r->by_name->own;
	uint8_t		 piece[PIECE];
	ptrdiff_t	 n = 0;

	while (r->body != NULL && (n = body_look(r->body, own->seen, piece,
	    sizeof(piece))) > 0) {
		digest_add(own->digest, piece, (size_t)n);
		json_feed(&own->json, piece, (size_t)n);
		own->seen += (uint64_t)n;
	}
	return n < 0 ? -1 : 0;
}

/* As Java's Jackson says it, and what follows likewise. */
static const char *
describe_byte(struct arena *arena, uint8_t byte)
{
	static const char	 expected[] = "expected a valid value (JSON "
				    "String, Number, Array, Object or token "
				    "'null', 'true' or 'false')";

	if (byte < 0x20 || byte > 0x7e)
		return arena_printf(arena, "Unexpected character "
		    "((CTRL-CHAR, code %u)): %s", byte, expected);
	return arena_printf(arena, "Unexpected character ('%c' (code %u)): "
	    "%s", byte, byte, expected);
}

static const struct api_error *
check_event(struct request *r)
{
	struct invoke		*own = r->by_name->own;
	const struct json_check	*json = &own->json;
	const char		*what;
	uint64_t		 column = json->column;

	if (own->seen == 0)
		return NULL;
	switch (json_end(&own->json)) {
	case JSON_GOOD:
		return NULL;
	case JSON_NOT_UTF8:
		what = arena_printf(r->arena, "Invalid UTF-8 start byte 0x%x",
		    json->wrong);
		column++;
		break;
	case JSON_UNEXPECTED:
		what = describe_byte(r->arena, json->wrong);
		break;
	case JSON_TOO_DEEP:
		what = "Document nesting depth (1001) exceeds the maximum "
		    "allowed (1000)";
		break;
	default:
		what = "Unexpected end-of-input";
		break;
	}
	return api_fail(r->arena, API_INVALID_CONTENT, "Could not parse "
	    "request body into json: Could not parse payload into json: %s\n"
	    " at [Source: REDACTED (`StreamReadFeature."
	    "INCLUDE_SOURCE_IN_LOCATION` disabled); line: %" PRIu64
	    ", column: %" PRIu64 "]", what, json->line + 1, column);
}

/* --- who asks ------------------------------------------------------------- */

static struct iam_inquiry
inquire(const struct request *r)
{
	return (struct iam_inquiry){
		.settings = r->services->settings,
		.variables = &r->variables, .arena = r->arena,
		.failures = access_failures(r->services->access),
		.request_id = r->id,
	};
}

static bool
is_open(const struct request *r)
{
	return r->services->settings->api_auth == API_AUTH_NONE;
}

/* Before its body is taken: could what is shown be good at all? */
static const struct api_error *
check_shown(struct request *r)
{
	struct invoke		*own = r->by_name->own;
	struct iam_inquiry	 q = inquire(r);
	const struct api_error	*e;

	if (own->is_known || is_open(r))
		return NULL;
	if ((e = iam_parse(&q, &own->shown)) != NULL)
		return e;
	own->is_known = true;
	return NULL;
}

/* The caller's key, NULL if none is needed. */
static const struct api_error *
check_signature(struct request *r, const struct apikey **key)
{
	struct invoke		*own = r->by_name->own;
	struct iam_inquiry	 q = inquire(r);
	const struct api_error	*e;
	struct digest		 digest;

	*key = NULL;
	if (is_open(r))
		return NULL;
	digest_end(own->digest, &digest);
	e = iam_verify(&q, &own->shown, &digest,
	    (int64_t)(requests_time_us() / 1000000), key);
	if (e == NULL)
		r->caller = arena_strdup(r->arena, (*key)->name);
	return e;
}

/* [access] allow and deny hold, whoever asks; its auth is for routes. */
static bool
is_address_denied(const struct request *r)
{
	const struct function_access	*rules = r->function->access;
	const char			*address;

	address = variables_get(&r->variables, "REMOTE_ADDR");
	if (address == NULL)
		address = "";
	return permit_address(rules, address, strlen(address)) ==
	    PERMIT_DENIED && (rules->auth == AUTH_NONE ||
	    rules->satisfy == SATISFY_ALL);
}

static const struct api_error *
check_permission(struct request *r, const struct apikey *key)
{
	const struct api_call	*call = &r->by_name->own->call;
	struct iam_inquiry	 q = inquire(r);
	const struct api_error	*e;

	if (key != NULL && (e = iam_permit(&q, key,
	    "lambda:InvokeFunction", call)) != NULL)
		return e;
	if (r->function == NULL)
		return api_fail(r->arena, API_NOT_FOUND,
		    "Function not found: %s",
		    api_arn(call, r->arena, API_LATEST));
	if (is_address_denied(r))
		return api_fail(r->arena, API_DENIED, "Its address may not "
		    "call this function");
	return NULL;
}

/* What there is not yet. */
static const struct api_error *
check_built(struct request *r)
{
	const struct api_call	*call = &r->by_name->own->call;

	if (call->operation != API_INVOKE_ASYNC && call->type != API_EVENT)
		return NULL;
	return api_fail(r->arena, API_NOT_BUILT, "Asynchronous invocation is "
	    "not built into this gateway");
}

static bool
is_uuid(const char *text)
{
	static const char	 form[] =
				    "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
	size_t			 i;

	for (i = 0; form[i] != '\0'; i++)
		if (form[i] == '-' ? text[i] != '-' : text[i] == '\0' ||
		    strchr("0123456789abcdefABCDEF", text[i]) == NULL)
			return false;
	return text[i] == '\0';
}

static const struct api_error *
check_id(struct request *r)
{
	const char	*id;

	id = variables_get(&r->variables, "HTTP_X_AMZN_REQUESTID");
	return id == NULL || *id == '\0' || is_uuid(id) ? NULL :
	    api_fail(r->arena, API_INVALID_CONTENT,
	    "The request id must be a UUID");
}

static const struct api_error *
decide(struct request *r)
{
	const struct api_error	*e;
	const struct apikey	*key;

	if ((e = check_signature(r, &key)) != NULL ||
	    (e = r->by_name->own->wrong) != NULL ||
	    (e = check_permission(r, key)) != NULL ||
	    (e = check_built(r)) != NULL || (e = check_id(r)) != NULL)
		return e;
	return check_event(r);
}

/* --- what the handler is told --------------------------------------------- */

/* What was shown is not for it, nor is a query that may be signed. */
static void
set_variables(struct request *r)
{
	static const char *const	 shown[] = {
		"HTTP_AUTHORIZATION", "REDIRECT_HTTP_AUTHORIZATION",
		"HTTP_X_AMZ_SECURITY_TOKEN", "HTTP_TRANSFER_ENCODING",
		"HTTP_CONTENT_TYPE", "HTTP_CONTENT_LENGTH", "REMOTE_USER",
		"AUTH_TYPE", "REDIRECT_URL",
	};
	struct variables		*vars = &r->variables;
	size_t				 i;

	for (i = 0; i < sizeof(shown) / sizeof(shown[0]); i++)
		variables_remove(vars, shown[i]);
	if (*r->caller != '\0') {
		variables_set(vars, "REMOTE_USER", r->caller);
		variables_set(vars, "AUTH_TYPE", "AWS4-HMAC-SHA256");
	}
	variables_set(vars, "REQUEST_URI", r->match->script_name);
	variables_set(vars, "QUERY_STRING", "");
	variables_set(vars, "CONTENT_TYPE", "application/json");
	variables_set(vars, "CONTENT_LENGTH", arena_printf(r->arena,
	    "%" PRIu64, r->content_length));
}

static int
prepare(struct request *r, const char **why)
{
	struct invoke	*own = r->by_name->own;

	/* An event must be JSON: none at all is an empty object. */
	if (own->seen == 0 && body_append(r->body, "{}", 2) == -1) {
		*why = "its body cannot be kept";
		return 503;
	}
	r->has_length = true;
	r->content_length = body_received(r->body);
	r->match = arena_calloc(r->arena, 1, sizeof(*r->match));
	r->match->function = r->function;
	r->match->script_name = arena_printf(r->arena,
	    "/2015-03-31/functions/%s/invocations", r->function->name);
	r->match->path_info = "";
	set_variables(r);
	r->by_name->is_streamed = own->call.operation == API_INVOKE_STREAM;
	if (r->by_name->is_streamed)
		answer_frame(&r->answer, invoke_stream_head(r),
		    API_PAYLOAD_MAX);
	if (own->call.wants_log)
		own->tail = funclog_tail_create(r->services->logs, r->id);
	return request_equip(r, why);
}

/* --- the step ------------------------------------------------------------- */

static enum verdict
fail(struct request *r, const struct api_error *e)
{
	r->by_name->own->error = e;
	return request_refuse(r, e->status, OUTCOME_REJECTED, e->name);
}

enum verdict
request_wait_for_body(struct request *r)
{
	uint64_t	 ms = request_io_timeout_ms(r);

	if (r->is_silent) {
		request_complain(r, "no more of its body came for %" PRIu64
		    "ms", ms);
		return request_refuse(r, 408, OUTCOME_REJECTED,
		    "its body did not come in time");
	}
	if (ms != 0 && !timer_is_started(r->silence)) {
		r->heard_ms = timer_now();
		timer_start(r->silence, ms);
	}
	request_resume_body(r);
	return WAIT;
}

static enum verdict
let_in(struct request *r)
{
	const char	*why;
	int		 status;

	if (r->by_name->own->call.type == API_DRY_RUN) {
		r->by_name->own->is_dry = true;
		return request_conclude(r, OUTCOME_OK);
	}
	if ((status = prepare(r, &why)) != 0)
		return request_refuse(r, status, OUTCOME_REJECTED, why);
	return request_enter(r, REQUEST_QUEUE);
}

enum verdict
request_step_invoked(struct request *r)
{
	const struct api_error	*e;

	if ((e = check_shown(r)) != NULL)
		return fail(r, e);
	if (r->has_length && r->content_length > request_body_limit(r))
		return request_refuse(r, 413, OUTCOME_REJECTED,
		    "its event is too large");
	if (look(r) == -1)
		return request_refuse(r, 503, OUTCOME_REJECTED,
		    "its event cannot be read");
	if (r->body == NULL || !body_has_ended(r->body))
		return request_wait_for_body(r);
	if (r->has_length && body_received(r->body) != r->content_length)
		return request_refuse(r, 400, OUTCOME_REJECTED,
		    "its body is not as long as CONTENT_LENGTH");
	if ((e = decide(r)) != NULL)
		return fail(r, e);
	return let_in(r);
}
