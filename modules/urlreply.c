/*
 * urlreply: payloads as answers of function URLs.
 *
 * An object with a statusCode is an answer; all other JSON is the body of one,
 * a string without its quotes.
 */
#include "urlreply.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "buffer.h"
#include "cgi.h"
#include "jsontext.h"

#define JSON_TYPE	"application/json"

/* --- JSON --------------------------------------------------------------- */

static json_t *
parse(const char *payload, size_t len)
{
	const size_t	 flags = JSON_DECODE_ANY | JSON_ALLOW_NUL;
	json_error_t	 error;
	json_t		*json;

	json = json_loadb(payload, len, flags, &error);
	/* An integer may be longer than ours are. */
	if (json == NULL)
		json = json_loadb(payload, len, flags |
		    JSON_DECODE_INT_AS_REAL, &error);
	return json;
}

/* 0: it is none that an answer may have. */
static int
status_of(const json_t *code)
{
	double	 n;

	if (!json_is_number(code))
		return 0;
	n = json_number_value(code);
	if (!(n >= 200 && n <= 599) || n != (int)n)
		return 0;
	return (int)n;
}

/* --- heads -------------------------------------------------------------- */

static bool
is_name(const char *name, const char *other)
{
	return strcasecmp(name, other) == 0;
}

/* What is for us, or the web server, to say; and what CGI means otherwise. */
static bool
is_left_out(const char *name)
{
	return is_name(name, "content-length") || is_name(name, "status") ||
	    is_name(name, "transfer-encoding") || is_name(name, "connection") ||
	    is_name(name, "x-amzn-requestid") ||
	    is_name(name, "x-amzn-trace-id");
}

static bool
is_value(const char *value, size_t len)
{
	size_t	 i;

	for (i = 0; i < len; i++)
		if (((unsigned char)value[i] < 0x20 && value[i] != '\t') ||
		    value[i] == 0x7f)
			return false;
	return true;
}

static void
put_header(struct buffer *b, const char *name, const char *value, size_t len)
{
	json_put(b, name);
	json_put(b, ": ");
	buffer_add(b, value, len);
	json_put(b, "\r\n");
}

static int
put_json_header(struct buffer *b, const char *name, const json_t *value)
{
	char	 number[64];

	if (json_is_string(value)) {
		if (!is_value(json_string_value(value),
		    json_string_length(value)))
			return -1;
		put_header(b, name, json_string_value(value),
		    json_string_length(value));
		return 0;
	}
	if (json_is_integer(value))
		snprintf(number, sizeof(number), "%" JSON_INTEGER_FORMAT,
		    json_integer_value(value));
	else if (json_is_real(value))
		snprintf(number, sizeof(number), "%.15g",
		    json_real_value(value));
	else if (json_is_boolean(value))
		snprintf(number, sizeof(number), "%s",
		    json_is_true(value) ? "true" : "false");
	else
		return json_is_null(value) ? 0 : -1;
	put_header(b, name, number, strlen(number));
	return 0;
}

static int
put_headers(struct buffer *b, json_t *headers, bool *has_type)
{
	const char	*name;
	json_t		*value;

	if (headers == NULL || json_is_null(headers))
		return 0;
	if (!json_is_object(headers))
		return -1;
	json_object_foreach(headers, name, value) {
		if (!cgi_is_token(name, strlen(name)))
			return -1;
		if (is_left_out(name))
			continue;
		if (put_json_header(b, name, value) == -1)
			return -1;
		*has_type |= is_name(name, "content-type") &&
		    !json_is_null(value);
	}
	return 0;
}

static int
put_cookies(struct buffer *b, const json_t *cookies)
{
	const json_t	*one;
	size_t		 i;

	if (cookies == NULL || json_is_null(cookies))
		return 0;
	if (!json_is_array(cookies))
		return -1;
	json_array_foreach(cookies, i, one)
		if (!json_is_string(one) ||
		    put_json_header(b, "Set-Cookie", one) == -1)
			return -1;
	return 0;
}

static void
put_ids(struct buffer *b, const struct urlreply *reply)
{
	put_header(b, "x-amzn-RequestId", reply->request_id,
	    strlen(reply->request_id));
	if (reply->trace_id != NULL)
		put_header(b, "X-Amzn-Trace-Id", reply->trace_id,
		    strlen(reply->trace_id));
}

static void
put_status(struct buffer *b, int status)
{
	const char	*words = cgi_reason(status);

	json_printf(b, "Status: %d%s%s\r\n", status,
	    *words != '\0' ? " " : "", words);
}

/* Up to the empty line, which is not put yet. */
static int
put_head(struct buffer *b, const struct urlreply *reply, json_t *answer,
    const char *type, const char **why)
{
	json_t	*code = json_object_get(answer, "statusCode");
	int	 status = code == NULL ? 200 : status_of(code);
	bool	 has_type = false;

	if (status == 0) {
		*why = "its statusCode is not 200 to 599";
		return -1;
	}
	put_status(b, status);
	if (put_headers(b, json_object_get(answer, "headers"), &has_type) ==
	    -1) {
		*why = "its headers are no object of texts";
		return -1;
	}
	if (put_cookies(b, json_object_get(answer, "cookies")) == -1) {
		*why = "its cookies are no array of texts";
		return -1;
	}
	if (!has_type)
		put_header(b, "Content-Type", type, strlen(type));
	put_ids(b, reply);
	return 0;
}

