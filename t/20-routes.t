#!/usr/bin/perl
# nginx's precedence chooses the function; SCRIPT_NAME and PATH_INFO follow.
use strict;
use warnings;
use lib 't/lib';
use Test::More;
use Tollgate::Test;

my %routes = (
	exact => 'exact = /a /thumb/special',
	prefix => 'prefix = /a/ /thumb',
	final => 'prefix_final = /thumb/static/',
	long => 'prefix = /thumb/static/deep/er',
	regex => 'regex = "^/thumb/(?<size>[0-9]+)(?<path_info>/.*)?$"',
	second => 'regex = "^/thumb/[0-9]+5"',
	php => 'regex = "^/php/.+?\.php(?<path_info>/.*)?$"',
	root => 'prefix = /',
	host => "host = example.org\nprefix = /",
	wild => "host = *.example.org\nprefix = /",
	deep => "host = *.deep.example.org\nexact = /a",
	two => "exact = /two\n[route more]\nprefix = /three/",
);
my $t = Tollgate::Test->new;

for my $name (keys %routes) {
	$t->evil($name => "parameters = FUNCTION=$name\n"
	    . "[route]\n$routes{$name}\n");
}
$t->function(nameless => "[function]\nhandler = %EVIL%\n");
$t->start;

# host, path; function, SCRIPT_NAME, PATH_INFO
for (
	['', '/a',			'exact',  '/a', ''],
	['', '/a/',			'prefix', '/a', '/'],
	['', '/a/b/c',			'prefix', '/a', '/b/c'],
	['', '/ab',			'root',   '', '/ab'],
	['', '/',			'root',   '', '/'],
	['', '/thumb',			'prefix', '/thumb', ''],
	['', '/thumbs',			'root',   '', '/thumbs'],
	['', '/thumb/special',		'exact',  '/thumb/special', ''],
	['', '/thumb/special/',		'prefix', '/thumb', '/special/'],
	['', '/thumb/12',		'regex',  '/thumb/12', ''],
	['', '/thumb/15/x',		'regex',  '/thumb/15', '/x'],
	['', '/thumb/15x',		'second', '/thumb/15x', ''],
	['', '/thumb/static/12',	'final',  '/thumb/static', '/12'],
	['', '/thumb/static/deep/er/x',	'long', '/thumb/static/deep/er', '/x'],
	['', '/php/a.php',		'php',    '/php/a.php', ''],
	['', '/php/a.php/b/c',		'php',    '/php/a.php', '/b/c'],
	['', '/php/a%2ephp/b%20c',	'php',    '/php/a.php', '/b c'],
	['', '/two',			'two',    '/two', ''],
	['', '/three/x',		'two',    '/three', '/x'],
	['', '//a//b',			'prefix', '/a', '/b'],
	['', '/x/../a',			'exact',  '/a', ''],
	['', '/./a/./b',		'prefix', '/a', '/b'],
	['', '/../../a',		'exact',  '/a', ''],
	['example.org', '/a',		'host',   '', '/a'],
	['EXAMPLE.org:8080', '/a',	'host',   '', '/a'],
	['www.example.org', '/a',	'wild',   '', '/a'],
	['x.deep.example.org', '/a',	'deep',   '/a', ''],
	['badexample.org', '/a',	'exact',  '/a', ''],
	['[::1]:80', '/a',		'exact',  '/a', ''],
) {
	my ($host, $path, @want) = @$_;
	my $body = $t->get("$path?mode=params",
	    headers => { Host => $host })->{body};
	my %got = $body =~ /^(\w+)=(.*)$/mg;
	is_deeply([@got{qw(FUNCTION SCRIPT_NAME PATH_INFO)}], \@want,
	    "http://$host$path is $want[0]");
}

my $captured = $t->get('/thumb/640?mode=params')->{body};
like($captured, qr/^TOLLGATE_PATH_size=640$/m, 'a capture reaches the handler');
unlike($captured, qr/TOLLGATE_PATH_path_info/, 'path_info is not one of them');

# Where SCRIPT_NAME is not a path, REQUEST_URI decides (mod_proxy_fcgi).
for my $script ('', 'proxy:fcgi://x/') {
	like($t->get('/a?mode=params', params => [SCRIPT_NAME => $script,
	    REQUEST_URI => '/%61/%62?mode=params'])->{body},
	    qr{^PATH_INFO=/b$}m, "REQUEST_URI in place of '$script'");
}
is($t->get('/a', params => [SCRIPT_NAME => '', REQUEST_URI => "/a%00b"])
    ->{status}, 400, 'an encoded NUL is refused');
done_testing;
