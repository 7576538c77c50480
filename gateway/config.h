/*
 * config: lines of settings <-> struct config, by the tables of keys.
 *
 * A load of the configuration is a text of lines
 *
 *	FILE:LINE:FUNCTION:section.key=value
 *
 * with FUNCTION empty for tollgate.ini and LINE 0 for what was not written but
 * worked out (the user's numbers, the digests).  ini makes it from files;
 * spawner and gateway read it with the same tables of settings, so that
 * neither trusts the other's idea of a value.  FILE is percent-encoded where it
 * holds a colon; a value holds no newline.
 *
 * What keys there are, and struct gateway_settings, stand in keys.h.
 */
#ifndef TOLLGATE_CONFIG_H
#define TOLLGATE_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "function.h"
#include "keys.h"

struct arena;

struct config {
	struct arena		 *arena;
	const char		 *file;		/* tollgate.ini's path */
	uint64_t		  generation;
	struct gateway_settings	  gateway;
	struct function		**functions;	/* in byte order of names;
						   one reference each */
	size_t			  count;
};

/*
 * Errors of a load, each one line without newline: all of them, up to a
 * thousand; then the last says that there are more.
 */
#define CONFIG_ERRORS_MAX	1000

struct config_errors {
	char	**lines;
	size_t	  count;
};

void	config_errors_add(struct config_errors *, const char *, ...)
	    __attribute__((format(printf, 2, 3)));
void	config_errors_release(struct config_errors *);

/*
 * Read a whole load.  text is borrowed for the call only.  Functions whose two
 * digests and number equal those in old (NULL: none) are shared with it instead
 * of being parsed again.  Returns NULL if there were errors, having added
 * "FILE:LINE: [section] key: what is wrong, what was expected" to errors.
 */
struct config	*config_read(const char *text, size_t len, uint64_t generation,
		    const struct config *old, struct config_errors *errors);
void		 config_free(struct config *);		/* NULL is fine */

/*
 * Read only [gateway], or one function by its number, without the rest: what
 * the spawner needs, which keeps no more than the text.  An index made once
 * per load says where each function's lines stand.
 */
struct config_index;

/* text is borrowed until config_index_free. */
struct config_index	*config_index_create(const char *text, size_t len);
void			 config_index_free(struct config_index *);
size_t			 config_index_count(const struct config_index *);
/* The gateway's settings, text owned by arena; -1 and errors as above. */
int	config_read_gateway(const struct config_index *, struct arena *,
	    struct gateway_settings *, struct config_errors *);
/*
 * Owned by the caller (function_release); NULL if number is out of range or its
 * lines do not pass, which config_read would have said.
 */
struct function	*config_read_function(const struct config_index *,
		    uint32_t number);

/*
 * Read all that has no errors, and add those of the rest: for ini, which has
 * more to check.  Never NULL.
 */
struct config	*config_read_partly(const struct config_index *,
		    struct config_errors *errors);

/*
 * Add an error to a key of [gateway], or of a function of this index, with the
 * place where it is set: "FILE:LINE: [section] key: " and the words.
 */
void	config_blame_gateway(struct config_errors *,
	    const struct config_index *, const char *key,
	    const char *format, ...)
	    __attribute__((format(printf, 4, 5)));
void	config_blame(struct config_errors *, const struct config_index *,
	    const struct function *, const char *key, const char *format, ...)
	    __attribute__((format(printf, 5, 6)));

/*
 * Print everything understood as files that read back the same: each headed
 * by a line "; FILE", with every key, and the key's meaning as a comment where
 * with_help is set (that is how the shipped samples are made).
 */
void	config_print(FILE *, const struct config *, bool with_help);

#endif
