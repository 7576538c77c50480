#!/usr/bin/perl
# Without control groups all works as far as it can, and is said.
use strict;
use warnings;
use lib 't/lib';
use Test::More;
use Tollgate::Test;

my $t = Tollgate::Test->new(gateway => 'cgroup = none')
    ->evil(evil => <<'INI');
[pool]
max_children = 1
freeze = yes
[limits]
cpu_max = 50000 100000
memory_max = 64M
INI
my ($status, $text) = $t->run('-t', '-v');
is($status, 0, '-t -v');
like($text, qr/^no cgroup: gateway\.cgroup = none/m, 'there is none');
like($text, qr/^evil: limits\.memory_max = 64M: RLIMIT_DATA/m, 'memory_max');
like($text, $> == 0 ? qr/^evil: limits\.tasks_max = 4096: RLIMIT_NPROC/m :
    qr/^evil: limits\.tasks_max = 4096: NOT ENFORCED/m, 'tasks_max');
like($text, qr/^evil: limits\.cpu_max = 50000 100000: NOT ENFORCED/m,
    'cpu_max');
like($text, qr/^evil: pool\.freeze = yes: SIGSTOP/m, 'freeze');
my $warning = qr/evil\.ini:\d+: \[limits\] cpu_max: is not enforced here/;
like($text, qr/^warning: .*$warning/m, 'what is written is warned of');
unlike($text, qr/warning: .*cpu_weight/, 'what is not is not');

$t->start;
like($t->log, qr/no cgroup: .*limits are rlimits/, 'the log says so, too');
like(slurp($t->dir . '/output'), $warning, 'and warns');
is($t->get('/evil?mode=ok')->{status}, 200, 'a worker answers');
my ($worker) = $t->workers;
ok(wait_for(sub { slurp("/proc/$worker/stat") =~ /\) T / }, 5, 'its stop'),
    'is stopped when idle');
is($t->get('/evil?mode=ok')->{status}, 200, 'and goes on');

# One that is named but cannot be had is worth a warning.
my $bad = Tollgate::Test->new(gateway => 'cgroup = %DIR%')->evil('evil')->start;
like($bad->log, qr/\[warning\].*gateway\.cgroup = \S+ is not used: /,
    'a folder that is none');
is($bad->get('/evil?mode=ok')->{status}, 200, 'and still serves');
done_testing;
