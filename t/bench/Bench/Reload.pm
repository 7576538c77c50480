# Reloads under load: wrk asks on while tollgated gets SIGHUP again and again.
package Bench::Reload;

use strict;
use warnings;

use Bench::Wrk;
use Time::HiRes qw(sleep);

# The signals come from a child, since we wait for wrk.
sub round {
	my ($load, $peer, $seconds) = @_;
	my $tollgated = $peer->tollgate_of->pid;
	my $pid = fork // die "fork: $!";

	if ($pid == 0) {
		$SIG{TERM} = 'DEFAULT';
		for (;;) {
			sleep $load->{interval_s};
			kill 'HUP', $tollgated;
		}
	}
	my $r = eval { Bench::Wrk::round($load, $peer, $seconds) };
	my $error = $@;
	kill 'TERM', $pid;
	waitpid $pid, 0;
	return $r // die $error;
}

1;
