#!/usr/bin/perl
# HUP puts a new configuration in force, in place.
use strict;
use warnings;
use lib 't/lib';
use Test::More;
use Tollgate::FastCGI qw(whole_request);
use Tollgate::Test;

my $t = Tollgate::Test->new->evil('same')->evil('rest')->evil('process')
    ->evil(gone => "[pool]\nmax_children = 1\n")->start;
my %pid;

sub pid_of { $t->pid_of("/$_[0]?mode=ok") }

$pid{$_} = pid_of($_) for qw(same rest process gone);
my $front = $t->connect;
$front->send(whole_request(1, [nginx_params('GET', '/same?mode=ok')], '',
    keep => 1));
$front->answer(1);
my $busy = $t->ask('GET', '/gone?mode=sleep&n=600');
my $queued = $t->ask('GET', '/gone?mode=ok');
my $working = $t->ask('GET', '/process?mode=sleep&n=600');

$t->evil(rest => "[limits]\nmax_body_size = 10\n")
    ->evil(process => "environment = NEW=1\n")
    ->remove_function('gone')->evil('added');
ok($t->reload, 'the new configuration is in force');

is(pid_of('same'), $pid{same}, 'an unchanged function keeps its worker');
is(pid_of('rest'), $pid{rest}, 'so does one whose process is the same');
is($t->post('/rest', 'x' x 11)->{status}, 413, 'but its new limit holds');
my $self = $t->get('/process/self?mode=self')->{body};
like($self, qr/^env:NEW=1$/m, 'a changed one runs with what is new');
isnt($t->record_of('/process/self')->{worker}, $pid{process},
    'in a new worker');
is($working->answer(1)->{status}, 200, 'its old one ends its request');
ok(wait_for(sub { !kill 0, $pid{process} }, 5, 'its end'), 'and leaves');
is($t->get('/gone')->{status}, 404, 'what is removed is 404');
is($busy->answer(1)->{status}, 200, 'its request under way is answered');
is($queued->answer(1)->{status}, 200, 'and the one that waited');
is($t->get('/added?mode=ok')->{status}, 200, 'what is added is served');
$front->send(whole_request(2, [nginx_params('GET', '/added?mode=ok')], '',
    keep => 1));
is($front->answer(2)->{status}, 200, "a front's connection stays");
done_testing;
