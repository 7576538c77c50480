#!/usr/bin/perl
# With invoke_mode = response_stream a result is passed on as it comes, by the
# prelude's words if it has one; one that breaks off never looks whole.
use strict;
use warnings;
use lib 't/lib';
use Test::More;
use Tollgate::Lambda;
use Tollgate::Test;

my $t = Tollgate::Test->new;
lambda($t, fn => "invoke_mode = response_stream\n[pool]\nmax_children = 1\n");
lambda($t, whole => "[pool]\nmax_children = 1\n");
$t->start;

my $type = 'application/vnd.awslambda.http-integration-response';
my $zeros = '00000000';		# the bootstrap makes NULs of them
sub stream { $t->get("/fn?do=stream&type=$type&parts=" . join '|', @_) }

my $got = stream('{"statusCode":418,"headers":{"x-a":"b"},"cookies":["c=d"]}'
    . $zeros . 'one', 'two');
is("$got->{status} $got->{body}", '418 onetwo', 'a prelude and a body');
is_deeply([@{$got->{headers}}{qw(x-a set-cookie content-type)}],
    ['b', 'c=d', 'application/octet-stream'], 'with its headers');
ok($got->{complete}, 'the answer is whole');
is(stream('{"statusCode"', ':201}', '0000', '0000', 'x')->{status}, 502,
    'NULs that are none are no end of a prelude');
$got = stream('{"statusCode"', ":201}$zeros", 'x');
is("$got->{status} $got->{body}", '201 x', 'a prelude in pieces');
is(stream("{}$zeros")->{status}, 200, 'an empty prelude, and no body');
for my $bad ("[]$zeros" . 'x', "{$zeros" . 'x', '{"statusCode":1}' . $zeros,
    'x&n=70000') {
	$got = stream($bad);
	is("$got->{status} $got->{body}", '502 Internal Server Error',
	    substr($bad, 0, 20) . ': no prelude');
}
$got = $t->get('/fn?do=stream&type=text/x&parts=a|b');
is("$got->{status} $got->{body}", '200 ab', 'without the type all is body');
is($got->{headers}{'content-type'}, 'text/x', 'of the type it has');
$got = $t->get('/fn?do=say&say={"statusCode":404}');
is("$got->{status} $got->{body}", '200 {"statusCode":404}',
    'and a result that is not streamed is not looked into');
is($t->get('/fn?do=error')->{status}, 502, 'an error is one');

my $c = $t->ask('GET', '/fn?do=trickle&until=go');
ok($c->wait_bytes(1, 1, 30), 'the first bytes come before the last');
spew($t->dir . '/go', '');
is($c->answer(1, 30)->{body}, 'firstlast', 'which come, too');

is($t->get("/fn?do=stream&fail=1&parts=half")->{status}, 502,
    'one that fails before a byte has left');
$c = $t->ask('GET', '/fn?do=trickle&fail=1&until=fail');
ok($c->wait_bytes(1, 1, 30), 'one of which some has left');
spew($t->dir . '/fail', '');
$got = $c->answer(1, 30);
is($got->{body}, 'first', 'one that fails in its midst');
ok(!$got->{complete}, 'does not look whole');
is($t->record_of('/fn')->{outcome}, 'error', 'and is an error');
is($t->get('/fn?do=say&say=1')->{body}, 1, 'the next is served');

my $before = resident_kb($t->gateway_pid);
$got = $t->get('/fn?do=flood&n=67108864', deadline => 60);
is(length $got->{body}, 67108864, '64 MB, more than a whole result may have');
cmp_ok(resident_kb($t->gateway_pid) - $before, '<', 30000,
    'take no memory for that') unless is_sanitized;
$c = $t->ask('GET', '/fn?do=flood&n=67108864');
ok($c->wait_bytes(1, 100000, 30), 'a client that leaves');
$c->close;
is($t->get('/fn?do=say&say=1')->{body}, 1, 'holds up nobody');

# Chunks that come many at a time, for a client that takes none for a while.
for (1 .. 3) {
	$c = $t->ask('GET', '/fn?do=flood&n=8388608&chunk=128');
	ok($c->wait_bytes(1, 1, 30), 'small chunks');
	is($t->get('/whole?do=say&say=1')->{body}, 1, 'others are served');
	is(length $c->answer(1, 60)->{body}, 8388608, 'all come');
}

# Not streamed by configuration: all the same whole, if short enough.
$got = $t->get('/whole?do=stream&parts="a|b"');
is("$got->{status} $got->{body}", '200 ab', 'buffered: a streamed result');
is($t->get('/whole?do=flood&n=8388608')->{status}, 502, 'may not be longer');
like($t->get('/whole?do=last')->{body}, qr/413/, 'as its worker is told');
done_testing;
