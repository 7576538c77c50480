/*
 * tollgated: the spawner's main: options, what is checked and printed, and all
 * that comes before the loop.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config.h"
#include "enforced.h"
#include "errorlog.h"
#include "ini.h"
#include "keeper.h"
#include "listeners.h"
#include "load.h"
#include "log.h"
#include "place.h"
#include "privileges.h"
#include "spawner.h"
#include "walls.h"

#define DEFAULT_CONFIG	SYSCONFDIR "/tollgate/tollgate.ini"

struct options {
	const char	*config;
	const char	*request;	/* -r */
	bool		 foreground;
	bool		 test;
	bool		 print;
	bool		 verbose;	/* -v, with -t */
};

static _Noreturn void
usage(FILE *out, int status)
{
	fprintf(out,
	    "usage: tollgated [-f] [-c FILE]\n"
	    "       tollgated -t [-v] [-r 'GET http://host/path'] [-c FILE]\n"
	    "       tollgated -T [-c FILE]\n"
	    "       tollgated -V | -h\n"
	    "\n"
	    "  -c FILE     configuration; default %s\n"
	    "  -f          stay in the foreground\n"
	    "  -t          check the configuration: all errors, exit status 1\n"
	    "  -r REQUEST  with -t: say which function a request leads to\n"
	    "  -v          with -t: say who may call; which limits hold\n"
	    "  -T          print the configuration as it is understood\n"
	    "  -V          print the version\n"
	    "  -h, --help  print this\n", DEFAULT_CONFIG);
	exit(status);
}

static void
read_options(int argc, char *argv[], struct options *o)
{
	static const struct option	 words[] = {
		{ "help",	no_argument, NULL, 'h' },
		{ "version",	no_argument, NULL, 'V' },
		{ NULL, 0, NULL, 0 }
	};
	int				 c;

	while ((c = getopt_long(argc, argv, "c:fhr:tTvV", words, NULL)) != -1)
		switch (c) {
		case 'c':
			o->config = optarg;
			break;
		case 'f':
			o->foreground = true;
			break;
		case 'h':
			usage(stdout, 0);
		case 'r':
			o->request = optarg;
			break;
		case 't':
			o->test = true;
			break;
		case 'T':
			o->print = true;
			break;
		case 'v':
			o->verbose = true;
			break;
		case 'V':
			printf("tollgated %s\n", PACKAGE_VERSION);
			exit(0);
		default:
			usage(stderr, 2);
		}
	if (optind < argc ||
	    ((o->request != NULL || o->verbose) && !o->test))
		usage(stderr, 2);
}

/* --- -t and -T ---------------------------------------------------------- */

static void
print_lines(const char *what, const struct config_errors *lines)
{
	size_t	 i;

	for (i = 0; i < lines->count; i++)
		fprintf(stderr, "%s%s\n", what, lines->lines[i]);
}

/* What the gateway says of it, routes above all. */
static int
check_with_gateway(const struct ini_load *texts, const char *request)
{
	struct config_errors	 errors = { NULL, 0 };
	struct gateway_settings	 settings;
	struct config		*config;
	int			 whole, gateway, executable, status;

	config = config_read(texts->whole.bytes, texts->whole.len, 1, NULL,
	    &errors);
	if (config == NULL) {
		print_lines("", &errors);
		return 1;
	}
	settings = config->gateway;
	if ((executable = keeper_find(KEEPER_GATEWAY)) == -1)
		return 1;
	if (load_make_files(texts, &whole, &gateway) == -1)
		fatal("memory file");
	status = keeper_check(executable, &settings, gateway, request);
	close(whole);
	close(gateway);
	close(executable);
	config_free(config);
	return status == -1 ? 1 : status;
}

static int
with_config(const struct ini_load *texts,
    void (*use)(const struct config *))
{
	struct config_errors	 errors = { NULL, 0 };
	struct config		*config;

	config = config_read(texts->whole.bytes, texts->whole.len, 1, NULL,
	    &errors);
	if (config == NULL) {
		print_lines("", &errors);
		return 1;
	}
	use(config);
	config_free(config);
	return fflush(stdout) == 0 ? 0 : 1;
}

static void
print_config(const struct config *config)
{
	config_print(stdout, config, false);
}

/* What holds here: accounts, then function by function. */
static void
print_enforced(const struct config *config)
{
	const struct word_list	 none = { NULL, 0 };
	struct walls		*walls;
	struct means		 means;
	char			 why[WALLS_WHY];
	size_t			 i;

	means_find(&means, config->gateway.cgroup);
	walls = walls_create(&none);
	means.kernel.namespaces = walls_can(walls, why);
	walls_free(walls);
	means_print(stdout, &means);
	for (i = 0; i < config->account_count; i++)
		enforced_print_account(stdout, &config->accounts[i], &means);
	if (*config->others.file != '\0')
		enforced_print_account(stdout, &config->others, &means);
	for (i = 0; i < config->count; i++) {
		enforced_print_access(stdout, config->functions[i]);
		enforced_print(stdout, config->functions[i], &means);
	}
}

static int
test(const struct options *o)
{
	struct ini_load	 texts;
	int		 status = 1;

	if (ini_load(o->config, &texts) == -1)
		print_lines("", &texts.errors);
	else if (o->print)
		status = with_config(&texts, print_config);
	else {
		print_lines("warning: ", &texts.warnings);
		print_lines("", &texts.refused);
		status = check_with_gateway(&texts, o->request);
		if (status == 0 && o->verbose)
			status = with_config(&texts, print_enforced);
		if (texts.refused.count > 0)
			status = 1;
		if (status == 0 && o->request == NULL)
			fprintf(stderr, "%s: the configuration is good\n",
			    o->config);
	}
	ini_release(&texts);
	return status;
}

