# A real Apache 2.4 with mod_proxy_fcgi in front of a test's tollgated, with
# the snippet from conf/.
package Tollgate::Apache;

use strict;
use warnings;

use parent 'Tollgate::WebServer';

use Tollgate::Test;

my $modules = '/usr/lib/apache2/modules';

# t: the Tollgate::Test.  opt: snippet (tollgate.conf).  Skips the test if there is no Apache.
sub new {
	my ($class, $t, %opt) = @_;

	Tollgate::WebServer::need('apache2');
	Test::More::plan(skip_all => 'no mod_proxy_fcgi here')
	    unless -e "$modules/mod_proxy_fcgi.so";
	my $self = bless { %opt, t => $t, dir => $t->dir . '/apache' }, $class;
	mkdir $self->{dir}, 0755;
	return $self;
}

sub configure {
	my ($self) = @_;
	my $dir = $self->{dir};
	my $port = free_port();
	my $socket = $self->{t}->address =~ s/\Aunix://r;
	my $file = 'conf/apache/' . ($self->{snippet} // 'tollgate.conf');
	my $snippet = slurp("$Tollgate::Test::SOURCE/$file")
	    || die "$file: $!";
	my $load = join '', map { "LoadModule ${_}_module $modules/mod_$_.so\n" }
	    grep { -e "$modules/mod_$_.so" }
	    qw(mpm_event authz_core proxy proxy_fcgi);

	$snippet =~ s{/run/tollgate/tollgate.sock}{$socket}g;
	$self->{address} = "127.0.0.1:$port";
	spew("$dir/apache.conf", <<"EOT");
ServerRoot $dir
ServerName localhost
PidFile $dir/apache.pid
DefaultRuntimeDir $dir
Listen 127.0.0.1:$port
ErrorLog $dir/error.log
DocumentRoot $dir
$load
@{[$> == 0 ? "User www-data\nGroup www-data" : '']}
<Directory />
	Require all granted
</Directory>
$snippet
EOT
}

sub start_command {
	my ($self) = @_;

	return (Tollgate::WebServer::find_program('apache2'), '-D',
	    'FOREGROUND', '-f', "$self->{dir}/apache.conf");
}

1;
