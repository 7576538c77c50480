#!/usr/bin/perl
# A CGI program gets CGI/1.1's variables and what is configured, no other.
use strict;
use warnings;
use lib 't/lib';
use Test::More;
use Tollgate::Test;

my $t = Tollgate::Test->new->cgi(env => <<'SH', <<'INI')->start;
#!/usr/bin/perl
print "Content-Type: text/plain\n\n";
print map { "$_=$ENV{$_}\n" } sort keys %ENV;
print "ARGV=@ARGV\n";
SH
environment = LANG=C.UTF-8 "GREETING=good day"
parameters = EXTRA=${SERVER_NAME}/x SERVER_SOFTWARE=hidden
[route]
regex = "^/env/(?<part>[^/]*)(?<path_info>/.*)?$"
INI
my @bad = map { ($_ => 'evil') } qw(LD_PRELOAD LD_LIBRARY_PATH GCONV_PATH IFS
    PATH NODE_OPTIONS PYTHONPATH PERL5LIB PERL5OPT PHP_VALUE PHP_ADMIN_VALUE
    BASH_FUNC_x%% HOME SHELL ENV HTTP_PROXY LANG GREETING
    LISTEN_FDS LISTEN_PID http_x);
my $body = $t->post('/env/one/two?-s', 'hello', headers => {
    'Content-Type' => 'text/plain', 'X-Thing' => 'a; b', Proxy => 'http://e/' },
    params => [@bad, HTTPS => 'on', SCRIPT_FILENAME => '/x', X_OWN => 1])
    ->{body};
my %got = $body =~ /^([^=\n]+)=(.*)$/mg;

# What we tell of ourselves, beside captures, is not counted here.
delete @got{grep { /^TOLLGATE_(?!PATH_)/ } keys %got};
is_deeply(\%got, {
	ARGV => '',
	CONTENT_LENGTH => 5, CONTENT_TYPE => 'text/plain',
	DOCUMENT_ROOT => '/usr/share/nginx/html', EXTRA => 'localhost/x',
	GATEWAY_INTERFACE => 'CGI/1.1', GREETING => 'good day',
	HTTPS => 'on', HTTP_HOST => 'localhost', HTTP_X_THING => 'a; b',
	LANG => 'C.UTF-8', PATH => '/usr/local/bin:/usr/bin:/bin',
	PATH_INFO => '/two', QUERY_STRING => '-s',
	REDIRECT_STATUS => 200, REMOTE_ADDR => '127.0.0.1',
	REQUEST_METHOD => 'POST', REQUEST_URI => '/env/one/two?-s',
	SCRIPT_FILENAME => '/x', SCRIPT_NAME => '/env/one',
	SERVER_NAME => 'localhost', SERVER_PORT => 8080,
	SERVER_PROTOCOL => 'HTTP/1.1', SERVER_SOFTWARE => 'hidden',
	TOLLGATE_PATH_part => 'one',
}, 'the whole environment') or diag $body;
done_testing;
