# A tenant who tries all he can against another, at each level, and the table
# of what holds him.  t/attack/ has the deeds; they are first shown to work where
# nothing holds them, as root or as the victim himself.
package Tollgate::Attack;

use strict;
use warnings;

use Exporter 'import';
use POSIX qw(_exit);
use Test::More;

use Tollgate::Test;

our @EXPORT = qw(attack_with);

# What a word of the table says in full, and what shows that it was that: an
# errno, a signal, or nothing where a deed was done without effect.
my %wall = (
	open	=> ['OPEN', 'OPEN'],
	'open?'	=> ['open, if the kernel is set up so', '.*'],
	uid	=> ['user', 'EACCES|EPERM'],
	cap	=> ['no capability', 'EPERM|EACCES'],
	hidden	=> ['not dumpable', 'EACCES|EPERM'],
	init	=> ['hidepid, not dumpable', 'ENOENT|EACCES'],
	landlock => ['Landlock', 'EACCES|EPERM'],
	scope	=> ['Landlock', 'EPERM'],
	seccomp	=> ['seccomp', 'EPERM|ENOSYS'],
	killed	=> ['seccomp', 'SIGSYS'],
	root	=> ['root of its own', 'ENOENT|ENOTDIR'],
	ro	=> ['read-only mount', 'EROFS'],
	tmp	=> ['tmp_max', 'ENOSPC'],
	nodev	=> ['nodev', 'EACCES'],
	userns	=> ['user namespace', 'EPERM|EINVAL'],
	pid	=> ['pid namespace', 'ESRCH|ENOENT'],
	ipc	=> ['ipc namespace', 'ENOENT'],
	net	=> ['network namespace', 'ECONNREFUSED'],
	nnp	=> ['no_new_privs', 'nothing'],
	limit	=> ['rlimit', 'EPERM|EACCES|EMFILE|ENOMEM'],
	clean	=> ['nothing there', 'nothing'],
);

# Of which version Landlock must be, where 1 is not enough.
my %version = (scope => 6);

# What the kernel that says so has not got.
my $missing = qr/^held:(?:ENOSYS|EAFNOSUPPORT|EPROTONOSUPPORT|ESOCKTNOSUPPORT|ENODEV
    |ENOENT|ENXIO|EOPNOTSUPP|ENOTTY|EIO|SIGSEGV)\b/x;

