#!/usr/bin/perl
# Functions of AWS Lambda by the Invoke API: the event comes as it is, the
# result goes as it is, and what fails is told in Lambda's own words.
use strict;
use warnings;
use lib 't/lib';
use JSON::PP qw(decode_json encode_json);
use MIME::Base64 qw(decode_base64 encode_base64);
use Test::More;
use Tollgate::Lambda;
use Tollgate::Test;

my $t = Tollgate::Test->new(gateway => "api_hosts = api.example\n"
    . "api_auth = none\n");
lambda($t, fn => "[pool]\nmax_children = 1\n");
lambda($t, brief => "[limits]\nrequest_terminate_timeout = 500ms\n");
lambda($t, lost => "arguments = error\n");
lambda($t, slow => "arguments = hang\n[pool]\nstart_timeout = 300ms\n");
lambda($t, full => "[pool]\nmax_children = 1\nqueue_max = 0\n");
$t->start;

sub invoke {
	my ($name, $do, %opt) = @_;

	return $t->post("/2015-03-31/functions/$name/invocations",
	    encode_json({ queryStringParameters => $do }), %opt,
	    headers => { Host => 'api.example', %{$opt{headers} // {}} });
}

sub is_fault {
	my ($answer, $body, $what) = @_;

	is($answer->{status}, 200, "$what: 200");
	is($answer->{headers}{'x-amz-function-error'}, 'Unhandled',
	    '... a failure');
	like($answer->{body}, $body, '... in its own words');
}

my $answer = invoke('fn', { do => 'echo', x => [1, 'two'] });
is($answer->{status}, 200, 'an event is answered');
is_deeply(decode_json($answer->{body}), { queryStringParameters =>
    { do => 'echo', x => [1, 'two'] } }, '... it came as it was');
is($answer->{headers}{'x-amz-function-error'}, undef, '... no failure');
my $record = $t->record_of('/2015-03-31/functions/fn/invocations');
is($record->{id}, $answer->{headers}{'x-amzn-requestid'}, '... its id');
is($record->{outcome}, 'ok', '... accounted for');

my $context = '{"custom":{"k":"v"}}';
$answer = invoke('fn:$LATEST', { do => 'headers' }, headers => {
    'X-Amz-Client-Context' => encode_base64($context, ''),
    'X-Amzn-Trace-Id' => 'Root=1-5-6' });
my $headers = decode_json($answer->{body});
is($headers->{'lambda-runtime-client-context'}, $context, 'client context');
is($headers->{'lambda-runtime-invoked-function-arn'},
    'arn:aws:lambda:us-east-1:000000000000:function:fn:$LATEST',
    'the ARN, as it was named');
is($headers->{'lambda-runtime-trace-id'}, 'Root=1-5-6', 'the trace id');
is($headers->{'lambda-runtime-aws-request-id'},
    $answer->{headers}{'x-amzn-requestid'}, 'the request id');

is(invoke('fn', { do => 'say', say => '{"statusCode":404}' })->{body},
    '{"statusCode":404}', 'a result is no HTTP answer');
is(invoke('fn', { do => 'say', say => '' })->{body}, 'null', 'no result');
is(invoke('fn', { do => 'stream', parts => '"a|b"' })->{body}, '"ab"',
    'a stream, as a whole');

$answer = invoke('fn', { do => 'error' });
is_fault($answer, qr/^\{"errorMessage":"it failed","errorType":"Error"\}$/,
    'an error');
is($t->record_of('/2015-03-31/functions/fn/invocations')->{outcome}, 'error',
    '... accounted for');
is_fault(invoke('fn', { do => 'size', n => 6291557 }, deadline => 60),
    qr/^\{"errorMessage":"Response payload size exceeded maximum allowed payload size \(6291556 bytes\)\.","errorType":"Function\.ResponseSizeTooLarge"\}$/,
    'too large a result');
is(length(invoke('fn', { do => 'size', n => 6291556 }, deadline => 60)
    ->{body}), 6291556, 'as large as may be');
is_fault(invoke('fn', { do => 'exit', n => 3 }),
    qr/^\{"errorType":"Runtime\.ExitError","errorMessage":"RequestId: [0-9a-f-]{36} Error: Runtime exited with error: exit status 3"\}$/,
    'exit');
is_fault(invoke('fn', { do => 'exit' }),
    qr/Error: Runtime exited without providing a reason"\}$/, 'exit 0');
is_fault(invoke('fn', { do => 'kill' }),
    qr/Error: Runtime exited with error: signal: killed"\}$/, 'a signal');
is_fault(invoke('brief', { do => 'sleep', n => 60 }),
    qr/^\{"errorType":"Sandbox\.Timedout","errorMessage":"RequestId: [0-9a-f-]{36} Error: Task timed out after 0\.50 seconds"\}$/,
    'a timeout');
is_fault(invoke('lost', {}), qr/^\{"errorMessage":"no luck","errorType":"Init\.Luck"\}$/,
    'an error of its start');
is_fault(invoke('slow', {}), qr/"errorType":"Sandbox\.Timedout".*after 0\.30 /,
    'a start that takes too long');

# --- the log
$answer = invoke('fn', { do => 'say', say => '1' }, headers => {
    'X-Amz-Log-Type' => 'Tail' });
my $id = $answer->{headers}{'x-amzn-requestid'};
like(decode_base64($answer->{headers}{'x-amz-log-result'} // ''),
    qr/^(?:starting\n)?START RequestId: $id Version: \$LATEST\n(?:starting\n)?say\n/,
    'the log');

# --- all workers busy
my $first = $t->ask('POST', '/2015-03-31/functions/full/invocations',
    headers => { Host => 'api.example' }, body => encode_json({
	queryStringParameters => { do => 'sleep', n => 60 } }));
ok(wait_for(sub { -e $t->dir . '/log/full.log' &&
    $t->function_log('full') =~ /START/ }, 30, 'START'), 'its worker is busy');
$answer = invoke('full', {});
is($answer->{status}, 429, 'all workers busy: 429');
like($answer->{body}, qr/^\{"Reason":"ReservedFunctionConcurrent/,
    '... the reason');
$first->close;
done_testing;
