/*
 * verdict: what a request is answered in the end when the handler has not
 * done it, what it cost, and its record.
 */
#include "walk.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <fastcgi.h>

#include "body.h"
#include "config.h"
#include "function.h"
#include "log.h"
#include "mem.h"
#include "module.h"
#include "pool.h"
#include "timer.h"
#include "worker.h"

void
request_complain(const struct request *r, const char *format, ...)
{
	char	 words[512];
	va_list	 ap;

	va_start(ap, format);
	vsnprintf(words, sizeof(words), format, ap);
	va_end(ap);
	log_warning("%s: request %s: %s",
	    r->function != NULL ? r->function->name : "-", r->id, words);
}

/* --- answers of our own ------------------------------------------------- */

/* Whole seconds a client had better wait before it tries again. */
static uint64_t
retry_after(const struct request *r)
{
	uint64_t	 ms;

	ms = r->pool != NULL ? pool_backoff_ms(r->pool) : 0;
	return ms <= 1000 ? 1 : (ms + 999) / 1000;
}

/* As its protocol would have it, without the body that HEAD has not. */
static void
put_protocols_answer(struct request *r, const struct protocol *protocol,
    int status)
{
	struct buffer	 out = { 0 };
	const char	*end;
	size_t		 len, head;

	protocol->put_refusal(r, status, &out);
	len = buffer_size(&out);
	end = memmem(buffer_bytes(&out), len, "\r\n\r\n", 4);
	head = (size_t)(end - (char *)buffer_bytes(&out)) + 4;
	if (strcmp(r->method, "HEAD") == 0)
		len = head;
	answer_replace(&r->answer, (const char *)buffer_bytes(&out), len);
	r->answer.body_out = len - head;
	buffer_release(&out);
}

static void
put_own_answer(struct request *r, int status, const char *why)
{
	const struct protocol	*protocol;
	const char	*extra = "", *body, *head;
	bool		 has_body = strcmp(r->method, "HEAD") != 0;

	protocol = r->pool != NULL ? pool_protocol(r->pool) : NULL;
	if (protocol != NULL && protocol->put_refusal != NULL &&
	    (status == 429 || status >= 500) && r->refusal_header == NULL) {
		put_protocols_answer(r, protocol, status);
		return;
	}
	if (r->refusal_header != NULL && *r->refusal_header != '\0')
		extra = r->refusal_header;
	else if (status == 503)
		extra = arena_printf(r->arena, "Retry-After: %" PRIu64 "\r\n",
		    retry_after(r));
	else if (status == 405)
		extra = arena_printf(r->arena, "Allow: %s\r\n", r->allow);

	body = arena_printf(r->arena, "%d %s\n%s\nrequest %s\n", status,
	    cgi_reason(status), why, r->id);
	head = arena_printf(r->arena, "Status: %d %s\r\n"
	    "Content-Type: text/plain; charset=utf-8\r\n"
	    "Content-Length: %zu\r\n%s\r\n%s", status, cgi_reason(status),
	    strlen(body), extra, has_body ? body : "");
	answer_replace(&r->answer, head, strlen(head));
	r->answer.body_out = has_body ? strlen(body) : 0;
}

/* Into the function's own log, where its author looks. */
static void
log_if_slow(const struct request *r)
{
	uint64_t	 limit = 0, ms;
	const char	*line;

	if (r->function != NULL)
		limit = r->function->slowlog_threshold_ms;
	if (limit == 0 || r->worker == NULL || r->begun_us == 0)
		return;
	ms = (r->ended_us - r->begun_us) / 1000;
	if (ms < limit)
		return;
	line = arena_printf(r->arena, "slow: %s %s took %" PRIu64 "ms, "
	    "log.slowlog_threshold = %" PRIu64 "ms\n", r->method, r->path, ms,
	    limit);
	worker_log(r->worker, r->id, line, strlen(line));
}

static enum verdict
enter_record(struct request *r, enum outcome outcome)
{
	r->outcome = outcome;
	r->ended_us = request_clock_us();
	timer_stop(r->silence);
	request_measure(r);
	log_if_slow(r);
	return request_enter(r, REQUEST_RECORD);
}

