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

#define TREE_MAX	(256 * 1024)	/* of headers, or of cookies */

/* An answer's members, of which the last of each name counts. */
struct members {
	struct json_value	 status;
	struct json_value	 headers;
	struct json_value	 cookies;
	struct json_value	 body;
	struct json_value	 is_base64;
};

static bool
is_object(const struct json_value *v)
{
	return v->len > 0 && *v->at == '{';
}

static bool
is_string(const struct json_value *v)
{
	return v->len > 0 && *v->at == '"';
}

static bool
is_missing(const struct json_value *v)
{
	return v->at == NULL || json_is_text(v, "null");
}

static void
find_members(const struct json_value *object, struct members *m)
{
	const struct {
		const char		*name;
		struct json_value	*value;
	}			 all[] = {
		{ "statusCode", &m->status }, { "headers", &m->headers },
		{ "cookies", &m->cookies }, { "body", &m->body },
		{ "isBase64Encoded", &m->is_base64 },
	};
	struct json_value	 name, value;
	const char		*at = NULL;
	size_t			 i;

	memset(m, 0, sizeof(*m));
	if (!is_object(object))
		return;
	while (json_next_member(object, &at, &name, &value))
		for (i = 0; i < sizeof(all) / sizeof(all[0]); i++)
			if (json_is_text(&name, all[i].name))
				*all[i].value = value;
}

/* 0: it is none that an answer may have. */
static int
status_of(const struct json_value *code)
{
	char	 text[32], *end;
	double	 n;

	if (code->len >= sizeof(text) || is_string(code))
		return 0;
	memcpy(text, code->at, code->len);
	text[code->len] = '\0';
	n = strtod(text, &end);
	if (end == text || *end != '\0' || !(n >= 200 && n <= 599) ||
	    n != (int)n)
		return 0;
	return (int)n;
}

/* A tree of what is short; NULL if it is not that, or not of this kind. */
static json_t *
make_tree(const struct json_value *v, json_type type)
{
	json_error_t	 error;
	json_t		*tree;

	if (v->len > TREE_MAX)
		return NULL;
	tree = json_loadb(v->at, v->len, JSON_ALLOW_NUL, &error);
	if (tree != NULL && json_typeof(tree) == type)
		return tree;
	json_decref(tree);
	return NULL;
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
put_headers(struct buffer *b, const struct json_value *from, bool *has_type)
{
	const char	*name;
	json_t		*headers, *value;
	int		 status = 0;

	if (is_missing(from))
		return 0;
	if ((headers = make_tree(from, JSON_OBJECT)) == NULL)
		return -1;
	json_object_foreach(headers, name, value) {
		if (!cgi_is_token(name, strlen(name)))
			status = -1;
		else if (!is_left_out(name))
			status = put_json_header(b, name, value);
		if (status == -1)
			break;
		*has_type |= is_name(name, "content-type") &&
		    !json_is_null(value);
	}
	json_decref(headers);
	return status;
}

static int
put_cookies(struct buffer *b, const struct json_value *from)
{
	const json_t	*one;
	json_t		*cookies;
	size_t		 i;
	int		 status = 0;

	if (is_missing(from))
		return 0;
	if ((cookies = make_tree(from, JSON_ARRAY)) == NULL)
		return -1;
	json_array_foreach(cookies, i, one) {
		if (json_is_string(one))
			status = put_json_header(b, "Set-Cookie", one);
		else
			status = -1;
		if (status == -1)
			break;
	}
	json_decref(cookies);
	return status;
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
put_head(struct buffer *b, const struct urlreply *reply,
    const struct members *m, const char *type, const char **why)
{
	int	 status = m->status.at == NULL ? 200 : status_of(&m->status);
	bool	 has_type = false;

	if (status == 0) {
		*why = "its statusCode is not 200 to 599";
		return -1;
	}
	put_status(b, status);
	if (put_headers(b, &m->headers, &has_type) == -1) {
		*why = "its headers are no object of texts";
		return -1;
	}
	if (put_cookies(b, &m->cookies) == -1) {
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

/* What the body member means, into bytes.  -1: it is not base64. */
static int
find_body(const struct members *m, struct buffer *bytes)
{
	const struct json_value	*body = &m->body;
	struct buffer		 text = { 0 };
	int			 status;

	if (is_missing(body))
		return 0;
	if (!is_string(body)) {
		json_put_compact(bytes, body->at, body->len);
		return 0;
	}
	if (!json_is_text(&m->is_base64, "true")) {
		json_put_meaning(bytes, body);
		return 0;
	}
	/* An encoder may have escaped its slashes. */
	json_put_meaning(&text, body);
	status = base64_decode(bytes, (const char *)buffer_bytes(&text),
	    buffer_size(&text));
	buffer_release(&text);
	return status;
}

static int
put_answer(struct buffer *b, const struct urlreply *reply,
    const struct members *m, const char **why)
{
	struct buffer	 body = { 0 };
	int		 status;

	status = put_head(b, reply, m, JSON_TYPE, why);
	if (status == 0 && (status = find_body(m, &body)) == -1)
		*why = "its body is not base64";
	if (status == 0)
		put_body(b, buffer_bytes(&body), buffer_size(&body));
	buffer_release(&body);
	return status;
}

static void
put_value(struct buffer *b, const struct urlreply *reply,
    const struct json_value *value)
{
	struct buffer	 text = { 0 };

	put_status(b, 200);
	put_header(b, "Content-Type", JSON_TYPE, strlen(JSON_TYPE));
	put_ids(b, reply);
	if (is_string(value))
		json_put_meaning(&text, value);
	else
		json_put_compact(&text, value->at, value->len);
	put_body(b, buffer_bytes(&text), buffer_size(&text));
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
	size_t			 before = buffer_size(b);
	struct json_value	 value;
	struct members		 members;

	if (!json_parse(payload, len, &value)) {
		*why = "it is not JSON";
		return -1;
	}
	find_members(&value, &members);
	if (members.status.at == NULL) {
		put_value(b, reply, &value);
		return 0;
	}
	if (put_answer(b, reply, &members, why) == 0)
		return 0;
	cut_back(b, before);
	return -1;
}

/* --- streams ------------------------------------------------------------ */

#define STREAM_TYPE	"application/octet-stream"

int
urlreply_write_prelude(struct buffer *b, const struct urlreply *reply,
    const char *prelude, size_t len, const char **why)
{
	size_t			 before = buffer_size(b);
	struct json_value	 value;
	struct members		 members;

	*why = "its prelude is no JSON object";
	if (!json_parse(prelude, len, &value) || !is_object(&value))
		return -1;
	find_members(&value, &members);
	if (put_head(b, reply, &members, STREAM_TYPE, why) == -1) {
		cut_back(b, before);
		return -1;
	}
	json_put(b, "\r\n");
	return 0;
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
