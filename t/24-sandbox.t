#!/usr/bin/perl
# What [sandbox] takes away is gone, what it grants is there, what is required
# but not to be had is not run without.
use strict;
use warnings;
use lib 't/lib';
use Test::More;
use Tollgate::Test;

# Not below /tmp, which all may write to.
$ENV{TMPDIR} = '/var/tmp';
plan skip_all => 'no /var/tmp to write to' unless -w '/var/tmp';
my $t = Tollgate::Test->new;
my $dir = $t->dir;
my ($landlock, $seccomp);

# Each line of the query is a deed; its answer is ok or the errno's name.
my $script = <<'PL';
#!/usr/bin/perl
use Errno; use Fcntl; use IO::Socket::INET;
my %name = map { Errno->can($_)->() => $_ } grep { /^E[A-Z0-9]+$/ && $_ ne
    'EWOULDBLOCK' && $_ ne 'EOPNOTSUPP' && $_ ne 'EDEADLOCK' } keys %!;
my %do = (
	read => sub { open(my $f, '<', $_[0]) or return; defined <$f> },
	list => sub { opendir my $d, $_[0] },
	write => sub { sysopen my $f, $_[0], O_WRONLY },
	make => sub { sysopen my $f, "$_[0]/made$$", O_WRONLY | O_CREAT | O_EXCL
	    and unlink "$_[0]/made$$" },
	run => sub { system { $_[0] } $_[0]; $? == 0 },
	socket => sub { socket my $s, $_[0], SOCK_STREAM, 0 },
	kill => sub { kill 0, $_[0] },
	shell => sub { system("($_[0]) > /dev/null 2>&1") == 0 },
);
print "Content-Type: text/plain\n\n";
for (split /\n/, do { local $/; <STDIN> }) {
	my ($deed, $what) = split / /, $_, 2;
	$! = 0;
	my $done = $do{$deed}->($what);
	print "$_: ", $done ? 'ok' : $name{$! + 0} // 'no', "\n";
}
open my $in, '<', '/proc/self/status';
/^(Cap\w+|NoNewPrivs|Seccomp):\s*(\S+)/ and print "$1: $2\n" while <$in>;
print 'limits:';
`bash -c 'ulimit -$_'` =~ /^(\S+)$/ and print " $1" for qw(c l q r e);
print "\n";
PL

mkdir "$dir/$_", 0755 for qw(fn own other ro ro/secret rw rw/in www home);
chmod 0777, "$dir/rw", "$dir/rw/in", "$dir/other", "$dir/fn";
spew("$dir/$_", 'x') for qw(fn/module own/module other/file ro/file
    ro/secret/key rw/file);
chmod 0666, "$dir/$_" for qw(fn/module other/file ro/file rw/file);
$t->handler("$_/run.cgi", $script) for qw(fn own);
# A folder that anybody may write to is not trusted.
chmod 0755, "$dir/fn";
$t->handler('other/run.sh', "#!/bin/sh\nexit 0\n");

sub sandbox {
	my ($name, $lines) = @_;

	return $t->function($name, <<"INI");
[function]
handler = %DIR%/fn/run.cgi
protocol = cgi
[route]
prefix = /$name
[limits]
tasks_max = 4096
[sandbox]
$lines
INI
}

for my $level (qw(strict standard none)) {
	sandbox($level, "level = $level\nread_only_paths = %DIR%/ro\n"
	    . "read_write_paths = %DIR%/rw");
}
sandbox(hidden => "level = standard\nread_only_paths = %DIR%/ro\n"
    . "inaccessible_paths = %DIR%/ro/secret /etc/passwd");
sandbox(around => "level = standard\nread_only_paths = %DIR%");
for ([anna => 5001], [bert => 5002]) {
	my ($name, $uid) = @$_;

	mkdir "$dir/home/$name", 0755;
	$t->handler("home/$name/run.cgi", $script);
	spew("$dir/home/$name/module", 'x');
	chown $uid, 5000, "$dir/home/$name", glob "$dir/home/$name/*";
}
$t->function(user => <<'INI');
[function]
handler = %DIR%/home/${user}/run.cgi
protocol = cgi
[route]
regex = "^/user/(?<user>[a-z]+)$"
[limits]
tasks_max = 4096
[sandbox]
level = standard
INI
$t->function(own => <<'INI');
[function]
handler = %DIR%/own/run.cgi
protocol = cgi
[route]
prefix = /own
[limits]
tasks_max = 4096
[sandbox]
level = standard
INI
sandbox(alone => "level = standard\nnetwork = none");
sandbox(more => "level = standard\n"
    . "system_call_filter = \@default personality");