enum verdict
request_refuse(struct request *r, int status, enum outcome outcome,
    const char *why)
{
	if (outcome == OUTCOME_REJECTED && !r->is_told)
		log_info("%s: request %s: %d: %s",
		    r->function != NULL ? r->function->name : "-", r->id,
		    status, why);
	if (r->has_sent && !invoke_can_end(r)) {
		r->is_broken = true;
		r->status = r->answer.head.status;
	} else {
		r->status = status;
		if (r->by_name != NULL)
			r->status = invoke_refuse(r, status, outcome, why);
		else
			put_own_answer(r, status, why);
		answer_put_end(&r->answer, 0, r->protocol_status);
	}
	return enter_record(r, outcome);
}

enum verdict
request_conclude(struct request *r, enum outcome outcome)
{
	if (r->by_name != NULL)
		outcome = invoke_conclude(r, outcome);
	else if (outcome == OUTCOME_OK) {
		r->status = r->answer.head.status;
		if (r->is_function_error)
			outcome = OUTCOME_ERROR;
	}
	answer_put_end(&r->answer, r->app_status, r->protocol_status);
	return enter_record(r, outcome);
}

/* --- the record --------------------------------------------------------- */

/*
 * What a worker that goes on working uses from now on is found in its next
 * record.  Of a program that has ended, the kernel has told all.
 */
void
request_measure(struct request *r)
{
	struct worker	*w = r->worker;

	if (w == NULL)
		return;
	worker_read_stderr(w, r->id);
	r->cpu_us += worker_cpu_us(w);
	r->peak_kb = worker_peak_kb(w);
	r->worker_pid = w->pid;
}

static void
fill_times(const struct request *r, struct record *rec)
{
	uint64_t	 asked_us;

	asked_us = r->lent_us != 0 ? r->init_from_us : r->ended_us;
	rec->queue_us = asked_us - r->arrived_us;
	rec->init_us = r->init_us;
	if (r->begun_us != 0 && r->ended_us > r->begun_us)
		rec->duration_us = r->ended_us - r->begun_us;
	rec->billed_ms = record_billed_ms(rec->duration_us,
	    r->services->settings->billing_granularity_ms);
}

static void
fill_record(const struct request *r, struct record *rec)
{
	const struct function	*fn = r->function;

	memset(rec, 0, sizeof(*rec));
	rec->time_us = r->time_us;
	rec->id = r->id;
	rec->function = fn != NULL ? fn->name : "";
	rec->version = fn != NULL ? fn->version : "";
	rec->user = r->user;
	rec->caller = r->caller;
	rec->memory_bytes = fn != NULL ? fn->memory_max : 0;
	rec->trigger = r->by_name != NULL ? "invoke" : "http";
	rec->method = r->method;
	rec->path = r->path;
	rec->status = r->status;
	rec->outcome = (enum outcome)r->outcome;
	fill_times(r, rec);
	rec->cpu_us = r->cpu_us;
	rec->max_memory_kb = r->peak_kb;
	rec->bytes_in = r->body != NULL ? body_received(r->body) : 0;
	rec->bytes_out = r->answer.body_out;
	rec->worker = r->worker_pid;
	rec->cold = r->is_cold;
	rec->attempt = r->attempt;
}

static void
on_recorded(void *arg)
{
	struct request	*r = arg;

	r->is_recorded = true;
	request_soon(r);
}

/* How the client is parted with. */
static enum client_end
client_end(const struct request *r)
{
	if (r->is_broken)
		return CLIENT_CUT_OFF;
	if (r->has_surplus || r->early_status == 431 || r->status == 408)
		return CLIENT_DISTRUSTED;
	return CLIENT_SERVED;
}

/* The record is in the file: let go of what was held back for it. */
static void
release_answer(struct request *r)
{
	struct answer	*a = &r->answer;
	struct iovec	 out[2] = {
		{ buffer_bytes(&a->ready), buffer_size(&a->ready) },
		{ buffer_bytes(&a->tail), buffer_size(&a->tail) },
	};

	if (r->is_aborted && !r->has_sent)
		out[0].iov_len = 0;
	if (r->client != NULL && !r->is_broken)
		r->client->send(r, out, 2);
	/* It may have been found gone while it was sent to. */
	if (r->client != NULL)
		r->client->over(r, client_end(r));
	r->client = NULL;
	answer_release(a);
}

enum verdict
request_step_record(struct request *r)
{
	struct record	 rec;

	if (!r->is_recorded) {
		if (!r->is_record_out) {
			request_settle(r);
			fill_record(r, &rec);
			ledger_add(r->services->ledger, &rec, on_recorded, r);
			r->is_record_out = true;
		}
		return WAIT;
	}
	release_answer(r);
	if (r->worker == NULL)
		return OVER;
	return request_enter(r, REQUEST_LINGER);
}
