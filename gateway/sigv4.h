/*
 * sigv4: AWS Signature Version 4: was this request signed with that secret?
 *
 * Pure.  The request is seen as a front passes it on: its target as it came
 * (REQUEST_URI), its headers as HTTP_* variables.  The path is encoded once
 * more than it came, as for all services but S3.
 * Source: "Create a signed AWS API request" in the IAM User Guide.
 */
#ifndef TOLLGATE_SIGV4_H
#define TOLLGATE_SIGV4_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "digest.h"

struct arena;
struct variables;

#define SIGV4_KEY_ID_MAX	128	/* bytes of an access key's id */
#define SIGV4_SKEW_S		300	/* that clocks may differ by */
#define SIGV4_EXPIRES_MAX_S	604800	/* of a presigned request: 7 days */

enum sigv4_verdict {
	SIGV4_GOOD = 0,
	SIGV4_MISSING,		/* nothing is shown */
	SIGV4_INCOMPLETE,	/* what is shown lacks a part, or makes none */
	SIGV4_UNKNOWN,		/* nobody has such a key */
	SIGV4_EXPIRED,		/* made for another time */
	SIGV4_MISMATCH		/* made with another secret, or for another
				   request */
};

/* What is shown, in a header or in the query; texts are the arena's. */
struct sigv4 {
	const char	*key_id;
	const char	*date;		/* of the scope: YYYYMMDD */
	const char	*region;
	const char	*service;
	const char	*signed_headers;
	const char	*signature;	/* 64 hexadecimal digits */
	const char	*time;		/* YYYYMMDDTHHMMSSZ */
	int64_t		 time_s;	/* since 1970 */
	int64_t		 expires_s;	/* presigned: for so long; else 0 */
	bool		 is_presigned;
	const char	*why;		/* static words, of INCOMPLETE */
};

/* SIGV4_GOOD, MISSING or INCOMPLETE. */
enum sigv4_verdict	sigv4_parse(struct sigv4 *, struct arena *,
			    const struct variables *);

/*
 * Is it good at now_s (CLOCK_REALTIME, seconds) for this request, its body of
 * that digest and this secret?  GOOD, EXPIRED or MISMATCH, or INCOMPLETE: what
 * it must sign is not among what it signs.
 */
enum sigv4_verdict	sigv4_check(struct sigv4 *, struct arena *,
			    const struct variables *,
			    const struct digest *body, const char *secret,
			    int64_t now_s);

/* The canonical request, for tests and for those who look for a mismatch. */
const char	*sigv4_canonical(const struct sigv4 *, struct arena *,
		    const struct variables *, const struct digest *body);

#endif
