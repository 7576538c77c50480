/*
 * confined: what holds each key of [sandbox] here; rows for enforced.
 */
#ifndef TOLLGATE_CONFINED_H
#define TOLLGATE_CONFINED_H

#include <stddef.h>

struct function;
struct means;

struct confined_row {
	const char	*key;
	/* In static words; NULL: nothing does. */
	const char	*(*by)(const struct function *,
			    const struct means *);
};

/* Row i, NULL past the last one. */
const struct confined_row	*confined_find(size_t i);
/* Why nothing does, where it is so. */
const char	*confined_lacks(const struct function *, const struct means *);

#endif
