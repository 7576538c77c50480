/*
 * cgihead: the head of a handler's answer (RFC 3875 section 6).
 *
 * What is let through here the web server will believe, so the grammar is
 * narrow: whatever two readers could take in two ways is an error.
 */
#include "cgi.h"

#include <string.h>
#include <strings.h>

#define COUNT(array)	(sizeof(array) / sizeof((array)[0]))

/* What a head has had so far. */
struct reading {
	struct cgi_head	*head;
	bool		 has_type;
	bool		 has_location;
	bool		 has_status;
};

/* The headers that mean something here. */
enum kind {
	KIND_OTHER = 0,		/* passed on as they stand */
	KIND_STATUS,
	KIND_LENGTH,
	KIND_TYPE,
	KIND_LOCATION,
	KIND_ELSEWHERE,		/* the front makes the body */
	KIND_HOP		/* of the connection, which is the front's
				   (RFC 9110 section 7.6.1) */
};

/* A line's two sides, both borrowed. */
struct field {
	const char	*name;
	size_t		 name_len;
	const char	*value;
	size_t		 value_len;
};

/* A name that ends in a hyphen means all that begin so. */
static const struct {
	const char	*name;
	enum kind	 kind;
} headers[] = {
	{ "Status",			KIND_STATUS },
	{ "Content-Length",		KIND_LENGTH },
	{ "Content-Type",		KIND_TYPE },
	{ "Location",			KIND_LOCATION },
	{ "X-Accel-Redirect",		KIND_ELSEWHERE },
	{ "X-Sendfile",			KIND_ELSEWHERE },
	{ "X-LIGHTTPD-send-file",	KIND_ELSEWHERE },
	{ "Connection",			KIND_HOP },
	{ "Keep-Alive",			KIND_HOP },
	{ "Transfer-Encoding",		KIND_HOP },
	{ "Trailer",			KIND_HOP },
	{ "Upgrade",			KIND_HOP },
	{ "Proxy-",			KIND_HOP },
};

static enum kind
find_kind(const char *name, size_t len)
{
	size_t	 i, known;

	for (i = 0; i < COUNT(headers); i++) {
		known = strlen(headers[i].name);
		if ((len == known || (len > known &&
		    headers[i].name[known - 1] == '-')) &&
		    strncasecmp(name, headers[i].name, known) == 0)
			return headers[i].kind;
	}
	return KIND_OTHER;
}

/* --- lines -------------------------------------------------------------- */

/*
 * How long is the line at the front of bytes, without and with its end?  False
 * if there is no end.
 */