# An attack, the deed that it is, and what holds at none, standard and strict:
# where each has a user of his own, and where tollgated runs without root, so
# that all are one.  In network: two more for strict, with network = loopback
# and none.  Deeds: %B% is the other's folder, %A% the attacker's own.
# (A's user is neither B's nor the gateway's; B runs at level none.)
my $table = <<'END';
files
B's file, for B alone | read %B%/private | uid uid root | open landlock root
B's file, for all to read | read %B%/public | open landlock root | open landlock root
B's file, for all to write | write %B%/shared | open landlock root | open landlock root
to truncate that | truncate %B%/shared | open landlock:3 root | open landlock:3 root
to rename that | rename %B%/open/file | open landlock root | open landlock root
to change its mode | chmod %B%/public | uid uid root | open open root
to know that it is there | see %B%/public | open open root | open open root
to list B's folder | list %B% | open landlock root | open landlock root
to hear of changes in it | watch %B% | open open root | open open root
to plant a file there | plant %B%/open | open landlock root | open landlock root
to run B's program | run %B%/none | open landlock root | open landlock root
B's file in /tmp, for all | read /tmp/victim-%KEY%-public | open open root | open open root
B's file in /tmp, for B | read /tmp/victim-%KEY%-private | uid uid root | open open root
B's file in /dev/shm, for all | read /dev/shm/victim-%KEY%-public | open open root | open open root
B's file in /dev/shm, for B | read /dev/shm/victim-%KEY%-private | uid uid root | open open root
configuration of Tollgate | read %DIR%/tollgate.ini | open landlock root | open landlock root
configuration of B | read %DIR%/functions.d/b-none.ini | open landlock root | open landlock root
B's secrets | read %DIR%/secrets | uid uid root | open landlock root
accounting, to read | read %DIR%/log/accounting | uid uid root | open landlock root
accounting, to write | write %DIR%/log/accounting | uid uid root | open landlock root
error log | read %DIR%/log/error.log | uid uid root | open landlock root
B's log | read %DIR%/log/b-none.log | uid uid root | open landlock root
sockets of workers | list %DIR%/run/workers | uid uid root | open landlock root
to write into run_dir | plant %DIR%/run | uid uid root | open landlock root
/etc/shadow | read /etc/shadow | uid uid uid | uid uid uid
the system's programs | write /usr/bin/env | uid uid uid | uid uid uid
own program's folder | plant %A% | open landlock ro | open landlock ro
own code | write %A%/module | open landlock ro | open landlock ro
a setuid program | run-setuid %DIR%/tools/setuid | open nnp nnp | open nnp nnp
a program put into /tmp | run-planted /tmp | open landlock open | open landlock open
to make a disk's node | make-disk /tmp | cap landlock landlock | cap landlock landlock
kernel's messages | read /dev/kmsg | open? landlock root | open? landlock root
a device for all | write %DIR%/tools/device | open landlock nodev | open landlock nodev
the machine's figures | read /proc/meminfo | open open open | open open open
/proc/sys | write /proc/sys/kernel/domainname | uid uid uid | uid uid uid
processes
B's environment | read /proc/%PID%/environ | uid uid pid | open landlock pid
B's command line | read /proc/%PID%/cmdline | open open pid | open open pid
B's status | read /proc/%PID%/status | open open pid | open open pid
B's map of memory | read /proc/%PID%/maps | uid uid pid | open landlock pid
B's memory | read-memory %PID% | uid seccomp seccomp | open? seccomp seccomp
B's working folder | follow /proc/%PID%/cwd | uid uid pid | open landlock pid
B's root | follow /proc/%PID%/root | uid uid pid | open landlock pid
numbers of B's descriptors | list /proc/%PID%/fd | uid uid pid | open open pid
B's descriptors | follow /proc/%PID%/fd/1 | uid uid pid | open landlock pid
to take one of them | take-descriptor %PID% | uid seccomp pid | open? seccomp pid
to trace B | trace %PID% | uid seccomp seccomp | open? seccomp seccomp
to signal B | signal %PID% | uid uid pid | open scope pid
to signal all | signal-all | uid uid pid | open scope pid
B's priority | set-priority %PID% | uid uid pid | open open pid
B's processors | set-processors %PID% | uid uid pid | open open pid
B's scheduling | set-policy %PID% | uid uid pid | open open pid
B's disk priority | set-io-priority %PID% | uid uid pid | open open pid
B's limits | set-limit %PID% | uid uid pid | open open pid
environment of a B at strict | read /proc/%STRICT%/environ | uid uid pid | open landlock pid
its /tmp | list /proc/%STRICT%/root/tmp | uid uid pid | open landlock pid
to signal it | signal %STRICT% | uid uid pid | open scope pid
environment of process 1 | read /proc/1/environ | uid uid init | open? uid init
its root | follow /proc/1/root | uid uid init | open? uid init
its descriptors | list /proc/1/fd | uid uid init | open? uid init
to take one of those | take-descriptor 1 | uid seccomp seccomp | open? seccomp seccomp
gateway's environment | read /proc/%GATEWAY%/environ | uid uid pid | hidden hidden pid
gateway's command line | read /proc/%GATEWAY%/cmdline | open open pid | open open pid
gateway's descriptors | list /proc/%GATEWAY%/fd | uid uid pid | hidden hidden pid
gateway's memory | read-memory %GATEWAY% | uid seccomp seccomp | hidden seccomp seccomp
to trace the gateway | trace %GATEWAY% | uid seccomp seccomp | hidden seccomp seccomp
to signal the gateway | signal %GATEWAY% | uid uid pid | open scope pid
gateway's limits | set-limit %GATEWAY% | uid uid pid | open open pid
spawner's environment | read /proc/%SPAWNER%/environ | uid uid pid | hidden hidden pid
spawner's memory | read-memory %SPAWNER% | uid seccomp seccomp | hidden seccomp seccomp
to trace the spawner | trace %SPAWNER% | uid seccomp seccomp | hidden seccomp seccomp
to signal the spawner | signal %SPAWNER% | uid uid pid | open scope pid
spawner's priority | set-priority %SPAWNER% | uid uid pid | open open pid
network
the front's socket | connect-unix %DIR%/tollgate.sock | uid uid root root root | open open root root root
B's socket, for all | connect-unix %B%/none.socket | open open root root root | open open root root root
B's abstract socket | connect-unix %ABSTRACT% | open scope scope net net | open scope scope net net
B's TCP port | connect-tcp %TCP% | open open open net seccomp | open open open net seccomp
B's UDP port | send-udp %UDP% | open open open net seccomp | open open open net seccomp
a port below 1024 | listen-tcp 1 | cap cap cap cap seccomp | cap cap cap cap seccomp
raw sockets | socket 2 3 1 | cap cap cap cap seccomp | cap cap cap cap seccomp
packet sockets | socket 17 3 0 | cap seccomp seccomp seccomp seccomp | cap seccomp seccomp seccomp seccomp
sockets to the host | socket 40 1 0 | open seccomp seccomp seccomp seccomp | open seccomp seccomp seccomp seccomp
the same, with more bits | socket-disguised 40 | open seccomp seccomp seccomp seccomp | open seccomp seccomp seccomp seccomp
the kernel's ciphers | socket 38 5 0 | open seccomp seccomp seccomp seccomp | open seccomp seccomp seccomp seccomp
netlink, of sockets | socket 16 3 4 | open seccomp seccomp seccomp seccomp | open seccomp seccomp seccomp seccomp
netlink, of devices | socket 16 3 15 | open seccomp seccomp seccomp seccomp | open seccomp seccomp seccomp seccomp
another's credentials | forge-credentials %GATEWAY% | cap cap cap cap cap | cap cap userns userns userns
memory of B's, for all | attach-memory %KEY% | open open ipc ipc ipc | open open ipc ipc ipc
memory of B's, for B | attach-memory %KEY1% | uid uid ipc ipc ipc | open open ipc ipc ipc
B's semaphores | read-semaphore %KEY% | open open ipc ipc ipc | open open ipc ipc ipc
B's messages | send-message %KEY% | open open ipc ipc ipc | open open ipc ipc ipc
B's message queue | open-queue /victim-%KEY% | open landlock ipc ipc ipc | open landlock ipc ipc ipc
kernel
users of its own | unshare-user | open? seccomp seccomp | open? seccomp seccomp
the same by clone | clone-user | open? seccomp seccomp | open? seccomp seccomp
the same, with more bits | clone-disguised | open? seccomp seccomp | open? seccomp seccomp
the same by clone3 | clone3-user | open? seccomp seccomp | open? seccomp seccomp
mounts | mount /tmp | cap seccomp seccomp | cap seccomp seccomp
mounts, as root inside | mount-inside /tmp | open? seccomp seccomp | open? seccomp seccomp
control groups, to mount | mount-groups /tmp | cap seccomp seccomp | cap seccomp seccomp
to leave its control group | write %CGROUP%/cgroup.procs | uid uid root | uid uid root
chroot | chroot /tmp | cap seccomp seccomp | cap seccomp seccomp
to become root | become 0 | cap cap cap | cap cap userns
to become B | become %UID% | cap cap cap | - - -
root's group | join-group 0 | cap cap cap | cap cap cap
capabilities | take-capabilities | cap cap cap | cap cap cap
bpf | bpf | open? seccomp seccomp | open? seccomp seccomp
io_uring | io-uring | open? seccomp seccomp | open? seccomp seccomp
keys: add_key | add-key | open seccomp seccomp | open seccomp seccomp
keys: keyctl | find-keyring | open seccomp seccomp | open seccomp seccomp
perf_event_open | perf | open? seccomp seccomp | open? seccomp seccomp
userfaultfd | userfault | open? seccomp seccomp | open? seccomp seccomp
open_by_handle_at | open-by-handle /etc/passwd | cap seccomp seccomp | cap seccomp seccomp
to trace its own children | trace-child | open seccomp seccomp | open seccomp seccomp
TIOCSTI | type | open? seccomp seccomp | open? seccomp seccomp
the same, with more bits | type-disguised | open? seccomp seccomp | open? seccomp seccomp
TIOCLINUX | console | open? seccomp seccomp | open? seccomp seccomp
personality | personality | open seccomp seccomp | open seccomp seccomp
the same, with more bits | personality-disguised | open seccomp seccomp | open seccomp seccomp
kernel's log | kernel-log | open? seccomp seccomp | open? seccomp seccomp
calls of another ABI | other-abi | open killed killed | open killed killed
resources
a priority of -20 | be-preferred | limit limit limit | limit limit limit
real time | be-real-time | limit limit limit | limit limit limit
more files | raise-files | limit limit limit | limit limit limit
core files | raise-core | limit limit limit | limit limit limit
1 MB locked in memory | lock-memory | limit limit limit | limit limit limit
a message queue | make-queue | limit limit limit | limit limit limit
to be spared before others | outlive -500 | cap landlock landlock | cap landlock landlock
a score as others have | outlive 0 | open landlock landlock | open landlock landlock
8 MB in /tmp | fill /tmp 8388608 | open open tmp | open open tmp
8 MB in /dev/shm | fill /dev/shm 8388608 | open open tmp | open open tmp
what is inherited
descriptors | descriptors | clean clean clean | clean clean clean
variables | environment PATH OWN | clean clean clean | clean clean clean
signals | signals | clean clean clean | clean clean clean
umask | umask | clean clean clean | clean clean clean
score when memory is short | oom-score | clean clean clean | open open open
working folder | folder %A% | clean clean clean | clean clean clean
groups | groups | clean clean clean | clean clean clean
terminal, session | terminal | clean clean clean | clean clean clean
capabilities | capabilities | clean clean clean | clean clean clean
core files | core | clean clean clean | clean clean clean
END

