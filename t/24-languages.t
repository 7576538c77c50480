#!/usr/bin/perl
# Programs in each language that people write functions in do what they are
# used to at every level: threads, other programs, temporary files, sockets.
use strict;
use warnings;
use lib 't/lib';
use Test::More;
use Tollgate::Test;

my $t = Tollgate::Test->new;
my $dir = $t->dir;

sub which {
	my ($name) = @_;
	my ($path) = grep { -x } map { "$_/$name" } split /:/, $ENV{PATH};

	return $path;
}

mkdir "$dir/$_", 0755 for qw(sh bash perl python php node c www);
my %script = (
sh => <<'SH',
#!/bin/sh
printf 'Content-Type: text/plain\n\n'
echo a > "/tmp/$$" && cat "/tmp/$$" - <<E && rm "/tmp/$$"
b
E
echo x | { read x; echo "$x $(echo y)"; }
(sleep 0) & wait $! && echo waited
cat /dev/null && dd if=/dev/urandom bs=4 count=1 2> /dev/null | wc -c
SH
bash => <<'SH',
#!/bin/bash
printf 'Content-Type: text/plain\n\n'
diff <(echo a) <(echo a) && echo same
mapfile -t lines < <(seq 3); echo "${#lines[@]}"
cat <<< here; : > /dev/null; echo error > /dev/stderr
ulimit -n 64 && [ "$(nproc)" -ge 1 ] && [[ -r /proc/self/status ]] && echo ok
SH
perl => <<'PL',
#!/usr/bin/perl
use Config; use File::Temp; use IPC::Open3; use Socket; use POSIX;
$| = 1;
print "Content-Type: text/plain\n\n";
my $file = File::Temp->new; print $file 'x' x 9; close $file;
print -s "$file", "\n";
my $pid = fork // die; exit 3 if $pid == 0; waitpid $pid, 0;
print $? >> 8, "\n", `echo shell`;
if ($Config{useithreads}) { require threads;
	threads->import; print threads->create(sub { "thread\n" })->join }
else { print "thread\n" }
socketpair my $a, my $b, AF_UNIX, SOCK_STREAM, 0 or die; print "pair\n";
print scalar(gethostbyname 'localhost') ? "name\n" : "no name\n";
PL
python => <<'PY',
#!/usr/bin/python3
import asyncio, multiprocessing, os, socket, sqlite3, ssl, subprocess
import sys, tempfile, threading
from concurrent.futures import ThreadPoolExecutor
def double(n): return 2 * n
async def later(): return await asyncio.gather(asyncio.sleep(0, 5))
if __name__ == '__main__':
    print('Content-Type: text/plain\n')
    with tempfile.NamedTemporaryFile() as f: f.write(b'x'); print(f.name[:5])
    with ThreadPoolExecutor(4) as pool: print(sum(pool.map(double, range(9))))
    with multiprocessing.Pool(2) as pool: print(pool.map(double, [1, 2]))
    print(subprocess.run(['echo', 'child'], capture_output=True).stdout)
    print(asyncio.run(later()), len(os.urandom(4)))
    print(sqlite3.connect(':memory:').execute('select 1').fetchone())
    s = socket.socket(); s.bind(('127.0.0.1', 0)); s.listen()
    c = socket.create_connection(s.getsockname()); print('connected')
    ssl.create_default_context()
PY
node => <<'JS',
#!/usr/bin/env node
const { Worker } = require('worker_threads'), fs = require('fs');
const { execFileSync } = require('child_process'), os = require('os');
console.log('Content-Type: text/plain\n');
const file = `${os.tmpdir()}/${process.pid}`;
fs.writeFileSync(file, 'x'); console.log(fs.readFileSync(file, 'utf8'));
fs.unlinkSync(file);
console.log(execFileSync('echo', ['child']).toString().trim());
console.log(require('crypto').randomBytes(4).length, os.cpus().length > 0);
new Worker('require("worker_threads").parentPort.postMessage("thread")',
    { eval: true }).on('message', (m) => console.log(m));
JS
);
my %said = (
	sh => "a\nb\nx y\nwaited\n4\n",
	bash => "same\n3\nhere\nok\n",
	perl => "9\n3\nshell\nthread\npair\nname\n",
	python => "/tmp/\n72\n[2, 4]\nb'child\\n'\n[5] 4\n(1,)\nconnected\n",
	node => "x\nchild\n4 true\nthread\n",
	php => "/tmp/\nchild\n4\nkept\n",
	c => "8 threads\nchild\nspawned 3\nvforked 4\n",
);
my %needs = (sh => 'sh', bash => 'bash', perl => 'perl', python => 'python3',
    node => 'node', php => 'php-cgi', c => 'cc');

