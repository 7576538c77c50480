#!/usr/bin/perl
# A step between fork and exec that fails leaves no worker: nothing runs half
# confined, and the log names function, step and error.  A filter that all of
# tollgated inherits makes one system call fail.
use strict;
use warnings;
use lib 't/lib';
use Errno qw(EIO EPERM);
use Test::More;
use Tollgate::Test;

plan skip_all => 'no numbers of system calls here'
    unless eval { require 'sys/syscall.ph'; SYS_seccomp() };
plan skip_all => 'no seccomp in this kernel'
    unless -e '/proc/sys/kernel/seccomp/actions_avail';
my $landlock = eval { SYS_landlock_restrict_self() };

# Allow unless it is the number and, if that is given, the first argument (its
# lower half, on a little-endian machine).
my $deny = <<'PL';
my ($number, $first, $error) = (shift, shift, shift);
my @rules = ([0x20, 0, 0, 0], [0x15, 0, $first eq '' ? 1 : 3, $number],
    $first eq '' ? () : ([0x20, 0, 0, 16], [0x15, 0, 1, $first]),
    [0x06, 0, 0, 0x50000 | $error], [0x06, 0, 0, 0x7fff0000]);
my $code = join '', map { pack 'S C C L', @$_ } @rules;
my $program = pack 'S x![P] P', scalar @rules, $code;
require 'sys/syscall.ph';
syscall(SYS_prctl(), 38, 1, 0, 0, 0) == 0 or die "no_new_privs: $!";
syscall(SYS_prctl(), 22, 2, $program) == 0 or die "seccomp: $!";
exec @ARGV or die "@ARGV: $!";
PL

# Is it called at all, with this kernel?
sub has_landlock {
	return defined $landlock
	    && syscall(SYS_landlock_create_ruleset(), 0, 0, 1) > 0;
}

for ([keyring => SYS_keyctl(), '', 1],
    [landlock => $landlock, '', has_landlock()],
    [seccomp => SYS_seccomp(), 1, 1]) {
	my ($step, $number, $first, $is_there) = @$_;
	SKIP: {
		skip "no $step in this kernel", 1 unless $is_there;
		my $t = Tollgate::Test->new;

		mkdir $t->dir . '/rw' or die "mkdir: $!";
		chmod 0777, $t->dir . '/rw';
		$t->cgi(held => "#!/bin/sh\ntouch %DIR%/rw/ran\n",
		    "[sandbox]\nread_write_paths = %DIR%/rw\n");
		$t->cgi(free => "#!/bin/sh\nprintf 'Status: 200\\n\\n'\n",
		    "[sandbox]\nlevel = none\n");
		$t->handler('deny.pl', $deny);
		$t->start(through => [$^X, $t->dir . '/deny.pl', $number,
		    $first, EIO]);
		is($t->get('/held')->{status}, 503, "$step fails: 503");
		like($t->log, qr/held: worker \d+ could not be started: $step: I/,
		    'the log says so');
		ok(!-e $t->dir . '/rw/ran', 'nothing has run');
		is($t->get('/free')->{status}, 200,
		    'what does without is served');
	}
}

# But for what nobody in a container has.
{
	my $t = Tollgate::Test->new;

	$t->cgi(held => "#!/bin/sh\nprintf 'Status: 200\\n\\n'\n");
	$t->handler('deny.pl', $deny);
	$t->start(through => [$^X, $t->dir . '/deny.pl', SYS_keyctl(), '',
	    EPERM]);
	is($t->get('/held')->{status}, 200, 'where keys are forbidden to all')
	    or diag $t->log;
}
done_testing;
