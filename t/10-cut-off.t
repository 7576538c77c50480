#!/usr/bin/perl
# A front may leave after any byte of a request.
use strict;
use warnings;
use lib 't/lib';
use Test::More;
use Tollgate::FastCGI qw(begin stream pairs whole_request);
use Tollgate::Test;

my $t = Tollgate::Test->new->evil(evil => "[pool]\nmax_children = 2\n")
    ->start;
my @params = nginx_params('POST', '/evil?mode=ok', body => 'abcdef');
my $whole = whole_request(1, \@params, 'abcdef');
my $last_param = length(begin(1) . stream('params', 1, pairs(@params)));
my $idle = descriptors($t->gateway_pid);

for my $cut (0 .. $last_param - 1) {
	my $c = $t->connect;

	$c->send(substr $whole, 0, $cut);
	$c->close;
}
is($t->get('/none')->{status}, 404, 'it still answers');
is_deeply([$t->workers], [], 'no worker starts before the last parameter');
is(scalar(grep { $_->{outcome} eq 'ok' } $t->accounting), 0,
    'and no request counts as answered');

for my $cut ($last_param .. length($whole) - 1) {
	my $c = $t->connect;

	$c->send(substr $whole, 0, $cut);
	$c->close;
}
is($t->request('POST', '/evil?mode=ok', body => 'abcdef')->{status}, 200,
    'the slots of those who left in mid-body are free');
ok(wait_for(sub { descriptors($t->gateway_pid) <= $idle + 8 }, 5,
    'descriptors to be closed'), 'and their connections are closed');
done_testing;
