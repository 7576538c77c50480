#!/usr/bin/perl
# Connections beyond max_connections wait or are refused; none spins.
use strict;
use warnings;
use lib 't/lib';
use Test::More;
use Tollgate::FastCGI qw(whole_request);
use Tollgate::Test;

my $t = Tollgate::Test->new(gateway => 'max_connections = 8')
    ->evil('evil')->start;
my @held = map { $t->connect } 1 .. 8;

for my $c (@held) {
	$c->send(whole_request(1, [nginx_params('GET', '/evil?mode=ok')], '',
	    keep => 1));
	is($c->answer(1)->{status}, 200, 'within the limit: served');
}
my $burnt = cpu_ms($t->gateway_pid);
my @more = map { $t->ask('GET', '/evil?mode=ok') } 1 .. 12;
isnt($more[0]->answer(1, 0.5)->{status}, 200, 'the ninth is not served');
cmp_ok(cpu_ms($t->gateway_pid) - $burnt, '<', 300, 'the gateway does not spin');
$_->close for @held;
is($t->get('/evil?mode=ok')->{status}, 200,
    'when they have gone, it goes on as ever');
done_testing;
