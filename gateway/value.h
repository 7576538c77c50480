/*
 * value: one setting's value, as text and typed.
 *
 * Setters and printers for the tables of config: a setter reads text into a
 * field, a printer writes the field as text that its setter reads back.  They
 * know nothing of files, sections or of what a key is for.  Pure.
 */
#ifndef TOLLGATE_VALUE_H
#define TOLLGATE_VALUE_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "function.h"

struct arena;
struct setting;

#define SETTING_TEXT_MAX 4096	/* bytes, if nothing else is said */

/*
 * A setter borrows value and copies what it keeps to the arena.  It returns
 * NULL, or static words that fit behind "is": what is wrong with the value.
 */
typedef const char	*setter(struct arena *, void *field, const char *value,
			    const struct setting *);
typedef void		 printer(FILE *, const void *field,
			    const struct setting *);

struct id_list {
	uint32_t	*ids;
	size_t		 count;
};

#define SETTING_PROCESS	0x1	/* a change needs new workers */
#define SETTING_SECRET	0x2	/* not for the gateway */
#define SETTING_DERIVED	0x4	/* made by the load, never in a file */

/* A row of config's tables. */
struct setting {
	const char	*key;		/* section.key */
	const char	*fallback;	/* the default, as text */
	const char	*help;
	/* and what config.c alone needs: */
	setter		*set;
	printer		*print;
	size_t		 offset;
	uint64_t	 min;		/* of numbers, times, sizes; of text */
	uint64_t	 max;		/* the fewest and the most bytes */
	unsigned	 flags;
};

/*
 * Split text into words at blanks.  '...' and "..." keep blanks, and may open
 * in mid word (NAME="two words"); nothing escapes.  Returns NULL, or in static
 * words what is wrong.  Words are owned by the arena.
 */
const char	*words_parse(struct arena *, const char *text,
		    struct word_list *);
/* Write words so that words_parse reads the same list. */
void		 words_print(FILE *, const struct word_list *);

setter	set_text;	/* const char *: anything of min to max bytes */
setter	set_path;	/* the same, absolute; "" where min is 0 */
setter	set_log;	/* the same, or stderr or syslog */
setter	set_group;	/* the same, a path or none */
setter	set_account;	/* the same: a user's or group's name or number */
setter	set_bandwidth;	/* the same: cgroup v2's cpu.max, or "" */
setter	set_number;	/* uint32_t, min to max */
setter	set_time;	/* uint64_t, ms: 500ms, 10s, 5m, 1h, 1d */
setter	set_size;	/* uint64_t, bytes: 100, 64K, 128M, 1G */
setter	set_limit;	/* uint64_t; RLIM_INFINITY is "infinity" */
setter	set_ceiling;	/* uint64_t, a size or "infinity", likewise */
setter	set_digest;	/* uint64_t: hexadecimal digits */
setter	set_id;		/* uid_t or gid_t; its -1 is "none" */
setter	set_mode;	/* mode_t: octal, 0 to 0777 */
setter	set_flag;	/* bool: yes or no */
setter	set_level;	/* enum log_level */
setter	set_words;	/* struct word_list: anything, and so on: */
setter	set_pairs;	/* NAME=value */
setter	set_addresses;	/* unix:PATH and ADDR:PORT, each once */
setter	set_hosts;	/* NAME and *.NAME, made lower case */
setter	set_methods;	/* GET and so on */
setter	set_prefixes;	/* each begins with a slash */
setter	set_netmasks;	/* struct netmask_list: addresses, networks, all */
setter	set_ids;	/* struct id_list: numbers of users or groups */

printer	print_text;
printer	print_number;
printer	print_time;
printer	print_size;
printer	print_limit;
printer	print_ceiling;
printer	print_digest;
printer	print_id;
printer	print_mode;
printer	print_flag;
printer	print_level;
printer	print_words;
printer	print_netmasks;
printer	print_ids;

/* Where values become text, one after the other; zeroed is empty. */
struct value_buffer {
	FILE	*stream;
	char	*text;
	size_t	 len;
};

/* The value of a row's field in base as text, good until the next call. */
const char	*value_text(struct value_buffer *, const struct setting *,
		    const void *base);
void		 value_buffer_release(struct value_buffer *);

/*
 * Which values the row takes, in words, for behind "expected": "a time from
 * 10ms to 1h".  "" where a setter's own words say it.  Returns out.
 */
char	*value_expected(char *out, size_t room, const struct setting *);

/*
 * Quote a value so that iniparser reads it back as it is, into out (room: twice
 * its length and 3).  -1 if there is no way to.
 */
int	value_quote(char *out, const char *value);

#endif
