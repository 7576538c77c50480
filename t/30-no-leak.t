#!/usr/bin/perl
# What a worker says when nobody asked never reaches the next client.
use strict;
use warnings;
use lib 't/lib';
use Test::More;
use Tollgate::Test;

my $t = Tollgate::Test->new->evil(evil => "[pool]\nmax_children = 1\n")
    ->start;

for my $mode (qw(stdout-after-end unasked-answer)) {
	for my $round (1 .. 20) {
		my $one = $t->get("/evil?mode=$mode");
		my $two = $t->get('/evil?mode=ok');
		is($one->{status}, 200, "$mode: its own answer stands");
		unlike($_->{raw}, qr/LEAKED/, "$mode: and no more than that")
		    for $one, $two;
		like($two->{body}, qr/mode=ok/, "$mode: the next is right");
	}
}
done_testing;
