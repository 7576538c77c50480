#!/usr/bin/perl
# A front that is still sending when it is answered is not reset.
use strict;
use warnings;
use lib 't/lib';
use Test::More;
use Tollgate::FastCGI qw(begin stream record pairs);
use Tollgate::Test;

# Apache sends parameters and body apart, and takes a failed write for 503.
my $t = Tollgate::Test->new->evil('evil')->start;

for my $keep (0, 1) {
	my $c = $t->connect;

	$c->send(begin(1, keep => $keep)
	    . stream('params', 1, pairs(nginx_params('GET', '/none'))));
	is($c->answer(1)->{status}, 404, "keep $keep: answered at once");
	ok($c->send(record('stdin', 1)),
	    'what is still sent is taken');
	next if $keep;
	like($c->wait_close(5), qr/eof/, 'and the connection ends in order');
}
done_testing;
