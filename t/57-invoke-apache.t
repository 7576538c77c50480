#!/usr/bin/perl
# The Invoke API through Apache, which passes on host and target as they were
# signed.
use strict;
use warnings;
use lib 't/lib';
use Test::More;
use Tollgate::Apache;
use Tollgate::HTTP qw(http);
use Tollgate::SigV4;
use Tollgate::Test;

Tollgate::WebServer::need('apache2');
my $secret = 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY';
my $t = Tollgate::Test->new(gateway => "api_hosts = 127.0.0.1\n"
    . "api_keys = %DIR%/keys\n");
spew($t->dir . '/keys', "AKIDEXAMPLE $secret anna lambda:*:*\n");
chmod 0600, $t->dir . '/keys';
$t->cgi(say => <<'SH');
#!/bin/sh
printf 'Content-Type: text/plain\n\n'
cat
SH
my $apache = Tollgate::Apache->new($t->start,
    snippet => 'tollgate-api.conf')->start;
my $address = $apache->{address};

sub ask {
	my ($target, $body, %opt) = @_;
	my ($uri, %headers) = sign($target, $body, key => 'AKIDEXAMPLE',
	    secret => $secret, host => $address, %opt);

	return http($address, 'POST', $uri, body => $body,
	    headers => \%headers, deadline => 60);
}

my $arn = 'arn%3Aaws%3Alambda%3Aus-east-1%3A000000000000%3Afunction%3Asay';
for (['a name', '/2015-03-31/functions/say/invocations'],
    ['an ARN', "/2015-03-31/functions/$arn/invocations?Qualifier=%24LATEST"]) {
	my ($what, $target) = @$_;

	my $answer = ask($target, '{"a":1}');
	is($answer->{status}, 200, "$what: 200") or diag $answer->{body};
	is($answer->{body}, '{"a":1}', '... its result');
	is(ask($target, '2', is_presigned => 1)->{body}, '2', '... presigned');
}
is(ask('/2015-03-31/functions/say/invocations', '1', secret => 'x' x 20)
    ->{headers}{'x-amzn-errortype'}, 'InvalidSignatureException',
    'a wrong secret');
like(ask('/2021-11-15/functions/say/response-streaming-invocations', '3')
    ->{body}, qr/PayloadChunk.*3.*InvokeComplete/s, 'a stream');
done_testing;
