#!/usr/bin/perl
# The shipped unit: what systemd-analyze(1) says of it, and that all works as it
# says, under a systemd that is started for that.
use strict;
use warnings;
use lib 't/lib';
use Test::More;
use File::Basename qw(basename);
use File::Copy qw(copy);
use Tollgate::Systemd;
use Tollgate::Test;

my $conf = "$Tollgate::Test::SOURCE/conf";

SKIP: {
	skip 'no systemd-analyze here', 1
	    if system 'systemd-analyze --version >/dev/null 2>&1';
	my $words = `systemd-analyze security --offline=true --no-pager \\
	    $conf/systemd/tollgate.service 2>&1`;
	my ($exposure) = $words =~ /exposure level.*: ([\d.]+)/
	    or skip 'this systemd-analyze has no --offline', 1;
	cmp_ok($exposure, '<', 3, 'systemd-analyze security');
}

my $t = Tollgate::Test->new;	# its folder alone
my $systemd = Tollgate::Systemd->new($t->dir . '/systemd');

sub install {
	my ($from, $to, $mode) = @_;

	$systemd->file($to, slurp($from) || die("$from: $!\n"), $mode);
}

SKIP: {
	skip $Tollgate::Systemd::why, 1 unless $systemd;
	skip 'built with sanitizers', 1 if is_sanitized();

	# As README has it, but for the place of the gateway.
	install("$Tollgate::Test::BUILD/$_", "/srv/sbin/$_", 0755)
	    for qw(tollgated), map { basename($_) } grep { -x }
	    glob "$Tollgate::Test::BUILD/tollgate-*[a-z]";
	my $unit = slurp("$conf/systemd/tollgate.service");
	$unit =~ s{/usr/sbin/tollgated}{/srv/sbin/tollgated}g;
	$systemd->file('/etc/systemd/system/tollgate.service', $unit);
	install("$conf/systemd/tollgate.socket",
	    '/etc/systemd/system/tollgate.socket');
	install("$conf/systemd/tollgate.sysusers",
	    '/etc/sysusers.d/tollgate.conf');
	install("$conf/systemd/tollgate.tmpfiles",
	    '/etc/tmpfiles.d/tollgate.conf');
	install("$conf/systemd/tollgate-homes.conf", '/root/homes.conf');
	install("$conf/tollgate.ini", '/etc/tollgate/tollgate.ini');
	install($_, '/etc/tollgate/functions.d/' . basename($_))
	    for glob "$conf/functions.d/*.ini";
	install($_, '/srv/fn/' . basename($_), 0755)
	    for (map { "$Tollgate::Test::BUILD/handlers/$_" }
	    qw(hello echo slow)), (map { "$Tollgate::Test::SOURCE/handlers/$_" }
	    qw(hello.sh env.sh upload.cgi));
	install("$Tollgate::Test::SOURCE/handlers/lambda/hello.py",
	    '/srv/fn/lambda/hello.py');
	install($_, '/srv/sbin/handlers/runtimes/' . basename($_),
	    basename($_) =~ /\./ ? 0644 : 0755)
	    for glob "$Tollgate::Test::SOURCE/handlers/runtimes/[a-z]*";
	install("$Tollgate::Test::BUILD/t/evil", '/srv/fn/evil', 0755);
	install("$Tollgate::Test::SOURCE/t/lib/Tollgate/FastCGI.pm",
	    '/root/lib/Tollgate/FastCGI.pm');
	$systemd->file("/etc/tollgate/functions.d/$_.ini", <<"INI")
[function]
handler = /srv/fn/evil
[route]
prefix = /fn/$_
[pool]
max_children = 1
process_idle_timeout = @{[$_ eq 'short' ? '200ms' : '60s']}
[sandbox]
level = none
INI
	    for qw(evil short);
	$systemd->file('/etc/tollgate/functions.d/probe.ini', <<'INI');
[function]
handler = /srv/fn/probe.sh
protocol = cgi
[route]
exact = /fn/probe
[sandbox]
level = none
INI
	$systemd->file('/srv/fn/probe.sh', <<'SH', 0755);
#!/bin/sh
printf 'Content-Type: text/plain\n\n'
sed -n 's/^0::/group=/p' /proc/self/cgroup
sed -n 's/^\(Cap[PE].*\|NoNewPrivs\|Uid\):\s*/\1=/p' /proc/self/status
echo oom=$(cat /proc/self/oom_score_adj)
echo homes=$(ls /home)
ls -d /proc/1 >/dev/null 2>&1 && echo sees others
touch /srv/data/there && echo wrote /srv/data
touch /etc/tollgate/here /var/lib/tollgate/here && echo wrote elsewhere
: >/dev/stderr && echo stderr
SH
	$systemd->file('/etc/tollgate/functions.d/login.ini', <<'INI');
[function]
handler = /srv/fn/hello
[route]
exact = /fn/login
[access]
auth = basic
auth_file = /etc/tollgate/users
INI
	$systemd->file('/etc/tollgate/users',
	    'anna:' . crypt('secret', '$6$salt$') . "\n", 0640);
	$systemd->file('/etc/tollgate/functions.d/walled.ini', <<'INI');
[function]
handler = /srv/fn/walled.pl
protocol = cgi
[route]
exact = /fn/walled
[sandbox]
level = strict
network = loopback
require = landlock seccomp namespaces cgroup
INI
	$systemd->file('/srv/fn/walled.pl', <<'PERL', 0755);
#!/usr/bin/perl
use IO::Socket::INET;
print "Content-Type: text/plain\n\n";
print "processes=", scalar(grep { m{/\d+$} } glob '/proc/*'), "\n";
IO::Socket::INET->new('127.0.0.1:1') or $!{ECONNREFUSED} and print "lo\n";
print "network=", readlink('/proc/self/ns/net'), "\n";
print "/var holds ", join(' ', map { m{/(\w+)$} } glob '/var/*'), "\n";
PERL
	$systemd->file('/etc/tollgate/functions.d/home.ini', <<'INI');
[function]
handler = /home/${user}/run.cgi
protocol = cgi
[route]
regex = "^/~(?<user>[a-z]+)"
[sandbox]
level = none
INI
	$systemd->file('/home/anna/run.cgi', <<'SH', 0755);
#!/bin/sh
printf 'Content-Type: text/plain\n\nuid=%d\n' $(id -u)
SH
	my $output = $systemd->run(<<'PERL');
#!/usr/bin/perl -I/root/lib
# What is printed is looked at outside.
use Tollgate::FastCGI qw(whole_request);
sub get {
	my ($path, $query) = split /\?/, $_[0];
	my $c = Tollgate::FastCGI->connect('unix:/run/tollgate/tollgate.sock')
	    or return { status => 0 };
	$c->send(whole_request(1, [REQUEST_METHOD => 'GET', SCRIPT_NAME =>
	    $path, QUERY_STRING => $query // '', REMOTE_ADDR => '127.0.0.1',
	    HTTP_AUTHORIZATION => 'Basic YW5uYTpzZWNyZXQ=',
	    SERVER_PROTOCOL => 'HTTP/1.1']));
	return $c->answer(1, 30);
}
sub show { print map { "$_\n" } @_ }
sub show_get {
	my $answer = get($_[0]);
	show("$_[0]=$answer->{status}", map { "$_[0]:$_" }
	    split /\n/, $answer->{body});
}
sub ends {
	my ($pid) = @_;
	for (1 .. 600) {
		return 1 unless kill 0, $pid;
		select undef, undef, undef, 0.05;
	}
}
sub forked { get("/fn/$_[0]?mode=double-fork")->{body}
    =~ /grandchild=(\d+)/ ? $1 : 0 }
$| = 1;
show('began');
mkdir '/srv/data';
chown +(getpwnam 'nobody')[2, 3], '/srv/data';
chown 5001, 5001, '/home/anna', '/home/anna/run.cgi';
chmod 0700, '/home/anna';
system 'systemd-sysusers && systemd-tmpfiles --create '
    . '/etc/tmpfiles.d/tollgate.conf';
system 'systemctl daemon-reload';
system 'chgrp -R tollgate-spawner /etc/tollgate && '
    . 'chmod 750 /etc/tollgate /etc/tollgate/functions.d';
show('start=' . system 'systemctl start tollgate.socket tollgate');
my $pid = `systemctl show -p MainPID --value tollgate`;
chomp $pid;
show_get($_) for qw(/fn/hello /fn/hello.sh /fn/hello.py /fn/login /fn/probe /fn/walled
    /~anna);
open my $in, '<', "/proc/$pid/status";
show('spawner:network=' . readlink "/proc/$pid/ns/net");
show(map { /^(Cap\w+|Uid):\s*(\S+)/ ? "spawner:$1=$2" : () } <$in>);
show("spawner=" . getpwuid((stat "/proc/$pid")[4]));
my $stays = forked('evil');
ends(forked('short')), ends(forked('short'));
show('stays=' . kill 0, $stays);
show('reload=' . system 'systemctl reload tollgate');
for (1 .. 300) {
	open my $log, '<', '/var/log/tollgate/error.log';
	last if grep { /generation 2 is in force/ and show('reloaded') } <$log>;
	select undef, undef, undef, 0.1;
}
mkdir '/etc/systemd/system/tollgate.service.d';
rename '/root/homes.conf',
    '/etc/systemd/system/tollgate.service.d/homes.conf'
    or system 'mv /root/homes.conf /etc/systemd/system/tollgate.service.d/';
system 'systemctl daemon-reload';
show('restart=' . system 'systemctl restart tollgate');
show_get('/~anna');
show('stop=' . system 'systemctl stop tollgate 2>/dev/null');
show('result=' . `systemctl show -p Result --value tollgate`);
open my $log, '<', '/var/log/tollgate/error.log';
show(map { "log:$_" } <$log>);
show('over');
PERL
	skip $Tollgate::Systemd::why, 1 unless defined $output;
	is(scalar(() = $output =~ /^(?:began|over)$/mg), 2, 'the script ran')
	    or diag($output, $systemd->errors);
	my $has = sub { like($output, qr/^$_[0]$/m, $_[1]) };

	$has->('start=0', 'it starts');
	$has->('/fn/hello=200', 'a FastCGI program answers');
	$has->('/fn/hello\.sh=200', 'a CGI program');
	$has->('/fn/hello\.py=200', 'a plain function')
	    if -x '/usr/bin/python3';
	$has->('/fn/login=200', 'whom a password lets in');
	$has->('spawner=tollgate-spawner', 'the spawner is not root');
	$has->('spawner:CapEff=0*2411e0', 'but has what it needs');
	$has->('spawner:CapAmb=0+', 'and hands nothing down');
	$has->('log:.* locked down: no capabilities, .*', 'the gateway neither');
	$has->('/fn/probe:Uid=(?!0\b).*', 'a worker is somebody else');
	$has->('/fn/probe:CapEff=0+', 'without any');
	$has->('/fn/probe:CapPrm=0+', 'for good');
	$has->('/fn/probe:oom=500', 'it goes first when memory runs out');
	$has->('/fn/probe:group=\S*/tollgate\.service/tollgate\.1/'
	    . 'user\.\d+/probe/\d+', "in a group of its own in the unit's");
	$has->('/fn/probe:homes=', 'sees no homes');
	unlike($output, qr/sees others/, 'and no process of others');
	$has->('/fn/probe:wrote /srv/data', 'writes below /srv');
	unlike($output, qr/wrote elsewhere/, 'and nowhere else');
	$has->('/fn/probe:stderr', 'and opens /dev/stderr');
	$has->('/fn/walled=200', 'a strict one of its own network runs');
	$has->('/fn/walled:processes=[12]', 'and sees no other process');
	$has->('/fn/walled:lo', 'has a loopback device');
	unlike($output, qr{^spawner:network=(.*)$
	    (?:.*\n)*\Q/fn/walled:network=\E\1$}mx, "which is not the unit's");
	unlike($output, qr{^/fn/walled:/var holds .*\b(?:log|lib)\b}m,
	    'and a root of its own');
	$has->('stays=1', 'what a living worker has forked stays');
	$has->('reload=0', 'it reloads');
	$has->('reloaded', 'and that is in force');
	$has->('/~anna=503', 'a program in a home cannot be reached');
	$has->('restart=0', 'it restarts with tollgate-homes.conf');
	$has->('/~anna=200', 'then it is');
	$has->('/~anna:uid=5001', "and its owner's");
	$has->('stop=0', 'it stops');
	$has->('result=success', 'well');
	unlike($output, qr/^log:.*\[error\]/m, 'without an error');
	diag($output, $systemd->errors) unless Test::More->builder->is_passing;
}
undef $systemd;
done_testing;
