#!/usr/bin/perl
# A whole request stays in its socket until it is answered, so that its sender
# is woken once and not twice; what is not whole is taken off at once.
use strict;
use warnings;
use lib 't/lib';
use Test::More;
use Tollgate::FastCGI qw(whole_request);
use Tollgate::Test;

my $SIOCOUTQ = 0x5411;		# unix(7): what the other side has not read

my $t = Tollgate::Test->new->evil(evil => "[pool]\nmax_children = 2\n")
    ->start;
plan skip_all => 'no io_uring here, so nothing is only looked at'
    if $t->log =~ /no io_uring/;

sub unread {
	my ($c) = @_;
	my $left = pack 'i', 0;

	ioctl $c->{socket}, $SIOCOUTQ, $left or die "SIOCOUTQ: $!";
	return unpack 'i', $left;
}

sub request {
	my ($id, $mode, $keep) = @_;
	return whole_request($id, [nginx_params('GET', "/evil/$id?mode=$mode")],
	    '', keep => $keep);
}

is($t->get('/evil?mode=ok')->{status}, 200, 'warm');
my $c = $t->connect;
my $slow = request(1, 'sleep&n=500', 1);
$c->send($slow);
is($c->answer(1)->{status}, 200, 'a request is answered');
ok(wait_for(sub { unread($c) == 0 }, 10, 'the taking off'),
    'and read by then');

$c->send($slow);
is($t->get('/evil?mode=ok')->{status}, 200, 'a later one of another');
cmp_ok(unread($c), '>', 0, 'leaves one that runs in its socket');
$c->send(request(2, 'ok', 1));
is($c->answer(2)->{status}, 200, 'one that comes meanwhile is served');
is(unread($c), 0, 'and reads off what was there');
is($c->answer(1)->{status}, 200, 'the first too');

$c = $t->connect;
$c->send(substr $slow, 0, 100);
ok(wait_for(sub { unread($c) == 0 }, 10, 'the reading'),
    'half a request is read at once');
$c->send(substr $slow, 100);
is($c->answer(1)->{status}, 200, 'and answered when it is whole');

$c = $t->connect;
$c->send(request(1, 'ok', 0));
is($c->answer(1)->{status}, 200, 'one that is the last');
is($c->wait_close(10), 'eof', 'ends in good order');

$c = $t->connect;
$c->send(request(99, 'sleep&n=60000', 1));
is($t->get('/evil?mode=ok')->{status}, 200, 'a later one again');
$c->close;
is($t->record_of('/evil/99')->{outcome}, 'aborted', 'that leaves is noticed');
done_testing;
