#!/usr/bin/perl
# [access] auth: passwords and keys; who logged in reaches handler and record,
# what was shown does not; failures are counted.
use strict;
use warnings;
use lib 't/lib';
use Digest::SHA qw(sha256_hex);
use MIME::Base64 qw(encode_base64);
use Test::More;
use Tollgate::Test;

# yescrypt at its least cost.
sub hash { crypt($_[0], '$y$j75$' . ($_[1] // 'salt') . '$') }
plan skip_all => 'no yescrypt here' unless (hash('x') // '') =~ /^\$y\$/;

my $t = Tollgate::Test->new(gateway => "auth_failures = 4\n");
my $dir = $t->dir;

sub write_file {
	my ($name, @lines) = @_;

	spew("$dir/$name", join '', map { "$_\n" } @lines);
	chmod 0600, "$dir/$name";
}

sub basic {
	my ($name, $password) = @_;

	return (headers => { Authorization => 'Basic '
	    . encode_base64("$name:$password", '') });
}

sub from { (params => [REMOTE_ADDR => $_[0]]) }

my $key = 'f00d' x 16;
write_file('users', '# who may', 'anna:' . hash('secret'), '',
    'b.ert@x:' . hash('p:w d'), "robot:\$sha256\$" . sha256_hex($key));
write_file('others', 'otto:' . hash('otto', 'pepper12'));
$t->evil(basic => "[access]\nauth = basic\nauth_file = $dir/users\n"
    . "realm = The shop\n");
$t->evil(key => "[access]\nauth = key\nauth_file = $dir/users\n");
$t->evil(any => "[access]\nauth = basic\nauth_file = $dir/others\n"
    . "allow = 192.0.2.0/24\nsatisfy = any\n");
$t->evil(all => "[access]\nauth = basic\nauth_file = $dir/others\n"
    . "allow = 192.0.2.0/24\n");
$t->evil('open');
$t->cgi(cgi => <<'SH', "[access]\nauth = basic\nauth_file = $dir/users\n");
#!/bin/sh
echo 'Content-Type: text/plain'
echo
env
SH
$t->start;

# --- passwords
my $answer = $t->get('/basic?mode=ok');
is($answer->{status}, 401, 'without a password: 401');
is($answer->{headers}{'www-authenticate'},
    'Basic realm="The shop", charset="UTF-8"', '... with a challenge');
is($t->record_of('/basic')->{outcome}, 'rejected', '... accounted so');

$answer = $t->get('/basic/anna?mode=params', basic('anna', 'secret'),
    params => [REMOTE_USER => 'root', AUTH_TYPE => 'Kerberos',
    REDIRECT_HTTP_AUTHORIZATION => 'x']);
is($answer->{status}, 200, 'with the right one: 200');
like($answer->{body}, qr/^REMOTE_USER=anna$/m, 'the handler knows who it is');
like($answer->{body}, qr/^AUTH_TYPE=Basic$/m, '... and how');
unlike($answer->{body}, qr/HTTP_AUTHORIZATION/, '... but not the password');
is($t->record_of('/basic/anna')->{caller}, 'anna', '... nor has the record');
is($t->get('/basic?mode=ok', basic('b.ert@x', 'p:w d'))->{status}, 200,
    'a colon and a blank in a password');

my $environment = $t->get('/cgi', basic('anna', 'secret'),
    params => [REMOTE_USER => 'root'])->{body};
like($environment, qr/^REMOTE_USER=anna$/m, 'a CGI program: who it is');
unlike($environment, qr/AUTHORIZATION/, '... not the password');

$answer = $t->get('/open?mode=params', basic('anna', 'secret'),
    params => [REMOTE_USER => 'front']);
like($answer->{body}, qr/^HTTP_AUTHORIZATION=Basic /m,
    'a function that asks for none gets what was sent');
like($answer->{body}, qr/^REMOTE_USER=front$/m, '... and what the front says');

# nginx sends a repeated header as a repeated parameter: the last one counts,
# for us and for the handler.
for (['secret', 'wrong', 401], ['wrong', 'secret', 200]) {
	my ($first, $last, $want) = @$_;
	my $header = { basic('anna', $last) }->{headers}{Authorization};

	is($t->get('/basic?mode=ok', basic('anna', $first), params =>
	    [REMOTE_ADDR => '10.4.0.1', HTTP_AUTHORIZATION => $header])
	    ->{status}, $want, "$first, then $last: $want");
}

# Each kind from an address of its own, as failures are counted.
my $n = 1;
for (
	['a wrong password', basic('anna', 'Secret')],
	['an empty one', basic('anna', '')],
	['a longer one', basic('anna', 'secret2')],
	['an unknown name', basic('nobody', 'secret')],
	['no name', basic('', 'secret')],
	["a key's name", basic('robot', $key)],
	["another file's", basic('otto', 'otto')],
	['a hash', basic('anna', hash('secret'))],
	['a password of 511 bytes', basic('anna', 'x' x 511)],
	['one that is longer than may be', basic('anna', 'x' x 600)],
	['a control byte', basic('anna', "secret\0")],
	['no base64', headers => { Authorization => 'Basic !!!!' }],
	['base64 without a colon', headers => { Authorization =>
	    'Basic YW5uYQ==' }],
	['Bearer', headers => { Authorization => "Bearer $key" }],
	['another scheme', headers => { Authorization => 'Digest x' }],
) {
	my ($what, %opt) = @$_;

	is($t->get('/basic?mode=ok', %opt, from('10.0.0.' . $n++))->{status},
	    401, "$what: 401");
}

# --- keys
$answer = $t->get('/key?mode=ok');
is($answer->{status}, 401, 'without a key: 401');
is($answer->{headers}{'www-authenticate'}, 'Bearer realm="key"',
    '... with a challenge, for the function');
for my $headers ({ Authorization => "Bearer $key" }, { 'X-Api-Key' => $key },
    { Authorization => 'Basic eDp5', 'X-Api-Key' => $key }) {
	$answer = $t->get('/key/robot?mode=params', headers => $headers);
	like($answer->{body}, qr/^REMOTE_USER=robot$/m,
	    "a key in @{[sort keys %$headers]}");
	unlike($answer->{body}, qr/$key/, '... which the handler does not see');
}
is($t->record_of('/key/robot')->{caller}, 'robot', '... is accounted for');
for my $wrong (substr($key, 1), "${key}0", uc $key, sha256_hex($key)) {
	is($t->get('/key?mode=ok', headers => { 'X-Api-Key' => $wrong },
	    from('10.1.0.' . $n++))->{status}, 401, 'a wrong key: 401');
}
is($t->get('/key?mode=ok', basic('anna', 'secret'), from('10.1.0.1'))
    ->{status}, 401, 'a password is no key');

# --- satisfy
for (
	['any', '192.0.2.1', 0, 200], ['any', '192.0.3.1', 0, 401],
	['any', '192.0.3.1', 1, 200], ['all', '192.0.2.1', 0, 401],
	['all', '192.0.2.1', 1, 200], ['all', '192.0.3.1', 1, 403],
) {
	my ($name, $address, $has_password, $want) = @$_;

	is($t->get("/$name?mode=ok", from($address),
	    $has_password ? basic('otto', 'otto') : ())->{status}, $want,
	    "satisfy = $name, $address, "
	    . ($has_password ? 'a' : 'no') . " password: $want");
}
unlike($t->get('/any?mode=params', headers => { Authorization => 'Basic eDp5' },
    params => [REMOTE_ADDR => '192.0.2.1', REMOTE_USER => 'root'])->{body},
    qr/REMOTE_USER|AUTHORIZATION/, 'who need not log in has no name');

# --- failures
for my $i (1 .. 4) {
	is($t->get('/basic?mode=ok', basic('anna', "guess$i"),
	    from('2001:db8::' . $i))->{status}, 401, "guess $i: 401");
}
$answer = $t->get('/basic?mode=ok', basic('anna', 'secret'),
    from('2001:db8::ffff'));
is($answer->{status}, 429, 'then no more from that /64, right or not');
like($answer->{headers}{'retry-after'} // '', qr/^[1-9]\d?$/,
    '... for less than a minute');
is($t->get('/basic?mode=ok', basic('anna', 'secret'),
    from('2001:db8:0:1::1'))->{status}, 200, 'from the next one: 200');
is($t->get('/all?mode=ok', basic('otto', 'otto'),
    params => [REMOTE_ADDR => '192.0.2.1'])->{status}, 200,
    'another file has failures of its own');
like($t->log, qr/basic: .*login failed from 2001:db8::1, name "anna"/,
    'the log says who failed');
unlike(join('', $t->all_logs), qr/guess|secret/, '... not with what');

# --- a new load: who is in the file now
write_file('users', 'anna:' . hash('changed'));
ok($t->reload, 'reloaded');
is($t->get('/basic?mode=ok', basic('anna', 'secret'), from('10.2.0.1'))
    ->{status}, 401, 'the old password: 401');
is($t->get('/basic?mode=ok', basic('anna', 'changed'), from('10.2.0.2'))
    ->{status}, 200, 'the new one: 200');
is($t->get('/key?mode=ok', headers => { 'X-Api-Key' => $key },
    from('10.2.0.3'))->{status}, 401, 'a key that is gone: 401');

my ($status, $text) = $t->run('-t', '-v');
is($status, 0, 'tollgated -t -v') or diag $text;
like($text, $_, 'says who may call') for
    qr{^basic: access: auth = basic; auth_file = \S+/users; everybody has}m,
    qr/^any: access: allow = 192\.0\.2\.0\/24; .* who is not in allow has/m,
    qr/^open: access: whoever gets past the web server$/m;
($status, $text) = $t->run('-T');
unlike($text, qr/\$y\$|\$sha256\$/, '-T prints no hash');

# --- files that are wrong
for (
	["anna", qr/:2: is not NAME:HASH/],
	['anna:secret', qr/:2: is neither/],
	['anna:$1$salt$qJH7.N4xYta3aEG/dfqo/0', qr/:2: is neither/],
	['anna:rl.3StKT.4T8M', qr/:2: is neither/],
	['anna:$sha256$00', qr/:2: is not \$sha256\$ and 64/],
	['anna:$y$j75$salt$short', qr/:2: is a hash that is not whole/],
	['an na:$y$', qr/:2: is a name with other bytes/],
	["a:\$sha256\$" . '0' x 64 . "\na:\$sha256\$" . '1' x 64,
	    qr/:3: is a name that was there before/],
) {
	my ($line, $want) = @$_;

	write_file('wrong', '#', $line);
	my $bad = Tollgate::Test->new->evil(bad => "[access]\nauth = basic\n"
	    . "auth_file = $dir/wrong\n");
	($status, $text) = $bad->run('-t');
	is($status, 1, "$line: refused");
	like($text, qr{^\Q$dir\E/wrong$want}m, '... with file and line');
	unlike($text, qr/secret|qJH7|rl\.3/, '... but not what it says');
}
write_file('wrong', '# nobody');
for (
	['auth = key', "auth_file = $dir/missing", 1,
	    qr/bad\.ini:7: .*missing: No such file/],
	['auth = basic', '', 1, qr/bad\.ini:6: .*needs an auth_file/],
	['auth = basic', "auth_file = $dir/wrong", 0,
	    qr/warning: .*holds no password: nobody can call it/],
) {
	my ($auth, $file, $want, $words) = @$_;
	my $bad = Tollgate::Test->new->evil(bad =>
	    "[access]\n$auth\n$file\n");

	($status, $text) = $bad->run('-t');
	is($status, $want, "$auth, $file: $want");
	like($text, $words, '... with the reason');
}
chmod 0644, "$dir/wrong";
($status, $text) = Tollgate::Test->new->evil(bad => "[access]\nauth = basic\n"
    . "auth_file = $dir/wrong\n")->run('-t');
like($text, qr/warning: .*wrong can be read by everybody/,
    'hashes that all can read: a warning');
done_testing;
