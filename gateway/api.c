/*
 * api: targets, function names and errors of the Invoke API.
 */
#include "api.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cgi.h"
#include "json.h"
#include "mem.h"

#define LENGTH(array)	(sizeof(array) / sizeof((array)[0]))

#define LETTERS		"ABCDEFGHIJKLMNOPQRSTUVWXYZ" \
			"abcdefghijklmnopqrstuvwxyz"
#define DIGITS		"0123456789"
#define WORD_BYTES	LETTERS DIGITS "-_"
#define GIVEN_MAX	170		/* bytes of a FunctionName */
#define QUALIFIER_MAX	128
#define CONTEXT_MAX	3583		/* of base64 */

/* As AWS says it, to the letter. */
#define NAME_PATTERN	"(arn:(aws[a-zA-Z-]*)?:lambda:)?((eusc-)?[a-z]{2}" \
			"((-gov)|(-iso([a-z]?)))?-[a-z]+-\\d{1}:)?(\\d{12}:)?" \
			"(function:)?([a-zA-Z0-9-_\\.]+)(:(\\$LATEST" \
			"(\\.PUBLISHED)?|[a-zA-Z0-9-_]+))?"
#define QUALIFIER_PATTERN "\\$(LATEST(\\.PUBLISHED)?)|[a-zA-Z0-9-_$]+"

/* --- errors --------------------------------------------------------------- */

static const struct {
	int		 status;
	const char	*name;
	const char	*key;		/* of the words: its case differs */
	const char	*type;		/* User, Service, or NULL: not told */
} failures[] = {
	[API_INVALID_PARAMETER] = { 400, "InvalidParameterValueException",
	    "message", "User" },
	[API_VALIDATION] = { 400, "ValidationException", "message", NULL },
	[API_INVALID_CONTENT] = { 400, "InvalidRequestContentException",
	    "message", "User" },
	[API_UNDETERMINED] = { 403, "AccessDeniedException", "Message", NULL },
	[API_NO_TOKEN] = { 403, "MissingAuthenticationTokenException",
	    "message", NULL },
	[API_UNRECOGNIZED] = { 403, "UnrecognizedClientException", "message",
	    NULL },
	[API_INCOMPLETE] = { 400, "IncompleteSignatureException", "message",
	    NULL },
	[API_MISMATCH] = { 403, "InvalidSignatureException", "message",
	    NULL },
	[API_DENIED] = { 403, "AccessDeniedException", "Message", NULL },
	[API_NOT_FOUND] = { 404, "ResourceNotFoundException", "Message",
	    "User" },
	[API_TOO_SLOW] = { 408, "RequestTimeoutException", "message",
	    "User" },
	[API_TOO_LARGE] = { 413, "RequestTooLargeException", "message",
	    "User" },
	[API_THROTTLED] = { 429, "TooManyRequestsException", "message",
	    "User" },
	[API_SERVICE] = { 500, "ServiceException", "Message", "Service" },
	[API_NOT_BUILT] = { 501, "ServiceException", "Message", "Service" },
	[API_UNAVAILABLE] = { 503, "ServiceException", "Message",
	    "Service" },
};

static const struct api_error *
make_error(struct arena *arena, enum api_failure failure, const char *reason,
    const char *words)
{
	struct api_error	*e = arena_alloc(arena, sizeof(*e));
	const char		*type = failures[failure].type;
	const char		*quoted;

	quoted = json_quote(arena, words, strlen(words));
	e->status = failures[failure].status;
	e->name = failures[failure].name;
	e->body = arena_printf(arena, "{%s%s%s%s%s%s\"%s\":%s}",
	    reason != NULL ? "\"Reason\":\"" : "",
	    reason != NULL ? reason : "", reason != NULL ? "\"," : "",
	    type != NULL ? "\"Type\":\"" : "", type != NULL ? type : "",
	    type != NULL ? "\"," : "", failures[failure].key, quoted);
	return e;
}

static const char *
format_words(struct arena *arena, const char *format, va_list ap)
{
	const char	*copy;
	char		*words;

	if (vasprintf(&words, format, ap) == -1)
		return "";
	copy = arena_strdup(arena, words);
	free(words);
	return copy;
}

