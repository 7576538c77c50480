/*
 * sigv4: a signature is parsed, made anew, and compared.
 */
#include "sigv4.h"

#include <nettle/hmac.h>
#include <nettle/memops.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "cgi.h"
#include "mem.h"

#define ALGORITHM	"AWS4-HMAC-SHA256"
#define TERMINATOR	"aws4_request"
#define HEX_LEN		(2 * DIGEST_LEN)
#define TIME_LEN	16		/* of YYYYMMDDTHHMMSSZ */
#define PARAMETERS_MAX	256		/* of a query: more are not signed */
#define HEADERS_MAX	64

static const char	hex_digits[] = "0123456789ABCDEF";

/* --- text ----------------------------------------------------------------- */

struct text {			/* grows in the arena */
	struct arena	*arena;
	char		*bytes;
	size_t		 len;
	size_t		 room;
};

static void
text_add(struct text *t, const char *bytes, size_t len)
{
	char	*larger;

	if (t->room - t->len <= len) {
		t->room = (t->room + len) * 2 + 256;
		larger = arena_alloc(t->arena, t->room);
		if (t->len > 0)
			memcpy(larger, t->bytes, t->len);
		t->bytes = larger;
	}
	memcpy(t->bytes + t->len, bytes, len);
	t->len += len;
	t->bytes[t->len] = '\0';
}

static void
text_put(struct text *t, const char *string)
{
	text_add(t, string, strlen(string));
}

static bool
is_unreserved(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
	    (c >= '0' && c <= '9') || (c != '\0' && strchr("-._~", c) != NULL);
}

/* RFC 3986, all but unreserved; safe: what else stands for itself. */
static void
put_encoded(struct text *t, const char *from, size_t len, char safe)
{
	char	 code[3] = "%";
	size_t	 i;

	for (i = 0; i < len; i++) {
		if (is_unreserved(from[i]) || (safe != '\0' && from[i] == safe))
			text_add(t, from + i, 1);
		else {
			code[1] = hex_digits[(unsigned char)from[i] >> 4];
			code[2] = hex_digits[(unsigned char)from[i] & 15];
			text_add(t, code, 3);
		}
	}
}

static void
put_hex(char out[HEX_LEN + 1], const uint8_t bytes[DIGEST_LEN])
{
	size_t	 i;

	for (i = 0; i < DIGEST_LEN; i++)
		snprintf(out + 2 * i, 3, "%02x", bytes[i]);
}

/* --- a query's parameters ------------------------------------------------- */

struct parameter {
	const char	*name;		/* decoded */
	const char	*value;
};

/* The query of the target as it came, or NULL. */
static const char *
query_of(const struct variables *vars)
{
	const char	*target = variables_get(vars, "REQUEST_URI");
	const char	*mark;

	if (target == NULL)
		return NULL;
	mark = strchr(target, '?');
	return mark != NULL ? mark + 1 : NULL;
}

/* How many there are, of which at most max are put into list. */
static size_t
split_query(struct arena *arena, const char *query, struct parameter *list,
    size_t max)
{
	size_t		 count = 0, len, name_len;
	const char	*at;

	for (at = query; at != NULL && *at != '\0';
	    at += len + (at[len] == '&')) {
		len = strcspn(at, "&");
		if (len == 0)
			continue;
		name_len = strcspn(at, "=&");
		if (count < max) {
			list[count].name = cgi_decode(arena, at, name_len);
			list[count].value = name_len < len ? cgi_decode(arena,
			    at + name_len + 1, len - name_len - 1) : "";
		}
		count++;
	}
	return count;
}

static const char *
parameter_of(const struct parameter *list, size_t count, const char *name)
{
	size_t	 i;

	for (i = 0; i < count; i++)
		if (strcmp(list[i].name, name) == 0)
			return list[i].value;
	return NULL;
}

static int
compare_parameters(const void *a, const void *b)
{
	const struct parameter	*p = a, *q = b;
	int			 order = strcmp(p->name, q->name);

	return order != 0 ? order : strcmp(p->value, q->value);
}

/* --- parsing -------------------------------------------------------------- */

static enum sigv4_verdict
incomplete(struct sigv4 *s, const char *why)
{
	s->why = why;
	return SIGV4_INCOMPLETE;
}

