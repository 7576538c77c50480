#!/usr/bin/perl
# A grandchild that holds every descriptor holds up no answer, and is killed
# with its worker.
use strict;
use warnings;
use lib 't/lib';
use Test::More;
use Time::HiRes qw(time);
use Tollgate::Test;

my $t = Tollgate::Test->new(gateway => 'stop_timeout = 300ms')
    ->evil(evil => "[pool]\nmax_children = 1\nprocess_idle_timeout = 200ms\n")
    ->cgi(cgi => <<'SH')->start;
#!/bin/sh
printf 'Content-Type: text/plain\n\n'
setsid sleep 3600 &
printf 'grandchild=%d\n' $!
SH

for my $uri ('/evil?mode=double-fork', '/evil?mode=double-fork&n=1', '/cgi') {
	my $start = time;
	my $answer = $t->get($uri);
	my ($inner) = $answer->{body} =~ /grandchild=(\d+)/;
	my $pid = $t->real_pid($inner // 0, $uri =~ s/\?.*//sr);

	ok($inner, "$uri: an answer") or next;
	ok($answer->{complete}, "$uri: whole") unless $uri =~ /n=1/;
	cmp_ok(time - $start, '<', 3, "$uri: which nobody holds up");
	ok(wait_for(sub { !$pid || !kill 0, $pid }, 5, "the grandchild's end"),
	    "$uri: the grandchild goes with its worker");
}
done_testing;
