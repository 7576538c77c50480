#!/usr/bin/perl
# The Invoke API: functions by name, their results and failures, and every
# error with its status, type and text.  Whoever asks is let in here;
# 57-invoke-keys.t is about keys.
use strict;
use warnings;
use lib 't/lib';
use JSON::PP qw(decode_json);
use MIME::Base64 qw(decode_base64 encode_base64);
use Test::More;
use Tollgate::Test;

my $t = Tollgate::Test->new(gateway => "api_hosts = api.example\n"
    . "api_auth = none\napi_account = 123456789012\n");

# Says what it was told, and does what its event asks for.
$t->cgi(say => <<'SH', "[limits]\nmax_body_size = 1G\n");
#!/bin/sh
event=$(cat)
case $event in
*'"empty"'*) printf 'Status: 204\n\n' ;;
*'"json-error"'*) printf 'Status: 500\nContent-Type: application/json\n\n'
	printf '{"errorType":"Mine","errorMessage":"so"}' ;;
*'"error"'*) printf 'Status: 404\nContent-Type: text/plain\n\nno "such"' ;;
*'"exit"'*) exit 3 ;;
*'"kill"'*) kill -9 $$ ;;
*'"log"'*) i=0; while [ $i -lt 200 ]; do echo "a line of the log $i"; i=$((i+1))
	done >&2; printf 'Content-Type: text/plain\n\n"logged"' ;;
