#!/usr/bin/perl
# AWS's own clients, botocore and the command line, through nginx and the
# snippet for it.
use strict;
use warnings;
use lib 't/lib';
use JSON::PP qw(decode_json);
use MIME::Base64 qw(decode_base64);
use Test::More;
use Tollgate::Nginx;
use Tollgate::Test;

Tollgate::WebServer::need('nginx');
my ($python) = grep { -x } map { "$_/python3" } split /:/, $ENV{PATH};
plan skip_all => 'no python3' unless $python;
plan skip_all => 'no botocore: it comes with python3-botocore'
    if system("$python -c 'import botocore.session' 2>/dev/null") != 0;

my $secret = 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY';
my $t = Tollgate::Test->new(gateway => "api_hosts = localhost 127.0.0.1\n"
    . "api_keys = %DIR%/keys\n");
my $dir = $t->dir;
spew("$dir/keys", "AKIDEXAMPLE $secret anna lambda:InvokeFunction:say "
    . "lambda:InvokeFunction:f*\n");
chmod 0600, "$dir/keys";
$t->cgi(say => <<'SH');
#!/bin/sh
event=$(cat)
echo "said to the log" >&2
case $event in
*'"fail"'*) printf 'Status: 500\n\nwent "wrong"' ;;
*stream*) printf 'Content-Type: text/x-own\n\none,'; sleep 0.1; printf two ;;
*) printf 'Content-Type: application/json\n\n%s' "$event" ;;
esac
SH
my $nginx = Tollgate::Nginx->new($t->start, port => 1,
    snippet => 'tollgate-api.conf')->start;

delete @ENV{grep { /^AWS_|_proxy$/i } keys %ENV};
@ENV{qw(AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_DEFAULT_REGION
    AWS_CONFIG_FILE AWS_SHARED_CREDENTIALS_FILE AWS_EC2_METADATA_DISABLED
    AWS_PAGER ENDPOINT)} = ('AKIDEXAMPLE', $secret, 'us-east-1', '/dev/null',
    '/dev/null', 'true', '', "http://$nginx->{address}");

# One call after the other: what came back, or what was raised.
spew("$dir/client.py", <<'PY');
import base64, botocore.session, json, os
from botocore.config import Config
from botocore.exceptions import ClientError

session = botocore.session.get_session()
def client(secret=None, key=None):
    return session.create_client('lambda', endpoint_url=os.environ['ENDPOINT'],
        aws_access_key_id=key or os.environ['AWS_ACCESS_KEY_ID'],
        aws_secret_access_key=secret or os.environ['AWS_SECRET_ACCESS_KEY'],
        config=Config(retries={'max_attempts': 0}, read_timeout=60))
good = client()
other = client(secret='otherotherotherother')
nobody = client(key='AKIDNOBODY')
arn = 'arn:aws:lambda:us-east-1:000000000000:function:say'
for name, who, call in [
    ('plain', good, dict(FunctionName='say', Payload=b'{"a": 1}')),
    ('empty', good, dict(FunctionName='say')),
    ('arn', good, dict(FunctionName=arn, Payload=b'1')),
    ('qualified', good, dict(FunctionName=arn + ':$LATEST', Payload=b'2',
        Qualifier='$LATEST')),
    ('long', good, dict(FunctionName='say',
        Payload=b'"' + b'x' * 6000000 + b'"')),
    ('tail', good, dict(FunctionName='say', LogType='Tail', Payload=b'3',
        ClientContext=base64.b64encode(b'{"custom":{}}').decode())),
    ('dry', good, dict(FunctionName='say', InvocationType='DryRun')),
    ('failed', good, dict(FunctionName='say', Payload=b'"fail"')),
    ('event', good, dict(FunctionName='say', InvocationType='Event')),
    ('none', good, dict(FunctionName='fnone')),
    ('alias', good, dict(FunctionName='say', Qualifier='prod')),
    ('denied', good, dict(FunctionName='other')),
    ('wrong', other, dict(FunctionName='say')),
    ('nobody', nobody, dict(FunctionName='say')),
    ('json', good, dict(FunctionName='say', Payload=b'{')),
    ('large', good, dict(FunctionName='say',
        Payload=b'"' + b'x' * 6291455 + b'"')),
]:
    try:
        got = who.invoke(**call)
        got['Payload'] = got['Payload'].read().decode()
    except ClientError as e:
        got = e.response
        got['raised'] = type(e).__name__
    print(json.dumps([name, got], default=str), flush=True)
