#!/usr/bin/perl
# [access] auth = iam: routes that want a signature, as function URLs of AWS
# Lambda do.
use strict;
use warnings;
use lib 't/lib';
use Test::More;
use Tollgate::SigV4;
use Tollgate::Test;

my $secret = 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY';
my $t = Tollgate::Test->new(gateway => "api_keys = %DIR%/keys\n"
    . "auth_failures = 0\n");
my $dir = $t->dir;
spew("$dir/keys", "AKIDEXAMPLE $secret anna lambda:InvokeFunctionUrl:say*\n"
    . "AKIDOTHER $secret bert lambda:InvokeFunction:*\n");
chmod 0600, "$dir/keys";
my $script = <<'SH';
#!/bin/sh
printf 'Content-Type: text/plain\n\n%s %s ' "$REMOTE_USER" "$AUTH_TYPE"
cat
env | grep AUTHORIZATION
SH
$t->cgi(say => $script, "[access]\nauth = iam\n");
$t->cgi(hear => $script, "[access]\nauth = iam\n");
$t->cgi('say-near' => $script,
    "[access]\nauth = iam\nallow = 192.0.2.0/24\nsatisfy = any\n");
$t->cgi('say-both' => $script,
    "[access]\nauth = iam\nallow = 192.0.2.0/24\n");
$t->evil('say-evil' => "[access]\nauth = iam\n");
$t->start;

sub ask {
	my ($target, $body, %opt) = @_;
	my ($uri, %headers) = sign($target, $body, key => 'AKIDEXAMPLE',
	    secret => $secret, host => 'localhost', %opt);

	return $t->request($opt{method} // 'POST', $uri,
	    body => $opt{sent} // $body, params => $opt{params} // [],
	    headers => { %headers, %{$opt{headers} // {}} });
}

my $answer = ask('/say/x%20y?b=2&a=1', 'a body');
is($answer->{status}, 200, 'signed: 200') or diag $answer->{body};
is($answer->{body}, 'anna AWS4-HMAC-SHA256 a body',
    '... who it is, the body, and no signature');
is($t->record_of('/say/x y')->{caller}, 'anna', '... so has the record');
is(ask('/say', '', method => 'GET')->{body}, 'anna AWS4-HMAC-SHA256 ', 'GET');
is(ask('/say?a=1', 'b', is_presigned => 1)->{status}, 200, 'presigned');
my $long = 'x' x 1_000_000;
is(ask('/say', $long)->{body}, "anna AWS4-HMAC-SHA256 $long", 'a long body');
is(ask('/say', $long, params => [CONTENT_LENGTH => ''])->{status}, 200,
    '... of unknown length');
like(ask('/say-evil?mode=ok', $long)->{body}, qr/body=1000000/, '... FastCGI');
$answer = ask('/say', 'x' x 9_000_000);
is($answer->{status}, 413, 'too long a body');

for (
	['nothing shown', 403, 'MissingAuthenticationTokenException',
	    $t->post('/say', 'x')],
	['another body', 403, 'InvalidSignatureException',
	    ask('/say', 'x', sent => 'y')],
	['another secret', 403, 'InvalidSignatureException',
	    ask('/say', 'x', secret => 'otherotherotherother')],
	['an old one', 403, 'InvalidSignatureException',
	    ask('/say', 'x', time => -400)],
	['an unknown key', 403, 'UnrecognizedClientException',
	    ask('/say', 'x', key => 'AKIDNOBODY')],
	['a function it may not call', 403, 'AccessDeniedException',
	    ask('/hear', 'x')],
	['a key for other actions', 403, 'AccessDeniedException',
	    ask('/say', 'x', key => 'AKIDOTHER')],
	['half of one', 400, 'IncompleteSignatureException',
	    ask('/say', 'x', headers => { Authorization =>
	    'AWS4-HMAC-SHA256 x' })],
) {
	my ($what, $status, $type, $got) = @$_;
	is($got->{status}, $status, "$what: $status");
	is($got->{headers}{'x-amzn-errortype'}, $type, "... $type");
}
is($t->record_of('/hear')->{outcome}, 'rejected', '... accounted so');

my @near = (params => [REMOTE_ADDR => '192.0.2.7']);
is($t->post('/say-near', 'x', @near)->{status}, 200, 'any: by address');
is($t->post('/say-near', 'x')->{status}, 403, '... or not');
is(ask('/say-near', 'x')->{status}, 200, '... but signed');
is(ask('/say-both', 'x')->{status}, 403, 'all: signed is not enough');
is($t->post('/say-both', 'x', @near)->{status}, 403, '... nor the address');
is(ask('/say-both', 'x', @near)->{status}, 200, '... but both');

unlink "$dir/keys";
like(($t->run('-t'))[1], qr/\[gateway\] api_keys: .*No such file/, 'no file');
spew("$dir/tollgate.ini", slurp("$dir/tollgate.ini") =~ s/^api_keys.*\n//mr);
like(($t->run('-t'))[1], qr/say\.ini:\d+: \[access\] auth: needs \[gateway\] /,
    'no api_keys');
done_testing;
