#!/usr/bin/perl
# What a handler writes to stderr goes to its function's log, line by line,
# harmless, and not without end.
use strict;
use warnings;
use lib 't/lib';
use Test::More;
use Tollgate::FastCGI qw(whole_request);
use Tollgate::Test;

my $t = Tollgate::Test->new->evil('evil')->evil(many => <<'INI')->cgi(cgi => <<'SH')->start;
[route]
prefix = /many
[pool]
max_children = 4
INI
#!/bin/sh
echo 'before the head' >&2
printf 'Content-Type: text/plain\n\nbody\n'
printf 'no newline' >&2
SH
my $log = $t->dir . '/log/evil.log';

for my $m (0, 1) {
	my $way = $m ? 'descriptor 2' : 'FCGI_STDERR';
	my $before = -s $log // 0;
	my $answer = $t->get("/evil?mode=stderr-controls&n=0&m=$m");
	is($answer->{status}, 200, "$way: answered");
	is($answer->{stderr}, '', "$way: nothing of it for the front");
	ok(wait_for(sub { substr($t->function_log('evil'), $before)
	    =~ /half/ }, 5, 'the last line'), "$way: even half a line is there");
	my $text = substr $t->function_log('evil'), $before;
	unlike($text, qr/[^\x20-\x7e\n]/, "$way: no control bytes");
	my @lines = split /\n/, $text;
	is(scalar @lines, 3, "$way: three lines");
	my ($id) = (sort { $a->{time} cmp $b->{time} } $t->accounting)[-1]{id};
	my $pid = ($t->accounting)[-1]{worker};
	is(scalar(grep { /^\d{4}-\d\d-\d\dT[\d:.]+Z? .*\Q$id\E.*\b$pid\b/ }
	    @lines), 3, "$way: each with time, request and worker");
}

my ($size, $start) = (-s $log, time);
is($t->get('/evil?mode=stderr-flood&n=50000000&m=' . $_)->{status}, 200,
    "a flood holds up nothing ($_)") for 0, 1;
# 1 MB a second, and what is told of it.
cmp_ok(-s $log, '<', $size + 2_000_000 * (time - $start + 2),
    'and does not fill the disk');
is($t->get('/evil?mode=stderr-line&n=10000000')->{status}, 200,
    'a line of 10 MB');
my ($longest) = sort { $b <=> $a } map { length } split /\n/,
    $t->function_log('evil');
cmp_ok($longest, '<', 9000, 'is cut');

is($t->get('/cgi')->{body}, "body\n", 'a CGI program');
ok(wait_for(sub { $t->function_log('cgi') =~ /before the head\n.*no newline/s },
    5, 'its lines'), 'has its log, too');
# With its answer a request has its lines in the log, as its own, however many
# are under way.
my @connections = map { $t->connect } 1 .. 8;
my ($n, %late) = 0;
for (1 .. 250) {
	my @now = map { ++$n } @connections;
	$connections[$_]->send(whole_request(1, [nginx_params('GET',
	    "/many/$now[$_]?mode=stderr-last&n=$now[$_]")], '', keep => 1))
	    for 0 .. 7;
	for my $i (0 .. 7) {
		$connections[$i]->answer(1);
		$late{$now[$i]}++
		    if $t->function_log('many') !~ /: last $now[$i]$/m;
	}
}
is_deeply(\%late, {}, 'a line is there when its answer is');
my %id = map { $_->{path} => $_->{id} } $t->accounting;
my %said = $t->function_log('many') =~ /^\S+ (\S+) worker \d+: last (\d+)$/mg;
is(scalar(grep { $id{"/many/$said{$_}"} ne $_ } keys %said), 0,
    "each under its own request's id");
is(scalar keys %said, $n, 'all of them');
done_testing;
