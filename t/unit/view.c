/*
 * view: what of all wishes becomes a place, in which order and of which kind.
 */
#include "view.h"

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

/* A list of words, separated by blanks. */
static struct word_list
list(const char *words)
{
	struct word_list	 l = { NULL, 0 };
	const char		*at = words;
	size_t			 len;

	l.words = arena_calloc(arena, strlen(words) + 1, sizeof(*l.words));
	for (; *(at += strspn(at, " ")) != '\0'; at += len) {
		len = strcspn(at, " ");
		l.words[l.count++] = arena_strndup(arena, at, len);
	}
	return l;
}

static const struct view_system	all_see[] = {
	{ "/bin", "usr/bin" }, { "/etc", NULL }, { "/usr", NULL },
};

/*
 * A view as text: a letter for how, and the path: + to be made by us, ! holds
 * more, and * is as all have it.
 */
static const char *
text_of(const struct view *v)
{
	static const char	 letters[] = "-wrltdpf";
	const struct view_place	*p;
	const char		*text = "";
	size_t			 i;

	for (i = 0; i < v->count; i++) {
		p = &v->places[i];
		/* What every one has need not be said each time. */
		if (p->is_common && !p->holds_more)
			continue;
		text = arena_printf(arena, "%s%s%c%s%s%s", text,
		    i > 0 && *text != '\0' ? " " : "", letters[p->how],
		    p->path, p->is_ours ? "+" : "", p->holds_more ? "!" : "");
	}
	return text;
}

static const struct {
	const char	*program, *chdir, *read_only, *read_write, *hidden;
	const char	*text;
} rows[] = {
	/* the function's folder, and one in the root for it to be in */
	{ "/srv/fn", "", "", "", "", "f/srv+ r/srv/fn+" },
	{ "/srv", "", "", "", "", "r/srv+ -/srv/own/run -/srv/own/state" },
	{ "/srv/fn", "/srv/fn", "", "", "", "f/srv+ r/srv/fn+" },
	{ "/srv/fn", "/var/lib/x", "", "", "",
	  "f/srv+ r/srv/fn+ f/var+ r/var/lib/x+" },
	/* to start in what is always there takes nothing */
	{ "/srv/fn", "/tmp", "", "", "", "f/srv+ r/srv/fn+" },
	{ "/srv/fn", "/", "", "", "", "f/srv+ r/srv/fn+" },
	{ "/srv/fn", "/dev/shm", "", "", "", "f/srv+ r/srv/fn+" },
	{ "/srv/fn", "/tmp/x", "", "", "", "f/srv+ r/srv/fn+ r/tmp/x+" },
	/* what is in the system's folders is there */
	{ "/usr/lib/cgi", "", "", "", "", "" },
	/* but what is listed may be a link there */
	{ "/usr/lib/cgi", "", "/etc /usr/share", "", "", "r/usr/share" },
	{ "/usrlib", "", "", "", "", "r/usrlib+" },
	{ "/usr-x/fn", "", "", "", "", "f/usr-x+ r/usr-x/fn+" },
	/* a folder brings what is in it */
	{ "/srv/fn", "", "/srv", "", "",
	  "r/srv+ -/srv/own/run -/srv/own/state" },
	{ "/srv/fn", "", "/srv/fn/a /srv/f", "", "",
	  "f/srv+ r/srv/f+ r/srv/fn+ r/srv/fn/a" },
	/* more than it has */
	{ "/srv/fn", "", "", "/srv/fn/data", "",
	  "f/srv+ r/srv/fn+ w/srv/fn/data" },
	{ "/srv/fn", "", "", "/srv/fn", "", "f/srv+ w/srv/fn+" },
	{ "/srv/fn", "", "", "/srv", "",
	  "w/srv+ r/srv/fn -/srv/own/run -/srv/own/state" },
	{ "/srv/fn", "", "/srv/x", "/srv", "",
	  "w/srv+ r/srv/fn -/srv/own/run -/srv/own/state r/srv/x" },
	/* that covers what is hidden for all, so it is hidden anew */
	{ "/srv/fn", "", "", "/etc", "",
	  "w/etc+ -/etc/own f/srv+ r/srv/fn+" },
	/* less than it has */
	{ "/srv/fn", "", "", "", "/srv/fn/a", "f/srv+ r/srv/fn+ -/srv/fn/a" },
	{ "/srv/fn", "", "", "", "/srv/fn/a /srv/fn/a/b",
	  "f/srv+ r/srv/fn+ -/srv/fn/a" },
	{ "/srv/fn", "", "", "", "/home /srv/x /tmp/x", "f/srv+ r/srv/fn+" },
	{ "/srv/fn", "", "", "", "/usr/games", "f/srv+ r/srv/fn+ -/usr/games" },
	{ "/srv/fn", "", "", "", "/srv/fn", "f/srv+" },
	{ "/srv/fn/a", "", "", "", "/srv", "f/srv+ r/srv/fn/a+" },
	/* hidden, but not all of it */
	{ "/srv/fn/a/b", "", "/srv", "", "/srv/fn",
	  "r/srv+ -/srv/fn! r/srv/fn/a/b+ -/srv/own/run -/srv/own/state" },
	/* what is the daemon's is hidden in what is the function's */
	{ "/srv/own", "", "", "", "",
	  "f/srv+ r/srv/own+ -/srv/own/run -/srv/own/state" },
	{ "/srv/own/run", "", "", "", "",
	  "f/srv+ r/srv/own/run+ -/srv/own/run/pid" },
	{ "/srv/own/run/x", "", "/srv/own", "", "",
	  "f/srv+ r/srv/own+ -/srv/own/run! r/srv/own/run/x+ -/srv/own/state" },
	/* /tmp of its own, or not */
	{ "/tmp/fn", "", "", "", "", "r/tmp/fn+" },
	{ "/srv/fn", "", "", "/tmp", "", "f/srv+ r/srv/fn+ w/tmp+" },
	{ "/srv/fn", "", "", "", "/proc/sys", "f/srv+ r/srv/fn+" },
};

