#!/usr/bin/perl
# Management records are answered at any time, on any connection.
use strict;
use warnings;
use lib 't/lib';
use Test::More;
use Tollgate::FastCGI qw(record begin pairs parse_pairs);
use Tollgate::Test;

my $t = Tollgate::Test->new->start;
my $c = $t->connect;

sub values_of {
	my (@names) = @_;

	$c->send(record('get_values', 0, pairs(map { $_ => '' } @names)));
	my ($type, $content) = @{$c->management // [0, '']};
	is($type, 10, 'GET_VALUES_RESULT');
	return { parse_pairs($content) };
}

my $all = values_of(qw(FCGI_MAX_CONNS FCGI_MAX_REQS FCGI_MPXS_CONNS));
is($all->{FCGI_MPXS_CONNS}, 1, 'connections are multiplexed');
like($all->{FCGI_MAX_CONNS}, qr/^[1-9]\d*$/, 'FCGI_MAX_CONNS is a number');
like($all->{FCGI_MAX_REQS}, qr/^[1-9]\d*$/, 'FCGI_MAX_REQS is a number');
is_deeply(values_of(), {}, 'nothing asked, nothing told');
is_deeply(values_of('FCGI_MPXS_CONNS', 'X' x 200), { FCGI_MPXS_CONNS => 1 },
    'what it does not know is left out');
my $many = values_of(('FCGI_MPXS_CONNS') x 3000);
is_deeply($many, { FCGI_MPXS_CONNS => 1 }, 'asked 3,000 times: a result');

$c->send(record(77, 0, 'what is this', 3));
is_deeply($c->management, [11, pack('Cx7', 77)],
    'an unknown type with id 0 is answered UNKNOWN_TYPE');
$c->send(begin(1) . record('get_values', 0, pairs(FCGI_MPXS_CONNS => '')));
is($c->management->[0], 10, 'in the middle of a request, too');

# One that asks on and never reads is not remembered for ever.
my $deaf = $t->connect;
$deaf->{deaf} = 1;
ok(!$deaf->send("\1\x64\0\0\0\0\0\0" x 1_000_000), 'it is cut off');
is(values_of('FCGI_MPXS_CONNS')->{FCGI_MPXS_CONNS}, 1, 'others are answered');
done_testing;
