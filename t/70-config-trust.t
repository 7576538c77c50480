#!/usr/bin/perl
# A configuration that others can write is refused.
use strict;
use warnings;
use lib 't/lib';
use Test::More;
use Tollgate::Test;

for (
	['tollgate.ini', sub { chmod 0666, "$_[0]/tollgate.ini" }],
	["a function's ini", sub { chmod 0666, "$_[0]/functions.d/evil.ini" }],
	['functions.d', sub { chmod 0777, "$_[0]/functions.d" }],
	$> == 0 ? ["a function's ini of another user",
	    sub { chown 2, 2, "$_[0]/functions.d/evil.ini" }] : (),
) {
	my ($what, $spoil) = @$_;
	my $t = Tollgate::Test->new->evil('evil')->configure;
	is(($t->run('-t'))[0], 0, "$what as it should be");
	$spoil->($t->dir);
	my ($status, $text) = $t->run('-t');
	is($status, 1, "$what, writable by others: refused");
	like($text, qr/evil\.ini|functions\.d|tollgate\.ini/, 'it says which');
}
done_testing;
