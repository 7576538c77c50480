# A Lambda runtime to be played with: a bootstrap that does with each event
# what its query string says, well or badly.
package Tollgate::Lambda;

use strict;
use warnings;

use Exporter 'import';

our @EXPORT = qw(lambda);

# Function NAME on prefix /NAME, whose worker is the bootstrap below.  Lines of
# ini before the first section go into [function].
sub lambda {
	my ($t, $name, $ini) = @_;

	$t->handler('bootstrap', bootstrap()) unless -e $t->dir . '/bootstrap';
	return $t->with_route($name,
	    "handler = %DIR%/bootstrap\nprotocol = lambda\n", $ini // '');
}

sub bootstrap {
	return <<'PERL';
#!/usr/bin/perl
# bootstrap [INIT]: INIT says what it does instead of its first next.
use strict;
use warnings;
use IO::Socket::INET;
use JSON::PP;
use POSIX qw(_exit);
use Time::HiRes qw(sleep);

my ($init) = (@ARGV, '');
my $runtime = '/2018-06-01/runtime';
my ($socket, @last);
$SIG{PIPE} = 'IGNORE';
$| = 1;

sub dial {
	return IO::Socket::INET->new(PeerAddr => $ENV{AWS_LAMBDA_RUNTIME_API})
	    || die "connect: $!";
}

# Bytes out, one answer in: [status, headers, body].
sub exchange {
	my ($bytes, $s) = @_;

	$s //= $socket //= dial();
	print {$s} $bytes;
	return reply($s);
}

sub reply {
	my ($s) = @_;
	local $/ = "\r\n";
	my $first = <$s> // return [0, {}, ''];
	my ($status) = $first =~ m{^HTTP/1.[01] (\d+)} or return [0, {}, $first];
	my %headers;
	while (defined(my $line = <$s>)) {
		chomp $line;
		last if $line eq '';
		my ($name, $value) = split /: */, $line, 2;
		$headers{lc $name} = $value;
	}
	return reply($s) if $status == 100;
	read $s, my $body, $headers{'content-length'} // 0;
	return [$status, \%headers, $body];
}

sub next_event { exchange("GET $runtime/invocation/next HTTP/1.1\r\nHost: x\r\n\r\n") }

sub post {
	my ($path, $body, @headers) = @_;

	return exchange(join "\r\n", "POST $runtime/$path HTTP/1.1", 'Host: x',
	    @headers, 'Content-Length: ' . length $body, '', $body);
}

sub post_chunks {
	my ($path, $headers, $trailers, @chunks) = @_;
	my $bytes = join "\r\n", "POST $runtime/$path HTTP/1.1", 'Host: x',
	    @$headers, 'Transfer-Encoding: chunked',
	    (@$trailers ? 'Trailer: Lambda-Runtime-Function-Error-Type, '
	    . 'Lambda-Runtime-Function-Error-Body' : ()), '', '';

	$bytes .= sprintf("%x\r\n%s\r\n", length, $_) for @chunks;
	return exchange($bytes . "0\r\n" . join('', map { "$_\r\n" } @$trailers)
	    . "\r\n");
}

# Until the test has made this file beside the bootstrap.
sub wait_file {
	for (1 .. 3000) {
		return if -e "$ENV{LAMBDA_TASK_ROOT}/$_[0]";
		sleep 0.01;
	}
}

sub brief { "$_[0][0] " . ($_[0][2] =~ s/\s+$//r) }

my %at_init = (
	'' => sub { },
	exit => sub { exit 3 },
	zero => sub { exit 0 },
	kill => sub { kill 'KILL', $$; sleep 1 },
	hang => sub { sleep 1000 },
	slow => sub { sleep 0.3 },
	error => sub {
		my $r = post('init/error', '{"errorMessage":"no luck",'
		    . '"errorType":"Init.Luck"}',
		    'Lambda-Runtime-Function-Error-Type: Runtime.NoLuck');
		print STDERR 'init/error: ', brief($r), "\n";
		print STDERR 'then next: ', brief(next_event()), "\n";
		exit 1;
	},
	odd => sub {
		post('init/error', '',
		    'Lambda-Runtime-Function-Error-Type: it failed');
		exit 1;
	},
	early => sub {
		print STDERR 'early response: ',
		    brief(post('invocation/x/response', '{}')), "\n";
	},
);
print STDERR "starting\n";
$at_init{$init}->();

my $count = 0;
while (1) {
	my $next = next_event();
	my $id = $next->[1]{'lambda-runtime-aws-request-id'};
	my $event = decode_json($next->[2]);
	my $q = $event->{queryStringParameters} // {};
	my $do = $q->{do} // 'echo';
	my $n = $q->{n} // 0;
	my $ok = sub { post("invocation/$id/response", $_[0]) };
	$count++;
	print STDERR "$do\n";

	if ($do eq 'echo') {
		$ok->($next->[2]);
	} elsif ($do eq 'headers') {
		$ok->(encode_json({ %{$next->[1]}, count => $count }));
	} elsif ($do eq 'env') {
		$ok->(encode_json({ %ENV, cwd => POSIX::getcwd() }));
	} elsif ($do eq 'say') {
		$ok->($q->{say});
	} elsif ($do eq 'hold') {
		wait_file($q->{until});
		$ok->('"held"');
	} elsif ($do eq 'size') {
		my $r = $ok->('"' . 'x' x ($n - 2) . '"');
		@last = ('size: ' . brief($r));
		push @last, 'then error: '
		    . brief(post("invocation/$id/error", '{}'));
	} elsif ($do eq 'last') {
		$ok->(encode_json(\@last));
	} elsif ($do eq 'error') {
		my $r = post("invocation/$id/error",
		    '{"errorMessage":"it failed","errorType":"Error"}',
		    'Lambda-Runtime-Function-Error-Type: Function.Failed');
		@last = (brief($r));
	} elsif ($do eq 'empty') {
		$ok->('');
	} elsif ($do eq 'empty-error') {
		post("invocation/$id/error", '');
	} elsif ($do eq 'huge-error') {
		@last = (brief(post("invocation/$id/error", 'x' x $n)));
	} elsif ($do eq 'twice') {
		@last = (brief($ok->('"first"')), brief($ok->('"second"')),
		    brief(post("invocation/$id/error", '"third"')));
	} elsif ($do eq 'ids') {
		@last = map { brief(post("invocation/$_/response", '"no"')) }
		    '00000000-0000-4000-8000-000000000000', '', 'x' x 64,
		    'x' x 65, $last[0] // 'y';
		$ok->('"mine"');
	} elsif ($do eq 'next-first') {
		@last = (brief(next_event()));
		$ok->('"still"');
	} elsif ($do eq 'mode') {
		@last = (brief(post("invocation/$id/response", '"x"',
		    'Lambda-Runtime-Function-Response-Mode: sideways')));
		$ok->('"good"');
	} elsif ($do eq 'init-error') {
		@last = (brief(post('init/error', '{}')));
		$ok->('"good"');
	} elsif ($do eq 'chunks') {
		@last = (brief(post_chunks("invocation/$id/response", [], [],
		    '"a', 'b', 'c"')));
	} elsif ($do eq 'trailers') {
		post_chunks("invocation/$id/response", [],
		    ['Lambda-Runtime-Function-Error-Type: ',
		    'Lambda-Runtime-Function-Error-Body: '], '"plain"');
	} elsif ($do eq 'error-trailer') {
		post_chunks("invocation/$id/response", [],
		    ['Lambda-Runtime-Function-Error-Type: Function.Late',
		    'Lambda-Runtime-Function-Error-Body: e30='], '"half');
	} elsif ($do eq 'truncated') {
		my $s = dial();
		print {$s} "POST $runtime/invocation/$id/response HTTP/1.1\r\n"
		    . "Host: x\r\nContent-Length: 100\r\n\r\n\"half";
		close $s;
		my $r;
		do {	# it may take a moment until that is noticed
			sleep 0.01;
			$r = $ok->('"again"');
		} while $r->[0] == 403;
	} elsif ($do eq 'stream') {
		my @parts = split /\|/, $q->{parts} // '';
		unshift @parts, 'x' x $n if $n;
		post_chunks("invocation/$id/response",
		    ['Lambda-Runtime-Function-Response-Mode: streaming',
		    'Content-Type: ' . ($q->{type} // 'text/plain')],
		    [$q->{fail} ? ('Lambda-Runtime-Function-Error-Type: F.X',
		    'Lambda-Runtime-Function-Error-Body: e30=') : ()],
		    map { s/0{8}/\0\0\0\0\0\0\0\0/r } @parts);
	} elsif ($do eq 'trickle') {
		$socket //= dial();
		print {$socket} "POST $runtime/invocation/$id/response "
		    . "HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
		    . "Lambda-Runtime-Function-Response-Mode: streaming\r\n\r\n"
		    . "5\r\nfirst\r\n";
		wait_file($q->{until});
		print {$socket} $q->{fail} ? "0\r\n"
		    . "Lambda-Runtime-Function-Error-Type: F.X\r\n\r\n"
		    : "4\r\nlast\r\n0\r\n\r\n";
		reply($socket);
	} elsif ($do eq 'flood') {
		$socket //= dial();
		print {$socket} "POST $runtime/invocation/$id/response "
		    . "HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
		    . "Lambda-Runtime-Function-Response-Mode: streaming"
		    . "\r\n\r\n";
		my $size = $q->{chunk} // 65536;
		my $chunk = sprintf "%x\r\n%s\r\n", $size, 'x' x $size;
		print {$socket} $chunk x (65536 / $size) for 1 .. $n / 65536;
		print {$socket} "0\r\n\r\n";
		@last = (brief(reply($socket)));
	} elsif ($do eq 'raw') {
		# Bytes on a connection of their own, and what comes back.
		my %raw = (
			garbage => "\x01\x02\x03 nonsense\r\n\r\n",
			header => "GET /2018-06-01/ping HTTP/1.1\r\nX: "
			    . 'y' x 1000000 . "\r\n\r\n",
			http2 => "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
			http10 => "GET /2018-06-01/ping HTTP/1.0\r\n\r\n",
			expect => "POST $runtime/invocation/$id/response "
			    . "HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n"
			    . "Content-Length: 2\r\n\r\n42",
			pipeline => "GET /2018-06-01/ping HTTP/1.1\r\nHost: x"
			    . "\r\n\r\n" x 1 . "GET /2018-06-01/ping HTTP/1.1"
			    . "\r\nHost: x\r\n\r\n",
			length => "POST $runtime/init/error HTTP/1.1\r\nHost: x"
			    . "\r\nContent-Length: -1\r\n\r\n",
			chunk => "POST $runtime/init/error HTTP/1.1\r\nHost: x"
			    . "\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
			nothing => "GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n",
			method => "DELETE $runtime/invocation/next HTTP/1.1"
			    . "\r\nHost: x\r\n\r\n",
			ping => "GET /2018-06-01/ping HTTP/1.1\r\nHost: x"
			    . "\r\n\r\n",
			restore => "GET $runtime/restore/next HTTP/1.1\r\n"
			    . "Host: x\r\n\r\n",
			logs => "PUT /2020-08-15/logs HTTP/1.1\r\nHost: x\r\n"
			    . "Content-Length: 2\r\n\r\n{}",
			telemetry => "PUT /2022-07-01/telemetry HTTP/1.1\r\n"
			    . "Host: x\r\nContent-Length: 2\r\n\r\n{}",
			register => "POST /2020-01-01/extension/register "
			    . "HTTP/1.1\r\nHost: x\r\nLambda-Extension-Name: e"
			    . "\r\nContent-Length: 2\r\n\r\n{}",
		);
		my $s = dial();
		my $r = exchange($raw{$q->{what}}, $s);
		my @more = $q->{what} eq 'pipeline' ? brief(reply($s)) : ();
		my $said = encode_json([brief($r), @more]);
		$q->{what} eq 'expect' ? @last = $said : $ok->($said);
	} elsif ($do eq 'connect') {
		# Somebody else's endpoint.
		my $s = IO::Socket::INET->new(PeerAddr => $q->{to});
		my $r = $s ? exchange("GET $runtime/invocation/next HTTP/1.1"
		    . "\r\nHost: x\r\n\r\n", $s) : [-1, {}, "$!"];
		$ok->(encode_json([brief($r)]));
	} elsif ($do eq 'many') {
		my @s = map { dial() } 1 .. $n;
		my $open = grep {
			exchange("GET /2018-06-01/ping HTTP/1.1\r\nHost: x"
			    . "\r\n\r\n", $_)->[0] == 200 } @s;
		$ok->($open);
	} elsif ($do eq 'exit') {
		exit $n;
	} elsif ($do eq 'kill') {
		kill 'KILL', $$;
		sleep 10;
	} elsif ($do eq 'answer-exit') {
		$ok->('"bye"');
		exit $n;
	} elsif ($do eq 'blind-exit') {
		# Says its last words and does not wait for a reply.
		$socket //= dial();
		print {$socket} "POST $runtime/invocation/$id/response "
		    . "HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n\"bye\"";
		kill 'KILL', $$;
		sleep 10;
	} elsif ($do eq 'sleep') {
		sleep $n;
		$ok->('"slept"');
	} elsif ($do eq 'linger') {
		$ok->('"done"');
		sleep $n;
		print STDERR "lingered\n";
	} else {
		post("invocation/$id/error", '{"errorType":"Test.Unknown"}');
	}
}
PERL
}

1;
