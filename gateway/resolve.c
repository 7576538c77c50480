/*
 * resolve: names to numbers, files to words, and warnings.
 */
#include "resolve.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "authfiles.h"
#include "config.h"
#include "enforced.h"
#include "files.h"
#include "mem.h"
#include "privileges.h"
#include "runtimes.h"
#include "seccomp.h"
#include "settings.h"
#include "users.h"

#define ENVIRONMENT_FILE_MAX	65536	/* bytes; an exec takes some 128K */

struct resolver {
	struct config			*config;
	const struct config_index	*index;
	struct config_errors		*errors;
	struct config_errors		*warnings;
	struct config_errors		*refused;
	struct users			*users;
	bool				 as_root;
	struct user			 caller;
	struct user			 function_user;
	struct means			 means;
};

#define BLAME_GATEWAY(r, key, ...)					\
	config_blame_gateway((r)->errors, (r)->index, key, __VA_ARGS__)
#define BLAME(r, fn, key, ...)						\
	config_blame((r)->errors, (r)->index, fn, key, __VA_ARGS__)
#define WARN(r, fn, key, ...)						\
	config_blame((r)->warnings, (r)->index, fn, key, __VA_ARGS__)

/* --- the gateway's users and groups --------------------------------------- */

static void
resolve_gateway_as_caller(struct resolver *r)
{
	struct gateway_settings	*g = &r->config->gateway;
	struct user		 user;

	if (*g->user != '\0' && (!users_find(r->users, g->user, &user) ||
	    user.uid != r->caller.uid))
		BLAME_GATEWAY(r, "gateway.user", "\"%s\" is another user, "
		    "which only root can become; expected %s, or nothing",
		    g->user, r->caller.name);
	g->user = g->function_user = r->caller.name;
	g->group = g->listen_group = "";
	g->uid = r->caller.uid;
	g->gid = r->caller.gid;
	g->listen_gid = (gid_t)-1;
}

static void
resolve_gateway_user(struct resolver *r)
{
	struct gateway_settings	*g = &r->config->gateway;
	struct user		 user = { "", (uid_t)-1, (gid_t)-1 };

	if (*g->user == '\0') {
		g->user = "tollgate";
		if (!users_find(r->users, g->user, &user))
			g->user = "daemon";
	}
	if (!users_find(r->users, g->user, &user))
		BLAME_GATEWAY(r, "gateway.user", "there is no user \"%s\"",
		    g->user);
	else if (user.uid == 0)
		BLAME_GATEWAY(r, "gateway.user", "is root; expected another, "
		    "as the gateway reads what comes from outside");
	if (*g->group != '\0') {
		if (!users_group(r->users, g->group, &user.gid))
			BLAME_GATEWAY(r, "gateway.group",
			    "there is no group \"%s\"", g->group);
	} else if (user.uid != (uid_t)-1 && user.gid == (gid_t)-1)
		BLAME_GATEWAY(r, "gateway.group",
		    "user %s has none; expected its name or number", g->user);
	if (user.gid == 0 && user.uid != 0)
		BLAME_GATEWAY(r, "gateway.group",
		    "is root's; expected one of no other power");
	g->uid = user.uid;
	g->gid = user.gid;
}

static void
resolve_gateway_as_root(struct resolver *r)
{
	struct gateway_settings	*g = &r->config->gateway;
	const struct setting	*row;

	row = keys_gateway_find("gateway.listen_group");
	resolve_gateway_user(r);
	g->listen_gid = (gid_t)-1;
	if (*g->listen_group != '\0' &&
	    !users_group(r->users, g->listen_group, &g->listen_gid)) {
		if (strcmp(g->listen_group, row->fallback) == 0)
			g->listen_group = "";
		else
			BLAME_GATEWAY(r, "gateway.listen_group",
			    "there is no group \"%s\"", g->listen_group);
	}
	r->function_user.uid = (uid_t)-1;
	if (!users_find(r->users, g->function_user, &r->function_user))
		BLAME_GATEWAY(r, "gateway.function_user",
		    "there is no user \"%s\"", g->function_user);
	else if (r->function_user.uid == 0 || r->function_user.uid == g->uid)
		BLAME_GATEWAY(r, "gateway.function_user", "\"%s\" is %s; "
		    "expected a user of no other power", g->function_user,
		    r->function_user.uid == 0 ? "root" : "the gateway's user");
}

