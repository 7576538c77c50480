/*
 * place: the folders and files a running tollgated owns: run_dir with the
 * workers' folder and the lock, state_dir, the pid file.
 */
#ifndef TOLLGATE_PLACE_H
#define TOLLGATE_PLACE_H

#include "config.h"

struct place {
	int	 workers;	/* run_dir/workers, 0700, ours alone */
	int	 lock;		/* run_dir/tollgated.lock, held */
	int	 pid_file;	/* -1: none */
	char	*pid_path;
};

/*
 * Make what is missing, and take the lock.  -1, logged: then place is as
 * place_release leaves it.
 */
int	place_take(struct place *, const struct gateway_settings *);

/* Write our pid; only once that is final.  -1, logged. */
int	place_write_pid(struct place *, const char *path);

/* Remove the pid file, let go of the rest. */
void	place_release(struct place *);

#endif
