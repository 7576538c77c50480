#!/usr/bin/perl
# A unix client that closes only its writing side gets its whole answer.
use strict;
use warnings;
use lib 't/lib';
use Test::More tests => 4;
use Tollgate::Test;

my $t = Tollgate::Test->new->evil('evil')->start;

for my $mode ('sleep&n=200', 'big&n=3000000') {
	my $c = $t->ask('GET', "/evil?mode=$mode");

	$c->finish_writing;
	my $answer = $c->answer(1);
	is($answer->{status}, 200, "$mode: answered");
	ok($answer->{complete}, "$mode: wholly");
}
