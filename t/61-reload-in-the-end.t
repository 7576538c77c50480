#!/usr/bin/perl
# A reload that is under way when the end begins opens no socket again.
use strict;
use warnings;
use lib 't/lib';
use Test::More tests => 8;
use Tollgate::Test;

for my $end (qw(QUIT TERM)) {
	my $t = Tollgate::Test->new->evil('evil')->start;
	my $busy = $t->ask('GET', '/evil?mode=sleep&n=600');

	ok(wait_for(sub { $t->workers }, 5), 'a worker is at work');
	# Both wait for the spawner, which takes the lower number first.
	$t->note_processes->signal('STOP');
	$t->signal('HUP')->signal($end)->signal('CONT');
	is($busy->answer(1)->{status}, 200, "$end: what was under way ends");
	is($t->wait_exit, 0, 'and all with it');
	unlike($t->log, qr/generation 2/, 'the reload came to nothing');
}
