# A control group for a test, to be the [gateway] cgroup of its tollgated.
package Tollgate::Cgroup;

use strict;
use warnings;

use Tollgate::Test qw(slurp wait_for);

# A group that did not exist and has these controllers, or undef with the reason
# in $why.
our $why;

sub new {
	my ($class, @controllers) = @_;
	my ($mount) = slurp('/proc/self/mountinfo')
	    =~ /^\S+ \S+ \S+ \S+ (\S+) .* - cgroup2 /m;
	my ($own) = slurp('/proc/self/cgroup') =~ /^0::(\/.*)$/m;

	$why = 'no cgroup v2 is mounted';
	return undef unless defined $mount && defined $own;
	my $parent = "$mount$own";
	for my $name (@controllers) {
		$why = "no controller $name for groups in $parent";
		return undef unless slurp("$parent/cgroup.subtree_control")
		    =~ /\b$name\b/;
	}
	my $path = "$parent/tollgate-test-$$" =~ s/\/\/+/\//gr;
	$why = "$path: cannot be made";
	mkdir $path or return undef;
	my $self = bless { path => $path }, $class;
	$why = 'Linux before 5.14 has no cgroup.kill';
	return -e "$path/cgroup.kill" ? $self : undef;
}

sub path { $_[0]{path} }

# The folders of workers, relative to ours.
sub leaves {
	my ($self) = @_;

	return map { substr $_, 1 + length $self->{path} } sort
	    glob "$self->{path}/tollgate.*/user.*/*/*/";
}

# A file of a group, relative to ours.
sub file {
	my ($self, $group, $name) = @_;

	return slurp("$self->{path}/$group/$name");
}

# All groups in ours.
sub groups {
	my ($self) = @_;

	return grep { -d } glob "$self->{path}/*";
}

sub DESTROY {
	my ($self) = @_;

	rmdir $self->{path};
}

1;
