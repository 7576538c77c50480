#!/usr/bin/perl
# Thousands of functions load and reload quickly and cost little.
use strict;
use warnings;
use lib 't/lib';
use Test::More;
use Time::HiRes qw(time);
use Tollgate::Test;

my $n = $ENV{TOLLGATE_FUNCTIONS} // (is_sanitized() ? 1000 : 10_000);
my $few = Tollgate::Test->new->evil('evil')->start;
my $base = both_kb($few);
my $t = Tollgate::Test->new->evil('evil');

for my $i (1 .. $n) {
	$t->function("f$i" => "[function]\nhandler = %EVIL%\n"
	    . "[route]\nprefix = /many/f$i\nhost = h$i.example\n"
	    . "[pool]\nmax_children = 2\n");
}
my $start = time;
$t->start;
my $took = time - $start;
diag(sprintf '%d functions: start %.2f s, gateway %d KB, spawner %d KB', $n,
    $took, resident_kb($t->gateway_pid), resident_kb($t->pid));
cmp_ok($took, '<', 8, 'it starts');
is($t->get('/many/f77/x?mode=ok', headers => { Host => 'h77.example' })
    ->{status}, 200, 'routes');
is($t->get('/many/f77/x', headers => { Host => 'h78.example' })->{status}, 404,
    'and only there');
cheap('each function');
$start = time;
ok($t->reload, 'it reloads');
cmp_ok(time - $start, '<', 5, 'quickly');
cheap('each after that');
is($t->get('/many/f77/x?mode=ok', headers => { Host => 'h77.example' })
    ->{status}, 200, 'and goes on');
done_testing;

sub both_kb {
	return resident_kb($_[0]->gateway_pid) + resident_kb($_[0]->pid);
}

# Gateway and spawner together.
sub cheap {
	SKIP: {
		skip 'sanitizers hold on to memory', 1 if is_sanitized();
		cmp_ok((both_kb($t) - $base) / $n, '<', 2,
		    "less than 2 KB for $_[0]");
	}
}