if hasattr(good, 'invoke_with_response_stream'):
    for name, event in ('stream', b'{"do":"stream"}'), ('broken', b'"fail"'):
        got = good.invoke_with_response_stream(FunctionName='say',
            Payload=event, LogType='Tail')
        got['events'] = list(got.pop('EventStream'))
        print(json.dumps([name, got], default=bytes.decode))
PY
my %got = map { my ($name, $got) = @{decode_json($_)}; $name => $got }
    split /\n/, `$python $dir/client.py`;

is($got{plain}{StatusCode}, 200, 'invoke');
is($got{plain}{Payload}, '{"a": 1}', '... its payload');
is($got{plain}{ExecutedVersion}, '$LATEST', '... its version');
ok(!$got{plain}{FunctionError}, '... no error');
is($got{plain}{ResponseMetadata}{RequestId},
    ($t->accounting)[0]{id}, '... its request id');
is(($t->accounting)[0]{caller}, 'anna', '... accounted to who asked');
is($got{empty}{Payload}, '{}', 'without an event');
is($got{arn}{Payload}, '1', 'by ARN');
is($got{qualified}{Payload}, '2', 'by qualified ARN');
is(length $got{long}{Payload}, 6000002, '6 MB');
is($got{tail}{Payload}, '3', 'with the log');
like(decode_base64($got{tail}{LogResult} // ''),
    qr/^START .*\nsaid to the log\nEND .*\nREPORT /, '... which comes');
is($got{dry}{StatusCode}, 204, 'DryRun');
is($got{failed}{StatusCode}, 200, 'a failure');
is($got{failed}{FunctionError}, 'Unhandled', '... is told');
is(decode_json($got{failed}{Payload})->{errorType}, 'Function.HttpStatus',
    '... in JSON');
for (
	[event => 501, 'ServiceException', qr/not built/],
	[none => 404, 'ResourceNotFoundException',
	    qr/^Function not found: arn:aws:lambda:us-east-1:0{12}:function:fnone:\$LATEST$/],
	[alias => 404, 'ResourceNotFoundException', qr/:function:say:prod$/],
	[denied => 403, 'AccessDeniedException', qr/^User: arn:aws:iam::0{12}:user\/anna /],
	[wrong => 403, 'InvalidSignatureException', qr/does not match/],
	[nobody => 403, 'UnrecognizedClientException', qr/security token/],
	[json => 400, 'InvalidRequestContentException', qr/^Could not parse /],
	[large => 413, 'RequestTooLargeException', qr/smaller than 6291456 bytes/],
) {
	my ($name, $status, $code, $text) = @$_;
	is($got{$name}{ResponseMetadata}{HTTPStatusCode}, $status,
	    "$name: $status");
	is($got{$name}{Error}{Code}, $code, "... $code");
	like($got{$name}{Error}{Message}, $text, '... its message');
}
is($got{none}{raised}, 'ResourceNotFoundException', 'as an exception');

SKIP: {
	skip 'this botocore cannot stream', 7 unless $got{stream};
	my @events = @{$got{stream}{events}};
	my $end = pop(@events)->{InvokeComplete};
	is(join('', map { $_->{PayloadChunk}{Payload} } @events), 'one,two',
	    'a stream');
	is($got{stream}{ResponseMetadata}{HTTPHeaders}
	    {'x-amzn-remapped-content-type'}, 'text/x-own', '... its type');
	ok($end && !$end->{ErrorCode}, '... that ended well');
	like(decode_base64($end->{LogResult}), qr/said to the log/,
	    '... with its log');
	@events = @{$got{broken}{events}};
	is(scalar @events, 1, 'one that failed');
	is($events[0]{InvokeComplete}{ErrorCode}, 'Function.HttpStatus',
	    '... says how');
	like(decode_json($events[0]{InvokeComplete}{ErrorDetails})
	    ->{errorMessage}, qr/went "wrong"/, '... and why');
}

SKIP: {
	my ($aws) = grep { -x } map { "$_/aws" } split /:/, $ENV{PATH};
	skip 'no aws: it comes with awscli', 3 unless $aws;
	spew("$dir/event", '{"by":"the command line"}');
	my ($status, $text) = Tollgate::Test::run_command($aws, 'lambda',
	    'invoke', '--endpoint-url', $ENV{ENDPOINT}, '--function-name',
	    'say', '--log-type', 'Tail', '--payload', "fileb://$dir/event",
	    '--output', 'json', "$dir/result");
	is($status, 0, 'aws lambda invoke') or diag $text;
	is(slurp("$dir/result"), '{"by":"the command line"}', '... result');
	is(eval { decode_json($text)->{StatusCode} }, 200, '... and status');
}
done_testing;
