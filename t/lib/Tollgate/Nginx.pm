# A real nginx in front of a test's tollgated, with the snippets from conf/.
# Listens on a unix socket, as no other test can be in the way there; on a
# port only if a client needs one.
package Tollgate::Nginx;

use strict;
use warnings;

use parent 'Tollgate::WebServer';

use Tollgate::Test;

# t: the Tollgate::Test.  opt: port (true: TCP), http and location (more lines
# for those blocks), workers (1), snippet (tollgate.conf).  Skips the test if there is no nginx.
sub new {
	my ($class, $t, %opt) = @_;

	Tollgate::WebServer::need('nginx');
	my $self = bless { %opt, t => $t, dir => $t->dir . '/nginx' }, $class;
	mkdir $self->{dir}, 0755;
	return $self;
}

sub configure {
	my ($self) = @_;
	my $dir = $self->{dir};
	my $from = "$Tollgate::Test::SOURCE/conf/nginx";
	my $socket = $self->{t}->address;
	my $snippet = $self->{snippet} // 'tollgate.conf';
	my ($user, $more) = ($> == 0 ? 'user www-data;' : '', '');

	$self->{address} = $self->{port} ?
	    '127.0.0.1:' . free_port() : "unix:$dir/http.sock";
	for my $name (qw(tollgate_params conf.d/tollgate.conf
	    snippets/tollgate.conf snippets/tollgate-api.conf)) {
		my $text = slurp("$from/$name") || die "$from/$name: $!";
		$text =~ s{unix:/run/tollgate/tollgate.sock}{$socket}g;
		mkdir "$dir/$1" if $name =~ m{(.*)/};
		for my $directive (($self->{location} // '') =~ /^\s*(\w+)/mg) {
			$text =~ s/^$directive\b.*;\n//mg;
		}
		spew("$dir/$name", $text);
	}
	for my $name (qw(client_body fastcgi proxy uwsgi scgi)) {
		$more .= "	${name}_temp_path $dir/tmp-$name;\n";
	}
	spew("$dir/nginx.conf", <<"EOT");
$user
daemon off;
worker_processes @{[$self->{workers} // 1]};
pid $dir/nginx.pid;
error_log $dir/error.log warn;
events { worker_connections 1024; }
http {
	access_log off;
$more
	include conf.d/tollgate.conf;
	@{[$self->{http} // '']}
	server {
		listen $self->{address};
		server_name localhost;
		location / {
			include snippets/$snippet;
			@{[$self->{location} // '']}
		}
	}
}
EOT
}

sub start_command {
	my ($self) = @_;

	return (Tollgate::WebServer::find_program('nginx'), '-p', $self->{dir},
	    '-c', "$self->{dir}/nginx.conf", '-e', "$self->{dir}/error.log");
}

1;
