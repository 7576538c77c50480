#!/usr/bin/perl
# Lambda functions have as many workers, and as many events in each, as they
# may; beyond that they are 429.  Nobody else gets at an endpoint.
use strict;
use warnings;
use lib 't/lib';
use JSON::PP;
use IO::Socket::INET;
use Test::More;
use Tollgate::Lambda;
use Tollgate::Test;

my $t = Tollgate::Test->new;
lambda($t, few => "[pool]\nmax_children = 2\nqueue_max = 0\n");
lambda($t, open => "[sandbox]\nlevel = none\n");
lambda($t, frozen => "[pool]\nfreeze = yes\n");
lambda($t, long => "[limits]\nio_timeout = 300ms\nmax_body_size = 8M\n");
lambda($t, "net-$_", "[sandbox]\nnetwork = $_\n") for qw(loopback none);
lambda($t, "level-$_", "[sandbox]\nlevel = $_\n")
    for qw(none standard strict);
$t->handler('curl-bootstrap', <<'SH');
#!/bin/sh
api=http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation
head=$(mktemp)
while event=$(curl -sS -D "$head" "$api/next"); do
	id=$(grep -i '^lambda-runtime-aws-request-id:' "$head" | tr -d '\r' |
	    cut -d' ' -f2)
	printf '{"statusCode":200,"body":"from curl"}' |
	    curl -sS -X POST "$api/$id/response" --data-binary @- -o /dev/null
done
SH
$t->with_route(curl => "handler = %DIR%/curl-bootstrap\nprotocol = lambda\n",
    '');
# Several at once: as many processes behind one worker as it may have events.
$t->handler('threads', <<'PL');
#!/usr/bin/perl
use HTTP::Tiny;
for (2 .. $ENV{AWS_LAMBDA_MAX_CONCURRENCY}) { last unless fork // die }
my $h = HTTP::Tiny->new;
my $api = "http://$ENV{AWS_LAMBDA_RUNTIME_API}/2018-06-01/runtime/invocation";
while (1) {
	my $e = $h->get("$api/next");
	die "$e->{status} $e->{content}" unless $e->{success};
	my $id = $e->{headers}{'lambda-runtime-aws-request-id'};
	# The first to come goes last: all of them are here at once.
	my ($n) = $e->{content} =~ /"n":"([\d.]+)"/;
	select undef, undef, undef, $n;
	$h->post("$api/$id/response", { content => "\"$n\"" });
}
PL
$t->with_route(threads => "handler = %DIR%/threads\nprotocol = lambda\n",
    "[pool]\nmax_children = 1\nconcurrency = 4\n");
$t->start;

is($t->get('/few?do=say&say=1')->{body}, 1, 'one is served');
my @busy = map { $t->ask('GET', '/few?do=hold&until=go') } 1 .. 2;
ok(wait_for(sub { (() = $t->function_log('few') =~ /: hold$/mg) == 2 }, 30,
    'both to work'), 'all workers are at work');
my $got = $t->get('/few?do=say&say=1');
is($got->{status}, 429, 'one more is 429');
like($got->{body}, qr/Rate Exceeded/, 'in AWS\'s words');
spew($t->dir . '/go', '');
is($_->answer(1, 30)->{body}, 'held', 'the others are served') for @busy;
my %few = map { $_->{worker} => 1 } grep { $_->{path} eq '/few' &&
    $_->{status} == 200 } $t->accounting;
is(keys %few, 2, 'by two workers');

my @c = map { $t->ask('GET', "/threads?n=$_") } 1.2, 0.8, 0.4, 0.1;
is_deeply([map { $_->answer(1)->{body} } @c], [1.2, 0.8, 0.4, 0.1],
    'several at once in one worker, answered in any order');
my %workers = map { $_->{worker} => 1 } grep { $_->{path} eq '/threads' }
    $t->accounting;
is(keys %workers, 1, 'which was one worker');

is($t->get('/long?do=sleep&n=0.9')->{body}, 'slept',
    'a function may think for longer than io_timeout');
my $body = 'x' x 1_000_000;
$got = $t->post('/long', $body, headers => { 'Content-Type' => 'text/plain' });
is(length decode_json($got->{body})->{body}, 1_000_000,
    'a body longer than memory takes waits for its end');

for my $name (qw(level-none level-standard level-strict)) {
	is($t->get("/$name?do=say&say=1")->{body}, 1, "$name: is served");
}
is($t->get('/frozen?do=say&say=1')->{body}, 1, 'frozen between events')
    for 1 .. 2;
SKIP: {
	is($t->get("/net-$_?do=say&say=1")->{body}, 1, "network = $_: is served")
	    for qw(loopback none);
	skip 'no network of their own here', 1
	    if $t->log =~ /no namespaces|does what standard does/;
	is(decode_json($t->get('/net-none?do=env')->{body})
	    ->{AWS_LAMBDA_RUNTIME_API}, '127.0.0.1:9001',
	    'which has a port of its own');
}

SKIP: {
	skip 'no curl', 1 unless grep { -x "$_/curl" } split /:/, $ENV{PATH};
	is($t->get('/curl')->{body}, 'from curl', 'shell and curl are enough');
}

SKIP: {
	skip 'no control groups here', 2 if $t->log =~ /no cgroup/;
	my $api = decode_json($t->get('/open?do=env')->{body})
	    ->{AWS_LAMBDA_RUNTIME_API};
	like($t->get("/level-none?do=connect&to=$api")->{body}, qr/^\["0 /,
	    'another worker of the same user gets nothing either');
	like($t->log, qr/refused: it is another worker's/,
	    'which the log tells');
}

SKIP: {
	skip 'takes root', 3 if $> != 0;
	my $api = decode_json($t->get('/open?do=env')->{body})
	    ->{AWS_LAMBDA_RUNTIME_API};
	my $said;
	# The log tells of such once a second.
	ok(wait_for(sub {
		my $s = IO::Socket::INET->new(PeerAddr => $api);
		print {$s} "GET /2018-06-01/runtime/invocation/next HTTP/1.1"
		    . "\r\nHost: x\r\n\r\n" if $s;
		$said //= <$s> if $s;
		return $t->log =~ /refused: it is user 0's/;
	}, 30, 'the log'), 'another user is refused, and the log tells');
	is($said, undef, 'who gets nothing out of an endpoint');
	is($t->get('/open?do=say&say=1')->{body}, 1, 'and it serves on');
}
done_testing;
