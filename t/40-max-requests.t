#!/usr/bin/perl
# A worker is replaced after about max_requests, and no request notices.
use strict;
use warnings;
use lib 't/lib';
use Test::More;
use Tollgate::Test;

my $t = Tollgate::Test->new->evil(evil => <<'INI')->start;
[pool]
max_children = 1
max_requests = 10
INI
my %served;
my $failed = 0;

for (1 .. 60) {
	my $answer = $t->get('/evil?mode=ok');
	$failed++ if $answer->{status} != 200;
}
$served{$_->{worker}}++ for $t->accounting;
is($failed, 0, 'no request fails');
cmp_ok(scalar keys %served, '>=', 5, 'at least five workers for 60 requests');
cmp_ok($_, '<=', 12, "one served $_") for values %served;
done_testing;