spew("$dir/www/index.php", <<'PHP');
<?php
header('Content-Type: text/plain');
$f = tempnam(sys_get_temp_dir(), 'x'); echo substr($f, 0, 5), "\n"; unlink($f);
echo shell_exec('echo child'), strlen(random_bytes(4)), "\n";
session_save_path('/tmp'); session_start(); $_SESSION['a'] = 'kept';
session_write_close(); session_start(); echo $_SESSION['a'], "\n";
session_destroy();
PHP
spew("$dir/c.c", <<'C');
#define _GNU_SOURCE
#include <pthread.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
extern char **environ;
static void *thread(void *n) { return (char *)n + 1; }
int main(void)
{
	char *args[] = { "sh", "-c", "exit 3", NULL };
	pthread_t all[8]; void *sum = NULL; pid_t pid; int i, status;

	printf("Content-Type: text/plain\n\n");
	for (i = 0; i < 8; i++)
		if (pthread_create(&all[i], NULL, thread, sum) != 0 ||
		    pthread_join(all[i], &sum) != 0)
			return 1;
	printf("%d threads\n", (int)(long)sum);
	fflush(stdout);
	if (system("echo child") != 0)
		return 1;
	if (posix_spawn(&pid, "/bin/sh", NULL, NULL, args, environ) != 0)
		return 1;
	waitpid(pid, &status, 0);
	printf("spawned %d\n", WEXITSTATUS(status));
	if ((pid = vfork()) == 0)
		_exit(4);
	waitpid(pid, &status, 0);
	printf("vforked %d\n", WEXITSTATUS(status));
	return 0;
}
C
my $cc = $ENV{CC} // 'cc';
delete $needs{c}
    unless system("$cc -pthread -w -o $dir/c/run.cgi $dir/c.c") == 0;

my @levels = qw(strict standard none);
my @languages = grep { defined $needs{$_} && which($needs{$_}) } sort keys %said;
for my $language (@languages) {
	$t->handler("$language/run.cgi", $script{$language})
	    if $script{$language};
	for my $level (@levels) {
		my $name = "$language-$level";
		my $what = $language ne 'php' ?
		    "handler = %DIR%/$language/run.cgi\nprotocol = cgi\n" :
		    "handler = " . which('php-cgi') . "\nparameters = "
		    . "SCRIPT_FILENAME=%DIR%/www/index.php\n";
		$t->function($name, <<"INI");
[function]
$what
[route]
prefix = /$name
[limits]
memory_max = 512M
tasks_max = 4096
[sandbox]
level = $level
read_only_paths = %DIR%/www
INI
	}
}
$t->start;
for my $language (sort keys %said) {
	SKIP: {
		skip "no $language here", 2 * @levels
		    unless grep { $_ eq $language } @languages;
		for my $level (@levels) {
			my $answer = $t->get("/$language-$level");

			is($answer->{status}, 200, "$language at $level");
			is($answer->{body}, $said{$language}, 'all of it')
			    or diag slurp("$dir/log/$language-$level.log");
		}
	}
}
done_testing;
