#!/usr/bin/perl
# What a tollgated that was killed has left is ended by the next one in the same
# control group, which leaves alone what is another's.
use strict;
use warnings;
use lib 't/lib';
use Test::More;
use Tollgate::Cgroup;
use Tollgate::Test;

my $group = Tollgate::Cgroup->new
    or plan skip_all => $Tollgate::Cgroup::why;

# At level strict a namespace ends with its tollgated.
sub tollgated {
	return Tollgate::Test->new(gateway => "cgroup = @{[$group->path]}")
	    ->evil(evil => "[sandbox]\nlevel = standard\n")->start;
}

sub fork_one {
	my ($body) = $_[0]->get('/evil?mode=double-fork')->{body};

	return $body =~ /grandchild=(\d+)/ ? $1 : 0;
}

my ($alive, $dies) = (tollgated(), tollgated());
my ($kept, $left) = map { fork_one($_) } $alive, $dies;
is(scalar(() = $group->groups), 2, 'two of them, each with a group');

# The harness must not look for what we leave.
$dies->signal('KILL');
is($dies->wait_exit, -9, 'one is killed');
ok(kill(0, $left), 'what its worker had forked lives on');

my $next = tollgated();
ok(wait_for(sub { !kill 0, $left }, 5, 'its end'),
    'until another one is started');
like($next->log, qr/tollgate\.2: left by a tollgated/, 'which says so');
is(scalar(() = $group->groups), 2, 'and takes its place');
ok(kill(0, $kept), "the living one's are left alone");
is($alive->get('/evil?mode=ok')->{status}, 200, 'and serve');
is($_->stop, 0, 'the end') for $next, $alive;
is_deeply([$group->groups], [], 'of all groups');
done_testing;
