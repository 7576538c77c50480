/*
 * gateway: the main of the process that everything from outside passes
 * through.  It is started by the spawner, never as root, opens no
 * configuration file, and does as the spawner's messages say: take a load, put
 * it in force beside what runs, reopen its logs, drain, stop.
 *
 *	tollgate-gateway			descriptor 3 is the channel
 *	tollgate-gateway check LOAD [REQUEST]	LOAD is a descriptor: print its
 *						errors, or the route of REQUEST
 */
#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <event2/event.h>

#include "access.h"
#include "accounting.h"
#include "config.h"
#include "front.h"
#include "funclog.h"
#include "function.h"
#include "lockdown.h"
#include "log.h"
#include "mem.h"
#include "message.h"
#include "module.h"
#include "outbox.h"
#include "pool.h"
#include "request.h"
#include "route.h"
#include "runtimeapi.h"
#include "tenant.h"
#include "timer.h"
#include "verifier.h"
#include "worker.h"

#define CHANNEL		3	/* the descriptor that the spawner left */
#define MEMORY_KEPT	(2 * 1024 * 1024)	/* bytes, unused */
#define LAST_TURNS	16	/* of the loop, for records of what is cut */

static const struct protocol	*const protocols[] = {
	&protocol_fastcgi,
	&protocol_cgi,
	&protocol_lambda,
};

struct load {			/* accepted, not yet in force */
	struct config	*config;
	struct router	*router;
	int		 fds[MESSAGE_FDS_MAX];	/* listeners, -1: kept */
};

struct gateway {
	struct event_base	*base;
	struct config		*config;
	struct router		*router;
	struct load		*next;
	struct services		 services;
	struct tenants		*tenants;
	struct workers		*workers;
	struct pools		*pools;
	struct funclogs		*logs;
	struct outbox		*outbox;	/* NULL: there is none */
	struct runtimeapi	*runtimeapi;
	struct ledger		*ledger;
	struct requests		*requests;
	struct access		*access;
	struct front		*front;
	struct lockdown		*lockdown;	/* NULL: serves nobody yet */
	struct timer		*last_time;	/* when a drain is over */
	bool			 is_draining;
	int			 exit_status;
};

static const struct protocol *
find_protocol(const char *name)
{
	size_t	 i;

	for (i = 0; i < sizeof(protocols) / sizeof(protocols[0]); i++)
		if (strcmp(protocols[i]->name, name) == 0)
			return protocols[i];
	return NULL;
}

/* --- loads -------------------------------------------------------------- */

static void
say_errors(const struct config_errors *errors)
{
	size_t	 i;

	for (i = 0; i < errors->count; i++)
		log_error("%s", errors->lines[i]);
}

/* Read what a sealed memfd holds.  NULL after adding to errors. */
static struct config *
read_load(int fd, uint64_t generation, const struct config *old,
    struct config_errors *errors)
{
	struct config	*config;
	struct stat	 st;
	void		*text;

	if (fstat(fd, &st) == -1 || st.st_size == 0) {
		config_errors_add(errors, "the load is empty");
		return NULL;
	}
	text = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (text == MAP_FAILED) {
		config_errors_add(errors, "the load cannot be mapped: %s",
		    strerror(errno));
		return NULL;
	}
	config = config_read(text, (size_t)st.st_size, generation, old,
	    errors);
	munmap(text, (size_t)st.st_size);
	return config;
}

static void
load_free(struct load *load)
{
	size_t	 i;

	if (load == NULL)
		return;
	for (i = 0; i < MESSAGE_FDS_MAX; i++)
		if (load->fds[i] != -1)
			close(load->fds[i]);
	router_free(load->router);
	config_free(load->config);
	free(load);
}

/* Which listeners come along is said by bits; the others are kept. */
static void
take_listeners(struct load *load, uint32_t bits, const int *fds, int count)
{
	size_t	 i;

	for (i = 0; i < MESSAGE_FDS_MAX; i++) {
		load->fds[i] = -1;
		if ((bits >> i & 1) != 0 && count > 0) {
			load->fds[i] = *fds++;
			count--;
		}
	}
	while (count-- > 0)
		close(*fds++);
}

