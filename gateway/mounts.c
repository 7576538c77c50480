/*
 * mounts: carries out a worker's view.
 */
#include "mounts.h"

#include <errno.h>
#include <sched.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common.h"
#include "mem.h"
#include "tree.h"

#define BLOCK		4096

static int
put_own(const struct mounts *m, const struct view_place *p, int tree)
{
	const struct view	*view = &m->view;

	switch (p->how) {
	case VIEW_READ_ONLY:
	case VIEW_READ_WRITE:
		return tree == -1 ? 0 : tree_put_seen(view, p, tree);
	case VIEW_HIDDEN:
		return tree_put_hidden(p);
	case VIEW_TMP:
		return mount("tmpfs", p->path, "tmpfs", MS_NOSUID | MS_NODEV,
		    m->tmp);
	case VIEW_PROC:
		return tree_put_proc(p->path, tree);
	case VIEW_FOLDER:
		return tree_put_folder(p->path);
	case VIEW_LINK:
	case VIEW_DEV:
		break;
	}
	return 0;
}

static bool
is_per_worker(const struct view_place *p)
{
	return !p->is_common || p->how == VIEW_TMP || p->how == VIEW_PROC;
}

static int
put_places(struct mounts *m)
{
	const struct view_place	*p;
	size_t			 i;

	for (i = 0; i < m->view.count; i++) {
		p = &m->view.places[i];
		m->at = p->path;
		if (is_per_worker(p) && put_own(m, p, m->trees[i]) == -1)
			return -1;
	}
	return 0;
}

/* What is in a folder stands behind it, so they stay open until then. */
static int
close_folders(struct mounts *m)
{
	const struct view_place	*p;
	size_t			 i;

	for (i = 0; i < m->view.count; i++) {
		p = &m->view.places[i];
		m->at = p->path;
		if (p->how == VIEW_FOLDER && tree_make_read_only(p->path) == -1)
			return -1;
	}
	return 0;
}

static int
put_real(struct mounts *m)
{
	if (m->real_tree == -1)
		return 0;
	m->at = m->real;
	return tree_put_besides(&m->view, m->real_tree, m->real);
}

/*
 * Into a copy of the common part: what is mounted in one copy is not in the
 * others, as that part is private.
 */
static int
enter_common(int space)
{
	if (setns(space, CLONE_NEWNS) == -1)
		return -1;
	close(space);
	return unshare(CLONE_NEWNS);
}

/*
 * In a user namespace there is a /proc only for who has one that hides nothing,
 * as in the root that is about to be left.
 */
static int
gather_proc(struct mounts *m)
{
	size_t	 i;

	for (i = 0; i < m->view.count; i++)
		if (m->view.places[i].how == VIEW_PROC) {
			m->at = m->view.places[i].path;
			m->trees[i] = tree_take_proc();
			return m->trees[i] == -1 ? -1 : 0;
		}
	return 0;
}

static int
enter(struct mounts *m)
{
	const struct mounts_common	*c = m->common;
	int				 space = mounts_common_space(c);

	if (trees_gather(&m->view, m->trees, &m->at) == -1)
		return -1;
	m->at = "/";
	if (space != -1 ? enter_common(space) == -1 :
	    gather_proc(m) == -1 || mounts_common_build(c, &m->at) == -1)
		return -1;
	if (put_places(m) == -1 || put_real(m) == -1)
		return -1;
	return close_folders(m);
}

int
mounts_enter(struct mounts *m)
{
	mode_t	 before = umask(022);
	int	 status;

	tree_own_all();
	status = enter(m);
	umask(before);
	return status;
}

int
mounts_add_folder_of(struct mounts *m, int fd)
{
	const struct view_place	*place;
	char			 link[64], *slash;
	ssize_t			 n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, m->real, sizeof(m->real) - 1);
	if (n == -1)
		return -1;
	m->real[n] = '\0';
	if ((slash = strrchr(m->real, '/')) == NULL || slash == m->real)
		return 0;
	*slash = '\0';
	place = view_find(&m->view, m->real);
	if (place != NULL && (place->how == VIEW_READ_ONLY ||
	    place->how == VIEW_READ_WRITE))
		return 0;
	m->at = m->real;
	m->real_tree = tree_take(m->real, MOUNT_ATTR_NOSUID |
	    MOUNT_ATTR_NODEV | MOUNT_ATTR_RDONLY);
	return m->real_tree == -1 ? -1 : 0;
}

struct mounts *
mounts_prepare(struct arena *arena, const struct mounts_common *c,
    const struct function *fn, const char *folder)
{
	struct view_wishes	 w;
	struct mounts		*m;

	memset(&w, 0, sizeof(w));
	mounts_common_wish(c, &w);
	w.program = folder;
	w.chdir = fn->chdir;
	w.code = *fn->code->task_root != '\0' ? fn->code->task_root : NULL;
	w.lists = fn->lists;

	m = arena_alloc(arena, sizeof(*m));
	memset(m, 0, offsetof(struct mounts, real));
	m->common = c;
	m->real_tree = -1;
	view_make(&m->view, arena, &w);
	m->trees = arena_calloc(arena, m->view.count, sizeof(*m->trees));
	/* A file that is empty takes memory as well. */
	snprintf(m->tmp, sizeof(m->tmp), "mode=1777,size=%llu,nr_inodes=%llu",
	    (unsigned long long)fn->tmp_max,
	    (unsigned long long)(fn->tmp_max / BLOCK + 16));
	return m;
}
