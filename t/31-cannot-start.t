#!/usr/bin/perl
# A handler that cannot start is answered at once, and the log says why.
use strict;
use warnings;
use lib 't/lib';
use Test::More;
use Tollgate::Test;

my $t = Tollgate::Test->new->evil('canary');
my $fine = "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\nok\\n'\n";

# name, text, mode, status, what the log says
my @rows = (
	[missing => undef, 0, '503|404', qr/No such file/],
	[plain => $fine, 0644, '503|403', qr/Permission denied/],
	[text => "this is no program\n", 0755, '503|502', qr/Exec format/],
	[interpreter => "#!/no/such/interpreter\n", 0755, '503|502',
	    qr/No such file|interpreter/],
	[empty => '', 0755, '503|502', qr/Exec format/],
	[truncated => "\177ELF\2\1\1", 0755, '503|502', qr/Exec format/],
);
for (@rows) {
	my ($name, $text, $mode) = @$_;

	for my $protocol (qw(fastcgi cgi)) {
		$t->function("$name-$protocol", <<"INI");
[function]
handler = %DIR%/$name
protocol = $protocol
[route]
exact = /$name-$protocol
INI
	}
	$t->handler($name, $text, $mode) if defined $text;
}
$t->start;

for (@rows) {
	my ($name, undef, undef, $status, $why) = @$_;

	for my $function ("$name-fastcgi", "$name-cgi") {
		my $answer = $t->get("/$function");
		like($answer->{status}, qr/^(?:$status)$/,
		    "$function: $answer->{status}");
		ok(defined $answer->{headers}{'retry-after'},
		    "$function: Retry-After") if $answer->{status} == 503;
		like($t->log, qr/$function.*$why/, "$function: the log says why");
	}
}
is($t->get('/canary?mode=ok')->{status}, 200, 'others are served');

# What is put right works again, when its back-off is over.
$t->handler(plain => $fine);
ok(wait_for(sub { $t->get('/plain-cgi')->{status} == 200 }, 5,
    'the repaired program'), 'a repaired program is tried again');
done_testing;
