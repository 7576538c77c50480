/*
 * head: any bytes as the head of a handler's answer.
 *
 * It is understood with its last byte and not before, is the same whatever
 * follows, and what is passed on of it is clean and means the same.
 */
#include "cgi.h"

#include <stdlib.h>
#include <string.h>

#define HEAD_MAX	512

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
must(int is_true)
{
	if (!is_true)
		abort();
}

static void
check_same(const struct cgi_head *a, const struct cgi_head *b)
{
	must(a->status == b->status);
	must(a->has_length == b->has_length);
	must(a->content_length == b->content_length);
	must(a->is_elsewhere == b->is_elsewhere);
}

static void
check_copy(const char *bytes, const struct cgi_head *head)
{
	const char	*why;
	struct cgi_head	 again;
	char		*out;
	size_t		 size;

	must((out = malloc(head->size)) != NULL);
	size = cgi_head_copy(out, bytes, head);
	must(size <= head->size);
	must((size == head->size) == head->is_clean);
	must(cgi_head_parse(out, size, HEAD_MAX, &again, &why) == 1);
	must(again.size == size && again.is_clean);
	check_same(head, &again);
	free(out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *input, size_t len)
{
	const char	*bytes = (const char *)input, *why = NULL, *early;
	struct cgi_head	 head, prefix;
	size_t		 cut;
	int		 verdict, first = 0;

	verdict = cgi_head_parse(bytes, len, HEAD_MAX, &head, &why);
	must(verdict == 0 || verdict == 1 || (verdict == -1 && why != NULL));

	/* As it comes, a byte at a time: the first verdict is the same. */
	for (cut = 0; cut <= len && first == 0; cut++)
		first = cgi_head_parse(bytes, cut, HEAD_MAX, &prefix, &early);
	must(first == verdict);
	if (verdict == -1)
		must(early == why);
	if (verdict != 1)
		return 0;
	must(head.size == cut - 1 && head.size <= HEAD_MAX);
	must(head.status >= 200 && head.status <= 999);
	check_same(&head, &prefix);
	check_copy(bytes, &head);
	return 0;
}
