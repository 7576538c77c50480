/*
 * mem: allocation that cannot fail, and arenas.
 */
#include "mem.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct chunk {
	struct chunk	*next;
	size_t		 used;
	size_t		 size;
	alignas(max_align_t) char	 bytes[];
};

struct arena {
	struct chunk	*chunks;	/* the one being filled first */
	size_t		 chunk_size;
};

/* Neither the log nor stdio may be trusted to work without memory. */
static _Noreturn void
out_of_memory(void)
{
	static const char	 words[] = "tollgate: out of memory\n";

	if (write(STDERR_FILENO, words, sizeof(words) - 1) == -1)
		_exit(71);
	abort();
}

void *
xmalloc(size_t size)
{
	void	*p;

	if ((p = malloc(size ? size : 1)) == NULL)
		out_of_memory();
	return p;
}

void *
xcalloc(size_t count, size_t size)
{
	void	*p;

	if ((p = calloc(count ? count : 1, size ? size : 1)) == NULL)
		out_of_memory();
	return p;
}

void *
xreallocarray(void *old, size_t count, size_t size)
{
	void	*p;

	if ((p = reallocarray(old, count ? count : 1, size ? size : 1)) == NULL)
		out_of_memory();
	return p;
}

char *
xstrdup(const char *s)
{
	return xstrndup(s, strlen(s));
}

char *
xstrndup(const char *s, size_t len)
{
	char	*p;

	p = xmalloc(len + 1);
	memcpy(p, s, len);
	p[len] = '\0';
	return p;
}

char *
xasprintf(const char *format, ...)
{
	va_list	 ap;
	char	*p;
	int	 len;

	va_start(ap, format);
	len = vasprintf(&p, format, ap);
	va_end(ap);
	if (len == -1)
		out_of_memory();
	return p;
}

static struct chunk *
chunk_create(size_t size, struct chunk *next)
{
	struct chunk	*c;

	if (size > SIZE_MAX - sizeof(*c))
		out_of_memory();
	c = xmalloc(sizeof(*c) + size);
	c->next = next;
	c->used = 0;
	c->size = size;
	return c;
}

struct arena *
arena_create(size_t chunk)
{
	struct arena	*a;

	a = xmalloc(sizeof(*a));
	a->chunk_size = chunk;
	a->chunks = chunk_create(chunk, NULL);
	return a;
}

static void
chunks_free(struct chunk *c)
{
	struct chunk	*next;

	for (; c != NULL; c = next) {
		next = c->next;
		free(c);
	}
}

void
arena_free(struct arena *a)
{
	if (a == NULL)
		return;
	chunks_free(a->chunks);
	free(a);
}

/* The first is always one of the size that chunks have. */
void
arena_reset(struct arena *a)
{
	chunks_free(a->chunks->next);
	a->chunks->next = NULL;
	a->chunks->used = 0;
}

/*
 * What is larger than a quarter of a chunk gets one of its own, behind the
 * one being filled, so that a few big pieces do not waste its rest.
 */
void *
arena_alloc(struct arena *a, size_t size)
{
	const size_t	 align = alignof(max_align_t);
	struct chunk	*c;
	void		*p;

	if (size > SIZE_MAX - align)
		out_of_memory();
	size = (size + align - 1) & ~(align - 1);

	if (size > a->chunks->size - a->chunks->used) {
		if (size > a->chunk_size / 4) {
			c = chunk_create(size, a->chunks->next);
			a->chunks->next = c;
			c->used = size;
			return c->bytes;
		}
		a->chunks = chunk_create(a->chunk_size, a->chunks);
	}
	p = a->chunks->bytes + a->chunks->used;
	a->chunks->used += size;
	return p;
}

void *
arena_calloc(struct arena *a, size_t count, size_t size)
{
	void	*p;

	if (size != 0 && count > SIZE_MAX / size)
		out_of_memory();
	p = arena_alloc(a, count * size);
	memset(p, 0, count * size);
	return p;
}

void *
arena_grow(struct arena *a, void *list, size_t count, size_t size)
{
	void	*larger;

	if ((count & (count - 1)) != 0)
		return list;
	larger = arena_calloc(a, count == 0 ? 1 : 2 * count, size);
	if (count > 0)
		memcpy(larger, list, count * size);
	return larger;
}

char *
arena_strdup(struct arena *a, const char *s)
{
	return arena_strndup(a, s, strlen(s));
}

char *
arena_strndup(struct arena *a, const char *s, size_t len)
{
	char	*p;

	p = arena_alloc(a, len + 1);
	memcpy(p, s, len);
	p[len] = '\0';
	return p;
}

char *
arena_printf(struct arena *a, const char *format, ...)
{
	va_list	 ap;
	char	*p;
	int	 len;

	va_start(ap, format);
	len = vsnprintf(NULL, 0, format, ap);
	va_end(ap);
	if (len < 0)
		out_of_memory();

	p = arena_alloc(a, (size_t)len + 1);
	va_start(ap, format);
	vsnprintf(p, (size_t)len + 1, format, ap);
	va_end(ap);
	return p;
}
