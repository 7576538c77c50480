/*
 * spawner: the process that started as root, from its first gateway to its end.
 *
 * One loop: signals, the gateway's messages, workers' reports, deadlines.  It
 * keeps a gateway running on the listening sockets, forks workers on its word,
 * reaps whatever dies, reads the configuration anew on SIGHUP.  Nothing that
 * the gateway sends ends it or makes it act beyond the configuration: a gateway
 * that sends nonsense is killed and replaced.
 *
 *	HUP	read the configuration anew
 *	USR1	open the log files anew
 *	QUIT	end when what is under way is done
 *	TERM, INT	end within stop_timeout
 */
#ifndef TOLLGATE_SPAWNER_H
#define TOLLGATE_SPAWNER_H

#include <stdbool.h>
#include <sys/types.h>

struct listeners;
struct load;
struct place;

struct spawner_setup {
	const char		*config;	/* path of tollgate.ini */
	struct load		*load;		/* the first; taken over */
	struct listeners	*listeners;	/* for it; taken over */
	const struct place	*place;		/* borrowed */
	int			 executable;	/* keeper_find's */
	int			 auth;		/* the helper's */
	bool			 is_quiet;	/* gateway's stderr is shut */
	pid_t			 starter;	/* who waits for us; 0: none */
	int			 ready;		/* gets a byte once we serve,
						   and is closed; -1: none */
};

/*
 * Run until a signal ends it.  Returns the exit status: 0; or 1 if the first
 * gateway did not come to serve.
 */
int	spawner_run(const struct spawner_setup *);

#endif
