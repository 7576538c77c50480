#!/usr/bin/perl
# A head may be as large as max_header_size, and not a byte more.
use strict;
use warnings;
use lib 't/lib';
use Test::More;
use Tollgate::Test;

my $limit = 8192;
my $t = Tollgate::Test->new(gateway => 'max_header_size = 8K')->evil('evil')
    ->start;

for ([$limit - 1, 200], [$limit, 200], [$limit + 1, 502], [3 * $limit, 502]) {
	my ($size, $status) = @$_;
	is($t->get("/evil?mode=header-size&n=$size")->{status}, $status,
	    "a head of $size bytes: $status");
}
like($t->log, qr/evil.*max_header_size/, 'the log names the limit');
done_testing;
