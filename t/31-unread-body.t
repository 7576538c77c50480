#!/usr/bin/perl
# A program that answers without reading its body costs the next request nothing.
use strict;
use warnings;
use lib 't/lib';
use Test::More;
use Tollgate::Test;

# libfcgi closes a connection in which it finds the rest of a request, and the
# next request with it.
my $t = Tollgate::Test->new->function(hello => <<'INI')->start;
[function]
handler = %HANDLERS%/hello
[route]
prefix = /hello
[pool]
max_children = 1
[limits]
tasks_max = 4096
INI

for my $size (0, 5, 8192, 100_000) {
	my @got = map { $t->post('/hello', 'x' x $size)->{status} } 1 .. 50;
	is(scalar(grep { $_ == 200 } @got), 50, "50 bodies of $size bytes");
}
is(scalar(grep { $_->{attempt} != 1 } $t->accounting), 0,
    'and none was tried again');
done_testing;
