/*
 * cgi_module: what the module cgi says to a launcher and its program, and what
 * it makes of how they end.
 *
 * Launcher and program are played by the test, which holds the other ends of
 * the variables' socket and of the pipes at descriptors 0 and 1.
 */
#include "lib/fake.h"

#include <sys/socket.h>
#include <sys/wait.h>

#include <errno.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "body.h"
#include "function.h"
#include "mem.h"
#include "message.h"

#define ROWS(table)	((int)(sizeof(table) / sizeof((table)[0])))
#define HEAD		"Content-Type: text/plain\r\n\r\n"
#define BIG		1000000		/* more than a pipe holds */

#define EXITED(code)	((code) << 8)	/* as of wait(2) */

/* The program's side; -1 once closed. */
static struct {
	int	 variables;
	int	 input;
	int	 output;
} program;

static struct worker	*worker;
static struct fake	*fake;

static void
set_up(void)
{
	int	 variables[2], input[2], output[2], fds[3];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, variables), 0);
	ck_assert_int_eq(pipe(input), 0);
	ck_assert_int_eq(pipe(output), 0);
	program.variables = variables[1];
	program.input = input[0];
	program.output = output[1];
	fcntl(program.input, F_SETFL, O_NONBLOCK);
	fcntl(program.variables, F_SETFL, O_NONBLOCK);
	fds[0] = variables[0];
	fds[1] = input[1];
	fds[2] = output[0];

	worker = fake_worker_create(&protocol_cgi);
	worker->has_served = false;
	ck_assert_int_eq(worker->protocol->attach(worker, fds, 3), 0);
	fake = fake_create(worker);
	variables_set(&fake->request.variables, "GATEWAY_INTERFACE",
	    "CGI/1.1");
}

static void
close_end(int *fd)
{
	if (*fd != -1)
		close(*fd);
	*fd = -1;
}

static void
tear_down(void)
{
	worker->protocol->detach(worker);
	fake_free(fake);
	fake_worker_free(worker);
	close_end(&program.variables);
	close_end(&program.input);
	close_end(&program.output);
}

/* --- the program's side ------------------------------------------------- */

/* The packet with blanks in place of NULs, or NULL if there is none. */
static const char *
receive_variables(void)
{
	static char	 packet[LAUNCH_VARIABLES_MAX + 1];
	ssize_t		 n, i;

	n = recv(program.variables, packet, sizeof(packet), 0);
	if (n == -1) {
		ck_assert_int_eq(errno, EAGAIN);
		return NULL;
	}
	ck_assert_int_gt(n, 0);
	ck_assert_int_eq(packet[n - 1], '\0');
	for (i = 0; i < n - 1; i++)
		if (packet[i] == '\0')
			packet[i] = ' ';
	return packet;
}

/* The exec closes the socket. */
static void
launch(void)
{
	fake_settle(worker);
	ck_assert_uint_eq(fake->begun, 0);
	ck_assert_ptr_nonnull(receive_variables());
	close_end(&program.variables);
	fake_settle(worker);
	ck_assert_uint_eq(fake->begun, 1);
	ck_assert(worker->has_served);
}

static void
say(const char *text)
{
	ck_assert_int_eq(write(program.output, text, strlen(text)),
	    (ssize_t)strlen(text));
	fake_settle(worker);
}

/* All of stdin that is there, and has it ended? */
static bool
read_input(struct evbuffer *in)
{
	char	 bytes[65536];
	ssize_t	 n;

	for (;;) {
		fake_settle(worker);
		n = read(program.input, bytes, sizeof(bytes));
		if (n <= 0)
			return n == 0;
		evbuffer_add(in, bytes, (size_t)n);
	}
}

/* The process is reaped; its descriptors may be open in others. */
static void
die(int status)
{
	worker->state = WORKER_DEAD;
	worker->end.status = status;
	worker->protocol->ended(worker);
}

/* --- the request's side ------------------------------------------------- */

static void
begin(void)
{
	ck_assert_int_eq(worker->protocol->begin(&fake->request), 0);
}

static void
push(const char *bytes)
{
	body_append(fake->request.body, bytes, strlen(bytes));
	worker->protocol->push(&fake->request);
}

static void
assert_done(uint32_t app_status, const char *out)
{
	ck_assert_int_eq(fake->request.exchange_end, EXCHANGE_DONE);
	ck_assert_uint_eq(fake->request.app_status, app_status);
	ck_assert(!fake->request.worker_reusable);
	ck_assert_ptr_null(fake->request.exchange);
	ck_assert_str_eq(fake_text(fake->out), out);
}