const struct api_error *
api_fail(struct arena *arena, enum api_failure failure, const char *format,
    ...)
{
	const char	*words;
	va_list		 ap;

	va_start(ap, format);
	words = format_words(arena, format, ap);
	va_end(ap);
	return make_error(arena, failure, NULL, words);
}

const struct api_error *
api_throttle(struct arena *arena, const char *reason)
{
	return make_error(arena, API_THROTTLED, reason, "Rate Exceeded.");
}

const char *
api_fault(struct arena *arena, const char *type, const char *format, ...)
{
	const char	*words;
	va_list		 ap;

	va_start(ap, format);
	words = format_words(arena, format, ap);
	va_end(ap);
	return arena_printf(arena, "{\"errorType\":\"%s\",\"errorMessage\":%s}",
	    type, json_quote(arena, words, strlen(words)));
}

static const struct api_error *
invalid(struct arena *arena, enum api_failure failure, const char *value,
    const char *field, const char *constraint)
{
	return api_fail(arena, failure, "1 validation error detected: Value "
	    "'%s' at '%s' failed to satisfy constraint: Member must %s", value,
	    field, constraint);
}

/* --- the target ----------------------------------------------------------- */

static const struct {
	const char		*before;	/* the FunctionName */
	const char		*behind;
	enum api_operation	 operation;
} paths[] = {
	{ "/2015-03-31/functions/", "/invocations", API_INVOKE },
	{ "/2014-11-13/functions/", "/invoke-async", API_INVOKE_ASYNC },
	{ "/2021-11-15/functions/", "/response-streaming-invocations",
	  API_INVOKE_STREAM },
};

/* Its FunctionName, as it came; a slash at the end is as good as none. */
static enum api_operation
split_target(const char *target, const char **name, size_t *len)
{
	size_t	 i, before, behind, path = strcspn(target, "?");

	for (i = 0; i < LENGTH(paths); i++) {
		before = strlen(paths[i].before);
		behind = strlen(paths[i].behind);
		/* Its own path without the last slash is its own as well. */
		if (path < before - 1 ||
		    strncmp(target, paths[i].before, before - 1) != 0 ||
		    (path >= before && target[before - 1] != '/'))
			continue;
		if (path < before)
			return API_UNKNOWN;
		*name = target + before;
		*len = strcspn(*name, "/?");
		path -= before + *len;
		if (*len == 0 || path < behind ||
		    strncmp(*name + *len, paths[i].behind, behind) != 0)
			return API_UNKNOWN;
		return path == behind || (path == behind + 1 &&
		    (*name)[*len + behind] == '/') ? paths[i].operation :
		    API_UNKNOWN;
	}
	return API_NONE;
}

enum api_operation
api_operation(const char *method, const char *target)
{
	enum api_operation	 operation;
	const char		*name;
	size_t			 len;

	operation = split_target(target, &name, &len);
	if (operation > API_UNKNOWN && strcmp(method, "POST") != 0)
		return API_UNKNOWN;
	return operation;
}

/* A parameter of the query, decoded; NULL if there is none. */
static const char *
query_value(struct arena *arena, const char *target, const char *name)
{
	size_t		 name_len = strlen(name), len;
	const char	*at = strchr(target, '?');

	if (at == NULL)
		return NULL;
	for (at++; *at != '\0'; at += len + (at[len] == '&')) {
		len = strcspn(at, "&");
		if (len > name_len && at[name_len] == '=' &&
		    strncmp(at, name, name_len) == 0)
			return cgi_decode(arena, at + name_len + 1,
			    len - name_len - 1);
	}
	return NULL;
}

/* --- FunctionName --------------------------------------------------------- */

static bool
is_made_of(const char *text, size_t len, const char *bytes)
{
	return len > 0 && strspn(text, bytes) >= len;
}

static bool
is_account(const char *text, size_t len)
{
	return len == 12 && is_made_of(text, len, DIGITS);
}

/* us-east-1, us-gov-west-1: letters, words, a digit. */
static bool
is_region(const char *text, size_t len)
{
	static const char	 lower[] = "abcdefghijklmnopqrstuvwxyz";

	return len >= 6 && len <= 32 && is_made_of(text, len, LETTERS DIGITS
	    "-") && strspn(text, lower) >= 2 && text[len - 2] == '-' &&
	    text[len - 1] >= '0' && text[len - 1] <= '9';
}

