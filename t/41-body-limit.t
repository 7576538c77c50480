#!/usr/bin/perl
# A body beyond max_body_size is 413 at once, known length or not.
use strict;
use warnings;
use lib 't/lib';
use Test::More;
use Tollgate::FastCGI qw(record begin stream pairs);
use Tollgate::Test;

my $t = Tollgate::Test->new->function(echo => <<'INI')->start;
[function]
handler = %HANDLERS%/echo
[route]
prefix = /echo
[limits]
max_body_size = 100K
INI
my $limit = 100 * 1024;

sub start_of {
	my ($path, $length) = @_;

	return begin(1) . stream('params', 1, pairs(nginx_params('POST', $path,
	    headers => { 'Content-Length' => $length })));
}

is($t->post('/echo', 'x' x $limit)->{body}, 'x' x $limit, 'at the limit');
my $c = $t->connect;
$c->send(start_of('/echo/known', $limit + 1));
is($c->answer(1)->{status}, 413, 'CONTENT_LENGTH beyond it: 413 at once');

$c = $t->connect;
$c->send(start_of('/echo/unknown', '')
    . stream('stdin', 1, 'x' x ($limit + 1)));
is($c->answer(1)->{status}, 413, 'without CONTENT_LENGTH: 413');

$c = $t->connect;
$c->send(start_of('/echo/spooled', '') . stream('stdin', 1, 'y' x 50_000));
is($c->answer(1)->{body}, 'y' x 50_000, 'within it: the body is whole');

$c = $t->connect;
$c->send(start_of('/echo/short', 100) . stream('stdin', 1, 'y' x 50));
is($c->answer(1)->{status}, 400, 'less than CONTENT_LENGTH: 400');

is($t->record_of("/echo/$_")->{outcome}, 'rejected', "the record of $_")
    for qw(known unknown);
like($t->log, qr/echo.*max_body_size/, 'the log names the limit');
is($t->post('/echo', 'again')->{body}, 'again', 'the worker is as good as new');
done_testing;