static void
resolve_front_users(struct resolver *r)
{
	struct gateway_settings	*g = &r->config->gateway;
	const struct word_list	*users = &g->allow_users;
	struct user		 user;
	size_t			 i;

	g->allow_uids.ids = arena_calloc(r->config->arena, users->count,
	    sizeof(*g->allow_uids.ids));
	for (i = 0; i < users->count; i++)
		if (users_find(r->users, users->words[i], &user))
			g->allow_uids.ids[g->allow_uids.count++] = user.uid;
		else
			BLAME_GATEWAY(r, "gateway.allow_users",
			    "there is no user \"%s\"", users->words[i]);
}

/* --- a function's --------------------------------------------------------- */

static void
resolve_function_as_caller(struct resolver *r, struct function *fn)
{
	struct user	 user;
	gid_t		 gid;

	if (*fn->user != '\0' && (!users_find(r->users, fn->user,
	    &user) || user.uid != r->caller.uid))
		BLAME(r, fn, "sandbox.user", "\"%s\" is another user, which "
		    "only root can become; expected %s, or nothing", fn->user,
		    r->caller.name);
	if (*fn->group != '\0' && (!users_group(r->users, fn->group,
	    &gid) || gid != r->caller.gid))
		BLAME(r, fn, "sandbox.group", "\"%s\" is another group, which "
		    "only root can join; expected nothing", fn->group);
	/* A template's is found with its program, even if it can be but us. */
	if (!fn->is_template)
		fn->user = r->caller.name;
	fn->uid = r->caller.uid;
	fn->gid = r->caller.gid;
}

/* The user that is meant, if a function may run as it. */
static bool
choose_user(struct resolver *r, struct function *fn, struct user *user)
{
	const struct gateway_settings	*g = &r->config->gateway;

	if (*fn->user == '\0') {
		*user = r->function_user;
		fn->user = g->function_user;
		return user->uid != (uid_t)-1;
	}
	if (!users_find(r->users, fn->user, user))
		BLAME(r, fn, "sandbox.user", "there is no user \"%s\"",
		    fn->user);
	else if (user->uid == 0 || user->uid == g->uid)
		BLAME(r, fn, "sandbox.user", "\"%s\" is %s; expected a user "
		    "of no other power", fn->user,
		    user->uid == 0 ? "root" : "the gateway's user");
	else if (user->uid < g->min_uid && user->uid != r->function_user.uid)
		BLAME(r, fn, "sandbox.user", "\"%s\" has the number %lu; "
		    "expected min_uid (%lu) at least", fn->user,
		    (unsigned long)user->uid, (unsigned long)g->min_uid);
	else
		return true;
	return false;
}

static void
find_groups(struct resolver *r, struct function *fn, const char *user)
{
	gid_t	 groups[FUNCTION_GROUPS_MAX];

	fn->group_count = users_groups(r->users, user, fn->gid, groups,
	    FUNCTION_GROUPS_MAX);
	if (fn->group_count > FUNCTION_GROUPS_MAX) {
		fn->group_count = FUNCTION_GROUPS_MAX;
		BLAME(r, fn, "sandbox.user",
		    "\"%s\" is in too many groups; expected %d at most",
		    fn->user, FUNCTION_GROUPS_MAX);
	}
	fn->groups = arena_alloc(fn->arena,
	    fn->group_count * sizeof(*groups));
	memcpy(fn->groups, groups, fn->group_count * sizeof(*groups));
}

static void
resolve_function_as_root(struct resolver *r, struct function *fn)
{
	struct user	 user;

	fn->uid = (uid_t)-1;
	fn->gid = (gid_t)-1;
	if (*fn->group != '\0' &&
	    !users_group(r->users, fn->group, &fn->gid))
		BLAME(r, fn, "sandbox.group", "there is no group \"%s\"",
		    fn->group);
	if (fn->is_template || !choose_user(r, fn, &user))
		return;
	fn->uid = user.uid;
	if (*fn->group == '\0')
		fn->gid = user.gid;
	if (fn->gid == (gid_t)-1 && *fn->group == '\0')
		BLAME(r, fn, "sandbox.group",
		    "user %s has none; expected its name or number", fn->user);
	if (fn->gid == 0)
		BLAME(r, fn, "sandbox.group",
		    "is root's; expected one of no other power");
	find_groups(r, fn, user.name);
}

/* --- accounts ------------------------------------------------------------- */

