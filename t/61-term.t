#!/usr/bin/perl
# TERM stops everything within a few seconds, and each request is accounted.
use strict;
use warnings;
use lib 't/lib';
use Test::More;
use Time::HiRes qw(time);
use Tollgate::Test;

my $t = Tollgate::Test->new(gateway => 'stop_timeout = 1s')
    ->evil(evil => "[pool]\nmax_children = 1\n")->start;
my $short = $t->ask('GET', '/evil/short?mode=sleep&n=200');
my $long = $t->ask('GET', '/evil/long?mode=hang');
ok(wait_for(sub { $t->workers }, 5), 'a worker is at work');

my $start = time;
is($t->stop, 0, 'exit status 0');
cmp_ok(time - $start, '<', 4, 'within a few seconds');
like($short->answer(1)->{status}, qr/^(?:200|503)$/,
    'a short request ends or is told so');
isnt($long->answer(1)->{status}, 200, 'a long one is cut off');
is(scalar $t->accounting, 2, 'both are in the accounts');
ok(!-e $t->dir . '/run/tollgated.pid', 'the pid file is removed');

my $again = Tollgate::Test->new->evil('evil')->start;
is(slurp($again->dir . '/run/tollgated.pid') + 0, $again->pid,
    'which had held the pid');
$again->signal('INT');
is($again->wait_exit, 0, 'INT stops it, too');

my $warm = Tollgate::Test->new->evil(evil => "[pool]\nmin_children = 1\n")
    ->start;
ok(wait_for(sub { $warm->workers }, 5), 'a worker has started');
is($warm->stop, 0, 'stopped');
cmp_ok(($warm->accounting(workers => 1))[0]{cpu_ms} // 0, '>', 0,
    'what it used is in the accounts');
done_testing;
