# Idle connections of a front, each of which has been used: what they hold.
package Bench::Idle;

use strict;
use warnings;

use Bench::Ask;
use Bench::Usage;

my $n = 10_000;

sub round {
	my ($load, $peer) = @_;
	my $t = $peer->tollgate_of;
	my $gateway = $t->gateway_pid;
	my $before = Bench::Usage::resident_kb($gateway);
	my ($out, $pid) = Bench::Ask::start($peer, 'hold', $n, '/fn/hello',
	    keep => 1);

	die "not all connections could be held\n"
	    if (readline($out) // '') ne "held\n";
	my $after = Bench::Usage::resident_kb($gateway);
	kill 'TERM', $pid;
	close $out;
	return { gateway_kb => $before, with_idle_kb => $after,
	    per_connection_kb => ($after - $before) / $n,
	    spawner_kb => Bench::Usage::resident_kb($t->pid) };
}

1;