static int
compare_account_uids(const void *a, const void *b)
{
	const struct account	*const *x = a, *const *y = b;

	if ((*x)->uid != (*y)->uid)
		return (*x)->uid < (*y)->uid ? -1 : 1;
	return (*x)->number < (*y)->number ? -1 : 1;
}

/* By name and by number, one user might have two. */
static void
check_twins(struct resolver *r, const struct account **all, size_t count)
{
	size_t	 i;

	if (count > 1)
		qsort(all, count, sizeof(*all), compare_account_uids);
	for (i = 1; i < count; i++)
		if (all[i]->uid == all[i - 1]->uid &&
		    all[i]->uid != (uid_t)-1)
			config_errors_add(r->errors, "%s: user %lu has "
			    "another account, in %s", all[i]->file,
			    (unsigned long)all[i]->uid, all[i - 1]->file);
}

static void
warn_of_account(struct resolver *r, const struct account *a)
{
	const char	*key, *by;
	size_t		 i;

	for (i = 0; enforced_account_row(i, a, &r->means, &key, &by); i++)
		if (by == NULL && config_account_is_written(r->index, a, key))
			config_blame_account(r->warnings, r->index, a, key,
			    "is not enforced here: %s",
			    enforced_lacks(&r->means));
}

static void
resolve_accounts(struct resolver *r)
{
	struct config		*c = r->config;
	const struct account	**all;
	struct account		*a;
	struct user		 user;
	size_t			 i;

	all = xcalloc(c->account_count, sizeof(*all));
	for (i = 0; i < c->account_count; i++) {
		all[i] = a = &c->accounts[i];
		if (users_find(r->users, a->name, &user))
			a->uid = user.uid;
		else
			config_errors_add(r->errors, "%s: there is no user "
			    "\"%s\"; expected a user's name, or %s for all "
			    "who have no file of their own", a->file, a->name,
			    ACCOUNT_OTHERS);
		warn_of_account(r, a);
	}
	warn_of_account(r, &c->others);
	check_twins(r, all, c->account_count);
	free(all);
}

/* How many workers of that user are to be kept, of functions up to this. */
static uint64_t
sum_kept(const struct config *c, size_t last)
{
	uint64_t	 sum = 0;
	size_t		 i;

	for (i = 0; i <= last; i++)
		if (c->functions[i]->uid == c->functions[last]->uid)
			sum += c->functions[i]->min_children;
	return sum;
}

/* Those that his account has no room for are not kept: that would be silent. */
static void
warn_of_kept(struct resolver *r, size_t number)
{
	const struct config	*c = r->config;
	const struct function	*fn = c->functions[number];
	const struct account	*a = &c->others;
	size_t			 i;

	if (fn->min_children == 0 || fn->is_template)
		return;
	for (i = 0; i < c->account_count; i++)
		if (c->accounts[i].uid == fn->uid)
			a = &c->accounts[i];
	if (a->max_children != ACCOUNT_NO_CAP &&
	    sum_kept(c, number) > a->max_children)
		WARN(r, fn, "pool.min_children", "is too much, with that of "
		    "the user's other functions, for max_children = %" PRIu64
		    " of account %s", a->max_children, a->name);
}

/* --- rlimits ------------------------------------------------------------- */

struct tasks {
	uid_t		 uid;
	uint64_t	 count;		/* RLIM_INFINITY: a function has none */
};

static int
compare_tasks(const void *a, const void *b)
{
	const struct tasks	*x = a, *y = b;

	return x->uid < y->uid ? -1 : x->uid > y->uid;
}

/* At level strict each worker has an init besides. */
static uint64_t
tasks_of(const struct function *fn)
{
	uint64_t	 each = fn->tasks_max;

	if (each == 0)
		return RLIM_INFINITY;
	if (fn->level == CONFINE_STRICT)
		each++;
	return fn->max_children * each;
}

/* Make one of the entries of each user, which stand side by side. */
static size_t
sum_tasks(struct tasks *all, size_t count)
{
	size_t	 i, kept = 0;

	for (i = 0; i < count; i++) {
		if (kept == 0 || all[kept - 1].uid != all[i].uid)
			all[kept++] = all[i];
		else if (all[i].count == RLIM_INFINITY ||
		    all[kept - 1].count == RLIM_INFINITY)
			all[kept - 1].count = RLIM_INFINITY;
		else
			all[kept - 1].count += all[i].count;
	}
	return kept;
}

/*
 * RLIMIT_NPROC counts all of a user's processes, so a user's functions share
 * the sum of theirs.  The caller's own processes nobody knows: no limit then.
 */