/* arn:aws:lambda: of any partition */
static size_t
arn_len(const char *text)
{
	const char	*colon;

	if (strncmp(text, "arn:", 4) != 0 ||
	    (colon = strchr(text + 4, ':')) == NULL ||
	    strncmp(colon, ":lambda:", 8) != 0)
		return 0;
	if (colon > text + 4 && (strncmp(text + 4, "aws", 3) != 0 ||
	    strspn(text + 4, LETTERS "-") != (size_t)(colon - text) - 4))
		return 0;
	return (size_t)(colon - text) + 8;
}

/* NAME or NAME:QUALIFIER */
static bool
take_name(struct api_call *call, struct arena *arena, const char *text)
{
	size_t		 len = strspn(text, WORD_BYTES ".");
	const char	*qualifier = text + len + 1;

	if (len == 0 || (text[len] != '\0' && text[len] != ':'))
		return false;
	call->name = arena_strndup(arena, text, len);
	call->qualifier = "";
	if (text[len] == '\0')
		return true;
	if (strcmp(qualifier, API_LATEST) != 0 &&
	    strcmp(qualifier, API_LATEST ".PUBLISHED") != 0 &&
	    !is_made_of(qualifier, strlen(qualifier), WORD_BYTES))
		return false;
	call->qualifier = arena_strdup(arena, qualifier);
	return true;
}

/* All that may stand before the name may be left out, each for itself. */
static bool
parse_name(struct api_call *call, struct arena *arena,
    const struct api_place *place)
{
	const char	*at = call->given + arn_len(call->given);
	size_t		 len = strcspn(at, ":");

	if (at[len] == ':' && is_region(at, len)) {
		call->region = arena_strndup(arena, at, len);
		at += len + 1;
		len = strcspn(at, ":");
	}
	if (at[len] == ':' && is_account(at, len)) {
		call->account = arena_strndup(arena, at, len);
		at += len + 1;
	}
	if (strncmp(at, "function:", 9) == 0)
		at += 9;
	if (take_name(call, arena, at))
		return true;
	/* Then what looked like one of them is a name. */
	call->region = place->region;
	call->account = place->account;
	return take_name(call, arena, call->given);
}

static const struct api_error *
check_name(struct api_call *call, struct arena *arena,
    const struct api_place *place)
{
	if (strlen(call->given) > GIVEN_MAX)
		return invalid(arena, API_VALIDATION, call->given,
		    "functionName", "have length less than or equal to 170");
	if (!parse_name(call, arena, place)) {
		call->name = "";
		return invalid(arena, API_VALIDATION, call->given,
		    "functionName", "satisfy regular expression pattern: "
		    NAME_PATTERN);
	}
	if (strlen(call->name) > API_NAME_MAX)
		return invalid(arena, API_INVALID_PARAMETER, call->name,
		    "functionName", "have length less than or equal to 64");
	if (strcmp(call->region, place->region) != 0)
		return api_fail(arena, API_NOT_FOUND, "Functions from '%s' "
		    "are not reachable in this region ('%s')", call->region,
		    place->region);
	return NULL;
}

/* It may stand in the query as well, and must be the same then. */
static const struct api_error *
check_qualifier(struct api_call *call, struct arena *arena,
    const char *target)
{
	const char	*asked = query_value(arena, target, "Qualifier");

	if (asked == NULL)
		return NULL;
	if (strlen(asked) > QUALIFIER_MAX)
		return invalid(arena, API_VALIDATION, asked, "qualifier",
		    "have length less than or equal to 128");
	if (strcmp(asked, API_LATEST ".PUBLISHED") != 0 &&
	    !is_made_of(asked, strlen(asked), WORD_BYTES "$"))
		return invalid(arena, API_VALIDATION, asked, "qualifier",
		    "satisfy regular expression pattern: " QUALIFIER_PATTERN);
	if (*call->qualifier != '\0' && strcmp(call->qualifier, asked) != 0)
		return api_fail(arena, API_INVALID_PARAMETER, "The derived "
		    "qualifier from the function name does not match the "
		    "specified qualifier.");
	call->qualifier = asked;
	return NULL;
}

const char *
api_arn(const struct api_call *call, struct arena *arena, const char *if_none)
{
	const char	*qualifier;

	qualifier = *call->qualifier != '\0' ? call->qualifier : if_none;
	return arena_printf(arena, "arn:aws:lambda:%s:%s:function:%s%s%s",
	    call->region, call->account, call->name,
	    *qualifier != '\0' ? ":" : "", qualifier);
}

