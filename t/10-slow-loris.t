#!/usr/bin/perl
# A front that dribbles its parameters is cut off by header_timeout.
use strict;
use warnings;
use lib 't/lib';
use Test::More;
use Time::HiRes qw(time);
use Tollgate::FastCGI qw(begin);
use Tollgate::Test;

my $n = 400;
my $t = Tollgate::Test->new(gateway => <<'INI')->evil('evil')->start;
header_timeout = 700ms
max_connections = 1000
INI

is($t->get('/evil?mode=ok')->{status}, 200, 'warm');
my $before = resident_kb($t->gateway_pid);
my @slow = map { $t->connect } 1 .. $n;
$_->send(begin(1) . "\1\4\0\1\0") for @slow;
cmp_ok((resident_kb($t->gateway_pid) - $before) / $n, '<=', 16,
    'each costs 16 KB at most');
my $start = time;
is($t->get('/evil?mode=ok')->{status}, 200, 'others are served');
cmp_ok(time - $start, '<', 0.5, 'without delay');

# Another byte now and then does not help.
is(scalar(grep { $_->send("\5") } @slow[0 .. 9]), 10, 'they dribble on');
is(scalar(grep { $_->wait_close(5) } @slow), $n, 'all are cut off');
cmp_ok(time - $start, '<', 4, 'in time');
done_testing;
