#!/usr/bin/perl
# Requests that wait are served first come, first served.
use strict;
use warnings;
use lib 't/lib';
use Test::More tests => 2;
use Tollgate::FastCGI qw(whole_request);
use Tollgate::Test;

my $t = Tollgate::Test->new(gateway => 'max_requests_per_connection = 64')
    ->evil(evil => "[pool]\nmax_children = 1\n")->start;
my $c = $t->connect;

$c->send(join '', map { whole_request($_, [nginx_params('GET',
    '/evil?mode=sleep&n=5')], '', keep => 1) } 1 .. 30);
is(scalar(grep { $c->answer($_)->{status} == 200 } 1 .. 30), 30,
    'all are served');
is_deeply($c->{order}, [1 .. 30], 'in the order in which they came');
