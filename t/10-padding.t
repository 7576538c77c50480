#!/usr/bin/perl
# Padding and records that mean nothing are skipped, whatever is in them.
use strict;
use warnings;
use lib 't/lib';
use Test::More;
use Tollgate::FastCGI qw(record begin pairs whole_request);
use Tollgate::Test;

my $t = Tollgate::Test->new
    ->evil(evil => "[pool]\nmax_children = 1\n")->start;
my $forged = whole_request(2, [nginx_params('GET', '/evil?mode=self')]);
my $pairs = pairs(nginx_params('POST', '/evil?mode=ok',
    body => $forged));

for (
	['forged records in padding', $forged x 1, substr($forged, 0, 255)],
	['the most padding',	$forged, 255],
	['seven bytes of it',	$forged, 7],
) {
	my ($what, $body, $padding) = @$_;
	my $c = $t->connect;

	$c->send(record('begin', 1, pack('nCx5', 1, 1), $padding)
	    . record('params', 1, $pairs, $padding)
	    . record('params', 1, '', $padding)
	    . record('stdin', 1, $body, $padding)
	    . record('stdin', 1, '', $padding));
	my $answer = $c->answer(1);
	is($answer->{status}, 200, "$what: answered");
	like($answer->{body}, qr/body=${\length $body} /, "$what: body whole");
	is_deeply($c->{order}, [1], "$what: nothing else is");
}

my $c = $t->connect;
$c->send(record(99, 1, "\1" x 65535, 255)
    . whole_request(1, [nginx_params('GET', '/evil?mode=ok')], '', keep => 1));
is($c->answer(1)->{status}, 200,
    'a record of unknown type and the greatest size is skipped exactly');
$c->send(record('data', 2, 'x' x 100)
    . whole_request(2, [nginx_params('GET', '/evil?mode=ok')]));
is($c->answer(2)->{status}, 200, 'so is DATA for a responder');
done_testing;
