/*
 * resources: more of the machine than the limits allow.
 */
#include "attack.h"

#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#define LOCKED	(1024 * 1024)

static int
be_preferred(char *unused)
{
	(void)unused;
	return setpriority(PRIO_PROCESS, 0, -20);
}

static int
be_real_time(char *unused)
{
	struct sched_param	 p = { .sched_priority = 1 };

	(void)unused;
	return sched_setscheduler(0, SCHED_FIFO, &p);
}

static int
raise_limit(int resource)
{
	struct rlimit	 limit;

	if (getrlimit((__rlimit_resource_t)resource, &limit) == -1)
		return -1;
	if (limit.rlim_max == RLIM_INFINITY) {
		attack_note("there is none");
		return 0;
	}
	limit.rlim_max++;
	return setrlimit((__rlimit_resource_t)resource, &limit);
}

static int
raise_files(char *unused)
{
	(void)unused;
	return raise_limit(RLIMIT_NOFILE);
}

static int
raise_core(char *unused)
{
	(void)unused;
	return raise_limit(RLIMIT_CORE);
}

static int
lock_memory(char *unused)
{
	void	*block;

	(void)unused;
	block = mmap(NULL, LOCKED, PROT_READ | PROT_WRITE, MAP_PRIVATE |
	    MAP_ANONYMOUS, -1, 0);
	return block == MAP_FAILED ? -1 : mlock(block, LOCKED);
}

static int
make_queue(char *unused)
{
	char	 name[32];

	(void)unused;
	snprintf(name, sizeof(name), "/attack-%d", (int)getpid());
	if (mq_open(name, O_RDWR | O_CREAT | O_EXCL, 0600, NULL) == (mqd_t)-1)
		return -1;
	return mq_unlink(name);
}

static int
outlive_others(char *score)
{
	int	 fd = open("/proc/self/oom_score_adj", O_WRONLY);

	return fd == -1 || write(fd, score, strlen(score)) == -1 ? -1 : 0;
}

/* bytes: as many as fit into a folder. */
static int
fill_folder(char *argument)
{
	char	 path[256], folder[128] = "", block[65536];
	long	 bytes = 0, done;
	ssize_t	 n = 0;
	int	 fd, saved;

	sscanf(argument, "%127s %ld", folder, &bytes);
	snprintf(path, sizeof(path), "%s/fill-%d", folder, (int)getpid());
	if ((fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600)) == -1)
		return -1;
	memset(block, 'x', sizeof(block));
	for (done = 0; done < bytes; done += n)
		if ((n = write(fd, block, sizeof(block))) == -1)
			break;
	saved = errno;
	unlink(path);
	errno = saved;
	return n == -1 ? -1 : 0;
}

const struct deed	deeds_resources[] = {
	{ "be-preferred",	be_preferred },
	{ "be-real-time",	be_real_time },
	{ "raise-files",	raise_files },
	{ "raise-core",		raise_core },
	{ "lock-memory",	lock_memory },
	{ "make-queue",		make_queue },
	{ "outlive",		outlive_others },
	{ "fill",		fill_folder },
	{ NULL,			NULL }
};
