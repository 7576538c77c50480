#!/usr/bin/perl
# Reloads in quick succession cost no request.
use strict;
use warnings;
use lib 't/lib';
use Test::More;
use Time::HiRes qw(time sleep);
use Tollgate::FastCGI qw(whole_request);
use Tollgate::Test;

my $seconds = $ENV{TOLLGATE_LOAD_SECONDS} // 3;
my $soon = "[pool]\nprocess_idle_timeout = 500ms\n";
my $t = Tollgate::Test->new->evil(same => "[pool]\nmax_children = 1\n")
    ->evil(changing => "environment = N=0\n$soon")->cgi(cgi => <<'SH', $soon)
#!/bin/sh
printf 'Content-Type: text/plain\n\nok\n'
SH
    ->start;
my $same = $t->pid_of('/same?mode=ok');
my $idle = descriptors($t->gateway_pid);
my $reloads = 0;

# Worker 0 reloads; the others ask, on a kept connection and on new ones.
my ($log, @load) = in_parallel(4, sub {
	my ($i) = @_;
	my $until = time + $seconds;
	my ($asked, @failed) = (0);
	my $kept = $t->connect;

	while (time < $until) {
		if ($i == 0) {
			$t->evil(changing => "environment = N=$asked\n$soon")
			    if $asked % 3 == 0;
			kill 'HUP', $t->pid;
			$asked++;
			sleep 0.05;
			next;
		}
		for my $path (qw(/same /changing /cgi)) {
			my $c = $i == 1 ? $kept : $t->connect;
			$c->send(whole_request(1, [nginx_params('GET',
			    "$path?mode=ok")], '', keep => $i == 1));
			my $answer = $c->answer(1);
			push @failed, "$path $answer->{status} $answer->{end}"
			    if $answer->{status} != 200 || !$answer->{complete};
			$asked++;
		}
	}
	return [$asked, @failed];
});
my $asked = 0;
for (@load) {
	my ($n, @failed) = @$_;
	$asked += $n;
	is("@failed", '', "$n requests, none failed");
}
diag("$asked requests, $log->[0] reloads in $seconds s");
cmp_ok($log->[0], '>', 10, 'there were reloads');
is($t->pid_of('/same?mode=ok'), $same,
    'the unchanged function has its worker still')
    or diag(scalar $t->workers);
ok($t->reload, 'one more');
ok(wait_for(sub { descriptors($t->gateway_pid) <= $idle + 16 }, 5,
    'descriptors to be closed'), 'no descriptors are left over');
done_testing;
