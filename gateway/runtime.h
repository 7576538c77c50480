/*
 * runtime: the languages that functions can be plain files of, and their names
 * for a function in such a file.
 *
 * Pure.  A runtime is a program of ours, the bootstrap, that loads the
 * function's code and serves protocol lambda with it; provided is what brings a
 * bootstrap of its own.
 */
#ifndef TOLLGATE_RUNTIME_H
#define TOLLGATE_RUNTIME_H

#include <stdbool.h>
#include <stddef.h>

#define RUNTIME_EXTENSIONS_MAX	3
#define RUNTIME_HANDLER_MAX	128	/* bytes of handler_name */

struct function;

struct runtime {
	const char	*name;		/* function.runtime */
	bool		 is_provided;
	const char	*extensions[RUNTIME_EXTENSIONS_MAX];	/* of its files;
								   or NULL */
	const char	*layers;	/* NAME=value: where AWS unpacks what
					   the code may load; or NULL */
};

/* NULL if there is none of that name. */
const struct runtime	*runtime_find(const char *name);

/* How many bytes of file.function are the file, or 0: it is not of that form */
size_t	runtime_file_length(const char *handler_name);

/*
 * What is wrong with the function's runtime and handler_name, in static words,
 * and with which of these keys; NULL if nothing is.
 */
const char	*runtime_check(const struct function *, const char **key);

/*
 * Does protocol lambda set a variable that begins with these len bytes, NAME,
 * and is it not for the configuration to say otherwise?
 */
bool	runtime_reserves(const char *name, size_t len);

#endif
