#!/usr/bin/perl
# One tenant at the caps of his account, doing all of it at once - processor,
# forks, memory, logs, starts that crash, 60 requests at a time, bodies that
# trickle, files in /tmp - costs another no request; and where cgroups share
# out the processor, not twice his time.
#
# TURNS and REQUESTS (of the victim's, each before and during an attack) make
# more of it; t/vm/run t/26-fair-share.t is where the times are held to that.
use strict;
use warnings;
use lib 't/lib';
use List::Util qw(sum);
use Test::More;
BEGIN { $ENV{TOLLGATE_ALARM} //= 220 }	# in a virtual machine
use POSIX ();
use Time::HiRes qw(sleep time);
use Tollgate::Cgroup;
use Tollgate::FastCGI qw(begin record stream pairs whole_request);
use Tollgate::Test;

plan skip_all => 'only root can run programs as others' unless $> == 0;
my $group = Tollgate::Cgroup->new(qw(memory pids cpu));
my $turns = $ENV{TURNS} // ($group ? 5 : 1);
my $requests = $ENV{REQUESTS} // 200;
my $t = Tollgate::Test->new(gateway => join "\n", 'stop_timeout = 500ms',
    $group ? "cgroup = @{[$group->path]}" : ());

# The attacker: each of his functions has a way of its own.
my $as = "[sandbox]\nuser = 4001\ngroup = 4001\n";
my $limits = "[limits]\nrequest_terminate_timeout = 1s\nmemory_max = 64M\n"
    . "tasks_max = 30\n";
my $pool = "[pool]\nmax_children = 20\nprocess_idle_timeout = 200ms\n"
    . "queue_timeout = 1s\n";
my %ways = (
	cpu => 'mode=spin', forks => 'mode=bomb&n=700',
	memory => 'mode=touch&n=50&m=300', log => 'mode=stderr-flood&n=2000000&m=1',
	files => 'mode=litter&n=200&m=64', many => 'mode=sleep&n=200',
	trickle => 'mode=ok', crash => 'mode=ok',
);
$t->evil("a-$_" => ($_ eq 'crash' ? "arguments = crash 11\n" : '')
    . "[route]\nprefix = /a-$_\n$pool$limits$as") for keys %ways;
$t->account(4001 => <<'INI');
[account]
max_children = 8
queue_max = 20
start_rate = 5
start_burst = 5
log_rate = 16K
log_burst = 64K
memory_max = 128M
tasks_max = 60
cpu_max = 2000 10000
cpu_weight = 10
INI
$t->evil(b => "[pool]\nmin_children = 1\n[sandbox]\nuser = 4002\n"
    . "group = 4002\n")->start;

# The attacker's clients: 60 requests at once, each asked anew when it is over,
# and ten whose bodies come byte by byte.  Until it is killed.  They would be on
# other machines, so they take as little of this one as they can.
sub attack {
	my @kinds = sort grep { $_ ne 'trickle' } keys %ways;
	my %bytes = map { $_ => whole_request(1, [nginx_params('GET',
	    "/a-$_?$ways{$_}")]) } @kinds;
	my (@open, $n);

	$bytes{trickle} = begin(1) . stream('params', 1, pairs(nginx_params(
	    'POST', "/a-trickle?$ways{trickle}", body => ' ' x 60)));
	setpriority 0, 0, 19;
	for (;; sleep 0.2) {
		@open = grep { is_open(@$_) } @open;
		while (@open < 70) {
			my $trickles = grep { $_->[1] } @open;
			my $c = $t->connect;
			syswrite $c->{socket}, $bytes{$trickles < 10 ?
			    'trickle' : $kinds[$n++ % @kinds]};
			push @open, [$c, $trickles < 10];
		}
	}
}

# Has it had less than its whole answer?
sub is_open {
	my ($c, $trickles) = @_;

	syswrite $c->{socket}, record('stdin', 1, ' ') if $trickles;
	while (my $got = sysread $c->{socket}, my $bytes, 65536) {}
	return $!{EAGAIN} ? 1 : 0;
}

# The victim's: times in ms, and how many failed.
sub measure {
	my (@ms, $failed);

	for (1 .. $requests) {
		my $start = time;
		my $answer = $t->get('/b?mode=burn&n=2', deadline => 60);
		push @ms, (time - $start) * 1000;
		$failed++ if $answer->{status} != 200 || !$answer->{complete};
	}
	@ms = sort { $a <=> $b } @ms;
	return { p50 => $ms[@ms / 2], p99 => $ms[int(@ms * 0.99 - 0.5)],
	    failed => $failed // 0 };
}

sub his_processes {
	return grep { ((stat)[4] // 0) == 4001 } glob '/proc/[0-9]*';
}

sub records { return slurp($t->dir . '/log/accounting') =~ tr/\n// }

sub median { (sort { $a <=> $b } @_)[@_ / 2] }

my (@before, @during);
$t->get('/b?mode=ok');
for my $turn (1 .. $turns) {
	push @before, measure();
	my $from = length $t->log;
	my $records = records();
	my $pid = fork // die "fork: $!";
	if ($pid == 0) {
		$SIG{$_} = 'DEFAULT' for qw(INT TERM ALRM);
		eval { attack() };
		POSIX::_exit(1);
	}
	ok(wait_for(sub { substr($t->log, $from) =~ /4001: queue_max = 20/ &&
	    records() >= $records + 100 }, 60), 'he is at his caps');
	push @during, measure();
	kill 'KILL', $pid;
	waitpid $pid, 0;
	last if $turn == $turns;
	wait_for(sub { !his_processes() }, 60, 'peace');
}
my %p = map { my $k = $_; ($k => [map { my $l = $_;
    median(map { $_->{$k} } @$l) } \@before, \@during]) } qw(p50 p99);
my $ratio = median(map { $during[$_]{p99} / $before[$_]{p99} } 0 .. $#during);
diag sprintf 'p50 %.1f ms, during the attack %.1f; p99 %.1f, %.1f: %.2f times',
    @{$p{p50}}, @{$p{p99}}, $ratio;
is(sum(map { $_->{failed} } @before, @during), 0, 'no request fails');
SKIP: {
	skip 'no controller shares out the processor here', 1 unless $group;
	cmp_ok($ratio, '<=', 2, 'nor takes twice the time');
}
my %his;
$his{"$_->{function} $_->{outcome}"}++ for grep { $_->{path} =~ m{^/a-} }
    $t->accounting;
diag join ', ', map { "$_ $his{$_}" } sort keys %his;
cmp_ok(scalar keys %his, '>', keys %ways, 'he did his worst');
done_testing;
