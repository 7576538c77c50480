#!/usr/bin/perl
# A program that does not get ready within start_timeout is 503, and others
# do not wait for it.
use strict;
use warnings;
use lib 't/lib';
use Test::More;
use Time::HiRes qw(time);
use Tollgate::Test;

my $t = Tollgate::Test->new->evil('canary');
my $pool = "[pool]\nstart_timeout = 400ms\nqueue_timeout = 5s\n";
$t->evil(never => "arguments = never-accept\n$pool");
$t->evil(deaf => "arguments = close-listen\n$pool");
$t->evil(slow => "arguments = slow 200\n$pool");
$t->start;

for my $name (qw(never deaf)) {
	my $start = time;
	my $c = $t->ask('GET', "/$name");
	is($t->get('/canary?mode=ok')->{status}, 200, 'others are served');
	my $answer = $c->answer(1);
	is($answer->{status}, 503, "$name: 503");
	ok($answer->{headers}{'retry-after'}, "$name: Retry-After");
	cmp_ok(time - $start, '<', 3, "$name: in time");
	like($t->log, qr/\b$name\b/, "$name: the log says so");
}
like($t->log, qr/never.*start_timeout.*400/, 'with limit and value');
is($t->get('/slow?mode=ok')->{status}, 200, 'one that is slow but in time');
cmp_ok($t->record_of('/slow')->{init_ms}, '>=', 190,
    'its record says how long the start took');
ok(wait_for(sub { $t->workers <= 2 }, 5, 'the hanging to be killed'),
    'those that hang are killed');
done_testing;
