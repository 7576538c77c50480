#!/usr/bin/perl
# Where the kernel has the controllers, a worker's limits hold for all that it
# forks, and cost nobody else anything.
use strict;
use warnings;
use lib 't/lib';
use Test::More;
use Tollgate::Cgroup;
use Tollgate::Test;

my $group = Tollgate::Cgroup->new(qw(memory pids cpu))
    or plan skip_all => $Tollgate::Cgroup::why;
my $t = Tollgate::Test->new(gateway => "cgroup = @{[$group->path]}")
    ->evil(hog => <<'INI')
[pool]
max_children = 1
[limits]
memory_max = 32M
INI
    ->evil(crowd => "[limits]\ntasks_max = 10\n")
    ->evil(slow => "[limits]\ncpu_max = 10000 100000\ncpu_weight = 300\n")
    ->evil('beside')
    ->cgi(cgi => <<'SH', "[limits]\nmemory_max = 32M\n");
#!/bin/sh
printf 'Content-Type: text/plain\n\n'
exec perl -e '$| = 1; print "begun\n"; my $x = "x" x 1e8; print "done\n"'
SH

my ($status, $text) = $t->run('-t', '-v');
like($text, qr/^hog: limits\.memory_max = 32M: memory\.max/m, '-t -v: memory');
like($text, qr/^hog: limits\.tasks_max = 4096: pids\.max/m, 'tasks');
like($text, qr/^slow: limits\.cpu_max = 10000 100000: cpu\.max/m, 'cpu');
like($text, qr/^slow: limits\.cpu_weight = 300: cpu\.weight/m, 'weight');
unlike($text, qr/not enforced/i, 'all is enforced');
$t->start;
like($t->log, qr/cgroup \S+: controllers: cpu memory pids$/m, 'all are there');

sub leaf { return (grep m{/$_[0]/}, $group->leaves)[0] }

# Memory.
my $beside = $t->pid_of('/beside?mode=ok');
$t->get('/hog?mode=double-fork')->{body} =~ /grandchild=(\d+)/;
my $child = $t->real_pid($1, '/hog');
is($t->get('/hog?mode=touch&n=10')->{status}, 200, 'less than memory_max');
my $record = $t->record_of('/hog');
cmp_ok($record->{max_memory_kb}, '>=', 10 * 1024, 'what it took is recorded');
cmp_ok($record->{max_memory_kb}, '<=', 32 * 1024, 'and within the limit');
my ($worker) = grep { slurp("/proc/$_/cgroup") =~ m{/hog/} } $t->workers;
like(slurp("/proc/$worker/limits"), qr/^Max data size\s+unlimited/m,
    'no rlimit stands in its place');
is($t->get('/hog?mode=touch&n=100')->{status}, 502, 'more than memory_max');
is($t->record_of('/hog')->{outcome}, 'oom', 'is recorded as oom');
my $killed = "worker $worker killed: out of memory, limits.memory_max = 32M";
like($t->log, qr/hog: request \S+: \Q$killed\E/,
    'the log names the limit and its value');
ok(wait_for(sub { !kill 0, $child }, 5, "the grandchild's end"),
    'what the worker had forked went with it');
is($t->pid_of('/beside?mode=ok'), $beside, 'its neighbour is the same');
is($t->get('/hog?mode=ok')->{status}, 200, 'another takes its place');

my $answer = $t->get('/cgi');
ok(!$answer->{complete} || $answer->{status} == 502, 'a CGI program');
is($t->record_of('/cgi')->{outcome}, 'oom', 'is no better off');

# Tasks.
is($t->get('/crowd?mode=crowd&n=50')->{body}, "forked=9 error=EAGAIN\n",
    'tasks_max');
like($t->get('/beside?mode=crowd&n=50')->{body}, qr/^forked=50 /,
    "is not another function's of the same user");

# Processor time.
$t->get('/slow?mode=burn&n=1');
$t->get('/slow/burn?mode=burn&n=60');
$record = $t->record_of('/slow/burn');
cmp_ok($record->{duration_ms}, '>=', 4 * 60, 'cpu_max makes it slow');
my $leaf = leaf('slow');
my ($throttled) = $group->file($leaf, 'cpu.stat') =~ /^nr_throttled (\d+)$/m;
cmp_ok($throttled // 0, '>', 0, 'by throttling');
is($group->file($leaf =~ s{[^/]+/$}{}r, 'cpu.weight'), "300\n", 'cpu_weight');

is($t->stop, 0, 'the end');
is_deeply([$group->groups], [], 'no group is left');
done_testing;