static void
resolve_tasks(struct resolver *r)
{
	struct config	*c = r->config;
	struct tasks	*all, *found;
	struct function	*fn;
	size_t		 count = 0, i;

	all = xcalloc(c->count, sizeof(*all));
	for (i = 0; i < c->count; i++)
		if (!c->functions[i]->is_template) {
			all[count].uid = c->functions[i]->uid;
			all[count++].count = tasks_of(c->functions[i]);
		}
	qsort(all, count, sizeof(*all), compare_tasks);
	count = sum_tasks(all, count);
	for (i = 0; i < c->count; i++) {
		fn = c->functions[i];
		found = bsearch(&(struct tasks){ fn->uid, 0 }, all, count,
		    sizeof(*all), compare_tasks);
		if (!r->as_root)
			fn->rlimits.processes = RLIM_INFINITY;
		else if (fn->is_template || found == NULL)
			fn->rlimits.processes = tasks_of(fn);
		else
			fn->rlimits.processes = found->count;
		fn->rlimits.data = fn->memory_max == 0 ? RLIM_INFINITY :
		    fn->memory_max;
	}
	free(all);
}

/* --- environment files ---------------------------------------------------- */

/*
 * One line, NAME=value as systemd has it: quotes around the value are taken
 * off.  Puts it into the list (which has room), over what has the same NAME.
 */
static const char *
take_variable(struct function *fn, char *line)
{
	struct word_list *list = &fn->environment;
	char		 *value;
	size_t		  n, i, len;

	line += strspn(line, " \t");
	len = strlen(line);
	while (len > 0 && strchr(" \t\r", line[len - 1]) != NULL)
		line[--len] = '\0';
	if (*line == '\0' || *line == '#' || *line == ';')
		return NULL;
	n = strspn(line, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "0123456789_");
	if (n == 0 || line[n] != '=' || strspn(line, "0123456789") > 0)
		return "is not NAME=value";
	value = line + n + 1;
	if (strchr("\"'", *value) != NULL && *value != '\0' &&
	    line + len > value + 1 && line[len - 1] == *value) {
		line[len - 1] = '\0';
		memmove(value, value + 1, strlen(value));
	}
	for (i = 0; i < list->count; i++)
		if (strncmp(list->words[i], line, n + 1) == 0)
			break;
	list->words[i] = arena_strdup(fn->arena, line);
	if (i == list->count)
		list->count++;
	return NULL;
}

static void
read_environment_file(struct resolver *r, struct function *fn)
{
	struct config_errors	 failed = { NULL, 0 };
	const char		**words, *why;
	char			*text, *line, *next;
	size_t			 len, lines = 1, number = 0;

	if (*fn->environment_file == '\0')
		return;
	text = files_read(fn->environment_file, ENVIRONMENT_FILE_MAX, false,
	    &len, &failed);
	if (text == NULL) {
		BLAME(r, fn, "function.environment_file", "%s",
		    failed.lines[0]);
		config_errors_release(&failed);
		return;
	}
	if (strlen(text) != len)
		BLAME(r, fn, "function.environment_file", "holds a NUL byte");
	for (line = text; (line = strchr(line, '\n')) != NULL; line++)
		lines++;
	words = arena_calloc(fn->arena, fn->environment.count + lines,
	    sizeof(*words));
	if (fn->environment.count > 0)
		memcpy(words, fn->environment.words,
		    fn->environment.count * sizeof(*words));
	fn->environment.words = words;
	for (next = text; (line = strsep(&next, "\n")) != NULL; ) {
		number++;
		if ((why = take_variable(fn, line)) != NULL)
			BLAME(r, fn, "function.environment_file",
			    "line %zu of %s %s", number,
			    fn->environment_file, why);
	}
	free(text);
}

/* --- warnings ------------------------------------------------------------- */

static void
warn_of_handler(struct resolver *r, struct function *fn)
{
	const char	*name = strrchr(fn->handler, '/') + 1;
	struct stat	 st;

	if (strncmp(name, "nph-", 4) == 0)
		WARN(r, fn, "function.handler", "%s is an nph- program, which "
		    "writes HTTP of its own; expected a CGI header from it",
		    fn->handler);
	if (fn->is_template || fn->code->runtime != NULL)
		return;
	if (stat(fn->handler, &st) == -1)
		WARN(r, fn, "function.handler", "%s: %s", fn->handler,
		    strerror(errno));
	else if (!S_ISREG(st.st_mode))
		WARN(r, fn, "function.handler", "%s is no regular file",
		    fn->handler);
	else if ((st.st_mode & 0111) == 0)
		WARN(r, fn, "function.handler", "%s is not executable; "
		    "expected chmod +x", fn->handler);
}

