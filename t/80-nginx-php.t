#!/usr/bin/perl
# php-cgi as FastCGI worker behind nginx.
use strict;
use warnings;
use lib 't/lib';
use Test::More;
use Digest::SHA qw(sha1_hex);
use Time::HiRes qw(time);
use Tollgate::Nginx;
use Tollgate::Test;

Tollgate::WebServer::need('nginx', 'php-cgi');
my $php = Tollgate::WebServer::find_program('php-cgi');
my $t = Tollgate::Test->new->function(php => <<"INI");
[function]
handler = $php
arguments = -d post_max_size=64M -d upload_max_filesize=64M -d log_errors=1 -d display_errors=0 -d output_buffering=0
parameters = SCRIPT_FILENAME=%DIR%/www\${SCRIPT_NAME} DOCUMENT_ROOT=%DIR%/www
[route]
regex = "^/.+?\\.php(?<path_info>/.*)?\$"
[pool]
max_children = 2
[limits]
tasks_max = 4096
max_body_size = 64M
memory_max = 1G
[sandbox]
read_only_paths = %DIR%/www
INI
my %pages = (
	info => 'echo $_SERVER["SCRIPT_NAME"], " ", $_SERVER["PATH_INFO"], " ",
	    $_SERVER["QUERY_STRING"], " ", getenv("HTTP_PROXY") ? "proxy" : "";',
	raw => 'echo sha1(file_get_contents("php://input"));',
	upload => '$f = $_FILES["f"]; echo $f["name"], " ", $f["size"], " ",
	    sha1_file($f["tmp_name"]);',
	stream => 'header("X-Accel-Buffering: no");
	    for ($i = 0; $i < 3; $i++) { echo "part $i\n"; flush();
	    usleep(250000); }',
	fatal => 'no_such_function();',
	error => 'http_response_code(418); error_log("for the log"); echo "x";',
	pid => 'echo getmypid();',
);
mkdir $t->dir . '/www';
spew($t->dir . "/www/$_.php", "<?php $pages{$_}\n") for keys %pages;
my $nginx = Tollgate::Nginx->new($t->start,
    location => 'client_max_body_size 64m;')->start;

is($nginx->get('/info.php/a/b?c=d')->{body}, '/info.php /a/b c=d ',
    'SCRIPT_NAME, PATH_INFO, QUERY_STRING');
is($nginx->get('/info.php', headers => { Proxy => 'http://e/' })->{body},
    '/info.php   ', 'no HTTP_PROXY');

my $file = join '', map { pack 'N', $_ * 2654435761 % 4294967296 }
    1 .. 5 * 1024 * 1024;
is($nginx->request('POST', '/raw.php', body => $file, deadline => 30)->{body},
    sha1_hex($file), 'a body of 20 MB arrives whole');
my $form = "--b\r\nContent-Disposition: form-data; name=\"f\"; "
    . "filename=\"a.bin\"\r\n\r\n$file\r\n--b--\r\n";
is($nginx->request('POST', '/upload.php', body => $form, deadline => 30,
    headers => { 'Content-Type' => 'multipart/form-data; boundary=b' })
    ->{body}, 'a.bin ' . length($file) . ' ' . sha1_hex($file),
    'so does an upload');

my ($start, $first) = (time);
my $stream = $nginx->get('/stream.php', on_bytes => sub {
	$first //= time if $_[0] =~ /part 0/;
});
ok($stream->{complete}, 'a stream is whole');
cmp_ok(($first // $start + 9) - $start, '<', 0.6, 'and its first part is early');

is($nginx->get('/fatal.php')->{status}, 500, 'a fatal error is 500');
ok(wait_for(sub { $t->function_log('php') =~ /no_such_function/ }, 5,
    'the log'), "and in the function's log");
is($nginx->get('/error.php')->{status}, 418, 'its own status passes');
is($nginx->get('/none.php')->{status}, 404, "its own 404, too");
is($nginx->get('/none')->{status}, 404, 'and ours');

# It leaves after PHP_FCGI_MAX_REQUESTS, 500 or 200; nobody must notice.
my @failed = grep { $nginx->get('/pid.php')->{status} != 200 } 1 .. 600;
is(scalar @failed, 0, '600 requests, over its own recycling');
done_testing;