static void
put_body(struct buffer *b, const void *body, size_t len)
{
	json_printf(b, "Content-Length: %zu\r\n\r\n", len);
	if (len > 0)
		buffer_add(b, body, len);
}

/* --- whole answers ------------------------------------------------------ */

/* The body member; into bytes, which has room for what must be made. */
static int
find_body(const json_t *answer, struct buffer *bytes)
{
	json_t	*body = json_object_get(answer, "body");
	char	*text;

	if (body == NULL || json_is_null(body))
		return 0;
	if (json_is_string(body)) {
		if (json_is_true(json_object_get(answer, "isBase64Encoded")))
			return base64_decode(bytes, json_string_value(body),
			    json_string_length(body));
		buffer_add(bytes, json_string_value(body),
		    json_string_length(body));
		return 0;
	}
	text = json_dumps(body, JSON_COMPACT | JSON_ENCODE_ANY |
	    JSON_REAL_PRECISION(15));
	if (text == NULL)
		return -1;
	json_put(bytes, text);
	free(text);
	return 0;
}

static int
put_answer(struct buffer *b, const struct urlreply *reply, json_t *answer,
    const char **why)
{
	struct buffer	 body = { 0 };
	int		 status;

	status = put_head(b, reply, answer, JSON_TYPE, why);
	if (status == 0 && (status = find_body(answer, &body)) == -1)
		*why = "its body is not base64";
	if (status == 0)
		put_body(b, buffer_bytes(&body), buffer_size(&body));
	buffer_release(&body);
	return status;
}

static void
put_value(struct buffer *b, const struct urlreply *reply, const json_t *json,
    const char *payload, size_t len)
{
	struct buffer	 text = { 0 };

	put_status(b, 200);
	put_header(b, "Content-Type", JSON_TYPE, strlen(JSON_TYPE));
	put_ids(b, reply);
	if (json_is_string(json))
		put_body(b, json_string_value(json), json_string_length(json));
	else {
		json_put_compact(&text, payload, len);
		put_body(b, buffer_bytes(&text), buffer_size(&text));
	}
	buffer_release(&text);
}

/* Take back what was appended. */
static void
cut_back(struct buffer *b, size_t size)
{
	b->end = b->at + size;
}

int
urlreply_write(struct buffer *b, const struct urlreply *reply,
    const char *payload, size_t len, const char **why)
{
	size_t	 before = buffer_size(b);
	json_t	*json = parse(payload, len);
	int	 status = 0;

	if (json == NULL) {
		*why = "it is not JSON";
		return -1;
	}
	if (json_object_get(json, "statusCode") != NULL)
		status = put_answer(b, reply, json, why);
	else
		put_value(b, reply, json, payload, len);
	json_decref(json);
	if (status == -1)
		cut_back(b, before);
	return status;
}

/* --- streams ------------------------------------------------------------ */

#define STREAM_TYPE	"application/octet-stream"

int
urlreply_write_prelude(struct buffer *b, const struct urlreply *reply,
    const char *prelude, size_t len, const char **why)
{
	size_t	 before = buffer_size(b);
	json_t	*json = parse(prelude, len);
	int	 status = -1;

	if (!json_is_object(json))
		*why = "its prelude is no JSON object";
	else
		status = put_head(b, reply, json, STREAM_TYPE, why);
	json_decref(json);
	if (status == -1)
		cut_back(b, before);
	else
		json_put(b, "\r\n");
	return status;
}

void
urlreply_write_stream(struct buffer *b, const struct urlreply *reply,
    const char *type)
{
	if (type == NULL || *type == '\0' || !is_value(type, strlen(type)))
		type = STREAM_TYPE;
	put_status(b, 200);
	put_header(b, "Content-Type", type, strlen(type));
	put_ids(b, reply);
	json_put(b, "\r\n");
}

/* --- failures ----------------------------------------------------------- */

void
urlreply_write_failure(struct buffer *b, const struct urlreply *reply,
    int status)
{
	const char	*body = "Internal Server Error";

	if (status == 429)
		body = "{\"Reason\":\"ReservedFunctionConcurrentInvocation"
		    "LimitExceeded\",\"Type\":\"User\","
		    "\"message\":\"Rate Exceeded.\"}";
	else if (status == 413)
		body = "{\"message\":\"Request must be smaller than 6291556 "
		    "bytes for the InvokeFunction operation\"}";
	put_status(b, status);
	put_header(b, "Content-Type", JSON_TYPE, strlen(JSON_TYPE));
	put_ids(b, reply);
	put_body(b, body, strlen(body));
}
