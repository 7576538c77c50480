/*
 * mem: memory that is there or the process is not.
 *
 * Everything that grows with input has its limit checked before it is
 * allocated, so running out means the machine has run out; the process ends
 * with a message and whoever supervises it starts a new one.
 *
 * An arena is memory that ends all at once, with the request or the load of
 * the configuration that it belongs to.
 */
#ifndef TOLLGATE_MEM_H
#define TOLLGATE_MEM_H

#include <stddef.h>

struct arena;

/* As malloc(3) and friends, but never NULL.  Free with free(3). */
void	*xmalloc(size_t);
void	*xcalloc(size_t count, size_t size);	/* zeroed */
void	*xreallocarray(void *, size_t count, size_t size);
char	*xstrdup(const char *);
char	*xstrndup(const char *, size_t);
char	*xasprintf(const char *, ...) __attribute__((format(printf, 1, 2)));

/* chunk: how much is taken from the heap at a time, in bytes. */
struct arena	*arena_create(size_t chunk);
void		 arena_free(struct arena *);	/* NULL is fine */
/* All that it gave out ends, but the arena may be used again. */
void		 arena_reset(struct arena *);

/* What these return is owned by the arena; arena_alloc does not zero. */
void	*arena_alloc(struct arena *, size_t);
void	*arena_calloc(struct arena *, size_t count, size_t size);
/*
 * For a list that had count items of that size put into it by this alone, and
 * has room for a power of two of them: where it is now that one more fits.
 */
void	*arena_grow(struct arena *, void *list, size_t count, size_t size);
char	*arena_strdup(struct arena *, const char *);
char	*arena_strndup(struct arena *, const char *, size_t);
char	*arena_printf(struct arena *, const char *, ...)
	    __attribute__((format(printf, 2, 3)));

#endif
