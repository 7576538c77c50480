#!/usr/bin/perl
# Parameters beyond max_params_size or max_params get 431, and cost no memory.
use strict;
use warnings;
use lib 't/lib';
use Test::More;
use Tollgate::FastCGI qw(record begin stream pairs pair whole_request);
use Tollgate::Test;

my $t = Tollgate::Test->new(gateway => <<'INI')->evil('evil')->start;
max_params_size = 64K
max_params = 100
INI
my @base = nginx_params('GET', '/evil?mode=ok');

# A PARAMS stream of exactly size bytes.
sub stream_of {
	my ($size) = @_;
	my $pairs = pairs(@base);

	return $pairs . pair('X_FILL', 'x' x ($size - length($pairs)
	    - 1 - 4 - length 'X_FILL'));
}

for (
	[60 * 1024,	200],
	[64 * 1024,	200],
	[64 * 1024 + 1,	431],
	[1024 * 1024,	431],
) {
	my ($size, $status) = @$_;
	my $c = $t->connect;

	$c->send(begin(1, keep => 1) . stream('params', 1, stream_of($size))
	    . record('stdin', 1));
	my $answer = $c->answer(1);
	is($answer->{status}, $status, "$size bytes of parameters: $status");
	ok($answer->{complete}, 'END_REQUEST closes it');
	like($c->wait_close(5), qr/eof|reset/, 'and the connection ends')
	    if $status == 431;
}

for ([100 - @base / 2, 200], [101 - @base / 2, 431], [10_001, 431]) {
	my ($n, $status) = @$_;
	is($t->get('/evil?mode=ok', params => [map { ("P$_" => '') } 1 .. $n])
	    ->{status}, $status, "$n parameters more: $status");
}

my $before = resident_kb($t->gateway_pid);
my $c = $t->connect;
my $record = record('params', 1, pair('N' x 1000, 'v' x 60_000));
my $sent = 0;
$c->send(begin(1));
while ($sent < 300 && !$c->{over} && $c->send($record)) {
	$sent++;
}
cmp_ok($sent, '<', 300, 'a stream without end is cut off');
cmp_ok(resident_kb($t->gateway_pid) - $before, '<', 4096,
    'and the gateway has not grown');
like($t->log, qr/max_params_size/, 'the log names the limit');
done_testing;
