#!/usr/bin/perl
# An unknown role is refused by END_REQUEST, and costs nobody a worker.
use strict;
use warnings;
use lib 't/lib';
use Test::More;
use Tollgate::FastCGI qw(begin whole_request);
use Tollgate::Test;

my $t = Tollgate::Test->new->evil('evil')->cgi(cgi => <<'SH')->start;
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
done_testing;
