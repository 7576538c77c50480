# The web server's half of FastCGI, by hand: bytes <-> records, and a
# connection that can say them whole, in pieces, or wrong.  It knows nothing of
# Tollgate, so it can be pointed at any FastCGI peer.
package Tollgate::FastCGI;

use strict;
use warnings;

use Errno qw(EAGAIN EINTR EINPROGRESS);
use Exporter 'import';
use IO::Socket::INET;
use IO::Socket::UNIX;
use Socket qw(SOL_SOCKET SO_LINGER IPPROTO_TCP TCP_NODELAY SHUT_WR);
use Time::HiRes qw(time);

our @EXPORT_OK = qw(record begin stream pair pairs parse_pairs whole_request
    parse_head);

our %TYPE = (
	begin => 1, abort => 2, end => 3, params => 4, stdin => 5, stdout => 6,
	stderr => 7, data => 8, get_values => 9, get_values_result => 10,
	unknown => 11,
);

# A record.  type: a word of %TYPE or a number; padding: how many zero bytes,
# or the very bytes.
sub record {
	my ($type, $id, $content, $padding) = @_;

	$content //= '';
	$padding //= 0;
	$padding = "\0" x $padding if $padding =~ /\A\d{1,3}\z/;
	return pack('CCnnCx', 1, $TYPE{$type} // $type, $id, length $content,
	    length $padding) . $content . $padding;
}

