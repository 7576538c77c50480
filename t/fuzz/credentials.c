/*
 * credentials: any bytes as an auth_file.
 *
 * Each line is taken, passed over, or an error; and what is taken travels to
 * the gateway, in one line, and is the same there.
 */
#include "credentials.h"

#include <stdlib.h>
#include <string.h>

#include "mem.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
must(int is_true)
{
	if (!is_true)
		abort();
}

static void
on_error(void *arg, unsigned line, const char *why)
{
	unsigned	*errors = arg;

	must(line > 0 && *why != '\0');
	(*errors)++;
}

static void
check_same(const struct credentials *a, const struct credentials *b)
{
	size_t	 i;

	must(b != NULL && a->count == b->count);
	for (i = 0; i < a->count; i++) {
		must(strcmp(a->list[i].name, b->list[i].name) == 0);
		must(strcmp(a->list[i].hash, b->list[i].hash) == 0);
		must(credential_find(b, a->list[i].name) == &b->list[i]);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct credential_files	 files = { NULL, 0 };
	struct credentials	 all = { .file = "/etc/a 'b' file" };
	struct arena		*arena = arena_create(4096);
	char			*text = xstrndup((const char *)bytes, len);
	char			*line;
	unsigned		 errors = 0;
	size_t			 size;
	FILE			*out;

	credentials_read(arena, text, &all, on_error, &errors);
	must((out = open_memstream(&line, &size)) != NULL);
	credentials_print(out, &all);
	must(fclose(out) == 0);
	must(strchr(line, '\n') == NULL && strlen(line) == size);
	/* A name that comes twice is an error on both sides. */
	if (set_credentials(arena, &files, line, NULL) == NULL)
		check_same(&all, credentials_find(&files, all.file));
	else
		must(errors > 0);
	free(line);
	free(text);
	arena_free(arena);
	return 0;
}
