# The contenders: how each is started, with the same handler and the same
# number of workers.  start(NAME, ...) returns an object with the url to ask,
# the roots of its processes, and for Tollgate the tollgated itself.
package Bench::Peers;

use strict;
use warnings;

use IO::Socket::INET;
use IO::Socket::UNIX;
use POSIX qw(WNOHANG _exit);
use Time::HiRes qw(sleep);

use Bench::Tollgate;
use Bench::Usage;
use Tollgate::Test;

our $WORKERS = 4;
our $CONNECTIONS = 12_000;	# that a web server must be able to hold

my $apache = '/usr/lib/apache2/modules';
my $main_pid = $$;
my @as_www = $> == 0 ? ('www-data') : ();

# What a contender needs to be there, and how it is started.
my %peer = (
	'direct' => [\&nginx_direct, ['nginx'], keepalive => 64],
	'direct-close' => [\&nginx_direct, ['nginx']],
	'tollgate' => [\&tollgate, ['nginx']],
	'tollgate-10' => [\&tollgate, ['nginx'], functions => 10],
	'tollgate-10000' => [\&tollgate, ['nginx'], functions => 10_000],
	'lighttpd' => [\&lighttpd, ['lighttpd'], kind => 'fastcgi'],
	'mod_fcgid' => [\&apache, ['apache2', "$apache/mod_fcgid.so"],
	    kind => 'fcgid'],
	'php-fpm' => [\&php_fpm, ['nginx', 'php-fpm']],
	'tollgate-php' => [\&tollgate, ['nginx', 'php-cgi'], kind => 'php'],
	'fcgiwrap' => [\&fcgiwrap, ['nginx', 'fcgiwrap']],
	'lighttpd-cgi' => [\&lighttpd, ['lighttpd'], kind => 'cgi'],
	'mod_cgid' => [\&apache, ['apache2', "$apache/mod_cgid.so"],
	    kind => 'cgid'],
	'tollgate-cgi' => [\&tollgate, ['nginx'], kind => 'cgi'],
);