/* A default is no promise; what somebody has written must not be silent. */
static void
warn_of_limits(struct resolver *r, struct function *fn)
{
	struct enforcement	 e;
	size_t			 i;

	for (i = 0; enforced_row(i, fn, &r->means, &e); i++)
		if (e.by == NULL && config_is_written(r->index, fn, e.key))
			WARN(r, fn, e.key, "is not enforced here: %s",
			    e.lacks);
}

/* The names were only words until now. */
static void
check_calls(struct resolver *r, struct function *fn)
{
	const struct word_list	*names = &fn->lists->system_call_filter;
	size_t			 i;

	for (i = 0; i < names->count; i++)
		if (!seccomp_knows(names->words[i]))
			BLAME(r, fn, "sandbox.system_call_filter",
			    "there is no system call \"%s\"",
			    names->words[i]);
}

/* All others can still be served. */
static void
check_requirements(struct resolver *r, struct function *fn)
{
	const char	*word = means_lack(&r->means, fn);

	if (word != NULL)
		config_blame(r->refused, r->index, fn, "sandbox.require",
		    "%s is not to be had here: %s is refused", word, fn->name);
}

/* A function that may open the web server's door can pose as it. */
static void
warn_of_socket(struct resolver *r, struct function *fn)
{
	gid_t	 door = r->config->gateway.listen_gid;
	size_t	 i;

	if (!r->as_root || door == (gid_t)-1 || fn->is_template)
		return;
	for (i = 0; i < fn->group_count; i++)
		if (fn->groups[i] == door)
			WARN(r, fn, "sandbox.user", "\"%s\" is in listen_group "
			    "(%s) and can speak to the gateway as a web "
			    "server does", fn->user,
			    r->config->gateway.listen_group);
}

static void
warn_of_folder(struct resolver *r, const char *key, const char *path)
{
	struct stat	 st;

	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode) &&
	    st.st_mode & S_IWOTH && !(st.st_mode & S_ISVTX))
		config_blame_gateway(r->warnings, r->index, key,
		    "%s can be written to by everybody", path);
}

/* --- all of it ------------------------------------------------------------ */

static void
find_caller(struct resolver *r)
{
	char	 number[16];

	snprintf(number, sizeof(number), "%lu", (unsigned long)geteuid());
	users_find(r->users, number, &r->caller);
	r->caller.name = arena_strdup(r->config->arena, r->caller.name);
	r->caller.gid = getegid();
}

void
resolve_config(struct config *config, const struct config_index *index,
    struct config_errors *errors, struct config_errors *warnings,
    struct config_errors *refused)
{
	struct resolver	 r = { .config = config, .index = index,
			    .errors = errors, .warnings = warnings,
			    .refused = refused,
			    .as_root = privileges_can_change_user() };
	struct function	*fn;
	size_t		 i;

	means_find(&r.means, config->gateway.cgroup);
	r.users = users_create();
	find_caller(&r);
	if (r.as_root)
		resolve_gateway_as_root(&r);
	else
		resolve_gateway_as_caller(&r);
	resolve_front_users(&r);
	warn_of_folder(&r, "gateway.run_dir", config->gateway.run_dir);
	warn_of_folder(&r, "gateway.state_dir", config->gateway.state_dir);
	warn_of_folder(&r, "gateway.function_logs",
	    config->gateway.function_logs);
	resolve_accounts(&r);
	for (i = 0; i < config->count; i++) {
		fn = config->functions[i];
		if (r.as_root)
			resolve_function_as_root(&r, fn);
		else
			resolve_function_as_caller(&r, fn);
		read_environment_file(&r, fn);
		runtimes_resolve(fn, index, errors, warnings);
		warn_of_handler(&r, fn);
		check_calls(&r, fn);
		check_requirements(&r, fn);
		warn_of_limits(&r, fn);
		warn_of_socket(&r, fn);
	}
	for (i = 0; i < config->count; i++)
		warn_of_kept(&r, i);
	resolve_tasks(&r);
	authfiles_read(config, index, errors, warnings);
	authfiles_read_keys(config, index, errors, warnings);
	users_free(r.users);
}
