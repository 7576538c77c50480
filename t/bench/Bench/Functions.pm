# Many functions: time of start and of a reload, resident memory, speed.
package Bench::Functions;

use strict;
use warnings;

use Bench::Wrk;
use Tollgate::Test;
use Time::HiRes qw(time);

# So many more functions, with routes of their own.
sub prepare {
	my ($t, $peer) = @_;

	$t->function("f$_", "[function]\nhandler = $peer->{hello}\n"
	    . "[route]\nprefix = /many/f$_\n[limits]\ntasks_max = 4096\n")
	    for 1 .. $peer->{functions};
}

sub round {
	my ($load, $peer, $seconds) = @_;
	my $t = $peer->tollgate_of;
	my $r = Bench::Wrk::round($load, $peer, $seconds);

	$r->{start_ms} = $t->{start_ms};
	my $start = time;
	$t->reload or die "the reload has failed\n";
	$r->{reload_ms} = (time - $start) * 1000;
	$r->{resident_kb} = $r->{gateway_kb} + $r->{spawner_kb};
	return $r;
}

1;
