#!/usr/bin/perl
# The same programs behind Apache's mod_proxy_fcgi.
use strict;
use warnings;
use lib 't/lib';
use Test::More;
use Tollgate::Apache;
use Tollgate::Test;

Tollgate::WebServer::need('apache2');
my $t = Tollgate::Test->new->cgi(shell => <<'SH', <<'INI');
#!/bin/sh
echo 'Content-Type: text/plain'
echo
echo "$REQUEST_METHOD $SCRIPT_NAME $PATH_INFO $QUERY_STRING $HTTP_AUTHORIZATION"
cat
SH
[route]
prefix = /fn/shell
INI
$t->evil(evil => "[route]\nprefix = /fn/evil\n");
my $apache = Tollgate::Apache->new($t->start)->start;

my $answer = $apache->request('POST', '/fn/shell/in%20fo?a=b', body => 'body',
    headers => { Authorization => 'Basic eDp5' });
is($answer->{status}, 200, 'answered');
is($answer->{body}, "POST /fn/shell /in fo a=b Basic eDp5\nbody",
    'with all it should know');
is($apache->get('/fn/none')->{status}, 404, '404 passes');
is($apache->get('/fn/evil?mode=crash&n=11')->{status}, 502, '502 passes');
is(length $apache->get('/fn/evil?mode=big&n=10000000')->{body}, 10_000_000,
    'a large answer is whole');
is($apache->request('POST', '/fn/evil?mode=ok', body => 'x' x 5_000_000)
    ->{status}, 200, 'so is a large body');
ok(!$apache->get('/fn/evil?mode=crash-mid-body&n=0&m=9')->{complete},
    'a broken answer does not look whole');
my @failed = grep { $_ } in_parallel(8, sub {
	return scalar grep { $apache->get('/fn/evil?mode=ok')->{status} != 200 }
	    1 .. 20;
});
is("@failed", '', '160 requests, eight at once');
done_testing;