/* --- variables ---------------------------------------------------------- */

static const struct {
	const char	*name;
	bool		 passes;
} names[] = {
	{ "REQUEST_METHOD", true },
	{ "QUERY_STRING", true },
	{ "HTTP_COOKIE", true },
	{ "HTTPS", true },
	{ "TOLLGATE_REQUEST_ID", true },
	{ "SCRIPT_FILENAME", true },
	{ "DB_HOST", true },		/* one of the parameters */
	{ "odd-name", true },		/* likewise */
	{ "DB_HOSTS", false },
	{ "DB_HOS", false },
	{ "LD_PRELOAD", false },
	{ "PATH", false },
	{ "IFS", false },
	{ "HTTP_PROXY", false },
	{ "HTTP_CONTENT_LENGTH", false },
	{ "HTTP_X-Y", false },
	{ "PHP_VALUE", false },
};

START_TEST(names_that_pass)
{
	static const char	*parameters[] = { "DB_HOST=ignored",
	    "odd-name=" };
	char			 wanted[200] = "GATEWAY_INTERFACE=CGI/1.1";
	size_t			 used = strlen(wanted);

	fake->function->parameters.words = parameters;
	fake->function->parameters.count = ROWS(parameters);
	variables_set(&fake->request.variables, names[_i].name, "a b=c");
	if (names[_i].passes)
		snprintf(wanted + used, sizeof(wanted) - used, " %s=a b=c",
		    names[_i].name);
	begin();
	ck_assert_str_eq(receive_variables(), wanted);
	fake->function->parameters.count = 0;
	worker->protocol->cut(&fake->request);
}
END_TEST

START_TEST(values)
{
	variables_set(&fake->request.variables, "QUERY_STRING", "");
	variables_set(&fake->request.variables, "PATH_INFO", "/\xff\n");
	begin();
	ck_assert_str_eq(receive_variables(),
	    "GATEWAY_INTERFACE=CGI/1.1 QUERY_STRING= PATH_INFO=/\xff\n");
	ck_assert_ptr_null(receive_variables());
	worker->protocol->cut(&fake->request);
}
END_TEST

static const struct {
	const char	*body;		/* NULL: there is none */
	const char	*length;	/* as the front said, or NULL */
	const char	*wanted;
} lengths[] = {
	{ NULL, NULL, "" },
	{ "", NULL, "" },
	{ "hello", NULL, " CONTENT_LENGTH=5" },
	{ "hello", "5", " CONTENT_LENGTH=5" },
	{ "hello", "", " CONTENT_LENGTH=5" },
	{ "", "0", " CONTENT_LENGTH=0" },
	{ "hel", "100", " CONTENT_LENGTH=100" },
};

START_TEST(length_of_body)
{
	struct request	*r = &fake->request;
	char		 wanted[100];

	if (lengths[_i].body != NULL)
		fake_set_body(fake, lengths[_i].body, strlen(lengths[_i].body));
	if (lengths[_i].length != NULL) {
		r->has_length = lengths[_i].length[0] != '\0';
		variables_set(&r->variables, "CONTENT_LENGTH",
		    lengths[_i].length);
	}
	snprintf(wanted, sizeof(wanted), "GATEWAY_INTERFACE=CGI/1.1%s",
	    lengths[_i].wanted);
	begin();
	ck_assert_str_eq(receive_variables(), wanted);
	worker->protocol->cut(r);
}
END_TEST

/* So much fits in the packet, and one byte more does not. */
START_TEST(too_many_variables)
{
	struct request	*r = &fake->request;
	size_t		 len;
	char		*value, byte;

	len = LAUNCH_VARIABLES_MAX - strlen("GATEWAY_INTERFACE=CGI/1.1") - 1 -
	    strlen("HTTP_X=") - 1 + (_i == 1);
	value = arena_alloc(r->arena, len + 1);
	memset(value, 'x', len);
	value[len] = '\0';
	variables_set(&r->variables, "HTTP_X", value);
	begin();
	if (_i == 0) {
		ck_assert_uint_eq(strlen(receive_variables()),
		    LAUNCH_VARIABLES_MAX - 1);
		worker->protocol->cut(r);
		return;
	}
	/* The launcher is let go: it would wait for ever. */
	ck_assert_int_eq(recv(program.variables, &byte, 1, 0), 0);
	ck_assert_int_eq(r->exchange_end, EXCHANGE_REFUSED);
	ck_assert_uint_eq(r->exchange_refusal, REFUSAL_FAILED);
	ck_assert_int_eq(r->exchange_error, E2BIG);
	ck_assert_ptr_null(r->exchange);
}
END_TEST

