/*
 * accounts: passwd and group, swept once and sorted.
 */
#include "accounts.h"

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

struct accounts {
	struct arena		*arena;
	struct account		*users;
	size_t			 user_count;
	struct group_entry	*groups;
	size_t			 group_count;
	struct member		*members;	/* sorted by user */
	size_t			 member_count;
	struct account		*by_uid;	/* users, sorted by number */
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
	const struct account	*x = a, *y = b;

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
sweep_users(struct accounts *a)
{
	struct passwd	*pw;
	struct account	*user;

	setpwent();
	while ((pw = getpwent()) != NULL) {
		a->users = grow(a->users, a->user_count, sizeof(*user));
		user = &a->users[a->user_count++];
		user->name = arena_strdup(a->arena, pw->pw_name);
		user->uid = pw->pw_uid;
		user->gid = pw->pw_gid;
	}
	endpwent();
	a->by_uid = xreallocarray(NULL, a->user_count, sizeof(*user));
	if (a->user_count == 0)
		return;
	memcpy(a->by_uid, a->users, a->user_count * sizeof(*user));
	qsort(a->users, a->user_count, sizeof(*user), compare_names);
	qsort(a->by_uid, a->user_count, sizeof(*user), compare_uids);
}

static void
sweep_groups(struct accounts *a)
{
	struct group	*gr;
	struct member	*member;
	char		**name;

	setgrent();
	while ((gr = getgrent()) != NULL) {
		a->groups = grow(a->groups, a->group_count,
		    sizeof(*a->groups));
		a->groups[a->group_count].name =
		    arena_strdup(a->arena, gr->gr_name);
		a->groups[a->group_count++].gid = gr->gr_gid;
		for (name = gr->gr_mem; *name != NULL; name++) {
			a->members = grow(a->members, a->member_count,
			    sizeof(*member));
			member = &a->members[a->member_count++];
			member->user = arena_strdup(a->arena, *name);
			member->gid = gr->gr_gid;
		}
	}
	endgrent();
	if (a->group_count > 0)
		qsort(a->groups, a->group_count, sizeof(*a->groups),
		    compare_names);
	if (a->member_count > 0)
		qsort(a->members, a->member_count, sizeof(*member),
		    compare_names);
}

struct accounts *
accounts_create(void)
{
	struct accounts	*a;

	a = xcalloc(1, sizeof(*a));
	a->arena = arena_create(ARENA_CHUNK);
	sweep_users(a);
	sweep_groups(a);
	return a;
}

void
accounts_free(struct accounts *a)
{
	if (a == NULL)
		return;
	free(a->users);
	free(a->by_uid);
	free(a->groups);
	free(a->members);
	arena_free(a->arena);
	free(a);
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
accounts_user(const struct accounts *a, const char *text, struct account *out)
{
	struct account	 key = { text, 0, (gid_t)-1 }, *found;

	found = find_name(text, a->users, a->user_count, sizeof(*a->users));
	if (found == NULL) {
		if (!read_id(text, &key.uid))
			return false;
		if (a->user_count > 0)
			found = bsearch(&key, a->by_uid, a->user_count,
			    sizeof(*a->by_uid), compare_uids);
	}
	*out = found != NULL ? *found : key;
	return true;
}

bool
accounts_group(const struct accounts *a, const char *text, gid_t *gid)
{
	const struct group_entry	*found;

	found = find_name(text, a->groups, a->group_count,
	    sizeof(*a->groups));
	if (found == NULL)
		return read_id(text, gid);
	*gid = found->gid;
	return true;
}

size_t
accounts_groups(const struct accounts *a, const char *user, gid_t gid,
    gid_t *out, size_t max)
{
	const struct member	*m;
	size_t			 count = 1;

	if (max > 0)
		out[0] = gid;
	m = find_name(user, a->members, a->member_count, sizeof(*m));
	if (m == NULL)
		return count;
	while (m > a->members && strcmp(m[-1].user, user) == 0)
		m--;
	for (; m < a->members + a->member_count &&
	    strcmp(m->user, user) == 0; m++) {
		if (m->gid == gid)
			continue;
		if (count < max)
			out[count] = m->gid;
		count++;
	}
	return count;
}
