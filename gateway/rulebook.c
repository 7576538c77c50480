/*
 * rulebook: a table, and who goes when it is full.
 */
#include "rulebook.h"

#include <unistd.h>

/* Its place; that behind all if it has none. */
static unsigned
place_of(const struct rulebook *book, uint32_t function)
{
	unsigned	 i;

	for (i = 0; i < book->count; i++)
		if (book->kept[i].function == function)
			break;
	return i;
}

struct rules
rulebook_find(const struct rulebook *book, uint32_t function)
{
	const struct rules	 none = { .fd = -1 };
	unsigned		 i = place_of(book, function);

	return i < book->count ? book->kept[i].rules : none;
}

void
rulebook_keep(struct rulebook *book, uint32_t function, struct rules rules)
{
	unsigned	 i = place_of(book, function);

	if (i < book->count)
		close(book->kept[i].rules.fd);
	else if (book->count < RULEBOOK_MAX)
		book->count++;
	else {
		i = book->oldest;
		book->oldest = (book->oldest + 1) % RULEBOOK_MAX;
		close(book->kept[i].rules.fd);
	}
	book->kept[i].function = function;
	book->kept[i].rules = rules;
}

void
rulebook_clear(struct rulebook *book)
{
	while (book->count > 0)
		close(book->kept[--book->count].rules.fd);
	book->oldest = 0;
}
