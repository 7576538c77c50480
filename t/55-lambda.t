#!/usr/bin/perl
# A program written for AWS Lambda's Runtime API serves requests: events and
# answers are those of function URLs, and whatever goes wrong costs the request
# that it hits and no other.
use strict;
use warnings;
use lib 't/lib';
use JSON::PP;
use Test::More;
use Tollgate::Lambda;
use Tollgate::Test;

my $t = Tollgate::Test->new;
lambda($t, fn => "environment = MY_OWN=1 TZ=UTC\nhandler_name = a.b\n"
    . "[pool]\nmax_children = 1\n");
lambda($t, other => "[pool]\nmax_children = 1\n");
lambda($t, brief => "[limits]\nrequest_terminate_timeout = 1s\n");
$t->start;

sub answer { my ($query, %opt) = @_; $t->get("/fn/x?$query", %opt) }
sub json { decode_json(answer(@_)->{body}) }
sub last_words { json('do=last') }
sub log_of { my ($name) = @_; $t->function_log($name // 'fn') }

# --- event and answer
my $got = $t->post('/fn/a%20b?x=1&x=2', '{"n":1}',
    params => [CONTENT_TYPE => 'application/json', HTTP_X_ONE => 'y']);
is($got->{status}, 200, 'an event is answered');
my $event = decode_json($got->{body});
is($event->{version}, '2.0', 'it is of format 2.0');
is($event->{rawPath}, '/fn/a%20b', 'with the path as it was sent');
is($event->{queryStringParameters}{x}, '1,2', 'the query');
is($event->{headers}{'x-one'}, 'y', 'headers');
is($event->{body}, '{"n":1}', 'and the body');
is($event->{requestContext}{requestId}, $got->{headers}{'x-amzn-requestid'},
    'its id is in the answer');
my $id = $event->{requestContext}{requestId};
ok(wait_for(sub { log_of() =~ /REPORT RequestId: \Q$id\E/ }, 30, 'REPORT'),
    'the log reports it');
like(log_of(), qr/starting.*START RequestId: $id Version: \$LATEST\n/s,
    'with a START,');
my $report = "REPORT RequestId: $id" . '\\\\t' . join '\\\\t',
    map { s/ [\d.]+ / [\\d.]+ /r } 'Duration: 1 ms', 'Billed Duration: 1 ms',
    'Memory Size: 1 MB', 'Max Memory Used: 1 MB', 'Init Duration: 1 ms', "\n";
like(log_of(), qr/END RequestId: $id\n.*$report/,
    'as AWS does');
my $record = $t->record_of('/fn/a b');
is($record->{outcome}, 'ok', 'it is accounted for');
ok($record->{cold} && $record->{init_ms} > 0, 'as a cold start');

my $headers = json('do=headers');
is($headers->{count}, 2, 'the worker serves on');
my $now = time;
cmp_ok($headers->{'lambda-runtime-deadline-ms'}, '>', ($now + 20) * 1000,
    'next tells the deadline');
cmp_ok($headers->{'lambda-runtime-deadline-ms'}, '<', ($now + 40) * 1000,
    'which is the time limit');
is($headers->{'content-type'}, 'application/json', 'the type, exactly');
is($headers->{'lambda-runtime-invoked-function-arn'},
    'arn:aws:lambda:us-east-1:000000000000:function:fn', 'the ARN');
like($headers->{'lambda-runtime-trace-id'}, qr/^Root=1-[0-9a-f]{8}-/,
    'a trace');
unlike((split /\n/, log_of())[-1], qr/Init/, 'Init Duration comes once');

my $env = json('do=env');
my $dir = $t->dir;
is_deeply([@$env{qw(MY_OWN TZ AWS_LAMBDA_FUNCTION_NAME _HANDLER cwd LAMBDA_TASK_ROOT
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE AWS_LAMBDA_FUNCTION_VERSION AWS_REGION)}],
    [1, 'UTC', 'fn', 'a.b', $dir, $dir, 128, '$LATEST', 'us-east-1'],
    'the environment: its own over the usual, and the fixed');

is(answer('do=say&say=%22hello%22')->{body}, 'hello', 'a string is unquoted');
is(answer('do=say&say=[1,+2]')->{body}, '[1,2]', 'other JSON is compact');
$got = answer('do=say&say=' . '{"statusCode":404,"headers":{"x-a":"b"},'
    . '"cookies":["c=d"],"body":"no"}');
is_deeply([@$got{qw(status body)}, $got->{headers}{'set-cookie'}],
    [404, 'no', 'c=d'], 'an answer is an answer');
is($t->request('HEAD', '/fn/x?do=say&say=1')->{body}, '', 'HEAD has no body');

# --- results that are none
for my $say ('oops', '{"statusCode":"x"}', '{"statusCode":99}') {
	$got = answer("do=say&say=$say");
	is("$got->{status} $got->{body}", '502 Internal Server Error',
	    "$say: 502");
	is($t->record_of('/fn/x')->{outcome}, 'error', 'which is an error');
}
$got = answer('do=error');
is("$got->{status} $got->{body}", '502 Internal Server Error',
    'an error of the function is 502');
is_deeply(last_words(), ['202 {"status":"OK"}'], 'and was taken as such');
is(answer("do=$_")->{status}, 502, "$_: 502") for qw(empty empty-error);

# --- the worker's side, right and wrong
is(answer('do=chunks')->{body}, 'abc', 'a chunked result');
is(answer('do=trailers')->{body}, 'plain', 'with empty trailers');
is(answer('do=error-trailer')->{status}, 502, 'with an error in a trailer');
is(answer('do=truncated')->{body}, 'again', 'one cut short can be sent anew');
is(answer('do=twice')->{body}, 'first', 'of two results the first stands');
my $refused = sub { '403 {"errorMessage":"State transition from ResponseSent '
    . "to $_[0] failed for runtime. Error: State transition is not allowed\","
    . '"errorType":"InvalidStateTransition"}' };
is_deeply(last_words(), ['202 {"status":"OK"}',
    $refused->('InvocationResponse'), $refused->('InvocationErrorResponse')],
    'the others are refused');
is(answer('do=ids')->{body}, 'mine', 'results of other ids');
my $wrong = '400 {"errorMessage":"Invalid request ID",'
    . '"errorType":"InvalidRequestID"}';
is_deeply(last_words(), [$wrong, $wrong, $wrong, '404 404 page not found',
    $wrong], 'have no effect');
is(answer('do=next-first')->{body}, 'still', 'next before the result');
like(last_words()->[0], qr/^403 .*from Running to Ready/, 'is refused');
is(answer('do=mode')->{body}, 'good', 'an unknown response mode');
is_deeply(last_words(), ['400 {"errorMessage":"Invalid function response mode'
    . '","errorType":"InvalidFunctionResponseMode"}'], 'is refused');
is(answer('do=init-error')->{body}, 'good', 'init/error after next');
like(last_words()->[0], qr/^403 /, 'is refused');

my $max = 6291556;
is(length answer("do=size&n=$max")->{body}, $max - 2, 'the longest result');
is(answer('do=size&n=' . ($max + 1))->{status}, 502, 'one byte more');
is_deeply(last_words(), ['size: 413 {"errorMessage":"Exceeded maximum allowed '
    . 'payload size (6291556 bytes).","errorType":"RequestEntityTooLarge"}',
    'then error: ' . $refused->('InvocationErrorResponse')],
    'the worker is told, and lives on');
is(answer("do=huge-error&n=1000000")->{status}, 502, 'a huge error');
is($t->post('/fn/x', 'x' x 6000000)->{status}, 413, 'an event too long: 413');

my %raw = (garbage => qr/^400/, header => qr/^(?:4\d\d|0)/,
    http2 => qr/^(?:400|505|0)/, http10 => qr/^200 pong/,
    pipeline => qr/^200 pong,200 pong$/, length => qr/^400/,
    chunk => qr/^400/, nothing => qr/^404/, method => qr/^405/,
    ping => qr/^200 pong/, restore => qr/^200 $/,
    logs => qr/^202 .*Logs\.NotSupported/,
    telemetry => qr/^202 .*Telemetry\.NotSupported/,
    register => qr/^200 .*"functionName":"fn"/);
for my $what (sort keys %raw) {
	like(join(',', @{json("do=raw&what=$what")}), $raw{$what},
	    "HTTP: $what");
}
is(answer('do=raw&what=expect')->{body}, '42', 'HTTP: Expect');
cmp_ok(answer('do=many&n=40')->{body}, '<', 20,
    'a worker has only so many connections');

# --- others' endpoints
SKIP: {
	skip 'takes root', 1 if $> != 0;
	my $api = decode_json($t->get('/other?do=env')->{body})
	    ->{AWS_LAMBDA_RUNTIME_API};
	my $s = IO::Socket::INET->new(PeerAddr => $api);
	my $said;
	if ($s) {
		print {$s} "GET /2018-06-01/runtime/invocation/next "
		    . "HTTP/1.1\r\nHost: x\r\n\r\n";
		$said = <$s>;
	}
	is($said, undef, 'another user gets nothing out of an endpoint');
	is($t->get('/other?do=say&say=1')->{body}, 1, 'which serves on');
}

# --- ends
for my $do ('exit&n=0', 'exit&n=7', 'kill') {
	$got = answer("do=$do");
	is("$got->{status} $got->{body}", '502 Internal Server Error',
	    "$do: 502");
	is($t->record_of('/fn/x')->{attempt}, 1, 'and not tried again');
	is(answer('do=say&say=1')->{body}, 1, 'the next is served');
}
like(log_of(), qr/Error: Runtime exited without providing a reason/,
    'the log says how');
like(log_of(), qr/Runtime exited with error: exit status 7/, 'with a status');
like(log_of(), qr/Runtime exited with error: signal: killed/, 'by a signal');
like(log_of(), qr/REPORT .*Status: error\\tError Type: Runtime.ExitError/,
    'and REPORT, too');
is(answer('do=answer-exit&n=1')->{body}, 'bye', 'an end behind the answer');
is(answer('do=blind-exit')->{body}, 'bye', 'even right behind it');
is(answer('do=linger&n=0.2')->{body}, 'done', 'an answer before the end');
is(answer('do=say&say=1')->{body}, 1, 'and the next request waits for that');
like(log_of(), qr/lingered.*?say/s, 'as its worker asks for it only then');

my $held = $t->ask('GET', '/fn/held?do=hold&until=left');
ok(wait_for(sub { log_of() =~ /: hold$/m }, 30, 'hold'), 'one at work');
$held->close;
$record = $t->record_of('/fn/held');
is($record->{outcome}, 'aborted', 'whose client has left');
spew("$dir/left", '');
ok(wait_for(sub { log_of() =~ /END RequestId: \Q$record->{id}\E/ }, 30, 'END'),
    'goes on to its end');
is(answer('do=say&say=1')->{body}, 1, 'the next is served');
is($t->record_of('/fn/x')->{worker}, $record->{worker}, 'by the same worker');

$got = $t->get('/brief?do=sleep&n=100');
is("$got->{status} $got->{body}", '502 Internal Server Error',
    'a function that takes too long: 502');
is($t->record_of('/brief')->{outcome}, 'timeout', 'which is a timeout');
$id = $got->{headers}{'x-amzn-requestid'};
like(log_of('brief'), qr/$id Task timed out after 1.00 seconds/,
    'the log says so');
like(log_of('brief'), qr/Duration: 1000.00 ms.*Status: timeout/,
    'and REPORT, too');
is($t->get('/brief?do=say&say=1')->{body}, 1, 'the next is served');
done_testing;
