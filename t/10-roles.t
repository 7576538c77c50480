#!/usr/bin/perl
# An unknown role is refused by END_REQUEST, and costs nobody a worker.
use strict;
use warnings;
use lib 't/lib';
use Test::More;
use Tollgate::FastCGI qw(begin pairs stream whole_request);
use Tollgate::Test;

my $t = Tollgate::Test->new->evil(evil => <<'INI')->cgi(cgi => <<'SH')->start;
[limits]
max_body_size = 1M
INI
#!/bin/sh
printf 'Content-Type: text/plain\n\nhello\n'
SH

for ([evil => 0, 3], [evil => 4, 3], [evil => 65535, 3], [cgi => 2, 3],
    [cgi => 3, 3], [cgi => 1, 0], [evil => 1, 0], [evil => 2, 0]) {
	my ($function, $role, $want) = @$_;
	my $c = $t->connect;

	$c->send(whole_request(1, [nginx_params('GET', "/$function?mode=ok")],
	    '', role => $role, keep => 1));
	is($c->answer(1)->{protocol_status}, $want,
	    "role $role of $function: protocol status $want");
	$c->send(whole_request(1, [nginx_params('GET', '/evil?mode=ok')]));
	is($c->answer(1)->{status}, 200, 'the connection goes on');
}

# A filter's DATA is held to the same bounds, even where it comes first.
sub filter {
	my ($mode) = @_;

	return begin(1, role => 3, keep => 1) . stream('params', 1,
	    pairs(nginx_params('POST', "/evil?mode=$mode",
		headers => { 'Content-Length' => 3 })));
}

my $c = $t->connect;
$c->send(filter('ok') . stream('data', 1, 'd' x 500_000)
    . stream('stdin', 1, 'abc'));
is($c->answer(1)->{status}, 200, 'DATA before STDIN');
$c = $t->connect;
$c->send(filter('ok') . stream('data', 1, 'd' x 1_100_000));
is($c->answer(1)->{status}, 413, 'more of it than max_body_size');
done_testing;
