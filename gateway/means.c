/*
 * means: finding them, printing them, and what a function asks of them.
 */
#include "means.h"

#include <string.h>

#include "confine.h"
#include "function.h"
#include "privileges.h"

void
means_find(struct means *m, const char *setting)
{
	memset(m, 0, sizeof(*m));
	m->is_root = privileges_can_change_user();
	m->has_groups = cgroup_look(setting, &m->controllers, m->why);
	kernel_probe(&m->kernel);
}

void
means_take(struct means *m, const struct cgroups *cgroups)
{
	memset(m, 0, sizeof(*m));
	m->is_root = privileges_can_change_user();
	m->has_groups = cgroups != NULL;
	m->controllers = cgroups_controllers(cgroups);
	kernel_probe(&m->kernel);
}

static bool
meets(const struct means *m, const struct requirement *r)
{
	switch (r->capability) {
	case CAPABILITY_LANDLOCK:
		return m->kernel.landlock >= r->least;
	case CAPABILITY_SECCOMP:
		return m->kernel.seccomp;
	case CAPABILITY_NAMESPACES:
		return m->kernel.namespaces;
	case CAPABILITY_USERNS:
		return m->kernel.userns;
	case CAPABILITY_CGROUP:
		return m->has_groups;
	case CAPABILITY_MEMORY:
		return (m->controllers & CGROUP_MEMORY) != 0;
	case CAPABILITY_PIDS:
		return (m->controllers & CGROUP_PIDS) != 0;
	case CAPABILITY_CPU:
		return (m->controllers & CGROUP_CPU) != 0;
	default:
		return false;
	}
}

const char *
means_lack(const struct means *m, const struct function *fn)
{
	const struct word_list	*words = &fn->lists->require;
	struct requirement	 r;
	size_t			 i;

	for (i = 0; i < words->count; i++)
		if (!requirement_parse(words->words[i], &r) || !meets(m, &r))
			return words->words[i];
	return NULL;
}

static void
print_kernel(FILE *out, const struct kernel *k)
{
	if (k->landlock == 0)
		fputs("kernel: no Landlock", out);
	else
		fprintf(out, "kernel: Landlock of version %u", k->landlock);
	fprintf(out, "; %sseccomp; %snamespaces; %suser namespaces\n",
	    k->seccomp ? "" : "no ", k->namespaces ? "" : "no ",
	    k->userns ? "" : "no ");
}

void
means_print(FILE *out, const struct means *m)
{
	char	 words[CGROUPFS_WORDS];

	if (!m->has_groups)
		fprintf(out, "no cgroup: %s: a worker ends with its process "
		    "group\n", m->why);
	else
		fprintf(out, "cgroup: a worker ends with all that it forked; "
		    "controllers: %s\n", m->controllers == 0 ? "none" :
		    cgroupfs_words(words, m->controllers, ""));
	print_kernel(out, &m->kernel);
}
