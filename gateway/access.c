/*
 * access: address, then name and password or key, then how often that failed.
 */
#include "access.h"

#include <stdlib.h>
#include <string.h>

#include "authorization.h"
#include "cgi.h"
#include "config.h"
#include "failures.h"
#include "log.h"
#include "mem.h"
#include "permit.h"
#include "proofs.h"
#include "verifier.h"

#define SHOWN_MAX	128	/* bytes of a name in the log */

struct access {
	struct proofs	*proofs;
	struct failures	*failures;
	struct verifier	*verifier;
};

/* One inquiry on its way; in its arena. */
struct access_check {
	struct access		*access;
	struct access_answer	*answer;
	struct arena		*arena;
	const struct function_access	*rules;
	const char		*realm;
	const char		*function;
	const char		*request_id;
	const char		*address;
	const char		*name;		/* as it was sent */
	const char		*file;
	bool			 is_counted;	/* as a failure, so far */
	bool			 is_joined;	/* another asked the same */
	bool			 is_decoy;	/* there is no such name */
	struct digest		 proof;
	struct verifier_wait	*wait;
	void			(*ready)(void *arg);
	void			*arg;
};

/* --- answers ------------------------------------------------------------ */

static void
grant(struct access_check *c, const char *caller, const char *auth_type)
{
	struct access_answer	*answer = c->answer;

	answer->caller = arena_strdup(c->arena, caller);
	answer->auth_type = auth_type;
	answer->verdict = ACCESS_GRANTED;
}

static void
refuse(struct access_check *c, int status, const char *why,
    const char *header)
{
	struct access_answer	*answer = c->answer;

	answer->status = status;
	answer->why = why;
	answer->header = header;
	answer->verdict = ACCESS_REFUSED;
}

/* 401: say what is expected (RFC 9110 section 11.6.1). */
static void
challenge(struct access_check *c, const char *why)
{
	refuse(c, 401, why, arena_printf(c->arena,
	    c->rules->auth == AUTH_BASIC ?
	    "WWW-Authenticate: Basic realm=\"%s\", charset=\"UTF-8\"\r\n" :
	    "WWW-Authenticate: Bearer realm=\"%s\"\r\n", c->realm));
}

/* It has been counted, or is now. */
static void
refuse_wrong(struct access_check *c, const char *why)
{
	char	 name[SHOWN_MAX], address[SHOWN_MAX];

	if (!c->is_counted && !c->is_joined)
		failures_count(c->access->failures, c->file, c->address,
		    strlen(c->address));
	c->is_counted = true;
	log_notice("%s: request %s: login failed from %s, name \"%s\": %s",
	    c->function, c->request_id,
	    log_escape(address, sizeof(address), c->address,
	    strlen(c->address)),
	    log_escape(name, sizeof(name), c->name, strlen(c->name)), why);
	challenge(c, why);
}

/* --- keys --------------------------------------------------------------- */

/*
 * The search takes its time by how much of a digest fits.  That tells nothing:
 * nobody can choose a key by what its digest shall begin with, but by trying,
 * and a digest, even if it were known, is no way to its key.
 */
static void
check_key(struct access_check *c, const struct credentials *all,
    const char *key)
{
	const struct credential	*found = NULL;
	struct digest		 digest;

	digest_of(&digest, key, strlen(key));
	if (all != NULL)
		found = credential_find_key(all, digest.bytes);
	if (found != NULL)
		grant(c, found->name, "Bearer");
	else
		refuse_wrong(c, "its key is not known here");
}

/* --- passwords ---------------------------------------------------------- */

static void
undo_count(struct access_check *c)
{
	if (c->is_counted)
		failures_undo(c->access->failures, c->file, c->address,
		    strlen(c->address));
	c->is_counted = false;
}

