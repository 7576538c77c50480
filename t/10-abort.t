#!/usr/bin/perl
# ABORT_REQUEST ends a request at once, wherever it is.
use strict;
use warnings;
use lib 't/lib';
use Test::More;
use Time::HiRes qw(time);
use Tollgate::FastCGI qw(record begin stream pairs whole_request);
use Tollgate::Test;

my $t = Tollgate::Test->new->evil(evil => "[pool]\nmax_children = 2\n")
    ->start;

sub params_of { stream('params', 1, pairs(nginx_params('POST', @_))) }

for (
	['in its parameters', record('params', 1, 'abc')],
	['in its body', params_of('/evil/body?mode=ok', body => 'x' x 100)
	    . record('stdin', 1, 'half')],
	['before its answer', params_of('/evil/before?mode=hang', body => 'x')
	    . stream('stdin', 1, 'x')],
	['in its answer', params_of('/evil/answer?mode=sleep-mid-body&n=60000')
	    . record('stdin', 1), 30],
) {
	my ($where, $bytes, $wait) = @$_;
	my $c = $t->connect;

	$c->send(begin(1, keep => 1) . $bytes);
	ok($c->wait_bytes(1, $wait), 'its answer has begun') if $wait;
	my $start = time;
	$c->send(record('abort', 1));
	my $answer = $c->answer(1, 5);
	ok($answer->{complete}, "aborted $where: END_REQUEST");
	cmp_ok(time - $start, '<', 1, 'at once');
	$c->send(whole_request(2, [nginx_params('GET', '/evil?mode=ok')]));
	is($c->answer(2)->{status}, 200, 'the connection and a worker go on');
}
is($t->record_of("/evil/$_")->{outcome}, 'aborted', "the record of $_")
    for qw(before answer);

my $c = $t->connect;
$c->send(record('abort', 5) . whole_request(6,
    [nginx_params('GET', '/evil?mode=ok')]));
is($c->answer(6)->{status}, 200, 'ABORT of an unknown id means nothing');
done_testing;