/* KEY/DATE/REGION/SERVICE/aws4_request, taken apart in place. */
static bool
parse_credential(struct sigv4 *s, char *credential)
{
	const char	**parts[] = { &s->key_id, &s->date, &s->region,
			    &s->service };
	char		 *end, *part;
	size_t		  i;

	for (i = 4; i > 0; i--) {
		/* From behind, as an id may hold a slash. */
		if ((end = strrchr(credential, '/')) == NULL)
			return false;
		*end = '\0';
		part = end + 1;
		if (i == 4 ? strcmp(part, TERMINATOR) != 0 : *part == '\0')
			return false;
		if (i < 4)
			*parts[i] = part;
	}
	s->key_id = credential;
	return *credential != '\0' && strlen(credential) <= SIGV4_KEY_ID_MAX;
}

static bool
parse_time(struct sigv4 *s)
{
	struct tm	 tm;
	const char	*end;

	if (s->time == NULL || strlen(s->time) != TIME_LEN)
		return false;
	memset(&tm, 0, sizeof(tm));
	end = strptime(s->time, "%Y%m%dT%H%M%SZ", &tm);
	if (end == NULL || *end != '\0')
		return false;
	s->time_s = (int64_t)timegm(&tm);
	return strlen(s->date) == 8 && strncmp(s->date, s->time, 8) == 0;
}

static enum sigv4_verdict
finish_parsing(struct sigv4 *s, char *credential)
{
	if (credential == NULL || !parse_credential(s, credential))
		return incomplete(s, "Credential is not "
		    "KEY/DATE/REGION/SERVICE/aws4_request");
	if (s->signed_headers == NULL || *s->signed_headers == '\0')
		return incomplete(s, "SignedHeaders is missing");
	if (s->signature == NULL || strlen(s->signature) != HEX_LEN)
		return incomplete(s, "Signature is not 64 digits");
	if (!parse_time(s))
		return incomplete(s, "X-Amz-Date is not YYYYMMDDTHHMMSSZ of "
		    "the credential's day");
	return SIGV4_GOOD;
}

/* NAME=value of a comma-separated list, or NULL. */
static char *
field_of(struct arena *arena, const char *list, const char *name)
{
	size_t	 name_len = strlen(name), len;

	for (; *list != '\0'; list += len) {
		list += strspn(list, ", \t");
		len = strcspn(list, ", \t");
		if (len > name_len && list[name_len] == '=' &&
		    strncmp(list, name, name_len) == 0)
			return arena_strndup(arena, list + name_len + 1,
			    len - name_len - 1);
	}
	return NULL;
}

static enum sigv4_verdict
parse_header(struct sigv4 *s, struct arena *arena,
    const struct variables *vars, const char *header)
{
	const char	*list = header + strlen(ALGORITHM);

	if (*list != ' ')
		return incomplete(s, "Authorization is not of "
		    ALGORITHM);
	s->signed_headers = field_of(arena, list, "SignedHeaders");
	s->signature = field_of(arena, list, "Signature");
	s->time = variables_get(vars, "HTTP_X_AMZ_DATE");
	return finish_parsing(s, field_of(arena, list, "Credential"));
}

static enum sigv4_verdict
parse_query(struct sigv4 *s, struct arena *arena, const char *query)
{
	struct parameter	*list;
	const char		*algorithm, *expires, *credential;
	size_t			 count;
	uint64_t		 n;

	list = arena_calloc(arena, PARAMETERS_MAX, sizeof(*list));
	count = split_query(arena, query, list, PARAMETERS_MAX);
	if (count > PARAMETERS_MAX)
		return SIGV4_MISSING;
	algorithm = parameter_of(list, count, "X-Amz-Algorithm");
	if (algorithm == NULL)
		return SIGV4_MISSING;
	if (strcmp(algorithm, ALGORITHM) != 0)
		return incomplete(s, "X-Amz-Algorithm is not " ALGORITHM);
	s->is_presigned = true;
	s->signed_headers = parameter_of(list, count, "X-Amz-SignedHeaders");
	s->signature = parameter_of(list, count, "X-Amz-Signature");
	s->time = parameter_of(list, count, "X-Amz-Date");
	expires = parameter_of(list, count, "X-Amz-Expires");
	if (expires == NULL || cgi_digits(expires, strlen(expires), &n) == -1 ||
	    n > SIGV4_EXPIRES_MAX_S)
		return incomplete(s, "X-Amz-Expires is not up to 604800");
	s->expires_s = (int64_t)n;
	credential = parameter_of(list, count, "X-Amz-Credential");
	return finish_parsing(s, credential == NULL ? NULL :
	    arena_strdup(arena, credential));
}

