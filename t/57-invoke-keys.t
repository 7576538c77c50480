#!/usr/bin/perl
# The Invoke API with api_auth = iam: signatures over the target as it came,
# in headers and in the query; what a key permits; and each refusal.
use strict;
use warnings;
use lib 't/lib';
use JSON::PP qw(decode_json);
use Test::More;
use Tollgate::SigV4;
use Tollgate::Test;

my $secret = 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY';
my $other = 'otherotherotherother';
my $t = Tollgate::Test->new(gateway => "api_hosts = api.example\n"
    . "api_keys = %DIR%/keys\nauth_failures = 0\n");
my $dir = $t->dir;

sub write_keys {
	spew("$dir/keys", join '', map { "$_\n" } @_);
	chmod 0600, "$dir/keys";
}

write_keys('# who may', "AKIDEXAMPLE\t$secret anna lambda:InvokeFunction:say*",
    '', "AKIDOTHER $other bert lambda:*:*-x lambda:InvokeFunction:other");
$t->cgi($_ => <<'SH') for qw(say hear);
#!/bin/sh
printf 'Content-Type: text/plain\n\n%s %s %s' "$REMOTE_USER" "$AUTH_TYPE" "$(cat)"
env | grep -i -e signature -e authorization
SH
$t->start;

# Send what is signed; opt as for sign, and what breaks that: sent (a body other
# than was signed), target (likewise), headers, params.
sub signed {
	my ($target, $body, %opt) = @_;
	my ($uri, %headers) = sign($target, $body, key => 'AKIDEXAMPLE',
	    secret => $secret, host => 'api.example:8080', %opt);

	return $t->request('POST', $opt{target} // $uri,
	    body => $opt{sent} // $body, params => $opt{params} // [],
	    headers => { %headers, %{$opt{headers} // {}} });
}

sub path { "/2015-03-31/functions/$_[0]/invocations" }

sub is_refused {
	my ($answer, $status, $type, $key, $text, $what) = @_;
	my $json = eval { decode_json($answer->{body}) } // {};

	is($answer->{status}, $status, "$what: $status");
	is($answer->{headers}{'x-amzn-errortype'}, $type, "... $type");
	like($json->{$key}, $text, "... its $key");
}

# --- good ones
my $answer = signed(path('say'), '{"a":1}');
is($answer->{status}, 200, 'signed: 200') or diag $answer->{body};
is($answer->{body}, 'anna AWS4-HMAC-SHA256 {"a":1}',
    '... the function knows who it is, and sees no signature');
is($t->record_of(path('say'))->{caller}, 'anna', '... so does the record');
for my $name ('arn%3Aaws%3Alambda%3Aus-east-1%3A000000000000%3Afunction%3Asay',
    'say%3A%24LATEST', 'say:$LATEST') {
	is(signed(path($name), '1')->{status}, 200, "named $name");
}
is(signed(path('say') . '?Qualifier=%24LATEST', '1')->{status}, 200,
    'a query');
is(signed(path('say'), '1', region => 'eu-west-1')->{status}, 200,
    'signed for another region');
is(signed(path('say'), '1', time => $_)->{status}, 200, "a clock $_ s off")
    for -240, 240;
is(signed(path('say'), '"' . 'x' x 1_000_000 . '"')->{status}, 200,
    'a long event');
$answer = signed(path('say'), '2', is_presigned => 1);
is($answer->{status}, 200, 'presigned') or diag $answer->{body};
is($answer->{body}, 'anna AWS4-HMAC-SHA256 2', '... no signature seen');
is(signed(path('say') . '?Qualifier=%24LATEST', '2', is_presigned => 1)
    ->{status}, 200, '... with a query');

# --- what is missing or wrong
is_refused($t->post(path('say'), '1', headers => { Host => 'api.example' }),
    403, 'MissingAuthenticationTokenException', 'message',
    qr/^Missing Authentication Token$/, 'nothing shown');
is_refused(signed(path('say'), '1', headers => { Authorization =>
    'AWS4-HMAC-SHA256 Credential=x' }), 400, 'IncompleteSignatureException',
    'message', qr/./, 'half of one');
is_refused(signed(path('say'), '1', key => 'AKIDNOBODY'), 403,
    'UnrecognizedClientException', 'message',
    qr/^The security token included in the request is invalid\.$/,
    'an unknown key');
is_refused(signed(path('say'), '1', headers => { 'X-Amz-Security-Token' =>
    'x' }), 403, 'UnrecognizedClientException', 'message', qr/./,
    'a session token');
my $mismatch = qr/^The request signature we calculated does not match the /;
my $mismatched = sub {
	my ($what, @opt) = @_;

	is_refused(signed(path('say'), '1', @opt), 403,
	    'InvalidSignatureException', 'message', $mismatch, $what);
};
$mismatched->('another secret', secret => $other);
$mismatched->('another body', sent => '2');
$mismatched->('another path', target => path('sing'));
$mismatched->('a query', target => path('say') . '?Qualifier=%24LATEST');
$mismatched->('another host', headers => { Host => 'api.example:80' });
is_refused(signed(path('say'), '1', service => 's3'), 403,
    'InvalidSignatureException', 'message', qr/^Credential should be scoped /,
    'another service');
is_refused(signed(path('say'), '1', time => -400), 403,
    'InvalidSignatureException', 'message', qr/^Signature expired: \d{8}T\d{6}Z is now /,
    'an old one');
is_refused(signed(path('say'), '1', time => 400), 403,
    'InvalidSignatureException', 'message', qr/^Signature not yet current: /,
    'one of tomorrow');
is_refused(signed(path('say'), '1', time => -100, is_presigned => 1), 403,
    'InvalidSignatureException', 'message', qr/^Signature expired: /,
    'presigned, and over');
like($t->log, qr/signature refused from 127\.0\.0\.1, key "AKIDEXAMPLE"/,
    'the log has it');
unlike($t->log, qr/\Q$secret/, '... without the secret');

# --- what a key permits, before what there is
my $denied = 'User: arn:aws:iam::000000000000:user/anna is not authorized to '
    . 'perform: lambda:InvokeFunction on resource: arn:aws:lambda:us-east-1:'
    . '000000000000:function:';
is_refused(signed(path($_), '1'), 403, 'AccessDeniedException', 'Message',
    qr/^\Q$denied$_ because no identity-based policy allows the lambda:\E/,
    "not permitted: $_") for 'hear', 'none';
is(signed(path('sayer'), '1')->{status}, 404, 'permitted, but not there');
is(signed(path('say'), '1', key => 'AKIDOTHER', secret => $other)->{status},
    403, "another's key");
is(signed(path('a-x'), '1', key => 'AKIDOTHER', secret => $other)->{status},
    404, 'by another pattern');
is(signed(path('say'), '{')->{status}, 400, 'signed, but no JSON');

# --- reloads
write_keys("AKIDEXAMPLE $other anna lambda:*:*");
ok($t->reload, 'another secret');
$mismatched->('the old one');
is(signed(path('hear'), '1', secret => $other)->{status}, 200, 'the new one');
my $text = slurp("$dir/tollgate.ini");
spew("$dir/tollgate.ini", $text . "auth_failures = 3\n");
$text =~ s/^auth_failures = 0\n//m;
spew("$dir/tollgate.ini", $text . "auth_failures = 3\n");
ok($t->reload, 'auth_failures');
my @from = (params => [REMOTE_ADDR => '10.1.1.1']);
is(signed(path('say'), '1', @from)->{status}, 403, 'wrong') for 1 .. 3;
$answer = signed(path('hear'), '1', secret => $other, @from);
is($answer->{status}, 429, 'too many: 429');
like($answer->{body}, qr/"Reason":"CallerRateLimitExceeded"/, '... reason');
is(signed(path('hear'), '1', secret => $other,
    params => [REMOTE_ADDR => '10.2.2.2'])->{status}, 200,
    'not from elsewhere');

# --- what is wrong with a file
sub tested {
	write_keys(@_);
	return ($t->run('-t'))[1];
}
my $errors = tested('AKID', "AKID2 $secret anna lambda:DeleteFunction:x",
    'AKID3 short anna lambda:*:*', "AKID4 $secret a/b lambda:*:*",
    "AKID5 $secret anna lambda:*:a?", "AKID6 $secret a lambda:*:*",
    "AKID6 $secret b lambda:*:*");
for (['1', 'not KEYID SECRET NAME ACTION:PATTERN'], ['2', 'of an action'],
    ['3', 'of a secret'], ['4', 'of a name'], ['5', 'of a pattern'],
    ['7', 'of an id that was there before']) {
	like($errors, qr/\Q$dir\E\/keys:$_->[0]: is $_->[1]/, "line $_->[0]");
}
unlike($errors, qr/\Q$secret/, 'no error shows a secret');
my $shown = ($t->run('-T'))[1];
write_keys("AKIDEXAMPLE $secret anna lambda:*:*");
unlike(($t->run('-T'))[1], qr/\Q$secret/, 'nor does -T');
chmod 0644, "$dir/keys";
like(($t->run('-t'))[1], qr/keys can be read by everybody/, 'a warning');
unlink "$dir/keys";
like(($t->run('-t'))[1], qr/\[gateway\] api_keys: .*No such file/, 'no file');
$text =~ s/^api_keys = .*\n//m;
spew("$dir/tollgate.ini", $text);
like(($t->run('-t'))[1], qr/\[gateway\] api_hosts: needs api_keys beside it/,
    'no api_keys');
done_testing;
