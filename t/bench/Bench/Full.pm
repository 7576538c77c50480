# A pool that is asked ten times as often as it can answer: how fast are
# refusals, how long do the served wait; and is anything run for a crowd that
# has left.
package Bench::Full;

use strict;
use warnings;

use Bench::Ask;
use Bench::Peers;
use Bench::Report;
use Tollgate::Test;
use Time::HiRes qw(sleep);

my $queue = 36;
my $sleep_ms = 20;
my $path = "/full?sleep=$sleep_ms";
my $interval_us = $sleep_ms * 1000 / $Bench::Peers::WORKERS / 10;
my $crowd = 1000;

sub prepare {
	my ($t, $peer) = @_;

	$peer->{count} = $t->dir . '/count';
	spew($peer->{count}, '');
	chmod 0666, $peer->{count};
	$t->function('full', <<"INI");
[function]
handler = $peer->{hello}
environment = COUNT_FILE=$peer->{count}
[route]
exact = /full
[pool]
max_children = $Bench::Peers::WORKERS
min_children = $Bench::Peers::WORKERS
queue_max = $queue
[limits]
tasks_max = 4096
INI
}

sub percentile {
	my ($share, @values) = @_;
	my @sorted = sort { $a <=> $b } @values;

	return @sorted ? $sorted[$share * $#sorted] : 0;
}

# Requests beyond those at work that were run although all had left.
sub run_for_nobody {
	my ($peer) = @_;
	my $before = -s $peer->{count} || 0;

	Bench::Ask::lines($peer, 'leave', $crowd, '/full?sleep=300');
	sleep 0.5;
	my $run = (-s $peer->{count} || 0) - $before - $Bench::Peers::WORKERS;
	return $run > 0 ? $run : 0;
}

sub round {
	my ($load, $peer) = @_;
	my %us = (served => [], refused => []);

	for (Bench::Ask::lines($peer, 'connect', $crowd, $path,
	    interval_us => $interval_us)) {
		push @{$us{$2}}, $1 / 1000 if /\A([\d.]+) (\w+)/;
	}
	return {
		refused => scalar @{$us{refused}},
		served => scalar @{$us{served}},
		refused_p50_ms => percentile(0.5, @{$us{refused}}),
		refused_p99_ms => percentile(0.99, @{$us{refused}}),
		served_max_ms => percentile(1, @{$us{served}}),
		run_for_nobody => run_for_nobody($peer),
	};
}

1;
