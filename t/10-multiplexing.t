#!/usr/bin/perl
# Several requests at once on one connection are served side by side.
use strict;
use warnings;
use lib 't/lib';
use Test::More;
use Tollgate::FastCGI qw(record begin stream pairs whole_request);
use Tollgate::Test;

my $t = Tollgate::Test->new(gateway => 'max_requests_per_connection = 3')
    ->evil('evil')->function(echo => <<'INI')->start;
[function]
handler = %HANDLERS%/echo
[route]
prefix = /echo
INI
my $c = $t->connect;

sub params_of {
	my ($id, $uri, %opt) = @_;

	return begin($id, keep => 1) . stream('params', $id,
	    pairs(nginx_params('POST', $uri, %opt)));
}

# The slow one first: it must not hold up the quick one.
$c->send(params_of(1, '/evil?mode=sleep&n=300') . record('stdin', 1)
    . params_of(2, '/evil?mode=ok') . record('stdin', 2));
is($c->answer(2)->{status}, 200, 'a request passes a slow one');
is($c->answer(1)->{status}, 200, 'which ends in its time');
is_deeply($c->{order}, [2, 1], 'in that order');

# Bodies interleaved, with some for an id that does not exist.
my %body = (5 => 'five ' x 1000, 9 => 'nine ' x 1000);
$c->send(params_of($_, '/echo', body => $body{$_})) for 5, 9;
for my $at (0 .. 49) {
	$c->send(record('stdin', $_, substr $body{$_}, $at * 100, 100))
	    for 5, 9;
	$c->send(record('stdin', 77, 'nobody asked for this'));
}
$c->send(record('stdin', $_)) for 9, 5;
is($c->answer($_)->{body}, $body{$_}, "the body of $_ is its own") for 5, 9;

# One more than allowed.
$c->send(params_of($_, '/evil?mode=sleep&n=200') . record('stdin', $_))
    for 1 .. 3;
$c->send(params_of(4, '/evil?mode=ok') . record('stdin', 4));
my $refused = $c->answer(4);
is($refused->{protocol_status}, 2, 'beyond the limit: OVERLOADED');
is($refused->{raw}, '', 'and no answer');
is($c->answer($_)->{status}, 200, "the others are unharmed ($_)") for 1 .. 3;

$c->send(params_of(1, '/evil?mode=crash&n=11') . record('stdin', 1)
    . params_of(2, '/evil?mode=sleep&n=100') . record('stdin', 2));
is($c->answer(1)->{status}, 502, 'a worker that dies costs its own request');
is($c->answer(2)->{status}, 200, 'and not its neighbour');
done_testing;
