#!/usr/bin/perl
# A program that writes before it reads does not lock up.
use strict;
use warnings;
use lib 't/lib';
use Test::More;
use Tollgate::Test;

my $t = Tollgate::Test->new->evil(evil => <<'INI')->start;
[pool]
max_children = 1
[limits]
max_body_size = 64M
request_terminate_timeout = 20s
INI

is($t->get('/evil?mode=ok')->{status}, 200, 'warm');
my $before = resident_kb($t->gateway_pid);
for ([1_000_000, 1_000_000], [10, 20_000_000], [3_000_000, 20_000_000]) {
	my ($first, $body) = @$_;
	my $answer = $t->post("/evil?mode=write-before-read&n=$first",
	    'x' x $body, deadline => 20);
	is($answer->{status}, 200, "$first before $body bytes: answered");
	is(length $answer->{body}, $first + length "\nbody=$body\n",
	    'its length');
	like($answer->{body}, qr/\nbody=$body\n\z/, 'the whole body arrived');
}
SKIP: {
	skip 'sanitizers hold on to memory', 1 if is_sanitized();
	cmp_ok(resident_kb($t->gateway_pid) - $before, '<', 4096,
	    'and the gateway has not grown');
}
is_deeply([glob $t->dir . '/state/*'], [], 'nor left files behind');

# Nor one whose answer is whole, by its length, before it reads.
is($t->post('/evil?mode=whole-before-read&n=10', 'x' x 20_000_000)->{body},
    'w' x 10, 'whole before it reads: answered');
wait_for(sub { $t->function_log('evil') =~ /body=20000000$/m }, 5);
like($t->function_log('evil'), qr/body=20000000$/m,
    'and it has had the whole body');

# One that never reads its body and answers all the same.
is($t->post('/evil?mode=answer-unread', 'x' x 5_000_000)->{status}, 200,
    'a body need not be read');
is($t->get('/evil?mode=ok')->{status}, 200, 'the next request is right');
done_testing;
