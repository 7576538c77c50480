#!/usr/bin/perl
# A client that does not read stops its worker, not the gateway's memory.
use strict;
use warnings;
use lib 't/lib';
use Test::More;
use Tollgate::FastCGI;
use Tollgate::Test;

my $t = Tollgate::Test->new->evil(evil => <<'INI')->start;
[pool]
max_children = 2
[limits]
io_timeout = 1s
INI

is($t->get('/evil?mode=ok')->{status}, 200, 'warm');
my $before = resident_kb($t->gateway_pid);
my $c = $t->connect;
$c->{deaf} = 1;
$c->send(Tollgate::FastCGI::whole_request(1,
    [nginx_params('GET', '/evil/deaf?mode=big&n=1000000000')]));
is($t->get('/evil?mode=ok')->{status}, 200, 'others are served meanwhile');
my $record = $t->record_of('/evil/deaf');
cmp_ok(resident_kb($t->gateway_pid) - $before, '<', 2048,
    'the gateway has not grown');
like($record->{outcome}, qr/timeout|aborted/, 'its time is up');
like($t->log, qr/evil.*io_timeout/, 'the log says which clock it was');
cmp_ok($record->{bytes_out}, '<', 2_000_000, 'and little was sent');
done_testing;