my $keyctl = `uname -m` =~ /aarch64/ ? 219 : 250;
for ([keys => "level = standard\nsystem_call_filter = \@default keyctl"],
    [free => 'level = none']) {
	$t->cgi($_->[0] => <<"PERL", "[sandbox]\n$_->[1]\n");
#!$^X
print "Content-Type: text/plain\n\n", syscall($keyctl, 0, -3, 0), "\n";
PERL
}
sandbox(needs => "require = landlock>=99 seccomp");
sandbox(met => 'require = seccomp') if ($seccomp = has_seccomp());

# What a kernel has is told by its own word for it.
sub has_seccomp { return -e '/proc/sys/kernel/seccomp/actions_avail' }

my ($status, $text) = $t->run('-t', '-v');
is($status, 1, '-t: an unmet require is an error');
my $require = qr/needs\.ini:\d+:\ \[sandbox\]\ require:\ landlock>=99
    \ is\ not\ to\ be\ had\ here:\ needs\ is\ refused$/mx;
like($text, qr/^\S*$require/m, 'which is said');
like($text, qr/^warning:\ \S+none\.ini:\d+:\ \[sandbox\]\ read_only_paths:
    \ is\ not\ enforced\ here:\ level\ is\ none/mx, 'a path at level none is warned of');
$t->remove_function('needs');
($status, $text) = $t->run('-t', '-v');
is($status, 0, 'the others are good') or diag $text;
$landlock = $text =~ /^kernel: Landlock of version (\d+);/m ? $1 : 0;
like($text, qr/^kernel: .*; (no )?seccomp; (no )?namespaces; (no )?user names/m,
    '-v: what the kernel has');
like($text, qr/^none: sandbox\.read_only_paths = \S+: NOT ENFORCED$/m,
    '-v: and what does not hold');
like($text, qr/^standard: sandbox\.system_call_filter = \@default: seccomp$/m,
    '-v: what does') if $seccomp;
sandbox(needs => "require = landlock>=99 seccomp");
$t->start;

# Deeds, one a line, as a hash of their answers.
sub answers {
	my ($function, @deeds) = @_;
	my $answer = $t->post("/$function", join("\n", @deeds, ''));

	is($answer->{status}, 200, "$function answers")
	    or diag slurp("$dir/log/$function.log");
	return { $answer->{body} =~ /^(.*): (.*)$/mg };
}

my $denied = qr/^(?:EACCES|ENOENT|EROFS|EPERM|no)$/;
my %deeds = (			# what is denied at standard and strict
	"read $dir/fn/module" => 0, "list $dir/fn" => 0,
	"read $dir/ro/file" => 0, "read $dir/ro/secret/key" => 0,
	"read $dir/rw/file" => 0, "write $dir/rw/file" => 0,
	"make $dir/rw" => 0, "make $dir/rw/in" => 0, 'make /tmp' => 0,
	'read /etc/passwd' => 0, 'write /dev/null' => 0,
	'run /bin/true' => 0, 'socket 2' => 0, 'socket 1' => 0,
	"write $dir/fn/module" => 1, "read $dir/other/file" => 1,
	"write $dir/other/file" => 1, "make $dir/other" => 1,
	"run $dir/other/run.sh" => 1, "write $dir/ro/file" => 1,
	"list $dir" => 1, "read $dir/tollgate.ini" => 1,
	"list $dir/functions.d" => 1, "list $dir/run" => 1,
	"list $dir/log" => 1, 'list /var/log' => 1,
);
my %calls = (			# what the filter denies
	'socket 17' => 1, 'socket 38' => 1, 'socket 40' => 1,
	'shell setarch -R true' => 1, 'shell unshare -r true' => 1,
);

