/*
 * loads: from SIGHUP to COMMIT.
 */
#include "loads.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "channel.h"
#include "config.h"
#include "errorlog.h"
#include "listeners.h"
#include "load.h"
#include "log.h"
#include "mem.h"
#include "watch.h"

struct loads {
	int		 epoll;
	const char	*path;
	struct channel	*channel;	/* NULL: no gateway */
	bool		 is_in_force;	/* COMMIT has been sent to it */
	struct load	*now;
	struct load	*former;	/* STARTs of it may be under way */
	struct load	*fresh;		/* offered */
	struct listeners listeners;
	struct listeners fresh_listeners;
	uint64_t	 last_generation;
	pid_t		 reader;	/* 0: none */
	struct watch	 reading;	/* what it leaves */
	bool		 once_more;	/* reload when this one is over */
	bool		 is_over;	/* we end: no load comes any more */
};

/* --- to the gateway ----------------------------------------------------- */

static void
tell_commit(struct loads *ls)
{
	struct message	 m;

	memset(&m, 0, sizeof(m));
	m.type = MESSAGE_COMMIT;
	m.load.generation = ls->now->generation;
	channel_send(ls->channel, &m, NULL, 0);
	ls->is_in_force = true;
}

/* Offer a load with its sockets: all, or those that are new with it. */
static int
tell_load(struct loads *ls, const struct load *load,
    const struct listeners *listeners, bool all)
{
	struct message	 m;
	int		 fds[MESSAGE_FDS_MAX], i, n, saved;

	memset(&m, 0, sizeof(m));
	m.type = MESSAGE_LOAD;
	m.load.generation = load->generation;
	fds[0] = load->gateway_fd;
	n = 1 + listeners_descriptors(listeners, all, fds + 1,
	    MESSAGE_FDS_MAX - 1, &m.load.listeners);
	/* The channel closes what it sends, so it gets copies. */
	for (i = 0; i < n; i++)
		if ((fds[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, 0)) == -1) {
			saved = errno;
			while (i > 0)
				close(fds[--i]);
			errno = saved;
			return -1;
		}
	channel_send(ls->channel, &m, fds, n);
	return 0;
}

/* --- reload ------------------------------------------------------------- */

static void
drop_fresh(struct loads *ls)
{
	if (ls->fresh == NULL)
		return;
	listeners_abandon(&ls->fresh_listeners);
	load_free(ls->fresh);
	ls->fresh = NULL;
}

/* This reload is over; is there another to do? */
static void
reload_ended(struct loads *ls)
{
	if (ls->once_more)
		loads_reload(ls);
}

static void
refuse(struct loads *ls, uint64_t generation)
{
	log_error("configuration of generation %llu is refused; "
	    "generation %llu stays", (unsigned long long)generation,
	    (unsigned long long)ls->now->generation);
	drop_fresh(ls);
	reload_ended(ls);
}

static void
on_read(void *arg, uint32_t events)
{
	struct loads	*ls = arg;
	uint64_t	 generation = ++ls->last_generation;
	int		 fd = watch_remove(ls->epoll, &ls->reading);

	(void)events;
	if ((ls->fresh = load_finish(fd, generation)) == NULL) {
		refuse(ls, generation);
		return;
	}
	if (load_hide(ls->fresh) == -1 || listeners_open(&ls->fresh_listeners,
	    &ls->fresh->settings, &ls->listeners) == -1) {
		refuse(ls, generation);
		return;
	}
	if (!ls->is_in_force) {
		/* No gateway to ask: the files are read again for the next. */
		drop_fresh(ls);
		ls->once_more = true;
	} else if (tell_load(ls, ls->fresh, &ls->fresh_listeners, false) ==
	    -1) {
		log_errno("reload");
		refuse(ls, generation);
	}
}

void
loads_reload(struct loads *ls)
{
	int	 fd;

	if (ls->is_over)
		return;
	if (ls->reading.fd != -1 || ls->fresh != NULL || !ls->is_in_force) {
		ls->once_more = true;
		return;
	}
	ls->once_more = false;
	if ((ls->reader = load_begin(ls->path, &fd)) == -1) {
		log_errno("reload: fork");
		ls->reader = 0;
	} else if (watch_add(ls->epoll, &ls->reading, fd, EPOLLIN) == -1) {
		log_errno("reload");
		close(fd);
	} else
		return;
	refuse(ls, ++ls->last_generation);
}

