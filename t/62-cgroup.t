#!/usr/bin/perl
# A worker's control group ends it with all that it forked, freezes it whole
# and tells what it used.
use strict;
use warnings;
use lib 't/lib';
use Test::More;
use Tollgate::Cgroup;
use Tollgate::Test;

my $group = Tollgate::Cgroup->new
    or plan skip_all => $Tollgate::Cgroup::why;
my $uid = $> == 0 ? getpwnam 'nobody' : $>;
my $t = Tollgate::Test->new(
	gateway => "cgroup = @{[$group->path]}\nstop_timeout = 300ms")
    ->evil(evil => "[pool]\nmax_children = 1\nfreeze = yes\n")
    ->evil(short => "[pool]\nprocess_idle_timeout = 300ms\n")
    ->function(template => <<'INI')
[function]
handler = %DIR%/home/${user}/run.cgi
protocol = cgi
[route]
regex = "^/~(?<user>[a-z]+)"
[sandbox]
level = standard
INI
    ->cgi(cgi => <<'SH', <<'INI');
#!/bin/sh
# Out of its session, and without the mark that says whose it is.
env -i setsid sleep 3600 </dev/null >/dev/null 2>&1 &
printf 'Content-Type: text/plain\n\nchild=%d\n' $!
cat /proc/self/cgroup
SH
[sandbox]
level = standard
INI
$t->cgi(leave => <<"SH");
#!/bin/sh
printf 'Content-Type: text/plain\n\n'
echo 0 2>/dev/null >@{[$group->path]}/cgroup.procs || echo kept
SH
my $home = $t->dir . '/home/anna';
mkdir $_ for $t->dir . '/home', $home;
$t->handler('home/anna/run.cgi', slurp($t->dir . '/cgi.cgi'));
chown 5001, 5000, $home, "$home/run.cgi";
$t->start;

sub fork_one {
	my ($path) = @_;
	my ($inner) = $t->get("$path?mode=double-fork")->{body}
	    =~ /grandchild=(\d+)/;

	return $t->real_pid($inner, $path);
}

# Where they are, which at level strict they are not told.
my $answer = $t->get('/cgi');
like($answer->{body}, qr{^0::.*/tollgate\.1/user\.$uid/cgi/\d+$}m,
    'a worker is in a group of its own');
my ($child) = $answer->{body} =~ /child=(\d+)/;
ok(wait_for(sub { !kill 0, $child }, 5, "the child's end"),
    'what it forked goes with it');
ok(wait_for(sub { 1 == grep m{/cgi/}, $group->leaves }, 5, 'its removal'),
    "and so does its group; the waiting launcher's stays");

SKIP: {
	skip 'workers have the same user as the group', 1 unless $> == 0;
	is($t->get('/leave')->{body}, "kept\n", 'which it cannot leave');
}

SKIP: {
	skip 'only root can run programs as others', 2 unless $> == 0;
	like($t->get('/~anna')->{body},
	    qr{^0::.*/tollgate\.1/user\.5001/template/\d+$}m,
	    "a template's is in its owner's");
	ok(wait_for(sub { 1 == grep m{/template/}, $group->leaves }, 5,
	    'removal'), 'and removed');
}

# The end of a worker that idles.
$child = fork_one('/short');
my ($leaf) = grep m{/short/}, $group->leaves;
like($group->file($leaf, 'cgroup.procs'), qr/^$child$/m,
    'a grandchild is in the group');
ok(wait_for(sub { !kill 0, $child }, 5, "the grandchild's end"),
    'and is killed when the worker ends');
ok(wait_for(sub { !grep m{/short/}, $group->leaves }, 5, 'removal'),
    'and the group removed');
ok(!-e $group->path . '/' . $leaf =~ s{/\d+/$}{}r,
    "with the function's, which is empty");

# Freezing.
$child = fork_one('/evil');
($leaf) = grep m{/evil/}, $group->leaves;
ok(wait_for(sub { $group->file($leaf, 'cgroup.events') =~ /^frozen 1$/m }, 5,
    'the frost'), 'an idle worker is frozen');
like($group->file($leaf, 'cgroup.procs'), qr/^$child$/m, 'grandchild and all');
is($t->get('/evil?mode=ok')->{status}, 200, 'a request thaws it');
ok(wait_for(sub { $group->file($leaf, 'cgroup.events') =~ /^frozen 1$/m }, 5,
    'frost again'), 'and then it is frozen again');

# Accounting.
$t->get('/evil?mode=burn-child&n=300');
cmp_ok($t->record_of('/evil')->{cpu_ms}, '<', 3000, 'a record');
cmp_ok($t->stop, '==', 0, 'frozen workers end as well');
my $used = 0;
$used += $_->{cpu_ms} for grep { $_->{function} eq 'evil' }
    $t->accounting(workers => 1);
cmp_ok($used, '>=', 300, 'what children used is accounted');
ok(!kill(0, $child), 'no grandchild is left');
is_deeply([$group->groups], [], 'no group is left');
unlike($t->log, qr/cgroup.*(?:No such|Permission|busy)/,
    'nothing went wrong');
done_testing;
