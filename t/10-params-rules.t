#!/usr/bin/perl
# Malformed parameters are 400; what is sent twice becomes one.
use strict;
use warnings;
use lib 't/lib';
use Test::More;
use Tollgate::FastCGI qw(record begin stream pairs pair);
use Tollgate::Test;

my $t = Tollgate::Test->new->evil('evil')->evil('other')->start;
my $base = pairs(nginx_params('GET', '/evil?mode=params'));

sub answer_to {
	my ($pairs) = @_;
	my $c = $t->connect;

	$c->send(begin(1) . stream('params', 1, $pairs) . record('stdin', 1));
	return $c->answer(1, 5);
}

for (
	['a name of no length',		pair('', 'value')],
	['NUL in a name',		pair("A\0B", 'value')],
	['CR in a name',		pair("A\rB", 'value')],
	['LF in a name',		pair("A\nB", 'value')],
	['= in a name',			pair('A=B', 'value')],
	['NUL in a value',		pair('A', "b\0c")],
	['a length of 2^31',		pack('CN', 1, 0x80000000 | 0x7fffffff)],
	['a length of 2^32',		pack('NN', 0xffffffff, 0xffffffff)],
	['two lengths whose sum overflows', pack('NN', 0xfffffffe, 0xfffffffe)],
	['a length beyond the end',	pack('CC', 1, 100) . 'Aabc'],
	['half a length',		"\1"],
	['two CONTENT_LENGTHs',		pairs(CONTENT_LENGTH => 1,
					    CONTENT_LENGTH => 2)],
	map({ ["CONTENT_LENGTH $_", pair(CONTENT_LENGTH => $_)] }
	    '-1', '+5', '5, 5', '0x5', '5 ', 'five', '9223372036854775808',
	    '18446744073709551616'),
	['a method that is no token',	pair(REQUEST_METHOD => 'GE T')],
) {
	my ($what, $pairs) = @$_;
	is(answer_to($base . $pairs)->{status}, 400, "$what: 400");
}

for (
	['the last SCRIPT_NAME counts', [SCRIPT_NAME => '/evil'],
	    qr{^SCRIPT_NAME=/evil$}m],
	['the last variable of our own', [SERVER_NAME => 'a', SERVER_NAME => 'b'],
	    qr{^SERVER_NAME=b$}m],
	['the last HTTP_HOST', [HTTP_HOST => 'a', HTTP_HOST => 'b'],
	    qr{^HTTP_HOST=b$}m],
	['headers are joined', [HTTP_X_F => 'a', HTTP_X_F => 'b'],
	    qr{^HTTP_X_F=a, b$}m],
	['cookies with semicolons', [HTTP_COOKIE => 'a=1', HTTP_COOKIE => 'b=2'],
	    qr{^HTTP_COOKIE=a=1; b=2$}m],
	['the same CONTENT_LENGTH twice', [CONTENT_LENGTH => 0,
	    CONTENT_LENGTH => 0], qr{^CONTENT_LENGTH=0$}m],
	['an empty value', [X_EMPTY => ''], qr{^X_EMPTY=$}m],
) {
	my ($what, $params, $want) = @$_;
	my $body = answer_to($base . pairs(@$params))->{body};
	my ($name) = "$want" =~ /:\^(\w+)/;

	like($body, $want, $what);
	is(scalar(() = $body =~ /^$name=/mg), 1, "$what: one copy of $name");
}
is(answer_to($base . pair(REQUEST_METHOD => 'POST'))->{status}, 200,
    'the last method counts');
unlike(answer_to($base . pair(HTTP_PROXY => 'http://evil/'))->{body},
    qr/HTTP_PROXY/, 'Proxy: never becomes HTTP_PROXY');
unlike(answer_to($base . pairs(HTTP_CONTENT_LENGTH => 7,
    HTTP_CONTENT_TYPE => 'x'))->{body}, qr/HTTP_CONTENT/,
    'nor do Content-* come a second time');
done_testing;