/* --- start -------------------------------------------------------------- */

/* So that no socket of ours is ever taken for 0, 1 or 2. */
static void
open_standard_descriptors(void)
{
	int	 fd;

	do
		if ((fd = open("/dev/null", O_RDWR)) == -1)
			exit(1);
	while (fd <= STDERR_FILENO);
	close(fd);
}

/* Gateway and spawner hold several descriptors for each worker. */
static void
raise_descriptors(void)
{
	struct rlimit	 limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == -1)
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

static struct load *
first_load(const char *path)
{
	struct load	*load;
	int		 fd;

	if (load_begin(path, &fd) == -1)
		fatal("fork");
	/* Its child is reaped with all others, by the loop. */
	if ((load = load_finish(fd, 1)) == NULL)
		exit(1);
	return load;
}

/*
 * Go into the background.  The first process stays until the last one's ready
 * byte, which is sent through what is returned, and takes its success or
 * failure for its own exit status.
 */
static int
become_daemon(const struct gateway_settings *settings)
{
	int	 ready[2];
	char	 byte;

	if (pipe2(ready, O_CLOEXEC) == -1)
		fatal("pipe");
	switch (fork()) {
	case -1:
		fatal("fork");
	case 0:
		break;
	default:
		close(ready[1]);
		if (read(ready[0], &byte, 1) == 1)
			_exit(0);
		fprintf(stderr, "tollgated: did not start; see error_log = "
		    "%s\n", settings->error_log);
		_exit(1);
	}
	close(ready[0]);
	if (setsid() == -1)
		fatal("setsid");
	switch (fork()) {
	case -1:
		fatal("fork");
	case 0:
		return ready[1];
	default:
		_exit(0);
	}
}

static void
leave_terminal(void)
{
	int	 fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (fd == -1 || dup2(fd, STDIN_FILENO) == -1 ||
	    dup2(fd, STDOUT_FILENO) == -1 || dup2(fd, STDERR_FILENO) == -1 ||
	    chdir("/") == -1)
		fatal("/dev/null");
	close(fd);
}

/* All that can fail does so while there is a terminal to say it on. */
static void
check_in_terminal(const struct load *load, int executable)
{
	if (strcmp(load->settings.error_log, "stderr") == 0)
		log_warning("error_log = stderr is nowhere without -f");
	if (keeper_check(executable, &load->settings, load->gateway_fd,
	    NULL) != 0)
		exit(1);
}

/* Folders, sockets, log: in the order in which they can be in the way. */
static int
prepare(const struct load *load, struct place *place,
    struct listeners *listeners)
{
	struct listeners	 bound;

	if (place_take(place, &load->settings) == -1)
		return -1;
	if (listeners_open(&bound, &load->settings, listeners) == -1)
		goto release_place;
	listeners_replace(listeners, &bound, &load->settings);
	if (errorlog_open(&load->settings) == 0)
		return 0;
	log_errno("error_log = %s", load->settings.error_log);
release_place:
	place_release(place);
	return -1;
}

static int
run(const struct options *o)
{
	struct spawner_setup	 setup = { .ready = -1,
				     .is_quiet = !o->foreground };
	struct listeners	 listeners;
	struct place		 place;
	const char		*pid_file;
	char			*config;
	int			 status = 1;

	listeners_inherit(&listeners);
	/* A daemon's folder is /, and reloads come later. */
	if ((config = realpath(o->config, NULL)) == NULL)
		fatal("%s", o->config);
	setup.config = config;
	setup.load = first_load(config);
	if ((setup.executable = keeper_find(KEEPER_GATEWAY)) == -1 ||
	    (setup.auth = keeper_find(KEEPER_AUTH)) == -1)
		exit(1);
	if (!o->foreground)
		check_in_terminal(setup.load, setup.executable);
	if (prepare(setup.load, &place, &listeners) == -1)
		goto close_listeners;
	if (!o->foreground) {
		setup.starter = getpid();
		setup.ready = become_daemon(&setup.load->settings);
		leave_terminal();
	}
	setup.listeners = &listeners;
	setup.place = &place;
	pid_file = setup.load->settings.pid_file;
	if (pid_file[0] != '\0' && place_write_pid(&place, pid_file) == -1)
		goto release_place;
	if (privileges_keep_needed() == -1)
		fatal("capabilities");
	status = spawner_run(&setup);
	place_release(&place);
	free(config);
	return status;

release_place:
	place_release(&place);
close_listeners:
	listeners_close(&listeners);
	load_free(setup.load);
	free(config);
	return status;
}

int
main(int argc, char *argv[])
{
	struct options	 o = { .config = DEFAULT_CONFIG };

	open_standard_descriptors();
	/* Where it is ignored, which is inherited, no child can be reaped. */
	signal(SIGCHLD, SIG_DFL);
	umask(027);
	read_options(argc, argv, &o);
	log_open("stderr", LEVEL_INFO, "tollgated");
	/* All would run as root, which nothing shall. */
	if (geteuid() == 0 && !privileges_can_change_user()) {
		log_error("root without CAP_SETUID and CAP_SETGID cannot run "
		    "anything as another user: start it as another user");
		return 1;
	}
	if (o.test || o.print)
		return test(&o);
	raise_descriptors();
	return run(&o);
}
