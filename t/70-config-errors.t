#!/usr/bin/perl
# tollgated -t finds all errors, and names file, section, key and line.
use strict;
use warnings;
use lib 't/lib';
use Test::More;
use Tollgate::Test;

my $good = "[function]\nhandler = %EVIL%\n";

sub check {
	my (%files) = @_;
	my $t = Tollgate::Test->new(gateway => delete $files{gateway} // '');

	$t->function($_ => $files{$_}) for keys %files;
	return $t->run('-t');
}

my ($status, $text) = check(fine => $good);
is($status, 0, 'a good configuration') or diag $text;

($status, $text) = check(
	one => "[function]\nhandler = %EVIL%\nhandel = x\n",
	two => "$good\[pool]\nmax_children = many\nqueue_max = -1\n",
	three => "$good\[limits]\nio_timeout = 5 fortnights\n",
	gateway => "log_level = loud\n",
);
is($status, 1, 'a bad one: exit status 1');
like($text, $_, "all errors are found: $_") for qr/one\.ini:3:.*handel/,
    qr/two\.ini:4:.*\[pool\].*max_children/,
    qr/two\.ini:5:.*\[pool\].*queue_max/,
    qr/three\.ini:4:.*\[limits\].*io_timeout/, qr/\[gateway\].*log_level/;

# What iniparser would swallow in silence.
for (
	['a key twice', "$good\[pool]\nqueue_max = 1\nqueue_max = 2\n",
	    qr/:5:.*queue_max/],
	['a section twice', "$good\[pool]\nqueue_max = 1\n[pool]\n",
	    qr/:5:.*pool/],
	['an unknown section', "$good\[pol]\nx = 1\n", qr/pol/],
	['a line that is none', "${good}what is this\n", qr/:3:/],
	['an unquoted # in a regex', "$good\[route]\nregex = ^/a#b\$\n",
	    qr/:4:/],
	['an over-long line', "${good}arguments = " . 'x ' x 2000 . "\n",
	    qr/:3:/],
	['a capture without regex', "[function]\nhandler = /srv/\${user}/x\n"
	    . "[route]\nprefix = /x\n", qr/user/],
	['a handler that is no path', "[function]\nhandler = x\n", qr/handler/],
	['an unknown runtime', "${good}runtime = cobol\n", qr/:3:.*runtime/],
	['a runtime of no Lambda', "${good}runtime = perl\n"
	    . "handler_name = a.b\n", qr/:3:.*only for protocol = lambda/],
	['a name of no Lambda', "${good}handler_name = a.b\n",
	    qr/:3:.*only for protocol = lambda/],
	['an unknown protocol', "${good}protocol = gopher\n", qr/protocol/],
	['a route that is no path', "$good\[route]\nexact = x\n", qr/exact/],
	['an unknown user', "$good\[sandbox]\nuser = nosuchuser\n",
	    qr/nosuchuser|user/],
	['root', "$good\[sandbox]\nuser = root\n", qr/root|user/],
) {
	my ($what, $ini, $want) = @$_;
	($status, $text) = check(bad => $ini);
	is($status, 1, "$what: refused");
	like($text, qr/bad\.ini.*$want|bad\.ini$want/, "$what: says where");
}

($status, $text) = check('bad name' => $good);
is($status, 1, 'a function name with a blank: refused');

# What -T prints reads back the same.
my $t = Tollgate::Test->new->function(fine => "$good\[route]\n"
    . "regex = \"^/x#(?<a>y;z)\$\"\nhost = a.example *.b.example\n"
    . "[limits]\nmemory_max = 1G\nio_timeout = 90s\n");
($status, my $first) = $t->run('-T');
is($status, 0, '-T prints the configuration');
my %files;
my $name;
for my $line (split /^/, $first) {
	$name = $1 if $line =~ m{^; (/\S+\.ini)$};
	$files{$name} .= $line if $name;
}
cmp_ok(scalar keys %files, '>=', 2, 'file by file');
spew($_, $files{$_}) for keys %files;
($status, my $second) = $t->run('-T');
is($second, $first, 'read back, it is the same');
done_testing;