static void
conclude(struct access_check *c, enum verifier_verdict verdict)
{
	if (c->is_decoy && verdict == VERIFIER_RIGHT)
		verdict = VERIFIER_WRONG;
	switch (verdict) {
	case VERIFIER_RIGHT:
		undo_count(c);
		proofs_add(c->access->proofs, &c->proof);
		grant(c, c->name, "Basic");
		return;
	case VERIFIER_WRONG:
		refuse_wrong(c, "its name or password is wrong");
		return;
	case VERIFIER_FULL:
		undo_count(c);
		refuse(c, 503, "too many passwords wait to be checked", "");
		return;
	case VERIFIER_UNABLE:
		undo_count(c);
		refuse(c, 503, "its password cannot be checked now", "");
		return;
	}
}

static void
on_verdict(void *arg, enum verifier_verdict verdict)
{
	struct access_check	*c = arg;

	c->wait = NULL;
	conclude(c, verdict);
	c->ready(c->arg);
}

static bool
is_password(const struct credential *one)
{
	return one->kind == CREDENTIAL_PASSWORD;
}

/*
 * The hash to check against.  A name that is not there takes as long as one
 * that is: then it is another's.
 */
static const char *
find_hash(struct access_check *c, const struct credentials *all)
{
	const struct credential	*one;
	size_t			 i;

	if (all == NULL || all->kinds[CREDENTIAL_PASSWORD] == 0)
		return NULL;
	one = credential_find(all, c->name);
	if (one != NULL && is_password(one))
		return one->hash;
	c->is_decoy = true;
	for (i = 0; !is_password(&all->list[i]); i++)
		continue;
	return all->list[i].hash;
}

static void
ask_helper(struct access_check *c, const char *hash, const char *password,
    const struct gateway_settings *settings)
{
	struct verifier_question	 q = { c->proof, c->file, hash,
					     password };
	struct verifier			*v = c->access->verifier;

	c->answer->verdict = ACCESS_WAITS;
	c->wait = verifier_join(v, &c->proof, on_verdict, c);
	c->is_joined = c->wait != NULL;
	if (c->is_joined)
		return;
	failures_count(c->access->failures, c->file, c->address,
	    strlen(c->address));
	c->is_counted = true;
	c->wait = verifier_ask(v, settings->auth_queue, &q, on_verdict, c);
	if (c->wait == NULL) {
		log_warning("%s: request %s: auth_queue = %u passwords wait "
		    "to be checked", c->function, c->request_id,
		    settings->auth_queue);
		conclude(c, VERIFIER_FULL);
	}
}

static void
check_password(struct access_check *c, const struct credentials *all,
    const char *password, const struct gateway_settings *settings)
{
	const char	*hash;

	if ((hash = find_hash(c, all)) == NULL) {
		refuse_wrong(c, "its name or password is wrong");
		return;
	}
	proofs_name(c->access->proofs, &c->proof, c->file, c->name, hash,
	    password);
	if (proofs_has(c->access->proofs, &c->proof, settings->auth_cache_ms))
		grant(c, c->name, "Basic");
	else
		ask_helper(c, hash, password, settings);
}

/* --- what is shown ------------------------------------------------------ */

/* Of two keys Authorization's counts. */
static void
read_headers(struct authorization *shown, const struct access_inquiry *q)
{
	const struct variable	*v;

	authorization_parse(shown, "", 0);
	if ((v = variables_find(q->variables, "HTTP_AUTHORIZATION")) != NULL)
		authorization_parse(shown, v->value, v->value_len);
	if (q->function->access->auth == AUTH_KEY &&
	    shown->scheme != SCHEME_BEARER && (v =
	    variables_find(q->variables, "HTTP_X_API_KEY")) != NULL)
		authorization_take_key(shown, v->value, v->value_len);
}

