#!/usr/bin/perl
# nginx may hold 64 connections over four workers: nobody starves.
use strict;
use warnings;
use lib 't/lib';
use Test::More;
use Time::HiRes qw(time);
use Tollgate::FastCGI qw(whole_request);
use Tollgate::Nginx;
use Tollgate::Test;

Tollgate::WebServer::need('nginx');
my $t = Tollgate::Test->new->evil(evil => <<'INI')->start;
[pool]
max_children = 4
[limits]
request_terminate_timeout = 10s
INI

# 64 connections of a front that all have been used, and idle.
my @held = map { $t->connect } 1 .. 64;
for my $c (@held) {
	$c->send(whole_request(1, [nginx_params('GET', '/evil?mode=ok')], '',
	    keep => 1));
	$c->answer(1)->{status} == 200 or fail('a first request');
}
my $start = time;
is($t->get('/evil?mode=ok')->{status}, 200, '64 idle connections pin nobody');
cmp_ok(time - $start, '<', 0.5, 'at all');
$_->close for @held;

my $nginx = Tollgate::Nginx->new($t)->start;
my @clients = in_parallel(64, sub {
	my ($failed, $longest) = (0, 0);

	for (1 .. 5) {
		my $begin = time;
		$failed++ if $nginx->get('/evil?mode=sleep&n=5')->{status}
		    != 200;
		$longest = time - $begin if time - $begin > $longest;
	}
	return [$failed, $longest];
});
is(scalar(grep { $_->[0] } @clients), 0, '64 clients: no request fails');
my ($longest) = sort { $b <=> $a } map { $_->[1] } @clients;
cmp_ok($longest, '<', 3, 'nor waits for long');
cmp_ok(scalar $t->workers, '<=', 4, 'with four workers');
done_testing;
