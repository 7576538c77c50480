#!/usr/bin/perl
# A body that has begun before a reload finds its folder after it.
use strict;
use warnings;
use lib 't/lib';
use Test::More;
use Tollgate::FastCGI qw(begin pairs record stream);
use Tollgate::Test;

my $t = Tollgate::Test->new->evil('evil')->cgi(count => <<'SH')->start;
#!/bin/sh
printf 'Content-Type: text/plain\n\n'
wc -c
SH
my $c = $t->connect;

# Its length is not known, so a CGI program waits for all of it.
$c->send(begin(1) . stream('params', 1, pairs(nginx_params('POST',
    '/count',
    headers => { 'Content-Length' => '' }))) . record('stdin', 1, 'a'));
is($t->get('/evil?mode=ok')->{status}, 200, 'another request is served');
$t->reload for 1 .. 2;
$c->send(stream('stdin', 1, 'b' x 3_000_000));
like($c->answer(1)->{body}, qr/^3000001$/, 'all of it arrives');
done_testing;
