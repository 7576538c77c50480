#!/usr/bin/perl
# An answer in the smallest pieces is whole, and each piece leaves at once.
use strict;
use warnings;
use lib 't/lib';
use Test::More;
use Time::HiRes qw(time);
use Tollgate::Test;

my $t = Tollgate::Test->new->evil('evil')->start;

is($t->get('/evil?mode=byte-records&n=2600')->{body},
    join('', 'a' .. 'z') x 100, 'a byte in each record');
my $c = $t->ask('GET', '/evil?mode=byte-records&n=10&m=50');
ok($c->wait_bytes(1, 30), 'the first bytes come');
ok(!$c->{answers}{1}{ended}, 'before the last are written');
is($c->answer(1)->{body}, 'abcdefghij', 'which come, too');
my $burnt = cpu_ms($t->gateway_pid);
is($t->get('/evil?mode=empty-records&n=100000')->{body}, 'body',
    '100,000 empty records between');
cmp_ok(cpu_ms($t->gateway_pid) - $burnt, '<', 1000, 'cost little');
done_testing;