enum sigv4_verdict
sigv4_parse(struct sigv4 *s, struct arena *arena, const struct variables *vars)
{
	const char	*header, *query;

	memset(s, 0, sizeof(*s));
	header = variables_get(vars, "HTTP_AUTHORIZATION");
	if (header != NULL && strncmp(header, ALGORITHM,
	    strlen(ALGORITHM)) == 0)
		return parse_header(s, arena, vars, header);
	if ((query = query_of(vars)) != NULL)
		return parse_query(s, arena, query);
	return SIGV4_MISSING;
}

/* --- the canonical request ------------------------------------------------ */

/* The path as it came, made normal, and encoded once more. */
static void
put_path(struct text *t, const struct variables *vars)
{
	const char	*target = variables_get(vars, "REQUEST_URI");
	char		*path;

	if (target == NULL || *target != '/')
		target = "/";
	path = arena_strndup(t->arena, target, strcspn(target, "?"));
	if (cgi_path_normalise(path) == -1)
		path = "/";
	put_encoded(t, path, strlen(path), '/');
}

/* Each name and value encoded, in order; without the signature itself. */
static void
put_query(struct text *t, const struct variables *vars)
{
	struct parameter	*list;
	const char		*query = query_of(vars);
	bool			 is_first = true;
	size_t			 count, i;

	count = split_query(t->arena, query, NULL, 0);
	list = arena_calloc(t->arena, count + 1, sizeof(*list));
	split_query(t->arena, query, list, count);
	qsort(list, count, sizeof(*list), compare_parameters);
	for (i = 0; i < count; i++) {
		if (strcmp(list[i].name, "X-Amz-Signature") == 0)
			continue;
		if (!is_first)
			text_put(t, "&");
		is_first = false;
		put_encoded(t, list[i].name, strlen(list[i].name), '\0');
		text_put(t, "=");
		put_encoded(t, list[i].value, strlen(list[i].value), '\0');
	}
}

/* RFC 3875 4.1.18: what a header is called as a variable. */
static const char *
header_value(struct arena *arena, const struct variables *vars,
    const char *name, size_t len)
{
	char	*variable = arena_printf(arena, "HTTP_%.*s", (int)len, name);
	char	*at;

	for (at = variable; *at != '\0'; at++)
		*at = (char)(*at == '-' ? '_' : *at >= 'a' && *at <= 'z' ?
		    *at - 'a' + 'A' : *at);
	if (strcmp(variable, "HTTP_CONTENT_TYPE") == 0 ||
	    strcmp(variable, "HTTP_CONTENT_LENGTH") == 0)
		variable += strlen("HTTP_");
	return variables_get(vars, variable);
}

/* Without blanks at its ends, and one where there are several. */
static void
put_trimmed(struct text *t, const char *value)
{
	size_t	 len;

	value += strspn(value, " \t");
	for (;;) {
		len = strcspn(value, " \t");
		text_add(t, value, len);
		value += len;
		value += strspn(value, " \t");
		if (*value == '\0')
			return;
		text_put(t, " ");
	}
}

static void
put_headers(struct text *t, const struct sigv4 *s,
    const struct variables *vars)
{
	const char	*at, *value;
	size_t		 len;

	for (at = s->signed_headers; *at != '\0';
	    at += len + (at[len] == ';')) {
		len = strcspn(at, ";");
		text_add(t, at, len);
		text_put(t, ":");
		value = header_value(t->arena, vars, at, len);
		put_trimmed(t, value != NULL ? value : "");
		text_put(t, "\n");
	}
}

