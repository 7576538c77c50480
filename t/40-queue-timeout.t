#!/usr/bin/perl
# Who waits longer than queue_timeout gets 503; who leaves waits no more.
use strict;
use warnings;
use lib 't/lib';
use Test::More;
use Time::HiRes qw(time);
use Tollgate::Test;

my $t = Tollgate::Test->new->evil(evil => <<'INI')->start;
[pool]
max_children = 1
queue_max = 2
queue_timeout = 300ms
INI

is($t->get('/evil?mode=ok')->{status}, 200, 'warm');
my $busy = $t->ask('GET', '/evil?mode=sleep&n=1200');
my $start = time;
my $answer = $t->get('/evil/late?mode=ok');
is($answer->{status}, 503, 'waited too long: 503');
ok($answer->{headers}{'retry-after'}, 'Retry-After');
cmp_ok(time - $start, '>', 0.25, 'not before its time');
cmp_ok(time - $start, '<', 1, 'nor much later');
is($t->record_of('/evil/late')->{outcome}, 'rejected', 'in the accounts');
like($t->log, qr/evil.*queue_timeout.*300/, 'and the log');

# Two waiters leave: there is room for two others.
my @gone = map { $t->ask('GET', "/evil/gone?mode=ok") } 1, 2;
$_->close for @gone;
is($t->record_of('/evil/gone')->{outcome}, 'aborted', 'a waiter leaves');
ok(wait_for(sub { 2 == grep { $_->{path} eq '/evil/gone' } $t->accounting },
    5, 'both records'), 'and another');
is($busy->answer(1)->{status}, 200, 'the busy one ends');
is($t->get('/evil?mode=ok')->{body} =~ /served=(\d+)/ && $1, 3,
    'those who left were never served');
done_testing;
