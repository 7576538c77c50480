# A small HTTP/1.1 client over a unix or TCP socket, for what stands behind a
# web server.  Unlike HTTP::Tiny it tells a whole answer from a cut one.
package Tollgate::HTTP;

use strict;
use warnings;

use Exporter 'import';
use IO::Select;
use IO::Socket::INET;
use IO::Socket::UNIX;
use Time::HiRes qw(time);

our @EXPORT_OK = qw(http);

# One request to address (unix:PATH or HOST:PORT).  opt: headers (a hash),
# body, deadline (10 s), on_bytes (called with each piece of raw answer).
# Returns status (0 if none came), headers, body, complete.
sub http {
	my ($address, $method, $path, %opt) = @_;
	my $socket = $address =~ /\Aunix:(.*)\z/s ?
	    IO::Socket::UNIX->new(Peer => $1) :
	    IO::Socket::INET->new(PeerAddr => $address);
	my %headers = (Host => 'localhost', Connection => 'close',
	    %{$opt{headers} // {}});
	my $until = time + ($opt{deadline} // 10);
	my $raw = '';

	return { status => 0, headers => {}, body => '', complete => 0 }
	    unless $socket;
	$headers{'Content-Length'} = length $opt{body} if defined $opt{body};
	my $out = "$method $path HTTP/1.1\r\n"
	    . join('', map { "$_: $headers{$_}\r\n" } sort keys %headers)
	    . "\r\n" . ($opt{body} // '');
	$socket->blocking(0);
	my $select = IO::Select->new($socket);
	while ((my $left = $until - time) > 0) {
		if (length $out) {
			my (undef, $can_write) = IO::Select->select($select,
			    $select, undef, $left);
			if (@{$can_write // []}) {
				my $n = syswrite $socket, $out, 65536;
				substr $out, 0, $n, '' if $n;
				$out = '' if !defined $n && !$!{EAGAIN};
			}
		}
		next unless $select->can_read(length $out ? 0 : $left);
		my $n = sysread $socket, $raw, 65536, length $raw;
		next if !defined $n && $!{EAGAIN};
		last unless $n;
		$opt{on_bytes}->($raw) if $opt{on_bytes};
	}
	return parse($raw, $method);
}

sub parse {
	my ($raw, $method) = @_;
	my ($status) = $raw =~ m{\AHTTP/1\.[01] (\d+)};
	my $at = index $raw, "\r\n\r\n";
	my %answer = (status => $status // 0, headers => {}, body => '',
	    complete => 0);

	return \%answer if $at == -1;
	for my $line (split /\r\n/, substr $raw, 0, $at) {
		$answer{headers}{lc $1} = $2 if $line =~ /\A([^:]+): *(.*)\z/;
	}
	$answer{body} = substr $raw, $at + 4;
	if (($answer{headers}{'transfer-encoding'} // '') eq 'chunked') {
		@answer{qw(body complete)} = dechunk($answer{body});
	} elsif (defined $answer{headers}{'content-length'}) {
		$answer{complete} = $method eq 'HEAD' ||
		    length $answer{body} ==
		    $answer{headers}{'content-length'} ? 1 : 0;
	} else {
		$answer{complete} = 1;
	}
	return \%answer;
}

# Returns the body and whether its last chunk was there.
sub dechunk {
	my ($raw) = @_;
	my ($body, $at) = ('', 0);

	while (substr($raw, $at, 18) =~ /\A([0-9a-fA-F]+)\r\n/) {
		my $n = hex $1;
		return ($body, 1) if $n == 0;
		$at += $+[0];
		$body .= substr $raw, $at, $n;
		last if length($raw) < $at + $n + 2;
		$at += $n + 2;
	}
	return ($body, 0);
}

1;
