/*
 * accounting: the ledger: what every request cost, one JSON object a line.
 *
 * Records of one turn of the loop go out in one write, and only then are the
 * answers' ends let go: who has an answer is in the file.  When the disk is
 * full, records wait in memory up to a limit and are tried again; what the
 * gateway does with new requests meanwhile is asked of ledger_accepts.
 */
#ifndef TOLLGATE_ACCOUNTING_H
#define TOLLGATE_ACCOUNTING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config.h"

struct event_base;
struct ledger;

enum outcome {
	OUTCOME_OK = 0,		/* answered whole, whatever the status */
	OUTCOME_ERROR,		/* the answer is ours: 502, 503, a broken one */
	OUTCOME_TIMEOUT,
	OUTCOME_CRASH,
	OUTCOME_OOM,
	OUTCOME_ABORTED,	/* the client left before it was whole */
	OUTCOME_REJECTED,	/* never reached a worker: 4xx, full, waited */
	OUTCOMES
};

const char	*outcome_name(enum outcome);

/*
 * Text is borrowed for the call, escaped here, and cut where it is long; NULL
 * is as good as "".
 */
struct record {
	uint64_t	 time_us;	/* CLOCK_REALTIME when it arrived */
	const char	*id;		/* a UUID */
	const char	*function;	/* "" if none was found */
	const char	*version;
	const char	*trigger;	/* http, worker, ... */
	const char	*user;		/* whom it ran as */
	const char	*caller;	/* who has shown that it is he; "" */
	const char	*method;
	const char	*path;		/* normalised, without query */
	int		 status;	/* 0: none (aborted, closing record) */
	enum outcome	 outcome;
	uint64_t	 duration_us;
	uint64_t	 queue_us;
	uint64_t	 init_us;	/* written only if cold */
	uint64_t	 billed_ms;
	uint64_t	 cpu_us;
	uint64_t	 memory_bytes;	/* the limit; 0: none */
	uint64_t	 max_memory_kb;
	uint64_t	 bytes_in;
	uint64_t	 bytes_out;
	int64_t		 worker;	/* pid; 0: none */
	bool		 cold;
	unsigned	 attempt;	/* 1 for the first */
};

#define RECORD_MAX	8192		/* bytes of one line, at most */

/* The second that the last record was of, in words: zeroed before the first. */
struct record_second {
	uint64_t	 second;
	char		 text[sizeof("2026-11-24T16:05:01") - 1];
};

/*
 * Format one record as a line with its newline.  Returns its length, always
 * less than RECORD_MAX.  gb_ms is worked out from memory and billed_ms.  A byte
 * that is not UTF-8 becomes U+FFFD; text that was cut ends in "...".  What the
 * record_second holds saves work and changes nothing.
 */
size_t	record_format(char out[RECORD_MAX], const struct record *,
	    struct record_second *);

/* duration rounded up to granularity (0: to a ms); 0 only for 0. */
uint64_t	record_billed_ms(uint64_t duration_us, uint64_t granularity_ms);

/*
 * Open the file (appended to, made 0640; links and what is no file are refused
 * with ELOOP, EISDIR or EINVAL).  memory_max: bytes of records that may wait.
 * NULL with errno.
 *
 * A write may be cut short, in mid line.  Its rest comes first when there is
 * room again, and a half line that a file has from elsewhere is ended before
 * anything is appended: whatever happens, no record runs into another.
 */
struct ledger	*ledger_create(struct event_base *, const char *path,
		    enum accounting_full, size_t memory_max);
/*
 * Tries once more to write what waits; what cannot be is logged and lost.
 * A done that has not run by now never will.
 */
void		 ledger_free(struct ledger *);

/*
 * Take one record.  done(arg) runs once, always after ledger_add has returned
 * and in the same turn of the loop: when the record is in the file or, if the
 * disk is full, waits in memory.  done may be NULL.
 */
void	ledger_add(struct ledger *, const struct record *,
	    void (*done)(void *arg), void *arg);
/* arg has gone: its done must not run any more.  The record stays. */
void	ledger_forget(struct ledger *, void *arg);

/* May a new request be taken?  False on a full disk with refuse. */
bool	ledger_accepts(const struct ledger *);

/* Change the policy, from now on. */
void	ledger_configure(struct ledger *, enum accounting_full,
	    size_t memory_max);

/*
 * Take another file, or the same name anew (logrotate).  What waits goes into
 * it, whole lines only.  -1 with errno: the old one stays.
 */
int	ledger_reopen(struct ledger *, const char *path);

struct ledger_counts {
	uint64_t	 written;
	uint64_t	 waiting;
	uint64_t	 lost;
	uint64_t	 failures;	/* of write(2) */
};
void	ledger_count(const struct ledger *, struct ledger_counts *);

#endif
