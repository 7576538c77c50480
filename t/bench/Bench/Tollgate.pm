# A tollgated as the tests start it, with the functions of the benchmarks and
# without the tests' checks at its end (a record of each of a million requests
# would have to be parsed).
package Bench::Tollgate;

use strict;
use warnings;

use parent 'Tollgate::Test';

my %ini = (
	fastcgi => "handler = %s\n",
	cgi => "handler = %s\nprotocol = cgi\n",
	php => "handler = /usr/bin/php-cgi\n"
	    . "parameters = SCRIPT_FILENAME=%s\n",
);

# peer: a Bench::Peers with kind, hello, php, gateway, functions.  Accounting
# is on, and every limit and timeout at its default but the body's size.
sub create {
	my ($class, $peer) = @_;
	my $self = $class->new(gateway => "log_level = warning\n"
	    . ($peer->{gateway} // ''));
	my $kind = $peer->{kind} // 'fastcgi';
	my $max = $Bench::Peers::WORKERS;

	$self->function('hello', "[function]\n"
	    . sprintf($ini{$kind}, $kind eq 'php' ? $peer->{php} :
	    $peer->{hello}) . ($peer->{function} // '') . <<"INI");
[route]
exact = /fn/hello
[pool]
max_children = $max
queue_max = @{[$peer->{queue_max} // 1000]}
min_children = @{[$peer->{min_children} // 0]}
[limits]
max_body_size = 128M
tasks_max = 4096
INI
	$peer->{prepare}->($self) if $peer->{prepare};
	return $self->start;
}

sub breaches { $_[0]->stop; return () }

1;
