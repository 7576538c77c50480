#!/usr/bin/perl
# What gateway and spawner may still do, and that workers can neither see,
# signal, trace nor connect to them, nor to each other.
use strict;
use warnings;
use lib 't/lib';
use IO::Socket::INET;
use MIME::Base64 qw(encode_base64);
use Test::More;
use Tollgate::Cgroup;
use Tollgate::Test;

my $has_landlock = (slurp('/sys/kernel/security/lsm') || 'landlock')
    =~ /landlock/;

# One that tries all it can against the processes in QUERY_STRING.
my $attacker = <<'PERL';
#!/usr/bin/perl
use Errno;
use IO::Socket::UNIX;
my %number = `uname -m` =~ /aarch64/ ?
    (ptrace => 117, readv => 270) : (ptrace => 101, readv => 310);
my $vector = pack 'PQ', my $room = "\0" x 64, 64;
sub result { $_[0] ? 'done' : (sort grep { $!{$_} } keys %!)[0] }
my %attack = (
	kill => sub { kill 0, $_[0] },
	(map { my $file = $_;
	    $file => sub { open my $in, '<', "/proc/$_[0]/$file" and
	    defined sysread $in, my $byte, 1 } } qw(environ maps mem)),
	fd => sub { opendir my $all, "/proc/$_[0]/fd" },
	cwd => sub { defined readlink "/proc/$_[0]/cwd" },
	ptrace => sub { syscall($number{ptrace}, 16, $_[0] + 0, 0, 0) != -1 },
	read => sub {
		syscall($number{readv}, $_[0] + 0, $vector, 1, $vector, 1, 0)
		    != -1;
	},
	getfd => sub {
		my $fd = syscall(434, $_[0] + 0, 0);
		syscall(438, $fd, 0, 0) != -1;
	},
);
print "Content-Type: text/plain\n\n";
for my $target (split /&/, $ENV{QUERY_STRING}) {
	print "$target $_ ", result($attack{$_}->($target)), "\n"
	    for sort keys %attack;
}
print "front ", result(IO::Socket::UNIX->new('%DIR%/tollgate.sock')), "\n";
print "workers ", result(opendir my $workers, '%DIR%/run/workers'), "\n";
PERL

sub status {
	my ($pid) = @_;

	return { slurp("/proc/$pid/status") =~ /^(\w+):\s*(.*)$/mg };
}

sub is_unshared {
	my ($t, %pid) = @_;

	is_deeply([grep { /^\S+ .w.s/ && !m{/memfd:|anon_inode:\[io_uring\]} }
	    split /\n/, slurp("/proc/$pid{$_}/maps")], [],
	    "$_ shares no memory that can be written to") for sort keys %pid;
}

