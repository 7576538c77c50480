#!/usr/bin/perl
# FCGI_KEEP_CONN decides whether the connection stays.
use strict;
use warnings;
use lib 't/lib';
use Test::More;
use Tollgate::FastCGI qw(whole_request);
use Tollgate::Test;

my $t = Tollgate::Test->new->evil('evil')->start;
my $params = [nginx_params('GET', '/evil?mode=ok')];
my $c = $t->connect;

$c->send(whole_request(1, $params, '', keep => 0));
is($c->answer(1)->{status}, 200, 'without it: an answer');
is($c->wait_close(5), 'eof', 'and a close');

$c = $t->connect;
my @ids = (1, 2, 65535, 1, 256, 1);
for my $id (@ids) {
	$c->send(whole_request($id, $params, '', keep => 1));
	is($c->answer($id)->{status}, 200, "kept: request with id $id");
}
is($c->{over}, '', 'and the connection is still there');

my @many = map { $_ % 60 + 1 } 0 .. 2999;
for my $round (0 .. 49) {
	my @now = @many[$round * 60 .. $round * 60 + 59];

	$c->send(join '', map { whole_request($_, $params, '', keep => 1) }
	    @now);
	$c->answer($_)->{status} == 200 or fail("request $_") for @now;
}
is(scalar @{$c->{order}}, 3000 + @ids, '3,000 more, 60 at a time');
$c->send(whole_request(7, $params, '', keep => 0));
is($c->answer(7)->{status}, 200, 'the last says that it is');
is($c->wait_close(5), 'eof', 'and the connection ends');
done_testing;