sub find_program {
	my ($name) = @_;
	my @folders = (split(/:/, $ENV{PATH} // ''), qw(/usr/sbin /sbin));

	return (grep { -x } $name =~ m{/} ? $name :
	    map { glob "$_/$name $_/${name}[0-9]*" } @folders)[0];
}

# Programs and modules of a contender that are not there.
sub missing {
	my ($name) = @_;

	return grep { m{/} ? !-e : !find_program($_) } @{$peer{$name}[1]};
}

# dir: an existing folder for this one alone; hello, script, php: paths of the
# handlers; ask: of the client; more goes to the contender's own start.
sub start {
	my ($name, %opt) = @_;
	my ($how, undef, @own) = @{$peer{$name} // die "no contender $name\n"};
	my $self = bless { name => $name, children => [], @own, %opt },
	    __PACKAGE__;

	$how->($self);
	return $self;
}

sub url { $_[0]{url} }
sub roots { return (@{$_[0]{children}}, $_[0]{t} ? $_[0]{t}->pid : ()) }
sub tollgate_of { $_[0]{t} }

# The first of the processes that has this name.
sub pid_of {
	my ($self, $name) = @_;
	my $all = Bench::Usage::table();

	return (grep { $all->{$_}{name} eq $name }
	    Bench::Usage::family($all, $self->roots))[0];
}

# A child of ours that runs a command, its descriptor 0 the socket if given.
sub spawn {
	my ($self, $socket, @command) = @_;
	my $pid = fork // die "fork: $!";

	if ($pid == 0) {
		setpgrp;
		$SIG{$_} = 'DEFAULT' for qw(PIPE INT TERM ALRM);
		open STDIN, '<', '/dev/null';
		open STDOUT, '>>', "$self->{dir}/output";
		open STDERR, '>&', \*STDOUT;
		POSIX::dup2(fileno $socket, 0) if $socket;
		exec { $command[0] } @command or _exit(127);
	}
	push @{$self->{children}}, $pid;
}

# Wait until the server accepts connections.
sub wait_for_port {
	my ($self) = @_;

	wait_for(sub {
		IO::Socket::INET->new(PeerAddr => "127.0.0.1:$self->{port}");
	}, 10) or die "$self->{name} does not start:\n"
	    . slurp("$self->{dir}/output") . slurp("$self->{dir}/error.log");
}

sub stop {
	my ($self) = @_;

	for my $pid (@{$self->{children}}) {
		kill 'TERM', -$pid;
	}
	for my $pid (@{$self->{children}}) {
		wait_for(sub { waitpid($pid, WNOHANG) }, 5) or
		    kill('KILL', -$pid), waitpid $pid, 0;
	}
	$self->{children} = [];
	$self->{t}->finish if $self->{t};
}

sub DESTROY {
	my ($self) = @_;
	local ($?, $@, $!);

	$self->stop if $$ == $main_pid;
}

# A listening unix socket and a forked worker for each of WORKERS, as
# spawn-fcgi -F does; they stay our children, which spawn-fcgi's do not.
sub listening {
	my ($self) = @_;
	my $path = "$self->{dir}/workers.sock";
	my $socket = IO::Socket::UNIX->new(Local => $path, Listen => 4096)
	    or die "$path: $!";

	chmod 0666, $path;
	return ($path, $socket);
}

# nginx before a FastCGI socket, with the snippets of conf/.  keepalive: how
# many idle connections it keeps; false: one connection for each request.
# parameters: more fastcgi_param lines.
sub nginx {
	my ($self, $socket, $keepalive, $parameters) = @_;
	my $from = "$Tollgate::Test::SOURCE/conf/nginx";
	my $dir = "$self->{dir}/nginx";

	mkdir $dir, 0755;
	mkdir "$dir/$_", 0755 for qw(conf.d snippets);
	for my $name (qw(tollgate_params conf.d/tollgate.conf
	    snippets/tollgate.conf)) {
		my $text = slurp("$from/$name") || die "$from/$name: $!";
		$text =~ s{unix:/run/tollgate/tollgate.sock}{unix:$socket}g;
		$text =~ s/^client_max_body_size .*/client_max_body_size 128m;/m;
		$text =~ s/^\s*keepalive .*\n//m unless $keepalive;
		$text =~ s/^fastcgi_keep_conn on;\n//m unless $keepalive;
		spew("$dir/$name", $text);
	}
	my $temp = join '', map { "	${_}_temp_path $dir/tmp-$_;\n" }
	    qw(client_body fastcgi proxy uwsgi scgi);
	$self->{port} = free_port();
	$self->{url} = "http://127.0.0.1:$self->{port}/fn/hello";
	spew("$dir/nginx.conf", <<"EOT");
@{[map { "user $_;" } @as_www]}
daemon off;
worker_processes 1;
worker_rlimit_nofile 65536;
pid $dir/nginx.pid;
error_log $self->{dir}/error.log error;
events { worker_connections $CONNECTIONS; }
http {
	access_log off;
	keepalive_requests 1000000000;
$temp
	include conf.d/tollgate.conf;
	server {
		listen 127.0.0.1:$self->{port} backlog=4096;
		location / {
			include snippets/tollgate.conf;
			@{[$parameters // '']}
		}
	}
}
EOT
	$self->spawn(undef, find_program('nginx'), '-p', $dir, '-c',
	    "$dir/nginx.conf", '-e', "$self->{dir}/error.log");
	$self->wait_for_port;
}

sub nginx_direct {
	my ($self) = @_;
	my ($path, $socket) = $self->listening;

	$self->spawn($socket, $self->{hello}) for 1 .. $WORKERS;
	$self->nginx($path, $self->{keepalive});
}

# kind: fastcgi, cgi or php; see Bench::Tollgate.
sub tollgate {
	my ($self) = @_;

	$self->{t} = Bench::Tollgate->create($self);
	$self->nginx("$self->{t}{dir}/tollgate.sock", 1);
}

sub php_fpm {
	my ($self) = @_;
	my $socket = "$self->{dir}/fpm.sock";
	my $user = join '', map { "user = $_\ngroup = $_\n" } @as_www;

	spew("$self->{dir}/fpm.conf", <<"EOT");
[global]
error_log = $self->{dir}/error.log
daemonize = no
[www]
${user}listen = $socket
listen.mode = 0666
listen.backlog = 4096
pm = static
pm.max_children = $WORKERS
EOT
	$self->spawn(undef, find_program('php-fpm'), '-y',
	    "$self->{dir}/fpm.conf");
	wait_for(sub { -S $socket }, 10) or die "php-fpm does not start\n";
	$self->nginx($socket, 64,
	    "fastcgi_param SCRIPT_FILENAME $self->{php};");
}

sub fcgiwrap {
	my ($self) = @_;
	my ($path, $socket) = $self->listening;

	$self->spawn($socket, find_program('fcgiwrap'), '-c', $WORKERS);
	$self->nginx($path, 0, "fastcgi_param SCRIPT_FILENAME $self->{hello};");
}

# kind: fastcgi or cgi.
sub lighttpd {
	my ($self) = @_;
	my $dir = $self->{dir};
	my $user = join '', map {
		"server.username = \"$_\"\nserver.groupname = \"$_\"\n" } @as_www;
	my $how = $self->{kind} eq 'cgi' ? <<"EOT" : <<"EOT";
server.modules += ( "mod_cgi", "mod_alias" )
alias.url = ( "/fn/hello" => "$self->{hello}" )
cgi.assign = ( "" => "" )
EOT
server.modules += ( "mod_fastcgi" )
fastcgi.server = ( "/fn/" => (( "socket" => "$dir/run/fcgi.sock",
	"bin-path" => "$self->{hello}", "max-procs" => $WORKERS,
	"listen-backlog" => 4096, "check-local" => "disable" )) )
EOT

	mkdir "$dir/run", 0755;
	chown +(getpwnam $_)[2, 3], "$dir/run" for @as_www;
	$self->{port} = free_port();
	$self->{url} = "http://127.0.0.1:$self->{port}/fn/hello";
	spew("$dir/lighttpd.conf", <<"EOT");
server.bind = "127.0.0.1"
server.port = $self->{port}
server.document-root = "$dir"
server.errorlog = "$dir/run/error.log"
server.upload-dirs = ( "$dir/run" )
server.max-fds = 65536
server.max-connections = $CONNECTIONS
server.listen-backlog = 4096
server.max-keep-alive-requests = 0
$user$how
EOT
	$self->spawn(undef, find_program('lighttpd'), '-D', '-f',
	    "$dir/lighttpd.conf");
	$self->wait_for_port;
}

# kind: fcgid or cgid.
sub apache {
	my ($self) = @_;
	my $dir = $self->{dir};
	my $load = join '', map { "LoadModule ${_}_module $apache/mod_$_.so\n" }
	    qw(mpm_event authz_core alias), $self->{kind};
	my $user = join '', map { "User $_\nGroup $_\n" } @as_www;
	my ($handler, $more) = $self->{kind} eq 'cgid' ?
	    ('cgi-script', "ScriptSock $dir/cgid.sock\n") :
	    ('fcgid-script', <<"EOT");
FcgidIPCDir $dir/run
FcgidProcessTableFile $dir/run/table
FcgidMaxProcesses $WORKERS
FcgidMinProcessesPerClass $WORKERS
FcgidMaxProcessesPerClass $WORKERS
FcgidMaxRequestLen 134217728
EOT

	mkdir "$dir/run", 0755;
	chown +(getpwnam $_)[2, 3], "$dir/run" for @as_www;
	$self->{port} = free_port();
	$self->{url} = "http://127.0.0.1:$self->{port}/fn/hello";
	spew("$dir/apache.conf", <<"EOT");
ServerRoot $dir
ServerName localhost
PidFile $dir/apache.pid
DefaultRuntimeDir $dir
Listen 127.0.0.1:$self->{port}
ListenBacklog 4096
ErrorLog $dir/error.log
DocumentRoot $dir/run
MaxKeepAliveRequests 0
ServerLimit 16
MaxRequestWorkers 400
${load}${user}
Alias /fn/hello $self->{hello}
<Directory />
	Options +ExecCGI
	SetHandler $handler
	Require all granted
</Directory>
$more
EOT
	$self->spawn(undef, find_program('apache2'), '-D', 'FOREGROUND', '-f',
	    "$dir/apache.conf");
	$self->wait_for_port;
}

1;
