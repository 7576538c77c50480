#!/usr/bin/perl
# A worker that leaves just as it is handed a request costs no answer, and no
# request runs twice.
use strict;
use warnings;
use lib 't/lib';
use Test::More;
use Tollgate::Test;

my $t = Tollgate::Test->new->evil(evil => <<'INI')->start;
[pool]
max_children = 1
INI

# mode of the worker it meets, method, status, attempt
for (
	['reset-next&n=0',	'GET',	200, 2],
	['reset-next&n=0',	'POST',	200, 2],
	['reset-next&n=1',	'GET',	502, 1],
	['reset-next&n=1',	'POST',	502, 1],
	['eof-next&n=0',	'GET',	200, 2],
	['eof-next&n=0',	'POST',	502, 1],
	['close-each',		'GET',	200],
	['close-each',		'POST',	200],
	['exit-after&n=0',	'GET',	200],
	['exit-after&n=0',	'POST',	200],
) {
	my ($mode, $method, $status, $attempt) = @$_;
	my $path = '/evil/' . ($mode =~ tr/&=/--/r) . "-$method";

	# Of a warm one the connection is kept, so that it is handed the next.
	is($t->get('/evil?mode=ok')->{status}, 200, 'warm');
	is($t->get("/evil?mode=$mode")->{status}, 200, "$mode: answers");
	my $answer = $t->request($method, "$path?mode=ok",
	    $method eq 'POST' ? (body => 'x' x 5000) : ());
	is($answer->{status}, $status, "$mode, then $method: $status");
	like($answer->{body}, qr/body=5000/, 'with its body')
	    if $method eq 'POST' && $status == 200;
	is($t->record_of($path)->{attempt}, $attempt, "attempt $attempt")
	    if $attempt;
}

# Killed in mid-request with its body unread: a reset, yet not tried again.
for my $signal (9, 11) {
	my $path = "/evil/unread-$signal";
	is($t->post("$path?mode=crash-unread&n=$signal", 'x' x 5000)->{status},
	    502, "killed by $signal with unread input: 502");
	is($t->record_of($path)->{attempt}, 1, 'and once only');
}
done_testing;
