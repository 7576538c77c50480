# The Lambda runtime API, the least of it: one worker, whose events are told
# one by one and whose answers are kept.
package Tollgate::RuntimeAPI;

use strict;
use warnings;

use IO::Select;
use IO::Socket::INET;
use POSIX qw(WNOHANG _exit);
use Time::HiRes qw(time);

my $PATIENCE = 60;

sub new {
	my ($class) = @_;
	my $listener = IO::Socket::INET->new(Listen => 8,
	    LocalAddr => '127.0.0.1') or die "listen: $!";

	return bless { listener => $listener, log => '', buffer => '',
	    address => '127.0.0.1:' . $listener->sockport }, $class;
}

# Start a worker: its program with this environment; clean otherwise.
sub start {
	my ($self, $program, $folder, %env) = @_;
	pipe(my $read, my $write) or die "pipe: $!";
	my $pid = fork // die "fork: $!";

	if ($pid == 0) {
		open STDIN, '<', '/dev/null';
		open STDOUT, '>&', $write;
		open STDERR, '>&', $write;
		%ENV = (PATH => '/usr/local/bin:/usr/bin:/bin',
		    LANG => 'C.UTF-8', AWS_LAMBDA_RUNTIME_API =>
		    $self->{address}, %env);
		chdir $folder;
		exec { $program } $program or _exit(127);
	}
	close $write;
	@$self{qw(pid pipe log buffer status)} = ($pid, $read, '', '', undef);
	close delete $self->{socket} if $self->{socket};
	return $self;
}

# Read what comes until found is true of it; die when nothing more does.
sub more {
	my ($self) = @_;
	my $deadline = time + $PATIENCE;

	while (time < $deadline) {
		my @ready = IO::Select->new(grep { $_ } @$self{qw(listener
		    socket pipe)})->can_read($deadline - time);
		for my $fd (@ready) {
			return 1 if $self->take($fd);
		}
		return 0 if !$self->{pipe} && !$self->{socket};
	}
	die "the worker is silent; it said: $self->{log}";
}

# True if it brought bytes of a request.
sub take {
	my ($self, $fd) = @_;

	if ($fd == $self->{listener}) {
		$self->{socket} = $fd->accept;
		$self->{buffer} = '';
		return 0;
	}
	if ($self->{pipe} && $fd == $self->{pipe}) {
		sysread $fd, $self->{log}, 65536, length $self->{log}
		    or delete $self->{pipe};
		return 0;
	}
	my $n = sysread $fd, $self->{buffer}, 262144, length $self->{buffer};
	delete $self->{socket} if !$n;
	return $n;
}

sub until_matches {
	my ($self, $regex) = @_;

	for (;;) {
		return substr $self->{buffer}, 0, $+[0], ''
		    if $self->{buffer} =~ $regex;
		$self->more or die "no request; the worker said: $self->{log}";
	}
}

sub bytes {
	my ($self, $n) = @_;

	while (length $self->{buffer} < $n) {
		$self->more or die "half a request: $self->{log}";
	}
	return substr $self->{buffer}, 0, $n, '';
}

sub headers {
	my ($text) = @_;

	return map { /^([^:]+):\s*(.*?)\s*$/ ? (lc $1, $2) : () }
	    split /\r\n/, $text;
}

# The worker's next request: method, path, headers, body, chunks, trailers.
sub request {
	my ($self) = @_;
	my $head = $self->until_matches(qr/\r\n\r\n/);
	my ($method, $path) = $head =~ m{^(\S+) /2018-06-01/runtime/(\S+) HTTP}
	    or die "bad request: $head";
	my %r = (method => $method, path => $path, chunks => [],
	    headers => { headers($head) });

	if (lc($r{headers}{'transfer-encoding'} // '') eq 'chunked') {
		while (my $n = hex $self->until_matches(qr/^[^\n]*\n/) =~ s{\s}{}gr) {
			push @{$r{chunks}}, $self->bytes($n);
			$self->bytes(2);
		}
		$r{body} = join '', @{$r{chunks}};
		my $t = '';
		while ((my $l = $self->until_matches(qr/^[^\n]*\n/)) ne "\r\n") {
			$t .= $l;
		}
		$r{trailers} = { headers($t) };
	} else {
		$r{body} = $self->bytes($r{headers}{'content-length'} // 0);
	}
	return \%r;
}

sub answer {
	my ($self, $status, $body, @headers) = @_;
	my $text = "HTTP/1.1 $status X\r\n" . join('', map { "$_\r\n" }
	    @headers, 'Content-Length: ' . length $body) . "\r\n$body";

	while (length $text) {
		my $n = syswrite $self->{socket}, $text or die "worker: $!";
		substr $text, 0, $n, '';
	}
}

# Give the worker, which asks for one, an event; what it then posts.
sub invoke {
	my ($self, $event, @headers) = @_;
	my $next = $self->request;

	die "$next->{path} in place of next: $next->{body}"
	    if "$next->{method} $next->{path}" ne 'GET invocation/next';
	my $id = sprintf '%08x-aaaa-4bbb-8ccc-123456789abc', ++$self->{last};
	$self->answer(200, $event, 'Content-Type: application/json',
	    "Lambda-Runtime-Aws-Request-Id: $id",
	    'Lambda-Runtime-Deadline-Ms: ' . int(time * 1000 + 30000),
	    'Lambda-Runtime-Invoked-Function-Arn: arn:aws:lambda:us-east-1:'
	    . '123456789012:function:f', @headers);
	my $r = $self->request;
	$self->answer(202, '{"status":"OK"}', 'Content-Type: application/json');
	$r->{id} = $id;
	$r->{kind} = $r->{path} =~ m{^invocation/\Q$id\E/(\w+)$} ? $1
	    : $r->{path};
	return $r;
}

# What it posts before any event: an init error.  Then it must leave.
sub init_error {
	my ($self) = @_;
	my $r = $self->request;

	$self->answer(202, '{"status":"OK"}');
	$r->{status} = $self->wait_end;
	return $r;
}

# Its exit status, once it has left by itself.
sub wait_end {
	my ($self) = @_;

	1 while $self->more;
	waitpid $self->{pid}, 0;
	delete $self->{pid};
	return $? >> 8 || $?;
}

# Read what it has said until now.
sub log_like {
	my ($self, $regex) = @_;
	my $deadline = time + $PATIENCE;

	while ($self->{log} !~ $regex) {
		my $left = $deadline - time;
		return 0 if $left < 0 || !$self->{pipe};
		$self->take($self->{pipe})
		    if IO::Select->new($self->{pipe})->can_read($left);
	}
	return 1;
}

sub stop {
	my ($self) = @_;

	if (my $pid = delete $self->{pid}) {
		kill KILL => $pid;
		waitpid $pid, 0;
	}
	delete @$self{qw(pipe socket)};
}

sub DESTROY {
	local ($?, $@);
	$_[0]->stop;
}

1;
