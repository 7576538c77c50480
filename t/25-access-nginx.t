#!/usr/bin/perl
# A password and an address through nginx, asked with curl.
use strict;
use warnings;
use lib 't/lib';
use Test::More;
use Tollgate::Nginx;
use Tollgate::Test;

Tollgate::WebServer::need('nginx');
my ($curl) = grep { -x } map { "$_/curl" } split /:/, $ENV{PATH};
plan skip_all => 'no curl' unless $curl;
my $hash = crypt('sesame', '$y$j75$salt$') // '';
plan skip_all => 'no yescrypt here' unless $hash =~ /^\$y\$/;

my $t = Tollgate::Test->new;
spew($t->dir . '/users', "anna:$hash\n");
chmod 0600, $t->dir . '/users';
$t->cgi(private => <<'SH', <<'INI');
#!/bin/sh
echo 'Content-Type: text/plain'
echo
echo "$REMOTE_USER $AUTH_TYPE $HTTP_AUTHORIZATION."
SH
[access]
auth = basic
auth_file = %DIR%/users
INI
$t->evil(far => "[access]\nallow = 192.0.2.0/24\n");
$t->evil('open');
my $nginx = Tollgate::Nginx->new($t->start, port => 1)->start;
my $base = "http://$nginx->{address}";

# The status, and header and body.
sub curl {
	my ($path, @options) = @_;

	open my $out, '-|', $curl, '-s', '-i', '--noproxy', '*',
	    '--max-time', '30', @options, "$base$path" or die "curl: $!";
	my $text = do { local $/; <$out> } // '';
	return ($text =~ m{\AHTTP/\S+ (\d+)} ? $1 : 0, $text);
}

my ($status, $text) = curl('/private');
is($status, 401, 'without a password: 401');
like($text, qr/^WWW-Authenticate: Basic realm="private", charset="UTF-8"\r$/m,
    '... which a browser understands');
($status, $text) = curl('/private', '-u', 'anna:sesame');
is($status, 200, 'with it: 200');
like($text, qr/^anna Basic \.$/m, 'the program knows who, but no password');
is((curl('/private', '-u', 'anna:close'))[0], 401, 'a wrong one: 401');
is((curl('/far?mode=ok'))[0], 403, 'an address that may not: 403');
is((curl('/far?mode=ok', '-H', 'X-Forwarded-For: 192.0.2.1',
    '-H', 'Remote_Addr: 192.0.2.1'))[0], 403,
    'a header cannot change that');
unlike((curl('/open?mode=params', '-u', 'root:x', '-H', 'Remote-User: root'))
    [1], qr/^REMOTE_USER=/m, 'nor is who asks to be root called so');
done_testing;
