#!/usr/bin/perl
# The quickstart shows every sample function at work, and leaves nothing behind.
use strict;
use warnings;
use lib 't/lib';
use File::Temp;
use Test::More;
use Tollgate::Test;

# It would install what is missing; a test must not.
for my $program (qw(nginx curl)) {
	plan skip_all => "no $program" unless grep { -x "$_/$program" }
	    split(/:/, $ENV{PATH}), qw(/usr/sbin /usr/local/sbin);
}
plan tests => 6;

my $temp = File::Temp->newdir('tollgate-XXXXXX', TMPDIR => 1);
my @command = ("$Tollgate::Test::SOURCE/conf/quickstart", '--port');

chmod 0755, $temp;
$ENV{TMPDIR} = "$temp";
$ENV{TOLLGATE_BUILD} = $Tollgate::Test::BUILD;

my ($status, $output) = Tollgate::Test::run_command(@command, free_port(),
    '--check');
is($status, 0, '--check: every answer is right and accounted')
    or diag($output);
my $records = () = $output =~ /^\{"time":.*"outcome":"ok"/mg;
is($records, 7, 'the record of each sample function is shown');
is_deeply([glob "$temp/*"], [], 'the temporary folder is gone');

my $pid = open(my $out, '-|') // die "fork: $!";
if ($pid == 0) {
	open STDERR, '>&', \*STDOUT;
	$SIG{INT} = 'DEFAULT';
	exec @command, free_port() or POSIX::_exit(127);
}
my ($started, $tollgated);
while (<$out>) {
	$started = 1 if /Ctrl-C/;
	$tollgated = $1 if /kill -HUP (\d+)/;
	kill INT => $pid if /^Logs:/;
}
close $out;
ok($started && $? == 0, 'without --check it stays until it is interrupted')
    or diag("status $?");
ok($tollgated && !kill(0, $tollgated), 'then it has ended tollgated');
is_deeply([glob "$temp/*"], [], 'and removed its folder');
