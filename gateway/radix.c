/*
 * radix: texts -> values, found by what another text begins with.
 *
 * Each node stands for a run of bytes, its label, that no key parts.  A node's
 * children differ in the first byte of theirs and are sorted by it.
 */
#include "radix.h"

#include <stdint.h>
#include <string.h>

#include "mem.h"

struct radix_node {
	void			 *value;
	const char		 *label;	/* not NUL-terminated */
	size_t			  label_len;
	struct radix_node	**children;
	unsigned		  child_count;
	unsigned		  child_room;
};

struct radix {
	struct arena		*arena;		/* borrowed */
	struct radix_node	 root;		/* its label is empty */
};

struct radix *
radix_create(struct arena *arena)
{
	struct radix	*r;

	r = arena_calloc(arena, 1, sizeof(*r));
	r->arena = arena;
	return r;
}

/* Where among the children one beginning with byte stands, or would stand. */
static unsigned
child_place(const struct radix_node *node, char byte)
{
	unsigned	 low = 0, high = node->child_count, middle;

	while (low < high) {
		middle = (low + high) / 2;
		if ((uint8_t)node->children[middle]->label[0] < (uint8_t)byte)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static struct radix_node *
child_find(const struct radix_node *node, char byte)
{
	unsigned	 i;

	i = child_place(node, byte);
	if (i == node->child_count || node->children[i]->label[0] != byte)
		return NULL;
	return node->children[i];
}

static void
child_add(struct arena *arena, struct radix_node *node,
    struct radix_node *child)
{
	struct radix_node	**wider;
	unsigned		  i;

	if (node->child_count == node->child_room) {
		node->child_room = node->child_room == 0 ? 1 :
		    node->child_room * 2;
		wider = arena_alloc(arena, node->child_room * sizeof(*wider));
		if (node->child_count > 0)
			memcpy(wider, node->children,
			    node->child_count * sizeof(*wider));
		node->children = wider;
	}
	i = child_place(node, child->label[0]);
	memmove(node->children + i + 1, node->children + i,
	    (node->child_count - i) * sizeof(*node->children));
	node->children[i] = child;
	node->child_count++;
}

static struct radix_node *
node_create(struct arena *arena, const char *label, size_t len)
{
	struct radix_node	*node;

	node = arena_calloc(arena, 1, sizeof(*node));
	node->label = label;
	node->label_len = len;
	return node;
}

/*
 * Part node after the first len bytes of its label: the same struct keeps the
 * place in its parent, a new one takes over what it held.
 */
static void
node_part(struct arena *arena, struct radix_node *node, size_t len)
{
	struct radix_node	*lower;

	lower = arena_alloc(arena, sizeof(*lower));
	*lower = *node;
	lower->label += len;
	lower->label_len -= len;

	node->label_len = len;
	node->value = NULL;
	node->children = NULL;
	node->child_count = node->child_room = 0;
	child_add(arena, node, lower);
}

static size_t
common_length(const struct radix_node *node, const char *key, size_t len)
{
	size_t	 i;

	if (len > node->label_len)
		len = node->label_len;
	for (i = 0; i < len; i++)
		if (node->label[i] != key[i])
			break;
	return i;
}

void **
radix_slot(struct radix *r, const char *key, size_t len)
{
	struct radix_node	*node = &r->root, *child;
	size_t			 common;

	while (len > 0) {
		if ((child = child_find(node, key[0])) == NULL) {
			child = node_create(r->arena,
			    arena_strndup(r->arena, key, len), len);
			child_add(r->arena, node, child);
		}
		common = common_length(child, key, len);
		if (common < child->label_len)
			node_part(r->arena, child, common);
		node = child;
		key += common;
		len -= common;
	}
	return &node->value;
}

void
radix_walk_init(struct radix_walk *w, const struct radix *r, const char *text,
    size_t len)
{
	w->next = &r->root;
	w->text = text;
	w->len = len;
	w->at = 0;
	w->visited = 0;
}

/* The child that the rest of the text leads to, or NULL. */
static const struct radix_node *
step(const struct radix_walk *w)
{
	const struct radix_node	*child;

	if (w->at == w->len ||
	    (child = child_find(w->next, w->text[w->at])) == NULL ||
	    child->label_len > w->len - w->at ||
	    memcmp(child->label, w->text + w->at, child->label_len) != 0)
		return NULL;
	return child;
}

void *
radix_walk_next(struct radix_walk *w, size_t *key_len)
{
	const struct radix_node	*node;

	while ((node = w->next) != NULL) {
		*key_len = w->at;
		w->visited++;
		if ((w->next = step(w)) != NULL)
			w->at += w->next->label_len;
		if (node->value != NULL)
			return node->value;
	}
	return NULL;
}
