#!/usr/bin/perl
# What all functions of a user take together is what his account allows, and
# nobody else waits for that.
use strict;
use warnings;
use lib 't/lib';
use Test::More;
use Tollgate::Test;

my $is_root = $> == 0;
my $mine = $is_root ? 4001 : $>;	# without root, all are the caller's
my $as = $is_root ? "[sandbox]\nuser = 4001\ngroup = 4001\n" : '';
my $t = Tollgate::Test->new;
my $at = 'gateway and spawner';

sub account { $t->account($mine, "[account]\n$_[0]") }


$t->evil(one => "[pool]\nmax_children = 4\n$as")
    ->evil(two => "[pool]\nmax_children = 4\nqueue_timeout = 100ms\n$as");
$t->evil('other') if $is_root;
account("max_children = 2\nqueue_max = 2\n");
my ($status, $text) = $t->run('-t', '-v');
is($status, 0, '-t') or diag $text;
like($text, qr/^account $mine: max_children = 2: $at$/m, '-t -v: what holds');
like($text, qr/^account $mine: start_rate = infinity: no limit$/m, 'what not');
$t->start;

# max_children of all, and the queue of all.
my @busy = map { $t->ask('GET', "/one/$_?mode=hang") } 1 .. 2;
ok(wait_for(sub { $t->workers == 2 }, 30, 'two workers'), 'two at work');
my $waits = $t->ask('GET', '/one/waits?mode=ok');
my $late = $t->get('/two/late?mode=ok');
is($late->{status}, 503, 'a third does not come to be');
like($t->log, qr/account $mine: max_children = 2: .* two's pool.queue_timeout/,
    'the log says which limit of whom');
my $more = $t->ask('GET', "/one/more?mode=ok");
my $refused;
ok(wait_for(sub {
	$refused = $t->get('/two/refused?mode=ok');
	return $refused->{body} =~ /account/;
}, 30), 'two wait, one more of another function is refused');
is($refused->{status}, 503, 'with 503');
like($refused->{headers}{'retry-after'}, qr/^[1-9]\d*$/, 'and Retry-After');
ok(wait_for(sub {
	$t->get('/two?mode=ok');
	return $t->log =~ /account $mine: queue_max = 2: a request of two is/;
}, 30), 'and a line in the log');
is($t->record_of('/two/refused')->{outcome}, 'rejected', 'and in the accounts');
SKIP: {
	skip 'without root there is one user', 2 unless $is_root;
	is($t->get('/other?mode=ok')->{status}, 200, 'another user is served');
	is(scalar $t->workers, 3, 'by a worker of his own');
}
kill 'KILL', grep { ((stat "/proc/$_")[4] // -1) == $mine } $t->workers;
is($_->answer(1)->{status}, 502, 'room is made') for @busy;
is($_->answer(1)->{status}, 200, 'those are served') for $waits, $more;
is($t->get('/two?mode=ok')->{status}, 200, 'an idle worker makes room');
ok(wait_for(sub { $t->workers == 2 + $is_root }, 30), 'and has left');

# A reload puts another in force in place.
my %before = map { $_ => 1 } $t->workers;
account("max_children = 3\nstart_rate = 2\nstart_burst = 1\n");
ok($t->reload, 'reloaded');
is_deeply({ map { $_ => 1 } $t->workers }, \%before, 'no worker had to leave');
account("max_children = 0\n");
ok($t->reload, 'reloaded');
is($t->get('/one?mode=ok')->{status}, 503, 'none: refused at once');
ok(wait_for(sub {
	$t->get('/one?mode=ok');	# it tells of one a second
	return $t->log =~ /account $mine: max_children = 0: /;
}, 30), 'says the log');
ok(wait_for(sub { $t->workers == $is_root }, 30), 'and workers leave');

# A rate delays.
account("start_rate = 5\nstart_burst = 1\n");
ok($t->reload, 'reloaded');
my @asked = map { $t->ask('GET', "/one/rate$_?mode=sleep&n=500") } 1 .. 3;
is($_->answer(1)->{status}, 200, 'all are served') for @asked;
# When workers were asked for, in ms of the day.
my @starts = sort { $a <=> $b } map {
	my ($h, $m, $s) = $_->{time} =~ /T(\d+):(\d+):([\d.]+)Z/;
	(($h * 60 + $m) * 60 + $s) * 1000 + $_->{queue_ms};
} grep { $_->{cold} } map { $t->record_of("/one/rate$_") } 1 .. 3;
cmp_ok(scalar @starts, '>=', 2, 'by several workers');
is(scalar(grep { $starts[$_] - $starts[$_ - 1] < 190 } 1 .. $#starts), 0,
    'started at intervals');

# Logs.
account("log_rate = 1K\nlog_burst = 20K\n");
ok($t->reload, 'reloaded');
$t->get("/$_?mode=stderr-flood&n=300000&m=1") for qw(one two);
my $size = length($t->function_log('one')) + length $t->function_log('two');
cmp_ok($size, '<', 60_000, 'all logs of a user together');
ok(wait_for(sub { ($t->function_log('one') . $t->function_log('two'))
    =~ /tollgate: \d+ bytes dropped/ }, 30), 'say that some is missing');
is($t->stop, 0, 'the end');

# Whose a template's programs are is found out, and counts then.
SKIP: {
	skip 'without root there is one user', 8 unless $is_root;
	$t = Tollgate::Test->new(new_gateway => 1);
	$t->account(default => "[account]\nmax_children = 1\n");
	mkdir $t->dir . '/home';
	my $home = $t->dir . '/home/anna';
	mkdir $home;
	for my $name (qw(p q)) {
		$t->handler("home/anna/$name", slurp("$Tollgate::Test::BUILD/"
		    . 't/evil'));
		chown 5001, 5001, "$home/$name";
	}
	chown 5001, 5001, $home;
	$t->function(user => <<'INI')->start;
[function]
handler = %DIR%/home/${user}/${name}
[route]
regex = "^/(?<user>\w+)/(?<name>\w+)$"
[limits]
tasks_max = 4096
INI
	is($t->get('/anna/p?mode=ok')->{status}, 200, 'a template');
	my $hangs = $t->ask('GET', '/anna/p?mode=hang');
	my $other = $t->ask('GET', '/anna/q?mode=ok');
	my $says = qr{account 5001 \(default\): max_children = 1};
	ok(wait_for(sub { $t->log =~ $says }, 30), 'another one waits');
	is(scalar $t->workers, 1, 'as there is one worker');
	kill 'KILL', $t->workers;
	is($hangs->answer(1)->{status}, 502, 'and that is ended');
	is($other->answer(1)->{status}, 200, 'until that has left');

	# A new gateway knows of no workers, the spawner of those that die yet.
	my $old = $t->gateway_pid;
	kill 'KILL', $old;
	ok(wait_for(sub { ($t->gateway_pid // $old) != $old }, 30),
	    'another gateway');
	is($t->get('/anna/q?mode=ok', deadline => 60)->{status}, 200,
	    'and another worker');
	is($t->stop, 0, 'the end');
}
done_testing;
