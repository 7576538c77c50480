# The C client for what wrk cannot do: single requests, crowds that are refused
# or leave, thousands of connections that stay.
package Bench::Ask;

use strict;
use warnings;

use Tollgate::FastCGI qw(whole_request);
use Tollgate::Test;

# peer: whose folder, ask program and tollgated it is.  what: connect, leave
# or hold; n connections with a GET of the path.  Opened for reading; the pid
# comes second.
sub start {
	my ($peer, $what, $n, $path, %opt) = @_;
	my $t = $peer->tollgate_of;
	my $file = "$peer->{dir}/request";

	spew($file, whole_request(1, [nginx_params('GET', $path)], '', %opt));
	my $pid = open(my $out, '-|') // die "fork: $!";
	if ($pid == 0) {
		open STDIN, '<', $file;
		$SIG{$_} = 'DEFAULT' for qw(PIPE INT TERM ALRM);
		exec $peer->{ask}, $what, "$t->{dir}/tollgate.sock", $n,
		    $opt{interval_us} // 0 or POSIX::_exit(127);
	}
	return ($out, $pid);
}

# Until its end: its lines.
sub lines {
	my ($out) = start(@_);
	my @lines = <$out>;

	close $out or die "ask @_[1, 2] has failed\n";
	return @lines;
}

1;