static bool
find_line(const char *bytes, size_t len, size_t *line_len, size_t *size)
{
	const char	*end;

	if (len == 0 || (end = memchr(bytes, '\n', len)) == NULL)
		return false;
	*size = (size_t)(end - bytes) + 1;
	*line_len = *size - 1;
	if (*line_len > 0 && bytes[*line_len - 1] == '\r')
		(*line_len)--;
	return true;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Control bytes have no place in a value; what is not ASCII has (obs-text). */
static bool
has_control(const char *s, size_t len)
{
	size_t	 i;

	for (i = 0; i < len; i++)
		if (((uint8_t)s[i] < 0x20 && s[i] != '\t') || s[i] == 0x7f)
			return true;
	return false;
}

static const char *
split_line(const char *line, size_t len, struct field *f)
{
	const char	*colon;

	if (is_blank(line[0]))
		return "a folded line";
	if (len >= 5 && memcmp(line, "HTTP/", 5) == 0)
		return "answers with an HTTP status line "
		    "(nph- scripts are not supported)";
	if ((colon = memchr(line, ':', len)) == NULL)
		return "a line without colon";
	f->name = line;
	f->name_len = (size_t)(colon - line);
	if (!cgi_is_token(f->name, f->name_len))
		return "a header's name is not a token";

	f->value = colon + 1;
	f->value_len = len - f->name_len - 1;
	if (has_control(f->value, f->value_len))
		return "a control byte in a header's value";
	for (; f->value_len > 0 && is_blank(*f->value); f->value_len--)
		f->value++;
	while (f->value_len > 0 && is_blank(f->value[f->value_len - 1]))
		f->value_len--;
	return NULL;
}

/* --- what the headers say ----------------------------------------------- */

static const char *
take_status(struct reading *r, const struct field *f)
{
	uint64_t	 code;

	if (r->has_status)
		return "two Status headers";
	if (f->value_len < 3 || cgi_digits(f->value, 3, &code) == -1 ||
	    (f->value_len > 3 && f->value[3] != ' ') || code < 200)
		return "a Status that is not 200 to 999";
	r->has_status = true;
	r->head->status = (int)code;
	return NULL;
}

static const char *
take_length(struct reading *r, const struct field *f)
{
	if (r->head->has_length)
		return "two Content-Length headers";
	if (cgi_digits(f->value, f->value_len, &r->head->content_length) == -1)
		return "a Content-Length that is not a number";
	r->head->has_length = true;
	return NULL;
}

static const char *
take_line(struct reading *r, const char *line, size_t len)
{
	struct field	 f;
	const char	*why;

	if ((why = split_line(line, len, &f)) != NULL)
		return why;
	switch (find_kind(f.name, f.name_len)) {
	case KIND_STATUS:
		return take_status(r, &f);
	case KIND_LENGTH:
		return take_length(r, &f);
	case KIND_TYPE:
		r->has_type = true;
		break;
	case KIND_LOCATION:
		r->has_location = true;
		break;
	case KIND_ELSEWHERE:
		r->head->is_elsewhere = true;
		break;
	case KIND_HOP:
		r->head->is_clean = false;
		break;
	case KIND_OTHER:
		break;
	}
	return NULL;
}

static const char *
finish(struct reading *r)
{
	if (!r->has_status && !r->has_location && !r->has_type)
		return "none of Content-Type, Location and Status";
	if (!r->has_status && r->has_location)
		r->head->status = 302;
	return NULL;
}

/* --- the head ----------------------------------------------------------- */

int
cgi_head_parse(const char *bytes, size_t len, size_t max,
    struct cgi_head *head, const char **why)
{
	struct reading	 r = { .head = head };
	const char	*line = bytes;
	size_t		 line_len, size;

	*head = (struct cgi_head){ .status = 200, .is_clean = true };
	for (; find_line(line, len - head->size, &line_len, &size);
	    line += size) {
		if ((head->size += size) > max) {
			*why = "more than max_header_size";
			return -1;
		}
		if (line_len == 0)
			return (*why = finish(&r)) == NULL ? 1 : -1;
		if ((*why = take_line(&r, line, line_len)) != NULL)
			return -1;
	}
	if (len < max)
		return 0;
	*why = "more than max_header_size";
	return -1;
}

size_t
cgi_head_copy(char *out, const char *bytes, const struct cgi_head *head)
{
	const char	*line = bytes, *end = bytes + head->size, *colon;
	size_t		 line_len, size, written = 0;

	for (; find_line(line, (size_t)(end - line), &line_len, &size);
	    line += size) {
		colon = memchr(line, ':', line_len);
		if (colon != NULL &&
		    find_kind(line, (size_t)(colon - line)) == KIND_HOP)
			continue;
		memcpy(out + written, line, size);
		written += size;
	}
	return written;
}

bool
cgi_has_body(const char *method, int status)
{
	return strcmp(method, "HEAD") != 0 && status >= 200 &&
	    status != 204 && status != 304;
}

const char *
cgi_reason(int status)
{
	static const struct {
		int		 status;
		const char	*words;
	} reasons[] = {
		{ 200, "OK" },
		{ 201, "Created" },
		{ 202, "Accepted" },
		{ 204, "No Content" },
		{ 206, "Partial Content" },
		{ 301, "Moved Permanently" },
		{ 302, "Found" },
		{ 303, "See Other" },
		{ 304, "Not Modified" },
		{ 307, "Temporary Redirect" },
		{ 308, "Permanent Redirect" },
		{ 400, "Bad Request" },
		{ 401, "Unauthorized" },
		{ 403, "Forbidden" },
		{ 404, "Not Found" },
		{ 405, "Method Not Allowed" },
		{ 409, "Conflict" },
		{ 411, "Length Required" },
		{ 412, "Precondition Failed" },
		{ 413, "Content Too Large" },
		{ 414, "URI Too Long" },
		{ 415, "Unsupported Media Type" },
		{ 422, "Unprocessable Content" },
		{ 429, "Too Many Requests" },
		{ 431, "Request Header Fields Too Large" },
		{ 499, "Client Closed Request" },
		{ 500, "Internal Server Error" },
		{ 501, "Not Implemented" },
		{ 502, "Bad Gateway" },
		{ 503, "Service Unavailable" },
		{ 504, "Gateway Timeout" },
	};
	size_t	 i;

	for (i = 0; i < COUNT(reasons); i++)
		if (reasons[i].status == status)
			return reasons[i].words;
	return "";
}
