#!/usr/bin/perl
# A FastCGI worker gets the front's parameters, once each, and ours.
use strict;
use warnings;
use lib 't/lib';
use Test::More;
use Tollgate::Test;

my $t = Tollgate::Test->new->evil(evil => <<'INI')->start;
parameters = SCRIPT_FILENAME=/srv/www${SCRIPT_NAME}${PATH_INFO} DOCUMENT_ROOT=/srv/www ADDED=1
INI
my $body = $t->get('/evil/in/fo?mode=params', headers => { Proxy => 'x' },
    params => [SCRIPT_FILENAME => '/etc/passwd', OWN => 'kept',
    FORGED => "/evil\nTOLLGATE_X=1"])->{body};

for (
	[SCRIPT_NAME => '/evil'], [PATH_INFO => '/in/fo'],
	[SCRIPT_FILENAME => '/srv/www/evil/in/fo'],
	[DOCUMENT_ROOT => '/srv/www'], [ADDED => 1], [OWN => 'kept'],
	[REQUEST_METHOD => 'GET'], [QUERY_STRING => 'mode=params'],
	[SERVER_SOFTWARE => 'nginx/1.22.1'], [GATEWAY_INTERFACE => 'CGI/1.1'],
) {
	my ($name, $value) = @$_;
	is_deeply([$body =~ /^$name=(.*)$/mg], [$value], "$name is $value");
}
unlike($body, qr/^HTTP_PROXY=/m, 'HTTP_PROXY is not among them');
done_testing;
