#!/usr/bin/perl
# A program that dies at every start is tried less and less often.
use strict;
use warnings;
use lib 't/lib';
use Test::More;
use Time::HiRes qw(time);
use Tollgate::Test;

my $t = Tollgate::Test->new(gateway => <<'INI');
start_backoff = 200ms
start_backoff_max = 60s
INI
for (['exit 0'], ['exit 1'], ['crash 11'], ['complain 1']) {
	my ($start) = @$_;
	my $name = $start =~ tr/ /-/r;
	$t->evil($name => "arguments = $start\n[pool]\nmin_children = 1\n");
}
$t->evil('canary')->start;

for my $name (qw(exit-0 exit-1 crash-11 complain-1)) {
	my $start = time;
	my $answer = $t->get("/$name");
	is($answer->{status}, 503, "$name: 503");
	like($answer->{headers}{'retry-after'} // '', qr/^[1-9]\d*$/,
	    "$name: Retry-After");
	cmp_ok(time - $start, '<', 3, "$name: soon");
	like($t->log, qr/\b$name\b/, "$name: the log says so");
}
like($t->log, qr/complain-1/, 'what it says of itself');
like($t->function_log('complain-1'), qr/cannot find my configuration/,
    'is in its log');

# In two seconds of requests there are few starts: 0.2 + 0.4 + 0.8 ...
my $before = () = $t->function_log('complain-1') =~ /cannot find/g;
my $burnt = cpu_ms($t->pid) + cpu_ms($t->gateway_pid);
my $until = time + 2;
my $quick = 0;
while (time < $until) {
	$quick++ if $t->get('/complain-1')->{status} == 503;
	is($t->get('/canary?mode=ok')->{status}, 200) if $quick % 50 == 0;
	select undef, undef, undef, 0.01;
}
my $after = () = $t->function_log('complain-1') =~ /cannot find/g;
cmp_ok($after - $before, '<=', 6, 'starts are few');
cmp_ok($quick, '>', 20, 'the answers are quick');
done_testing;
