/*
 * users: passwd and group, swept once and sorted.
 */
#include "users.h"

#include <grp.h>
#include <pwd.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"

#define ARENA_CHUNK	65536

struct group_entry {
	const char	*name;
	gid_t		 gid;
};

struct member {
	const char	*user;
	gid_t		 gid;
};

struct users {
	struct arena		*arena;
	struct user		*users;
	size_t			 user_count;
	struct group_entry	*groups;
	size_t			 group_count;
	struct member		*members;	/* sorted by user */
	size_t			 member_count;
	struct user		*by_uid;	/* users, sorted by number */
};

/* The first member of all three is the name they are sorted by. */
static int
compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int
compare_uids(const void *a, const void *b)
{
	const struct user	*x = a, *y = b;

	return x->uid < y->uid ? -1 : x->uid > y->uid;
}

/* Make room for one more at the end of an array of count. */
static void *
grow(void *array, size_t count, size_t size)
{
	if ((count & (count - 1)) != 0)
		return array;
	return xreallocarray(array, count == 0 ? 1 : count * 2, size);
}

static void
sweep_users(struct users *us)
{
	struct passwd	*pw;
	struct user	*user;

	setpwent();
	while ((pw = getpwent()) != NULL) {
		us->users = grow(us->users, us->user_count, sizeof(*user));
		user = &us->users[us->user_count++];
		user->name = arena_strdup(us->arena, pw->pw_name);
		user->uid = pw->pw_uid;
		user->gid = pw->pw_gid;
	}
	endpwent();
	us->by_uid = xreallocarray(NULL, us->user_count, sizeof(*user));
	if (us->user_count == 0)
		return;
	memcpy(us->by_uid, us->users, us->user_count * sizeof(*user));
	qsort(us->users, us->user_count, sizeof(*user), compare_names);
	qsort(us->by_uid, us->user_count, sizeof(*user), compare_uids);
}

static void
sweep_groups(struct users *us)
{
	struct group	*gr;
	struct member	*member;
	char		**name;

	setgrent();
	while ((gr = getgrent()) != NULL) {
		us->groups = grow(us->groups, us->group_count,
		    sizeof(*us->groups));
		us->groups[us->group_count].name =
		    arena_strdup(us->arena, gr->gr_name);
		us->groups[us->group_count++].gid = gr->gr_gid;
		for (name = gr->gr_mem; *name != NULL; name++) {
			us->members = grow(us->members, us->member_count,
			    sizeof(*member));
			member = &us->members[us->member_count++];
			member->user = arena_strdup(us->arena, *name);
			member->gid = gr->gr_gid;
		}
	}
	endgrent();
	if (us->group_count > 0)
		qsort(us->groups, us->group_count, sizeof(*us->groups),
		    compare_names);
	if (us->member_count > 0)
		qsort(us->members, us->member_count, sizeof(*member),
		    compare_names);
}

struct users *
users_create(void)
{
	struct users	*us;

	us = xcalloc(1, sizeof(*us));
	us->arena = arena_create(ARENA_CHUNK);
	sweep_users(us);
	sweep_groups(us);
	return us;
}

void
users_free(struct users *us)
{
	if (us == NULL)
		return;
	free(us->users);
	free(us->by_uid);
	free(us->groups);
	free(us->members);
	arena_free(us->arena);
	free(us);
}

/* All digits, below 2^32 - 1, which means none? */
static bool
read_id(const char *text, uint32_t *id)
{
	unsigned long	 n;

	if (*text == '\0' || strlen(text) > 10 ||
	    text[strspn(text, "0123456789")] != '\0')
		return false;
	n = strtoul(text, NULL, 10);
	*id = (uint32_t)n;
	return n < UINT32_MAX;
}

/* bsearch(3) must not be given NULL. */
static void *
find_name(const char *name, const void *array, size_t count, size_t size)
{
	return count == 0 ? NULL :
	    bsearch(&name, array, count, size, compare_names);
}

bool
users_find(const struct users *us, const char *text, struct user *out)
{
	struct user	 key = { text, 0, (gid_t)-1 }, *found;

	found = find_name(text, us->users, us->user_count, sizeof(*us->users));
	if (found == NULL) {
		if (!read_id(text, &key.uid))
			return false;
		if (us->user_count > 0)
			found = bsearch(&key, us->by_uid, us->user_count,
			    sizeof(*us->by_uid), compare_uids);
	}
	*out = found != NULL ? *found : key;
	return true;
}

bool
users_group(const struct users *us, const char *text, gid_t *gid)
{
	const struct group_entry	*found;

	found = find_name(text, us->groups, us->group_count,
	    sizeof(*us->groups));
	if (found == NULL)
		return read_id(text, gid);
	*gid = found->gid;
	return true;
}

size_t
users_groups(const struct users *us, const char *user, gid_t gid,
    gid_t *out, size_t max)
{
	const struct member	*m;
	size_t			 count = 1;

	if (max > 0)
		out[0] = gid;
	m = find_name(user, us->members, us->member_count, sizeof(*m));
	if (m == NULL)
		return count;
	while (m > us->members && strcmp(m[-1].user, user) == 0)
		m--;
	for (; m < us->members + us->member_count &&
	    strcmp(m->user, user) == 0; m++) {
		if (m->gid == gid)
			continue;
		if (count < max)
			out[count] = m->gid;
		count++;
	}
	return count;
}