/* These are what we stand on. */
static void
warn_of_change(const struct gateway_settings *old,
    const struct gateway_settings *fresh)
{
	if (old->uid != fresh->uid || old->gid != fresh->gid ||
	    strcmp(old->run_dir, fresh->run_dir) != 0 ||
	    strcmp(old->cgroup, fresh->cgroup) != 0 ||
	    strcmp(old->pid_file, fresh->pid_file) != 0)
		log_warning("a change of user, group, run_dir, cgroup or "
		    "pid_file takes a restart");
}

static void
commit_fresh(struct loads *ls)
{
	const struct gateway_settings	*settings = &ls->fresh->settings;

	warn_of_change(&ls->now->settings, settings);
	listeners_replace(&ls->listeners, &ls->fresh_listeners, settings);
	if (errorlog_open(settings) == -1)
		log_errno("error_log = %s", settings->error_log);
	load_free(ls->former);
	ls->former = ls->now;
	ls->now = ls->fresh;
	ls->fresh = NULL;
	tell_commit(ls);
	log_notice("configuration of generation %llu is in force",
	    (unsigned long long)ls->now->generation);
	reload_ended(ls);
}

/* --- what the spawner asks ---------------------------------------------- */

struct loads *
loads_create(int epoll, const char *path, struct load *load,
    struct listeners *listeners)
{
	struct loads	*ls;

	ls = xcalloc(1, sizeof(*ls));
	ls->epoll = epoll;
	ls->path = path;
	ls->now = load;
	ls->last_generation = load->generation;
	ls->listeners = *listeners;
	ls->reading.fd = -1;
	ls->reading.on_ready = on_read;
	ls->reading.arg = ls;
	if (load_hide(load) == -1)
		fatal("madvise");
	return ls;
}

void
loads_free(struct loads *ls)
{
	drop_fresh(ls);
	watch_close(ls->epoll, &ls->reading);
	listeners_close(&ls->listeners);
	load_free(ls->former);
	load_free(ls->now);
	free(ls);
}

int
loads_serve(struct loads *ls, struct channel *channel)
{
	ls->channel = channel;
	ls->is_in_force = false;
	return tell_load(ls, ls->now, &ls->listeners, true);
}

void
loads_abandon(struct loads *ls)
{
	ls->channel = NULL;
	ls->is_in_force = false;
	if (ls->fresh != NULL) {
		drop_fresh(ls);
		ls->once_more = true;
	}
}

bool
loads_are_in_force(const struct loads *ls)
{
	return ls->is_in_force;
}

const char *
loads_answer(struct loads *ls, const struct message_load *loaded)
{
	if (!ls->is_in_force && loaded->generation == ls->now->generation) {
		if (!loaded->accepted)
			return "it refuses the configuration";
		tell_commit(ls);
		reload_ended(ls);
		return NULL;
	}
	if (ls->is_over)
		return NULL;	/* to one that was dropped meanwhile */
	if (!ls->is_in_force || ls->fresh == NULL ||
	    loaded->generation != ls->fresh->generation)
		return "it answers a load that it was not offered";
	if (loaded->accepted)
		commit_fresh(ls);
	else
		refuse(ls, loaded->generation);
	return NULL;
}

pid_t
loads_reader(const struct loads *ls)
{
	return ls->reader;
}

void
loads_reader_ended(struct loads *ls)
{
	ls->reader = 0;
}

const struct load *
loads_find(struct loads *ls, uint64_t generation)
{
	if (generation == ls->now->generation) {
		/* Messages come in order: none of the former follows. */
		load_free(ls->former);
		ls->former = NULL;
		return ls->now;
	}
	if (ls->former != NULL && generation == ls->former->generation)
		return ls->former;
	return NULL;
}

const struct load *
loads_now(const struct loads *ls)
{
	return ls->now;
}

uint64_t
loads_generation(const struct loads *ls)
{
	return ls->now->generation;
}

const struct gateway_settings *
loads_settings(const struct loads *ls)
{
	return &ls->now->settings;
}

/* Sockets that a fresh load shares must not be used through it any more. */
void
loads_end(struct loads *ls)
{
	ls->is_over = true;
	watch_close(ls->epoll, &ls->reading);
	drop_fresh(ls);
	listeners_close(&ls->listeners);
}
