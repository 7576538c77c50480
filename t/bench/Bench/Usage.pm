# What processes use: CPU time of a contender by group, and resident memory.
# A group is a role: web (the web server), gateway (what stands between it and
# the workers), spawner, workers (all the rest, those that have ended and were
# waited for included).
package Bench::Usage;

use strict;
use warnings;

use POSIX ();
use Time::HiRes qw(clock_gettime);

our @GROUPS = qw(web gateway spawner workers);

# By the name of the executable, 15 bytes of it.
my %group = (
	nginx => 'web', apache2 => 'web', lighttpd => 'web',
	'tollgate-gatewa' => 'gateway', fcgiwrap => 'gateway',
);
my $tick = 1e6 / POSIX::sysconf(POSIX::_SC_CLK_TCK());

# Every process: pid -> name, parent, µs used by children that were waited for.
sub table {
	my %all;

	opendir my $proc, '/proc' or die "/proc: $!";
	for my $pid (grep { /\A\d+\z/ } readdir $proc) {
		open my $file, '<', "/proc/$pid/stat" or next;
		my ($name, $rest) = (readline($file) // '')
		    =~ /\A\d+ \((.*)\) (.*)/s or next;
		my @field = split ' ', $rest;
		$all{$pid} = { name => $name, parent => $field[1],
		    children_us => ($field[13] + $field[14]) * $tick };
	}
	return \%all;
}

# CPU time of a process and all its threads, ended ones too, in µs: the
# clock of clock_getcpuclockid(3), as /proc counts in ticks.
sub cpu_us {
	my ($pid) = @_;
	my $s = clock_gettime((-$pid - 1) * 8 + 2);

	return $s > 0 ? $s * 1e6 : 0;
}

# The pids in the table whose ancestors the roots are, and these.
sub family {
	my ($all, @roots) = @_;
	my %mine = map { $_ => 1 } @roots;
	my %children;

	push @{$children{$all->{$_}{parent}}}, $_ for keys %$all;
	my @next = @roots;
	while (defined(my $pid = shift @next)) {
		push @next, grep { !$mine{$_}++ } @{$children{$pid} // []};
	}
	return grep { $all->{$_} } keys %mine;
}

# µs used so far by group, of these processes and their descendants.  What a
# worker had used when it ended moves to its parent's children_us, so the sum
# never goes back.
sub snapshot {
	my (@roots) = @_;
	my $all = table();
	my %root = map { $_ => 1 } @roots;
	my %us = map { $_ => 0 } @GROUPS;

	for my $pid (family($all, @roots)) {
		my $p = $all->{$pid};
		# A launcher is a copy of the spawner, but a worker.
		my $role = $p->{name} eq 'tollgated' && $root{$pid} ?
		    'spawner' : $group{$p->{name}} // 'workers';
		$us{$role} += cpu_us($pid);
		$us{workers} += $p->{children_us};
	}
	return \%us;
}

# Bytes of a process that are its own or shared, in KB.
sub resident_kb {
	my ($pid) = @_;

	open my $file, '<', "/proc/$pid/status" or return 0;
	return join('', <$file>) =~ /^VmRSS:\s+(\d+)/m ? $1 : 0;
}

1;
