#!/usr/bin/perl
# A gateway that is killed is back within a second; no connect is refused.
use strict;
use warnings;
use lib 't/lib';
use Test::More;
use IO::Socket::UNIX;
use Time::HiRes qw(time);
use Tollgate::Test;

my $t = Tollgate::Test->new(new_gateway => 1)->evil('evil')->start;
my $path = $t->dir . '/tollgate.sock';

for my $round (1 .. 3) {
	my $gateway = $t->gateway_pid;
	my $worker = $t->pid_of('/evil?mode=ok');
	my $busy = $t->ask('GET', '/evil?mode=sleep-mid-body&n=5000');
	my ($refused, $start) = (0, time);

	$busy->wait_bytes(1, 30);
	kill 'KILL', $gateway;
	while (time < $start + 0.3) {
		IO::Socket::UNIX->new(Peer => $path) or $refused++;
	}
	is($refused, 0, "$round: no connect is refused");
	is($t->get('/evil?mode=ok')->{status}, 200, "$round: served again");
	cmp_ok(time - $start, '<', 1.5, "$round: within a second");
	ok(!$busy->answer(1)->{complete}, "$round: what it had is cut off");
	ok(wait_for(sub { !kill 0, $worker }, 3, "the end of $worker"),
	    "$round: its workers are gone");
	isnt($t->gateway_pid, $gateway, "$round: it is another one");
}
is(scalar(grep { !/^\{.*\}$/ } split /\n/, slurp($t->dir . '/log/accounting')),
    0, 'the accounts are whole lines');
done_testing;
