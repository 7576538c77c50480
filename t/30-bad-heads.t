#!/usr/bin/perl
# An answer's head that is not CGI's is never passed on: 502.
use strict;
use warnings;
use lib 't/lib';
use Test::More;
use Tollgate::Test;

my $t = Tollgate::Test->new->evil('evil')->start;

for my $n (0 .. 10) {
	my $answer = $t->get("/evil?mode=bad-head&n=$n");
	is($answer->{status}, 502, "bad head $n: 502");
	unlike($answer->{raw}, qr/^(?:X|no colon)/m, 'nothing of it leaves');
}
is($t->get("/evil?mode=status&n=$_")->{status}, $_, "status $_ passes")
    for 200, 299, 404, 500, 999;
is($t->get('/evil?mode=status&n=204')->{body}, '', '204 has no body');
is($t->get('/evil?mode=status&n=304')->{body}, '', 'nor has 304');
is($t->request('HEAD', '/evil?mode=ok')->{body}, '', 'nor an answer to HEAD');
done_testing;
