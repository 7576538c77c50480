#!/usr/bin/perl
# A strict worker sees the system, its own folders and its own processes, and
# nothing of anybody else's; and ends with all that it started.
use strict;
use warnings;
use lib 't/lib';
use Test::More;
use Tollgate::Test;

# Runs what its body says in a shell, so that one function serves many checks.
my $shell = <<'SH';
#!/bin/sh
printf 'Content-Type: text/plain\n\n'
exec /bin/sh 2>&1
SH
my $t = Tollgate::Test->new(gateway => 'stop_timeout = 300ms');
my $dir = $t->dir;

mkdir "$dir/$_" for qw(fn fn/inner shown secret work other far far/away);
chmod 0777, "$dir/work";
spew("$dir/$_", "$_\n") for qw(fn/data fn/inner/hidden shown/a secret/b other/c);
chmod 0755, "$dir/fn";
symlink "$dir/fn", "$dir/link";
symlink "$dir/far/away", "$dir/shown/link";
spew("$dir/far/away/d", "far\n");
$t->handler("fn/$_", $shell) for qw(run.cgi standard.cgi);
symlink "$dir/other/real.cgi", "$dir/fn/leads.cgi";
$t->handler('other/real.cgi', $shell);

sub shell_function {
	my ($name, $handler, $sandbox) = @_;

	$t->function($name, <<"INI");
[function]
handler = %DIR%/$handler
protocol = cgi
[route]
prefix = /$name
[limits]
tasks_max = 4096
request_terminate_timeout = 20s
[sandbox]
$sandbox
INI
}

shell_function(strict => 'fn/run.cgi', <<'INI');
read_only_paths = %DIR%/shown %DIR%/shown/link %DIR%/not-there
read_write_paths = %DIR%/work
inaccessible_paths = %DIR%/fn/inner /etc/passwd
tmp_max = 1M
INI
shell_function(standard => 'fn/run.cgi', 'level = standard');
shell_function(linked => 'link/run.cgi', '');
shell_function(leads => 'fn/leads.cgi', '');
shell_function(all => 'fn/run.cgi', "read_only_paths = %DIR%");
shell_function(none => 'fn/run.cgi', 'network = none');
shell_function(loopback => 'fn/run.cgi', 'network = loopback');
shell_function(chdir => 'fn/run.cgi', '');
$t->function(chdir => slurp("$dir/functions.d/chdir.ini")
    =~ s/^protocol/chdir = \/tmp\nprotocol/mr);
$t->evil(evil => <<'INI')->evil(tmp => "[pool]\nmax_children = 2\n");
[pool]
max_children = 1
process_idle_timeout = 1h
INI
$t->cgi(term => <<'SH', <<'INI');
#!/bin/sh
trap 'echo "was told" >&2; exit 7' TERM
while :; do sleep 0.05; done
SH
[limits]
request_terminate_timeout = 400ms
INI
$t->start;

sub run {
	my ($name, $script) = @_;

	return $t->post("/$name", $script)->{body};
}

