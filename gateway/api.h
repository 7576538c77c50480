/*
 * api: AWS Lambda's Invoke API: what a request asks for, and how it is told
 * that it cannot have it.
 *
 * Pure.  What is parsed is the target as it came, whose path keeps %3A and
 * %24.  Source: API_Invoke of the Lambda API reference, and botocore's model.
 */
#ifndef TOLLGATE_API_H
#define TOLLGATE_API_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;

#define API_EVENT_MAX	6291456		/* bytes of an event, */
#define API_PAYLOAD_MAX	6291556		/* and of what comes of it */
#define API_LATEST	"$LATEST"	/* the one version there is */
#define API_NAME_MAX	64		/* bytes of a function's name */

enum api_operation {
	API_NONE = 0,		/* not of this API: routes have it */
	API_UNKNOWN,		/* its path, but nothing it has */
	API_INVOKE,
	API_INVOKE_ASYNC,	/* 2014-11-13, deprecated */
	API_INVOKE_STREAM	/* InvokeWithResponseStream */
};

enum api_type { API_REQUEST_RESPONSE = 0, API_EVENT, API_DRY_RUN };

/* An answer that is an error; texts are static or the arena's. */
struct api_error {
	int		 status;
	const char	*name;		/* x-amzn-ErrorType */
	const char	*body;		/* JSON */
};

enum api_failure {
	API_INVALID_PARAMETER = 0,
	API_VALIDATION,
	API_INVALID_CONTENT,
	API_UNDETERMINED,	/* which operation */
	API_NO_TOKEN,
	API_UNRECOGNIZED,	/* access key */
	API_INCOMPLETE,		/* signature */
	API_MISMATCH,		/* likewise */
	API_DENIED,
	API_NOT_FOUND,
	API_TOO_SLOW,		/* its event did not come */
	API_TOO_LARGE,
	API_THROTTLED,
	API_SERVICE,		/* our own fault */
	API_NOT_BUILT,		/* likewise: not to be tried again */
	API_UNAVAILABLE		/* likewise, for a while */
};

/* Where functions are said to be. */
struct api_place {
	const char	*region;
	const char	*account;	/* 12 digits */
};

struct api_call {
	enum api_operation	 operation;
	enum api_type		 type;
	bool			 wants_log;	/* X-Amz-Log-Type: Tail */
	const char	*given;		/* FunctionName, decoded */
	const char	*name;		/* the function's own */
	const char	*qualifier;	/* "": none */
	const char	*region;	/* as named, or the place's */
	const char	*account;
	const char	*client_context;	/* decoded JSON, or "" */
};

/* The headers that count; NULL where there is none. */
struct api_headers {
	const char	*type;		/* X-Amz-Invocation-Type */
	const char	*log_type;
	const char	*client_context;
};

/* Is a target, as it came, of this API? */
enum api_operation	api_operation(const char *method, const char *target);

/*
 * What is asked for, of a target that is.  NULL, or the error it is answered
 * with; as much of the call as was understood is there then.
 */
const struct api_error	*api_parse(struct api_call *, struct arena *,
			    const struct api_place *, const char *method,
			    const char *target, const struct api_headers *);

/*
 * The function's ARN, with the qualifier if one was given, or if_none ("" for
 * none at all).
 */
const char	*api_arn(const struct api_call *, struct arena *,
		    const char *if_none);

/* The words are put into JSON here, whatever bytes they hold. */
const struct api_error	*api_fail(struct arena *, enum api_failure,
			    const char *format, ...)
			    __attribute__((format(printf, 3, 4)));
/* 429, for this Reason. */
const struct api_error	*api_throttle(struct arena *, const char *reason);

/* The JSON that a function's failure is told with. */
const char	*api_fault(struct arena *, const char *type,
		    const char *format, ...)
		    __attribute__((format(printf, 3, 4)));

#endif
