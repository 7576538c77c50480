#!/usr/bin/perl
# Out of descriptors, the gateway waits and goes on; it does not spin.
use strict;
use warnings;
use lib 't/lib';
use Test::More;
use Tollgate::Test;

my $t = Tollgate::Test->new(gateway => "max_connections = 1000")
    ->evil(evil => "[pool]\nmax_children = 2\n");
$t->start(through => ['sh', '-c', 'ulimit -n 48; exec "$@"', 'sh']);
is($t->get('/evil?mode=ok')->{status}, 200, 'served');

my @held = map { $t->connect } 1 .. 100;
my $burnt = cpu_ms($t->gateway_pid);
my $waiting = $t->ask('GET', '/evil?mode=ok');
isnt($waiting->answer(1, 1)->{status}, 200, 'full: no service');
cmp_ok(cpu_ms($t->gateway_pid) - $burnt, '<', 400, 'it does not spin');
$_->close for @held;
ok(wait_for(sub { $t->get('/evil?mode=ok', deadline => 2)->{status} == 200 },
    5, 'service'), 'when they have gone, it goes on');
done_testing;
