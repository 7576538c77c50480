/*
 * signed: [access] auth = iam: a request by a route that is signed as those of
 * the Invoke API are.
 */
#include <stdlib.h>
#include <string.h>

#include "api.h"
#include "apikeys.h"
#include "body.h"
#include "config.h"
#include "function.h"
#include "iam.h"
#include "mem.h"
#include "permit.h"
#include "walk.h"

#define PIECE	16384	/* of a body, looked at at a time */

struct signature {
	struct sigv4		 shown;
	bool			 is_known;	/* it can be good */
	struct digest_run	*digest;	/* of the body, */
	uint64_t		 seen;		/* up to here */
};

static struct iam_inquiry
inquire(const struct request *r)
{
	return (struct iam_inquiry){
		.settings = r->services->settings,
		.variables = &r->variables, .arena = r->arena,
		.failures = access_failures(r->services->access),
		.request_id = r->id,
	};
}

/* As function URLs do: the error's name, and nothing that helps to guess. */
static void
refuse(struct request *r, const struct api_error *e)
{
	r->access.status = e->status;
	r->access.why = "it is not signed as it must be";
	r->access.header = arena_printf(r->arena, "x-amzn-ErrorType: %s\r\n",
	    e->name);
	r->access.verdict = ACCESS_REFUSED;
}

static void
grant(struct request *r, const char *caller, const char *auth_type)
{
	r->access.caller = arena_strdup(r->arena, caller);
	r->access.auth_type = auth_type;
	r->access.verdict = ACCESS_GRANTED;
}

/* What its address alone decides; false: nothing. */
static bool
decide_by_address(struct request *r)
{
	const struct function_access	*rules = r->function->access;
	const char			*address;
	enum permit			 permit;

	address = variables_get(&r->variables, "REMOTE_ADDR");
	if (address == NULL)
		address = "";
	permit = permit_address(rules, address, strlen(address));
	if (permit == PERMIT_DENIED && rules->satisfy == SATISFY_ALL) {
		r->access.status = 403;
		r->access.why = "its address may not call this function";
		r->access.verdict = ACCESS_REFUSED;
		return true;
	}
	if (permit != PERMIT_ALLOWED || rules->satisfy != SATISFY_ANY)
		return false;
	grant(r, "", "");
	return true;
}

static int
look(struct request *r)
{
	struct signature	*s = r->signature;
	uint8_t			 piece[PIECE];
	ptrdiff_t		 n = 0;

	while (r->body != NULL && (n = body_look(r->body, s->seen, piece,
	    sizeof(piece))) > 0) {
		digest_add(s->digest, piece, (size_t)n);
		s->seen += (uint64_t)n;
	}
	return n < 0 ? -1 : 0;
}

static const struct api_error *
verify(struct request *r, const struct apikey **key)
{
	const struct gateway_settings	*settings = r->services->settings;
	const struct api_call		 call = {
		.name = r->function->name, .qualifier = "",
		.region = settings->api_region,
		.account = settings->api_account,
	};
	struct iam_inquiry		 q = inquire(r);
	const struct api_error		*e;
	struct digest			 digest;

	digest_end(r->signature->digest, &digest);
	e = iam_verify(&q, &r->signature->shown, &digest,
	    (int64_t)(requests_time_us() / 1000000), key);
	return e != NULL ? e : iam_permit(&q, *key, "lambda:InvokeFunctionUrl",
	    &call);
}

static const struct api_error *
check_shown(struct request *r)
{
	struct iam_inquiry	 q = inquire(r);
	const struct api_error	*e;

	if (r->signature->is_known)
		return NULL;
	e = iam_parse(&q, &r->signature->shown);
	r->signature->is_known = e == NULL;
	return e;
}

void
request_check_signed(struct request *r)
{
	const struct api_error	*e;
	const struct apikey	*key;

	r->access = (struct access_answer){ .caller = "", .auth_type = "",
	    .why = "", .header = "" };
	if (decide_by_address(r))
		return;
	if (r->signature == NULL) {
		r->signature = arena_calloc(r->arena, 1,
		    sizeof(*r->signature));
		r->signature->digest = digest_begin(r->arena);
	}
	if ((e = check_shown(r)) != NULL) {
		refuse(r, e);
		return;
	}
	if (look(r) == -1) {
		r->access.status = 503;
		r->access.why = "its body cannot be read";
		r->access.verdict = ACCESS_REFUSED;
		return;
	}
	if (r->body == NULL || !body_has_ended(r->body))
		return;
	if ((e = verify(r, &key)) != NULL)
		refuse(r, e);
	else
		grant(r, key->name, "AWS4-HMAC-SHA256");
}
