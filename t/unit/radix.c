/*
 * radix: a walk meets exactly the keys that the text begins with, in order,
 * and costs by the text's length, however many keys there are.
 */
#include "radix.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "lib/suite.h"

#define ROWS(table)	((int)(sizeof(table) / sizeof((table)[0])))

static struct arena	*arena;

static void
set_up(void)
{
	arena = arena_create(4096);
}

static void
tear_down(void)
{
	arena_free(arena);
}

static void
add(struct radix *tree, const char *key)
{
	void	**slot;

	slot = radix_slot(tree, key, strlen(key));
	ck_assert_ptr_null(*slot);
	*slot = arena_strdup(arena, key);
}

/* Each table of keys is added in this order and in the opposite one. */
static const struct {
	const char	*keys[6];
	const char	*text;
	const char	*met;
} walks[] = {
	{ { "/" }, "/a", "/" },
	{ { "/a" }, "/", "" },
	{ { "/a", "/b" }, "/b", "/b" },
	{ { "/", "/a", "/ab", "/abc" }, "/abd", "/ /a /ab" },
	{ { "/abc", "/abd", "/ab" }, "/ab", "/ab" },
	{ { "/abc", "/abd" }, "/ab", "" },
	{ { "/abcdef", "/abc" }, "/abcde", "/abc" },
	{ { "/thumbs/", "/thumbs", "/thumbnail" }, "/thumbs/a.png",
	  "/thumbs /thumbs/" },
	{ { "/\xff", "/\x01", "/m" }, "/\xff" "a", "/\xff" },
};

START_TEST(walk_meets_prefixes)
{
	struct radix		*tree;
	struct radix_walk	 walk;
	char			 met[128] = "";
	const char		*key, *const *keys = walks[_i / 2].keys;
	size_t			 len;
	int			 i;

	tree = radix_create(arena);
	for (i = 0; i < 6; i++)
		if ((key = keys[_i % 2 == 0 ? i : 5 - i]) != NULL)
			add(tree, key);
	radix_walk_init(&walk, tree, walks[_i / 2].text,
	    strlen(walks[_i / 2].text));
	while ((key = radix_walk_next(&walk, &len)) != NULL) {
		ck_assert_uint_eq(len, strlen(key));
		if (met[0] != '\0')
			strcat(met, " ");
		strcat(met, key);
	}
	ck_assert_str_eq(met, walks[_i / 2].met);
}
END_TEST

START_TEST(empty_key_is_met_by_all)
{
	struct radix		*tree;
	struct radix_walk	 walk;
	size_t			 len;

	tree = radix_create(arena);
	add(tree, "");
	radix_walk_init(&walk, tree, "", 0);
	ck_assert_str_eq(radix_walk_next(&walk, &len), "");
	ck_assert_uint_eq(len, 0);
	ck_assert_ptr_null(radix_walk_next(&walk, &len));
}
END_TEST

START_TEST(slot_is_found_again)
{
	struct radix	 *tree;
	void		**slot;

	tree = radix_create(arena);
	add(tree, "/abc");
	add(tree, "/abd");
	slot = radix_slot(tree, "/abc", 4);
	ck_assert_str_eq(*slot, "/abc");
}
END_TEST

/* The nodes seen on the way to one key among count others. */
static size_t
cost(int count)
{
	struct radix		*tree;
	struct radix_walk	 walk;
	static const char	 text[] = "/function-00042/action";
	char			 key[64];
	size_t			 len;
	int			 i;

	tree = radix_create(arena);
	for (i = 0; i < count; i++) {
		snprintf(key, sizeof(key), "/function-%05d", i * 7919 % count);
		add(tree, key);
	}
	radix_walk_init(&walk, tree, text, sizeof(text) - 1);
	ck_assert_str_eq(radix_walk_next(&walk, &len), "/function-00042");
	ck_assert_ptr_null(radix_walk_next(&walk, &len));
	return walk.visited;
}

START_TEST(cost_does_not_grow_with_keys)
{
	/* One node for each digit that tells keys apart, and the root. */
	ck_assert_uint_le(cost(100), 5);
	ck_assert_uint_le(cost(10000), 7);
	ck_assert_uint_le(cost(100000), 8);
}
END_TEST

int
main(void)
{
	Suite	*suite = suite_create("radix");
	TCase	*tc = tcase_create("radix");

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_loop_test(tc, walk_meets_prefixes, 0, 2 * ROWS(walks));
	tcase_add_test(tc, empty_key_is_met_by_all);
	tcase_add_test(tc, slot_is_found_again);
	tcase_add_test(tc, cost_does_not_grow_with_keys);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
