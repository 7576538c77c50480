/*
 * cgi: RFC 3875: a request's variables, and the head of an answer.
 *
 * Pure: no I/O.  What arrives here comes from the network.
 */
#ifndef TOLLGATE_CGI_H
#define TOLLGATE_CGI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct fcgi_pair;

/* --- variables (RFC 3875 section 4.1) ----------------------------------- */

/* Neither text is NUL-terminated; neither holds a NUL. */
struct variable {
	const char	*name;
	const char	*value;
	uint32_t	 name_len;
	uint32_t	 value_len;
	uint8_t		 head;		/* the two stand as a FastCGI pair
					   whose lengths take so many bytes in
					   front of name; 0: they do not */
	bool		 passes;	/* by NAME_FASTCGI */
	bool		 is_removed;	/* as good as not there */
	/* and for variables_* alone: */
	uint32_t	 hash;		/* of the name */
	uint32_t	 value_room;	/* bytes at value that may be written */
};

/*
 * The variables of one request, each name once.  Of a name that comes again
 * the last value counts, unless it is a header that may be repeated: those are
 * joined with ", " (cookies with "; "), empty ones left out.
 */
struct variables {
	struct arena	*arena;		/* borrowed */
	struct variable	*list;		/* in order of first arrival */
	size_t		 count;
	size_t		 size;
	uint32_t	*index;		/* hash of names; 0: free, else i + 1 */
	size_t		 index_size;	/* a power of two */
	uint64_t	 key;		/* of the hash: no peer knows it */
	bool		 length_differs;	/* of CONTENT_LENGTH, twice */
};

void	variables_init(struct variables *, struct arena *);

/*
 * Take one parameter as it came from the front, whose bytes are borrowed and
 * stay as long as the arena.  Returns NULL, or in static words why the request
 * is malformed (an empty name; NUL, CR, LF or = in a name; NUL in a value; 1 GB
 * of one name or value).
 */
const char	*variables_add(struct variables *, const struct fcgi_pair *);

/* Put a value of our own over (or beside) what came.  Borrowed likewise. */
void	variables_set(struct variables *, const char *name, const char *value);

/* Have it no more. */
void	variables_remove(struct variables *, const char *name);

/* One of the list, until the next is added or set; or NULL. */
const struct variable	*variables_find(const struct variables *,
			    const char *name);
/* A copy of the value, NUL-terminated and owned by the arena; or NULL. */
const char	*variables_get(const struct variables *, const char *name);

/*
 * Expand ${NAME} of text: first in extra (captures, which may be NULL), then
 * among the variables, else "".  Values are not expanded again; a ${ without }
 * stands for itself.  Owned by the arena.
 */
const char	*variables_expand(const struct variables *, const char *text,
		    const struct variables *extra);

/*
 * HTTP_PROXY passes neither rule, nor do HTTP_CONTENT_TYPE and _LENGTH, which
 * fronts send beside CONTENT_*; whatever their case.
 */
enum name_rule {
	NAME_FASTCGI,	/* may a FastCGI worker see it? all others */
	NAME_CGI	/* may it be in a CGI process's environment? If it is
			   [A-Za-z_][A-Za-z0-9_]* and one of CGI/1.1's, HTTP_*,
			   TOLLGATE_*, HTTPS, REQUEST_URI, DOCUMENT_ROOT,
			   SCRIPT_FILENAME or REDIRECT_STATUS */
};

bool	variable_name_passes(const char *name, size_t len, enum name_rule);

/* --- the request's path, method, length --------------------------------- */

enum path_verdict {
	PATH_GOOD = 0,
	PATH_BAD		/* not a path; a bad %XX, or %00 */
};

/*
 * The path that is routed, normalised once: SCRIPT_NAME + PATH_INFO as the
 * front decoded them, or, if those are empty or not a path, the path of
 * REQUEST_URI (or of the absolute URI there) percent-decoded, once; then made
 * normal.  *path is owned by the variables' arena.
 */
enum path_verdict	cgi_request_path(const struct variables *,
			    const char **path);

/*
 * Make a path normal in place: any run of slashes becomes one, then dot
 * segments are removed (RFC 3986 5.2.4).  Idempotent.  -1: not a path.
 */
int	cgi_path_normalise(char *path);

/*
 * A copy with each %XX decoded, NUL-terminated and owned by the arena.  What is
 * no code, or that of NUL, stands for itself.
 */
char	*cgi_decode(struct arena *, const char *, size_t len);

/* A method is a token of at most 32 bytes (RFC 9110 section 9.1). */
bool	cgi_method_is_valid(const char *);

/* One or more of RFC 9110's token bytes (section 5.6.2)? */
bool	cgi_is_token(const char *, size_t len);

/* Digits only, below 2^63?  0 with *n, or -1. */
int	cgi_digits(const char *text, size_t len, uint64_t *n);

/*
 * CONTENT_LENGTH: such digits, or nothing.  Returns 1 with *length, 0 for
 * none, -1 if malformed.
 */
int	cgi_content_length(const struct variables *, uint64_t *length);

/*
 * HTTP_HOST, or what is written like it, without port and final dot, lower
 * case, brackets of IPv6 kept; into out.  "" if it does not fit, since a part
 * of it would be another host.
 */
void	cgi_host(const char *http_host, size_t len, char *out, size_t room);

/* --- the head of a handler's answer (section 6) ------------------------- */

struct cgi_head {
	size_t		 size;		/* bytes up to the body's first */
	int		 status;	/* 200..999; 200 if there is neither
					   Status nor Location, 302 with
					   Location alone */
	bool		 has_length;
	uint64_t	 content_length;
	bool		 is_elsewhere;	/* X-Accel-Redirect, X-Sendfile,
					   X-LIGHTTPD-send-file: the front makes
					   the body */
	bool		 is_clean;	/* nothing in it must be left out */
};

/*
 * Parse the head at the front of bytes.  Lines end in LF or CR LF.  Returns 1
 * when whole; 0 if more is needed; -1 if it is bad, with *why in static words:
 * a line without colon, an empty name or one that is no token, control bytes
 * in a value, folded lines, a bare CR, an HTTP status line, two Content-Length
 * or Status, a Status that is not 200..999 with a space or nothing behind (an
 * interim answer is not an answer), none of Content-Type, Location and Status
 * at all, or more than max bytes.  Each call parses from the front anew.
 */
int	cgi_head_parse(const char *bytes, size_t len, size_t max,
	    struct cgi_head *, const char **why);

/*
 * Copy a parsed head, leaving out what is the front's business (Connection,
 * Keep-Alive, Transfer-Encoding, Trailer, Upgrade, Proxy-*).  out has room for
 * head->size bytes.  Returns the bytes written.
 */
size_t	cgi_head_copy(char *out, const char *bytes, const struct cgi_head *);

/* May an answer to this method with this status have a body? */
bool	cgi_has_body(const char *method, int status);

/* The words of a status code, "" if unknown. */
const char	*cgi_reason(int status);

#endif
