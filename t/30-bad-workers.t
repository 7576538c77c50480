#!/usr/bin/perl
# A worker that says nonsense, or dies, costs its request a 502 and is replaced.
use strict;
use warnings;
use lib 't/lib';
use Test::More;
use Tollgate::Test;

my $t = Tollgate::Test->new->evil(evil => <<'INI')->evil('canary')->start;
[pool]
max_children = 1
[limits]
request_terminate_timeout = 5s
INI

sub worker_pid { $t->pid_of('/evil?mode=ok') }

my $canary = $t->get('/canary?mode=ok')->{body};
my $last = worker_pid();
for (
	# mode, outcome, what the log says
	['garbage&n=0',		'crash|error'],
	['garbage&n=1',		'crash|error'],
	['garbage&n=2',		'crash|error'],
	['wrong-id&n=0',	'crash|error'],
	['wrong-id&n=999',	'crash|error'],
	['wrong-version&n=0',	'crash|error'],
	['wrong-version&n=2',	'crash|error'],
	['end-other',		'crash|error'],
	['no-blank-line&n=1000000', 'crash|error', qr/max_header_size/],
	['eof-before-headers',	'crash|error'],
	['eof-in-headers',	'crash|error'],
	['fin-in-record',	'crash|error'],
	['crash&n=11',		'crash', qr/\b(?:signal 11|SIGSEGV)/],
	['crash&n=6',		'crash', qr/\b(?:signal 6|SIGABRT)/],
	['crash&n=9',		'crash', qr/\b(?:signal 9|SIGKILL)/],
	['exit&n=0',		'crash|error'],
	['exit&n=3',		'crash|error', qr/(?:status|exit\w*|code) 3/],
	['end-status&n=0&m=1',	'ok|error'],
) {
	my ($mode, $outcome, $log) = @$_;
	my $path = "/evil/" . ($mode =~ tr/&=/--/r);
	my $before = length $t->log;
	my $answer = $t->post("$path?mode=$mode", 'body');

	unless ($mode =~ /end-status/) {
		is($answer->{status}, 502, "$mode: 502");
		ok($answer->{complete}, "$mode: whole");
		my $now = worker_pid();
		# One that only closed its connection may stay.
		if ($mode !~ /^(?:eof|fin)/) {
			isnt($now, $last, "$mode: the worker is replaced");
			ok(wait_for(sub { !kill 0, $last }, 5,
			    "the end of $last"), "$mode: and is no more");
		}
		$last = $now;
		like(substr($t->log, $before), qr/evil/, "$mode: is logged");
	}
	like($t->record_of($path)->{outcome}, qr/^(?:$outcome)$/,
	    "$mode: is in the accounts");
	like(substr($t->log, $before), $log, "$mode: with its reason") if $log;
}
is($t->get('/canary?mode=ok')->{body} =~ s/served=2/served=1/r, $canary,
    'another function has not noticed');
done_testing;
