#!/usr/bin/perl
# A shell CGI and a Perl CGI::Fast program behind nginx.
use strict;
use warnings;
use lib 't/lib';
use Test::More;
use Tollgate::Nginx;
use Tollgate::Test;

Tollgate::WebServer::need('nginx');
my $has_fast = eval { require CGI::Fast; 1 };
my $t = Tollgate::Test->new->cgi(shell => <<'SH');
#!/bin/sh
echo 'Content-Type: text/plain'
echo
echo "$REQUEST_METHOD $SCRIPT_NAME $PATH_INFO $QUERY_STRING $HTTP_HOST"
cat
SH
$t->handler('fast.pl', <<'PL')->function(fast => <<'INI') if $has_fast;
#!/usr/bin/perl
use CGI::Fast;
my $n = 0;
while (my $q = CGI::Fast->new) {
	print $q->header('text/plain'), ++$n, ' ', $q->param('name'), ' ',
	    $q->path_info, "\n";
}
PL
[function]
handler = %DIR%/fast.pl
[route]
prefix = /fast
[pool]
max_children = 1
INI
my $nginx = Tollgate::Nginx->new($t->start)->start;

my $answer = $nginx->request('POST', '/shell/in/fo?a=b', body => 'body');
is($answer->{status}, 200, 'shell: answered');
like($answer->{body}, qr{^POST /shell /in/fo a=b localhost\S*\nbody$},
    'shell: with all it should know');
is($nginx->request('HEAD', '/shell')->{body}, '', 'HEAD has no body');
is($nginx->get('/shell/%2e%2e/%2e%2e/etc')->{status}, 400,
    'nginx refuses to leave its root');
SKIP: {
	skip 'no CGI::Fast here', 3 unless $has_fast;
	for my $n (1 .. 3) {
		is($nginx->request('POST', '/fast/p', body => "name=v$n",
		    headers => { 'Content-Type' =>
		    'application/x-www-form-urlencoded' })->{body},
		    "$n v$n /p\n", "CGI::Fast: request $n");
	}
}
done_testing;
