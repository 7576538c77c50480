#!/usr/bin/perl
# [access] allow and deny: the longest network that a client's address is in
# decides, whatever way the address is written; no address is no way in.
use strict;
use warnings;
use lib 't/lib';
use Test::More;
use Tollgate::Test;

my %access = (
	open => '',
	allow => 'allow = 192.0.2.0/24 2001:db8::/32',
	deny => 'deny = 192.0.2.0/24 2001:db8::/32',
	both => "allow = 192.0.2.0/24 all\ndeny = 192.0.0.0/8 192.0.2.7",
	tie => "allow = 192.0.2.7 192.0.2.0/24\ndeny = 192.0.2.7",
	nobody => 'deny = all',
);
my $t = Tollgate::Test->new;
$t->evil($_ => "[access]\n$access{$_}\n") for keys %access;
$t->start;

for (
	['open', '', 200], ['open', 'rubbish', 200],
	['allow', '192.0.2.1', 200], ['allow', '192.0.3.1', 403],
	['allow', '2001:db8:1::5', 200], ['allow', '2001:db9::', 403],
	['allow', '::ffff:192.0.2.1', 200], ['allow', '::ffff:1.2.3.4', 403],
	['allow', '', 403], ['allow', '192.0.2.1, 10.0.0.1', 403],
	['allow', 'unix:', 403], ['allow', "192.0.2.1\n", 403],
	['deny', '192.0.2.1', 403], ['deny', '192.0.3.1', 200],
	['deny', '::ffff:192.0.2.1', 403], ['deny', '2001:db8::1', 403],
	['deny', '', 403], ['deny', '192.0.2.001', 403],
	['both', '192.0.2.1', 200], ['both', '192.0.2.7', 403],
	['both', '192.1.1.1', 403], ['both', '10.0.0.1', 200],
	['both', '::1', 200],
	['tie', '192.0.2.7', 403], ['tie', '192.0.2.8', 200],
	['nobody', '127.0.0.1', 403], ['nobody', '::1', 403],
) {
	my ($name, $address, $want) = @$_;

	is($t->get("/$name?mode=ok", params => [REMOTE_ADDR => $address])
	    ->{status}, $want, "$name: '$address': $want");
}

# What a client can say of itself changes nothing.
is($t->get('/allow?mode=ok', headers => {
	'X-Forwarded-For' => '192.0.2.1', 'Remote-Addr' => '192.0.2.1',
	'X-Real-IP' => '192.0.2.1', 'Forwarded' => 'for=192.0.2.1',
    })->{status}, 403, "headers are not the client's address");

my $record = $t->record_of('/nobody');
is($record->{outcome}, 'rejected', 'it is accounted as rejected');
is($record->{status}, 403, '... with its status');
is($record->{function}, 'nobody', '... for its function');
is($record->{caller}, '', '... of no caller');

for (
	['allow = 192.0.2.1/24', qr/bits beyond/],
	['allow = 192.0.2.0/33', qr/number of bits/],
	['deny = localhost', qr/no numeric address/],
	['deny = 10.0.0.0/8 10.0.0.0/8', qr/twice/],
	["satisfy = some", qr/neither all nor any/],
) {
	my ($line, $want) = @$_;
	my $bad = Tollgate::Test->new->evil(bad => "[access]\n$line\n");
	my ($status, $text) = $bad->run('-t');

	is($status, 1, "$line: refused");
	like($text, qr/bad\.ini:6: \[access\] .*$want/, "$line: says why");
}
done_testing;