/* What is said of a body must be true, so what it is comes to the same. */
static void
put_body(struct text *t, const struct variables *vars,
    const struct digest *body)
{
	const char	*said = variables_get(vars,
			    "HTTP_X_AMZ_CONTENT_SHA256");
	char		 hex[HEX_LEN + 1];

	if (said != NULL && strcmp(said, "UNSIGNED-PAYLOAD") == 0) {
		text_put(t, said);
		return;
	}
	put_hex(hex, body->bytes);
	text_put(t, hex);
}

const char *
sigv4_canonical(const struct sigv4 *s, struct arena *arena,
    const struct variables *vars, const struct digest *body)
{
	struct text	 t = { .arena = arena };
	const char	*method = variables_get(vars, "REQUEST_METHOD");

	text_put(&t, method != NULL ? method : "");
	text_put(&t, "\n");
	put_path(&t, vars);
	text_put(&t, "\n");
	put_query(&t, vars);
	text_put(&t, "\n");
	put_headers(&t, s, vars);
	text_put(&t, "\n");
	text_put(&t, s->signed_headers);
	text_put(&t, "\n");
	put_body(&t, vars, body);
	return t.bytes;
}

/* --- the signature -------------------------------------------------------- */

static void
hmac(uint8_t out[DIGEST_LEN], const uint8_t *key, size_t key_len,
    const char *text)
{
	struct hmac_sha256_ctx	 ctx;

	hmac_sha256_set_key(&ctx, key_len, key);
	hmac_sha256_update(&ctx, strlen(text), (const uint8_t *)text);
	hmac_sha256_digest(&ctx, DIGEST_LEN, out);
	explicit_bzero(&ctx, sizeof(ctx));
}

/* The key of one day, region and service. */
static void
derive_key(uint8_t key[DIGEST_LEN], const struct sigv4 *s, const char *secret)
{
	const char	*parts[] = { s->date, s->region, s->service,
			    TERMINATOR };
	size_t		 len = strlen("AWS4") + strlen(secret), i;
	char		*first = xmalloc(len + 1);

	snprintf(first, len + 1, "AWS4%s", secret);
	hmac(key, (const uint8_t *)first, len, parts[0]);
	for (i = 1; i < sizeof(parts) / sizeof(parts[0]); i++)
		hmac(key, key, DIGEST_LEN, parts[i]);
	explicit_bzero(first, len);
	free(first);
}

static bool
is_signed(const struct sigv4 *s, const char *header)
{
	size_t		 len, wanted = strlen(header);
	const char	*at;

	for (at = s->signed_headers; *at != '\0';
	    at += len + (at[len] == ';')) {
		len = strcspn(at, ";");
		if (len == wanted && strncasecmp(at, header, len) == 0)
			return true;
	}
	return false;
}

static bool
is_in_time(const struct sigv4 *s, int64_t now_s)
{
	if (now_s < s->time_s - SIGV4_SKEW_S)
		return false;
	return now_s <= s->time_s + (s->is_presigned ? s->expires_s :
	    SIGV4_SKEW_S);
}

enum sigv4_verdict
sigv4_check(struct sigv4 *s, struct arena *arena,
    const struct variables *vars, const struct digest *body,
    const char *secret, int64_t now_s)
{
	struct digest	 digest;
	const char	*canonical, *text;
	uint8_t		 key[DIGEST_LEN], signature[DIGEST_LEN];
	char		 hex[HEX_LEN + 1];

	if (!is_signed(s, "host"))
		return incomplete(s, "host is not signed");
	if (!s->is_presigned && !is_signed(s, "x-amz-date"))
		return incomplete(s, "x-amz-date is not signed");
	if (!is_in_time(s, now_s))
		return SIGV4_EXPIRED;
	canonical = sigv4_canonical(s, arena, vars, body);
	digest_of(&digest, canonical, strlen(canonical));
	put_hex(hex, digest.bytes);
	text = arena_printf(arena, ALGORITHM "\n%s\n%s/%s/%s/" TERMINATOR
	    "\n%s", s->time, s->date, s->region, s->service, hex);
	derive_key(key, s, secret);
	hmac(signature, key, sizeof(key), text);
	put_hex(hex, signature);
	explicit_bzero(key, sizeof(key));
	return memeql_sec(hex, s->signature, HEX_LEN) != 0 ? SIGV4_GOOD :
	    SIGV4_MISMATCH;
}