/* Without a ledger there is no service: the first load must bring one. */
static int
open_ledger(struct gateway *g, const struct gateway_settings *s)
{
	if (g->ledger != NULL)
		return 0;
	g->ledger = ledger_create(g->base, s->accounting, s->accounting_full,
	    s->accounting_memory);
	if (g->ledger == NULL) {
		log_errno("accounting = %s", s->accounting);
		return -1;
	}
	g->services.ledger = g->ledger;
	return 0;
}

static void
on_load(struct gateway *g, const struct message *m, const int *fds, int count)
{
	struct message		 answer = { .type = MESSAGE_LOADED };
	struct config_errors	 errors = { NULL, 0 };
	struct load		*load;

	load_free(g->next);
	g->next = NULL;
	load = xcalloc(1, sizeof(*load));
	take_listeners(load, m->load.listeners, fds + 1, count - 1);
	load->config = read_load(fds[0], m->load.generation, g->config,
	    &errors);
	close(fds[0]);
	if (load->config != NULL)
		load->router = router_create(load->config, &errors);

	answer.load.generation = m->load.generation;
	if (load->router != NULL &&
	    lockdown_permits(g->lockdown, load->config, &errors) &&
	    open_ledger(g, &load->config->gateway) == 0) {
		answer.load.accepted = 1;
		g->next = load;
	} else {
		say_errors(&errors);
		load_free(load);
	}
	config_errors_release(&errors);
	workers_tell(g->workers, &answer);
}

static void
configure_logs(struct gateway *g, const struct gateway_settings *s)
{
	if (log_open(s->error_log, s->log_level, "gateway") == -1)
		log_errno("error_log = %s", s->error_log);
	funclogs_reopen(g->logs, s->function_logs);
}

static void
reopen_ledger(struct gateway *g)
{
	const struct gateway_settings	*s = &g->config->gateway;

	if (ledger_reopen(g->ledger, s->accounting) == -1)
		log_errno("accounting = %s stays as it was", s->accounting);
}

static void
warn_of_open_api(const struct gateway_settings *s)
{
	if (s->api_hosts.count > 0 && s->api_auth == API_AUTH_NONE)
		log_warning("api_auth = none: whoever reaches the gateway by "
		    "%s%s may invoke every function", s->api_hosts.words[0],
		    s->api_hosts.count > 1 ? " or another of api_hosts" : "");
}

/* What the old load still holds is held by reference: requests, workers. */
static void
on_commit(struct gateway *g, const struct message *m)
{
	struct message			 ready = { .type = MESSAGE_READY };
	const struct gateway_settings	*s;
	struct config			*old = g->config;
	struct router			*old_router = g->router;
	struct load			*load = g->next;

	if (load == NULL || load->config->generation != m->load.generation) {
		log_error("COMMIT of a load that was not accepted");
		return;
	}
	g->next = NULL;
	g->config = load->config;
	g->router = load->router;
	s = &g->config->gateway;
	g->services.settings = s;
	g->services.config = g->config;
	g->services.router = g->router;
	g->services.generation = g->config->generation;
	configure_logs(g, s);
	warn_of_open_api(s);
	workers_configure(g->workers, s->stop_timeout_ms);
	ledger_configure(g->ledger, s->accounting_full, s->accounting_memory);
	if (old != NULL && strcmp(old->gateway.accounting, s->accounting) != 0)
		reopen_ledger(g);
	if (g->lockdown == NULL)
		g->lockdown = lockdown_enter(g->config);
	tenants_configure(g->tenants, g->config);
	pools_configure(g->pools, g->config);
	front_listen(g->front, load->fds, s->listen.count);
	free(load);
	router_free(old_router);
	config_free(old);
	/* Else the old router's pages stay ours until the next load. */
	malloc_trim(0);
	log_notice("load %llu is in force: %zu functions",
	    (unsigned long long)g->config->generation, g->config->count);
	if (old == NULL)
		workers_tell(g->workers, &ready);
}

/* --- the end ------------------------------------------------------------ */

static void
end_when_idle(void *arg)
{
	struct gateway	*g = arg;

	if (g->is_draining && requests_count(g->requests) == 0)
		event_base_loopexit(g->base, NULL);
}

static void
on_last_time(void *arg)
{
	struct gateway	*g = arg;

	log_warning("%zu requests are broken off",
	    requests_count(g->requests));
	event_base_loopexit(g->base, NULL);
}