START_TEST(wishes)
{
	struct view		 common, view;
	struct sandbox_lists	 none, lists;
	struct word_list	 private = list("/etc/own /srv/own/run "
				     "/srv/own/run/pid /srv/own/state");
	struct view_wishes	 w = {
		.system = all_see, .system_count = ROWS(all_see),
		.chdir = "", .lists = &none, .private = &private,
	};
	const struct view_place	*p;

	memset(&none, 0, sizeof(none));
	view_make(&common, arena, &w);

	memset(&lists, 0, sizeof(lists));
	lists.read_only_paths = list(rows[_i].read_only);
	lists.read_write_paths = list(rows[_i].read_write);
	lists.inaccessible_paths = list(rows[_i].hidden);
	w.common = &common;
	w.program = rows[_i].program;
	w.chdir = rows[_i].chdir;
	w.lists = &lists;
	view_make(&view, arena, &w);
	ck_assert_str_eq(text_of(&view), rows[_i].text);
	p = view_find(&view, "/usr/bin/perl");
	ck_assert_ptr_nonnull(p);
	ck_assert_str_eq(p->path, "/usr");
}
END_TEST

/* A runtime's program is one thing, the code that it runs another. */
START_TEST(code_of_a_runtime)
{
	struct view		 v;
	struct sandbox_lists	 none;
	struct word_list	 private = list("");
	struct view_wishes	 w = {
		.system = all_see, .system_count = ROWS(all_see),
		.program = "/opt2/runtimes", .chdir = "", .code = "/srv/fn",
		.lists = &none, .private = &private,
	};

	memset(&none, 0, sizeof(none));
	view_make(&v, arena, &w);
	ck_assert_str_eq(view_find(&v, "/srv/fn/a.py")->path, "/srv/fn");
	ck_assert_int_eq(view_find(&v, "/srv/fn")->how, VIEW_READ_ONLY);
	ck_assert_str_eq(view_find(&v, "/opt2/runtimes/perl")->path,
	    "/opt2/runtimes");
	w.code = "/tmp";
	view_make(&v, arena, &w);
	ck_assert_int_eq(view_find(&v, "/tmp")->how, VIEW_TMP);
}
END_TEST

START_TEST(what_all_see)
{
	struct view		 v;
	struct sandbox_lists	 none;
	struct word_list	 private = list("/etc/own /srv/own");
	struct view_wishes	 w = {
		.system = all_see, .system_count = ROWS(all_see),
		.chdir = "", .lists = &none, .private = &private,
	};

	memset(&none, 0, sizeof(none));
	view_make(&v, arena, &w);
	ck_assert_str_eq(text_of(&v), "l/bin+ d/dev+ r/etc+ "
	    "-/etc/own p/proc+ t/tmp+ r/usr+");
	ck_assert_ptr_null(view_find(&v, "/srv"));
	ck_assert_ptr_null(view_find(&v, "/usrlocal"));
	ck_assert_str_eq(view_find(&v, "/etc/own/x")->path, "/etc/own");
	ck_assert_str_eq(view_find(&v, "/dev/shm")->path, "/dev");
}
END_TEST

int
main(void)
{
	Suite	*s = suite_create("view");
	TCase	*tc = tcase_create("wishes");

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_loop_test(tc, wishes, 0, ROWS(rows));
	tcase_add_test(tc, what_all_see);
	tcase_add_test(tc, code_of_a_runtime);
	suite_add_tcase(s, tc);
	return suite_run(s);
}
