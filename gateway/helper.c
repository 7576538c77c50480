/*
 * helper: from HELP to HELPER.
 */
#include "helper.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "channel.h"
#include "config.h"
#include "keeper.h"
#include "log.h"
#include "mem.h"
#include "reaper.h"
#include "watch.h"

#define NEVER		UINT64_MAX
#define SHORT_LIFE_MS	500
#define DELAY_MIN_MS	100
#define DELAY_MAX_MS	1000

struct helper {
	int		 executable;
	bool		 is_quiet;
	pid_t		 pid;		/* 0: none runs */
	bool		 is_wanted;	/* and not yet started */
	bool		 is_dropped;	/* we have killed it */
	uint64_t	 started_ms;
	uint64_t	 delay_ms;	/* before the next one */
	uint64_t	 start_ms;	/* NEVER: not now */
};

struct helper *
helper_create(int executable, bool is_quiet)
{
	struct helper	*h;

	h = xcalloc(1, sizeof(*h));
	h->executable = executable;
	h->is_quiet = is_quiet;
	h->start_ms = NEVER;
	return h;
}

void
helper_free(struct helper *h)
{
	free(h);
}

static void
drop(struct helper *h)
{
	if (h->pid == 0)
		return;
	h->is_dropped = true;
	reaper_signal(h->pid, SIGKILL);
}

static void
plan(struct helper *h)
{
	h->start_ms = h->is_wanted && h->pid == 0 ?
	    watch_now() + h->delay_ms : NEVER;
}

void
helper_want(struct helper *h)
{
	if (h->is_wanted)
		return;
	h->is_wanted = true;
	drop(h);
	plan(h);
}

void
helper_leave(struct helper *h)
{
	h->is_wanted = false;
	drop(h);
	plan(h);
}

bool
helper_is(const struct helper *h, pid_t pid)
{
	return h->pid != 0 && h->pid == pid;
}

void
helper_ended(struct helper *h, int status)
{
	if (!h->is_dropped && status != 0)
		log_error("auth: the helper ended with %s %d",
		    WIFSIGNALED(status) ? "signal" : "status",
		    WIFSIGNALED(status) ? WTERMSIG(status) :
		    WEXITSTATUS(status));
	h->pid = 0;
	h->is_dropped = false;
	/* At once, but for one that hardly lived. */
	if (watch_now() - h->started_ms >= SHORT_LIFE_MS)
		h->delay_ms = 0;
	else
		h->delay_ms = h->delay_ms == 0 ? DELAY_MIN_MS :
		    h->delay_ms * 2;
	if (h->delay_ms > DELAY_MAX_MS)
		h->delay_ms = DELAY_MAX_MS;
	plan(h);
}

uint64_t
helper_deadline(const struct helper *h)
{
	return h->start_ms;
}

void
helper_check(struct helper *h, const struct gateway_settings *settings,
    struct channel *channel)
{
	struct message	 m;
	pid_t		 pid;
	int		 fd;

	h->start_ms = NEVER;
	h->is_wanted = false;
	if (channel == NULL)
		return;
	h->started_ms = watch_now();
	memset(&m, 0, sizeof(m));
	m.type = MESSAGE_HELPER;
	pid = keeper_start_helper(h->executable, settings, h->is_quiet, &fd);
	if (pid == -1) {
		channel_send(channel, &m, NULL, 0);
		return;
	}
	h->pid = pid;
	channel_send(channel, &m, &fd, 1);
	log_info("auth: helper %ld", (long)pid);
}
