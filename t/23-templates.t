#!/usr/bin/perl
# One ini serves every tenant: the program's owner is who it runs as.
use strict;
use warnings;
use lib 't/lib';
use Test::More;
use Tollgate::Test;

plan skip_all => 'only root can run programs as others' unless $> == 0;

my $t = Tollgate::Test->new(gateway => "min_uid = 1000\nmax_workers = 3");
my $dir = $t->dir;
my $script = <<'SH';
#!/bin/sh
printf 'Content-Type: text/plain\n\n%s %s\n' "$(id -u)" "$TOLLGATE_PATH_user"
SH

# A tenant's folder and program; the rest is what is wrong with it.
sub tenant {
	my ($name, $uid, %opt) = @_;
	my $home = "$dir/home/$name";

	mkdir "$dir/home";
	mkdir $home, 0755;
	$t->handler("home/$name/run.cgi", $script);
	chown $opt{program_uid} // $uid, 5000, "$home/run.cgi";
	chown $uid, 5000, $home;
	chmod $opt{program_mode} // 0755, "$home/run.cgi";
	chmod $opt{folder_mode} // 0755, $home;
}

tenant(anna => 5001);
tenant(bert => 5002);
tenant(root => 0);
tenant(low => 500);
tenant(mixed => 5003, program_uid => 5004);
tenant(writable => 5005, program_mode => 0777);
tenant(open => 5006, folder_mode => 0777);
tenant(setuid => 5007, program_mode => 04755);
tenant(plain => 5008, program_mode => 0644);
mkdir "$dir/home/linked", 0755;
symlink "$dir/home/anna/run.cgi", "$dir/home/linked/run.cgi";
chown 5009, 5000, "$dir/home/linked";
symlink "$dir/home/anna", "$dir/home/folderlink";
mkdir "$dir/home/empty", 0755;

$t->function(user => <<'INI')->start;
[function]
handler = %DIR%/home/${user}/run.cgi
protocol = cgi
[route]
regex = "^/~(?<user>[^/]*)(?<path_info>/.*)?$"
INI

for (
	['~anna',	200, "5001 anna\n"],
	['~bert/x',	200, "5002 bert\n"],
	['~anna',	200, "5001 anna\n"],
	['~nobody',	404], ['~empty', 404], ['~', 404],
	['~..', 404], ['~.anna', 404], ['~anna%00', 400],
	['~' . 'a' x 65, 404], ['~an na', 404],
	['~root', 403], ['~low', 403], ['~mixed', 403], ['~writable', 403],
	['~open', 403], ['~setuid', 403], ['~linked', 403],
	['~folderlink', 403], ['~plain', 403],
) {
	my ($path, $status, $body) = @$_;
	my $answer = $t->get("/$path");
	is($answer->{status}, $status, "/$path: $status");
	is($answer->{body}, $body, "/$path: who it ran as") if $body;
}
is($t->record_of('/~bert/x')->{user}, '5002', 'the record names the user');

# Tenants beyond max_workers make room for each other.
tenant("t$_", 6000 + $_) for 1 .. 8;
my @got = map { $t->get("/~t$_")->{body} } 1 .. 8;
is_deeply(\@got, [map { (6000 + $_) . " t$_\n" } 1 .. 8],
    'eight tenants on three workers');
done_testing;
