/*
 * view: a list of places, sorted, of which the needless are left out.
 */
#include "view.h"

#include <stdlib.h>
#include <string.h>

#include "mem.h"

/* What every one has. */
static const struct view_place	always[] = {
	{ .path = "/dev",	.how = VIEW_DEV },
	{ .path = "/proc",	.how = VIEW_PROC },
	{ .path = "/tmp",	.how = VIEW_TMP },
};

#define ALWAYS	(sizeof(always) / sizeof(always[0]))

static bool
is_in(const char *path, const char *folder)
{
	size_t	 len = strlen(folder);

	if (len == 1)		/* the root */
		return true;
	return strncmp(path, folder, len) == 0 &&
	    (path[len] == '/' || path[len] == '\0');
}

/* So a folder comes before what is in it. */
static int
compare(const void *a, const void *b)
{
	const struct view_place	*p = a, *q = b;
	int			 order = strcmp(p->path, q->path);

	return order != 0 ? order : (int)p->how - (int)q->how;
}

static struct view_place *
add(struct view *view, const char *path, enum view_how how)
{
	struct view_place	*p = &view->places[view->count++];

	memset(p, 0, sizeof(*p));
	p->path = path;
	p->how = how;
	return p;
}

/* One of the function's: with a folder in the root that it can be put into. */
static struct view_place *
add_own(struct view *view, struct arena *arena, const char *path,
    enum view_how how)
{
	size_t			 top = strcspn(path + 1, "/") + 1;
	struct view_place	*p = add(view, path, how);

	p->may_lack = true;
	if (how != VIEW_HIDDEN && path[top] == '/')
		add(view, arena_strndup(arena, path, top), VIEW_FOLDER);
	return p;
}

static void
add_list(struct view *view, struct arena *arena, const struct word_list *list,
    enum view_how how)
{
	size_t	 i;

	for (i = 0; i < list->count; i++)
		add_own(view, arena, list->words[i], how)->is_listed = true;
}

/* To start in one of those that are always there needs no other. */
static bool
is_always_there(const char *path)
{
	size_t	 i;

	for (i = 0; i < ALWAYS; i++)
		if (strcmp(path, always[i].path) == 0)
			return true;
	return strcmp(path, "/") == 0 || strcmp(path, "/dev/shm") == 0;
}

static void
add_all(struct view *view, struct arena *arena, const struct view_wishes *w)
{
	const struct view_system	*s;
	size_t				 i;

	for (i = 0; i < ALWAYS; i++)
		view->places[view->count++] = always[i];
	for (s = w->system; s < w->system + w->system_count; s++)
		add(view, s->path, s->target != NULL ? VIEW_LINK :
		    VIEW_READ_ONLY)->target = s->target;
	if (w->program != NULL)
		add_own(view, arena, w->program, VIEW_READ_ONLY);
	if (*w->chdir != '\0' && !is_always_there(w->chdir))
		add_own(view, arena, w->chdir, VIEW_READ_ONLY);
	if (w->code != NULL && !is_always_there(w->code))
		add_own(view, arena, w->code, VIEW_READ_ONLY);
	add_list(view, arena, &w->lists->read_only_paths, VIEW_READ_ONLY);
	add_list(view, arena, &w->lists->read_write_paths, VIEW_READ_WRITE);
	add_list(view, arena, &w->lists->inaccessible_paths, VIEW_HIDDEN);
	for (i = 0; i < w->private->count; i++)
		if (w->program == NULL ||
		    strcmp(w->private->words[i], w->program) != 0)
			add(view, w->private->words[i], VIEW_HIDDEN)->may_lack
			    = true;
}

static size_t
most_places(const struct view_wishes *w)
{
	const struct sandbox_lists	*l = w->lists;

	return ALWAYS + w->system_count + w->private->count +
	    2 * (3 + l->read_only_paths.count + l->read_write_paths.count) +
	    l->inaccessible_paths.count;
}

/* The nearest of the first n places that path is in. */
static struct view_place *
find_in(struct view_place *places, size_t n, const char *path)
{
	while (n > 0)
		if (is_in(path, places[--n].path))
			return &places[n];
	return NULL;
}

static bool
shows_files(const struct view_place *p)
{
	return p != NULL &&
	    (p->how == VIEW_READ_ONLY || p->how == VIEW_READ_WRITE);
}

/* Would the place p change anything, above being what it is in? */
static bool
is_needed(const struct view_place *p, const struct view_place *above)
{
	if (above != NULL && strcmp(p->path, above->path) == 0)
		return false;
	if (p->how == VIEW_HIDDEN)
		return shows_files(above);
	if (p->how == VIEW_FOLDER)
		return above == NULL;
	return above == NULL || p->how != above->how || !shows_files(p) ||
	    p->is_listed;
}

/* Is it there already, and nothing of the function's above it? */
static bool
is_common(const struct view *common, const struct view_place *p,
    const struct view_place *above)
{
	const struct view_place	*same;

	if (common == NULL || (above != NULL && !above->is_common))
		return false;
	same = view_find(common, p->path);
	return same != NULL && same->how == p->how &&
	    strcmp(same->path, p->path) == 0;
}

void
view_make(struct view *view, struct arena *arena, const struct view_wishes *w)
{
	struct view_place	*above, *p;
	size_t			 all, i;

	view->places = arena_calloc(arena, most_places(w),
	    sizeof(*view->places));
	view->count = 0;
	add_all(view, arena, w);
	all = view->count;
	qsort(view->places, all, sizeof(*view->places), compare);

	for (view->count = 0, i = 0; i < all; i++) {
		p = &view->places[i];
		/* Hidden, even if nobody would see it without that wish. */
		if (i > 0 && p->how != VIEW_FOLDER &&
		    strcmp(p->path, p[-1].path) == 0)
			continue;
		above = find_in(view->places, view->count, p->path);
		if (!is_needed(p, above))
			continue;
		p = &view->places[view->count++];
		*p = view->places[i];
		p->is_ours = !shows_files(above);
		p->is_common = is_common(w->common, p, above);
		if (above != NULL && above->how == VIEW_HIDDEN)
			above->holds_more = true;
	}
}

const struct view_place *
view_find(const struct view *view, const char *path)
{
	return find_in(view->places, view->count, path);
}