# BEGIN_REQUEST; role defaults to 1 (responder), keep to 0.
sub begin {
	my ($id, %opt) = @_;

	return record('begin', $id,
	    pack('nCx5', $opt{role} // 1, $opt{keep} ? 1 : 0));
}

# bytes as records of at most chunk bytes, and the empty one that ends them.
sub stream {
	my ($type, $id, $bytes, $chunk) = @_;
	my $records = '';

	$chunk //= 32768;
	for (my $at = 0; $at < length $bytes; $at += $chunk) {
		$records .= record($type, $id, substr $bytes, $at, $chunk);
	}
	return $records . record($type, $id);
}

sub length_bytes {
	my ($n) = @_;

	return $n < 128 ? pack('C', $n) : pack('N', $n | 0x80000000);
}

sub pair {
	my ($name, $value) = @_;

	return length_bytes(length $name) . length_bytes(length $value)
	    . $name . $value;
}

sub pairs {
	my $bytes = '';

	while (my ($name, $value) = splice @_, 0, 2) {
		$bytes .= pair($name, $value);
	}
	return $bytes;
}

sub parse_pairs {
	my ($bytes) = @_;
	my @list;
	my $at = 0;

	while ($at < length $bytes) {
		my @length;
		for (1, 2) {
			my $n = unpack 'C', substr $bytes, $at, 1;
			my $size = $n & 0x80 ? 4 : 1;
			$n = unpack('N', substr $bytes, $at, 4) & 0x7fffffff
			    if $size == 4;
			$at += $size;
			push @length, $n;
		}
		push @list, substr($bytes, $at, $length[0]),
		    substr($bytes, $at + $length[0], $length[1]);
		$at += $length[0] + $length[1];
	}
	return @list;
}

# All records of one request.  params: name, value, name, value ...
sub whole_request {
	my ($id, $params, $body, %opt) = @_;

	return begin($id, %opt) . stream('params', $id, pairs(@$params))
	    . stream('stdin', $id, $body // '');
}

# CGI's response head and body, from the STDOUT stream.  status is 0 where the
# head never ended; headers' names are in small letters, repeated ones joined.
sub parse_head {
	my ($raw) = @_;
	my %answer = (status => 0, headers => {}, body => '');

	return \%answer unless $raw =~ /\r?\n\r?\n/;
	$answer{body} = substr $raw, $+[0];
	for my $line (split /\r?\n/, substr $raw, 0, $-[0]) {
		my ($name, $value) = $line =~ /\A([^:]*):\s*(.*?)\s*\z/s
		    or next;
		$name = lc $name;
		$answer{headers}{$name} = exists $answer{headers}{$name} ?
		    "$answer{headers}{$name}, $value" : $value;
	}
	$answer{status} = ($answer{headers}{status} // '') =~ /\A(\d+)/ ? $1 :
	    exists $answer{headers}{location} ? 302 : 200;
	return \%answer;
}

# Connect to unix:PATH or HOST:PORT; undef with $! set if nobody accepts.
sub connect {
	my ($class, $address) = @_;
	my $socket = $address =~ /\Aunix:(.*)\z/s ?
	    IO::Socket::UNIX->new(Peer => $1) :
	    IO::Socket::INET->new(PeerAddr => $address);

	return undef unless $socket;
	setsockopt $socket, IPPROTO_TCP, TCP_NODELAY, 1
	    unless $address =~ /\Aunix:/;
	$socket->blocking(0);
	return bless {
		socket => $socket, in => '', answers => {}, management => [],
		order => [], over => '',
	}, $class;
}

# One turn: wait until the peer can be read (or, with bytes, written), until
# at most $until.  Takes written bytes off $$out.  False when time is up.
sub turn {
	my ($self, $until, $out) = @_;
	my $left = $until - time;
	my ($r, $w) = ('', '');

	return 0 if $left <= 0;
	vec($r, fileno $self->{socket}, 1) = 1 unless $self->{deaf} ||
	    $self->{over};
	vec($w, fileno $self->{socket}, 1) = 1 if $out && length $$out;
	my $n = select my $can_read = $r, my $can_write = $w, undef, $left;
	return 1 if $n == -1;
	return 0 if $n == 0;
	if ($w ne '' && $can_write =~ /[^\0]/) {
		my $sent = syswrite $self->{socket}, $$out, 262144;
		if (defined $sent) {
			substr $$out, 0, $sent, '';
		} elsif ($! != EAGAIN && $! != EINTR) {
			$self->{write_error} = $! + 0;
			$$out = '';
		}
	}
	$self->take if $r ne '' && $can_read =~ /[^\0]/;
	return 1;
}

# Read what is there and file whole records by their request.
sub take {
	my ($self) = @_;
	my $n = sysread $self->{socket}, $self->{in}, 262144,
	    length $self->{in};

	if (!defined $n) {
		return if $! == EAGAIN || $! == EINTR;
		$self->{over} = 'reset';
	} elsif ($n == 0) {
		$self->{over} = 'eof';
	}
	my $at = 0;
	while (length($self->{in}) - $at >= 8) {
		my ($version, $type, $id, $length, $padding) =
		    unpack 'CCnnC', substr $self->{in}, $at, 8;
		if ($version != 1) {
			$self->{over} = 'garbage';
			last;
		}
		last if length($self->{in}) - $at < 8 + $length + $padding;
		$self->file($type, $id, substr $self->{in}, $at + 8, $length);
		$at += 8 + $length + $padding;
	}
	substr $self->{in}, 0, $at, '' if $at;
}

sub file {
	my ($self, $type, $id, $content) = @_;
	my $answer;

	if ($id == 0) {
		push @{$self->{management}}, [$type, $content];
		return;
	}
	$answer = $self->{answers}{$id} //=
	    { stdout => '', stderr => '', bytes => 0 };
	if ($type == $TYPE{stdout}) {
		$answer->{first_byte} //= time;
		$answer->{bytes} += length $content;
		$answer->{stdout} .= $content
		    unless $self->{discard}
		    && length($answer->{stdout} // '') > 4096;
	} elsif ($type == $TYPE{stderr}) {
		$answer->{stderr} .= $content;
	} elsif ($type == $TYPE{end}) {
		@$answer{qw(app_status protocol_status)} =
		    unpack 'NC', $content;
		$answer->{ended} = 1;
		push @{$self->{order}}, $id;
	} else {
		push @{$answer->{odd}}, [$type, $content];
	}
}

# Send bytes, reading meanwhile what comes (else two full buffers lock up).
# step: so many bytes in each write.  False if they did not all get away.
sub send {
	my ($self, $bytes, %opt) = @_;
	my $until = time + ($opt{deadline} // 10);
	my $step = $opt{step} // length $bytes;

	while (length $bytes) {
		my $piece = substr $bytes, 0, $step, '';
		while (length $piece) {
			return 0 if $self->{write_error};
			$self->turn($until, \$piece) or return 0;
		}
	}
	return !$self->{write_error};
}

# Wait for the answer to request id until END_REQUEST, the connection's end
# or the deadline.  Returns status, headers, body, stderr, raw, bytes,
# complete, app_status, protocol_status and how it ended: end, eof, reset,
# garbage (a record of another version than 1) or timeout.
sub answer {
	my ($self, $id, $deadline) = @_;
	my $until = time + ($deadline // 10);

	$id //= 1;
	until ($self->{answers}{$id}{ended} || $self->{over}) {
		$self->turn($until) or last;
	}
	my $a = delete $self->{answers}{$id};
	return {
		%{parse_head($a->{stdout} // '')},
		raw => $a->{stdout} // '',
		stderr => $a->{stderr} // '',
		bytes => $a->{bytes} // 0,
		first_byte => $a->{first_byte},
		complete => $a->{ended} ? 1 : 0,
		app_status => $a->{app_status},
		protocol_status => $a->{protocol_status},
		end => $a->{ended} ? 'end' : $self->{over} || 'timeout',
	};
}

# Wait until request id has at least n bytes of STDOUT.
sub wait_bytes {
	my ($self, $id, $n, $deadline) = @_;
	my $until = time + ($deadline // 10);

	until (($self->{answers}{$id}{bytes} // 0) >= $n) {
		return 0 if $self->{over} || !$self->turn($until);
	}
	return 1;
}

# The next management record (id 0) as [type, content], or undef.
sub management {
	my ($self, $deadline) = @_;
	my $until = time + ($deadline // 10);

	until (@{$self->{management}} || $self->{over}) {
		$self->turn($until) or last;
	}
	return shift @{$self->{management}};
}

# How the peer ended the connection (eof, reset, garbage); '' if it has not.
sub wait_close {
	my ($self, $deadline) = @_;
	my $until = time + ($deadline // 10);

	until ($self->{over}) {
		$self->turn($until) or last;
	}
	return $self->{over};
}

sub finish_writing { shutdown $_[0]{socket}, SHUT_WR }

sub close { CORE::close delete $_[0]{socket} }

# Close with a reset: TCP peers see RST, unix peers a plain close.
sub reset {
	my ($self) = @_;

	setsockopt $self->{socket}, SOL_SOCKET, SO_LINGER, pack 'ii', 1, 0;
	$self->close;
}

1;
