#!/usr/bin/perl
# On a full disk no record is torn, and accounting_full says what happens.
use strict;
use warnings;
use lib 't/lib';
use Test::More;
use Tollgate::Test;

plan skip_all => 'only root can mount a small disk' unless $> == 0;

my @mounted;

# A tollgated whose accounting lies on a disk of 32 KB, all but full.
sub on_small_disk {
	my ($policy) = @_;
	my $t = Tollgate::Test->new(gateway => <<"INI")->evil('evil');
accounting = %DIR%/disk/accounting
accounting_full = $policy
INI
	my $disk = $t->dir . '/disk';

	mkdir $disk;
	system('mount', '-t', 'tmpfs', '-o', 'size=32k,mode=0777', 'none',
	    $disk) == 0 or plan skip_all => 'no tmpfs can be mounted here';
	push @mounted, $disk;
	$t->{file} = "$disk/accounting";
	$t->{filler} = "$disk/filler";
	spew($t->{filler}, 'x' x (24 * 1024));
	return $t->start;
}

END { system('umount', '-l', $_) for @mounted }

sub lines_of { split /\n/, slurp($_[0]{file}) }

for my $policy (qw(refuse continue)) {
	my $t = on_small_disk($policy);
	my ($answered, $refused) = (0, 0);

	for (1 .. 60) {
		my $status = $t->get('/evil?mode=ok')->{status};
		$answered++ if $status == 200;
		$refused++ if $status == 503;
	}
	is($answered + $refused, 60, "$policy: each request is answered");
	if ($policy eq 'refuse') {
		cmp_ok($refused, '>', 0, 'refuse: new ones are refused');
	} else {
		is($refused, 0, 'continue: none is refused');
	}
	like($t->log, qr/accounting.*No space left/, "$policy: the log shouts");
	is(scalar(grep { !/^\{.*\}$/ } lines_of($t)), 0, "$policy: no torn line");
	unlink $t->{filler};
	ok(wait_for(sub { lines_of($t) >= $answered }, 10,
	    'the records that waited'), "$policy: with room, all are written");
	ok(wait_for(sub { $t->get('/evil?mode=ok')->{status} == 200 }, 5),
	    "$policy: and it goes on");
	is(scalar(grep { !/^\{.*\}$/ } lines_of($t)), 0, "$policy: whole lines");
	is($t->stop, 0, "$policy: stops");
}
done_testing;