my @levels = qw(none standard strict loopback alone);

# The rows: section, label, deed (with %NAMES%) and a hash of cells by level.
sub rows {
	my ($is_root) = @_;
	my ($section, @rows) = '';

	for my $line (split /\n/, $table) {
		my ($label, $deed, @cells) = split / \| /, $line;

		if (!defined $deed) {
			$section = $line;
			next;
		}
		my %cell;
		my @words = split ' ', $cells[$is_root ? 0 : 1];
		next if $words[0] eq '-';
		@cell{@levels[0 .. $#words]} = @words;
		push @rows, { section => $section, label => $label,
		    deed => $deed, cell => \%cell };
	}
	return @rows;
}

sub answers {
	my ($text) = @_;

	return { $text =~ /^(.*): (OPEN.*|held:.*)$/mg };
}

# What comes of the deeds where nothing holds them: a process that has inherited
# what none should.  uid: as that user.
sub control {
	my ($dir, $uid, @deeds) = @_;
	my $program = "$Tollgate::Test::BUILD/t/attack/attack";
	my $script = 'ulimit -c unlimited 2> /dev/null; cd / && '
	    . 'exec 7< /dev/null; unshare -m true 2> /dev/null && '
	    . "exec timeout 60 unshare -m $program; exec timeout 60 $program";

	spew("$dir/deeds", join "\n", @deeds, '');
	my $pid = open(my $out, '-|') // die "fork: $!";
	if ($pid == 0) {
		local %ENV = (PATH => $ENV{PATH}, LD_STRANGE => 1);
		open STDIN, '<', "$dir/deeds" or _exit(1);
		umask 022;
		$SIG{USR1} = 'IGNORE';
		$) = '0 0 1' if $> == 0;
		if ($uid) {
			POSIX::setgid($uid);
			POSIX::setuid($uid);
		}
		exec 'sh', '-c', $script or _exit(127);
	}
	local $/;
	my $text = readline($out) // '';
	close $out;
	return answers($text);
}

# May this cell be looked at here?  The reason why not, or ''.
sub lacks {
	my ($word, $has) = @_;
	my ($name, $version) = split /:/, $word;

	$version //= $version{$name} // 1;
	return "Landlock is older than version $version"
	    if $name =~ /^(?:landlock|scope)$/
	    && $has->{landlock} < $version;
	return 'no seccomp' if $name =~ /^(?:seccomp|killed)$/
	    && !$has->{seccomp};
	return '';
}

# One row: compare, and return the line of the table that it makes.
sub judge {
	my ($row, $got, $shown, $has) = @_;
	my @line;

	for my $level (grep { $row->{cell}{$_} } @levels) {
		my $word = $row->{cell}{$level};
		my $answer = $got->{$level}{$row->{real}} // 'no answer';
		my $what = "$level: $row->{label}: $word";
		my $lacks = lacks($word, $has);
		my ($name) = split /:/, $word;
		my ($text, $sign) = @{$wall{$name}};

		$lacks = 'no namespaces' if $level =~ /^(?:strict|loop|alone)/
		    && !$has->{namespaces};
		$lacks = 'not here: ' . ($shown =~ /(\w+) *\z/)[0]
		    if $shown =~ $missing;
		$lacks ||= "does not work here: $shown"
		    if $word =~ /^open/ && $shown !~ /^OPEN/;
		SKIP: {
			skip "$what: $lacks", 1 if $lacks;
			like($answer, $name eq 'open' ? qr/^OPEN/ :
			    qr/^held:(?:$sign|unheard)\b|^$sign\b/, $what)
			    or diag "$row->{real}: $answer";
		}
		push @line, $lacks ? "($lacks)" :
		    $answer =~ /^OPEN/ ? 'OPEN' :
		    $name eq 'open?' ? 'the kernel (' .
		    ($answer =~ /^held:(\S+)/)[0] . ')' :
		    $answer =~ /^held:nothing/ ? $text : "$text (" .
		    ($answer =~ /^held:(\S+)/ ? $1 : '?') . ')';
	}
	return @line;
}

# Show that the deeds work: by root, or else by the victim himself.  Some are
# for him alone to try.
sub prove {
	my ($t, $hits, $victim, @deeds) = @_;
	my $by_root = control($t->dir, 0,
	    grep { !/^(?:signal-all|run-setuid)/ } @deeds);
	my @others = grep { ($by_root->{$_} // '') !~ /^OPEN/ } @deeds;
	my $waits = grep { $_ eq 'signal-all' } @others;
	my $by_victim;

	my $reached = reaches($hits, $waits ? 30 : 0, sub {
		$by_victim = control($t->dir, $victim, @others) });
	$by_victim->{'signal-all'} = $reached if $waits;
	return { %$by_victim, %$by_root, map { $_ => $by_victim->{$_} }
	    grep { !$by_root->{$_} || $by_victim->{$_} =~ /^OPEN/ } @others };
}

# For "make attack-table", and the log.
sub print_row {
	my ($label, @line) = @_;

	note(sprintf('* %-29s', $label) . join('',
	    map { sprintf ' %-32s', $_ } @line) =~ s/ +\z//r);
}

# Try all of them.  names: what %NAMES% stand for.  Returns how many were shown
# to work.
sub attack_all {
	my ($t, $has, %names) = @_;
	my @rows = rows($has->{is_root});
	my $hits = "$names{B}/none.hits";
	my ($shown, %got, $section) = (0);

	$_->{real} = $_->{deed} =~ s/%(\w+)%/$names{$1}/ger for @rows;
	# Others of the same user may run this test, too.
	@rows = grep { $_->{deed} ne 'signal-all' } @rows unless $> == 0;
	my $control = prove($t, $hits, $names{UID}, map { $_->{real} } @rows);
	for my $level (@levels) {
		my @own = map { $_->{real} } grep { $_->{cell}{$level} } @rows;
		my $waits = grep { $_->{deed} eq 'signal-all' &&
		    ($_->{cell}{$level} // '') eq 'open' } @rows;
		my $reached = reaches($hits, $waits ? 30 : 0.2, sub {
			my $answer = $t->post("/$level", join("\n", @own, ''),
			    deadline => 60);
			is($answer->{status}, 200, "$level answers");
			$got{$level} = answers($answer->{body});
		});
		$got{$level}{'signal-all'} = $reached
		    if $got{$level}{'signal-all'};
	}
	# Which is tried at the first start that wants them.
	$has->{namespaces} = $t->log !~ /: no namespaces: /;
	for my $row (@rows) {
		my $proof = $control->{$row->{real}} // 'no answer';
		my @line = judge($row, \%got, $proof, $has);

		$shown++ if $proof =~ /^OPEN/;
		print_row(uc $row->{section}, @levels[0 .. $#line])
		    if ($section // '') ne $row->{section};
		$section = $row->{section};
		print_row($row->{label}, @line);
		note("  not shown to work: $proof") unless $proof =~ /^OPEN/;
	}
	return $shown;
}

# Has the victim heard of a signal that is sent to all?
sub reaches {
	my ($hits, $deadline, $attack) = @_;
	my $before = -s $hits // 0;

	$attack->();
	return wait_for(sub { (-s $hits // 0) > $before }, $deadline) ? 'OPEN' :
	    'held:unheard';
}

# --- two tenants --------------------------------------------------------------

# A file or folder (mode 0755 or so), of that user.
sub give {
	my ($uid, $mode, @paths) = @_;

	for my $path (@paths) {
		-e $path or mkdir $path or die "$path: $!";
		chown $uid, $uid, $path if $> == 0;
		chmod $mode, $path;	# last, as that clears setuid
	}
}

sub copy_program {
	my ($name, $uid, $mode, $path) = @_;

	spew($path, slurp("$Tollgate::Test::BUILD/t/attack/$name"));
	give($uid, $mode, $path);
}

# What each of them has: a's code, b's files.
sub furnish {
	my ($dir, $a, $b) = @_;

	mkdir "$dir/$_" for qw(a b b/open tools);
	copy_program('attack', $a, 0755, "$dir/a/attack");
	spew("$dir/a/module", 'x');
	copy_program('victim', $b, 0755, "$dir/b/$_") for qw(none strict);
	copy_program('attack', $>, 04755, "$dir/tools/setuid");
	system "mknod -m 666 $dir/tools/device c 1 5 2> /dev/null";
	spew("$dir/b/$_", 'secret') for qw(private public shared open/file);
	give($a, 0755, "$dir/a");
	give($a, 0644, "$dir/a/module");
	give($b, 0755, "$dir/b");
	give($b, 0600, "$dir/b/private");
	give($b, 0644, "$dir/b/public");
	give($b, 0666, "$dir/b/shared", "$dir/b/open/file");
	give($b, 0777, "$dir/b/open");
}

sub configure {
	my ($t, $a, $b, $is_root) = @_;
	my $dir = $t->dir;
	my @user = map { $is_root ? "user = $_\ngroup = $_\n" : '' } $a, $b;

	spew("$dir/secrets", "OWN=secret\n");
	chmod 0600, "$dir/secrets";
	for my $victim (qw(none strict)) {
		$t->function("b-$victim" => <<"INI");
[function]
handler = $dir/b/$victim
protocol = cgi
environment_file = $dir/secrets
[route]
exact = /b-$victim
[limits]
request_terminate_timeout = 0
io_timeout = 0
tasks_max = 4096
[sandbox]
level = $victim
read_write_paths = $dir/b
$user[1]
INI
	}
	for my $level (@levels) {
		my $word = $level =~ /^(?:none|standard)$/ ? $level : 'strict';
		my $network = $level eq 'loopback' ? 'loopback' :
		    $level eq 'alone' ? 'none' : 'host';

		$t->function($level => <<"INI");
[function]
handler = $dir/a/attack
protocol = cgi
environment = OWN=secret
[route]
exact = /$level
[limits]
tasks_max = 4096
[sandbox]
level = $word
network = $network
read_only_paths = $dir/tools
tmp_max = 4M
$user[0]
INI
	}
}

# What there is here to hold with, as tollgated says it.
sub means {
	my ($text) = @_;

	return (
		landlock => $text =~ /Landlock of version (\d+)/ ? "$1" : 0,
		seccomp => $text =~ /^kernel: .*; seccomp/m ? 1 : 0,
	);
}

sub find_group_mount {
	my $mounts = slurp('/proc/self/mountinfo');

	return $1 if $mounts =~ /^\S+ \S+ \S+ \S+ (\S+) .* - cgroup2 /m;
	return $mounts =~ /^\S+ \S+ \S+ \S+ (\S+) .* - cgroup /m ? $1 :
	    '/sys/fs/cgroup';
}

# In a namespace the first pids are taken, so that whom they mean would not be
# known.
sub pass_small_pids {
	for (1 .. 500) {
		my $pid = fork // last;
		_exit(0) if $pid == 0;
		waitpid $pid, 0;
		last if $pid > 500;
	}
}

sub victim {
	my ($uid, @words) = @_;
	my $pid = fork // die "fork: $!";

	if ($pid == 0) {
		$) = "$uid $uid" if $> == 0;
		POSIX::setgid($uid);
		POSIX::setuid($uid);
		exec "$Tollgate::Test::BUILD/t/attack/victim", @words
		    or _exit(127);
	}
	waitpid $pid, 0;
	return $? == 0;
}

# Ask one, who answers and stays.
sub await_victim {
	my ($t, $name) = @_;
	my $asked = $t->ask('GET', "/b-$name");

	ok($asked->wait_bytes(1, 30) &&
	    $asked->{answers}{1}{stdout} =~ /pid=/,
	    "a victim is there, at $name") or die $t->all_logs;
	return $asked;
}

# What he has made outlives him.
my @made;

END {
	my $status = $?;

	victim($made[1], 'clean', $made[2]) if @made && $made[0] == $$;
	$? = $status;
}

# Tenant a against tenant b; with as, tollgated and all are that user.
sub attack_with {
	my (%opt) = @_;
	my ($a, $b) = $opt{as} ? ($opt{as}, $opt{as}) : @opt{qw(a b)};
	my $key = 1000000 + 2 * $$;	# and the next

	$ENV{TMPDIR} = '/var/tmp';	# of /tmp a worker is granted all
	plan skip_all => 'no /var/tmp to write to' unless -w '/var/tmp';
	plan skip_all => 'no System V objects here' unless -d '/proc/sysvipc';
	my $t = Tollgate::Test->new;
	my $dir = $t->dir;
	my @through;
	furnish($dir, $a, $b);
	configure($t, $a, $b, !$opt{as});
	if ($opt{as} && $> == 0) {
		delete $t->{gateway_user};
		give($opt{as}, 0755, $dir, map { "$dir/$_" }
		    qw(functions.d run state log));
		give($opt{as}, 0600, "$dir/secrets");
		@through = ('setpriv', "--reuid=$b", "--regid=$b",
		    '--clear-groups');
	}
	@made = ($$, $b, $key);
	victim($b, 'make', $key) or die "the victim cannot be made\n";
	pass_small_pids();
	$t->configure;
	my (undef, $text) = Tollgate::Test::run_command('timeout', 30,
	    @through, $t->command('-t', '-v'));
	$t->start(through => \@through);
	my ($strict, $asked) = map { await_victim($t, $_) } qw(strict none);
	my ($hidden) = grep { slurp("/proc/$_/cmdline") eq "$dir/b/strict\0" }
	    $t->descendants;
	$t->get('/none');	# so that there are accounts
	my %says = $asked->{answers}{1}{stdout} =~ /(\w+)=(\S+)/g;
	my $shown = attack_all($t, { means($text), is_root => !$opt{as} },
	    A => "$dir/a", B => "$dir/b", DIR => $dir, PID => $says{pid},
	    STRICT => $hidden // 0,
	    TCP => $says{tcp}, UDP => $says{udp}, ABSTRACT => $says{abstract},
	    GATEWAY => $t->gateway_pid, SPAWNER => $t->pid, UID => $b,
	    KEY => $key, KEY1 => $key + 1, CGROUP => find_group_mount());
	$_->close for $strict, $asked;
	is($t->stop, 0, 'the end');
	return $shown;
}

1;
