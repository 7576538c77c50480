# The loads, and the targets they are held to: data.
#
# A load asks each of its contenders in turn, round by round.  With wrk:
# connections, query, upload (bytes).  Otherwise round is a function that
# measures one contender once and returns its figures.  seconds and rounds win
# over the options of those names; needs: a program; options: more for the
# contender's start.
package Bench::Loads;

use strict;
use warnings;

my @fastcgi = qw(direct direct-close tollgate lighttpd mod_fcgid);
my @cgi = qw(fcgiwrap lighttpd-cgi mod_cgid tollgate-cgi);
my @php = qw(php-fpm tollgate-php);

our @LOADS = (
	{ name => 'hello-4', contenders => \@fastcgi, connections => 4 },
	{ name => 'hello-64', contenders => \@fastcgi, connections => 64 },
	{ name => 'hello-512', contenders => \@fastcgi, connections => 512 },
	{ name => 'php-4', contenders => \@php, connections => 4 },
	{ name => 'php-64', contenders => \@php, connections => 64 },
	{ name => 'cgi-4', contenders => \@cgi, connections => 4 },
	{ name => 'cgi-64', contenders => \@cgi, connections => 64 },
	{ name => 'answer-16k', contenders => ['direct', 'tollgate'],
	    connections => 4, query => 16384 },
	{ name => 'answer-1m', contenders => ['direct', 'tollgate'],
	    connections => 4, query => 1048576 },
	{ name => 'upload-1m', contenders => ['direct', 'tollgate'],
	    connections => 4, upload => 1048576 },
	{ name => 'upload-64m', contenders => ['direct', 'tollgate'],
	    connections => 2, upload => 67108864, seconds => 10 },
	{ name => 'reload-1s', contenders => ['tollgate'], connections => 64,
	    round => \&Bench::Reload::round, interval_s => 1 },
	{ name => 'reload-100ms', contenders => ['tollgate'],
	    connections => 64, round => \&Bench::Reload::round,
	    interval_s => 0.1 },
	{ name => 'cold', contenders => ['tollgate'],
	    round => \&Bench::Cold::round,
	    options => { prepare => \&Bench::Cold::prepare } },
	{ name => 'full', contenders => ['tollgate'],
	    round => \&Bench::Full::round,
	    options => { prepare => \&Bench::Full::prepare } },
	{ name => 'functions', connections => 64,
	    contenders => ['tollgate-10', 'tollgate-10000'],
	    round => \&Bench::Functions::round,
	    options => { prepare => \&Bench::Functions::prepare } },
	{ name => 'idle', contenders => ['tollgate'], rounds => 1,
	    round => \&Bench::Idle::round,
	    options => { gateway => "max_connections = 12000\n" } },
	{ name => 'syscalls', contenders => ['tollgate'], connections => 64,
	    rounds => 1, seconds => 15, needs => 'strace',
	    round => \&Bench::Syscalls::round },
	{ name => 'instructions', contenders => ['tollgate'], rounds => 1,
	    needs => 'valgrind', round => \&Bench::Instructions::round },
);

# (over - less) / under is at least min or at most max.  Each is
# LOAD/CONTENDER.FIGURE, less and under may be numbers or left out; what is
# judged is the median of the rounds' values.
our @TARGETS = (
	{ what => "gateway CPU per request / nginx's",
	    over => 'hello-64/tollgate.gateway_us',
	    under => 'hello-64/tollgate.web_us', max => 0.8 },
	{ what => 'requests/s / direct with keep-alive, 4 connections',
	    over => 'hello-4/tollgate.requests_s',
	    under => 'hello-4/direct.requests_s', min => 0.75 },
	{ what => 'requests/s / lighttpd mod_fastcgi, 64 connections',
	    over => 'hello-64/tollgate.requests_s',
	    under => 'hello-64/lighttpd.requests_s', min => 1.1 },
	{ what => 'requests/s / Apache mod_fcgid, 64 connections',
	    over => 'hello-64/tollgate.requests_s',
	    under => 'hello-64/mod_fcgid.requests_s', min => 2.3 },
	{ what => 'p99 / p50, 64 connections',
	    over => 'hello-64/tollgate.p99_ms',
	    under => 'hello-64/tollgate.p50_ms', max => 4 },
	{ what => 'failures, 512 connections over 4 workers',
	    over => 'hello-512/tollgate.failures', max => 0 },
	{ what => 'PHP: requests/s / php-fpm, 4 connections',
	    over => 'php-4/tollgate-php.requests_s',
	    under => 'php-4/php-fpm.requests_s', min => 0.9 },
	{ what => 'PHP: failures, 64 connections',
	    over => 'php-64/tollgate-php.failures', max => 0 },
	(map { { what => "CGI: requests/s / $_, 4 connections",
	    over => 'cgi-4/tollgate-cgi.requests_s',
	    under => "cgi-4/$_.requests_s", min => 1.0 } } @cgi[0 .. 2]),
	(map { { what => "$_: requests/s / direct",
	    over => "$_/tollgate.requests_s",
	    under => "$_/direct.requests_s", min => 0.8 } }
	    qw(answer-1m upload-1m upload-64m)),
	# Buffers may fill, but no answer or body is held whole.
	{ what => '64 MB uploads: gateway RSS, KB beyond that of 1 MB ones',
	    over => 'upload-64m/tollgate.gateway_kb',
	    less => 'upload-1m/tollgate.gateway_kb', max => 1024 },
	{ what => '1 MB answers: gateway RSS, KB beyond that of 6 bytes',
	    over => 'answer-1m/tollgate.gateway_kb',
	    less => 'hello-4/tollgate.gateway_kb', max => 1024 },
	{ what => 'failures, reload each second',
	    over => 'reload-1s/tollgate.failures', max => 0 },
	{ what => 'failures, reload each 100 ms',
	    over => 'reload-100ms/tollgate.failures', max => 0 },
	{ what => 'cold start of a C program / bare fork and exec',
	    over => 'cold/tollgate.cold_c_us',
	    under => 'cold/tollgate.bare_c_us', max => 1.5 },
	{ what => 'cold start of a shell script / bare fork and exec',
	    over => 'cold/tollgate.cold_sh_us',
	    under => 'cold/tollgate.bare_sh_us', max => 1.5 },
	{ what => 'refusal when full, p99 in ms',
	    over => 'full/tollgate.refused_p99_ms', max => 5 },
	{ what => 'full: run for clients that had left',
	    over => 'full/tollgate.run_for_nobody', max => 0 },
	{ what => '10,000 functions: start, in ms',
	    over => 'functions/tollgate-10000.start_ms', max => 1000 },
	{ what => '10,000 functions: reload, in ms',
	    over => 'functions/tollgate-10000.reload_ms', max => 1000 },
	{ what => '10,000 functions: RSS in KB of each, both processes',
	    over => 'functions/tollgate-10000.resident_kb',
	    less => 'functions/tollgate-10.resident_kb', under => 9990,
	    max => 2 },
	{ what => "10,000 functions: requests/s / 10 functions'",
	    over => 'functions/tollgate-10000.requests_s',
	    under => 'functions/tollgate-10.requests_s', min => 0.95 },
	{ what => '10,000 idle connections: RSS in KB of each',
	    over => 'idle/tollgate.per_connection_kb', max => 4 },
	{ what => 'a gateway alone: RSS in KB',
	    over => 'idle/tollgate.gateway_kb', max => 8192 },
	{ what => 'a spawner alone: RSS in KB',
	    over => 'idle/tollgate.spawner_kb', max => 3072 },
);

1;
