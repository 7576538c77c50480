/*
 * lines: a load of the configuration as text, and what is wrong with it.
 *
 * A load of the configuration is a text of lines
 *
 *	FILE:LINE:FUNCTION:section.key=value
 *
 * with FUNCTION empty for tollgate.ini, @USER for accounts.d/USER.ini, and LINE
 * 0 for what was not written but worked out (numbers of users, digests).  ini
 * makes it from files; spawner and gateway read it with the same tables of
 * settings, so that neither trusts the other's idea of a value.  FILE is
 * percent-encoded where it holds a colon, and empty where it is that of the
 * line before, of the same function; a value holds no newline.
 *
 * It knows nothing of keys and their values.
 */
#ifndef TOLLGATE_LINES_H
#define TOLLGATE_LINES_H

#include <stdbool.h>
#include <stddef.h>

struct account;
struct arena;
struct function;

/*
 * Errors of a load, each one line without newline: all of them, up to a
 * thousand; then the last says that there are more.
 */
#define CONFIG_ERRORS_MAX	1000

struct config_errors {
	char	**lines;
	size_t	  count;
};

void	config_errors_add(struct config_errors *, const char *, ...)
	    __attribute__((format(printf, 2, 3)));
void	config_errors_release(struct config_errors *);

#define CONFIG_ACCOUNT	'@'	/* begins FUNCTION where it is an account's */

/* Some lines of a load: [gateway], or those of one function or account. */
struct block {
	const char	*text;
	size_t		 len;
};

/* The way through a block. */
struct line_walk {
	struct block	 rest;
	const char	*file;		/* the last FILE, as it stands */
	size_t		 file_len;
};

/* One of them, its texts of their own so that they end in NUL. */
struct line {
	char		*copy;		/* what the others point into */
	const char	*file;
	unsigned	 number;	/* 0: not from the file */
	const char	*function;
	const char	*key;
	const char	*value;
};

void	line_walk_init(struct line_walk *, struct block);
/*
 * Take the next line off the block.  Returns 1 with a line for line_release, 0
 * at the end, -1 if it is not of the form (nothing is to be released).
 */
int	line_next(struct line_walk *, struct line *);
void	line_release(struct line *);

/* Say what is wrong with a key of the line: FILE:LINE: [section] key: ... */
void	line_complain(struct config_errors *, const struct line *,
	    const char *format, ...)
	    __attribute__((format(printf, 3, 4)));

/* Where whose lines stand in the text, made once per load. */
struct config_index {
	struct block	 gateway;
	struct block	*accounts;
	size_t		 account_count;
	struct block	*functions;
	size_t		 count;
};

/* text is borrowed until config_index_free. */
struct config_index	*config_index_create(const char *text, size_t len);
void			 config_index_free(struct config_index *);
/* The path of tollgate.ini, which the first line tells; owned by arena. */
const char	*config_index_file(const struct config_index *, struct arena *);

/* Is the key written in the function's, in the account's file? */
bool	config_is_written(const struct config_index *, const struct function *,
	    const char *key);
bool	config_account_is_written(const struct config_index *,
	    const struct account *, const char *key);

/*
 * Add an error to a key of [gateway], or of a function or account of this
 * index, with the place where it is set: "FILE:LINE: [section] key: " and the
 * words.
 */
void	config_blame_gateway(struct config_errors *,
	    const struct config_index *, const char *key,
	    const char *format, ...)
	    __attribute__((format(printf, 4, 5)));
void	config_blame(struct config_errors *, const struct config_index *,
	    const struct function *, const char *key, const char *format, ...)
	    __attribute__((format(printf, 5, 6)));
void	config_blame_account(struct config_errors *,
	    const struct config_index *, const struct account *,
	    const char *key, const char *format, ...)
	    __attribute__((format(printf, 5, 6)));

#endif