/* --- headers -------------------------------------------------------------- */

static const struct api_error *
check_type(struct api_call *call, struct arena *arena, const char *type)
{
	static const char *const	 types[] = {
		"RequestResponse", "Event", "DryRun",
	};
	size_t				 i;

	if (type == NULL || *type == '\0')
		return NULL;
	if (call->operation == API_INVOKE_STREAM && strcmp(type, "Event") == 0)
		return invalid(arena, API_VALIDATION, type, "invocationType",
		    "satisfy enum value set: [RequestResponse, DryRun]");
	for (i = 0; i < LENGTH(types); i++)
		if (strcmp(type, types[i]) == 0) {
			call->type = (enum api_type)i;
			return NULL;
		}
	return invalid(arena, API_VALIDATION, type, "invocationType",
	    "satisfy enum value set: [Event, RequestResponse, DryRun]");
}

static const struct api_error *
check_log_type(struct api_call *call, struct arena *arena, const char *type)
{
	call->wants_log = type != NULL && strcmp(type, "Tail") == 0;
	if (type == NULL || *type == '\0' || call->wants_log ||
	    strcmp(type, "None") == 0)
		return NULL;
	return invalid(arena, API_VALIDATION, type, "logType",
	    "satisfy enum value set: [None, Tail]");
}

static int
base64_value(char c)
{
	static const char	 digits[] = LETTERS DIGITS "+/";
	const char		*at = c != '\0' ? strchr(digits, c) : NULL;

	return at != NULL ? (int)(at - digits) : -1;
}

/* NULL if it is none, or holds a NUL. */
static const char *
decode_base64(struct arena *arena, const char *text)
{
	size_t	 len = strlen(text), i;
	char	*out = arena_alloc(arena, len + 1), *to = out;
	unsigned bits = 0, count = 0;

	while (len > 0 && text[len - 1] == '=')
		len--;
	for (i = 0; i < len; i++) {
		if (base64_value(text[i]) == -1)
			return NULL;
		bits = bits << 6 | (unsigned)base64_value(text[i]);
		count += 6;
		if (count >= 8) {
			count -= 8;
			*to++ = (char)(bits >> count & 0xff);
			if (to[-1] == '\0')
				return NULL;
		}
	}
	*to = '\0';
	return out;
}

static const struct api_error *
check_context(struct api_call *call, struct arena *arena, const char *context)
{
	struct json_check	 json;
	const char		*text;

	if (context == NULL || *context == '\0')
		return NULL;
	if (strlen(context) > CONTEXT_MAX)
		return invalid(arena, API_VALIDATION, context,
		    "clientContext", "have length less than or equal to 3583");
	memset(&json, 0, sizeof(json));
	text = decode_base64(arena, context);
	if (text == NULL || text[strspn(text, " \t\r\n")] != '{' ||
	    json_feed(&json, text, strlen(text)) != JSON_GOOD ||
	    json_end(&json) != JSON_GOOD)
		return api_fail(arena, API_INVALID_CONTENT, "Client context "
		    "must be a valid Base64-encoded JSON object.");
	call->client_context = text;
	return NULL;
}

/* --- all ------------------------------------------------------------------ */

const struct api_error *
api_parse(struct api_call *call, struct arena *arena,
    const struct api_place *place, const char *method, const char *target,
    const struct api_headers *headers)
{
	const struct api_error	*e;
	const char		*name = NULL;
	size_t			 len = 0;

	memset(call, 0, sizeof(*call));
	call->given = call->name = call->qualifier = "";
	call->client_context = "";
	call->region = place->region;
	call->account = place->account;
	call->operation = api_operation(method, target);
	if (call->operation <= API_UNKNOWN)
		return api_fail(arena, API_UNDETERMINED, "Unable to determine "
		    "service/operation name to be authorized");
	split_target(target, &name, &len);
	call->given = cgi_decode(arena, name, len);
	if ((e = check_name(call, arena, place)) != NULL ||
	    (e = check_qualifier(call, arena, target)) != NULL ||
	    (e = check_type(call, arena, headers->type)) != NULL ||
	    (e = check_log_type(call, arena, headers->log_type)) != NULL)
		return e;
	return check_context(call, arena, headers->client_context);
}
