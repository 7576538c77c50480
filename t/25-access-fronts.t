#!/usr/bin/perl
# Who is no web server of ours is not heard on unix sockets, nor is TCP open to
# anybody by mistake (who may connect then: t/unit/fronts.c).
use strict;
use warnings;
use lib 't/lib';
use POSIX qw(setuid);
use Test::More;
use Tollgate::Test;

my $me = getpwuid($>) // $>;
my $t = Tollgate::Test->new(gateway => "allow_users = $me\n"
    . "listen_mode = 0666\n")->evil('evil')->start;
is($t->get('/evil?mode=ok')->{status}, 200, 'a user of allow_users is served');

SKIP: {
	skip 'only root can be another user', 2 unless $> == 0;
	my ($answer) = in_parallel(1, sub {
		setuid(scalar getpwnam 'nobody');
		return $t->get('/evil?mode=ok', deadline => 5);
	});
	is($answer->{status}, 0, 'another one is not');
	like($t->log, qr/closed the connection of user \d+ .*allow_users/,
	    '... and that is logged');
}

spew($t->dir . '/tollgate.ini',
    slurp($t->dir . '/tollgate.ini') =~ s/allow_users = \S+/allow_users = @{[$> + 1]}/r);
ok($t->reload, 'others are named');
is($t->get('/evil?mode=ok', deadline => 5)->{status}, 0,
    'and that is in force');

for (
	['allow_users = nosuchuser', qr/allow_users: .*nosuchuser/],
	['listen = 0.0.0.0:9000', qr/listen: 0\.0\.0\.0:9000 can be reached/],
	['listen = [::]:9000', qr/listen: \[::\]:9000 can be reached/],
	['trusted_fronts = example.org', qr/trusted_fronts: .*numeric/],
) {
	my ($line, $want) = @$_;
	my ($status, $text) = Tollgate::Test->new(gateway => "$line\n")
	    ->run('-t');

	is($status, 1, "$line: refused");
	like($text, $want, '... with the reason');
}

done_testing;
