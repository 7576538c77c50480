#!/usr/bin/perl
# max_workers bounds all functions together; who has idled longest makes room.
use strict;
use warnings;
use lib 't/lib';
use Test::More;
use Tollgate::Test;

my $t = Tollgate::Test->new(gateway => 'max_workers = 3');
$t->evil($_ => "[pool]\nqueue_timeout = 5s\n") for qw(a b c d);
$t->evil(kept => "[pool]\nmin_children = 1\n");
$t->start;
ok(wait_for(sub { $t->workers == 1 }, 5, 'the kept one'), 'one is kept warm');
my ($kept) = $t->workers;
my %pid;

for my $name (qw(a b c d)) {
	my $answer = $t->get("/$name?mode=ok");
	is($answer->{status}, 200, "$name is served");
	$pid{$name} = ($t->accounting)[-1]{worker};
	cmp_ok(scalar $t->workers, '<=', 3, 'never more than three');
}
is_deeply([$t->workers], [sort { $a <=> $b } $kept, @pid{qw(c d)}],
    'the least recently used left, min_children did not');

# All busy: the next waits for one to end.
my @busy = map { $t->ask('GET', "/$_?mode=sleep&n=300") } qw(c d);
is($t->get('/a?mode=ok')->{status}, 200, 'a waits for room and gets it');
is($_->answer(1)->{status}, 200, 'nobody in service is evicted') for @busy;
like($t->log, qr/\ba: .*max_workers = 3/, 'the log names the limit');
done_testing;
