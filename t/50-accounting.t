#!/usr/bin/perl
# Each request is one line of JSON that says what it cost, whatever its end.
use strict;
use warnings;
use lib 't/lib';
use Test::More;
use Tollgate::Test;

my $t = Tollgate::Test->new->evil(evil => <<'INI')->start;
[route]
prefix = /evil
methods = GET POST
[pool]
max_children = 1
queue_max = 1
[limits]
request_terminate_timeout = 500ms
memory_max = 256M
INI
my $user = $> == 0 ? 'nobody' : getpwuid $>;

sub record { $t->record_of("/evil/$_[0]") }

$t->post('/evil/ok?mode=ok&secret=1', 'x' x 1000);
my $ok = record('ok');
is_deeply([sort grep { $_ ne 'init_ms' } keys %$ok], [sort qw(time id function
    version trigger user caller method path status outcome duration_ms queue_ms
    billed_ms cpu_ms memory_mb max_memory_kb gb_ms bytes_in bytes_out worker
    cold attempt)], 'the fields of a record');
for (
	[time => qr/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/],
	[id => qr/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/],
	[function => qr/^evil$/], [trigger => qr/^http$/],
	[user => qr/^$user$/], [method => qr/^POST$/],
	[path => qr{^/evil/ok$}], [status => qr/^200$/],
	[outcome => qr/^ok$/], [memory_mb => qr/^256$/],
	[bytes_in => qr/^1000$/], [attempt => qr/^1$/],
	[billed_ms => qr/^\d*00$/], [max_memory_kb => qr/^[1-9]\d+$/],
) {
	my ($field, $want) = @$_;
	like($ok->{$field} // '', $want, "$field is $want");
}
ok($ok->{cold}, 'the first is cold');
cmp_ok($ok->{billed_ms}, '>=', $ok->{duration_ms}, 'rounded up');
cmp_ok(abs($ok->{gb_ms} - $ok->{billed_ms} / 4), '<', 1, 'gb_ms is their product');

my $answer = $t->get('/evil/sized?mode=big&n=123456');
is(record('sized')->{bytes_out}, 123456, 'bytes_out counts the body');
$t->get('/evil/burn?mode=burn&n=120');
cmp_ok(record('burn')->{cpu_ms}, '>=', 100, 'cpu_ms counts CPU');
cmp_ok(record('burn')->{cpu_ms}, '<', 300, 'and not more');
$t->get('/evil/sleep?mode=sleep&n=120');
cmp_ok(record('sleep')->{cpu_ms}, '<', 50, 'sleep costs none');
cmp_ok(record('sleep')->{duration_ms}, '>=', 119, 'but time');

# What a request takes shows in its own record, however lately the worker's
# peak was read, and stays its worker's peak.
my $small = record('sleep')->{max_memory_kb};
$t->get('/evil/touch?mode=touch&n=8');
my $peak = record('touch')->{max_memory_kb};
cmp_ok($peak, '>=', $small + 7 * 1024, 'max_memory_kb counts memory');
cmp_ok($peak, '<', $small + 10 * 1024, 'and not more');
$t->get('/evil/more?mode=touch&n=12');
cmp_ok(record('more')->{max_memory_kb}, '>=', $small + 11 * 1024,
    'the request right after it as well');
$t->get('/evil/less?mode=sleep&n=60');
cmp_ok(record('less')->{max_memory_kb}, '>=', $small + 11 * 1024,
    "the worker's peak stays");

# Each outcome.
$t->get('/evil/teapot?mode=status&n=500');
is(record('teapot')->{outcome}, 'ok', "500 of the handler's own is ok");
is(record('teapot')->{status}, 500, 'with its status');
$t->get('/evil/crash?mode=crash&n=11');
is(record('crash')->{outcome}, 'crash', 'crash');
$t->get('/evil/timeout?mode=hang');
is(record('timeout')->{outcome}, 'timeout', 'timeout');
$t->get('/evil/error?mode=bad-head&n=0');
is(record('error')->{outcome}, 'error', 'error');
my $c = $t->ask('GET', '/evil/left?mode=sleep-mid-body&n=60000');
$c->wait_bytes(1, 30);
$c->close;
is(record('left')->{outcome}, 'aborted', 'aborted');
$t->request('DELETE', '/evil/no');
is(record('no')->{outcome}, 'rejected', 'rejected: 405');
is(record('no')->{status}, 405, 'with its status');
$t->get('/nowhere');
my $nowhere = $t->record_of('/nowhere');
is($nowhere->{outcome}, 'rejected', 'rejected: 404');
is($nowhere->{function}, '', 'of no function');
is($nowhere->{billed_ms}, 0, 'costs nothing');

# A worker's rest comes in a record of its own.
my $before = grep { $_->{trigger} eq 'worker' } $t->accounting(workers => 1);
$t->get('/evil/last?mode=exit-after&n=0');
ok(wait_for(sub { $before < grep { $_->{trigger} eq 'worker' }
    $t->accounting(workers => 1) }, 5, 'the closing record'),
    'a worker that ends closes its account');
done_testing;
