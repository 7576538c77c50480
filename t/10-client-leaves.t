#!/usr/bin/perl
# A client that leaves in mid-answer frees its worker and is in the accounts.
use strict;
use warnings;
use lib 't/lib';
use Test::More;
use Tollgate::FastCGI qw(begin pairs stream whole_request);
use Tollgate::Test;

my $port = free_port();
my $t = Tollgate::Test->new(gateway =>
    "listen = unix:%DIR%/tollgate.sock 127.0.0.1:$port")
    ->evil(evil => "[pool]\nmax_children = 1\n")
    ->evil(slow => "arguments = slow 1500\n[pool]\nmax_children = 1\n")
    ->start;
my $n = 0;

for my $address ($t->address, "127.0.0.1:$port") {
	for my $how (qw(close reset)) {
		for my $mode ('sleep-mid-body&n=60000', 'big&n=100000000',
		    'hang') {
			my $path = '/evil/' . ++$n;
			my $c = Tollgate::FastCGI->connect($address);

			$c->send(whole_request(1,
			    [nginx_params('GET', "$path?mode=$mode")]));
			$c->wait_bytes(1, 30) unless $mode eq 'hang';
			wait_for(sub { $t->workers }, 5);
			$c->$how;
			is($t->record_of($path)->{outcome}, 'aborted',
			    "$address: $how during $mode: aborted");
			is($t->get('/evil?mode=ok')->{status}, 200,
			    'the only worker serves again');
		}
	}
}

# Nor does it cost the worker, which waits for its body, or is still starting.
my $pid = $t->pid_of('/evil?mode=ok');
my $c = $t->connect;
$c->send(begin(1) . stream('params', 1,
    pairs(nginx_params('GET', '/evil/bodyless?mode=ok'))));
$c->close;
is($t->record_of('/evil/bodyless')->{outcome}, 'aborted', 'no body came');
is($t->pid_of('/evil?mode=ok'), $pid, 'the same worker');

$c = $t->ask('GET', '/slow/leaves?mode=ok');
wait_for(sub { $t->workers > 1 }, 5);
$c->close;
is($t->record_of('/slow/leaves')->{outcome}, 'aborted', 'left a cold one');
is($t->get('/slow?mode=ok')->{status}, 200, 'which serves the next');
unlike($t->log, qr/slow: .*(?:killed|stopped|could not)/, 'and was let be');
done_testing;