/* Take nothing new and end when all is done, or after limit_ms (0: never). */
static void
drain(struct gateway *g, uint64_t limit_ms)
{
	g->is_draining = true;
	front_drain(g->front);
	pools_drain(g->pools);
	if (limit_ms != 0)
		timer_start(g->last_time, limit_ms);
	end_when_idle(g);
}

static void
on_lost(void *arg)
{
	struct gateway	*g = arg;

	log_error("the spawner has gone: nothing can be started any more");
	g->exit_status = 1;
	event_base_loopbreak(g->base);
}

static void
on_control(void *arg, const struct message *m, const int *fds, int count)
{
	struct gateway	*g = arg;

	switch (m->type) {
	case MESSAGE_LOAD:
		on_load(g, m, fds, count);
		return;
	case MESSAGE_COMMIT:
		on_commit(g, m);
		break;
	case MESSAGE_HELPER:
		access_take_helper(g->access, count > 0 ? fds[0] : -1);
		return;
	case MESSAGE_REOPEN:
		if (log_reopen() == -1)
			log_errno("error_log cannot be opened anew");
		reopen_ledger(g);
		funclogs_reopen(g->logs, g->config->gateway.function_logs);
		break;
	case MESSAGE_DRAIN:
		drain(g, g->config->gateway.drain_timeout_ms);
		break;
	case MESSAGE_STOP:
		drain(g, g->config->gateway.stop_timeout_ms);
		break;
	default:
		log_error("message of type %u has no place here", m->type);
		break;
	}
	while (count-- > 0)
		close(fds[count]);
}

/* --- what workers leave ------------------------------------------------- */

/*
 * What a worker used since its last record, before its first or after its last
 * request, goes into a record of its own, so that sums are whole.
 */
static void
on_worker_gone(void *arg, struct worker *w)
{
	struct gateway	*g = arg;
	struct record	 rec = { .trigger = "worker", .method = "", .path = "",
	    .attempt = 1 };
	char		 id[37], user[24];

	worker_count_others(w);
	rec.cpu_us = worker_cpu_us(w);
	if (rec.cpu_us == 0 || w->pid == 0)
		return;
	requests_make_id(g->requests, id);
	rec.id = id;
	rec.time_us = requests_time_us();
	rec.function = w->function->name;
	rec.version = w->function->version;
	rec.user = w->function->user;
	if (rec.user[0] == '\0') {	/* a template's: as in other records */
		snprintf(user, sizeof(user), "%ld", (long)w->uid);
		rec.user = user;
	}
	if (w->end.is_oom)
		rec.outcome = OUTCOME_OOM;
	else if (WIFSIGNALED(w->end.status) && !w->is_retiring)
		rec.outcome = OUTCOME_CRASH;
	rec.memory_bytes = w->function->memory_max;
	rec.max_memory_kb = worker_peak_kb(w);
	rec.worker = w->pid;
	ledger_add(g->ledger, &rec, NULL, NULL);
}

/* --- main --------------------------------------------------------------- */

/*
 * The spawner's messages say what to do; signals that a terminal or a service
 * manager sends to the whole group are meant for it.  SIGPIPE and SIGXFSZ
 * would be a peer's or a disk's way to end us.
 */
static void
ignore_signals(void)
{
	static const int	 ignored[] = {
		SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGPIPE, SIGXFSZ,
	};
	size_t			 i;

	for (i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
		signal(ignored[i], SIG_IGN);
}

static struct event_base *
base_create(void)
{
	struct event_config	*config;
	struct event_base	*base;

	if ((config = event_config_new()) == NULL)
		return NULL;
	event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK);
	base = event_base_new_with_config(config);
	event_config_free(config);
	return base;
}

static void
ask_helper(void *arg)
{
	struct gateway	*g = arg;
	struct message	 m = { .type = MESSAGE_HELP };

	workers_tell(g->workers, &m);
}

