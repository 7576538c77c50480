#!/usr/bin/perl
# No worker runs until one is needed, nor when none has been for a while.
use strict;
use warnings;
use lib 't/lib';
use Test::More;
use Tollgate::Test;

my $t = Tollgate::Test->new->evil(evil => <<'INI')->evil(warm => <<'INI2')
[pool]
process_idle_timeout = 300ms
INI
[pool]
min_children = 2
process_idle_timeout = 100ms
INI2
    ->start;

ok(wait_for(sub { $t->workers == 2 }, 5, 'two workers'),
    'min_children are started ahead of need, no others');
my @warm = $t->workers;
is($t->get('/evil/1?mode=ok')->{status}, 200, 'a request');
is(scalar $t->workers, 3, 'starts a worker');
is($t->get('/evil/2?mode=ok')->{status}, 200, 'another');
is(scalar $t->workers, 3, 'finds it warm');
my ($cold, $second) = map { $t->record_of("/evil/$_") } 1, 2;
ok($cold->{cold}, 'the first is recorded as cold');
ok(defined $cold->{init_ms}, 'with the time of its start');
ok(!$second->{cold}, 'the second is not');
ok(!defined $second->{init_ms}, 'and has none');
is($cold->{worker}, $second->{worker}, 'both with the same worker');
ok(wait_for(sub { $t->workers == 2 }, 5, 'two workers'),
    'which leaves when it has idled long enough');
is_deeply([$t->workers], \@warm, 'min_children stay');
done_testing;
