#!/usr/bin/perl
# Where the kernel has the controllers, all workers of a user together are held
# to his account, and nobody else is.
use strict;
use warnings;
use lib 't/lib';
use Test::More;
use Tollgate::Cgroup;
use Tollgate::Test;

plan skip_all => 'only root can run programs as others' unless $> == 0;
my $group = Tollgate::Cgroup->new(qw(memory pids cpu))
    or plan skip_all => $Tollgate::Cgroup::why;
my $t = Tollgate::Test->new(gateway => "cgroup = @{[$group->path]}");
my $as = "[sandbox]\nlevel = standard\nuser = 4001\ngroup = 4001\n";

$t->evil($_ => $as) for qw(one two);
$t->evil('other');
sub account { $t->account(4001 => "[account]\n$_[0]") }
account("memory_max = 48M\ntasks_max = 20\ncpu_max = 50000 100000\n"
    . "cpu_weight = 50\n");
my ($status, $text) = $t->run('-t', '-v');
like($text, qr/^account 4001: $_$/m, "-t -v: $_") for
    'memory_max = 48M: memory\.max', 'tasks_max = 20: pids\.max',
    'cpu_max = 50000 100000: cpu\.max', 'cpu_weight = 50: cpu\.weight';
$t->start;

# A file of the user's group.
sub value {
	my ($user, $file) = @_;
	my ($tree) = map { s{.*/}{}r } grep { m{/tollgate\.\d+$} }
	    $group->groups;

	return $group->file("$tree/user.$user", $file);
}

is($t->get("/$_?mode=ok")->{status}, 200, $_) for qw(one two other);
my %limits = ('memory.max' => 48 << 20, 'pids.max' => 20,
    'cpu.max' => '50000 100000', 'cpu.weight' => 50);
is(value(4001, $_), "$limits{$_}\n", $_) for sort keys %limits;
my ($nobody) = (getpwnam 'nobody')[2];
is(value($nobody, 'memory.max'), "max\n", "none is another user's");

# Each has less than its own limit; together they have more.
my $holds = $t->ask('GET', '/one/holds?mode=touch&n=30&m=60000');
ok(wait_for(sub { value(4001, 'memory.current') > 30 << 20 }, 30),
    'one has its share');
my $more = $t->ask('GET', '/two/more?mode=touch&n=30&m=60000');
my $killed = qr/(one|two): request .* memory, account 4001: memory_max = 48M/;
ok(wait_for(sub { $t->log =~ $killed }, 30), 'the log says whose limit it was');
my ($victim) = $t->log =~ $killed;
is($t->record_of($victim eq 'one' ? '/one/holds' : '/two/more')->{outcome},
    'oom', 'the record says oom');
undef $_ for $holds, $more;
is($t->get('/other?mode=touch&n=60')->{status}, 200, 'another has his own');
like($t->get('/two?mode=crowd&n=50')->{body}, qr/^forked=1\d error=EAGAIN$/,
    'tasks_max');
like($t->get('/other?mode=crowd&n=50')->{body}, qr/^forked=50 /,
    "is not another's");
$t->get('/one?mode=burn&n=100');
my ($throttled) = value(4001, 'cpu.stat') =~ /^nr_throttled (\d+)$/m;
cmp_ok($throttled, '>', 0, 'cpu_max throttles');

# In place.
account("memory_max = 64M\n");
ok($t->reload, 'reloaded');
%limits = ('memory.max' => 64 << 20, 'pids.max' => 'max',
    'cpu.max' => 'max 100000', 'cpu.weight' => 100);
# The gateway may say that a load is in force while groups still change.
ok(wait_for(sub { !grep { value(4001, $_) ne "$limits{$_}\n" } keys %limits },
    30, 'the limits'), 'groups follow');
is(value(4001, $_), "$limits{$_}\n", $_) for sort keys %limits;
is($t->stop, 0, 'the end');
is_deeply([$group->groups], [], 'no group is left');
done_testing;
