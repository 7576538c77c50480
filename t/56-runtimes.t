#!/usr/bin/perl
# Each runtime's bootstrap serves the runtime API with a plain file.
use strict;
use warnings;
use utf8;
use open qw(:std :encoding(UTF-8));
use lib 't/lib';
use Test::More;
use Encode qw(encode_utf8);
use JSON::PP;
use MIME::Base64 qw(decode_base64);
use Tollgate::RuntimeAPI;
use Tollgate::Test;

my $dir = File::Temp->newdir('tollgate-XXXXXX', TMPDIR => 1);
my $runtimes = "$Tollgate::Test::BUILD/handlers/runtimes";
my $json = JSON::PP->new->utf8->allow_nonref->canonical;

# Each handler answers by the event's "do".
my %language = (
python3 => { program => 'python3', file => 'hello.py', code => <<'PY',
import json, os, sys
print('loaded')
class Bad(Exception): pass
def inner(): raise Bad('böse')
def handler(event, context):
    do = event.get('do')
    if do == 'context':
        cc = context.client_context
        return [context.aws_request_id, context.function_name,
            context.function_version, context.memory_limit_in_mb,
            context.invoked_function_arn, context.log_group_name,
            context.log_stream_name,
            0 < context.get_remaining_time_in_millis() <= 30000,
            os.environ['_X_AMZN_TRACE_ID'], cc and cc.custom['k'],
            cc and cc.client.app_title, context.identity.cognito_identity_id]
    if do == 'throw': inner()
    if do == 'bytes': raise Bad('\udcff')
    if do == 'unable': return {1, 2}
    if do == 'null': return None
    if do == 'log':
        print('to stdout'); print('to stderr', file=sys.stderr); return 1
    return event
PY
	type => 'Bad', stack => qr/hello\.py", line 4, in inner/,
	unable => 'Runtime.MarshalError', raises => "1 / 0\n",
	raised => 'ZeroDivisionError' },
nodejs => { program => 'node', file => 'hello.js', code => <<'JS',
console.log('loaded');
class Bad extends Error { constructor(m) { super(m); this.name = 'Bad'; } }
function inner() { throw new Bad('böse'); }
exports.handler = async (event, context) => {
	switch (event.do) {
	case 'context': {
		const cc = context.clientContext;
		return [context.awsRequestId, context.functionName,
		    context.functionVersion, context.memoryLimitInMB,
		    context.invokedFunctionArn, context.logGroupName,
		    context.logStreamName,
		    context.getRemainingTimeInMillis() > 0,
		    process.env._X_AMZN_TRACE_ID, cc?.custom.k,
		    cc?.client.app_title, context.identity?.cognitoIdentityId];
	}
	case 'throw': inner();
	case 'bytes': throw new Bad('\u2192');
	case 'unable': return 10n;
	case 'null': return undefined;
	case 'log': console.log('to stdout'); console.error('to stderr');
		return 1;
	}
	return event;
};
JS
	type => 'Bad', stack => qr/inner \(.*hello\.js:3/, unable => 'Error',
	trace => 'trace', raises => "undefined_thing();\n",
	raised => 'ReferenceError' },
ruby => { program => 'ruby', file => 'hello.rb', code => <<'RB',
puts 'loaded'
class Bad < StandardError; end
def inner = raise(Bad, 'böse')
def handler(event:, context:)
  case event.is_a?(Hash) && event['do']
  when 'context'
    cc = context.client_context
    [context.aws_request_id, context.function_name, context.function_version,
     context.memory_limit_in_mb, context.invoked_function_arn,
     context.log_group_name, context.log_stream_name,
     context.get_remaining_time_in_millis.between?(1, 30000),
     ENV['_X_AMZN_TRACE_ID'], cc && cc['custom']['k'],
     cc && cc['client']['app_title'],
     context.identity && context.identity['cognitoIdentityId']]
  when 'throw' then inner
  when 'bytes' then raise Bad, "\xff"
  when 'unable' then Float::NAN
  when 'null' then nil
  when 'log' then puts('to stdout'); warn('to stderr'); 1
  else event
  end
end
RB
	type => 'Function<Bad>', stack => qr/hello\.rb:3:in `inner'/,
	unable => 'Runtime.MarshalError', raises => "1 / 0\n",
	raised => 'Init<ZeroDivisionError>' },
perl => { program => 'perl', file => 'hello.pl', code => <<'PL',
use strict; use warnings; use utf8;
print "loaded\n";
{ package Bad; sub new { bless { message => $_[1] } }
  sub message { $_[0]{message} } }
sub inner { die Bad->new('böse') }
sub handler {
	my ($event, $context) = @_;
	my $do = $event->{do} // '';
	my $cc = $context->client_context;
	return [$context->aws_request_id, $context->function_name,
	    $context->function_version, $context->memory_limit_in_mb,
	    $context->invoked_function_arn, $context->log_group_name,
	    $context->log_stream_name,
	    $context->get_remaining_time_in_millis > 0 ? \1 : \0,
	    $ENV{_X_AMZN_TRACE_ID}, $cc && $cc->{custom}{k},
	    $cc && $cc->{client}{app_title},
	    $context->identity && $context->identity->{cognitoIdentityId}]
	    if $do eq 'context';
	inner() if $do eq 'throw';
	die Bad->new("\x{2192}\xff") if $do eq 'bytes';
	return sub { } if $do eq 'unable';
	return undef if $do eq 'null';
	if ($do eq 'log') { print "to stdout\n"; warn "to stderr\n"; return 1 }
	return $event;
}
1;
PL
	type => 'Bad', stack => qr/hello\.pl:5:in main::inner/,
	unable => 'Runtime.MarshalError', raises => "die 'oh';\n",
	raised => 'Error' },
php => { program => 'php', file => 'hello.php', code => <<'PHP',
<?php
echo "loaded\n";
class Bad extends Exception {}
function inner() { throw new Bad('böse'); }
function handler($event, $context) {
	switch ($event['do'] ?? '') {
	case 'context':
		$cc = $context->clientContext;
		return [$context->awsRequestId, $context->functionName,
		    $context->functionVersion, $context->memoryLimitInMb,
		    $context->invokedFunctionArn, $context->logGroupName,
		    $context->logStreamName,
		    $context->getRemainingTimeInMillis() > 0,
		    getenv('_X_AMZN_TRACE_ID'), $cc['custom']['k'] ?? null,
		    $cc['client']['app_title'] ?? null,
		    $context->identity['cognitoIdentityId'] ?? null];
	case 'throw': inner();
	case 'bytes': throw new Bad("\xff");
	case 'unable': return NAN;
	case 'null': return null;
	case 'log': echo "to stdout\n"; error_log('to stderr'); return 1;
	}
	return $event;
}
PHP
	type => 'Bad', stack => qr/hello\.php:4/,
	unable => 'Runtime.MarshalError', raises => "<?php intdiv(1, 0);\n",
	raised => 'DivisionByZeroError' },
shell => { program => 'bash', file => 'hello.sh', code => <<'SH',
echo loaded >&2
handler() {
	case $1 in
	*context*) printf '["%s","%s","%s","%s","%s","%s","%s",%s,"%s"' \
	    "$LAMBDA_RUNTIME_AWS_REQUEST_ID" "$AWS_LAMBDA_FUNCTION_NAME" \
	    "$AWS_LAMBDA_FUNCTION_VERSION" "$AWS_LAMBDA_FUNCTION_MEMORY_SIZE" \
	    "$LAMBDA_RUNTIME_INVOKED_FUNCTION_ARN" "$AWS_LAMBDA_LOG_GROUP_NAME" \
	    "$AWS_LAMBDA_LOG_STREAM_NAME" \
	    "$([ "$(lambda_remaining_ms)" -gt 0 ] && echo true)" \
	    "$_X_AMZN_TRACE_ID"
	    case $LAMBDA_RUNTIME_CLIENT_CONTEXT in
	    '') echo ',null,null,null]';;
	    *) echo ',"ü","t","id"]';;
	    esac;;
	*throw*) echo '{"errorMessage":"böse","errorType":"Bad",' \
	    '"stackTrace":["hello.sh"]}'; exit 3;;
	*'"null"'*) ;;
	*log*) echo to stdout >&2; echo to stderr >&2; echo 1;;
	*) cat;;
	esac
}
SH
	type => 'Bad', stack => qr/hello\.sh/ });

sub has {
	my ($program) = @_;

	return grep { -x "$_/$program" } qw(/usr/local/bin /usr/bin /bin);
}

sub decode { $json->decode($_[0]) }

my %environment = (AWS_LAMBDA_FUNCTION_NAME => 'f', TZ => ':UTC',
    AWS_LAMBDA_FUNCTION_VERSION => '$LATEST',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE => 128,
    AWS_LAMBDA_LOG_GROUP_NAME => '/aws/lambda/f',
    AWS_LAMBDA_LOG_STREAM_NAME => '2026/01/02/[$LATEST]ab');

sub start {
	my ($api, $name, $folder, $handler) = @_;

	$api->stop;
	return $api->start("$runtimes/$name", $folder, %environment,
	    LAMBDA_TASK_ROOT => $folder, _HANDLER => $handler);
}

sub is_init_error {
	my ($api, $type, $message, $title) = @_;
	my $r = $api->init_error;
	my $told = decode($r->{body});

	is($r->{path}, 'init/error', "$title: init error");
	is($told->{errorType}, $type, "$title: its type");
	like($told->{errorMessage}, $message, "$title: its message");
	is($r->{headers}{'lambda-runtime-function-error-type'}, $type,
	    "$title: type in the header");
	is($r->{status}, 1, "$title: it leaves with 1");
}

sub check_results {
	my ($api, $l) = @_;
	my $r;

	for my $event ('{"a":[1,2.5,-3e2,"x",null,{"b":""}]}', '{"ä\u20ac":"😀\n\\\\"}',
	    '{"s":"\ud83d\ude00\u0001\/"}') {
		my $bytes = encode_utf8($event);
		$r = $api->invoke($bytes);
		is($r->{kind}, 'response', 'a response') or diag $r->{body};
		is_deeply(decode($r->{body}), decode($bytes), $event);
	}
	is($r->{headers}{'content-type'}, 'application/json', 'it is JSON');
	is($api->invoke('{"do":"null"}')->{body}, 'null', 'nothing is null');
	$r = $api->invoke(encode_utf8('{"big":"' . 'x' x (1 << 20) . '","ä":["'
	    . join('","', 1 .. 2000) . '"]}'));
	is(length decode($r->{body})->{big}, 1 << 20, 'a big event');
}

sub check_context {
	my ($api) = @_;
	my @same = ('f', '$LATEST', '128', 'arn:aws:lambda:us-east-1:'
	    . '123456789012:function:f', '/aws/lambda/f',
	    '2026/01/02/[$LATEST]ab', JSON::PP::true);
	my $r = $api->invoke('{"do":"context"}',
	    'Lambda-Runtime-Trace-Id: Root=1-2-3',
	    'Lambda-Runtime-Client-Context: {"custom":{"k":"' . "\xc3\xbc"
	    . '"},"client":{"app_title":"t"},"env":{}}',
	    'Lambda-Runtime-Cognito-Identity: {"cognitoIdentityId":"id",'
	    . '"cognitoIdentityPoolId":"pool"}');

	is_deeply(decode($r->{body}), [$r->{id}, @same, 'Root=1-2-3', 'ü', 't',
	    'id'], 'context');
	$r = $api->invoke('{"do":"context"}');
	is_deeply(decode($r->{body}), [$r->{id}, @same, '', undef, undef,
	    undef], 'context, with nothing that may lack');
}

sub check_errors {
	my ($api, $l) = @_;
	my $r = $api->invoke('{"do":"throw"}');
	my $told = decode($r->{body});

	is($r->{kind}, 'error', 'thrown: an error');
	is($told->{errorType}, $l->{type}, 'its type');
	is($told->{errorMessage}, 'böse', 'its message');
	my $trace = $told->{$l->{trace} // 'stackTrace'};
	is(ref $trace, 'ARRAY', 'its stack') or diag $r->{body};
	like(join("\n", @{$trace // []}), $l->{stack}, 'where it was thrown');
	unlike(join("\n", @{$trace // []}), qr{handlers/runtimes/(?!nodejs)},
	    'without frames of ours');
	if ($l->{unable}) {
		$r = $api->invoke('{"do":"unable"}');
		is($r->{kind}, 'error', 'a result that JSON lacks: an error');
		is(decode($r->{body})->{errorType}, $l->{unable}, 'its type');
		$r = $api->invoke('{"do":"bytes"}');
		is(eval { decode($r->{body})->{errorType} }, $l->{type},
		    'bytes that are no text are told') or diag $r->{body};
		$r = $api->invoke('{"do":');
		is($r->{kind}, 'error', 'an event that is not JSON: an error');
	}
	is(decode($api->invoke('{"x":1}')->{body})->{x}, 1, 'it goes on');
}

for my $name (sort keys %language) {
	my $l = $language{$name};
	subtest $name => sub {
		plan skip_all => "no $l->{program} here"
		    if !has($l->{program});
		my $folder = "$dir/$name";
		mkdir $folder or die "$folder: $!";
		spew("$folder/$l->{file}", encode_utf8($l->{code}));
		my ($suffix) = $l->{file} =~ /(\.\w+)$/;
		my $api = Tollgate::RuntimeAPI->new;
		start($api, $name, $folder, 'hello.handler');
		check_results($api, $l);
		check_context($api);
		check_errors($api, $l);
		is($api->invoke('{"do":"log"}')->{body}, '1', 'it logs');
		ok($api->log_like(qr/^loaded$/m), 'what it says at its start')
		    or diag $api->{log};
		ok($api->log_like(qr/^to stdout$/m), 'stdout');
		ok($api->log_like(qr/to stderr$/m), 'stderr');
		unlike($api->{log}, qr/Wide character/, 'nothing of ours');

		start($api, $name, $folder, 'missing.handler');
		is_init_error($api, $name eq 'ruby' ? 'Init<LoadError>'
		    : 'Runtime.ImportModuleError', qr/missing/, 'no file');
		start($api, $name, $folder, 'hello.missing');
		is_init_error($api, $name eq 'ruby' ? 'Init<NoMethodError>'
		    : 'Runtime.HandlerNotFound', qr/missing/, 'no function');
		if ($l->{raises}) {
			spew("$folder/raises$suffix", $l->{raises});
			start($api, $name, $folder, 'raises.handler');
			is_init_error($api, $l->{raised}, qr/\S/, 'it throws');
		}
	};
}

# --- what only node has -----------------------------------------------------

my %script = (
'callback.js' => <<'JS',
exports.good = (event, context, callback) => {
	setTimeout(() => callback(null, { late: event.x }), 5);
};
exports.bad = (event, context, callback) => callback(new TypeError('no'));
exports.hasty = (event, context, callback) => {
	context.callbackWaitsForEmptyEventLoop = false;
	setTimeout(() => {}, 3600000);
	callback(null, 'at once');
};
exports.silent = () => {};
exports.text = async () => { throw 'just text'; };
exports.lost = async () => {
	Promise.reject(new Error('nobody waits'));
	await new Promise(() => setTimeout(() => {}, 3600000));
};
JS
'module.mjs' => <<'JS',
import { readFileSync } from 'fs';
const word = await Promise.resolve('module');
export const handler = async (event) => word + typeof readFileSync;
JS
'esm/package.json' => '{"type":"module"}',
'esm/typed.js' => "export async function handler() { return 'esm' }\n",
'common.cjs' => "exports.deep = { handler: async () => 'cjs' };\n",
'syntax.js' => "exports.handler = (\n",
'lacks.js' => "require('no-such-package');\n",
'stream.js' => <<'JS',
exports.plain = awslambda.streamifyResponse(async (event, out, context) => {
	out.setContentType('text/plain');
	out.write('one');
	await new Promise((resolve) => setTimeout(resolve, 20));
	out.write(context.awsRequestId);
	out.end();
});
exports.http = awslambda.streamifyResponse(async (event, out) => {
	out = awslambda.HttpResponseStream.from(out, { statusCode: 201,
	    headers: { 'X-A': 'b' }, cookies: ['c=d'] });
	out.end('body');
});
exports.empty = awslambda.streamifyResponse(async (event, out) => {
	awslambda.HttpResponseStream.from(out, { statusCode: 204 }).end();
});
exports.early = awslambda.streamifyResponse(async () => {
	throw new RangeError('before');
});
exports.late = awslambda.streamifyResponse(async (event, out) => {
	out.write('part');
	await new Promise((resolve) => setTimeout(resolve, 20));
	throw new RangeError('after');
});
exports.piped = awslambda.streamifyResponse(async (event, out) => {
	const { Readable } = require('stream');
	const { pipeline } = require('stream/promises');
	await pipeline(Readable.from(['a', 'b', Buffer.alloc(300000, 'c')]),
	    out);
});
JS
);

sub node {
	my ($api, $handler) = @_;

	start($api, 'nodejs', "$dir/node", $handler);
	return $api;
}

subtest 'nodejs alone' => sub {
	plan skip_all => 'no node here' if !has('node');
	mkdir "$dir/node";
	mkdir "$dir/node/esm";
	spew("$dir/node/$_", $script{$_}) for keys %script;
	my $api = Tollgate::RuntimeAPI->new;
	my $result = sub {
		my $r = node($api, $_[0])->invoke('{"x":1}');
		return "$r->{kind} $r->{body}";
	};
	is($result->('callback.good'), 'response {"late":1}', 'a callback');
	is($api->invoke('{"x":2}')->{body}, '{"late":2}', 'and again');
	like($result->('callback.bad'), qr/^error .*"TypeError".*"no"/,
	    "a callback's error");
	is($result->('callback.hasty'), 'response "at once"',
	    'one that does not wait');
	is($result->('callback.silent'), 'response null', 'nothing at all');
	is($result->('callback.text'), 'error {"errorType":"string",'
	    . '"errorMessage":"just text","trace":[]}', 'text thrown');
	like($result->('callback.lost'), qr/^error .*
	    "Runtime\.UnhandledPromiseRejection".*nobody[ ]waits/x,
	    'a rejection that is not handled');
	is($api->wait_end, 128, 'ends it');
	is($result->('module.handler'), 'response "modulefunction"', '.mjs');
	is($result->('esm/typed.handler'), 'response "esm"', 'type: module');
	is($result->('common.deep.handler'), 'response "cjs"', '.cjs, deep');
	node($api, 'syntax.handler');
	is_init_error($api, 'Runtime.UserCodeSyntaxError', qr/\S/, 'syntax');
	node($api, 'lacks.handler');
	is_init_error($api, 'Runtime.ImportModuleError',
	    qr/no-such-package/, 'a package that lacks');
	node($api, '../node/callback.good');
	is_init_error($api, 'Runtime.MalformedHandlerName', qr/Bad handler/,
	    'a handler that leaves');
};

subtest 'nodejs streams' => sub {
	plan skip_all => 'no node here' if !has('node');
	my $api = Tollgate::RuntimeAPI->new;
	my $r = node($api, 'stream.plain')->invoke('{}');
	my $h = $r->{headers};

	is($r->{kind}, 'response', 'a response');
	is_deeply($r->{chunks}, ['one', $r->{id}], 'chunk by chunk');
	is($h->{'lambda-runtime-function-response-mode'}, 'streaming', 'mode');
	is($h->{'content-type'}, 'text/plain', 'its type');
	is($h->{trailer}, 'Lambda-Runtime-Function-Error-Type, '
	    . 'Lambda-Runtime-Function-Error-Body', 'trailers are told of');
	is_deeply($r->{trailers}, {}, 'but nothing was wrong');
	is($api->invoke('{}')->{kind}, 'response', 'and again');

	my $type = 'application/vnd.awslambda.http-integration-response';
	$r = node($api, 'stream.http')->invoke('{}');
	is($r->{headers}{'content-type'}, $type, 'HTTP: its type');
	is($r->{body}, '{"statusCode":201,"headers":{"X-A":"b"},"cookies":'
	    . '["c=d"]}' . "\0" x 8 . 'body', 'HTTP: prelude and body');
	$r = node($api, 'stream.empty')->invoke('{}');
	is($r->{body}, '{"statusCode":204}' . "\0" x 8, 'HTTP without a body');

	$r = node($api, 'stream.early')->invoke('{}');
	is($r->{kind}, 'error', 'an error before the first byte is plain');
	is(decode($r->{body})->{errorType}, 'RangeError', 'its type');
	$r = node($api, 'stream.late')->invoke('{}');
	is("$r->{kind} $r->{body}", 'response part', 'one behind it');
	my $t = $r->{trailers};
	is($t->{'lambda-runtime-function-error-type'}, 'RangeError',
	    'is in the trailers');
	my $told = decode(decode_base64(
	    $t->{'lambda-runtime-function-error-body'}));
	is($told->{errorMessage}, 'after', 'with its message');
	is(length node($api, 'stream.piped')->invoke('{}')->{body}, 300002,
	    'pipeline');
};

# --- served by tollgated ----------------------------------------------------

# Function NAME on /NAME, of this runtime; handler below the test's folder.
sub served {
	my ($t, $name, $runtime, $handler, $handler_name, $more) = @_;

	$t->function($name, "[function]\nprotocol = lambda\n"
	    . "runtime = $runtime\nhandler = %DIR%/$handler\n"
	    . "handler_name = $handler_name\n[route]\nprefix = /$name\n"
	    . "[limits]\nmemory_max = 512M\ntasks_max = 4096\n"
	    . ($more // ''));
}

my $t = Tollgate::Test->new;
my @here = grep { has($language{$_}{program}) } sort keys %language;
mkdir $t->dir . '/code', 0755;
for my $name (@here) {
	my $l = $language{$name};
	my ($suffix) = $l->{file} =~ /(\.\w+)$/;
	spew($t->dir . "/code/$l->{file}", encode_utf8($l->{code}));
	spew($t->dir . "/code/raises$suffix", $l->{raises}) if $l->{raises};
	served($t, $name, $name, 'code', 'hello.handler');
}
$t->handler('code/bootstrap', slurp("$runtimes/shell"));
served($t, 'provided', 'provided', 'code/', 'hello.handler');
served($t, 'file', 'shell', 'code/hello.sh', 'hello.handler',
    "[sandbox]\nlevel = standard\n");
spew($t->dir . '/code/env.sh', <<'SH');
main() {
	printf '{"cwd":"%s","root":"%s","dir":"%s","env":"%s","more":"%s"}' \
	    "$PWD" "$LAMBDA_TASK_ROOT" "$LAMBDA_RUNTIME_DIR" \
	    "$AWS_EXECUTION_ENV" "$MORE"
}
SH
served($t, 'env', 'shell', 'code', 'env.main', "[pool]\nmax_children = 1\n");
served($t, 'bad', 'shell', 'code', 'env.other');
served($t, 'stream', 'nodejs', "code\ninvoke_mode = response_stream",
    'stream.http') if has('node');
spew($t->dir . '/code/stream.js', $script{'stream.js'});
$t->start;

for my $name (@here, 'provided', 'file') {
	my $got = $t->post("/$name", encode_utf8('{"x":"ü"}'), params =>
	    [CONTENT_TYPE => 'application/json']);
	is($got->{status}, 200, "$name is served")
	    or diag $got->{body}, $t->function_log($name), $t->log;
	my $event = eval { decode($got->{body}) } // {};
	is($event->{body}, '{"x":"ü"}', "$name: it got the event")
	    or diag $got->{body};
}
my $env = decode($t->get('/env')->{body});
my $code = $t->dir . '/code';
is_deeply($env, { cwd => $code, root => $code, dir => $runtimes,
    env => 'AWS_Lambda_shell', more => '' }, 'its environment');
is($t->get('/bad')->{status}, 502, 'an init error is a 502');
like($t->function_log('bad'), qr/Handler 'other' missing/, 'and logged');
if (has('node')) {
	my $got = $t->get('/stream');
	is($got->{status}, 201, 'a streamed response');
	is($got->{body}, 'body', 'its body');
}

# An edited file, after a reload.
spew($t->dir . '/code/env.sh', "main() { echo '{\"cwd\":\"new\"}'; }\n");
$t->reload;
is(decode($t->get('/env')->{body})->{cwd}, 'new',
    'a reload notices changed code');
$t->stop;

my ($status, $text) = do {
	my $t = Tollgate::Test->new;
	served($t, 'a', 'shell', 'tollgate.ini', 'other.handler');
	served($t, 'b', 'shell', '', 'nothing');
	served($t, 'c', 'perl', '${x}/code', 'a.b');
	served($t, 'd', 'perl', '', 'a.b');
	my $d = slurp($t->dir . '/functions.d/d.ini');
	$t->function(d => $d =~ s/\[route/environment = TZ=x _HANDLER=x\n[route/r);
	spew($t->dir . '/tollgate.ini', '');
	$t->run('-t');
};
is($status, 1, 'what cannot work');
like($text, $_, "is found: $_") for
    qr/a\.ini:5:.*handler_name: "other\.handler" is not of the file/,
    qr/b\.ini:5:.*handler_name: is not file\.function/,
    qr/c\.ini:3:.*runtime: cannot be with \$\{NAME\}/,
    qr/d\.ini:6:.*environment: _HANDLER cannot be set/;
done_testing;
