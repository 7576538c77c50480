#!/usr/bin/perl
# git http-backend as CGI behind nginx: clone and push, several at once.
use strict;
use warnings;
use lib 't/lib';
use Test::More;
use Tollgate::Nginx;
use Tollgate::Test;

my $backend = '/usr/lib/git-core/git-http-backend';
Tollgate::WebServer::need('nginx', 'git', $backend);
my $t = Tollgate::Test->new->function(git => <<"INI");
[function]
handler = $backend
protocol = cgi
environment = GIT_PROJECT_ROOT=%DIR%/git GIT_HTTP_EXPORT_ALL=1 HOME=%DIR%/git
parameters = REMOTE_USER=tester
[route]
prefix = /git
[limits]
tasks_max = 4096
max_body_size = 64M
memory_max = 512M
request_terminate_timeout = 60s
[sandbox]
read_write_paths = %DIR%/git
INI
my $dir = $t->dir;
delete @ENV{grep { /^GIT_/ } keys %ENV};
@ENV{qw(HOME GIT_CONFIG_NOSYSTEM GIT_TERMINAL_PROMPT)} = ($dir, 1, 0);
@ENV{map { ("GIT_${_}_NAME", "GIT_${_}_EMAIL") } qw(AUTHOR COMMITTER)} =
    ('Tester', 'tester@example.org') x 2;

sub git { my ($status, $text) = Tollgate::Test::run_command('git', @_);
    $status and diag "git @_: $text"; return $status }

# A repository with 12 MB that cannot be compressed.
sub commit_noise {
	my ($tree, $name, $size) = @_;
	my $noise;

	open my $random, '<', '/dev/urandom' or die;
	read $random, $noise, $size;
	spew("$tree/$name", $noise);
	return git('-C', $tree, 'add', '.')
	    || git('-C', $tree, 'commit', '-q', '-m', $name);
}

mkdir "$dir/git";
git('init', '-q', '-b', 'main', "$dir/seed");
commit_noise("$dir/seed", 'noise', 12 * 1024 * 1024);
git('clone', '-q', '--bare', "$dir/seed", "$dir/git/r.git");
git('-C', "$dir/git/r.git", 'config', 'http.receivepack', 'true');
system('chown', '-R', 'nobody', "$dir/git") if $> == 0;
my $nginx = Tollgate::Nginx->new($t->start, port => 1,
    location => 'client_max_body_size 64m;')->start;
my $url = 'http://' . $nginx->address . '/git/r.git';

my @cloned = in_parallel(4, sub { git('clone', '-q', $url, "$dir/c$_[0]") });
is("@cloned", '0 0 0 0', 'four clones at once');
is((stat "$dir/c$_/noise")[7], 12 * 1024 * 1024, "clone $_ is whole")
    for 0 .. 3;

my @pushed = in_parallel(4, sub {
	my ($i) = @_;

	return commit_noise("$dir/c$i", "more$i", 11 * 1024 * 1024)
	    || git('-C', "$dir/c$i", 'push', '-q', 'origin', "HEAD:b$i");
});
is("@pushed", '0 0 0 0', 'four pushes of 11 MB at once');
is(git('clone', '-q', '-b', 'b3', $url, "$dir/check"), 0, 'cloned again');
is((stat "$dir/check/more3")[7], 11 * 1024 * 1024, 'what was pushed is there');
is_deeply([glob "$dir/state/*"], [], 'nothing is left in state_dir');
is(scalar(grep { $_->{status} >= 500 } $t->accounting), 0, 'no request failed');
done_testing;
