/*
 * log: say what happened, once, with who and why.
 *
 * One line an event, written with one write(2): time, level, process, words.
 * Whatever comes from outside is escaped, so no peer can forge a line.  This
 * is the one module with a file-scope variable, as every other may need it.
 */
#ifndef TOLLGATE_LOG_H
#define TOLLGATE_LOG_H

#include <stdbool.h>
#include <stddef.h>

enum log_level {		/* in rising order; what is below is dropped */
	LEVEL_DEBUG = 0,
	LEVEL_INFO,
	LEVEL_NOTICE,
	LEVEL_WARNING,
	LEVEL_ERROR,
	LEVELS			/* how many there are; keep last */
};

/* The level's word in the configuration; "" for what is none. */
const char	*log_level_name(enum log_level);

/*
 * Log to "stderr", "syslog" or a file (appended to, created 0640, links not
 * followed).  who names the process in each line and is borrowed for ever.
 * Returns -1 with errno set, the old destination staying in force.
 * Before the first call everything goes to stderr.
 */
int	log_open(const char *destination, enum log_level, const char *who);

/* Open the file anew, after logrotate moved it.  -1: the old one stays. */
int	log_reopen(void);

/* Are lines of this level written? */
bool	log_wants(enum log_level);

/* The descriptor lines go to, -1 for syslog. */
int	log_fd(void);

void	log_debug(const char *, ...) __attribute__((format(printf, 1, 2)));
/* On the path of every request: it is not even worded where none is wanted. */
#define log_debug(...)	do {						\
	if (log_wants(LEVEL_DEBUG))					\
		log_debug(__VA_ARGS__);					\
} while (0)
void	log_info(const char *, ...) __attribute__((format(printf, 1, 2)));
void	log_notice(const char *, ...) __attribute__((format(printf, 1, 2)));
void	log_warning(const char *, ...) __attribute__((format(printf, 1, 2)));
void	log_error(const char *, ...) __attribute__((format(printf, 1, 2)));

/* An error, with ": " and the words of errno behind it.  Keeps errno. */
void	log_errno(const char *, ...) __attribute__((format(printf, 1, 2)));

/* Only before the loop runs: the same, and exit 1. */
_Noreturn void	fatal(const char *, ...) __attribute__((format(printf, 1, 2)));

/*
 * Write len bytes into out as printable text: control bytes, DEL, backslash,
 * quotes and what is not UTF-8 become \n, \r, \t, \\, \" or \xNN.  At most
 * room bytes with the final NUL; what does not fit is cut and ends in "...".
 * Returns out.
 */
char	*log_escape(char *out, size_t room, const void *bytes, size_t len);

/*
 * The bytes of the UTF-8 character (RFC 3629) at the front of len bytes, one at
 * least; 0 if there is none, or a C1 control, which some terminals obey.
 */
size_t	utf8_length(const void *bytes, size_t len);

#endif
