/*
 * iam: signatures, keys, and what they are good for.
 */
#include "iam.h"

#include <string.h>
#include <time.h>

#include "api.h"
#include "apikeys.h"
#include "cgi.h"
#include "failures.h"
#include "keys.h"
#include "log.h"
#include "mem.h"

#define WHAT		"api_keys"	/* that failures are counted of */
#define SHOWN_MAX	160		/* bytes of an id in the log */

static const char *
address_of(const struct iam_inquiry *q)
{
	const char	*address = variables_get(q->variables, "REMOTE_ADDR");

	return address != NULL ? address : "";
}

/* A wrong one: it is counted, and logged by its id. */
static const struct api_error *
refuse(const struct iam_inquiry *q, const struct sigv4 *shown,
    const struct api_error *e, const char *why)
{
	const char	*from = address_of(q);
	char		 id[SHOWN_MAX], address[SHOWN_MAX];

	failures_count(q->failures, WHAT, from, strlen(from));
	log_notice("request %s: api: signature refused from %s, key \"%s\": "
	    "%s", q->request_id,
	    log_escape(address, sizeof(address), from, strlen(from)),
	    log_escape(id, sizeof(id), shown->key_id != NULL ? shown->key_id :
	    "", shown->key_id != NULL ? strlen(shown->key_id) : 0), why);
	return e;
}

static const struct api_error *
refuse_unknown(const struct iam_inquiry *q, const struct sigv4 *shown,
    const char *why)
{
	return refuse(q, shown, api_fail(q->arena, API_UNRECOGNIZED,
	    "The security token included in the request is invalid."), why);
}

static const struct api_error *
refuse_incomplete(const struct iam_inquiry *q, const struct sigv4 *shown)
{
	return refuse(q, shown, api_fail(q->arena, API_INCOMPLETE, "%s.",
	    shown->why), shown->why);
}

const struct api_error *
iam_parse(const struct iam_inquiry *q, struct sigv4 *shown)
{
	const char	*token;

	switch (sigv4_parse(shown, q->arena, q->variables)) {
	case SIGV4_GOOD:
		break;
	case SIGV4_INCOMPLETE:
		return refuse_incomplete(q, shown);
	default:
		return api_fail(q->arena, API_NO_TOKEN,
		    "Missing Authentication Token");
	}
	if (failures_wait_s(q->failures, WHAT, address_of(q),
	    strlen(address_of(q)), q->settings->auth_failures) > 0)
		return api_throttle(q->arena, "CallerRateLimitExceeded");
	/* Nobody has got one from us. */
	token = variables_get(q->variables, "HTTP_X_AMZ_SECURITY_TOKEN");
	if (token != NULL && *token != '\0')
		return refuse_unknown(q, shown, "there are no session tokens");
	if (apikeys_find(&q->settings->apikeys, shown->key_id) == NULL)
		return refuse_unknown(q, shown, "there is no such key");
	if (strcmp(shown->service, "lambda") != 0)
		return refuse(q, shown, api_fail(q->arena, API_MISMATCH,
		    "Credential should be scoped to correct service: "
		    "'lambda'. "), "it is for another service");
	return NULL;
}

static const char *
put_time(struct arena *arena, int64_t when_s)
{
	time_t		 when = (time_t)when_s;
	struct tm	 tm;
	char		*text = arena_alloc(arena, sizeof("20260102T030405Z"));

	if (gmtime_r(&when, &tm) == NULL || strftime(text,
	    sizeof("20260102T030405Z"), "%Y%m%dT%H%M%SZ", &tm) == 0)
		*text = '\0';
	return text;
}

static const struct api_error *
refuse_expired(const struct iam_inquiry *q, const struct sigv4 *shown,
    int64_t now_s)
{
	struct arena		*arena = q->arena;
	const struct api_error	*e;
	int			 minutes = SIGV4_SKEW_S / 60;

	if (now_s < shown->time_s)
		e = api_fail(arena, API_MISMATCH, "Signature not yet current: "
		    "%s is still later than %s (%s + %d min.)", shown->time,
		    put_time(arena, now_s + SIGV4_SKEW_S),
		    put_time(arena, now_s), minutes);
	else
		e = api_fail(arena, API_MISMATCH, "Signature expired: %s is "
		    "now earlier than %s (%s - %d min.)", shown->time,
		    put_time(arena, now_s - SIGV4_SKEW_S),
		    put_time(arena, now_s), minutes);
	return refuse(q, shown, e, "it was made for another time");
}

const struct api_error *
iam_verify(const struct iam_inquiry *q, struct sigv4 *shown,
    const struct digest *body, int64_t now_s, const struct apikey **key)
{
	/* A load may have come since it was parsed. */
	*key = apikeys_find(&q->settings->apikeys, shown->key_id);
	if (*key == NULL)
		return refuse_unknown(q, shown, "there is no such key");
	switch (sigv4_check(shown, q->arena, q->variables, body,
	    (*key)->secret, now_s)) {
	case SIGV4_GOOD:
		return NULL;
	case SIGV4_INCOMPLETE:
		return refuse_incomplete(q, shown);
	case SIGV4_EXPIRED:
		return refuse_expired(q, shown, now_s);
	default:
		return refuse(q, shown, api_fail(q->arena, API_MISMATCH,
		    "The request signature we calculated does not match the "
		    "signature you provided. Check your AWS Secret Access Key "
		    "and signing method. Consult the service documentation "
		    "for details."), "it does not match");
	}
}

const struct api_error *
iam_permit(const struct iam_inquiry *q, const struct apikey *key,
    const char *action, const struct api_call *call)
{
	if (apikey_permits(key, action, call->name))
		return NULL;
	return api_fail(q->arena, API_DENIED, "User: arn:aws:iam::%s:user/%s "
	    "is not authorized to perform: %s on resource: %s because no "
	    "identity-based policy allows the %s action",
	    q->settings->api_account, key->name, action,
	    api_arn(call, q->arena, ""), action);
}
