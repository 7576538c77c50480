#!/usr/bin/perl
# Beyond queue_max a request is refused at once: 503, Retry-After.
use strict;
use warnings;
use lib 't/lib';
use Test::More;
use Time::HiRes qw(time);
use Tollgate::Test;

my $t = Tollgate::Test->new->evil(evil => <<'INI')->evil(none => <<'INI2')
[pool]
max_children = 1
queue_max = 2
INI
[pool]
max_children = 1
queue_max = 0
INI2
    ->start;

is($t->get("/$_?mode=ok")->{status}, 200, "$_: warm") for qw(evil none);
for (['evil', 2], ['none', 0]) {
	my ($name, $room) = @$_;
	my $busy = $t->ask('GET', "/$name?mode=sleep&n=400");
	my @waiting = map { $t->ask('GET', "/$name?mode=ok") } 1 .. $room;
	my $start = time;
	my $refused = $t->get("/$name/refused?mode=ok");

	is($refused->{status}, 503, "$name: $room wait, one more is refused");
	like($refused->{headers}{'retry-after'}, qr/^[1-9]\d*$/,
	    "$name: Retry-After");
	cmp_ok(time - $start, '<', 0.3, "$name: at once");
	is($_->answer(1)->{status}, 200, "$name: the others are served")
	    for $busy, @waiting;
	is($t->record_of("/$name/refused")->{outcome}, 'rejected',
	    "$name: in the accounts");
	like($t->log, qr/$name.*queue_max.*$room/, "$name: and the log");
}
done_testing;
