/*
 * tree: pieces of the file system, taken where they are and put where a view
 * has them.
 *
 * A tree gets its flags while it is attached nowhere, so that it is never seen
 * without them, and what is mounted in it from then on concerns nobody else.
 * All of these return -1 with errno, and allocate nothing; who puts a tree
 * somewhere has its descriptor no more.
 */
#ifndef TOLLGATE_TREE_H
#define TOLLGATE_TREE_H

#include <stdbool.h>
#include <stdint.h>

#include "view.h"

/* What is put on what may not be seen; its mode is 0. */
#define TREE_HIDDEN_FOLDER	"/.hidden"
#define TREE_HIDDEN_FILE	"/.hidden-file"

/* A copy of what is mounted at path, and in it, with MOUNT_ATTR_... set. */
int	tree_take(const char *path, uint64_t attributes);
int	tree_put(int tree, const char *path);
/* /proc of the pid namespace we are in, attached nowhere. */
int	tree_take_proc(void);

/* All of a view that is seen and not common; -1 in trees for all else. */
int	trees_gather(const struct view *, int *trees, const char **at);

/* Put the tree of a place of the view there. */
int	tree_put_seen(const struct view *, const struct view_place *, int tree);
/* The same for a path that may be in no place; it is written to meanwhile. */
int	tree_put_besides(const struct view *, int tree, char *path);
int	tree_put_hidden(const struct view_place *);
/* tree: what tree_take_proc has taken, or -1. */
int	tree_put_proc(const char *path, int tree);
/* A folder for others, until it is made read-only. */
int	tree_put_folder(const char *path);

int	tree_make_read_only(const char *path);
/* For something to be mounted on: a folder with those above it, or a file. */
int	tree_make_target(const char *path, bool is_folder);
/* What we make is root's, where we are another user with root's powers. */
void	tree_own_all(void);

#endif
