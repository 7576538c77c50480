# A tollgated of its own for each test: temporary folder, configuration,
# start, requests as nginx would send them, and at the end the checks that hold
# for every test: it stops with 0, the gateway is still the one that started,
# no sanitizer or assertion spoke, every accounting line is whole JSON with an
# id of its own, and no process is left.
#
# Environment: TOLLGATE_BUILD (folder with tollgated; else the source folder or
# its newest build*), TOLLGATE_SOURCE, TOLLGATE_KEEP (leave the folder).
package Tollgate::Test;

use strict;
use warnings;

use Cwd qw(abs_path);
use Exporter 'import';
use File::Basename qw(dirname);
use File::Temp;
use IO::Socket::INET;
use JSON::PP qw(decode_json encode_json);
use POSIX qw(WNOHANG _exit setsid);
use Scalar::Util qw(weaken);
use Test::More ();
use Time::HiRes qw(time sleep);

use Tollgate::FastCGI;

our @EXPORT = qw(cpu_ms descriptors free_port in_parallel is_sanitized
    nginx_params resident_kb slurp spew wait_for);

our $SOURCE = $ENV{TOLLGATE_SOURCE} // abs_path(dirname(__FILE__)
    . '/../../..');
our $BUILD = $ENV{TOLLGATE_BUILD} // find_build();

my $main_pid = $$;
my @started;		# every object that runs, for END

