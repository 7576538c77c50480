#!/usr/bin/perl
# A program that is replaced, removed or made non-executable meanwhile: what
# runs goes on, what starts is the new one.
use strict;
use warnings;
use lib 't/lib';
use Test::More;
use File::Copy qw(copy);
use Tollgate::Test;

my $t = Tollgate::Test->new;
my $path = $t->dir . '/program';
my $evil = "$Tollgate::Test::BUILD/t/evil";

sub install {
	copy($evil, "$path.new") or die;
	chmod 0755, "$path.new";
	rename "$path.new", $path;
}

sub say_as { "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\n$_[0]'\n" }

install();
$t->function(program => <<'INI');
[function]
handler = %DIR%/program
[route]
prefix = /program
[pool]
max_children = 2
INI
$t->cgi(script => say_as('one'));
$t->start;

my $first = $t->pid_of('/program?mode=ok');
install();
is($t->pid_of('/program?mode=ok'), $first,
    'replaced: the running worker goes on');
unlink $path;
is($t->pid_of('/program?mode=ok'), $first, 'removed: too');
my $busy = $t->ask('GET', '/program?mode=sleep&n=500');
like($t->get('/program?mode=ok')->{status}, qr/^(?:200|404|503)$/,
    'a second one cannot start');
is($busy->answer(1)->{status}, 200, 'the first ends its request');
install();
ok(wait_for(sub {
	my $slow = $t->ask('GET', '/program?mode=sleep&n=200');
	my $pid = $t->pid_of('/program?mode=ok');
	$slow->answer(1);
	return $pid && $pid != $first;
}, 10, 'a new worker'), 'put back: a new one starts');

is($t->get('/script')->{body}, 'one', 'a CGI script');
$t->handler('script.cgi', say_as('two'));
is($t->get('/script')->{body}, 'two', 'edited, runs at once');
chmod 0644, $t->dir . '/script.cgi';
like($t->get('/script')->{status}, qr/^(?:403|503)$/, 'not executable');
like($t->log, qr/script.*Permission denied/, 'and the log says so');
done_testing;
