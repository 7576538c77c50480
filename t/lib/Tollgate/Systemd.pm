# A systemd of its own for a test: pid 1 of new namespaces, in a control group
# of the test's, with a root of its own in memory, which holds the system's /usr,
# a copy of its /etc and what the test puts there.  It boots to no more than
# basic.target, runs one script, and ends.
package Tollgate::Systemd;

use strict;
use warnings;

use File::Path qw(make_path);
use POSIX qw(WNOHANG _exit);

use Tollgate::Cgroup;
use Tollgate::Test qw(slurp spew wait_for);

my $systemd = '/lib/systemd/systemd';
our $why;		# there is none, after new or run has returned undef

# dir: a folder of the test's, for all that belongs to it.
sub new {
	my ($class, $dir) = @_;

	$why = 'only root can start a systemd';
	return undef unless $> == 0;
	$why = "no $systemd";
	return undef unless -x $systemd;
	$why = 'systemd runs here already' if -d '/run/systemd/system';
	return undef if -d '/run/systemd/system';
	my $group = Tollgate::Cgroup->new;
	$why = $Tollgate::Cgroup::why;
	return undef unless $group;
	make_path("$dir/files");
	return bless { dir => $dir, group => $group }, $class;
}

# Put a file into its root.
sub file {
	my ($self, $path, $text, $mode) = @_;
	my $to = "$self->{dir}/files$path";

	make_path($to =~ s{/[^/]*\z}{}r);
	spew($to, $text);
	chmod $mode // 0644, $to;
	return $self;
}

# Nothing of the machine's can be changed from in there.
my $boot = <<'SH';
set -e
root=$1/root
show()
{
	mount --bind $1 $2
	mount -o remount,bind,ro $2
}
mount --make-rprivate /
mkdir -p $root
mount -t tmpfs -o mode=755 tmpfs $root
cd $root
mkdir usr proc sys dev run tmp var srv home root mnt
chmod 1777 tmp
show /usr usr
for link in /bin /sbin /lib*; do
	if [ -L $link ]; then cp -P $link .
	else mkdir .$link; show $link .$link; fi
done
cp -a /etc .
rm -rf etc/systemd/system etc/machine-id etc/fstab
mkdir -p etc/systemd/system var/log var/lib
: >etc/machine-id
mount -t proc proc proc
show proc/sys proc/sys
show /sys sys
mount -t cgroup2 cgroup2 sys/fs/cgroup
mount -t tmpfs -o mode=755 tmpfs run
mount -t tmpfs -o mode=755 tmpfs dev
for device in null zero full random urandom tty; do
	: >dev/$device; mount --bind /dev/$device dev/$device
done
mkdir dev/pts dev/shm
mount -t devpts -o newinstance,ptmxmode=666 devpts dev/pts
ln -s pts/ptmx dev/ptmx; ln -s /proc/self/fd dev/fd
mount -t tmpfs tmpfs dev/shm
mount --bind $1 mnt
cp -a $1/files/. .
mkdir old
pivot_root . old
umount -l old
exec env -i container=test PATH=/usr/sbin:/usr/bin:/sbin:/bin \
    setpriv --bounding-set -sys_module,-sys_time,-sys_rawio,-syslog,-mknod \
    /lib/systemd/systemd --system --show-status=no \
    --log-target=null --unit=test.target
SH

my $target = <<'INI';
[Unit]
Requires=basic.target test.service
After=basic.target
INI

my $service = <<'INI';
[Service]
Type=oneshot
ExecStart=/mnt/script
StandardOutput=file:/mnt/output
StandardError=file:/mnt/errors
ExecStopPost=/bin/systemctl poweroff -f -f
INI

# Boot, run script, an executable's text, and wait for the end.  Returns what it
# printed, or undef where systemd never came so far.
sub run {
	my ($self, $script) = @_;
	my $dir = $self->{dir};
	my $procs = $self->{group}->path . '/cgroup.procs';

	$self->file('/etc/systemd/system/test.target', $target);
	$self->file('/etc/systemd/system/test.service', $service);
	spew("$dir/script", $script);
	chmod 0755, "$dir/script";
	spew("$dir/boot", $boot);
	my $pid = fork // die "fork: $!";
	if ($pid == 0) {
		open STDIN, '<', '/dev/null';
		open STDOUT, '>', "$dir/console";
		open STDERR, '>&', \*STDOUT;
		POSIX::setsid();
		spew($procs, $$);
		exec 'unshare', '-mpuiCf', '--kill-child', 'sh', "$dir/boot",
		    $dir or _exit(127);
	}
	wait_for(sub { waitpid($pid, WNOHANG) == $pid }, 60, "systemd's end")
	    or kill 'KILL', $pid;
	waitpid $pid, 0;
	$why = 'systemd does not boot here: ' .
	    ((split /\n/, slurp("$dir/console"))[-1] // '');
	return -e "$dir/output" ? slurp("$dir/output") : undef;
}

sub errors { slurp("$_[0]{dir}/errors") }

# What systemd leaves of its groups, which are empty once all in them is dead.
sub DESTROY {
	my ($self) = @_;
	my $path = $self->{group}->path;
	local $?;

	wait_for(sub {
		system "find $path -mindepth 1 -depth -type d "
		    . '-exec rmdir {} + 2>/dev/null';
		return !$self->{group}->groups;
	}, 30, "the end of systemd's groups");
}

1;
