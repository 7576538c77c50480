#!/usr/bin/perl
# The benchmark suite runs and reports (what it measures is not judged here).
use strict;
use warnings;
use lib 't/lib';
use File::Temp;
use JSON::PP qw(decode_json);
use Test::More;
use Tollgate::Test;
use Tollgate::WebServer;

Tollgate::WebServer::need('nginx', 'wrk', $ENV{CC} // 'cc');
plan skip_all => 'no libfcgi headers' unless -e '/usr/include/fcgi_stdio.h';

my $temp = File::Temp->newdir('tollgate-XXXXXX', TMPDIR => 1);
my ($status, $output) = do {
	local $ENV{TOLLGATE_BUILD} = $Tollgate::Test::BUILD;
	Tollgate::Test::run_command($^X,
	    "$Tollgate::Test::SOURCE/t/bench/run", '--no-install', '--rounds',
	    1, '--seconds', 1, '--output', "$temp", 'hello-4', 'direct',
	    'tollgate');
};
is($status, 0, 'it runs') or diag($output);
my $results = eval { decode_json(slurp("$temp/results.json")) };
my $figures = $results->{figures}{'hello-4'};
for my $name (qw(direct tollgate)) {
	cmp_ok($figures->{$name}{requests_s}[0] // 0, '>', 0,
	    "$name has answered");
	is($figures->{$name}{failures}[0], 0, 'without failures');
	cmp_ok($figures->{$name}{web_us}[0] // 0, '>', 0, 'at a cost');
}
cmp_ok($figures->{tollgate}{gateway_us}[0] // 0, '>', 0,
    "the gateway's cost is known");
like($output, qr{^requests/s / direct .* (?:met|MISSED)$}m,
    'the targets are judged');
done_testing;
