#!/usr/bin/perl
# A handler starts as a clean process: nothing of the daemon's comes along.
use strict;
use warnings;
use lib 't/lib';
use Test::More;
use Tollgate::Test;

$ENV{LD_LIBRARY_PATH_OF_ADMIN} = 'x';
# rt_sigaction: libc's own two, and PIPE, are ignored.
my $ignore = pack('Q4', 1, 0, 0, 0);
syscall(13, $_ + 0, $ignore, 0, 8) for 13, 32, 33;
my $t = Tollgate::Test->new->evil(evil => <<'INI')->cgi(cgi => <<'SH', <<'INI2')
environment = A=1
[limits]
rlimit_files = 123
INI
#!/usr/bin/perl
print "Content-Type: text/plain\n\n";
opendir my $d, '/proc/self/fd';
my $own = fileno $d;
print 'fds=', join('', map { "$_," } sort { $a <=> $b }
    grep { /^\d+$/ && readlink("/proc/self/fd/$_") !~ /^$0|^\/proc/ }
    readdir $d), "\n";
printf "pid=%d\nsid=%d\npgid=%d\nuid=%d\ngid=%d\numask=%03o\n", $$,
    syscall(124, 0), getpgrp, $<, $(, umask;
open my $s, '<', '/proc/self/status';
print grep { /^(SigBlk|SigIgn|Groups)/ } <$s>;
print 'cwd=', readlink('/proc/self/cwd'), "\n";
SH
[limits]
rlimit_files = 123
INI2
    ->start;
my $user = $> == 0 ? scalar getpwnam 'nobody' : $>;

for my $way (qw(evil cgi)) {
	my $body = $t->get("/$way?mode=self")->{body};
	my %is = $body =~ /^(\w+)[=:][ \t]*(.*)$/mg;

	is($is{fds}, '0,1,2,', "$way: descriptors 0, 1, 2 and no other");
	is($is{sid}, $is{pid}, "$way: a session of its own");
	is($is{uid}, $user, "$way: runs as function_user");
	is($is{umask}, '077', "$way: umask 077");
	isnt($is{sid}, $t->pid, "$way: not the daemon's");
	if ($way eq 'evil') {
		is($is{blocked}, 0, "$way: no signal is blocked");
		is($is{sigpipe}, 'default', "$way: none ignored");
		is($is{files}, 123, "$way: rlimit_files");
		is_deeply([sort grep { !/^TOLLGATE_WORKER=\d+$/ }
		    $body =~ /^env:(.*)$/mg],
		    ['A=1', 'PATH=/usr/local/bin:/usr/bin:/bin'],
		    "$way: the environment is what is configured");
		like("$Tollgate::Test::BUILD/t", qr/^\Q$is{cwd}\E$/,
		    "$way: starts in the handler's folder");
		unlike($is{gid}, qr/^0$/, "$way: not root's group") if $> == 0;
		cmp_ok($is{groups}, '<=', 1, "$way: nor its groups") if $> == 0;
	} else {
		like($is{SigBlk}, qr/^0+$/, "$way: no signal is blocked");
		# Perl itself ignores SIGFPE, the eighth.
		like($is{SigIgn}, qr/^0+80$/, "$way: none ignored");
		is($is{cwd}, $t->dir, "$way: starts in the handler's folder");
	}
}
done_testing;