if ($t->get('/evil?mode=ok')->{status} != 200 ||
    $t->log =~ /no namespaces: (.*?): level/) {
	plan skip_all => 'no namespaces here: ' . ($1 // 'no worker');
}

# --- files
my $seen = run('strict', "ls -A $dir; echo; ls -A $dir/fn");
is($seen, "far\nfn\nshown\nwork\n\ndata\ninner\nleads.cgi\nrun.cgi\n"
    . "standard.cgi\n", 'its folder and those that are listed, no others');
is(run('strict', "cat $dir/fn/data $dir/shown/a"), "fn/data\nshown/a\n",
    'which it can read');
is(run('strict', "cat $dir/shown/link/d; ls $dir/far"), "far\naway\n",
    'a link in what is listed leads to where it does');
like(run('strict', "cat $dir/fn/inner/hidden; ls $dir/fn/inner"),
    qr/^[^\n]*denied\n[^\n]*denied$/, 'what is inaccessible it cannot even list');
like(run('strict', 'cat /etc/passwd'), qr/denied/, 'nor is a file');
like(run('strict', "echo x >$dir/work/out && cat $dir/work/out"), qr/^x$/,
    'it can write where it may');
is(slurp("$dir/work/out"), "x\n", 'for others to see');
like(run('strict', "echo x >$dir/fn/data; echo x >$dir/shown/new; "
    . "echo x >/etc/new; mkdir /new /srv/new"), qr/\A(?:.*(?:Read-only|denied).*\n){5}\z/,
    'and nowhere else');
my ($own) = $dir =~ m{^/tmp/([^/]+)};	# the way to what is shown of it
is(run('strict', "ls -A /tmp; echo x >/tmp/$$-x && cat /dev/shm/$$-x"),
    ($own ? "$own\n" : '') . "x\n", '/tmp is its own, and /dev/shm the same');
ok(!-e "/tmp/$$-x", 'and no one else sees it');
like(run('strict', 'head -c 2000000 /dev/zero >/tmp/big'),
    qr/No space left/, 'tmp_max');
is(run('strict', "ls -A /home /root /srv 2>/dev/null | grep -v :"),
    "\n" x (grep({ -d } qw(/home /root /srv)) - 1),
    'the rest is not there');
is(run('strict', 'ls /dev; cat /dev/null; head -c 1 /dev/zero | wc -c'),
    join("\n", qw(fd full null random shm stderr stdin stdout urandom zero 1),
    ''), 'some devices');
is(run('all', "cat $dir/other/c; cat $dir/tollgate.ini $dir/log/* "
    . "$dir/run/* 2>/dev/null; ls $dir/functions.d 2>/dev/null"), "other/c\n",
    "what is tollgated's is hidden even in a folder that is listed");
is(run('linked', "pwd; cat $dir/link/data"), "$dir/link\nfn/data\n",
    'a handler in a folder that is a link');
is(run('leads', "cat $dir/fn/data $dir/other/c"), "fn/data\nother/c\n",
    'one that is a link itself: that folder, too');
is(run('chdir', "pwd; ls -A"), "/tmp\n" . ($own ? "$own\n" : ''),
    'chdir to its own /tmp');

# --- processes and the rest
like(run('strict', 'cat /proc/cpuinfo'), qr/^processor/m, '/proc');
my @pids = run('strict', 'echo $$; ls /proc | grep "[0-9]"') =~ /(\d+)/g;
is(shift @pids, 2, 'a handler is process 2');
is(scalar(grep { $_ == 1 || $_ > 20 } @pids), 0,
    'it sees its own, and init is hidden');
is(run('strict', 'readlink /proc/self/exe') =~ s/.*\///r,
    `readlink -f \$(command -v readlink)` =~ s/.*\///r, '/proc/self/exe');
my %space = run('strict', 'for i in cgroup ipc mnt net pid uts; do '
    . 'echo $i $(readlink /proc/self/ns/$i); done') =~ /^(\w+) (\S+)$/mg;
for my $name (sort keys %space) {
	my $ours = readlink "/proc/self/ns/$name";

	$name eq 'net' ? is($space{net}, $ours, 'the network is the host\'s') :
	    isnt($space{$name}, $ours, "$name: its own");
}
is(run('standard', 'readlink /proc/self/ns/pid'),
    readlink('/proc/self/ns/pid') . "\n", 'standard: no namespaces');
my $listen = 'perl -MIO::Socket::INET -e \'print IO::Socket::INET->new('
    . 'Listen => 1, LocalAddr => "127.0.0.1") && IO::Socket::INET->new('
    . 'PeerAddr => "127.0.0.1:9") || $!{ECONNREFUSED} ? "up" : "no"\'';
is(run('loopback', $listen), 'up', 'network = loopback: 127.0.0.1');
is(run('none', $listen), 'no', 'network = none: not even that');
isnt(run('none', 'readlink /proc/self/ns/net') =~ s/\n//r,
    readlink('/proc/self/ns/net'), 'a network of its own');

# --- ends
my $worker = $t->pid_of('/evil?mode=ok');
is(Tollgate::Test::inner_pid($worker), 2, 'the accounts have its pid outside');
is($t->get('/evil?mode=crash&n=11')->{status}, 502, 'a crash');
is($t->record_of('/evil')->{outcome}, 'crash', 'is one');
like($t->log, qr/evil: .*signal 11 \(SIGSEGV\)/, 'and its signal told');
is($t->get('/term')->{status}, 504, 'TERM');
ok(wait_for(sub { $t->function_log('term') =~ /was told/ }, 30, 'its words'),
    'reaches a handler through its init');
my $child = $t->get('/evil?mode=double-fork')->{body} =~ /grandchild=(\d+)/ ?
    $t->real_pid($1, '/evil') : 0;
ok($child && kill(0, $child), 'a worker has left a process');
my $busy = $t->pid_of('/evil?mode=ok');
kill 'KILL', $busy;
ok(wait_for(sub { !kill 0, $child }, 30, 'its end'), 'which ends with it');
# One request may still meet the dead one: the gateway hears of it by and by.
ok(wait_for(sub { $t->get('/evil?mode=ok')->{status} == 200 }, 30, 'another'),
    'another takes its place');
my ($pid) = $t->workers;
my ($init) = slurp("/proc/$pid/stat") =~ /\) \S (\d+)/;
isnt($init, $t->pid, 'a worker\'s parent is its init');
is(slurp("/proc/$init/comm"), "tollgate-init\n", 'which is called so');
kill 'KILL', $init;
ok(wait_for(sub { !kill 0, $pid }, 30, 'the end'), 'and takes it along');
ok(wait_for(sub { $t->get('/evil?mode=ok')->{status} == 200 }, 30, 'another'),
    'another takes its place');
is($t->stop, 0, 'the end');
done_testing;
