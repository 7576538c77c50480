#!/usr/bin/perl
# No route: 404.  No route for the method: 405, and Allow says which there are.
use strict;
use warnings;
use lib 't/lib';
use Test::More;
use Tollgate::Test;

my $t = Tollgate::Test->new
    ->evil(reader => "parameters = FUNCTION=reader\n"
    . "[route]\nexact = /thing\nmethods = GET HEAD\n")
    ->evil(writer => "parameters = FUNCTION=writer\n"
    . "[route]\nexact = /thing\nmethods = PUT\n")->start;

for my $path ('/', '/thin', '/thing/', '/nothing', '/' . 'x' x 10_000) {
	my $answer = $t->get($path);
	is($answer->{status}, 404, substr("$path: 404", 0, 60));
	ok($answer->{complete}, 'whole');
}
like($t->request('GET', '/thing?mode=params')->{body}, qr/^FUNCTION=reader$/m,
    'GET is for one function');
like($t->request('PUT', '/thing?mode=params', body => 'x')->{body},
    qr/^FUNCTION=writer$/m, 'PUT for the other');
my $no = $t->request('DELETE', '/thing');
is($no->{status}, 405, 'DELETE for neither');
is(join(' ', sort split /,\s*/, $no->{headers}{allow} // ''), 'GET HEAD PUT',
    'Allow names the methods of both');
my ($id) = $no->{body} =~ /([0-9a-f]{8}-[0-9a-f-]{27})/;
ok($id, 'the answer carries the request id');
is((grep { $_->{id} eq ($id // '') } $t->accounting)[0]{outcome}, 'rejected',
    'under which it is in the accounts');
done_testing;
