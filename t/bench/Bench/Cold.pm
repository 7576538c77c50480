# Cold starts: time to the first byte of a request that nobody was waiting
# for, beside a bare fork and exec of the same program.
package Bench::Cold;

use strict;
use warnings;

use Bench::Ask;
use Bench::Report;
use Tollgate::Test;

my $starts = 20;		# in a round
my $functions = 200;		# each is idle, hence cold, when its turn comes
my $next = 0;

sub prepare {
	my ($t, $peer) = @_;

	my %lines = (c => "handler = $peer->{hello}\n",
	    sh => "handler = $peer->{script}\nprotocol = cgi\n");
	for my $kind (keys %lines) {
		$t->function("$kind$_", "[function]\n$lines{$kind}"
		    . "[route]\nexact = /$kind/$_\n[limits]\ntasks_max = 4096\n"
		    . "[pool]\nprocess_idle_timeout = 500ms\n")
		    for 1 .. $functions;
	}
}

sub bare_us {
	my ($peer, $program) = @_;

	return qx($peer->{ask} exec $program) + 0
	    || die "$program does not run\n";
}

sub first_byte_us {
	my ($peer, $path) = @_;
	my ($line) = Bench::Ask::lines($peer, 'connect', 1, $path);

	return $line =~ /\A([\d.]+) served/ ? $1 : die "$path: not served\n";
}

# Bare and cold starts take turns, as the machine is noisy.
sub round {
	my ($load, $peer) = @_;
	my %us;

	for (1 .. $starts) {
		my $i = 1 + $next++ % $functions;
		push @{$us{bare_c_us}}, bare_us($peer, $peer->{hello});
		push @{$us{cold_c_us}}, first_byte_us($peer, "/c/$i");
		push @{$us{bare_sh_us}}, bare_us($peer, $peer->{script});
		push @{$us{cold_sh_us}}, first_byte_us($peer, "/sh/$i");
	}
	return { map { $_ => Bench::Report::median(@{$us{$_}}) } keys %us };
}

1;
