#!/usr/bin/perl
# A socket that systemd hands over (LISTEN_FDS) is used, and nobody inherits it.
use strict;
use warnings;
use lib 't/lib';
use Test::More tests => 5;
use IO::Socket::UNIX;
use Tollgate::Test;

my $t = Tollgate::Test->new->evil('evil');
my $path = $t->dir . '/tollgate.sock';
my $socket = IO::Socket::UNIX->new(Local => $path, Listen => 64) or die;
my $inode = (stat $path)[1];

$t->start(listen_fd => $socket);
my $self = $t->get('/evil?mode=self');
is($self->{status}, 200, 'served on the socket that was handed over');
is((stat $path)[1], $inode, 'which is the same as before');
unlike($self->{body}, qr/LISTEN_/, 'handlers do not see LISTEN_FDS');
like($self->{body}, qr/^fds=0,1,2,$/m, 'nor the descriptor');

my $other = Tollgate::Test->new(gateway => 'listen = unix:%DIR%/b.sock')
    ->evil('evil');
$other->start(listen_fd => IO::Socket::UNIX->new(Listen => 1,
    Local => $other->dir . '/a.sock'));
like(slurp($other->dir . '/output'),
    qr/a\.sock was handed over .* not in listen/,
    'one that listen does not name is warned of');
