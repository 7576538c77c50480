#!/usr/bin/perl
# A worker that ignores TERM is killed when its grace is over.
use strict;
use warnings;
use lib 't/lib';
use Test::More;
use Time::HiRes qw(time);
use Tollgate::Test;

my $t = Tollgate::Test->new(gateway => 'stop_timeout = 400ms')
    ->evil(idle => <<'INI')->evil(held => "arguments = ignore-term\n")->start;
arguments = ignore-term
[pool]
process_idle_timeout = 200ms
INI
my $idle = $t->pid_of('/idle?mode=ok');
my $held = $t->pid_of('/held?mode=ok');

ok(wait_for(sub { !kill 0, $idle }, 5, "the end of $idle"),
    'when it idles too long');
my $start = time;
is($t->stop, 0, 'and at the end');
ok(!kill(0, $held), 'of everything');
cmp_ok(time - $start, '<', 3, 'in time');
done_testing;
