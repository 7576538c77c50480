/*
 * credentials: who may log in: the lines of an auth_file.
 *
 *	NAME:$sha256$HEX	a long random key, by its SHA-256
 *	NAME:HASH		a password, as crypt(3) stores it
 *
 * A load brings each file once, however many functions name it.  Pure: files
 * are read by the load, hashes are made and compared elsewhere.
 */
#ifndef TOLLGATE_CREDENTIALS_H
#define TOLLGATE_CREDENTIALS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "value.h"

#define CREDENTIAL_NAME_MAX	64	/* bytes */
#define CREDENTIAL_HASH_MAX	255
#define CREDENTIAL_KEY_LEN	32	/* of a SHA-256 */

enum credential_kind { CREDENTIAL_KEY, CREDENTIAL_PASSWORD, CREDENTIAL_KINDS };

struct credential {
	const char		*name;
	const char		*hash;
	enum credential_kind	 kind;
	uint8_t			 key[CREDENTIAL_KEY_LEN];	/* of a KEY */
};

/* One file's, in byte order of their names, each name once. */
struct credentials {
	const char		*file;
	struct credential	*list;
	size_t			 count;
	size_t			 kinds[CREDENTIAL_KINDS];	/* of each */
	const struct credential	**by_key;	/* the KEYs, sorted by that */
};

/* All files', in byte order of their paths. */
struct credential_files {
	struct credentials	*list;
	size_t			 count;
};

/*
 * Read NAME:HASH, a NUL behind it; its texts are copied to the arena.  NULL,
 * or in static words that fit behind "is" what is wrong with it.
 */
const char	*credential_parse(struct arena *, const char *line,
		    struct credential *);

/*
 * Read a whole file: a line each; empty ones and those that begin with # are
 * passed over.  text ends in NUL and is changed.  Each error goes to on_error
 * with the line's number.
 */
void	credentials_read(struct arena *, char *text, struct credentials *,
	    void (*on_error)(void *arg, unsigned line, const char *why),
	    void *arg);

/* NULL if there is no such file, or name. */
const struct credentials	*credentials_find(
				    const struct credential_files *,
				    const char *file);
const struct credential		*credential_find(const struct credentials *,
				    const char *name);

/* The one of that key, or NULL. */
const struct credential		*credential_find_key(
				    const struct credentials *,
				    const uint8_t key[CREDENTIAL_KEY_LEN]);

/* struct credential_files: adds one file: its path and then its lines. */
setter	set_credentials;
void	credentials_print(FILE *, const struct credentials *);

#endif
