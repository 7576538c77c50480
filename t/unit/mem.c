/*
 * mem: what is returned is there, aligned and apart from all else, and no size
 * asked for wraps into a small one.
 */
#include "mem.h"
#include "lib/suite.h"

#include <check.h>
#include <signal.h>
#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define ROWS(table)	((int)(sizeof(table) / sizeof((table)[0])))
#define CHUNK	256

static struct arena	*arena;

static void
set_up(void)
{
	arena = arena_create(CHUNK);
}

static void
tear_down(void)
{
	arena_free(arena);
}

START_TEST(none_is_still_something)
{
	free(xmalloc(0));
	free(xcalloc(0, 8));
	free(xcalloc(8, 0));
	free(xreallocarray(NULL, 0, 8));
}
END_TEST

START_TEST(heap_text)
{
	char	*s;

	s = xstrdup("abc");
	ck_assert_str_eq(s, "abc");
	free(s);
	s = xstrndup("abcdef", 2);
	ck_assert_str_eq(s, "ab");
	free(s);
	s = xasprintf("%s-%d", "a", 7);
	ck_assert_str_eq(s, "a-7");
	free(s);
}
END_TEST

START_TEST(heap_array_keeps_what_it_held)
{
	char	*p;

	p = xcalloc(3, 2);
	ck_assert_mem_eq(p, "\0\0\0\0\0\0", 6);
	memcpy(p, "abcdef", 6);
	p = xreallocarray(p, 1000, 10);
	ck_assert_mem_eq(p, "abcdef", 6);
	free(p);
}
END_TEST

/* Sizes around the alignment, a quarter of a chunk, a chunk, and beyond. */
static const size_t	sizes[] = {
	1, 2, 15, 16, 17, 31, 32, 33, 63, 64, 65, 66, 127, 128, 129, 255, 256,
	257, 1000, 65536,
};

/* Pieces of size _i, in turn with small ones: each keeps its bytes. */
START_TEST(pieces_are_apart)
{
	enum { PIECES = 50 };
	uint8_t	*pieces[PIECES];
	uint8_t	 expected[65536];
	size_t	 lens[PIECES];
	int	 i;

	for (i = 0; i < PIECES; i++) {
		lens[i] = i % 3 == 0 ? 3 : sizes[_i];
		pieces[i] = arena_alloc(arena, lens[i]);
		ck_assert_uint_eq((uintptr_t)pieces[i] % alignof(max_align_t),
		    0);
		memset(pieces[i], i + 1, lens[i]);
	}
	for (i = 0; i < PIECES; i++) {
		memset(expected, i + 1, lens[i]);
		ck_assert_int_eq(memcmp(pieces[i], expected, lens[i]), 0);
	}
}
END_TEST

START_TEST(big_piece_wastes_nothing)
{
	char	*before, *after;

	before = arena_alloc(arena, 16);
	arena_alloc(arena, 10 * CHUNK);
	after = arena_alloc(arena, 16);
	ck_assert_ptr_eq(after, before + 16);
}
END_TEST

START_TEST(calloc_zeroes_what_was_used)
{
	struct arena	*other;
	char		*p, zeroes[200] = { 0 };

	p = arena_alloc(arena, sizeof(zeroes));
	memset(p, 0xff, sizeof(zeroes));
	arena_free(arena);
	arena = arena_create(CHUNK);
	p = arena_calloc(arena, 50, 4);
	ck_assert_mem_eq(p, zeroes, sizeof(zeroes));

	other = arena_create(0);
	ck_assert_int_eq(*(char *)arena_calloc(other, 1, 1), 0);
	arena_free(other);
	arena_free(NULL);
}
END_TEST

/* However much it held, it begins where it began. */
START_TEST(reset_arena_is_as_new)
{
	char	*first, *p;
	int	 i, round;

	for (round = 0; round < 3; round++) {
		for (i = 0; i < 100; i++) {
			p = arena_alloc(arena, (size_t)i * 10);
			memset(p, 0xff, (size_t)i * 10);
		}
		arena_reset(arena);
		first = arena_alloc(arena, 16);
		for (i = 1; i < CHUNK / 16; i++)
			ck_assert_ptr_eq(arena_alloc(arena, 16),
			    first + 16 * i);
	}
}
END_TEST

START_TEST(list_grows)
{
	size_t	*list = NULL, *before;
	size_t	 count, i;

	for (count = 0; count < 100; count++) {
		before = list;
		list = arena_grow(arena, list, count, sizeof(*list));
		/* At powers of two alone. */
		ck_assert_int_eq(list != before, (count & (count - 1)) == 0);
		list[count] = count;
		for (i = 0; i <= count; i++)
			ck_assert_uint_eq(list[i], i);
	}
}
END_TEST

START_TEST(arena_text)
{
	char	 expected[CHUNK * 3 + 1];
	size_t	 len;

	ck_assert_str_eq(arena_strdup(arena, ""), "");
	ck_assert_str_eq(arena_strdup(arena, "abc"), "abc");
	ck_assert_str_eq(arena_strndup(arena, "abcdef", 3), "abc");
	for (len = 0; len < sizeof(expected); len++) {
		memset(expected, 'x', len);
		expected[len] = '\0';
		ck_assert_str_eq(arena_printf(arena, "%s", expected),
		    expected);
	}
}
END_TEST

/* The process ends rather than hand out less than was asked for. */
START_TEST(alloc_wraps)
{
	arena_alloc(arena, SIZE_MAX);
}
END_TEST

START_TEST(calloc_wraps)
{
	arena_calloc(arena, SIZE_MAX / 2, 4);
}
END_TEST

int
main(void)
{
	Suite	*s;
	TCase	*tc;

	s = suite_create("mem");
	tc = tcase_create("heap");
	tcase_add_test(tc, none_is_still_something);
	tcase_add_test(tc, heap_text);
	tcase_add_test(tc, heap_array_keeps_what_it_held);
	suite_add_tcase(s, tc);
	tc = tcase_create("arena");
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_loop_test(tc, pieces_are_apart, 0, ROWS(sizes));
	tcase_add_test(tc, big_piece_wastes_nothing);
	tcase_add_test(tc, calloc_zeroes_what_was_used);
	tcase_add_test(tc, reset_arena_is_as_new);
	tcase_add_test(tc, list_grows);
	tcase_add_test(tc, arena_text);
	tcase_add_test_raise_signal(tc, alloc_wraps, SIGABRT);
	tcase_add_test_raise_signal(tc, calloc_wraps, SIGABRT);
	suite_add_tcase(s, tc);

	return suite_run(s);
}
