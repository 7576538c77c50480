# What a real web server in front of a test's tollgated has in common: found
# or the test is skipped, started on a configuration of its own in the test's
# folder, waited for, stopped by pid.
package Tollgate::WebServer;

use strict;
use warnings;

use IO::Socket::INET;
use IO::Socket::UNIX;
use POSIX qw(WNOHANG _exit);
use Test::More ();

use Tollgate::HTTP qw(http);
use Tollgate::Test;

my $main_pid = $$;

# Full path of a program, sbin included; undef if there is none.
sub find_program {
	my ($name) = @_;

	return (grep { -x } map { "$_/$name" } split(/:/, $ENV{PATH} // ''),
	    qw(/usr/sbin /usr/local/sbin /sbin))[0];
}

# Skip the whole test unless every program is there.
sub need {
	my (@names) = @_;

	for my $name (@names) {
		Test::More::plan(skip_all => "no $name here")
		    unless $name =~ m{/} ? -x $name : find_program($name);
	}
}

# start_command: what to run, in the foreground.
sub launch {
	my ($self) = @_;

	$self->{pid} = fork // die "fork: $!";
	if ($self->{pid} == 0) {
		open STDIN, '<', '/dev/null';
		open STDOUT, '>>', "$self->{dir}/output";
		open STDERR, '>&', \*STDOUT;
		$SIG{$_} = 'DEFAULT' for qw(PIPE INT TERM ALRM);
		exec $self->start_command or _exit(127);
	}
	my $up = wait_for(sub {
		return -1 if waitpid($self->{pid}, WNOHANG) == $self->{pid};
		return $self->accepts;
	}, 10, ref($self) . ' to accept') // 0;
	delete $self->{pid} if $up == -1;
	return $up == 1;
}

# Start, once more with another port if somebody was quicker.
sub start {
	my ($self) = @_;

	for (1 .. 5) {
		$self->configure;
		return $self if $self->launch;
	}
	die ref($self) . " does not start:\n" . $self->log;
}

sub accepts {
	my ($self) = @_;
	my ($path) = $self->{address} =~ /\Aunix:(.*)\z/;

	return $path ? !!IO::Socket::UNIX->new(Peer => $path) :
	    !!IO::Socket::INET->new(PeerAddr => $self->{address});
}

sub address { $_[0]{address} }

sub log {
	my ($self) = @_;

	return join '', map { Tollgate::Test::slurp("$self->{dir}/$_") }
	    qw(output error.log);
}

# http(METHOD, PATH, ...) of Tollgate::HTTP, asked of this server.
sub request { my $self = shift; return http($self->{address}, @_) }
sub get { my $self = shift; return $self->request('GET', @_) }

sub stop {
	my ($self) = @_;

	return unless $self->{pid} && $$ == $main_pid;
	kill 'TERM', $self->{pid};
	wait_for(sub { waitpid($self->{pid}, WNOHANG) }, 5)
	    or kill 'KILL', $self->{pid};
	delete $self->{pid};
}

sub DESTROY {
	my ($self) = @_;
	local ($?, $@, $!);

	$self->stop;
}

1;
