# A tollgated as the tests start it, with the functions of the benchmarks and
# without the tests' checks at its end (a record of each of a million requests
# would have to be parsed).
package Bench::Tollgate;

use strict;
use warnings;

use parent 'Tollgate::Test';

use Time::HiRes qw(time);

my %ini = (
	fastcgi => "handler = %s\n",
	cgi => "handler = %s\nprotocol = cgi\n",
	# php-fpm's children do not end after so many requests either.
	php => "handler = /usr/bin/php-cgi\n"
	    . "environment = PHP_FCGI_MAX_REQUESTS=0\n"
	    . "parameters = SCRIPT_FILENAME=%s\n",
);

# What it is measured beside confines nothing but by user.
our $LEVEL = 'none';

sub function {
	my ($self, $name, $ini) = @_;

	return $self->SUPER::function($name,
	    "$ini\n[sandbox]\nlevel = $LEVEL\n");
}

# peer: a Bench::Peers with kind, hello, php; gateway: more lines for [gateway];
# prepare(t, peer): writes more functions.  how: as of Tollgate::Test's start.
# Accounting is on, and every limit and timeout at its default but the body's
# size and the queue's length.
sub create {
	my ($class, $peer, %how) = @_;
	my $self = $class->new(gateway => $peer->{gateway});
	my $kind = $peer->{kind} // 'fastcgi';
	my $max = $Bench::Peers::WORKERS;

	$self->function('hello', "[function]\n"
	    . sprintf($ini{$kind}, $kind eq 'php' ? $peer->{php} :
	    $peer->{hello}) . <<"INI");
[route]
exact = /fn/hello
[pool]
max_children = $max
queue_max = 1000
[limits]
max_body_size = 128M
tasks_max = 4096
INI
	$peer->{prepare}->($self, $peer) if $peer->{prepare};
	my $start = time;
	$self->start(%how);
	$self->{start_ms} = (time - $start) * 1000;
	return $self;
}

sub breaches { $_[0]->stop; return () }

1;
