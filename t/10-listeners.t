#!/usr/bin/perl
# It listens on several sockets, unix and TCP, with the mode that is configured.
use strict;
use warnings;
use lib 't/lib';
use Test::More;
use Tollgate::Test;

my ($first, $second) = free_port(2);
my $t = Tollgate::Test->new(gateway => <<"INI")->evil('evil')->start;
listen = unix:%DIR%/tollgate.sock 127.0.0.1:$first unix:%DIR%/b.sock 127.0.0.1:$second
listen_mode = 0600
INI
my $dir = $t->dir;
my @addresses = ("unix:$dir/tollgate.sock", "127.0.0.1:$first",
    "unix:$dir/b.sock", "127.0.0.1:$second");

for my $address (@addresses) {
	is($t->get('/evil?mode=ok', address => $address)->{status}, 200,
	    "served on $address");
}
for my $name (qw(tollgate b)) {
	is(sprintf('%o', (stat "$dir/$name.sock")[2] & 07777), '600',
	    "$name.sock has the mode");
}
is($t->stop, 0, 'it stops');

my $wide = Tollgate::Test->new->evil('evil')->start;
is(sprintf('%o', (stat $wide->dir . '/tollgate.sock')[2] & 07777), '660',
    'the default mode is 0660');
SKIP: {
	skip 'only root can give a socket to www-data', 1
	    unless $> == 0 && getgrnam 'www-data';
	is((stat $wide->dir . '/tollgate.sock')[5], scalar getgrnam 'www-data',
	    'and the group www-data');
}
done_testing;