# What its descriptors lead to, each once.
sub leads_to {
	my ($pid) = @_;
	my %seen = map { ((readlink) // 'gone') => 1 } glob "/proc/$pid/fd/*";

	return sort map { s/:\[\d+\]//r } keys %seen;
}

# One that only root may bind, and that no test beside us comes upon as well.
sub low_port {
	for my $port (map { 600 + ($$ * 7 + $_) % 424 } 0 .. 423) {
		return $port if IO::Socket::INET->new(Listen => 1,
		    LocalAddr => "127.0.0.1:$port");
	}
}

sub ends {
	my ($pid) = @_;

	return wait_for(sub { !kill 0, $pid }, 30, "the end of $pid");
}

sub all_of {
	my ($answer, $target) = @_;

	return { $answer->{body} =~ /^$target (\w+) (\w+)$/mg };
}

my %denied = ((map { $_ => 'EACCES' } qw(environ maps mem fd cwd)),
    (map { $_ => 'EPERM' } qw(kill ptrace read getfd)));

SKIP: {
	skip 'only root has privileges', 1 unless $> == 0;
	my $dir;
	my $t = Tollgate::Test->new(gateway => "min_uid = 1\ncgroup = none");
	$dir = $t->dir;
	mkdir "$dir/elsewhere";
	my $hash = crypt('secret', '$y$j75$salt$') // '';
	spew("$dir/users", "anna:$hash\n");
	chmod 0600, "$dir/users";
	$t->evil(login => "[access]\nauth = basic\nauth_file = $dir/users\n")
	    if $hash =~ /^\$y\$/;
	$t->evil(evil => "[pool]\nmax_children = 1\n[sandbox]\nlevel = none\n")
	    ->evil(short => "[pool]\nprocess_idle_timeout = 200ms\n[sandbox]\n"
	    . "level = none\n")
	    ->evil(other => "[sandbox]\nuser = www-data\nlevel = none\n")
	    ->cgi(attack => $attacker, "[sandbox]\nlevel = none\n")->start;
	my ($spawner, $gateway) = ($t->pid, $t->gateway_pid);
	my $worker = $t->pid_of('/evil?mode=ok');
	my $other = $t->pid_of('/other?mode=ok');

	# What they have.
	my %has = %{status($gateway)};
	is($has{$_} =~ s/^0+$/none/r, 'none', "gateway: $_")
	    for qw(CapInh CapPrm CapEff CapBnd CapAmb);
	is($has{NoNewPrivs}, 1, 'gateway: no_new_privs');
	is((split ' ', $has{$_})[0] > 0, 1, "gateway: no root, $_")
	    for qw(Uid Gid);
	SKIP: {
		skip 'built with sanitizers', 6 if is_sanitized();
		is($has{Seccomp}, 2, 'gateway: a filter of system calls');
		like($t->log, qr/locked down: no capabilities, .*\d system calls$/m,
		    'and the log says so');
		skip 'no Landlock here', 4 unless $has_landlock;
		like($t->log, qr/locked down: .*Landlock ABI \d+ for files/,
		    'and what Landlock holds it to');
		my $ini = slurp("$dir/tollgate.ini");
		spew("$dir/tollgate.ini", $ini =~
		    s{^(accounting =).*}{$1 $dir/elsewhere/accounting}mr);
		chmod 0777, "$dir/elsewhere";
		ok(!$t->reload, 'a load with a folder of which it locked '
		    . 'itself out is refused');
		like($t->log, qr{accounting = \S*/elsewhere/.* takes a restart$}m,
		    'with the reason');
		spew("$dir/tollgate.ini", $ini =~
		    s{^(accounting =).*}{$1 $dir/log/moved}mr);
		ok($t->reload, 'one within what it has is not');
		spew("$dir/tollgate.ini", $ini);
		$t->reload;
	}
	SKIP: {
		skip 'no yescrypt here, so no helper', 4
		    unless $hash =~ /^\$y\$/;
		is($t->get('/login?mode=ok', headers => { Authorization =>
		    'Basic ' . encode_base64('anna:secret', '') })->{status},
		    200, 'helper: knows a password');
		my ($helper) = grep { Tollgate::Test::command_line($_)
		    =~ /^tollgated: auth/ } $t->children;
		my %its = %{status($helper)};
		is(join(' ', @its{qw(CapPrm CapBnd)}) =~ s/\b0+\b/none/gr,
		    'none none', 'helper: no capabilities');
		is_deeply([grep { !m{^/dev/null$|/output$} }
		    leads_to($helper)], ['socket'], 'helper: one socket');
		skip 'built with sanitizers', 1 if is_sanitized();
		is($its{Seccomp}, 2, 'helper: a filter of system calls');
	}
	%has = %{status($spawner)};
	is($has{$_} =~ s/^0+$/none/r, 'none', "spawner: $_")
	    for qw(CapInh CapAmb);
	is($has{CapPrm}, $has{CapEff}, "spawner: CapPrm is what it needs");
	for ([CapEff => '0 1 2 5 6 7 8 10 12 18 21'],
	    [CapBnd => '0 1 2 5 6 7 10']) {
		my $all = hex $has{$_->[0]};
		is(join(' ', grep { $all >> $_ & 1 } 0 .. 63), $_->[1],
		    "spawner: $_->[0]");
	}
	is(status($worker)->{CapEff} =~ s/^0+$/none/r, 'none',
	    'a worker has none');
	isnt(slurp("/proc/$_/oom_score_adj"), "500\n", 'not the first that goes '
	    . 'when memory runs out') for $spawner, $gateway;
	is(slurp("/proc/$worker/oom_score_adj"), "500\n", 'but a worker is');

	my ($code, $words) = Tollgate::Test::run_command('setpriv',
	    '--bounding-set=-setuid', $t->command('-t'));
	is($code, 1, 'root that cannot become another user is refused');
	like($words, qr/root without CAP_SETUID/, 'with the reason');

	# What they share.
	is_unshared($t, spawner => $spawner, gateway => $gateway,
	    worker => $worker);
	is_deeply([leads_to($worker)], [qw(pipe socket)],
	    'a worker: its socket and its log');
	my $anonymous = qr/^(?:socket|pipe|anon_inode(?::\[?[\w-]+\]?)?)$/;
	is_deeply([grep { !m{$anonymous|^/dev/null$|^\Q$dir\E/(?:log/|output)
	    |^\Q$dir\E/run/workers/\d+\ \(deleted\)$|^/proc/\d+/status$|^/sys/fs/cgroup/.*/(?:cpu\.stat|memory\.peak)$
	    }x } leads_to($gateway)], [],
	    'gateway: sockets, pipes, logs, figures of workers');
	is_deeply([grep { !m{$anonymous|^/dev/null$|^/memfd:|^mnt$
	    |^\Q$dir\E/(?:run/|log/error|output)|/tollgate-(?:gateway|auth)$
	    |^/sys/fs/cgroup/|^/proc/\d+/oom_score_adj$
	    |^/(?:usr|s?bin|lib\w*|opt|etc|proc|tmp|var/cache/fontconfig
	    |run/[\w/]+|sys/[\w/]+|dev/\w+)$}x } leads_to($spawner)], [],
	    'spawner: sockets, what it has read, its folder, pipes, what '
	    . 'workers may see');

	# What a worker can do to them.
	my $answer = $t->get("/attack?$spawner&$gateway&$other");
	is_deeply(all_of($answer, $spawner), \%denied,
	    'a worker against the spawner');
	is_deeply(all_of($answer, $gateway), \%denied, 'the gateway');
	is_deeply(all_of($answer, $other), \%denied,
	    'the worker of another user');
	like($answer->{body}, qr/^$_ EACCES$/m, "$_: its sockets")
	    for qw(front workers);
	is($t->get('/evil?mode=ok')->{status}, 200, 'all is well afterwards');
	my $before = descriptors($gateway);
	is($t->get('/evil?mode=send-descriptors&n=50')->{body}, 'x' x 50,
	    'a worker that sends descriptors');
	ok(wait_for(sub { descriptors($gateway) < $before + 25 }, 30,
	    'their end'), 'does not get rid of them');

	# What it needs to know of others' processes it learns without.
	# What it needs for a reload it still has.
	my $low = low_port();
	my $group = getgrnam 'www-data';
	my $text = slurp("$dir/tollgate.ini");
	$text =~ s{^(listen = .*)}{$1 unix:$dir/second.sock 127.0.0.1:$low}m;
	spew("$dir/tollgate.ini", "${text}listen_group = www-data\n");
	ok($t->reload, "a reload that listens on port $low");
	is($t->get('/evil?mode=ok', address => "127.0.0.1:$low")->{status},
	    200, 'which answers');
	is((stat "$dir/second.sock")[5], $group, 'and gives away a socket');

	# Twice, as one that was killed may not have been reaped yet.
	my ($stays, @go) = map { $t->get("/$_?mode=double-fork")->{body}
	    =~ /grandchild=(\d+)/ } qw(evil short);
	push @go, $t->get('/short?mode=double-fork')->{body}
	    =~ /grandchild=(\d+)/ if ends($go[0]);
	ok(ends($go[1]), 'what workers forked ends with them');
	ok(kill(0, $stays), 'but not what another has that lives');
	$t->stop;
}

# The first control group of all is its owner's to divide, but not to write to.
SKIP: {
	skip 'only root has privileges', 1 unless $> == 0;
	my $group = Tollgate::Cgroup->new
	    or skip $Tollgate::Cgroup::why, 1;
	chmod 0555, $group->path;
	my $t = Tollgate::Test->new(gateway => 'cgroup = ' . $group->path)
	    ->evil('evil')->start;
	is($t->get('/evil?mode=ok')->{status}, 200, 'a read-only group');
	like(join(' ', $group->leaves), qr{/evil/}, 'is divided');
	$t->stop;
	is_deeply([$group->groups], [], 'and left as it was');
}

# Where all run as one user, only that they are hidden is in the way.  They can
# be signalled: that is for namespaces to prevent.
{
	my @through;
	my $t = Tollgate::Test->new;
	if ($> == 0) {
		my $user = $t->{gateway_user};
		my ($uid, $gid) = (getpwnam $user)[2, 3];
		plan skip_all => 'no setpriv here'
		    if system "setpriv --version >/dev/null 2>&1";
		@through = ('setpriv', "--reuid=$uid", "--regid=$gid",
		    '--clear-groups');
		chown $uid, $gid, $t->dir, map { $t->dir . "/$_" }
		    qw(functions.d run);
	}
	$t->cgi(attack => $attacker, "[sandbox]\nlevel = none\n")
	    ->start(through => \@through);
	my ($spawner, $gateway) = ($t->pid, $t->gateway_pid);
	my $answer = $t->get("/attack?$spawner&$gateway");
	my %hidden = (%denied, kill => 'done');
	is_deeply(all_of($answer, $spawner), \%hidden,
	    'a worker of the same user against the spawner');
	is_deeply(all_of($answer, $gateway), \%hidden, 'the gateway');
	is_unshared($t, spawner => $spawner, gateway => $gateway)
	    if $> == 0;
	$t->stop;
}
done_testing;