/* --- launching ---------------------------------------------------------- */

static const struct {
	int32_t		 refusal;
	unsigned	 wanted;
} refusals[] = {
	{ REFUSAL_FAILED, REFUSAL_FAILED },
	{ REFUSAL_NOT_FOUND, REFUSAL_NOT_FOUND },
	{ REFUSAL_NOT_TRUSTED, REFUSAL_NOT_TRUSTED },
	{ 3, REFUSAL_FAILED },		/* it is not to be believed */
	{ -1, REFUSAL_FAILED },
};

static void
send_failure(int32_t refusal)
{
	struct launch_failure	 failure = { .error = EACCES,
	    .refusal = refusal };

	ck_assert_ptr_nonnull(receive_variables());
	/* Nor is a text without an end. */
	memset(failure.step, 's', sizeof(failure.step));
	ck_assert_int_eq(send(program.variables, &failure, sizeof(failure), 0),
	    sizeof(failure));
	close_end(&program.variables);
}

static void
assert_refused(unsigned refusal)
{
	ck_assert_int_eq(fake->request.exchange_end, EXCHANGE_REFUSED);
	ck_assert_uint_eq(fake->request.exchange_refusal, refusal);
	ck_assert_int_eq(fake->request.exchange_error, EACCES);
	ck_assert_uint_eq(strlen(fake->request.exchange_why),
	    MESSAGE_STEP_LEN - 1);
	ck_assert_ptr_null(fake->request.exchange);
	ck_assert_uint_eq(fake->begun, 0);
}

START_TEST(refused)
{
	begin();
	send_failure(refusals[_i].refusal);
	fake_settle(worker);
	assert_refused(refusals[_i].wanted);
	die(EXITED(127));
}
END_TEST

/* The death is heard of before the answer. */
START_TEST(refused_and_dead)
{
	fake_set_body(fake, "hello", 5);
	begin();
	send_failure(refusals[_i].refusal);
	close_end(&program.input);
	close_end(&program.output);
	die(EXITED(127));
	assert_refused(refusals[_i].wanted);
}
END_TEST

/* It had gone before it was given anything: nothing was sent. */
START_TEST(launcher_has_gone)
{
	close_end(&program.variables);
	ck_assert_int_eq(worker->protocol->begin(&fake->request), -1);
	ck_assert_int_eq(errno, EPIPE);
	ck_assert_ptr_null(fake->request.exchange);
	ck_assert_int_eq(fake->request.exchange_end, EXCHANGE_ON);
	die(EXITED(0));
}
END_TEST

/* It was killed before it read them: nothing has begun. */
START_TEST(never_begun)
{
	begin();
	close_end(&program.variables);
	if (_i == 1)
		fake_settle(worker);
	close_end(&program.input);
	close_end(&program.output);
	die(SIGKILL);
	ck_assert_int_eq(fake->request.exchange_end, EXCHANGE_RESET);
	ck_assert_uint_eq(fake->begun, 0);
	ck_assert(!worker->has_served);
}
END_TEST

START_TEST(never_used)
{
	fake_settle(worker);
	close_end(&program.variables);
	close_end(&program.input);
	close_end(&program.output);
	fake_settle(worker);
	die(EXITED(0));
}
END_TEST

/* --- stdin -------------------------------------------------------------- */

START_TEST(small_body)
{
	struct evbuffer	*in = evbuffer_new();

	fake_set_body(fake, "hello", 5);
	begin();
	launch();
	ck_assert(read_input(in));
	ck_assert_str_eq(fake_text(in), "hello");
	worker->protocol->push(&fake->request);
	worker->protocol->cut(&fake->request);
	evbuffer_free(in);
}
END_TEST

/* stdin ends when the body has, not before. */
START_TEST(body_in_pieces)
{
	struct evbuffer	*in = evbuffer_new();

	begin();
	launch();
	ck_assert(!read_input(in));
	fake->request.body = body_create(100, "/nonexistent");
	push("one");
	ck_assert(!read_input(in));
	ck_assert_str_eq(fake_text(in), "one");
	push("");
	push("two");
	ck_assert(!read_input(in));
	body_end(fake->request.body);
	push("");
	ck_assert(read_input(in));
	ck_assert_str_eq(fake_text(in), "onetwo");
	worker->protocol->cut(&fake->request);
	evbuffer_free(in);
}
END_TEST

