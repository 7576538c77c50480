#!/usr/bin/perl
# Who has a whole answer is in the accounts already.
use strict;
use warnings;
use lib 't/lib';
use Test::More;
use Tollgate::FastCGI;
use Tollgate::Test;

my $t = Tollgate::Test->new->evil('evil')->cgi(cgi => <<'SH')->start;
#!/bin/sh
printf 'Content-Type: text/plain\nContent-Length: 2\n\nok'
SH
my %late;

for my $uri ('/evil?mode=ok', '/cgi', '/evil?mode=big&n=1000&m=1', '/none',
    '/evil?mode=status&n=204') {
	for (1 .. 40) {
		my $before = () = $t->accounting;
		$t->get($uri);
		$late{$uri}++ if $before + 1 != (() = $t->accounting);
	}
}
is_deeply(\%late, {}, 'every record is there when END_REQUEST is');

# A client that goes by Content-Length, as web servers do, does not wait for
# END_REQUEST.
my $early = 0;
for (1 .. 40) {
	my $before = () = $t->accounting;
	my $c = $t->ask('GET', '/evil?mode=big&n=1000&m=1');
	$c->wait_bytes(1, 1000 + length
	    "Content-Type: text/plain\r\nContent-Length: 1000\r\n\r\n");
	$early++ if $before == (() = $t->accounting);
}
is($early, 0, 'nor is a body whole before its record is');

# Work after the answer holds it up for a moment only.
my $start = Time::HiRes::time();
is($t->get('/evil?mode=work-after&n=800')->{status}, 200, 'works on');
cmp_ok(Time::HiRes::time() - $start, '<', 0.5, 'after its answer has left');
done_testing;
