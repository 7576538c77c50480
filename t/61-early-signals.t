#!/usr/bin/perl
# A signal that comes while a gateway still reads its first load does no harm.
use strict;
use warnings;
use lib 't/lib';
use Test::More tests => 9;
use Tollgate::Test;

for my $signal (qw(USR1 QUIT TERM)) {
	my $t = Tollgate::Test->new->evil('evil');

	# So many that it takes longer to read them than to send a signal.
	$t->function("many$_", "[function]\nhandler = %EVIL%\n"
	    . "[route]\nexact = /$_\n") for 1 .. 400;
	$t->start(no_wait => 1);
	ok(wait_for(sub { $t->gateway_pid }, 10), 'a gateway runs');
	$t->signal($signal);
	if ($signal eq 'USR1') {
		$t->wait_ready;
		is($t->get('/evil?mode=ok')->{status}, 200, 'it serves');
		$t->stop;
	} else {
		is($t->wait_exit, 0, "$signal: it ends");
	}
	unlike($t->log, qr/signal (?!9 )\d+|Sanitizer:/, 'and does not crash');
}
