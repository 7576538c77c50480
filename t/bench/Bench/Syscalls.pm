# The syscall budget: what the gateway asks of the kernel for one warm request.
package Bench::Syscalls;

use strict;
use warnings;

use Bench::Wrk;
use Tollgate::Test;

# strace counts for as long as wrk asks; each syscall is a figure of its own.
sub round {
	my ($load, $peer, $seconds) = @_;
	my $gateway = $peer->tollgate_of->gateway_pid;
	my $counts = "$peer->{dir}/strace";
	my $pid = fork // die "fork: $!";

	if ($pid == 0) {
		open STDERR, '>', "$counts.err";
		exec 'strace', '-c', '-f', '-U', 'calls,name', '-o', $counts,
		    '-p', $gateway or POSIX::_exit(127);
	}
	wait_for(sub { slurp("/proc/$gateway/status")
	    =~ /^TracerPid:\s+[1-9]/m }, 5) or die "strace does not attach\n";
	my $r = Bench::Wrk::run(url => $peer->url, seconds => $seconds,
	    connections => $load->{connections},
	    script => "$peer->{dir}/wrk.lua");
	kill 'INT', $pid;
	waitpid $pid, 0;
	die "no request was answered under strace\n" unless $r->{requests};
	my %calls = reverse slurp($counts) =~ /^\s*(\d+) (\w+)$/mg;
	return { requests => $r->{requests}, map {
		$_ => ($calls{$_} / $r->{requests}) } keys %calls };
}

1;
