# Instructions that the gateway itself executes for one warm request, counted
# by callgrind: the kernel's are not among them, but the figure is the same
# twice, however noisy the machine.
package Bench::Instructions;

use strict;
use warnings;

use Bench::Tollgate;
use Tollgate::FastCGI qw(whole_request);
use Tollgate::Test;

my $connections = 16;

# All that a gateway executes that answers so often on each connection.
sub total {
	my ($peer, $times) = @_;
	my $dir = "$peer->{dir}/callgrind";
	my $t = Bench::Tollgate->create({ hello => $peer->{hello} },
	    through => ['valgrind', '--tool=callgrind', '--vgdb=no',
	    '--trace-children=yes', '--trace-children-skip=*/hello',
	    "--callgrind-out-file=$dir/%p"]);
	my $request = whole_request(1, [nginx_params('GET', '/fn/hello')], '',
	    keep => 1);
	my @connections = map { $t->connect } 1 .. $connections;

	for (1 .. $times) {
		$_->send($request) for @connections;
		$_->answer(1)->{body} eq "hello\n" or die "a wrong answer\n"
		    for @connections;
	}
	$_->close for @connections;
	$t->finish;
	my ($total) = map { slurp($_) =~
	    /^cmd:.*tollgate-gateway.*^totals: (\d+)/ms } glob "$dir/*";
	unlink glob "$dir/*";
	return $total // die "callgrind has written nothing\n";
}

# The difference of two runs, so that start and end do not count.
sub round {
	my ($load, $peer) = @_;
	my ($few, $many) = (20, 220);

	# The gateway writes there, and is not root.
	mkdir "$peer->{dir}/callgrind";
	chmod 01777, "$peer->{dir}/callgrind";
	return { instructions => (total($peer, $many) - total($peer, $few))
	    / ($many - $few) / $connections };
}

1;
