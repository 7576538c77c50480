#!/usr/bin/perl
# tollgated -t -r says which function a request means, and by which rule.
use strict;
use warnings;
use lib 't/lib';
use Test::More;
use Tollgate::Test;

my $t = Tollgate::Test->new->evil('thumb')->evil(user => <<'INI');
[route]
regex = "^/u/(?<user>[a-z]+)/(?<rest>.*)$"
methods = GET
INI

my ($status, $text) = $t->run('-t', '-r', 'GET http://localhost/thumb/a/b');
is($status, 0, 'a route is found');
like($text, qr/thumb/, 'the function');
like($text, qr/prefix/, 'the rule');
like($text, qr{SCRIPT_NAME\W+/thumb$}m, 'SCRIPT_NAME');
like($text, qr{PATH_INFO\W+/a/b$}m, 'PATH_INFO');

($status, $text) = $t->run('-t', '-r', 'GET http://localhost/u/joe/x');
is($status, 0, 'by a regex');
like($text, qr/user\W+joe/, 'its captures');

($status, $text) = $t->run('-t', '-r', 'POST http://localhost/u/joe/x');
is($status, 1, 'no such method');
like($text, qr/405|GET/, 'and what is allowed');
($status, $text) = $t->run('-t', '-r', 'GET http://localhost/none');
is($status, 1, 'no such path');
done_testing;