static void
authenticate(struct access_check *c, const struct access_inquiry *q)
{
	const struct credentials	*all;
	struct authorization		 shown;
	uint64_t			 wait_s;
	bool				 is_basic;

	read_headers(&shown, q);
	if (shown.scheme == SCHEME_NONE) {
		challenge(c, "it needs a login");
		return;
	}
	wait_s = failures_wait_s(c->access->failures, c->file, c->address,
	    strlen(c->address), q->settings->auth_failures);
	if (wait_s > 0) {
		log_info("%s: request %s: auth_failures = %u logins from its "
		    "address have failed lately", c->function, c->request_id,
		    q->settings->auth_failures);
		refuse(c, 429, "too many logins from its address have failed",
		    arena_printf(c->arena, "Retry-After: %llu\r\n",
		    (unsigned long long)wait_s));
		goto out;
	}
	is_basic = c->rules->auth == AUTH_BASIC;
	c->name = arena_strdup(c->arena, shown.name);
	all = credentials_find(&q->settings->credentials, c->file);
	if (shown.scheme != (is_basic ? SCHEME_BASIC : SCHEME_BEARER))
		refuse_wrong(c, is_basic ? "it shows no name and password" :
		    "it shows no key");
	else if (is_basic)
		check_password(c, all, shown.secret, q->settings);
	else
		check_key(c, all, shown.secret);
out:
	authorization_forget(&shown);
}

/* --- the decision ------------------------------------------------------- */

/* What must be known while it waits, in its own memory. */
static struct access_check *
begin(struct access *a, const struct access_inquiry *q,
    struct access_answer *answer)
{
	const struct function	*fn = q->function;
	struct access_check	*c;
	const char		*address;

	c = arena_calloc(q->arena, 1, sizeof(*c));
	c->access = a;
	c->answer = answer;
	c->arena = q->arena;
	c->rules = fn->access;
	c->function = fn->name;
	c->realm = *fn->access->realm != '\0' ? fn->access->realm : fn->name;
	c->request_id = q->request_id;
	c->file = fn->access->auth_file;
	c->name = "";
	address = variables_get(q->variables, "REMOTE_ADDR");
	c->address = address != NULL ? address : "";
	return c;
}

struct access_check *
access_ask(struct access *a, const struct access_inquiry *q,
    struct access_answer *answer, void (*ready)(void *arg), void *arg)
{
	const struct function_access	*rules = q->function->access;
	struct access_check		*c;
	enum permit			 permit;

	*answer = (struct access_answer){ .verdict = ACCESS_GRANTED,
	    .caller = "", .auth_type = "", .why = "", .header = "" };
	if (rules->auth == AUTH_NONE && rules->allow.count == 0 &&
	    rules->deny.count == 0)
		return NULL;

	c = begin(a, q, answer);
	permit = permit_address(rules, c->address, strlen(c->address));
	if (permit == PERMIT_DENIED && (rules->auth == AUTH_NONE ||
	    rules->satisfy == SATISFY_ALL)) {
		refuse(c, 403, "its address may not call this function", "");
		return NULL;
	}
	if (rules->auth == AUTH_NONE || (permit == PERMIT_ALLOWED &&
	    rules->satisfy == SATISFY_ANY))
		return NULL;
	authenticate(c, q);
	if (answer->verdict != ACCESS_WAITS)
		return NULL;
	c->ready = ready;
	c->arg = arg;
	return c;
}

void
access_cancel(struct access_check *c)
{
	verifier_cancel(c->wait);
	c->wait = NULL;
}

/* --- all ---------------------------------------------------------------- */

struct access *
access_create(const struct verifier_setup *setup)
{
	struct access	*a;

	a = xcalloc(1, sizeof(*a));
	a->proofs = proofs_create();
	a->failures = failures_create();
	a->verifier = verifier_create(setup);
	return a;
}

void
access_free(struct access *a)
{
	if (a == NULL)
		return;
	verifier_free(a->verifier);
	failures_free(a->failures);
	proofs_free(a->proofs);
	free(a);
}

void
access_take_helper(struct access *a, int fd)
{
	verifier_take_helper(a->verifier, fd);
}

struct failures *
access_failures(struct access *a)
{
	return a->failures;
}
