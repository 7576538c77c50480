#!/usr/bin/perl
# A bad new configuration is refused, with its errors; the old one goes on.
use strict;
use warnings;
use lib 't/lib';
use Test::More;
use Tollgate::Test;

my $t = Tollgate::Test->new->evil('evil')->start;
my $pid = $t->pid_of('/evil?mode=ok');
my $good = "handler = %EVIL%\n";

# what is wrong, text of the function's ini, what the log says
for (
	['an unknown key', "[function]\n${good}handel = x\n", qr/handel/],
	['a bad value', "[function]\n$good\[pool]\nmax_children = many\n",
	    qr/max_children/],
	['a regex that does not compile',
	    "[function]\n$good\[route]\nregex = \"^/(\"\n", qr/regex/],
	['a route twice', "[function]\n$good\[route]\nprefix = /evil\n",
	    qr{/evil}],
	['half a file', "[function]\nhandl", qr/new\.ini/],
	['NUL', "[function]\n${good}\0\n", qr/new\.ini/],
	['a line of a megabyte', "[function]\n${good}arguments = " . 'x' x 1e6
	    . "\n", qr/new\.ini:3/],
	['an empty file', '', qr/new/],
	['no handler', "[route]\nprefix = /new\n", qr/handler/],
) {
	my ($what, $ini, $log) = @$_;
	my $before = length $t->log;

	$t->function(new => $ini);
	ok(!$t->reload, "$what: refused");
	like(substr($t->log, $before), $log, "$what: the log says why");
	is($t->pid_of('/evil?mode=ok'), $pid,
	    "$what: the old one goes on");
}
$t->function(new => "[function]\n$good\[route]\nprefix = /new\n");
ok($t->reload, 'put right, it is taken');
is($t->get('/new?mode=ok')->{status}, 200, 'and in force');

spew($t->dir . '/tollgate.ini', "[gateway]\nlisten = nonsense\n");
ok(!$t->reload, 'a bad tollgate.ini: refused');
is($t->get('/new?mode=ok', address => 'unix:' . $t->dir
    . '/tollgate.sock')->{status}, 200, 'and it goes on');
done_testing;
