/*
 * urlevent: requests as events of payload format 2.0.
 *
 * The path and the query are as the client sent them.  Header names are known
 * as CGI variables only, so that they come out in lower case with dashes.
 */
#include "urlevent.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "buffer.h"
#include "cgi.h"
#include "jsontext.h"

#define NAME_MAX_BYTES	256	/* of a header's name; longer are left out */

struct text {
	const char	*bytes;
	size_t		 len;
};

static struct text
get(const struct urlevent *e, const char *name)
{
	const struct variable	*v = variables_find(e->variables, name);
	struct text		 t = { "", 0 };

	if (v != NULL && !v->is_removed) {
		t.bytes = v->value;
		t.len = v->value_len;
	}
	return t;
}

static struct text
literal(const char *bytes)
{
	return (struct text){ bytes, strlen(bytes) };
}

static void
put(struct buffer *b, struct text t)
{
	json_put_string(b, t.bytes, t.len);
}

/* ,"name":"value", without the comma in front of the first. */
static void
put_member(struct buffer *b, const char *name, struct text value, bool *first)
{
	if (!*first)
		json_put(b, ",");
	*first = false;
	json_put_string(b, name, strlen(name));
	json_put(b, ":");
	put(b, value);
}

/* --- address ------------------------------------------------------------ */

/* What the client asked for: path and query. */
static struct text
target(const struct urlevent *e)
{
	struct text	 t = get(e, "REQUEST_URI");
	const char	*slash;

	if (t.len == 0 || t.bytes[0] == '/')
		return t;
	/* An absolute URI: behind its authority. */
	slash = memmem(t.bytes, t.len, "://", 3);
	if (slash != NULL)
		slash = memchr(slash + 3, '/',
		    t.len - (size_t)(slash + 3 - t.bytes));
	if (slash == NULL)
		return literal("/");
	return (struct text){ slash, t.len - (size_t)(slash - t.bytes) };
}

static void
put_path(struct buffer *b, const struct urlevent *e)
{
	struct text	 t = target(e), info;
	const char	*mark;

	if (t.len > 0) {
		if ((mark = memchr(t.bytes, '?', t.len)) != NULL)
			t.len = (size_t)(mark - t.bytes);
		put(b, t);
		return;
	}
	t = get(e, "SCRIPT_NAME");
	info = get(e, "PATH_INFO");
	json_put(b, "\"");
	json_put_bytes(b, t.bytes, t.len);
	json_put_bytes(b, info.bytes, info.len);
	if (t.len + info.len == 0)
		json_put(b, "/");
	json_put(b, "\"");
}

static struct text
query(const struct urlevent *e)
{
	struct text	 t = get(e, "QUERY_STRING"), whole;
	const char	*mark;

	if (t.len > 0)
		return t;
	whole = target(e);
	if ((mark = memchr(whole.bytes, '?', whole.len)) == NULL)
		return t;
	t.bytes = mark + 1;
	t.len = whole.len - (size_t)(mark + 1 - whole.bytes);
	return t;
}

