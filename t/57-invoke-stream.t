#!/usr/bin/perl
# InvokeWithResponseStream: what a function writes comes in frames, as it
# comes; its end tells what went wrong.
use strict;
use warnings;
use lib 't/lib';
use JSON::PP qw(decode_json encode_json);
use MIME::Base64 qw(decode_base64);
use Test::More;
use Tollgate::Lambda;
use Tollgate::Test;

my $t = Tollgate::Test->new(gateway => "api_hosts = api.example\n"
    . "api_auth = none\n");
$t->cgi(say => <<'SH');
#!/bin/sh
event=$(cat)
echo to the log >&2
case $event in
*'"wait"'*) printf 'Content-Type: text/plain\n\nfirst'
	while [ ! -e %DIR%/go ]; do sleep 0.02; done; printf last ;;
*'"big"'*) printf 'Content-Type: text/plain\n\n'; head -c 20000000 /dev/zero ;;
*'"none"'*) printf 'Status: 204\n\n' ;;
*'"error"'*) printf 'Status: 500\n\nno' ;;
*'"json"'*) printf 'Status: 500\nContent-Type: x/y\n\n{"errorType": "Mine"}' ;;
*'"exit"'*) exit 3 ;;
*) printf 'content-type:  text/x-own; a=b \nX-Own: y\n\n%s' "$event" ;;
esac
SH
$t->evil(short => "parameters = QUERY_STRING=mode=length-lies&n=100&m=10\n");
$t->evil(crash => "parameters = QUERY_STRING=mode=crash-mid-body&n=1&m=11\n");
$t->evil(hang => "parameters = QUERY_STRING=mode=hang\n"
    . "[limits]\nrequest_terminate_timeout = 250ms\n");
lambda($t, fn => "[pool]\nmax_children = 1\n");
$t->start;

sub ask {
	my ($name, $event, %headers) = @_;

	return $t->ask('POST', "/2021-11-15/functions/$name/"
	    . 'response-streaming-invocations', body => $event,
	    headers => { Host => 'api.example', %headers });
}

# The answer, with chunks (their bytes) and end (JSON).
sub stream {
	my $answer = ask(@_)->answer(1, 60);
	my $bytes = $answer->{body};

	$answer->{chunks} = '';
	while (length $bytes) {
		my ($total, $headers) = unpack 'N2', $bytes;
		my $frame = substr $bytes, 0, $total, '';
		my $payload = substr $frame, 12 + $headers, -4;
		if (substr($frame, 12, $headers) =~ /PayloadChunk/) {
			$answer->{chunks} .= $payload;
		} else {
			$answer->{end} = decode_json($payload);
			$answer->{rest} = $bytes;
			last;
		}
	}
	return $answer;
}

sub is_broken {
	my ($answer, $chunks, $code, $details, $what) = @_;

	is($answer->{status}, 200, "$what: 200");
	like($answer->{chunks}, $chunks, '... what came before');
	is($answer->{end}{ErrorCode}, $code, "... $code");
	like($answer->{end}{ErrorDetails}, $details, '... and details');
	ok($answer->{complete}, '... the end of the answer');
}

my $answer = stream('say', '{"a":1}');
is($answer->{status}, 200, 'a stream: 200');
is($answer->{headers}{'content-type'}, 'application/vnd.amazon.eventstream',
    '... its type');
is($answer->{headers}{'x-amzn-remapped-content-type'}, 'text/x-own; a=b',
    "... the function's");
is($answer->{headers}{'x-amz-executed-version'}, '$LATEST', '... version');
is($answer->{headers}{'x-own'}, undef, '... nothing else of its head');
is($answer->{chunks}, '{"a":1}', '... payload');
is_deeply($answer->{end}, {}, '... and end');
is($answer->{rest}, '', '... nothing behind that');
is($answer->{headers}{'x-amzn-requestid'}, ($t->accounting)[0]{id},
    '... its request id');
is(($t->accounting)[0]{trigger}, 'invoke', '... accounted for');

# --- as it comes
my $c = ask('say', '"wait"');
my $before = $c->wait_bytes(1, 400, 30);
ok($before, 'a chunk comes while it works on');
spew($t->dir . '/go', '');
like($c->answer(1, 60)->{body}, qr/first.*last.*InvokeComplete/s,
    '... then the rest');
is(length stream('say', '"big"')->{chunks}, 20000000, 'no limit of 6 MB');
is(stream('say', '"none"')->{chunks}, '', 'no answer');

# --- failures
is_broken(stream('say', '"error"'), qr/^$/, 'Function.HttpStatus',
    qr/500 Internal Server Error: no/, 'status 500');
is_broken(stream('say', '"json"'), qr/^$/, 'Mine', qr/^\{"errorType": "Mine"\}$/,
    'in JSON');
is_broken(stream('say', '"exit"'), qr/^$/, 'Runtime.ExitError',
    qr/exit status 3/, 'exit');
is_broken(stream('short', ''), qr/^.{10}$/s, 'Runtime.TruncatedResponse',
    qr/Content-Length/, 'half an answer');
is_broken(stream('crash', ''), qr/^./s, 'Runtime.ExitError', qr/signal/,
    'a crash in the middle');
is_broken(stream('hang', ''), qr/^$/, 'Sandbox.Timedout', qr/0\.25 seconds/,
    'a timeout');
is(ask('none', '')->answer(1, 60)->{headers}{'x-amzn-errortype'},
    'ResourceNotFoundException', 'errors of the API are as ever');
is(ask('say', '1', 'X-Amz-Invocation-Type' => 'Event')->answer(1, 60)
    ->{status}, 400, 'no Event');
is(ask('say', '1', 'X-Amz-Invocation-Type' => 'DryRun')->answer(1, 60)
    ->{status}, 204, 'DryRun');
like(decode_base64(stream('say', '1', 'X-Amz-Log-Type' => 'Tail')
    ->{end}{LogResult} // ''), qr/^START .*\nto the log\nEND /, 'the log');

# --- Lambda functions
sub event { encode_json({ queryStringParameters => { @_ } }) }
$answer = stream('fn', event(do => 'stream', parts => 'one,|two',
    type => 'text/x-own'));
is($answer->{chunks}, 'one,two', 'a stream of a Lambda function');
is($answer->{headers}{'x-amzn-remapped-content-type'}, 'text/x-own',
    '... its type');
is_broken(stream('fn', event(do => 'stream', parts => 'one,|two', fail => 1)),
    qr/^one,two$/, 'Unhandled', qr/^\{\}$/, 'one that fails in the middle');
is(stream('fn', event(do => 'say', say => '1'))->{chunks}, '1',
    'a result as a whole');
is_broken(stream('fn', event(do => 'error')), qr/^$/, 'Error',
    qr/^\{"errorMessage":"it failed","errorType":"Error"\}$/, 'an error');
is_broken(stream('fn', event(do => 'exit', n => 2)), qr/^$/,
    'Runtime.ExitError', qr/exit status 2/, 'exit');
done_testing;