static char *
make_bytes(size_t len)
{
	char	*bytes;
	size_t	 i;

	bytes = xmalloc(len);
	for (i = 0; i < len; i++)
		bytes[i] = (char)('a' + i * 2654435761u / 7 % 26);
	return bytes;
}

START_TEST(big_body)
{
	struct evbuffer	*in = evbuffer_new();
	char		*bytes = make_bytes(BIG);

	fake_set_body(fake, bytes, BIG);
	begin();
	launch();
	ck_assert_uint_gt(body_waiting(fake->request.body), BIG / 2);
	ck_assert(read_input(in));
	ck_assert_uint_eq(evbuffer_get_length(in), BIG);
	ck_assert_mem_eq(evbuffer_pullup(in, -1), bytes, BIG);
	ck_assert_uint_gt(fake->heard, 0);
	worker->protocol->cut(&fake->request);
	evbuffer_free(in);
	free(bytes);
}
END_TEST

/* It wants none of it: what comes is thrown away, and it still may answer. */
START_TEST(body_is_not_wanted)
{
	char	*bytes = make_bytes(BIG);

	fake->request.body = body_create(BIG, "/nonexistent");
	body_append(fake->request.body, bytes, BIG);
	begin();
	launch();
	close_end(&program.input);
	fake_settle(worker);
	ck_assert_uint_eq(body_waiting(fake->request.body), 0);
	ck_assert_int_eq(fake->request.exchange_end, EXCHANGE_ON);
	fake->request.is_stopped_reading = true;
	push("more");
	ck_assert_uint_eq(body_waiting(fake->request.body), 0);
	ck_assert_uint_gt(fake->rooms, 0);
	body_end(fake->request.body);
	push("");
	say(HEAD);
	die(EXITED(0));
	assert_done(0, HEAD);
	free(bytes);
}
END_TEST

/* --- stdout and the end ------------------------------------------------- */

static const struct {
	int		 status;
	bool		 stdout_first;	/* it ends before the process does */
	enum exchange_end	 end;
	uint32_t	 app_status;
} ends[] = {
	{ EXITED(0), true, EXCHANGE_DONE, 0 },
	{ EXITED(0), false, EXCHANGE_DONE, 0 },
	{ EXITED(3), true, EXCHANGE_DONE, 3 },
	{ EXITED(255), false, EXCHANGE_DONE, 255 },
	{ SIGSEGV, true, EXCHANGE_RESET, 0 },
	{ SIGKILL, false, EXCHANGE_RESET, 0 },
	{ SIGABRT | 0x80, true, EXCHANGE_RESET, 0 },	/* core dumped */
};

START_TEST(ends_somehow)
{
	begin();
	launch();
	say(HEAD);
	say("hel");
	ck_assert_int_eq(write(program.output, "lo", 2), 2);
	if (ends[_i].stdout_first) {
		close_end(&program.output);
		fake_settle(worker);
		ck_assert_uint_eq(fake->stdout_ends, 1);
	}
	ck_assert_int_eq(fake->request.exchange_end, EXCHANGE_ON);
	die(ends[_i].status);
	ck_assert_int_eq(fake->request.exchange_end, ends[_i].end);
	ck_assert_uint_eq(fake->request.app_status, ends[_i].app_status);
	ck_assert_ptr_null(fake->request.exchange);
	ck_assert_str_eq(fake_text(fake->out), HEAD "hello");
}
END_TEST

/* All at once: nothing of it was heard before the death. */
START_TEST(ends_at_once)
{
	ck_assert_int_eq(worker->protocol->begin(&fake->request), 0);
	ck_assert_ptr_nonnull(receive_variables());
	ck_assert_int_eq(write(program.output, HEAD "hello",
	    strlen(HEAD "hello")), (ssize_t)strlen(HEAD "hello"));
	close_end(&program.variables);
	close_end(&program.input);
	close_end(&program.output);
	die(EXITED(0));
	assert_done(0, HEAD "hello");
	ck_assert_uint_eq(fake->begun, 1);
}
END_TEST

