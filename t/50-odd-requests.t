#!/usr/bin/perl
# Nothing that a client sends can break or forge an accounting line.
use strict;
use warnings;
use lib 't/lib';
use Test::More;
use Tollgate::Test;

my $t = Tollgate::Test->new(gateway => 'max_params_size = 1M')->evil('evil')
    ->start;
my $n = 0;

for my $tail ("\n{\"id\":\"forged\"}", '","status":200,"x":"', "\\", "\t\r\e[0m",
    "\xff\xfe\xc3\x28", "\xc3\xa9", ',,;;', 'x' x 64_000) {
	$n++;
	$t->get('/evil?mode=ok', params => [SCRIPT_NAME => "/evil/$tail"],
	    headers => { 'User-Agent' => $tail });
	my @lines = split /\n/, slurp($t->dir . '/log/accounting');
	is(scalar @lines, $n, "request $n: one line");
	cmp_ok(length $lines[-1], '<=', 8192, 'of bounded length');
	like($lines[-1], qr/\A[\x20-\x7e\x80-\xff]+\z/, 'without control bytes');
	my ($record) = ($t->accounting)[-1];
	ok($record, 'JSON') and like($record->{path}, qr{^/evil},
	    'and it is the right one');
}
unlike($t->log, qr/[^\x0a\x20-\x7e]/, 'nor the error log');
done_testing;
