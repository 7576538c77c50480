/*
 * confine: which words [sandbox] takes, and how they are printed again.
 */
#include "confine.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "keys.h"
#include "mem.h"
#include "lib/suite.h"

#define ROWS(table)	((int)(sizeof(table) / sizeof((table)[0])))

static const struct {
	const char	*key;
	const char	*value;
	const char	*printed;	/* NULL: refused */
} values[] = {
	{ "level", "none", "none" },
	{ "level", "standard", "standard" },
	{ "level", "strict", "strict" },
	{ "level", "", NULL },
	{ "level", "Strict", NULL },
	{ "network", "host", "host" },
	{ "network", "loopback", "loopback" },
	{ "network", "none", "none" },
	{ "network", "off", NULL },
	{ "read_only_paths", "", "" },
	{ "read_only_paths", "/", "/" },
	{ "read_only_paths", "/srv/www  '/a b'", "/srv/www \"/a b\"" },
	{ "read_only_paths", "/.x/..y/...", "/.x/..y/..." },
	{ "read_only_paths", "srv", NULL },
	{ "read_only_paths", "/srv/", NULL },
	{ "read_only_paths", "/srv//x", NULL },
	{ "read_only_paths", "//", NULL },
	{ "read_only_paths", "/srv/.", NULL },
	{ "read_only_paths", "/srv/../etc", NULL },
	{ "read_only_paths", "/a /b /a", NULL },
	{ "read_only_paths", "/a '/b", NULL },
	{ "read_write_paths", "/var/lib/x", "/var/lib/x" },
	{ "read_write_paths", "x", NULL },
	{ "inaccessible_paths", "/srv/fn/secret", "/srv/fn/secret" },
	{ "inaccessible_paths", "/..", NULL },
	{ "tmp_max", "1G", "1G" },
	{ "tmp_max", "1K", NULL },
	{ "system_call_filter", "@default", "@default" },
	{ "system_call_filter", " @default ", "@default" },
	{ "system_call_filter", "@default keyctl bpf", "@default keyctl bpf" },
	{ "system_call_filter", "", NULL },
	{ "system_call_filter", "keyctl", NULL },
	{ "system_call_filter", "@default @default", NULL },
	{ "system_call_filter", "@default Keyctl", NULL },
	{ "system_call_filter", "@default bpf bpf", NULL },
	{ "require", "", "" },
	{ "require", "landlock>=2 userns cgroup", "landlock>=2 userns cgroup" },
	{ "require", "landlock seccomp namespaces memory pids cpu",
	  "landlock seccomp namespaces memory pids cpu" },
	{ "require", "landlock>=0", NULL },
	{ "require", "landlock>=", NULL },
	{ "require", "landlock>=100", NULL },
	{ "require", "landlock>=4294967297", NULL },
	{ "require", "landlock>= 2", NULL },
	{ "require", "landlock>2", NULL },
	{ "require", "seccomp>=2", NULL },
	{ "require", "cgroup cgroup", NULL },
	{ "require", "selinux", NULL },
};

START_TEST(words)
{
	struct value_buffer	 buffer = { NULL, NULL, 0 };
	const struct setting	*row;
	struct function		*fn = function_create();
	const char		*why;
	char			 key[64];

	snprintf(key, sizeof(key), "sandbox.%s", values[_i].key);
	row = keys_function_find(key);
	ck_assert_ptr_nonnull(row);
	why = row->set(fn->arena, (char *)fn + row->offset, values[_i].value,
	    row);
	if (values[_i].printed == NULL)
		ck_assert_ptr_nonnull(why);
	else {
		ck_assert_msg(why == NULL, "is %s", why);
		ck_assert_str_eq(value_text(&buffer, row, fn),
		    values[_i].printed);
	}
	value_buffer_release(&buffer);
	function_release(fn);
}
END_TEST

/* Functions share the empty lists, so none may write to them. */
START_TEST(lists_are_apart)
{
	const struct setting	*ro, *rw;
	struct function		*a = function_create(), *b = function_create();

	ro = keys_function_find("sandbox.read_only_paths");
	rw = keys_function_find("sandbox.read_write_paths");
	ck_assert_ptr_eq(a->lists, b->lists);
	ro->set(a->arena, (char *)a + ro->offset, "/a", ro);
	rw->set(a->arena, (char *)a + rw->offset, "/b /c", rw);
	ck_assert_uint_eq(a->lists->read_only_paths.count, 1);
	ck_assert_uint_eq(a->lists->read_write_paths.count, 2);
	ck_assert_uint_eq(b->lists->read_only_paths.count, 0);
	ro->set(a->arena, (char *)a + ro->offset, "", ro);
	ck_assert_uint_eq(a->lists->read_only_paths.count, 0);
	ck_assert_uint_eq(a->lists->read_write_paths.count, 2);
	function_release(a);
	function_release(b);
}
END_TEST

START_TEST(requirements)
{
	struct requirement	 r;

	ck_assert(requirement_parse("landlock>=12", &r));
	ck_assert_int_eq(r.capability, CAPABILITY_LANDLOCK);
	ck_assert_uint_eq(r.least, 12);
	ck_assert(requirement_parse("pids", &r));
	ck_assert_int_eq(r.capability, CAPABILITY_PIDS);
	ck_assert_str_eq(capability_name(r.capability), "pids");
	ck_assert_uint_eq(r.least, 1);
	ck_assert(!requirement_parse("", &r));
}
END_TEST

int
main(void)
{
	Suite	*s;
	TCase	*tc;

	s = suite_create("confine");
	tc = tcase_create("confine");
	tcase_add_loop_test(tc, words, 0, ROWS(values));
	tcase_add_test(tc, lists_are_apart);
	tcase_add_test(tc, requirements);
	suite_add_tcase(s, tc);

	return suite_run(s);
}
