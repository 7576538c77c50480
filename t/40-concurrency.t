#!/usr/bin/perl
# A worker with concurrency is lent to several requests at once.
use strict;
use warnings;
use lib 't/lib';
use Test::More;
use Time::HiRes qw(time);
use Tollgate::Test;

my $t = Tollgate::Test->new->evil(evil => <<'INI')->start;
arguments = forking
[pool]
max_children = 1
concurrency = 4
INI

is($t->get('/evil?mode=ok')->{status}, 200, 'warm');
my $start = time;
my @asked = map { $t->ask('GET', '/evil?mode=sleep&n=400') } 1 .. 4;
is($_->answer(1)->{status}, 200, 'served') for @asked;
cmp_ok(time - $start, '<', 1.2, 'side by side');
my %workers = map { $_->{worker} => 1 } $t->accounting;
is(scalar keys %workers, 1, 'by one worker');
done_testing;
