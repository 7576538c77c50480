#!/usr/bin/perl
# A large answer passes whole, and through little memory.
use strict;
use warnings;
use lib 't/lib';
use Test::More;
use Tollgate::Test;

my $t = Tollgate::Test->new->evil(evil => <<'INI')->start;
[limits]
request_terminate_timeout = 60s
INI

$t->get('/evil?mode=big&n=5000000');
my $before = resident_kb($t->gateway_pid);
my $c = $t->ask('GET', '/evil/big?mode=big&n=200000000');
$c->{discard} = 1;
my $answer = $c->answer(1, 60);
ok($answer->{complete}, 'an answer of 200 MB is whole');
is($answer->{bytes} - length "Content-Type: text/plain\r\n\r\n", 200_000_000,
    'to the byte');
SKIP: {
	skip 'sanitizers hold on to memory', 1 if is_sanitized();
	cmp_ok(resident_kb($t->gateway_pid) - $before, '<', 2048,
	    'the gateway has not grown');
}
is($t->record_of('/evil/big')->{bytes_out}, 200_000_000,
    'the record has its size');
my $exact = $t->get('/evil?mode=big&n=1000000&m=1');
is(length $exact->{body}, 1_000_000, 'with Content-Length, too');
ok($exact->{complete}, 'and it is whole');
done_testing;
