#!/usr/bin/perl
# USR1 reopens the files, so that they can be rotated; no record is lost.
use strict;
use warnings;
use lib 't/lib';
use Test::More;
use Tollgate::Test;

my $t = Tollgate::Test->new->evil('evil')->start;
my $log = $t->dir . '/log';

$t->get('/evil?mode=stderr-flood&n=100');
rename "$log/$_", "$log/$_.1" for qw(accounting error.log evil.log);
is($t->get('/evil?mode=ok')->{status}, 200, 'until told, it goes on');
is(scalar(() = slurp("$log/accounting.1") =~ /\n/g), 2,
    'with the file it had');
$t->signal('USR1');
ok(wait_for(sub { -e "$log/accounting" && -e "$log/error.log" }, 5,
    'new files'), 'told, it opens new ones');
$t->get('/evil?mode=stderr-flood&n=100');
is(scalar $t->accounting, 1, 'the next record is in the new one');
is(scalar(() = slurp("$log/accounting.1") =~ /\n/g), 2, 'none in the old');
ok(wait_for(sub { -s "$log/evil.log" }, 5, 'its log'),
    "a function's log is new as well");

# What is put in the file's place is not followed.
my $target = "$log/target";
unlink "$log/accounting";
symlink $target, "$log/accounting";
$t->signal('USR1');
wait_for(sub { slurp("$log/error.log") =~ /accounting/ }, 5, 'a complaint');
$t->get('/evil?mode=ok');
ok(!-e $target, 'a link is not followed');
unlink "$log/accounting";
$t->signal('USR1');
ok(wait_for(sub { -e "$log/accounting" }, 5, 'a file again'), 'all is well again');
is($t->get('/evil?mode=ok')->{status}, 200, 'and it goes on');
done_testing;
