/*
 * cgroupfs: the files of control groups, version 2, and what stands in them
 * (the kernel's Documentation/admin-guide/cgroup-v2.rst).
 *
 * A group is a folder, told by its path.  Which groups there are, and what
 * for, is cgroup's business.
 */
#ifndef TOLLGATE_CGROUPFS_H
#define TOLLGATE_CGROUPFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Controllers that are made use of; together in an unsigned. */
#define CGROUP_CPU	0x1
#define CGROUP_MEMORY	0x2
#define CGROUP_PIDS	0x4

/*
 * Bytes of a path, and of a file that are read.  Short, as the spawner's stack
 * is copied page by page after each fork.
 */
#define CGROUPFS_PATH_MAX	640
#define CGROUPFS_TEXT_MAX	1024

/* --- pure --------------------------------------------------------------- */

/*
 * The path of the group that /proc/self/cgroup tells of, where mountinfo
 * (proc(5)) has it; the caller's.  NULL with errno: ENOENT: no cgroup v2 is
 * mounted; EXDEV: it is, but the group is not within what can be seen.
 */
char		*cgroupfs_locate(const char *mountinfo, const char *self);

/* "cpu io memory": which of ours are among them; others do not matter. */
unsigned	 cgroupfs_controllers(const char *words);
/* The same, back: each as "+cpu" (sign '+'); at most 32 bytes, NUL included. */
#define CGROUPFS_WORDS	32
char		*cgroupfs_words(char out[CGROUPFS_WORDS], unsigned controllers,
		    const char *sign);

/*
 * The number behind key, "populated 0", in lines of them; key NULL: the text
 * is nothing but the number.  False if there is none ("max").
 */
bool		 cgroupfs_number(const char *text, const char *key,
		    uint64_t *number);

/* --- files -------------------------------------------------------------- */

/*
 * Read a group's file: its length, a NUL behind it in out; or -1 with errno.
 * Write one, whole.  -1 with errno.
 */
int		 cgroupfs_read(const char *group, const char *file, char *out,
		    size_t room);
int		 cgroupfs_write(const char *group, const char *file,
		    const char *text);
/* Open one to be read with pread(2), which gives its text of that moment. */
int		 cgroupfs_open(const char *group, const char *file);
/* The number that a group's file holds, as above. */
bool		 cgroupfs_read_number(const char *group, const char *file,
		    const char *key, uint64_t *number);

#endif
