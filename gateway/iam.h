/*
 * iam: who calls the API, and what that key lets him do.
 *
 * It knows nothing of requests: it is given their variables, and says with
 * which error they are answered, if any.
 */
#ifndef TOLLGATE_IAM_H
#define TOLLGATE_IAM_H

#include <stdint.h>

#include "digest.h"
#include "sigv4.h"

struct api_call;
struct api_error;
struct apikey;
struct arena;
struct failures;
struct gateway_settings;
struct variables;

struct iam_inquiry {
	const struct gateway_settings	*settings;	/* of the load in
							   force */
	const struct variables	*variables;
	struct arena		*arena;
	struct failures		*failures;
	const char		*request_id;
};

/*
 * What is shown, as far as that can be told without the body: NULL, or an
 * error.
 */
const struct api_error	*iam_parse(const struct iam_inquiry *,
			    struct sigv4 *);
/*
 * And with the body, of that digest, at now_s (CLOCK_REALTIME): NULL with
 * *key, which is the load's, or an error.
 */
const struct api_error	*iam_verify(const struct iam_inquiry *,
			    struct sigv4 *, const struct digest *,
			    int64_t now_s, const struct apikey **key);
/* May its holder do that with the function?  NULL, or an error. */
const struct api_error	*iam_permit(const struct iam_inquiry *,
			    const struct apikey *, const char *action,
			    const struct api_call *);

#endif
