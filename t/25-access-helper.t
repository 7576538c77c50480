#!/usr/bin/perl
# What checks passwords may be slow, overrun, or die, and so may who asks it:
# each who waits has an answer, and nobody waits for it without need.
use strict;
use warnings;
use lib 't/lib';
use MIME::Base64 qw(encode_base64);
use Test::More;
use Tollgate::Test;

# yescrypt at its least cost.
sub hash { crypt($_[0], '$y$j75$salt$') }
plan skip_all => 'no yescrypt here' unless (hash('x') // '') =~ /^\$y\$/;

my $t = Tollgate::Test->new(new_gateway => 1, gateway => "auth_queue = 2\n");
my $dir = $t->dir;
my $address = 0;

spew("$dir/users", join '', map { "$_:" . hash($_) . "\n" } 'a' .. 'f');
chmod 0600, "$dir/users";
$t->evil(in => "[access]\nauth = basic\nauth_file = $dir/users\n");
$t->evil('open');
$t->start;

sub helper {
	return (grep { Tollgate::Test::command_line($_) =~ /^tollgated: auth/ }
	    $t->children)[0];
}

# Of a request with this name and password, from an address of its own.
sub options {
	my ($name, $password) = @_;

	return (headers => { Authorization => 'Basic '
	    . encode_base64("$name:$password", '') },
	    params => [REMOTE_ADDR => '10.0.0.' . ++$address]);
}

sub log_in { $t->get("/in/$_[0]?mode=ok", options(@_), deadline => 60) }
sub ask { $t->ask('GET', "/in/$_[0]?mode=ok", options(@_)) }

# Stop it, in the midst of a question: nobody else asks.
sub stop_helper {
	my $pid = helper();

	kill 'STOP', $pid;
	wait_for(sub { slurp("/proc/$pid/stat") =~ /\) T/ }, 30, 'it stops');
	return $pid;
}

is(helper(), undef, 'there is none until it is needed');
is(log_in('a', 'a')->{status}, 200, 'then it is');
my $helper = helper();
SKIP: {
	skip 'not root: it has our user', 1 unless $> == 0;
	my ($user) = slurp("/proc/$helper/status") =~ /^Uid:\t(.*)/m;
	my ($its) = slurp('/proc/' . $t->gateway_pid . '/status') =~
	    /^Uid:\t(.*)/m;
	is($user, $its, 'the gateway\'s user');
}

# --- it is slow
stop_helper();
my @waiting = (ask('b', 'no'), ask('c', 'c'), ask('d', 'd'));
# What came after them is answered, so they are in its hand or in the queue.
is($t->get('/open?mode=ok')->{status}, 200, 'others are served meanwhile');
my $last = log_in('e', 'e');
is($last->{status}, 503, 'one more than auth_queue may wait: 503');
like($last->{headers}{'retry-after'} // '', qr/^\d+$/, '... for now');
like($t->log, qr/in: .*auth_queue = 2 passwords wait/, '... says the log');
is($t->record_of('/in/e')->{outcome}, 'rejected', '... and the accounting');
is(log_in('a', 'a')->{status}, 200, 'who was right just now need not wait');
my $gone = pop @waiting;
$gone->close;
is($t->record_of('/in/d')->{outcome}, 'aborted', 'nor who has left');
kill 'CONT', $helper;
is_deeply([map { $_->answer(1, 60)->{status} } @waiting], [401, 200],
    'then the others are answered');

# --- it dies with a question in hand, after a load has come
$helper = stop_helper();
my $asked = ask('d', 'd');
ok($t->reload, 'a load need not wait for it');
kill 'KILL', $helper;
is($asked->answer(1, 60)->{status}, 200, 'it dies: the next one is asked');
isnt(helper(), $helper, 'which is another one');

# --- the function is gone meanwhile
$helper = stop_helper();
$asked = ask('f', 'f');
$t->remove_function('in');
ok($t->reload, 'a load without the function');
kill 'CONT', $helper;
is($asked->answer(1, 60)->{status}, 404, 'who waited is told so');
$t->evil(in => "[access]\nauth = basic\nauth_file = $dir/users\n");
ok($t->reload, 'it is back');

# --- the gateway dies
my $gateway = $t->gateway_pid;
$helper = stop_helper();
$asked = ask('e', 'e');
kill 'KILL', $gateway;
ok(wait_for(sub { !-e "/proc/$helper" }, 30, 'its end'),
    'the helper ends with the gateway');
is(log_in('e', 'e')->{status}, 200, 'the next gateway has one of its own');
done_testing;
