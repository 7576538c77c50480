#!/usr/bin/perl
# A Lambda worker's start ends when it first asks for an event; one that fails
# is told as AWS tells it, and holds nobody up.
use strict;
use warnings;
use lib 't/lib';
use Test::More;
use Tollgate::Lambda;
use Tollgate::Test;

my $t = Tollgate::Test->new(gateway => 'start_backoff = 10ms');
lambda($t, $_, "arguments = $_\n") for qw(exit zero kill error odd early slow);
lambda($t, hang => "arguments = hang\n[pool]\nstart_timeout = 300ms\n");
lambda($t, warm => "[pool]\nmin_children = 1\n");
$t->function(missing => <<'INI');
[function]
handler = %DIR%/nowhere/bootstrap
protocol = lambda
[route]
exact = /missing
INI
$t->handler('plain', 'no program', 0644);
$t->function(plain => <<'INI');
[function]
handler = %DIR%/plain
protocol = lambda
[route]
exact = /plain
INI
$t->start;

my $exit = 'INIT_REPORT Init Duration: [\d.]+ ms\\\\tPhase: init\\\\t'
    . 'Status: error\\\\tError Type: Runtime.ExitError';
my %log = (
	exit => qr/Runtime exited with error: exit status 3\n.*$exit/s,
	zero => qr/Runtime exited without providing a reason\n.*$exit/s,
	kill => qr/Runtime exited with error: signal: killed\n.*$exit/s,
	error => qr/Status: error\\tError Type: Runtime.NoLuck/,
	odd => qr/Status: error\\tError Type: Runtime.Unknown/,
	hang => qr/Phase: init\\tStatus: timeout/,
	missing => qr//,
	plain => qr//,
);
for my $name (sort keys %log) {
	my $got = $t->get("/$name");
	is("$got->{status} $got->{body}", '502 Internal Server Error',
	    "$name: 502");
	like($t->record_of("/$name")->{outcome}, qr/error|timeout|crash/,
	    "$name: is no success");
	like($t->function_log($name), $log{$name}, "$name: the log says why")
	    if $name !~ /missing|plain/;
	like($t->log, qr/\b$name\b/, "$name: so does the error log");
}
like($t->log, qr/\berror: .*it reports that its start failed/,
    'whoever says that its start failed is believed');

is($t->get('/early?do=say&say=1')->{body}, 1,
    'a result before the first next costs nothing');
like($t->function_log('early'), qr/early response: 403 .*from Started to /,
    'and is refused');
is($t->get('/slow?do=say&say=1')->{body}, 1, 'a slow start is waited for');
cmp_ok($t->record_of('/slow')->{init_ms}, '>=', 300,
    'its record says how long it took');
like($t->function_log('slow'), qr/Init Duration: [3-9]\d\d\.\d\d ms/,
    'and REPORT, too');

ok(wait_for(sub { $t->workers > 0 && $t->function_log('warm') =~ /starting/ },
    30, 'a warm worker'), 'a worker is kept warm');
is($t->get('/warm?do=say&say=1')->{body}, 1, 'and takes a request');
ok(wait_for(sub { $t->function_log('warm') =~ /REPORT.*Init Duration/ }, 30,
    'REPORT'), 'whose REPORT tells of the start');
done_testing;
