#!/usr/bin/perl
# Behind nginx, too, a broken answer never looks whole, and bodies go both ways.
use strict;
use warnings;
use lib 't/lib';
use Test::More;
use Tollgate::Nginx;
use Tollgate::Test;

Tollgate::WebServer::need('nginx');
my $t = Tollgate::Test->new->evil(evil => <<'INI')->start;
[limits]
max_body_size = 64M
request_terminate_timeout = 1s
INI
$t->evil(patient => <<'INI')->reload;
[limits]
max_body_size = 64M
INI

for my $buffering (qw(on off)) {
	my $nginx = Tollgate::Nginx->new($t, location => <<"CONF")->start;
client_max_body_size 64m;
fastcgi_request_buffering $buffering;
fastcgi_buffering $buffering;
CONF
	for my $mode ('eof-mid-body', 'eof-mid-body&n=100',
	    'crash-mid-body&n=0&m=11', 'length-lies&n=100&m=50',
	    'sleep-mid-body&n=60000') {
		my $answer = $nginx->get("/evil?mode=$mode");
		ok($answer->{status} >= 500 || !$answer->{complete},
		    "buffering $buffering, $mode: not whole");
	}
	is($nginx->get('/evil?mode=crash&n=9')->{status}, 502,
	    "buffering $buffering: 502");
	is($nginx->get('/evil?mode=hang')->{status}, 504,
	    "buffering $buffering: 504");
	like($nginx->request('POST', '/patient?mode=write-before-read&n=100000',
	    body => 'x' x 20_000_000, deadline => 30)->{body},
	    qr/body=20000000/,
	    "buffering $buffering: 20 MB to one that writes first");
	$nginx->stop;
	unlink $nginx->{dir} . '/http.sock';
}
done_testing;
