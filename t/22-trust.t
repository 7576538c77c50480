#!/usr/bin/perl
# A handler that others could have changed is not run: 403.
use strict;
use warnings;
use lib 't/lib';
use Test::More;
use Tollgate::Test;

my $t = Tollgate::Test->new;
my $script = "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\nrun\\n'\n";
my $dir = $t->dir;

for my $name (qw(good writable setuid folder link nobodys)) {
	mkdir "$dir/$name", 0755;
	$t->handler("$name/x.cgi", $script);
	$t->function($name, "[function]\nhandler = %DIR%/$name/x.cgi\n"
	    . "protocol = cgi\n[route]\nexact = /$name\n");
}
chmod 0757, "$dir/writable/x.cgi";
chmod 04755, "$dir/setuid/x.cgi";
chmod 0777, "$dir/folder";
unlink "$dir/link/x.cgi";
symlink "$dir/good/x.cgi", "$dir/link/x.cgi";
chown 2, 2, "$dir/nobodys/x.cgi" if $> == 0;
$t->start;

is($t->get('/good')->{body}, "run\n", 'an ordinary one runs');
is($t->get('/link')->{body}, "run\n", 'so does one behind a link');
for my $name (qw(writable setuid folder), $> == 0 ? 'nobodys' : ()) {
	is($t->get("/$name")->{status}, 403, "$name: 403");
	like($t->log, qr/\b$name\b/, 'and the log says so');
}
done_testing;
