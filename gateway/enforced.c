/*
 * enforced: a row for each limit, and how it is made to hold.
 */
#include "enforced.h"

#include <string.h>

#include "account.h"
#include "confined.h"
#include "function.h"
#include "keys.h"

#define WEIGHT	100	/* that of all who say nothing */

static const char	no_limit[] = "no limit";

static const char *
by_memory(const struct function *fn, const struct means *m)
{
	if (fn->memory_max == 0)
		return no_limit;
	return m->controllers & CGROUP_MEMORY ?
	    "memory.max, for all its processes together" :
	    "RLIMIT_DATA, for each of its processes";
}

static const char *
by_tasks(const struct function *fn, const struct means *m)
{
	if (fn->tasks_max == 0)
		return no_limit;
	if (m->controllers & CGROUP_PIDS)
		return "pids.max";
	return m->is_root ? "RLIMIT_NPROC, for all functions of its user "
	    "together" : NULL;
}

static const char *
by_cpu(const struct function *fn, const struct means *m)
{
	if (*fn->cpu_max == '\0' || strncmp(fn->cpu_max, "max", 3) == 0)
		return no_limit;
	return m->controllers & CGROUP_CPU ? "cpu.max" : NULL;
}

static const char *
by_weight(const struct function *fn, const struct means *m)
{
	if (m->controllers & CGROUP_CPU)
		return "cpu.weight";
	return fn->cpu_weight == WEIGHT ? no_limit : NULL;
}

static const char *
by_rlimit(const struct function *fn, const struct means *m)
{
	(void)fn;
	(void)m;
	return "setrlimit";
}

static const char *
by_freezer(const struct function *fn, const struct means *m)
{
	if (!fn->freeze)
		return "not wanted";
	return m->has_groups ? "cgroup.freeze, for all that it forked" :
	    "SIGSTOP, for its process group";
}

/* --- accounts ------------------------------------------------------------- */

static const char	both[] = "gateway and spawner";

static const char *
account_children(const struct account *a, const struct means *m)
{
	(void)m;
	return a->max_children == ACCOUNT_NO_CAP ? no_limit : both;
}

static const char *
account_queue(const struct account *a, const struct means *m)
{
	(void)m;
	return a->queue_max == ACCOUNT_NO_CAP ? no_limit : "gateway";
}

static const char *
account_starts(const struct account *a, const struct means *m)
{
	(void)m;
	return a->start_rate == ACCOUNT_NO_CAP ? no_limit : both;
}

static const char *
account_log(const struct account *a, const struct means *m)
{
	(void)m;
	return a->log_rate == ACCOUNT_NO_CAP ? no_limit : "gateway";
}

static const char *
account_memory(const struct account *a, const struct means *m)
{
	if (a->memory_max == ACCOUNT_NO_CAP)
		return no_limit;
	return m->controllers & CGROUP_MEMORY ? "memory.max" : NULL;
}

static const char *
account_tasks(const struct account *a, const struct means *m)
{
	if (a->tasks_max == ACCOUNT_NO_CAP)
		return no_limit;
	if (m->controllers & CGROUP_PIDS)
		return "pids.max";
	return m->is_root ? "RLIMIT_NPROC" : NULL;
}

static const char *
account_cpu(const struct account *a, const struct means *m)
{
	if (*a->cpu_max == '\0' || strncmp(a->cpu_max, "max", 3) == 0)
		return no_limit;
	return m->controllers & CGROUP_CPU ? "cpu.max" : NULL;
}

static const char *
account_weight(const struct account *a, const struct means *m)
{
	if (m->controllers & CGROUP_CPU)
		return "cpu.weight";
	return a->cpu_weight == WEIGHT ? no_limit : NULL;
}

static const struct {
	const char	*key;
	const char	*(*by)(const struct account *, const struct means *);
} account_rows[] = {
	{ "account.max_children", account_children },
	{ "account.queue_max",	 account_queue },
	{ "account.start_rate",	 account_starts },
	{ "account.log_rate",	 account_log },
	{ "account.memory_max",	 account_memory },
	{ "account.tasks_max",	 account_tasks },
	{ "account.cpu_max",	 account_cpu },
	{ "account.cpu_weight",	 account_weight },
};

