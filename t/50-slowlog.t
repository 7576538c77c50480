#!/usr/bin/perl
# A request that takes longer than slowlog_threshold is in its function's log.
use strict;
use warnings;
use lib 't/lib';
use Test::More;
use Tollgate::Test;

my $t = Tollgate::Test->new->evil(evil => <<'INI')->start;
[log]
slowlog_threshold = 200ms
INI

is($t->get('/evil/quick?mode=ok')->{status}, 200, 'a quick one');
is($t->get('/evil/slow?mode=sleep&n=300')->{status}, 200, 'a slow one');
my $record = $t->record_of('/evil/slow');
my $words = qr/slow: GET \/evil\/slow took \d+ms, log\.slowlog_threshold = 200ms/;
like($t->function_log('evil'), qr/\Q$record->{id}\E .*$words/,
    'the log names request, key and value');
unlike($t->function_log('evil'), qr/quick/, 'and not the quick one');
done_testing;
