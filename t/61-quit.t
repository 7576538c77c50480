#!/usr/bin/perl
# QUIT takes nothing new, ends what is under way, and exits 0.
use strict;
use warnings;
use lib 't/lib';
use Test::More;
use Tollgate::Test;

my $t = Tollgate::Test->new->evil(evil => "[pool]\nmax_children = 1\n")->start;
my $busy = $t->ask('GET', '/evil?mode=sleep&n=500');
my $queued = $t->ask('GET', '/evil?mode=ok');

ok(wait_for(sub { $t->workers }, 5), 'a worker is at work');
$t->note_processes->signal('QUIT');
is($busy->answer(1)->{status}, 200, 'a request under way is answered');
is($queued->answer(1)->{status}, 200, 'so is one that waits');
is($t->wait_exit, 0, 'and the exit status is 0');
is(scalar(grep { $_->{outcome} eq 'ok' } $t->accounting), 2, 'both accounted');
is($t->get('/evil')->{status}, 0, 'nobody listens');
done_testing;
