#!/usr/bin/perl
# An answer that breaks after its head never looks whole.
use strict;
use warnings;
use lib 't/lib';
use Test::More;
use Tollgate::FastCGI qw(whole_request);
use Tollgate::Test;

my $t = Tollgate::Test->new->evil(evil => <<'INI')->start;
[pool]
max_children = 1
[limits]
request_terminate_timeout = 500ms
INI

for my $keep (0, 1) {
	for my $mode ('eof-after-headers', 'eof-after-headers&n=100',
	    'eof-mid-body', 'eof-mid-body&n=100', 'crash-mid-body&n=0&m=11',
	    'no-end', 'length-lies&n=100&m=50', 'sleep-mid-body&n=60000') {
		my $c = $t->connect;
		my $path = '/evil/' . ($mode =~ tr/&=/--/r) . "-$keep";

		$c->send(whole_request(1, [nginx_params('GET',
		    "$path?mode=$mode")], '', keep => $keep));
		my $answer = $c->answer(1);
		if ($answer->{status} != 200) {
			is($answer->{status}, 502, "$mode: an error in time");
		} elsif ($mode eq 'no-end' && $answer->{complete}) {
			is($answer->{body}, 'body', "$mode: whole after all");
		} else {
			ok(!$answer->{complete}, "$mode: no END_REQUEST");
			is($answer->{end}, 'garbage',
			    "$mode: a record of version 0");
			like($c->wait_close, qr/\w/, "$mode: and a close");
		}
		like($t->record_of($path)->{outcome},
		    qr/^(?:error|crash|timeout|ok)$/, "$mode: accounted");
		is($t->get('/evil?mode=ok')->{status}, 200, 'and replaced');
	}
}

# What is too much is cut off instead.
my $answer = $t->get('/evil?mode=length-lies&n=50&m=100');
is($answer->{body}, 'b' x 50, 'a body beyond its Content-Length is cut');
done_testing;
