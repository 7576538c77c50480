/*
 * usage: what a worker has used, and how it ended (worker.h).
 */
#include "worker.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cgroupfs.h"
#include "function.h"
#include "keys.h"
#include "tenant.h"

/*
 * The kernel's high-water mark of a process is exact but costs 2.5 us to read.
 * A resident set grows by page faults, which the process's own CPU time pays
 * for: until it has used this much more, what it may have grown by is a few MB
 * at most, and the next reading finds it.  The same goes for a control group's,
 * and for what it has used, which the kernel must sum up: who forks uses time.
 */
#define PEAK_EVERY_NS	UINT64_C(500000)
#define OTHERS_MIN_NS	UINT64_C(100000)	/* less is between two clocks */

/* The number in one of its control group's files; false: it has gone. */
static bool
read_figure(int fd, const char *key, uint64_t *number)
{
	char	 text[1024];
	ssize_t	 n;

	if ((n = pread(fd, text, sizeof(text) - 1, 0)) <= 0)
		return false;
	text[n] = '\0';
	return cgroupfs_number(text, key, number);
}

/*
 * What its group has used beyond the ns of its own clock.  While there are
 * others that work, they are looked at each time.
 */
static uint64_t
others_ns(struct worker *w, uint64_t own_ns)
{
	uint64_t	 all_us, ns;

	if (w->cpu_stat == -1 || (!w->has_others &&
	    own_ns - w->sampled_ns < PEAK_EVERY_NS))
		return w->others_ns;
	w->sampled_ns = own_ns;
	w->has_others = false;
	if (!read_figure(w->cpu_stat, "usage_usec", &all_us) ||
	    all_us * 1000 <= own_ns + w->others_ns)
		return w->others_ns;
	ns = all_us * 1000 - own_ns;
	w->has_others = ns - w->others_ns > OTHERS_MIN_NS;
	return w->others_ns = ns;
}

void
worker_count_others(struct worker *w)
{
	w->has_others = true;
}

uint64_t
worker_cpu_us(struct worker *w)
{
	struct timespec	 used;
	uint64_t	 ns, us;

	if (w->state == WORKER_DEAD)
		ns = w->end.cpu_us * 1000;
	else if (w->cpu_clock != -1 &&
	    clock_gettime(w->cpu_clock, &used) == 0) {
		ns = (uint64_t)used.tv_sec * 1000000000 +
		    (uint64_t)used.tv_nsec;
		ns += others_ns(w, ns);
	} else
		return 0;

	/* Whole microseconds are given out, the rest is kept for the next. */
	if (ns <= w->cpu_ns)
		return 0;
	us = (ns - w->cpu_ns) / 1000;
	w->cpu_ns += us * 1000;
	return us;
}

/*
 * VmHWM of proc(5)'s status, 0 if it cannot be told.  The file stays open: it
 * is this process's for ever, not its number's.
 */
static uint64_t
read_peak_kb(struct worker *w)
{
	char		 text[4096];
	const char	*mark;
	ssize_t		 n;

	if (w->proc_status == -1) {
		snprintf(text, sizeof(text), "/proc/%ld/status", (long)w->pid);
		w->proc_status = open(text, O_RDONLY | O_CLOEXEC);
	}
	n = pread(w->proc_status, text, sizeof(text) - 1, 0);
	if (n <= 0)
		return 0;
	text[n] = '\0';
	if ((mark = strstr(text, "\nVmHWM:")) == NULL)
		return 0;
	return strtoull(mark + 7, NULL, 10);
}

static uint64_t
read_group_peak_kb(const struct worker *w)
{
	uint64_t	 bytes;

	return read_figure(w->memory_peak, NULL, &bytes) ? bytes / 1024 : 0;
}

/* May its peak be another than when it was read? */
static bool
is_peak_old(const struct worker *w)
{
	return w->peak_kb == 0 || w->cpu_clock == -1 ||
	    w->cpu_ns - w->peak_cpu_ns >= PEAK_EVERY_NS;
}

uint64_t
worker_peak_kb(struct worker *w)
{
	uint64_t	 kb;

	if (w->state == WORKER_DEAD)
		kb = w->end.max_rss_kb;
	else if (is_peak_old(w)) {
		w->peak_cpu_ns = w->cpu_ns;
		kb = w->memory_peak != -1 ? read_group_peak_kb(w) :
		    read_peak_kb(w);
	} else
		kb = w->peak_kb;
	if (kb > w->peak_kb)
		w->peak_kb = kb;
	return w->peak_kb;
}

static void
describe_oom(const struct worker *w, char *out, size_t room)
{
	struct value_buffer	 buffer = { NULL, NULL, 0 };
	const struct account	*a = w->tenant->account;
	char			 name[TENANT_NAME_MAX];

	if (!w->end.is_above)
		snprintf(out, room, "killed: out of memory, "
		    "limits.memory_max = %s", value_text(&buffer,
		    keys_function_find("limits.memory_max"), w->function));
	else if (a->memory_max != ACCOUNT_NO_CAP)
		snprintf(out, room, "killed: out of memory, %s: "
		    "memory_max = %s", tenant_name(w->tenant, name),
		    value_text(&buffer,
		    keys_account_find("account.memory_max"), a));
	else
		snprintf(out, room, "killed: the machine is out of memory");
	value_buffer_release(&buffer);
}

void
worker_describe_end(const struct worker *w, char *out, size_t room)
{
	const struct worker_end	*end = &w->end;
	const char		*name;

	if (end->error == EAGAIN && strcmp(end->step, "exec") == 0)
		snprintf(out, room, "exec: %s: all processes of its user, "
		    "counted together, are limited by the tasks_max of that "
		    "user's functions", strerror(end->error));
	else if (end->error != 0)
		snprintf(out, room, "%s: %s", end->step, strerror(end->error));
	else if (end->step[0] != '\0')
		snprintf(out, room, "%s", end->step);
	else if (end->refused)
		snprintf(out, room, "not started");
	else if (end->is_oom)
		describe_oom(w, out, room);
	else if (WIFSIGNALED(end->status)) {
		name = sigabbrev_np(WTERMSIG(end->status));
		snprintf(out, room, "died: signal %d (SIG%s)",
		    WTERMSIG(end->status), name != NULL ? name : "?");
	} else
		snprintf(out, room, "exited with status %d",
		    WEXITSTATUS(end->status));
}
