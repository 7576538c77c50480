/*
 * attack: what a hostile tenant tries, one deed at a time.
 *
 * A deed returns 0 if what it tried was done, else -1 with the errno of what
 * held it; errno 0 where nothing was refused, and yet there was no effect.  It
 * runs in a process of its own, which ends with it.  It harms nobody: what it
 * changes, it sets to what it was.
 */
#ifndef TOLLGATE_ATTACK_H
#define TOLLGATE_ATTACK_H

struct deed {
	const char	*name;
	int		(*run)(char *argument);
};

/* Each ends with a row without a name. */
extern const struct deed	deeds_files[];
extern const struct deed	deeds_processes[];
extern const struct deed	deeds_network[];
extern const struct deed	deeds_kernel[];
extern const struct deed	deeds_resources[];
extern const struct deed	deeds_census[];

/* One that was open from the start, beyond 0, 1 and 2; or -1. */
extern int	attack_descriptor;

/* Say what was seen: the last words count. */
void	attack_note(const char *format, ...)
	    __attribute__((format(printf, 1, 2)));
/* Run a program: its exit status, or -1 with errno. */
int	attack_run(const char *program, const char *argument);

#endif
