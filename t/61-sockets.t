#!/usr/bin/perl
# What stands at the socket's path decides: a living daemon's is left alone, a
# dead one's replaced, anything else refused.
use strict;
use warnings;
use lib 't/lib';
use Test::More;
use IO::Socket::UNIX;
use Tollgate::Test;

my $t = Tollgate::Test->new->evil('evil')->start;
my ($status, $text) = $t->run('-f');
isnt($status, 0, 'a second start is refused');
isnt($status, 124, 'at once');
like($text . $t->log, qr/tollgate\.sock.*(?:in use|already|alive|live)/i,
    'and says why');
is($t->get('/evil?mode=ok')->{status}, 200, 'the first goes on');

# Nobody listens any more at a socket that is still there.
my $stale = Tollgate::Test->new->evil('evil');
IO::Socket::UNIX->new(Local => $stale->dir . '/tollgate.sock', Listen => 1)
    ->close;
ok(-S $stale->dir . '/tollgate.sock', 'a stale socket');
is($stale->start->get('/evil?mode=ok')->{status}, 200, 'is replaced');

for (
	['a file', sub { spew($_[0], 'precious') }, qr/socket|exists|in use/i],
	['a link', sub { symlink '/nowhere', $_[0] }, qr/socket|exists|in use/i],
	['a folder', sub { mkdir $_[0] }, qr/socket|exists|directory|in use/i],
) {
	my ($what, $make, $why) = @$_;
	my $other = Tollgate::Test->new->evil('evil');
	my $path = $other->dir . '/tollgate.sock';

	$make->($path);
	my $before = (lstat $path)[1];
	($status, $text) = $other->run('-f');
	isnt($status, 0, "$what in its place: refused");
	isnt($status, 124, 'at once');
	like($text . $other->log, qr/tollgate\.sock.*$why/, 'it says why');
	is((lstat $path)[1], $before, 'and it is still there');
}

# The path of a running one, taken by somebody else.
my $robbed = Tollgate::Test->new->evil('evil')->start;
my $path = $robbed->dir . '/tollgate.sock';
unlink $path or die;
my $thief = IO::Socket::UNIX->new(Local => $path, Listen => 1) or die;
my $mode = (stat $path)[2];
ok($robbed->reload, 'a reload goes on');
like($robbed->log, qr/tollgate\.sock: another socket/, 'and says it');
is((stat $path)[2], $mode, 'the other socket is left as it is');
is($robbed->stop, 0, 'so it is at the end');
ok(-S $path, 'which does not remove it');

# sun_path has room for 107 bytes and a NUL.
my $long = Tollgate::Test->new;
my $fits = $long->dir . '/' . 's' x (107 - 1 - length $long->dir);
$long->{gateway} = "listen = unix:$fits";
$long->evil('evil')->start;
is($long->get('/evil?mode=ok')->{status}, 200, 'a path of 107 bytes');
for my $size (108, 200) {
	my $over = Tollgate::Test->new;
	$over->{gateway} = 'listen = unix:' . $over->dir . '/'
	    . 's' x ($size - 1 - length $over->dir);
	($status, $text) = $over->evil('evil')->run('-f');
	isnt($status, 0, "a path of $size bytes: refused");
	isnt($status, 124, 'at once');
	like($text . $over->log, qr/listen|too long/, 'it says why');
	is(scalar(grep { -S } glob $over->dir . '/s*'), 0, 'never cut');
}

my $nowhere = Tollgate::Test->new(gateway => 'listen = unix:%DIR%/no/t.sock');
($status, $text) = $nowhere->evil('evil')->run('-f');
isnt($status, 0, 'a folder that does not exist: refused');
like($text . $nowhere->log, qr{no/t\.sock.*No such file}, 'it says why');
done_testing;