static int
hex(char c)
{
	return c >= '0' && c <= '9' ? c - '0' :
	    (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10 : -1;
}

/* Decode percent and plus; what is malformed stands for itself. */
static void
decode(struct buffer *out, struct text t)
{
	uint8_t	*to = buffer_reserve(out, t.len + 1);
	size_t	 i, n = 0;

	for (i = 0; i < t.len; i++) {
		if (t.bytes[i] == '%' && i + 2 < t.len &&
		    hex(t.bytes[i + 1]) >= 0 && hex(t.bytes[i + 2]) >= 0) {
			to[n++] = (uint8_t)(hex(t.bytes[i + 1]) << 4 |
			    hex(t.bytes[i + 2]));
			i += 2;
		} else
			to[n++] = t.bytes[i] == '+' ? ' ' :
			    (uint8_t)t.bytes[i];
	}
	buffer_extend(out, n);
}

/* The next NAME=VALUE of a query; false if there is none. */
static bool
next_pair(struct text *rest, struct text *name, struct text *value)
{
	const char	*end, *equals;
	size_t		 len;

	while (rest->len > 0 && *rest->bytes == '&') {
		rest->bytes++;
		rest->len--;
	}
	if (rest->len == 0)
		return false;
	end = memchr(rest->bytes, '&', rest->len);
	len = end == NULL ? rest->len : (size_t)(end - rest->bytes);
	equals = memchr(rest->bytes, '=', len);
	name->bytes = rest->bytes;
	name->len = equals == NULL ? len : (size_t)(equals - rest->bytes);
	value->bytes = equals == NULL ? "" : equals + 1;
	value->len = equals == NULL ? 0 : len - name->len - 1;
	rest->bytes += len;
	rest->len -= len;
	return true;
}

static bool
is_same(struct text a, struct text b)
{
	return a.len == b.len && memcmp(a.bytes, b.bytes, a.len) == 0;
}

#define PAIRS_MAX	256	/* more are not told apart: that is squared */

struct pair {
	size_t	 name, name_len;	/* in the scratch */
	size_t	 value, value_len;
	bool	 is_told;
};

static size_t
add_decoded(struct buffer *scratch, struct text t, size_t *len)
{
	size_t	 at = buffer_size(scratch);

	decode(scratch, t);
	*len = buffer_size(scratch) - at;
	return at;
}

static size_t
read_pairs(struct text rest, struct buffer *scratch,
    struct pair pairs[PAIRS_MAX])
{
	struct text	 name, value;
	size_t		 n = 0;

	while (n < PAIRS_MAX && next_pair(&rest, &name, &value)) {
		pairs[n].name = add_decoded(scratch, name,
		    &pairs[n].name_len);
		pairs[n].value = add_decoded(scratch, value,
		    &pairs[n].value_len);
		pairs[n++].is_told = false;
	}
	return n;
}

/* "name":"values", with commas between those of all pairs of that name. */
static void
put_pairs(struct buffer *b, const char *bytes, struct pair *pairs, size_t n)
{
	struct pair	*p;
	bool		 first = true;

	json_put_string(b, bytes + pairs->name, pairs->name_len);
	json_put(b, ":\"");
	for (p = pairs; p < pairs + n; p++) {
		if (p->is_told || p->name_len != pairs->name_len ||
		    memcmp(bytes + p->name, bytes + pairs->name,
		    p->name_len) != 0)
			continue;
		if (!first)
			json_put(b, ",");
		first = false;
		json_put_bytes(b, bytes + p->value, p->value_len);
		p->is_told = true;
	}
	json_put(b, "\"");
}

static void
put_query(struct buffer *b, const struct urlevent *e)
{
	struct text	 all = query(e);
	struct pair	 pairs[PAIRS_MAX];
	struct buffer	 scratch = { 0 };
	size_t		 i, n;

	json_put(b, ",\"rawQueryString\":");
	put(b, all);
	n = read_pairs(all, &scratch, pairs);
	if (n > 0)
		json_put(b, ",\"queryStringParameters\":{");
	for (i = 0; i < n; i++) {
		if (pairs[i].is_told)
			continue;
		json_put(b, i > 0 ? "," : "");
		put_pairs(b, (const char *)buffer_bytes(&scratch), pairs + i,
		    n - i);
	}
	if (n > 0)
		json_put(b, "}");
	buffer_release(&scratch);
}

/* --- headers ------------------------------------------------------------ */

/*
 * HTTP_X_NAME, or CONTENT_TYPE, as x-name into out.  False: no header, or no
 * name that a web server makes of one, so that no two are the same.
 */
static bool
header_name(const struct variable *v, char out[NAME_MAX_BYTES])
{
	const char	*from = v->name;
	size_t		 len = v->name_len, i;

	if (len > 5 && memcmp(from, "HTTP_", 5) == 0) {
		from += 5;
		len -= 5;
	} else if (!((len == 12 && memcmp(from, "CONTENT_TYPE", len) == 0) ||
	    (len == 14 && memcmp(from, "CONTENT_LENGTH", len) == 0)))
		return false;
	if (len >= NAME_MAX_BYTES)
		return false;
	for (i = 0; i < len; i++) {
		if ((from[i] >= 'a' && from[i] <= 'z') || from[i] == '-')
			return false;
		out[i] = from[i] == '_' ? '-' :
		    from[i] >= 'A' && from[i] <= 'Z' ?
		    (char)(from[i] | 0x20) : from[i];
	}
	out[len] = '\0';
	return true;
}

/* Those that the event has elsewhere, or that we say ourselves. */
static bool
is_ours(const char *name)
{
	static const char	*const ours[] = {
		"connection", "cookie", "keep-alive", "proxy",
		"proxy-connection", "te", "trailer", "transfer-encoding",
		"upgrade", "x-amzn-trace-id", "x-forwarded-for",
		"x-forwarded-port", "x-forwarded-proto",
	};
	size_t			 i;

	for (i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
		if (strcmp(name, ours[i]) == 0)
			return true;
	return false;
}

static bool
is_https(const struct urlevent *e)
{
	struct text	 t = get(e, "HTTPS"), scheme = get(e, "REQUEST_SCHEME");

	return (t.len > 0 && !(t.len == 3 && strncasecmp(t.bytes, "off", 3) ==
	    0)) || is_same(scheme, literal("https"));
}

/* Where the request came from; the last is who spoke to our web server. */
static void
put_forwarded(struct buffer *b, const struct urlevent *e)
{
	struct text	 was = get(e, "HTTP_X_FORWARDED_FOR");
	struct text	 address = get(e, "REMOTE_ADDR");
	struct text	 port = get(e, "SERVER_PORT");
	bool		 first = false;

	json_put(b, ",\"x-forwarded-for\":\"");
	json_put_bytes(b, was.bytes, was.len);
	if (was.len > 0)
		json_put(b, ", ");
	json_put_bytes(b, address.bytes, address.len);
	json_put(b, "\"");
	put_member(b, "x-forwarded-port", port.len > 0 ? port :
	    literal(is_https(e) ? "443" : "80"), &first);
	put_member(b, "x-forwarded-proto",
	    literal(is_https(e) ? "https" : "http"), &first);
}

static void
put_headers(struct buffer *b, const struct urlevent *e)
{
	const struct variable	*v = e->variables->list;
	char			 name[NAME_MAX_BYTES];
	bool			 first = true;
	size_t			 i;

	json_put(b, ",\"headers\":{");
	for (i = 0; i < e->variables->count; i++, v++)
		if (v->value_len > 0 && !v->is_removed && v->passes &&
		    header_name(v, name) && !is_ours(name))
			put_member(b, name,
			    (struct text){ v->value, v->value_len }, &first);
	put_member(b, "x-amzn-trace-id", literal(e->trace_id), &first);
	put_forwarded(b, e);
	json_put(b, "}");
}

static void
put_cookies(struct buffer *b, const struct urlevent *e)
{
	struct text	 t = get(e, "HTTP_COOKIE"), one;
	const char	*end;
	bool		 first = true;

	while (t.len > 0) {
		end = memchr(t.bytes, ';', t.len);
		one.bytes = t.bytes;
		one.len = end == NULL ? t.len : (size_t)(end - t.bytes);
		t.bytes += one.len + (end != NULL);
		t.len -= one.len + (end != NULL);
		while (one.len > 0 && *one.bytes == ' ') {
			one.bytes++;
			one.len--;
		}
		if (one.len == 0)
			continue;
		json_put(b, first ? ",\"cookies\":[" : ",");
		first = false;
		put(b, one);
	}
	if (!first)
		json_put(b, "]");
}

/* --- the context -------------------------------------------------------- */

static void
put_domain(struct buffer *b, const struct urlevent *e)
{
	struct text	 host = get(e, "HTTP_HOST"), prefix;
	char		 name[256];
	const char	*dot;
	bool		 first = false;

	cgi_host(host.bytes, host.len, name, sizeof(name));
	if (name[0] == '\0') {
		host = get(e, "SERVER_NAME");
		cgi_host(host.bytes, host.len, name, sizeof(name));
	}
	prefix = literal(name);
	if ((dot = strchr(name, '.')) != NULL)
		prefix.len = (size_t)(dot - name);
	put_member(b, "apiId", prefix, &first);
	put_member(b, "domainName", literal(name), &first);
	put_member(b, "domainPrefix", prefix, &first);
}

static void
put_time(struct buffer *b, uint64_t time_us)
{
	static const char	 months[] = "JanFebMarAprMayJun"
				    "JulAugSepOctNovDec";
	time_t			 now = (time_t)(time_us / 1000000);
	struct tm		 tm;

	gmtime_r(&now, &tm);
	json_printf(b, ",\"time\":\"%02d/%.3s/%04d:%02d:%02d:%02d +0000\","
	    "\"timeEpoch\":%" PRIu64, tm.tm_mday, months + 3 * tm.tm_mon,
	    tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec,
	    time_us / 1000);
}

static void
put_context(struct buffer *b, const struct urlevent *e)
{
	bool	 first = true;

	json_put(b, ",\"requestContext\":{\"accountId\":\"anonymous\"");
	put_domain(b, e);
	json_put(b, ",\"http\":{");
	put_member(b, "method", get(e, "REQUEST_METHOD"), &first);
	json_put(b, ",\"path\":");
	put_path(b, e);
	put_member(b, "protocol", get(e, "SERVER_PROTOCOL"), &first);
	put_member(b, "sourceIp", get(e, "REMOTE_ADDR"), &first);
	put_member(b, "userAgent", get(e, "HTTP_USER_AGENT"), &first);
	json_put(b, "}");
	put_member(b, "requestId", literal(e->request_id), &first);
	json_put(b, ",\"routeKey\":\"$default\",\"stage\":\"$default\"");
	put_time(b, e->time_us);
	json_put(b, "}");
}

/* --- the body ----------------------------------------------------------- */

/* Is that a text by its type? */
static bool
is_text(struct text type)
{
	static const char	*const types[] = {
		"application/graphql", "application/javascript",
		"application/json", "application/x-javascript",
		"application/xml",
	};
	size_t			 len = 0, i;

	while (len < type.len && type.bytes[len] != ';' &&
	    type.bytes[len] != ' ')
		len++;
	if (len > 5 && strncasecmp(type.bytes, "text/", 5) == 0)
		return true;
	if (len > 5 && (strncasecmp(type.bytes + len - 5, "+json", 5) == 0 ||
	    strncasecmp(type.bytes + len - 4, "+xml", 4) == 0))
		return true;
	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (len == strlen(types[i]) &&
		    strncasecmp(type.bytes, types[i], len) == 0)
			return true;
	return false;
}

static void
put_body(struct buffer *b, const struct urlevent *e)
{
	bool	 is_string;

	is_string = e->body_len == 0 || (is_text(get(e, "CONTENT_TYPE")) &&
	    json_is_utf8(e->body, e->body_len));
	if (e->body_len > 0) {
		json_put(b, ",\"body\":");
		if (is_string)
			json_put_string(b, e->body, e->body_len);
		else
			json_put_base64(b, e->body, e->body_len);
	}
	json_put(b, is_string ? ",\"isBase64Encoded\":false" :
	    ",\"isBase64Encoded\":true");
}

void
urlevent_write(struct buffer *b, const struct urlevent *e)
{
	json_put(b, "{\"version\":\"2.0\",\"routeKey\":\"$default\","
	    "\"rawPath\":");
	put_path(b, e);
	put_query(b, e);
	put_cookies(b, e);
	put_headers(b, e);
	put_context(b, e);
	put_body(b, e);
	json_put(b, "}");
}
