/*
 * guard: is the caller let in, and what the handler is told of that.
 */
#include "walk.h"

#include "access.h"
#include "function.h"
#include "timer.h"

/* The password has been checked: its turn comes. */
static void
on_answer(void *arg)
{
	struct request	*r = arg;

	r->check = NULL;
	request_soon(r);
}

static void
ask(struct request *r)
{
	const struct access_inquiry	 inquiry = {
		.settings = r->services->settings, .function = r->function,
		.variables = &r->variables, .arena = r->arena,
		.request_id = r->id,
	};

	r->check = access_ask(r->services->access, &inquiry, &r->access,
	    on_answer, r);
}

void
request_leave_guard(struct request *r)
{
	if (r->check != NULL)
		access_cancel(r->check);
	r->check = NULL;
}

/*
 * A load came while it waited, so it may be another function's by now, or that
 * may ask for more: begin anew.  What has been proven needs no other proof.
 */
static int
admit_again(struct request *r, const char **why)
{
	function_release(r->function);
	r->function = NULL;
	r->user = "";
	r->access.verdict = ACCESS_UNASKED;
	return request_admit(r, why);
}

/*
 * Who calls is known from us alone, whatever the front says; and what was shown
 * to us is not for the handler.
 */
static void
set_caller(struct request *r)
{
	static const char *const	 shown[] = {
		"HTTP_AUTHORIZATION", "REDIRECT_HTTP_AUTHORIZATION",
		"HTTP_X_API_KEY",
	};
	struct variables		*vars = &r->variables;
	size_t				 i;

	if (r->function->access->auth == AUTH_NONE)
		return;
	for (i = 0; i < sizeof(shown) / sizeof(shown[0]); i++)
		variables_remove(vars, shown[i]);
	variables_remove(vars, "REMOTE_USER");
	variables_remove(vars, "AUTH_TYPE");
	if (*r->access.caller == '\0')
		return;
	variables_set(vars, "REMOTE_USER", r->access.caller);
	variables_set(vars, "AUTH_TYPE", r->access.auth_type);
}

static enum verdict
let_in(struct request *r)
{
	const char	*why;
	int		 status;

	r->caller = r->access.caller;
	set_caller(r);
	if ((status = request_equip(r, &why)) != 0)
		return request_refuse(r, status, OUTCOME_REJECTED, why);
	r->heard_ms = timer_now();
	if (r->function->io_timeout_ms != 0)
		timer_start(r->silence, r->function->io_timeout_ms);
	return request_enter(r, REQUEST_QUEUE);
}

enum verdict
request_step_guard(struct request *r)
{
	const char	*why;
	int		 status;

	if (r->is_aborted) {
		request_leave_guard(r);
		return request_conclude(r, OUTCOME_ABORTED);
	}
	if (r->early_status != 0) {
		request_leave_guard(r);
		return request_refuse(r, r->early_status, OUTCOME_REJECTED,
		    r->early_why);
	}
	if (r->check != NULL)
		return WAIT;
	if (r->generation != r->services->generation &&
	    (status = admit_again(r, &why)) != 0)
		return request_refuse(r, status, OUTCOME_REJECTED, why);
	if (r->by_name != NULL)
		return request_step_invoked(r);
	if (r->function->access->auth == AUTH_IAM) {
		if (r->access.verdict == ACCESS_UNASKED)
			request_check_signed(r);
		if (r->access.verdict == ACCESS_UNASKED)
			return request_wait_for_body(r);
	} else if (r->access.verdict == ACCESS_UNASKED)
		ask(r);
	if (r->check != NULL)
		return WAIT;
	if (r->access.verdict == ACCESS_GRANTED)
		return let_in(r);
	r->refusal_header = r->access.header;
	return request_refuse(r, r->access.status, OUTCOME_REJECTED,
	    r->access.why);
}