*'"env"'*) printf 'Content-Type: text/plain\n\n'; env ;;
*) printf 'X-Own: header\nContent-Type: text/plain\n\n%s' "$event" ;;
esac
SH
my $evil = sub {
	my ($name, $query, $more) = @_;

	$t->evil($name => "parameters = \"QUERY_STRING=mode=$query\"\n"
	    . ($more // ''));
};
$evil->(params => 'params');
$evil->(crash => 'crash&n=11');
$evil->(garbage => 'garbage');
$evil->(short => 'length-lies&n=100&m=10');
$evil->(big => 'big&n=6291556');
$evil->(larger => 'big&n=6291557');
$evil->(hang => 'hang', "[limits]\nrequest_terminate_timeout = 250ms\n");
$evil->(busy => 'stop', "[pool]\nmax_children = 1\nqueue_max = 0\n");
$evil->(limited => 'ok', "[limits]\nmax_body_size = 10\n");
$evil->(walled => 'ok', "[access]\nallow = 192.0.2.0/24\n");
$t->function(gone => "[function]\nhandler = %DIR%/gone/away\n");
$t->function(template => "[function]\nhandler = %DIR%/\${user}/x\n"
    . "protocol = cgi\n[route]\nregex = \"^/t/(?<user>[a-z]+)\"\n");
$t->cgi(routed => "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\nroute'",
    "[route]\nprefix = /2015-03-31 /other\n");
$t->start;

sub invoke {
	my ($name, $event, %opt) = @_;
	my %headers = (Host => 'API.example:8080', %{$opt{headers} // {}});

	return $t->request($opt{method} // 'POST', $opt{uri} //
	    "/2015-03-31/functions/$name/invocations", %opt,
	    body => $event, headers => \%headers);
}

sub is_error {
	my ($answer, $status, $type, $key, $text, $what) = @_;
	my $json = eval { decode_json($answer->{body}) } // {};

	is($answer->{status}, $status, "$what: $status");
	is($answer->{headers}{'x-amzn-errortype'}, $type, "... $type");
	is($json->{$key}, $text, "... its $key");
	is($answer->{headers}{'content-type'}, 'application/json', '... JSON');
	return $json;
}

sub is_fault {
	my ($answer, $type, $text, $what) = @_;
	my $json = eval { decode_json($answer->{body}) } // {};

	is($answer->{status}, 200, "$what: 200");
	is($answer->{headers}{'x-amz-function-error'}, 'Unhandled',
	    '... a failure');
	is($json->{errorType}, $type, "... $type");
	like($json->{errorMessage}, $text, '... its message');
}

# --- results
my $answer = invoke(say => '{"k": [1, 2.5e3, "\u00e4"]}');
is($answer->{status}, 200, 'a function that answers: 200');
is($answer->{body}, '{"k": [1, 2.5e3, "\u00e4"]}', '... its body is it');
is($answer->{headers}{'x-amz-executed-version'}, '$LATEST', '... version');
is($answer->{headers}{'content-type'}, 'application/json', '... its type');
is($answer->{headers}{'x-own'}, undef, '... nothing of its header');
is($answer->{headers}{'x-amz-function-error'}, undef, '... no failure');
like($answer->{headers}{'x-amzn-trace-id'},
    qr/^Root=1-[0-9a-f]{8}-[0-9a-f]{24};Sampled=0$/, '... a trace id');
my ($record) = $t->accounting;
is($answer->{headers}{'x-amzn-requestid'}, $record->{id},
    '... the request id of its record');
is($record->{trigger}, 'invoke', '... which says how it came');
is("@$record{qw(function method status outcome)}", 'say POST 200 ok',
    '... and what became of it');
is(invoke(say => '')->{body}, '{}', 'no event: an empty object');
is(invoke(say => '{"do":"empty"}')->{body}, 'null', 'an empty answer: null');
is(invoke(say => '"' . 'x' x 3_000_000 . '"', deadline => 60)->{body},
    '"' . 'x' x 3_000_000 . '"', 'a long event and result');
is(length(invoke(big => '', deadline => 60)->{body}), 6291556,
    'as long a result as may be');

my $environment = invoke(say => '{"do":"env"}', headers => {
    Authorization => 'secret', 'Content-Type' => 'text/plain' },
    uri => '/2015-03-31/functions/say/invocations?X=secret')->{body};
like($environment, qr/^CONTENT_TYPE=application\/json$/m, 'type of an event');
like($environment, qr/^CONTENT_LENGTH=12$/m, '... its length');
like($environment, qr/^REQUEST_METHOD=POST$/m, '... method');
like($environment, qr/^SCRIPT_NAME=\/2015-03-31\/functions\/say\/invocations$/m,
    '... and path');
unlike($environment, qr/secret/, '... nothing that was shown');
like(invoke(params => '')->{body}, qr/^CONTENT_LENGTH=2$/m,
    'FastCGI: the event, too');

# --- names
for my $name ('say', 'say:$LATEST', 'say%3A%24LATEST', '123456789012:say',
    'function:say', 'us-east-1:123456789012:function:say:$LATEST',
    '123456789012:function:say', 'arn:aws:lambda:us-east-1:123456789012:'
    . 'function:say', 'arn%3Aaws%3Alambda%3Aus-east-1%3A123456789012%3A'
    . 'function%3Asay%3A%24LATEST', '%73ay') {
	is(invoke($name, '1')->{body}, '1', "named $name");
}
is(invoke(0, '2', uri => '/2015-03-31/functions/say/invocations?'
    . 'Qualifier=%24LATEST')->{body}, '2', 'a qualifier in the query');
is(invoke(0, '2', uri => '/2015-03-31/functions/say/invocations/')->{body},
    '2', 'a slash at the end');

my $arn = 'arn:aws:lambda:us-east-1:123456789012:function';
my $not_found = sub {
	my ($name, $said) = @_;
	my $json = is_error(invoke($name, '1'), 404,
	    'ResourceNotFoundException', 'Message',
	    "Function not found: $said", "no $name");

	is($json->{Type}, 'User', '... whose fault');
};
$not_found->('none', "$arn:none:\$LATEST");
$not_found->('say:prod', "$arn:say:prod");
$not_found->('say:1', "$arn:say:1");
$not_found->('template', "$arn:template:\$LATEST");
$not_found->('123456789013:say',
    'arn:aws:lambda:us-east-1:123456789013:function:say:$LATEST');
is_error(invoke('arn:aws:lambda:eu-west-1:123456789012:function:say', ''), 404,
    'ResourceNotFoundException', 'Message', "Functions from 'eu-west-1' are "
    . "not reachable in this region ('us-east-1')", 'another region');
my $json = is_error(invoke('x' x 65, ''), 400,
    'InvalidParameterValueException', 'message', '1 validation error detected: '
    . "Value '" . 'x' x 65 . "' at 'functionName' failed to satisfy "
    . 'constraint: Member must have length less than or equal to 64',
    'a long name');
is($json->{Type}, 'User', '... whose fault');
is_error(invoke('invalid:function:name', ''), 400, 'ValidationException',
    'message', "1 validation error detected: Value 'invalid:function:name' at "
    . "'functionName' failed to satisfy constraint: Member must satisfy regular "
    . 'expression pattern: (arn:(aws[a-zA-Z-]*)?:lambda:)?((eusc-)?[a-z]{2}'
    . '((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:)?(\d{12}:)?(function:)?'
    . '([a-zA-Z0-9-_\.]+)(:(\$LATEST(\.PUBLISHED)?|[a-zA-Z0-9-_]+))?',
    'no name');
like(invoke('a%22%0a%5cb', '')->{body},
    qr/Value 'a\\"\\u000a\\\\b' at/, 'nothing goes unescaped');
is_error(invoke(0, '', uri => '/2015-03-31/functions/say:a/invocations?'
    . 'Qualifier=b'), 400, 'InvalidParameterValueException', 'message',
    'The derived qualifier from the function name does not match the '
    . 'specified qualifier.', 'two qualifiers');
is_error(invoke(0, '', uri => '/2015-03-31/functions/say/invocations?'
    . 'Qualifier=in%3Fvalid'), 400, 'ValidationException', 'message',
    "1 validation error detected: Value 'in?valid' at 'qualifier' failed to "
    . 'satisfy constraint: Member must satisfy regular expression pattern: '
    . '\$(LATEST(\.PUBLISHED)?)|[a-zA-Z0-9-_$]+', 'no qualifier');
for my $uri ('/2015-03-31/functions', '/2015-03-31/functions/',
    '/2015-03-31/functions/say', '/2015-03-31/functions/say/policy',
    '/2015-03-31/functions/a/b/invocations') {
	is_error(invoke(0, '', uri => $uri), 403, 'AccessDeniedException',
	    'Message', 'Unable to determine service/operation name to be '
	    . 'authorized', $uri);
}
is(invoke('say', '', method => 'GET')->{status}, 403, 'by GET');

# --- where it is not
is(invoke(0, '', uri => '/other')->{body}, 'route', 'other paths: routes');
is(invoke('say', '', headers => { Host => 'other.example' })->{body}, 'route',
    'other hosts: routes');

# --- events
is_error(invoke(say => "\x99"), 400, 'InvalidRequestContentException',
    'message', 'Could not parse request body into json: Could not parse payload '
    . 'into json: Unexpected character ((CTRL-CHAR, code 153)): expected a valid '
    . "value (JSON String, Number, Array, Object or token 'null', 'true' or "
    . "'false')\n at [Source: REDACTED (`StreamReadFeature."
    . 'INCLUDE_SOURCE_IN_LOCATION` disabled); line: 1, column: 1]',
    'no JSON');
like(decode_json(invoke(say => "n\x87")->{body})->{message},
    qr/Invalid UTF-8 start byte 0x87\n.*line: 1, column: 3\]$/,
    'no UTF-8');
is(invoke(say => $_)->{status}, 400, "no event: $_")
    for '{', '{"a":1,}', '[1 2]', '01', 'nul', '"a', ' ', '{"a":1}}',
    '[' x 1001 . ']' x 1001;
is(invoke(say => $_)->{status}, 200, "an event: $_")
    for ' null ', '-0.5E+7', '[[],{}]', "\"\xc3\xa4\"", '"\ud83d"';
for (['its length says so', '"' . 'x' x 6291455 . '"'],
    ['it comes', '"' . 'x' x 6291455 . '"', params => [CONTENT_LENGTH => '']]) {
	my ($what, $event, @more) = @$_;

	is_error(invoke('say', $event, @more, deadline => 60), 413,
	    'RequestTooLargeException', 'message', 'Request must be smaller '
	    . 'than 6291456 bytes for the InvokeFunction operation',
	    "too large, as $what");
}
is(invoke(limited => '"' . 'x' x 20 . '"')->{status}, 413, 'max_body_size');

# --- failures
is_fault(invoke(say => '{"do":"error"}'), 'Function.HttpStatus',
    qr/^RequestId: [0-9a-f-]{36} Error: the function answered 404 Not Found: no "such"$/,
    'status 404');
is($t->record_of('/2015-03-31/functions/say/invocations')->{outcome}, 'error',
    '... accounted so');
is_fault(invoke(say => '{"do":"json-error"}'), 'Mine', qr/^so$/,
    'status 500 and JSON');
is_fault(invoke(say => '{"do":"exit"}'), 'Runtime.ExitError',
    qr/^RequestId: [0-9a-f-]{36} Error: Runtime exited with error: exit status 3$/,
    'exit');
is_fault(invoke(say => '{"do":"kill"}'), 'Runtime.ExitError',
    qr/ Error: Runtime exited with error: signal: killed$/, 'a signal');
is_fault(invoke(crash => ''), 'Runtime.ExitError',
    qr/ Error: Runtime exited with error: signal: segmentation fault$/,
    'a crash');
is_fault(invoke(hang => ''), 'Sandbox.Timedout',
    qr/^RequestId: [0-9a-f-]{36} Error: Task timed out after 0\.25 seconds$/,
    'a timeout');
is($t->record_of('/2015-03-31/functions/hang/invocations')->{outcome},
    'timeout', '... accounted so');
is_fault(invoke(garbage => ''), 'Runtime.Unknown', qr/Error: ./, 'garbage');
is_fault(invoke(short => ''), 'Runtime.TruncatedResponse', qr/Error: ./,
    'half an answer');
is_fault(invoke(gone => ''), 'Runtime.InvalidEntrypoint', qr/Error: ./,
    'no program');
$answer = invoke(larger => '', deadline => 60);
is($answer->{body}, '{"errorMessage":"Response payload size exceeded maximum '
    . 'allowed payload size (6291556 bytes).","errorType":'
    . '"Function.ResponseSizeTooLarge"}', 'too large a result');
is($answer->{headers}{'x-amz-function-error'}, 'Unhandled', '... a failure');

# --- types
$answer = invoke(say => '1', headers => { 'X-Amz-Invocation-Type' => 'DryRun' });
is($answer->{status}, 204, 'DryRun: 204');
is($answer->{body}, '', '... nothing else');
is_error(invoke(say => '1', headers => { 'X-Amz-Invocation-Type' => 'Event' }),
    501, 'ServiceException', 'Message', 'Asynchronous invocation is not built '
    . 'into this gateway', 'Event');
is_error(invoke(say => '1', headers => { 'X-Amz-Invocation-Type' => 'x"' }),
    400, 'ValidationException', 'message', "1 validation error detected: Value "
    . "'x\"' at 'invocationType' failed to satisfy constraint: Member must "
    . 'satisfy enum value set: [Event, RequestResponse, DryRun]', 'no type');
is(invoke(0, '', uri => '/2014-11-13/functions/say/invoke-async/')->{status},
    501, 'InvokeAsync');
is(invoke(say => '1', headers => { 'X-Amz-Client-Context' => $_->[0] })
    ->{status}, $_->[1], "client context $_->[0]")
    for [encode_base64('{"custom":{}}', ''), 200], ['!', 400],
    [encode_base64('{', ''), 400], [encode_base64('1', ''), 400];
is(invoke(say => '1', headers => { 'X-Amz-Client-Context' => 'e' x 3584 })
    ->{status}, 400, 'a long client context');
is(invoke(say => '1', headers => { 'x-amzn-RequestId' => 'x' })->{status}, 400,
    'a request id that is none');
is(invoke(say => '1', headers => { 'X-Amzn-Trace-Id' => 'Root=1-5-6' })
    ->{headers}{'x-amzn-trace-id'}, 'Root=1-5-6', "the caller's trace id");

# --- the log's tail
$answer = invoke(say => '{"do":"log"}', headers => {
    'X-Amz-Log-Type' => 'Tail' });
my $log = decode_base64($answer->{headers}{'x-amz-log-result'} // '');
is($answer->{body}, '"logged"', 'with the log: the result');
is(length $log, 4096, '... and 4 KB of log');
like($log, qr/\na line of the log 198\na line of the log 199\nEND RequestId: /,
    '... the last of it');
like($log, qr/REPORT RequestId: \S+\tDuration: \d+\.\d\d ms\tBilled /,
    '... and what it cost');
$log = decode_base64(invoke(say => '{"do":"exit"}', headers => {
    'X-Amz-Log-Type' => 'Tail' })->{headers}{'x-amz-log-result'} // '');
like($log, qr/^START RequestId: \S+ Version: \$LATEST\nEND RequestId: /,
    'of one that said nothing');
is(invoke(say => '1', headers => { 'X-Amz-Log-Type' => 'None' })
    ->{headers}{'x-amz-log-result'}, undef, 'not asked for');

# --- who may
is_error(invoke(walled => ''), 403, 'AccessDeniedException', 'Message',
    'Its address may not call this function', 'deny');

# --- all workers busy
my $first = $t->ask('POST', '/2015-03-31/functions/busy/invocations',
    headers => { Host => 'api.example' }, body => '');
ok(wait_for(sub { $t->workers > 0 && grep { ($_->{state} // '') eq 'T' }
    map { Tollgate::Test::processes()->{$_} // {} } $t->workers }, 30,
    'a worker that stopped'), 'its worker is busy');
$answer = invoke(busy => '');
is($answer->{body}, '{"Reason":'
    . '"ReservedFunctionConcurrentInvocationLimitExceeded","Type":"User",'
    . '"message":"Rate Exceeded."}', 'all workers busy');
is($answer->{status}, 429, '... 429');
is($answer->{headers}{'x-amzn-errortype'}, 'TooManyRequestsException',
    '... its type');
like($answer->{headers}{'retry-after'}, qr/^\d+$/, '... when to try again');
$first->close;

like($t->log, qr/warning.*api_auth = none: whoever reaches/, 'said in the log');
done_testing;