$SIG{PIPE} = 'IGNORE';
$SIG{INT} = $SIG{TERM} = sub { exit 1 };
$SIG{ALRM} = sub { die "test took longer than its alarm\n" };
umask 022;
alarm($ENV{TOLLGATE_ALARM} // 120);

sub find_build {
	my @found = sort { -M $a <=> -M $b } grep { -x }
	    glob "$SOURCE/tollgated $SOURCE/build*/tollgated";

	return @found ? dirname($found[0]) : $SOURCE;
}

# Was it built with sanitizers?  Those hold on to freed memory, and take time.
sub is_sanitized {
	our $is_sanitized //= slurp("$BUILD/tollgate-gateway")
	    =~ /__asan_init/ ? 1 : 0;

	return $is_sanitized;
}

# gateway: lines for [gateway], which win over the harness's own.
# new_gateway: this test replaces the gateway, so do not insist on the first.
sub new {
	my ($class, %opt) = @_;
	my $temp = File::Temp->newdir('tollgate-XXXXXX', TMPDIR => 1,
	    CLEANUP => !$ENV{TOLLGATE_KEEP});
	my $self = bless { %opt, temp => $temp, dir => "$temp",
	    functions => {} }, $class;

	chmod 0755, $self->{dir};
	for my $name (qw(functions.d run state log)) {
		mkdir "$self->{dir}/$name", 0755 or die "mkdir: $!";
	}
	if ($> == 0) {
		my ($user) = grep { getpwnam $_ } qw(tollgate daemon);
		my ($uid, $gid) = (getpwnam $user)[2, 3];
		chown $uid, $gid, "$self->{dir}/state", "$self->{dir}/log";
		$self->{gateway_user} = $user;
	}
	Test::More::diag("kept: $self->{dir}") if $ENV{TOLLGATE_KEEP};
	return $self;
}

sub dir { $_[0]{dir} }

# Folders that ini texts and handlers may name.
sub expand {
	my ($self, $text) = @_;

	$text =~ s/%HANDLERS%/$BUILD\/handlers/g;
	$text =~ s/%EVIL%/$BUILD\/t\/evil/g;
	$text =~ s/%DIR%/$self->{dir}/g;
	$text =~ s/%SOURCE%/$SOURCE/g;
	return $text;
}

# Write (or, running, overwrite) functions.d/NAME.ini.
sub function {
	my ($self, $name, $text) = @_;

	spew("$self->{dir}/functions.d/$name.ini", $self->expand($text));
	return $self;
}

# Likewise accounts.d/USER.ini.
sub account {
	my ($self, $user, $text) = @_;

	mkdir "$self->{dir}/accounts.d", 0755;
	spew("$self->{dir}/accounts.d/$user.ini", $self->expand($text));
	return $self;
}

sub remove_function {
	my ($self, $name) = @_;

	unlink "$self->{dir}/functions.d/$name.ini" or die "$name: $!";
	return $self;
}

# An executable in the temporary folder; %DIR% and the like are expanded.
sub handler {
	my ($self, $name, $text, $mode) = @_;
	my $path = "$self->{dir}/$name";

	# A new file, as a running one cannot be written (ETXTBSY).
	spew("$path.new", $self->expand($text));
	chmod $mode // 0755, "$path.new";
	rename "$path.new", $path or die "$path: $!";
	return $self;
}

# The evil worker as function NAME on prefix /NAME.  Lines of ini before the
# first section go into [function]; a [route] of its own replaces ours.
sub evil {
	my ($self, $name, $ini) = @_;

	return $self->with_route($name, "handler = %EVIL%\n", $ini // '');
}

# A CGI script as function NAME on prefix /NAME; ini as for evil.
sub cgi {
	my ($self, $name, $script, $ini) = @_;

	$self->handler("$name.cgi", $script);
	return $self->with_route($name,
	    "handler = %DIR%/$name.cgi\nprotocol = cgi\n", $ini // '');
}

sub with_route {
	my ($self, $name, $function, $ini) = @_;
	my ($lines, $sections) = $ini =~ /\A((?:[^\[\n][^\n]*\n|\n)*)(.*)\z/s;

	$sections = "[route]\nprefix = /$name\n$sections"
	    unless $sections =~ /^\[route\]/m;
	# Tests that run beside this one have workers of the same user, and
	# RLIMIT_NPROC counts them all.
	$sections =~ s/^\[limits\]\n/[limits]\ntasks_max = 4096\n/m
	    or $sections .= "[limits]\ntasks_max = 4096\n"
	    unless $sections =~ /^tasks_max/m;
	return $self->function($name,
	    "[function]\n$function$lines$sections");
}

# Write tollgate.ini; the lines given win.
sub configure {
	my ($self) = @_;
	my $dir = $self->{dir};
	my $extra = $self->expand($self->{gateway} // '');
	my @lines = (
		"listen = unix:$dir/tollgate.sock",
		"functions = $dir/functions.d",
		"run_dir = $dir/run",
		"state_dir = $dir/state",
		"accounting = $dir/log/accounting",
		"function_logs = $dir/log",
		"error_log = $dir/log/error.log",
		"pid_file = $dir/run/tollgated.pid",
		"log_level = info",
	);
	push @lines, "user = $self->{gateway_user}" if $self->{gateway_user};
	for my $key ($extra =~ /^\s*(\w+)\s*=/mg) {
		@lines = grep { !/^\Q$key\E / } @lines;
	}
	spew("$dir/tollgate.ini", join("\n", '[gateway]', @lines, $extra, ''));
	return $self;
}

sub command {
	my ($self, @arguments) = @_;

	return ("$BUILD/tollgated", '-c', "$self->{dir}/tollgate.ini",
	    @arguments);
}

# Run tollgated to its end, 10 s at most (the status is 124 then).  Returns its
# exit status and all it printed.
sub run {
	my ($self, @arguments) = @_;

	$self->configure unless -e "$self->{dir}/tollgate.ini";
	return run_command('timeout', '-k', '1', '10',
	    $self->command(@arguments));
}

sub run_command {
	my (@command) = @_;
	my $pid = open(my $out, '-|') // die "fork: $!";

	if ($pid == 0) {
		open STDERR, '>&', \*STDOUT;
		exec @command or _exit(127);
	}
	my $text = do { local $/; <$out> } // '';
	close $out;
	return ($? & 127 ? -($? & 127) : $? >> 8, $text);
}

# Start and wait until the gateway answers.  opt: through (a command that
# execs its arguments, a list), no_wait, listen_fd (a listening socket handed
# over as systemd would).
sub start {
	my ($self, %opt) = @_;

	Test::More::BAIL_OUT("no tollgated in $BUILD: set TOLLGATE_BUILD")
	    unless -x "$BUILD/tollgated";
	$self->configure;
	$self->{pid} = fork // die "fork: $!";
	$self->become_tollgated(%opt) if $self->{pid} == 0;
	push @started, $self;
	weaken $started[-1];
	return $self if $opt{no_wait};
	$self->wait_ready;
	$self->{first_gateway} = $self->gateway_pid;
	return $self;
}

sub become_tollgated {
	my ($self, %opt) = @_;

	setsid;
	open STDIN, '<', '/dev/null';
	open STDOUT, '>>', "$self->{dir}/output";
	open STDERR, '>&', \*STDOUT;
	$SIG{$_} = 'DEFAULT' for qw(PIPE INT TERM ALRM);
	if ($opt{listen_fd}) {
		# Twice, as dup2 onto itself would leave close-on-exec set.
		POSIX::dup2(fileno $opt{listen_fd}, 9);
		POSIX::dup2(9, 3);
		POSIX::close(9);
		@ENV{qw(LISTEN_FDS LISTEN_PID)} = (1, $$);
	}
	exec @{$opt{through} // []}, $self->command('-f') or _exit(127);
}

# The address of the first listener that the configuration names.
sub address {
	my ($self) = @_;
	my ($address) = slurp("$self->{dir}/tollgate.ini")
	    =~ /^\s*listen\s*=\s*(\S+)/m;

	return $self->{address} // $address // "unix:$self->{dir}/tollgate.sock";
}

# Ready is: a listener answers FCGI_GET_VALUES.
sub wait_ready {
	my ($self) = @_;
	my $until = time + 15;

	while (time < $until) {
		if (waitpid($self->{pid}, WNOHANG) == $self->{pid}) {
			delete $self->{pid};
			die "tollgated ended at start ($?):\n", $self->all_logs;
		}
		my $c = Tollgate::FastCGI->connect($self->address);
		if ($c) {
			$c->send(Tollgate::FastCGI::record('get_values', 0,
			    Tollgate::FastCGI::pair('FCGI_MPXS_CONNS', '')));
			return if $c->management(5);
		}
		sleep 0.01;
	}
	die "tollgated does not answer:\n", $self->all_logs;
}

sub pid { $_[0]{pid} }

sub signal { kill $_[1], $_[0]{pid} or die "kill: $!"; $_[0] }

# Wait for tollgated's end.  Returns its exit status, minus its signal, or
# undef if it goes on.
sub wait_exit {
	my ($self, $deadline) = @_;
	my $pid = $self->{pid};

	return undef unless wait_for(sub { waitpid($pid, WNOHANG) == $pid },
	    $deadline // 15, "tollgated's end");
	my $status = $?;
	delete $self->{pid};
	return $status & 127 ? -($status & 127) : $status >> 8;
}

sub stop { $_[0]->end('TERM') }
sub quit { $_[0]->end('QUIT') }

sub end {
	my ($self, $signal) = @_;

	$self->note_processes;
	kill $signal, $self->{pid};
	return $self->wait_exit;
}

# HUP, and wait until the log says what became of it.  True if the new
# configuration is in force.
sub reload {
	my ($self) = @_;
	my $verdicts = sub {
		return $self->log =~
		    /^.*\b(?:load|generation) \d+\b.*\b(?:in force|refused)/mg;
	};
	my $before = () = $verdicts->();
	my @now;

	$self->signal('HUP');
	wait_for(sub { (@now = $verdicts->()) > $before }, 10, 'the reload')
	    or return 0;
	return $now[-1] =~ /in force/ ? 1 : 0;
}

sub log {
	my ($self) = @_;

	return slurp("$self->{dir}/log/error.log");
}

sub function_log {
	my ($self, $name) = @_;

	return slurp("$self->{dir}/log/$name.log");
}

sub all_logs {
	my ($self) = @_;

	return map { -s $_ ? "--- $_\n" . slurp($_) : () }
	    "$self->{dir}/output", glob "$self->{dir}/log/*.log";
}

# The accounting file's records, closing records of workers left out unless
# asked for.
sub accounting {
	my ($self, %opt) = @_;
	my @records = map { decode_json($_) }
	    split /\n/, slurp("$self->{dir}/log/accounting");

	return @records if $opt{workers};
	return grep { $_->{trigger} ne 'worker' } @records;
}

# The record of a request, which may be written a moment after its client has
# left.  Selects by path.
sub record_of {
	my ($self, $path) = @_;
	my @found;

	wait_for(sub {
		@found = grep { $_->{path} eq $path } $self->accounting;
	}, 30, "a record of $path");
	return $found[-1] // {};
}

# One request as nginx sends it, on a connection of its own.  opt: headers
# (a hash), body, params (name, value ...: sent last), address, deadline.
sub request {
	my ($self, $method, $uri, %opt) = @_;
	my $c = Tollgate::FastCGI->connect($opt{address} // $self->address)
	    or return { status => 0, headers => {}, body => '', raw => '',
	    stderr => '', complete => 0, end => "connect: $!" };

	$c->send(Tollgate::FastCGI::whole_request(1,
	    [nginx_params($method, $uri, %opt)], $opt{body}),
	    deadline => $opt{deadline});
	return $c->answer(1, $opt{deadline});
}

sub get { my ($self, $uri, %opt) = @_; $self->request('GET', $uri, %opt) }

sub post {
	my ($self, $uri, $body, %opt) = @_;

	return $self->request('POST', $uri, %opt, body => $body);
}

sub connect {
	my ($self) = @_;

	return Tollgate::FastCGI->connect($self->address)
	    // die "connect: $!";
}

# Send a request on a new connection and do not wait; the answer comes with
# ->answer of what is returned.
sub ask {
	my ($self, $method, $uri, %opt) = @_;
	my $c = $self->connect;

	$c->send(Tollgate::FastCGI::whole_request(1,
	    [nginx_params($method, $uri, %opt)], $opt{body}));
	return $c;
}

# The parameters of Debian's /etc/nginx/fastcgi_params and its headers.
sub nginx_params {
	my ($method, $uri, %opt) = @_;
	my ($path, $query) = $uri =~ /\A([^?]*)\??(.*)\z/s;
	my %headers = (Host => 'localhost', %{$opt{headers} // {}});
	my @params;

	$path =~ s/%([0-9a-fA-F]{2})/chr hex $1/ge;
	@params = (
		QUERY_STRING => $query, REQUEST_METHOD => $method,
		CONTENT_TYPE => $headers{'Content-Type'} // '',
		CONTENT_LENGTH => $headers{'Content-Length'} //
		    (defined $opt{body} ? length $opt{body} : ''),
		SCRIPT_NAME => $path, REQUEST_URI => $uri,
		DOCUMENT_URI => $path, DOCUMENT_ROOT => '/usr/share/nginx/html',
		SERVER_PROTOCOL => 'HTTP/1.1', REQUEST_SCHEME => 'http',
		GATEWAY_INTERFACE => 'CGI/1.1',
		SERVER_SOFTWARE => 'nginx/1.22.1', REMOTE_ADDR => '127.0.0.1',
		REMOTE_PORT => '40000', SERVER_ADDR => '127.0.0.1',
		SERVER_PORT => '8080', SERVER_NAME => 'localhost',
		REDIRECT_STATUS => '200',
	);
	for my $name (sort keys %headers) {
		my $variable = 'HTTP_' . uc $name;
		$variable =~ tr/-/_/;
		push @params, $variable => $headers{$name};
	}
	return @params, @{$opt{params} // []};
}

# Processes.  A stat line: pid (name) state ppid pgrp session ...
sub processes {
	my %all;

	for my $path (glob '/proc/[0-9]*/stat') {
		my $line = slurp($path);
		my ($pid, $state, $parent, $rest) = $line =~
		    /\A(\d+) \(.*\) (\S) (\d+) (.*)/s or next;
		$all{$pid} = { pid => $pid, state => $state,
		    parent => $parent, started => (split ' ', $rest)[17] };
	}
	return \%all;
}

sub command_line { my $s = slurp("/proc/$_[0]/cmdline"); $s =~ tr/\0/ /; $s }

sub children {
	my ($self) = @_;
	my $all = processes();

	return grep { $all->{$_}{parent} == ($self->{pid} // 0) &&
	    $all->{$_}{state} ne 'Z' } sort { $a <=> $b } keys %$all;
}

sub gateway_pid {
	my ($self) = @_;

	# Not by its executable: without root it lets nobody look.
	return (grep { command_line($_) =~ /^tollgated: gateway/ }
	    $self->children)[0];
}

# Pids of the workers that run a program of their own (launchers, which wait
# for a request to exec, left out).  One in a pid namespace is the first child
# of its init, which is the spawner's; what others leave to that is none.
sub workers {
	my ($self) = @_;
	my $all = processes();
	my %child = map { $_ => 1 } $self->children;

	return grep {
		my $parent = $all->{$_}{parent};
		($child{$_} || ($child{$parent} && inner_pid($_) == 2)) &&
		    $all->{$_}{state} ne 'Z' &&
		    (readlink("/proc/$_/exe") // 'tollgate')
		    !~ /tollgate[^\/]*\z/;
	} sort { $a <=> $b } keys %$all;
}

# Its pid as it knows it itself.
sub inner_pid {
	my ($pid) = @_;

	return slurp("/proc/$pid/status") =~ /^NSpid:.*?(\d+)$/m ? $1 : 0;
}

# What a handler calls that process, 0 if there is none: the one in the pid
# namespace of the worker that answered last on path.
sub real_pid {
	my ($self, $inner, $path) = @_;
	my $space = readlink("/proc/" . $self->record_of($path)->{worker}
	    . "/ns/pid") // '';

	return (grep { inner_pid($_) == $inner &&
	    (readlink("/proc/$_/ns/pid") // '') eq $space }
	    $self->descendants)[0] // 0;
}

# Ask for it; the pid of the worker that answered, 0 if none did.
sub pid_of {
	my ($self, $uri) = @_;
	my $answer = $self->get($uri);

	return 0 unless $answer->{status} == 200;
	return $self->record_of($uri =~ s/\?.*//sr)->{worker};
}

# The spawner and every process below it.
sub descendants {
	my ($self) = @_;
	my $all = processes();
	my %mine = ($self->{pid} => 1);
	my $more = 1;

	while ($more) {
		$more = 0;
		for my $p (values %$all) {
			next if $mine{$p->{pid}} || !$mine{$p->{parent}};
			$more = $mine{$p->{pid}} = 1;
		}
	}
	return grep { $all->{$_} } sort { $a <=> $b } keys %mine;
}

# Remember them, to find what outlives it.
sub note_processes {
	my ($self) = @_;
	my $all = processes();

	$self->{known}{$_} = $all->{$_}{started}
	    for grep { $all->{$_} } $self->descendants;
	return $self;
}

# Those of them that still run, and whatever works in or was started from the
# temporary folder.
sub leftovers {
	my ($self) = @_;
	my $all = processes();

	return grep {
		my $p = $all->{$_};
		$_ != $$ && $p->{parent} != $$ && $p->{state} ne 'Z' &&
		    (($self->{known}{$_} // '') eq $p->{started} ||
		    (readlink("/proc/$_/cwd") // '') =~ /\A\Q$self->{dir}\E/ ||
		    command_line($_) =~ /\Q$self->{dir}\E/);
	} sort { $a <=> $b } keys %$all;
}

# What must hold after every test; the words of each breach.
sub breaches {
	my ($self) = @_;
	my @bad;
	my %seen;

	if ($self->{pid}) {
		my $now = $self->gateway_pid // 'none';
		push @bad, "the gateway was replaced"
		    if !$self->{new_gateway} && $self->{first_gateway} &&
		    $now ne $self->{first_gateway};
		my $status = $self->stop;
		push @bad, 'tollgated did not stop with 0 but '
		    . ($status // 'goes on') if ($status // -1) != 0;
	}
	for my $text ($self->all_logs) {
		push @bad, "in a log: $1" if $text =~
		    /^(.*(?:AddressSanitizer|LeakSanitizer|runtime error:|Assertion).*)$/m;
	}
	for my $line (split /\n/, slurp("$self->{dir}/log/accounting")) {
		my $record = eval { decode_json($line) };
		push @bad, "not a record: $line" unless $record;
		push @bad, "a record twice: $line" if $record &&
		    $record->{trigger} ne 'worker' && $seen{$record->{id}}++;
	}
	wait_for(sub { !$self->leftovers }, 15) or push @bad,
	    map { "left behind: $_ " . command_line($_) } $self->leftovers;
	return @bad;
}

# After the last assertion: a breach makes the test's exit status 1.
sub finish {
	my ($self) = @_;

	return if $self->{finished}++ || $$ != $main_pid;
	my @bad = $self->breaches;
	if ($self->{pid}) {
		kill 'KILL', $self->{pid}, $self->children;
		waitpid $self->{pid}, 0;
	}
	kill 'KILL', $self->leftovers;
	return unless @bad;
	Test::More::diag("breach: $_") for @bad;
	$self->{failed} = 1;
	our $breached = 1;
}

sub DESTROY {
	my ($self) = @_;
	local ($?, $@, $!);

	$self->finish if $$ == $main_pid;
	$self->{temp}->unlink_on_destroy(0) if $$ != $main_pid;
}

END {
	our $breached;
	my $status = $?;

	if ($$ == $main_pid) {
		alarm 0;
		my @left = grep { defined } @started;
		$_->finish for @left;
		if ($status || $breached || !Test::More->builder->is_passing) {
			for my $t (@left) {
				my $text = join '', $t->all_logs;
				$text = '[...]' . substr $text, -8000
				    if length $text > 8000;
				Test::More::diag($text);
			}
		}
		$? = $status || ($breached ? 1 : 0);
	}
}

# Call claim until it returns true or the deadline (seconds) is over.
# Returns what it returned, or false, and says so if what is named.
sub wait_for {
	my ($claim, $deadline, $what) = @_;
	my $until = time + ($deadline // 5);

	for (;;) {
		my $value = $claim->();
		return $value if $value;
		last if time >= $until;
		sleep 0.01;
	}
	Test::More::diag("not within $deadline s: $what") if $what;
	return undef;
}

# Run work(0) .. work(n - 1) in n processes at once; returns what each
# returned (anything that JSON can hold).
sub in_parallel {
	my ($n, $work) = @_;
	my @pipes;

	for my $i (0 .. $n - 1) {
		my $pid = open(my $from, '-|') // die "fork: $!";
		if ($pid == 0) {
			$SIG{$_} = 'DEFAULT' for qw(INT TERM ALRM);
			my $result = eval { $work->($i) };
			syswrite STDOUT, encode_json([$@ ? "died: $@" :
			    $result]);
			_exit(0);
		}
		push @pipes, $from;
	}
	return map { local $/; my $text = readline $_; close $_;
	    decode_json($text)->[0] } @pipes;
}

# Figures of a process.
sub descriptors {
	my ($pid) = @_;

	opendir my $fds, "/proc/$pid/fd" or return -1;
	return scalar grep { /\d/ } readdir $fds;
}

sub resident_kb {
	my ($pid) = @_;

	return slurp("/proc/$pid/status") =~ /^VmRSS:\s+(\d+)/m ? $1 : -1;
}

sub cpu_ms {
	my ($pid) = @_;
	my ($rest) = slurp("/proc/$pid/stat") =~ /.*\) (.*)/s or return -1;
	my @field = split ' ', $rest;

	return ($field[11] + $field[12]) * 1000 / POSIX::sysconf(
	    POSIX::_SC_CLK_TCK());
}

# n (1) different TCP ports that were free a moment ago.
sub free_port {
	my ($n) = @_;
	my @sockets = map { IO::Socket::INET->new(LocalAddr => '127.0.0.1',
	    LocalPort => 0, Listen => 1) || die "no port: $!" } 1 .. $n // 1;
	my @ports = map { $_->sockport } @sockets;

	return wantarray ? @ports : $ports[0];
}

sub slurp {
	my ($path) = @_;

	open my $file, '<', $path or return '';
	local $/;
	return readline($file) // '';
}

sub spew {
	my ($path, $text) = @_;

	open my $file, '>', $path or die "$path: $!";
	print $file $text;
	close $file or die "$path: $!";
}

1;
