/*
 * cgi: what a request's variables mean: its path, method, length and host.
 */
#include "cgi.h"

#include <string.h>

#include "mem.h"

#define METHOD_MAX	32	/* bytes */

/* --- the request's path ------------------------------------------------- */

/* Most paths have neither // nor a segment that begins with a dot. */
static bool
is_surely_normal(const char *path)
{
	for (; *path == '/'; path = strchrnul(path + 1, '/'))
		if (path[1] == '/' || path[1] == '.')
			return false;
	return *path == '\0';
}

int
cgi_path_normalise(char *path)
{
	const char	*in = path;
	char		*out = path;	/* what is before it is normal, without
					   a slash at its end */
	size_t		 len;

	if (*path != '/')
		return -1;
	if (is_surely_normal(path))
		return 0;
	for (;;) {
		in += strspn(in, "/");
		len = strcspn(in, "/");
		if (len == 0) {		/* it ends in a slash or dots */
			*out++ = '/';
			break;
		}
		if (len == 2 && in[0] == '.' && in[1] == '.') {
			while (out > path && *--out != '/')
				continue;
		} else if (len != 1 || in[0] != '.') {
			*out++ = '/';
			memmove(out, in, len);
			out += len;
			if (in[len] == '\0')
				break;
		}
		in += len;
	}
	*out = '\0';
	return 0;
}

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Decode %XX in place.  -1 for one that is none, and for NUL. */
static int
percent_decode(char *s)
{
	char	*out = s;
	int	 high, low;

	for (; *s != '\0'; s++) {
		if (*s != '%') {
			*out++ = *s;
			continue;
		}
		if ((high = hex_digit(s[1])) == -1 ||
		    (low = hex_digit(s[2])) == -1 || (high | low) == 0)
			return -1;
		*out++ = (char)(high << 4 | low);
		s += 2;
	}
	*out = '\0';
	return 0;
}

char *
cgi_decode(struct arena *arena, const char *from, size_t len)
{
	char	*out = arena_alloc(arena, len + 1), *to = out;
	size_t	 i;
	int	 high, low;

	for (i = 0; i < len; i++) {
		if (from[i] == '%' && i + 2 < len &&
		    (high = hex_digit(from[i + 1])) != -1 &&
		    (low = hex_digit(from[i + 2])) != -1 &&
		    (high | low) != 0) {
			*to++ = (char)(high << 4 | low);
			i += 2;
		} else
			*to++ = from[i];
	}
	*to = '\0';
	return out;
}

/* The path of a request target, in origin or absolute form, still encoded. */
static char *
path_of_target(struct arena *arena, const char *target)
{
	size_t	 scheme = strcspn(target, ":/?#");

	if (scheme > 0 && strncmp(target + scheme, "://", 3) == 0) {
		target += scheme + 3;
		target += strcspn(target, "/?#");
		if (*target != '/')
			return arena_strdup(arena, "/");
	}
	return arena_strndup(arena, target, strcspn(target, "?#"));
}

/* SCRIPT_NAME and PATH_INFO, one behind the other. */
static char *
path_of_parts(const struct variables *v)
{
	const struct variable	*name, *info;
	char			*path, *put;
	size_t			 name_len, info_len;

	name = variables_find(v, "SCRIPT_NAME");
	info = variables_find(v, "PATH_INFO");
	name_len = name != NULL ? name->value_len : 0;
	info_len = info != NULL ? info->value_len : 0;
	path = put = arena_alloc(v->arena, name_len + info_len + 1);
	if (name_len > 0)
		put = mempcpy(put, name->value, name_len);
	if (info_len > 0)
		put = mempcpy(put, info->value, info_len);
	*put = '\0';
	return path;
}

enum path_verdict
cgi_request_path(const struct variables *v, const char **path)
{
	const char	*target;
	char		*found;

	found = path_of_parts(v);
	if (*found != '/') {
		target = variables_get(v, "REQUEST_URI");
		found = path_of_target(v->arena, target != NULL ? target : "");
		if (percent_decode(found) == -1)
			return PATH_BAD;
	}
	if (cgi_path_normalise(found) == -1)
		return PATH_BAD;
	*path = found;
	return PATH_GOOD;
}

/* --- method, length, host ----------------------------------------------- */

bool
cgi_is_token(const char *s, size_t len)
{
	static const bool	 may_stand[256] = {
		['0' ... '9'] = true, ['A' ... 'Z'] = true,
		['^' ... 'z'] = true,	/* ^ _ ` and small letters */
		['!'] = true, ['#' ... '\''] = true, ['*'] = true,
		['+'] = true, ['-'] = true, ['.'] = true, ['|'] = true,
		['~'] = true,
	};
	size_t			 i;

	for (i = 0; i < len; i++)
		if (!may_stand[(uint8_t)s[i]])
			return false;
	return len > 0;
}

bool
cgi_method_is_valid(const char *method)
{
	size_t	 len = strnlen(method, METHOD_MAX + 1);

	return len <= METHOD_MAX && cgi_is_token(method, len);
}

int
cgi_digits(const char *text, size_t len, uint64_t *n)
{
	uint64_t	 sum = 0;
	unsigned	 digit;
	size_t		 i;

	for (i = 0; i < len; i++) {
		digit = (unsigned)text[i] - '0';
		if (digit > 9 || sum > (UINT64_MAX / 2 - digit) / 10)
			return -1;
		sum = sum * 10 + digit;
	}
	if (len == 0)
		return -1;
	*n = sum;
	return 0;
}

int
cgi_content_length(const struct variables *v, uint64_t *length)
{
	const struct variable	*var;

	var = variables_find(v, "CONTENT_LENGTH");
	if (var == NULL || var->value_len == 0)
		return 0;
	return cgi_digits(var->value, var->value_len, length) == -1 ? -1 : 1;
}

void
cgi_host(const char *http_host, size_t len, char *out, size_t room)
{
	const char	*end;
	size_t		 i;

	end = memchr(http_host, len > 0 && *http_host == '[' ? ']' : ':', len);
	if (end != NULL)
		len = (size_t)(end - http_host) + (*end == ']');
	if (len > 0 && http_host[len - 1] == '.')
		len--;
	if (len >= room)
		len = 0;
	for (i = 0; i < len; i++)
		out[i] = http_host[i] >= 'A' && http_host[i] <= 'Z' ?
		    (char)(http_host[i] | 0x20) : http_host[i];
	if (room > 0)
		out[len] = '\0';
}
