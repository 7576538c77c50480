#!/usr/bin/perl
# Neither gateway nor workers outlive the spawner, however it ends.
use strict;
use warnings;
use lib 't/lib';
use Test::More;
use Tollgate::Test;

my $t = Tollgate::Test->new->evil('evil')->cgi(cgi => <<'SH')->start;
#!/bin/sh
printf 'Content-Type: text/plain\n\nok\n'
SH
my $worker = $t->pid_of('/evil?mode=ok');
is($t->get('/cgi')->{status}, 200, 'a launcher waits as well');
my @all = ($t->gateway_pid, $worker, $t->children);

$t->note_processes->signal('KILL');
is($t->wait_exit, -9, 'the spawner is killed');
ok(wait_for(sub { !grep { kill 0, $_ } @all }, 3, 'their end'),
    'all it had started is gone');

$t->start;
is($t->get('/evil?mode=ok')->{status}, 200, 'and it can be started anew');
done_testing;
