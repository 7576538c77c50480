#!/usr/bin/perl
# Where none is configured, the control group that tollgated is started in is
# divided, and afterwards as it was.
use strict;
use warnings;
use lib 't/lib';
use Test::More;
use Tollgate::Cgroup;
use Tollgate::Test;

plan skip_all => 'systemd would have to delegate the group'
    if -d '/run/systemd/system';
my $group = Tollgate::Cgroup->new
    or plan skip_all => $Tollgate::Cgroup::why;
my $path = $group->path;
my @through = ('sh', '-c', "echo \$\$ >$path/cgroup.procs && exec \"\$@\"",
    'sh');
my $own = qr{\Q${\($path =~ s{.*/}{}r)}\E};
my $t = Tollgate::Test->new->cgi(where => <<'SH', <<'INI')
#!/bin/sh
printf 'Content-Type: text/plain\n\n'
cat /proc/self/cgroup
SH
[sandbox]
level = standard
INI
    ->start(through => \@through);

# Ours of those that a file names.
sub controllers {
	my ($folder, $file) = @_;

	return join ' ', grep { /^(cpu|memory|pids)$/ } sort
	    split ' ', $group->file($folder, $file);
}

sub is_divided {
	my ($pid) = @_;

	like($t->get('/where')->{body},
	    qr{^0::\S*/$own/tollgate\.1/user\.\d+/where/\d+$}m,
	    'a worker is in a group of its own');
	is($group->file('.', 'cgroup.procs'), '', 'nobody is in what is divided');
	like(slurp("/proc/$pid/cgroup"), qr{^0::\S*/$own/tollgate\.1/main$}m,
	    'the spawner has moved');
	SKIP: {
		skip 'no controller cpu', 1
		    unless controllers('.', 'cgroup.controllers') =~ /cpu/;
		is($group->file('tollgate.1/main', 'cpu.weight'), "10000\n",
		    'and comes before all users');
	}
	for my $folder ('.', 'tollgate.1') {
		is(controllers($folder, 'cgroup.subtree_control'),
		    controllers('.', 'cgroup.controllers'),
		    "$folder: whatever controllers there are are handed down");
	}
}

is_divided($t->pid);
like(slurp('/proc/' . $t->gateway_pid . '/cgroup'), qr{/main$}m,
    'and the gateway');
ok($t->reload, 'a reload finds the same');
is($t->stop, 0, 'the end');
is_deeply([$group->groups], [], 'no group is left');
is($group->file('.', 'cgroup.subtree_control'), '', 'nor is it divided');

# In the background, who started it waits in the same group.
is(system(@through, $t->command), 0, 'started as a daemon');
my $pid = slurp($t->dir . '/run/tollgated.pid') + 0;
is_divided($pid);
unlike($t->log, qr/subtree_control: \+/, 'which is in nobody\'s way');
kill 'TERM', $pid;
ok(wait_for(sub { !kill 0, $pid }, 10, 'its end'), 'and ended');
is_deeply([$group->groups], [], 'no group is left');
done_testing;