/* More than one read's worth is left in the pipe. */
START_TEST(much_is_left_behind)
{
	char	*bytes = make_bytes(200000);

	fcntl(program.output, F_SETPIPE_SZ, 1 << 18);
	begin();
	launch();
	ck_assert_int_eq(write(program.output, bytes, 200000), 200000);
	die(EXITED(0));
	ck_assert_int_eq(fake->request.exchange_end, EXCHANGE_DONE);
	ck_assert_uint_eq(evbuffer_get_length(fake->out), 200000);
	ck_assert_mem_eq(evbuffer_pullup(fake->out, -1), bytes, 200000);
	free(bytes);
}
END_TEST

/* A child of it writes on: that is nobody's, and does no harm. */
START_TEST(a_child_writes_on)
{
	begin();
	launch();
	say(HEAD);
	die(EXITED(0));
	say("late");
	close_end(&program.output);
	fake_settle(worker);
	assert_done(0, HEAD);
}
END_TEST

/* Nor does one that never stops hold up the loop. */
START_TEST(a_child_never_stops)
{
	char	*bytes = make_bytes(BIG);
	pid_t	 child;

	begin();
	launch();
	say(HEAD);
	ck_assert_int_ne(child = fork(), -1);
	if (child == 0)
		while (write(program.output, bytes, BIG) > 0)
			continue;
	die(EXITED(0));
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	ck_assert_int_eq(fake->request.exchange_end, EXCHANGE_DONE);
	free(bytes);
}
END_TEST

START_TEST(pause_and_pull)
{
	begin();
	launch();
	fake->room = 1;
	say(HEAD);
	say("one");
	ck_assert_str_eq(fake_text(fake->out), HEAD);
	worker->protocol->pull(&fake->request);
	fake_settle(worker);
	ck_assert_str_eq(fake_text(fake->out), HEAD "one");
	say("two");
	ck_assert_str_eq(fake_text(fake->out), HEAD "one");
	fake->room = SIZE_MAX;
	worker->protocol->pull(&fake->request);
	fake_settle(worker);
	worker->protocol->pull(&fake->request);
	close_end(&program.output);
	fake_settle(worker);
	worker->protocol->pull(&fake->request);
	die(EXITED(0));
	assert_done(0, HEAD "onetwo");
}
END_TEST

START_TEST(paused_and_dead)
{
	begin();
	launch();
	fake->room = 1;
	say(HEAD);
	say("rest");
	close_end(&program.output);
	die(EXITED(0));
	assert_done(0, HEAD "rest");
}
END_TEST

/* --- giving up ---------------------------------------------------------- */

/* Before the exec, behind it, in mid-answer: all descriptors are closed. */
START_TEST(cut)
{
	char	 byte;

	fake->request.body = body_create(100, "/nonexistent");
	begin();
	if (_i > 0)
		launch();
	if (_i > 1)
		say(HEAD);
	worker->protocol->cut(&fake->request);
	ck_assert_int_eq(read(program.input, &byte, 1), 0);
	ck_assert_int_eq(write(program.output, "x", 1), -1);
	ck_assert_int_eq(errno, EPIPE);
	fake_settle(worker);
	die(SIGTERM);
	ck_assert_int_eq(fake->request.exchange_end, EXCHANGE_ON);
}
END_TEST

int
main(void)
{
	Suite	*s = suite_create("cgi_module");
	TCase	*tc = tcase_create("cgi_module");

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, names_that_pass, 0, ROWS(names));
	tcase_add_test(tc, values);
	tcase_add_loop_test(tc, length_of_body, 0, ROWS(lengths));
	tcase_add_loop_test(tc, too_many_variables, 0, 2);
	tcase_add_loop_test(tc, refused, 0, ROWS(refusals));
	tcase_add_loop_test(tc, refused_and_dead, 0, ROWS(refusals));
	tcase_add_test(tc, launcher_has_gone);
	tcase_add_loop_test(tc, never_begun, 0, 2);
	tcase_add_test(tc, never_used);
	tcase_add_test(tc, small_body);
	tcase_add_test(tc, body_in_pieces);
	tcase_add_test(tc, big_body);
	tcase_add_test(tc, body_is_not_wanted);
	tcase_add_loop_test(tc, ends_somehow, 0, ROWS(ends));
	tcase_add_test(tc, ends_at_once);
	tcase_add_test(tc, much_is_left_behind);
	tcase_add_test(tc, a_child_writes_on);
	tcase_add_test(tc, a_child_never_stops);
	tcase_add_test(tc, pause_and_pull);
	tcase_add_test(tc, paused_and_dead);
	tcase_add_loop_test(tc, cut, 0, 3);
	suite_add_tcase(s, tc);
	return fake_run(s);
}
