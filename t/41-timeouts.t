#!/usr/bin/perl
# The end of a request's time is the end of everything its worker started.
use strict;
use warnings;
use lib 't/lib';
use Test::More;
use Time::HiRes qw(time);
use Tollgate::Test;

my $t = Tollgate::Test->new(gateway => 'stop_timeout = 300ms')
    ->cgi(tree => <<'SH', <<'INI')->cgi(deaf => <<'SH2', <<'INI')
#!/bin/sh
sleep 3600 &
echo "one $!" >%DIR%/out/pids
(trap '' TERM; sleep 3600) &
echo "two $!" >>%DIR%/out/pids
wait
SH
[limits]
request_terminate_timeout = 400ms
[sandbox]
level = standard
INI
#!/bin/sh
trap '' TERM
sleep 3600
SH2
[limits]
request_terminate_timeout = 400ms
INI
    ->cgi(polite => <<'SH3', <<'INI3')->evil(silent => <<'INI4')->start;
#!/bin/sh
trap 'echo "was told" >&2; exit 0' TERM
while :; do sleep 0.05; done
SH3
[limits]
request_terminate_timeout = 400ms
INI3
[limits]
io_timeout = 400ms
request_terminate_timeout = 20s
INI4
mkdir $t->dir . '/out';
chmod 0777, $t->dir . '/out';

for my $name (qw(tree deaf polite)) {
	my $start = time;
	my $answer = $t->get("/$name");
	is($answer->{status}, 504, "$name: 504");
	cmp_ok(time - $start, '<', 2, "$name: in time");
	is($t->record_of("/$name")->{outcome}, 'timeout', "$name: accounted");
	like($t->log, qr/$name.*request_terminate_timeout.*400/,
	    "$name: the log names the limit");
}
my @pids = slurp($t->dir . '/out/pids') =~ /(\d+)$/mg;
is(scalar @pids, 2, 'it had started two others');
for my $pid (@pids) {
	ok(wait_for(sub { !kill 0, $pid }, 3, "the end of $pid"),
	    'a process it started is no more');
}
ok(wait_for(sub { $t->function_log('polite') =~ /was told/ }, 3,
    'its last words'), 'TERM comes before KILL');

my $start = time;
is($t->get('/silent?mode=sleep&n=60000')->{status}, 504,
    'silence for io_timeout: 504');
cmp_ok(time - $start, '<', 3, 'in time');
like($t->log, qr/silent.*io_timeout.*400/, 'and the log names it');
is($t->get('/silent?mode=byte-records&n=8&m=200')->{body}, 'abcdefgh',
    'one that keeps talking may take longer');
done_testing;