/* --- functions ------------------------------------------------------------ */

static const struct confined_row rows[] = {
	{ "limits.memory_max",	 by_memory },
	{ "limits.tasks_max",	 by_tasks },
	{ "limits.cpu_max",	 by_cpu },
	{ "limits.cpu_weight",	 by_weight },
	{ "limits.rlimit_files", by_rlimit },
	{ "limits.rlimit_core",	 by_rlimit },
	{ "pool.freeze",	 by_freezer },
};

const char *
enforced_lacks(const struct means *m)
{
	return m->has_groups ? "the cgroup lacks its controller" : m->why;
}

bool
enforced_row(size_t i, const struct function *fn, const struct means *m,
    struct enforcement *e)
{
	const struct confined_row	*row;
	const size_t			 count = sizeof(rows) /
					     sizeof(rows[0]);

	row = i < count ? &rows[i] : confined_find(i - count);
	if (row == NULL)
		return false;
	e->key = row->key;
	e->by = row->by(fn, m);
	e->lacks = i < count ? enforced_lacks(m) : confined_lacks(fn, m);
	return true;
}

bool
enforced_account_row(size_t i, const struct account *a, const struct means *m,
    const char **key, const char **by)
{
	if (i >= sizeof(account_rows) / sizeof(account_rows[0]))
		return false;
	*key = account_rows[i].key;
	*by = account_rows[i].by(a, m);
	return true;
}

void
enforced_print_account(FILE *out, const struct account *a,
    const struct means *m)
{
	struct value_buffer	 buffer = { NULL, NULL, 0 };
	const char		*key, *by;
	size_t			 i;

	for (i = 0; enforced_account_row(i, a, m, &key, &by); i++)
		fprintf(out, "account %s: %s = %s: %s\n", a->name,
		    strchr(key, '.') + 1,
		    value_text(&buffer, keys_account_find(key), a),
		    by != NULL ? by : "NOT ENFORCED");
	value_buffer_release(&buffer);
}

void
enforced_print(FILE *out, const struct function *fn, const struct means *m)
{
	struct value_buffer	 buffer = { NULL, NULL, 0 };
	const char		*word = means_lack(m, fn);
	struct enforcement	 e;
	size_t			 i;

	for (i = 0; enforced_row(i, fn, m, &e); i++)
		fprintf(out, "%s: %s = %s: %s\n", fn->name, e.key,
		    value_text(&buffer, keys_function_find(e.key), fn),
		    e.by != NULL ? e.by : "NOT ENFORCED");
	if (word != NULL)
		fprintf(out, "%s: REFUSED: it requires %s\n", fn->name, word);
	value_buffer_release(&buffer);
}

/* What is not at its default, and what that means. */
void
enforced_print_access(FILE *out, const struct function *fn)
{
	static const char *const	 keys[] = { "access.allow",
	    "access.deny", "access.auth", "access.auth_file",
	    "access.satisfy" };
	const struct function_access	*access = fn->access;
	struct value_buffer		 buffer = { NULL, NULL, 0 };
	const struct setting		*row;
	const char			*text;
	size_t				 i;

	fprintf(out, "%s: access:", fn->name);
	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		row = keys_function_find(keys[i]);
		text = value_text(&buffer, row, access);
		if (strcmp(text, row->fallback) != 0)
			fprintf(out, " %s = %s;", strchr(keys[i], '.') + 1,
			    text);
	}
	value_buffer_release(&buffer);
	if (access->auth == AUTH_NONE)
		fputs(access->allow.count + access->deny.count == 0 ?
		    " whoever gets past the web server\n" :
		    " nobody has to log in\n", out);
	else
		fputs(access->satisfy == SATISFY_ANY &&
		    access->allow.count > 0 ?
		    " who is not in allow has to log in\n" :
		    " everybody has to log in\n", out);
}
