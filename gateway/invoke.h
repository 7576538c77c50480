/*
 * invoke: what a request by the Invoke API keeps, for the two files that see
 * to it.
 */
#ifndef TOLLGATE_INVOKE_H
#define TOLLGATE_INVOKE_H

#include <stdbool.h>
#include <stdint.h>

#include "api.h"
#include "digest.h"
#include "json.h"
#include "sigv4.h"

struct funclog_tail;

struct invoke {
	struct api_call		 call;
	const struct api_error	*wrong;		/* with the call: told to those
						   who are let in */
	const struct api_error	*error;		/* it is answered with this */
	struct sigv4		 shown;
	bool			 is_known;	/* what is shown can be good */
	bool			 is_dry;	/* all was well: 204 */
	struct digest_run	*digest;	/* of the event, */
	struct json_check	 json;
	uint64_t		 seen;		/* up to here */
	struct funclog_tail	*tail;		/* NULL: not asked for */
};

#endif
