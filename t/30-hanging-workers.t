#!/usr/bin/perl
# A worker that hangs is cut off by request_terminate_timeout: 504.
use strict;
use warnings;
use lib 't/lib';
use Test::More;
use Time::HiRes qw(time);
use Tollgate::Test;

my $t = Tollgate::Test->new(gateway => 'stop_timeout = 300ms')
    ->evil(evil => <<'INI')->start;
[pool]
max_children = 1
[limits]
request_terminate_timeout = 400ms
max_body_size = 100M
INI
$t->get('/evil?mode=ok');

for (
	['hang'], ['partial-record-hang'], ['stop'], ['spin'], ['sleep&n=60000'],
	['never-read', 'x' x 20_000_000],
) {
	my ($mode, $body) = @$_;
	my $path = '/evil/' . ($mode =~ tr/&=/--/r);
	my $pid = $t->pid_of('/evil?mode=ok');
	my $burnt = cpu_ms($t->gateway_pid);
	my $start = time;
	my $answer = $t->request($body ? 'POST' : 'GET', "$path?mode=$mode",
	    body => $body);

	is($answer->{status}, 504, "$mode: 504");
	cmp_ok(time - $start, '<', is_sanitized() ? 10 : 4, "$mode: in time");
	cmp_ok(cpu_ms($t->gateway_pid) - $burnt, '<', 250,
	    "$mode: the gateway does not spin") unless $body;
	is($t->record_of($path)->{outcome}, 'timeout', "$mode: accounted");
	is($t->get('/evil?mode=ok')->{status}, 200, "$mode: replaced");
	ok(wait_for(sub { !kill 0, $pid }, 5, "the end of $pid"),
	    "$mode: and is no more");
}
like($t->log, qr/evil.*request_terminate_timeout.*400/,
    'the log names function, limit and value');
done_testing;
