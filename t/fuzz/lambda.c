/*
 * lambda: any bytes as what a function returns, and as what a client sends.
 *
 * A payload is an answer that the gateway understands, or none; an event is
 * JSON, whatever it is made of.
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "buffer.h"
#include "cgi.h"
#include "fcgi.h"
#include "jsontext.h"
#include "mem.h"
#include "urlevent.h"
#include "urlreply.h"

#define HEAD_MAX	(1024 * 1024)

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static const struct urlreply	ids = { "the-id", "Root=1" };

static void
must(int is_true)
{
	if (!is_true)
		abort();
}

/* What was appended is a head that says how long the body is. */
static void
check_answer(const struct buffer *b, int is_whole)
{
	struct cgi_head	 head;
	const char	*why;

	must(cgi_head_parse((const char *)buffer_bytes(b), buffer_size(b),
	    HEAD_MAX, &head, &why) == 1);
	must(head.status >= 200 && head.status <= 599);
	must(head.has_length == is_whole);
	must(!is_whole || head.size + head.content_length == buffer_size(b));
}

static void
check_reply(const char *bytes, size_t len)
{
	struct buffer	 b = { 0 };
	const char	*why = NULL;

	if (urlreply_write(&b, &ids, bytes, len, &why) == 0)
		check_answer(&b, 1);
	else
		must(why != NULL && buffer_size(&b) == 0);
	buffer_clear(&b);
	why = NULL;
	if (urlreply_write_prelude(&b, &ids, bytes, len, &why) == 0)
		check_answer(&b, 0);
	else
		must(why != NULL && buffer_size(&b) == 0);
	buffer_release(&b);
}

/*
 * Jansson's word on it, but for what nests deeper than ours may, and for NUL,
 * which jansson takes for an end.
 */
static void
check_reader(const char *bytes, size_t len)
{
	struct json_value	 value;
	struct buffer		 b = { 0 };
	json_t			*json;

	json = json_loadb(bytes, len, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
	if (json == NULL || len > JSON_DEPTH_MAX ||
	    memchr(bytes, '\0', len) != NULL) {
		(void)json_parse(bytes, len, &value);
		json_decref(json);
		return;
	}
	must(json_parse(bytes, len, &value));
	if (json_is_string(json)) {
		json_put_meaning(&b, &value);
		must(buffer_size(&b) == json_string_length(json));
		must(buffer_size(&b) == 0 || memcmp(buffer_bytes(&b),
		    json_string_value(json), buffer_size(&b)) == 0);
		buffer_clear(&b);
	}
	json_put_compact(&b, bytes, len);
	must(json_parse((const char *)buffer_bytes(&b), buffer_size(&b),
	    &value));
	buffer_release(&b);
	json_decref(json);
}

/* NUL cannot be in a variable. */
static void
set(struct variables *vars, const char *name, const char *bytes, size_t len)
{
	struct fcgi_pair	 pair = { name, (uint32_t)strlen(name), bytes,
				    (uint32_t)len, 0 };

	(void)variables_add(vars, &pair);
}

static void
check_event(const char *bytes, size_t len)
{
	static const char	*const names[] = {
		"CONTENT_TYPE", "HTTP_COOKIE", "HTTP_HOST", "HTTP_X_A",
		"HTTP_X_FORWARDED_FOR", "HTTPS", "PATH_INFO", "QUERY_STRING",
		"REMOTE_ADDR", "REQUEST_METHOD", "REQUEST_URI", "SCRIPT_NAME",
	};
	struct arena		*arena = arena_create(4096);
	struct buffer		 b = { 0 };
	struct variables	 vars;
	struct urlevent		 event = { &vars, "the-id", "Root=1", 1, bytes,
				    len };
	struct json_value	 value;
	json_t			*json;
	size_t			 i;

	variables_init(&vars, arena);
	/* The first byte says who has the rest. */
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (len == 0 || bytes[0] % 16 == (int)i || bytes[0] % 16 > 12)
			set(&vars, names[i], bytes, len);
	urlevent_write(&b, &event);
	json = json_loadb((const char *)buffer_bytes(&b), buffer_size(&b),
	    JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
	must(json_parse((const char *)buffer_bytes(&b), buffer_size(&b),
	    &value));
	/* NUL in a name is beyond jansson. */
	must(json != NULL || memmem(bytes, len, "%00", 3) != NULL);
	json_decref(json);
	buffer_release(&b);
	arena_free(arena);
}

int
LLVMFuzzerTestOneInput(const uint8_t *input, size_t len)
{
	if (len > 65536)
		return 0;
	check_reader((const char *)input, len);
	check_reply((const char *)input, len);
	check_event((const char *)input, len);
	return 0;
}
