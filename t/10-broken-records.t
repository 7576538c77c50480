#!/usr/bin/perl
# A front that breaks the protocol loses its connection, and nothing else.
use strict;
use warnings;
use lib 't/lib';
use Test::More;
use Tollgate::FastCGI qw(record begin stream pairs whole_request);
use Tollgate::Test;

my $t = Tollgate::Test->new->evil('evil')->start;
my $params = pairs(nginx_params('GET', '/evil?mode=ok'));

for (
	['version 0',		"\0\1\0\1\0\10\0\0" . "\0\1\0\0\0\0\0\0"],
	['version 2',		"\2\1\0\1\0\10\0\0" . "\0\1\0\0\0\0\0\0"],
	['version 255',		"\377" x 16],
	['HTTP',		"GET / HTTP/1.1\r\nHost: x\r\n\r\n"],
	['PARAMS without BEGIN', stream('params', 1, $params)],
	['STDIN without BEGIN',	record('stdin', 1, 'body')],
	['BEGIN of an active id', begin(1, keep => 1) . begin(1, keep => 1)],
	['BEGIN with id 0',	record('begin', 0, pack 'nCx5', 1, 1)],
	['BEGIN of 0 bytes',	record('begin', 1)],
	['BEGIN of 7 bytes',	record('begin', 1, "\0\1\0\0\0\0\0")],
	['BEGIN of 9 bytes',	record('begin', 1, "\0\1\0\0\0\0\0\0\0")],
	['PARAMS with id 0',	begin(1) . record('params', 0, $params)],
) {
	my ($what, $bytes) = @$_;
	my $c = $t->connect;

	$c->send($bytes);
	like($c->wait_close(5), qr/eof|reset/, "$what: the connection ends");
	is_deeply($c->{answers}, {}, "$what: and there is no answer");
}

my $neighbour = $t->connect;
my $broken = $t->connect;
$neighbour->send(begin(1, keep => 1));
$broken->send("\377" x 64);
$broken->wait_close(5);
$neighbour->send(stream('params', 1, $params) . record('stdin', 1));
is($neighbour->answer(1)->{status}, 200, 'a neighbour is not disturbed');
is(scalar $t->accounting, 1, 'only the whole request is in the accounts');
done_testing;
