#!/usr/bin/perl
# What a CGI program's answer and end become.
use strict;
use warnings;
use lib 't/lib';
use Test::More;
use Tollgate::Test;

my $head = q{printf 'Content-Type: text/plain\n\n';};
my @rows = (
	# name, script, status, complete, body
	[plain => "$head echo hello", 200, 1, "hello\n"],
	[crlf => q{printf 'Content-Type: text/plain\r\n\r\nx'}, 200, 1, 'x'],
	[status => q{printf 'Status: 418 Teapot\nContent-Type: x/y\n\nx'},
	    418, 1, 'x'],
	[location => q{printf 'Location: http://example.org/\n\n'}, 302, 1, ''],
	[nothing => 'exit 0', 502, 1],
	[failed => 'exit 3', 502, 1],
	[unended => q{printf 'Content-Type: text/plain\n'}, 502, 1],
	[html => q{echo '<html>'}, 502, 1],
	[nph => q{printf 'HTTP/1.1 200 OK\r\nContent-Type: a/b\r\n\r\nx'},
	    502, 1],
	[late => "$head echo hello; exit 3", 200, 1, "hello\n"],
	[killed => "$head echo half; kill -9 \$\$", 200, 0],
	[early => "$head exec >&-; sleep 0.2", 200, 1, ''],
	[unread => "$head echo done", 200, 1, "done\n"],
	[reads => "$head cat", 200, 1, 'x' x 100_000],
	[counts => "$head head -c 5", 200, 1, 'xxxxx'],
	[short => q{printf 'Content-Length: 9\nContent-Type: a/b\n\nx'},
	    200, 0],
);
my $t = Tollgate::Test->new;
$t->cgi($_->[0], "#!/bin/sh\n$_->[1]\n") for @rows;
$t->start;

for (@rows) {
	my ($name, undef, $status, $complete, $body) = @$_;
	my $answer = $t->post("/$name", 'x' x 100_000);
	is($answer->{status}, $status, "$name: $status");
	is($answer->{complete}, $complete,
	    "$name: " . ($complete ? 'whole' : 'visibly broken'));
	is($answer->{body}, $body, "$name: its body") if defined $body;
	is($t->record_of("/$name")->{status}, $status, "$name: in the accounts");
}
done_testing;
