#!/usr/bin/perl
# There are never more workers than max_children; the others wait their turn.
use strict;
use warnings;
use lib 't/lib';
use Test::More;
use Time::HiRes qw(time);
use Tollgate::Test;

my $t = Tollgate::Test->new->evil(evil => <<'INI')->start;
[pool]
max_children = 3
INI
my @asked = map { $t->ask('GET', "/evil/$_?mode=sleep&n=100") } 1 .. 15;
my $most = 0;

for my $c (@asked) {
	wait_for(sub {
		my $now = $t->workers;
		$most = $now if $now > $most;
		$c->turn(time + 0.01);
		return $c->{over} || $c->{answers}{1}{ended};
	}, 5);
	is($c->answer(1)->{status}, 200, 'served');
}
is($most, 3, 'by three workers at most');
my %workers = map { $_->{worker} => 1 } $t->accounting;
is(scalar keys %workers, 3, 'in the accounts as well');
cmp_ok($t->record_of('/evil/15')->{queue_ms}, '>=', 150,
    'the record says how long it waited');
done_testing;
