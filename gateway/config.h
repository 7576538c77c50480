/*
 * config: lines of settings <-> struct config, by the tables of keys.
 *
 * The form of a load, and its errors, stand in lines.h; what keys there are,
 * and struct gateway_settings, in keys.h.
 */
#ifndef TOLLGATE_CONFIG_H
#define TOLLGATE_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "function.h"
#include "keys.h"
#include "lines.h"

struct arena;

struct config {
	struct arena		 *arena;
	const char		 *file;		/* tollgate.ini's path */
	uint64_t		  generation;
	struct gateway_settings	  gateway;
	struct function		**functions;	/* in byte order of names;
						   one reference each */
	size_t			  count;
	struct account		 *accounts;	/* as the files come; once
						   numbers are known, by uid */
	size_t			  account_count;
	struct account		  others;	/* who has none of these */
};

/*
 * Read a whole load.  text is borrowed for the call only.  Functions whose two
 * digests and number equal those in old (NULL: none) are shared with it instead
 * of being parsed again.  Returns NULL if there were errors, having added
 * "FILE:LINE: [section] key: what is wrong, what was expected" to errors.
 */
struct config	*config_read(const char *text, size_t len, uint64_t generation,
		    const struct config *old, struct config_errors *errors);
void		 config_free(struct config *);		/* NULL is fine */
/* The function of that name, NULL if there is none. */
struct function	*config_find(const struct config *, const char *name);
/* Never NULL: a user's own, or that of all others. */
const struct account	*config_account(const struct config *, uid_t);

/*
 * Read only [gateway], or one function by its number, without the rest: what
 * the spawner needs, which keeps no more than the text and its index.
 */

/* The gateway's settings, text owned by arena; -1 and errors as above. */
int	config_read_gateway(const struct config_index *, struct arena *,
	    struct gateway_settings *, struct config_errors *);
/* One account, its text owned by arena; -1 likewise. */
int	config_read_account(const struct config_index *, size_t number,
	    struct arena *, struct account *, struct config_errors *);
/* One with all at its default, no file. */
void	config_default_account(struct account *);
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
 * Print everything understood as files that read back the same: each headed
 * by a line "; FILE", with every key, and the key's meaning as a comment where
 * with_help is set (that is how the shipped samples are made).
 */
void	config_print(FILE *, const struct config *, bool with_help);

#endif