static void
gateway_init(struct gateway *g)
{
	struct workers_setup	 workers = {
		.channel = CHANNEL, .on_control = on_control,
		.on_lost = on_lost, .arg = g,
	};
	struct pools_setup	 pools = {
		.find_protocol = find_protocol,
		.on_worker_gone = on_worker_gone, .arg = g,
	};
	struct verifier_setup	 access = {
		.ask_helper = ask_helper, .arg = g,
	};

	if ((g->base = base_create()) == NULL)
		fatal("event loop");
	timer_init(g->base);
	if ((g->outbox = outbox_create()) == NULL)
		log_info("no io_uring (%s): each message is sent at once",
		    strerror(errno));
	g->logs = funclogs_create("");
	g->tenants = tenants_create();
	workers.base = g->base;
	workers.logs = g->logs;
	workers.tenants = g->tenants;
	workers.outbox = g->outbox;
	if ((g->runtimeapi = runtimeapi_create(g->base)) == NULL)
		fatal("runtime API");
	workers.runtimeapi = g->runtimeapi;
	workers.stop_timeout_ms = 5000;
	g->workers = workers_create(&workers);
	pools.workers = g->workers;
	pools.tenants = g->tenants;
	g->pools = pools_create(&pools);
	g->requests = requests_create();
	requests_on_none(g->requests, end_when_idle, g);
	g->services.pools = g->pools;
	g->services.requests = g->requests;
	g->services.logs = g->logs;
	g->services.outbox = g->outbox;
	access.base = g->base;
	g->access = g->services.access = access_create(&access);
	g->front = front_create(g->base, &g->services);
	g->last_time = timer_new(on_last_time, g);
}

/* -1 if there is nothing left to wait for. */
static int
run_turn(struct gateway *g, int flags)
{
	int	 result;

	result = event_base_loop(g->base, flags);
	outbox_flush(g->outbox);
	return result == 0 ? 0 : -1;
}

static void
run_loop(struct gateway *g)
{
	while (run_turn(g, EVLOOP_ONCE) == 0)
		if (event_base_got_exit(g->base) ||
		    event_base_got_break(g->base))
			break;
}

/* Break off what still runs, and write the records of that. */
static void
gateway_end(struct gateway *g)
{
	int	 i;

	front_free(g->front);
	for (i = 0; i < LAST_TURNS; i++)
		run_turn(g, EVLOOP_NONBLOCK);
	pools_close_accounts(g->pools);
	requests_free(g->requests);
	access_free(g->access);
	pools_free(g->pools);
	workers_free(g->workers);
	runtimeapi_free(g->runtimeapi);
	tenants_free(g->tenants);
	ledger_free(g->ledger);
	funclogs_free(g->logs);
	outbox_free(g->outbox);
	load_free(g->next);
	router_free(g->router);
	config_free(g->config);
	lockdown_free(g->lockdown);
	timer_free(g->last_time);
	timer_release();
	event_base_free(g->base);
}

/*
 * Buffers of long answers and bodies come and go with each request.  Given back
 * to the kernel and taken anew, page by page, they would cost more than all
 * that is done with them.
 */
static void
keep_memory(void)
{
	mallopt(M_TRIM_THRESHOLD, MEMORY_KEPT);
	mallopt(M_MMAP_THRESHOLD, MEMORY_KEPT);
}

static int
serve(void)
{
	struct gateway	 g;

	memset(&g, 0, sizeof(g));
	if (geteuid() == 0) {
		errno = EPERM;
		fatal("root");
	}
	/* Where workers have our uid, they must not look into us. */
	if (prctl(PR_SET_DUMPABLE, 0) == -1)
		fatal("PR_SET_DUMPABLE");
	keep_memory();
	gateway_init(&g);
	run_loop(&g);
	gateway_end(&g);
	return g.exit_status;
}

static int
check(const char *fd_text, const char *request)
{
	struct config_errors	 errors = { NULL, 0 };
	struct config		*config;
	struct router		*router = NULL;
	size_t			 i;
	int			 status = 1;

	config = read_load(atoi(fd_text), 1, NULL, &errors);
	if (config != NULL)
		router = router_create(config, &errors);
	for (i = 0; i < errors.count; i++)
		fprintf(stderr, "%s\n", errors.lines[i]);
	if (router != NULL)
		status = request == NULL ? 0 :
		    router_explain(router, request, stdout);
	router_free(router);
	config_free(config);
	config_errors_release(&errors);
	return status;
}

int
main(int argc, char *argv[])
{
	ignore_signals();
	log_open("stderr", LEVEL_INFO, "gateway");
	if (argc == 1)
		return serve();
	if ((argc == 3 || argc == 4) && strcmp(argv[1], "check") == 0)
		return check(argv[2], argv[3]);
	fprintf(stderr, "This is tollgated's gateway; see tollgated(8).\n");
	return 2;
}