SKIP: {
	skip 'no Landlock in this kernel', 1 unless $landlock;
	for my $level (qw(strict standard)) {
		my $got = answers($level, sort keys %deeds);
		# At strict a folder on the way to others holds only those.
		local $deeds{"list $dir"} = $level eq 'standard' ||
		    $text =~ /^kernel: .*; no namespaces/m;
		is_deeply([grep { $deeds{$_} ? $got->{$_} !~ $denied :
		    $got->{$_} ne 'ok' } sort keys %deeds], [],
		    "$level: files that are granted, and no others")
		    or diag explain $got;
	}
	my $got = answers('hidden', "read $dir/ro/file", 'read /etc/group',
	    "read $dir/ro/secret/key", "list $dir/ro/secret",
	    'read /etc/passwd');
	is_deeply([@$got{"read $dir/ro/file", 'read /etc/group'}],
	    [qw(ok ok)], 'beside inaccessible paths');
	like($got->{$_}, $denied, "hidden: $_") for "read $dir/ro/secret/key",
	    "list $dir/ro/secret", 'read /etc/passwd';
}
SKIP: {
	skip 'no seccomp in this kernel', 1 unless $seccomp;
	for my $level (qw(strict standard)) {
		my $got = answers($level, sort keys %calls);
		is_deeply([grep { $got->{$_} !~ $denied } sort keys %calls],
		    [], "$level: system calls") or diag explain $got;
		is($got->{Seccomp}, 2, "$level: a filter is in force");
		is($got->{NoNewPrivs}, 1, 'no_new_privs');
		is($got->{$_} =~ s/^0+$/none/r, 'none', $_)
		    for qw(CapInh CapPrm CapEff CapAmb),
		    $> == 0 ? 'CapBnd' : ();
		is($got->{limits}, '0 64 0 0 0', 'limits');
	}
	my $got = answers('alone', 'socket 2', 'socket 10', 'socket 1');
	like($got->{"socket $_"}, $denied, "network = none: family $_")
	    for 2, 10;
	is($got->{'socket 1'}, 'ok', 'but unix sockets');
	is(answers('more', 'shell setarch -R true')->{'shell setarch -R true'},
	    'ok', 'a call that is added');
	is($t->get('/met')->{status}, 200, 'what is required is there');
}
SKIP: {
	skip 'no keys here', 2 if syscall($keyctl, 0, -3, 0) == -1;
	my %rings = map { $t->get("/$_")->{body} => 1 } qw(keys free) x 2;
	is(keys %rings, 4, 'who may have keys has a keyring of its own');
	ok((not grep { !/^[1-9]/ } keys %rings), 'each time')
	    or diag explain \%rings;
}
my $got = answers('none', "read $dir/other/file", 'shell setarch -R true');
is_deeply([@$got{"read $dir/other/file", 'shell setarch -R true',
    'NoNewPrivs', 'Seccomp'}], ['ok', 'ok', 0, 0],
    'level none: a user like any other');
is($got->{limits}, '0 64 0 0 0', 'with limits');

# The daemon's own is hidden even where all is granted around it.
SKIP: {
	skip 'no Landlock in this kernel', 1 unless $landlock;
	my $got = answers('around', "read $dir/ro/file", 'read /etc/group',
	    "read $dir/tollgate.ini", "list $dir/functions.d",
	    "read $dir/functions.d/none.ini", "list $dir/log");
	is_deeply([@$got{"read $dir/ro/file", 'read /etc/group'}],
	    [qw(ok ok)], "around the daemon's own");
	like($got->{$_}, $denied, "around: $_") for "read $dir/tollgate.ini",
	    "list $dir/functions.d", "read $dir/functions.d/none.ini",
	    "list $dir/log";
}

# Rules that were kept of another worker are not those of what has come in the
# place of its folder.
SKIP: {
	skip 'no Landlock in this kernel', 1 unless $landlock;
	my @deeds = ("read $dir/own/module", "read $dir/old/module");
	for my $found (qw(ENOENT EACCES)) {
		for my $worker (qw(first next)) {
			my $got = answers('own', @deeds);
			is_deeply([@$got{@deeds}], ['ok', $found],
			    "$worker worker: the folder that is there now");
		}
		last if -e "$dir/old";
		rename "$dir/own", "$dir/old" or die "rename: $!";
		system('cp', '-a', "$dir/old", "$dir/own") == 0 or die 'cp';
		# Those who wait for a request have the rules of before.
		$t->get('/own')->{status} == 200 and last for 1 .. 20;
	}
}

# A template's folder is known only with its program: another tenant's is not
# granted, even if its mode lets all in.
SKIP: {
	skip 'only root can run programs as others', 1 unless $> == 0;
	skip 'no Landlock in this kernel', 1 unless $landlock;
	my $got = answers('user/anna', "read $dir/home/anna/module",
	    "read $dir/home/bert/module", "list $dir/home");
	is($got->{"read $dir/home/anna/module"}, 'ok', 'a tenant: its own');
	like($got->{$_}, $denied, "a tenant: $_") for
	    "read $dir/home/bert/module", "list $dir/home";
}

# Rather not than with less.
is($t->get('/needs')->{status}, 503, 'an unmet require: 503');
like($t->log, qr/needs.*require: landlock>=99/, 'the log says what is missing');
like(slurp("$dir/output"), $require, 'and so did the load');

# Another level is another process.
my $before = $t->record_of('/none')->{version};
sandbox(none => "level = none");
ok($t->reload, 'a reload');
is($t->get('/none/again')->{status}, 200, 'serves');
isnt($t->record_of('/none/again')->{version}, $before, 'with new workers');
done_testing;
