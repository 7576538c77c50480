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

#include "timer.h"

#define PEAK_EVERY_MS	50	/* the kernel's peak is dear to read */

uint64_t
worker_cpu_us(struct worker *w)
{
	struct timespec	 used;
	uint64_t	 ns, us;

	if (w->state == WORKER_DEAD)
		ns = w->end.cpu_us * 1000;
	else if (w->cpu_clock != -1 && clock_gettime(w->cpu_clock, &used) == 0)
		ns = (uint64_t)used.tv_sec * 1000000000 +
		    (uint64_t)used.tv_nsec;
	else
		return 0;

	/* Whole microseconds are given out, the rest is kept for the next. */
	if (ns <= w->cpu_ns)
		return 0;
	us = (ns - w->cpu_ns) / 1000;
	w->cpu_ns += us * 1000;
	return us;
}

/* The resident set now: statm's second number, in pages (proc(5)). */
static uint64_t
read_resident_kb(struct worker *w)
{
	char		 text[128];
	unsigned long	 total, resident;
	ssize_t		 n;

	if (w->statm == -1) {
		snprintf(text, sizeof(text), "/proc/%ld/statm", (long)w->pid);
		w->statm = open(text, O_RDONLY | O_CLOEXEC);
	}
	if (w->statm == -1 ||
	    (n = pread(w->statm, text, sizeof(text) - 1, 0)) <= 0)
		return 0;
	text[n] = '\0';
	if (sscanf(text, "%lu %lu", &total, &resident) != 2)
		return 0;
	return (uint64_t)resident * (uint64_t)sysconf(_SC_PAGESIZE) / 1024;
}

/* The kernel's own high-water mark: exact, but five times as dear to read. */
static uint64_t
read_peak_kb(const struct worker *w)
{
	char		 text[4096];
	const char	*mark;
	ssize_t		 n;
	int		 fd;

	snprintf(text, sizeof(text), "/proc/%ld/status", (long)w->pid);
	if ((fd = open(text, O_RDONLY | O_CLOEXEC)) == -1)
		return 0;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (n <= 0)
		return 0;
	text[n] = '\0';
	if ((mark = strstr(text, "\nVmHWM:")) == NULL)
		return 0;
	return strtoull(mark + 7, NULL, 10);
}

uint64_t
worker_peak_kb(struct worker *w)
{
	uint64_t	 kb, now;

	if (w->state == WORKER_DEAD)
		kb = w->end.max_rss_kb;
	else if ((now = timer_now()) - w->peak_read_ms >= PEAK_EVERY_MS) {
		w->peak_read_ms = now;
		kb = read_peak_kb(w);
	} else
		kb = read_resident_kb(w);
	if (kb > w->peak_kb)
		w->peak_kb = kb;
	return w->peak_kb;
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
	else if (WIFSIGNALED(end->status)) {
		name = sigabbrev_np(WTERMSIG(end->status));
		snprintf(out, room, "died: signal %d (SIG%s)",
		    WTERMSIG(end->status), name != NULL ? name : "?");
	} else
		snprintf(out, room, "exited with status %d",
		    WEXITSTATUS(end->status));
}
