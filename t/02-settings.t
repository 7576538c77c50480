#!/usr/bin/perl
# The program's keys and defaults, the shipped files and the manual agree.
use strict;
use warnings;
use lib 't/lib';
use Test::More;
use Tollgate::Test;

# What the load works out, where a file leaves it open.
my %open = map { $_ => 1 } qw(gateway.user gateway.listen_group
    gateway.function_user sandbox.user);

# All of [section] key = value in a text, as [section.key, value] in order.
sub settings {
	my ($text) = @_;
	my ($section, @found) = ('');

	for (split /\n/, $text) {
		$section = $1 if /^\[([^\]]+)\]/;
		push @found, ["$section.$1", same($2)] if /^(\w+) =\s*(.*)/;
	}
	return @found;
}

# 60s and 1m are one value.
sub same {
	my ($value) = @_;
	my %unit = (s => 1, m => 60, h => 3600, d => 86400);

	return $value =~ /^(\d+)([smhd])$/ ? $1 * $unit{$2} . 's' : $value;
}

# The settings that -T prints of three files' texts.
sub understood {
	my ($gateway, $account, $function) = @_;
	my $t = Tollgate::Test->new;

	spew($t->dir . '/tollgate.ini', $gateway);
	$t->account(default => $account);
	spew($t->dir . '/functions.d/function.ini', $function);
	my ($status, $text) = $t->run('-T');
	is($status, 0, 'tollgated -T') or diag $text;
	$text =~ s/\Q@{[$t->dir]}\E\///g;
	return settings($text);
}

# Compare, but for what is open where either side leaves it so.
sub agree {
	my ($got, $want, $title) = @_;
	my %want = map { @$_ } @$want;

	is_deeply([map { $_->[0] } @$got], [map { $_->[0] } @$want],
	    "$title: the same keys in the same order");
	is_deeply([map { "$_->[0] = $_->[1]" } grep {
	    $_->[1] ne ($want{$_->[0]} // '') && !$open{$_->[0]} } @$got], [],
	    "$title: the same values");
}

my @table = understood("[gateway]\n", "[account]\n",
    "[function]\nhandler = /srv/fn/hello\n");
cmp_ok(scalar @table, '>', 60, 'the table has keys');

my ($gateway, $account, $function) =
    map { slurp("$Tollgate::Test::SOURCE/conf/$_") }
    qw(tollgate.ini accounts.d/default.ini function.ini);
agree([map { settings($_) } $gateway, $account, $function], \@table,
    'shipped files');
agree([understood($gateway, $account, $function)], \@table,
    'as they are read');
for ([gateway => $gateway], [account => $account], [function => $function]) {
	my ($name, $text) = @$_;
	my @bare = $text =~ /^(?!;)[^\n]*\n(\w+) =/mg;
	is_deeply(\@bare, [], "$name: every key has its comment");
}

my ($section, @manual) = ('');
for (split /\n/, slurp("$Tollgate::Test::SOURCE/conf/tollgate.ini.5")) {
	$section = $1 if /^\.Ss Section (\w+)/;
	push @manual, ["$section.$1", same($2 // '')]
	    if /^\.It Ic (\w+) = Ar \w+(?: Pq Cm (\S+))?$/;
}
agree(\@manual, [map { $_->[0] eq 'function.handler' ? [$_->[0], ''] : $_ }
    @table], 'the manual');

SKIP: {
	skip 'no mandoc', 1 unless grep { -x "$_/mandoc" }
	    split /:/, $ENV{PATH};
	my $path = "$Tollgate::Test::SOURCE/conf/tollgate.ini.5";
	my $says = `mandoc -Tlint $path 2>&1`;
	is(join("\n", grep { !/referenced manual not found|mandoc\.db/ }
	    split /\n/, $says), '', 'mandoc finds nothing wrong');
}
done_testing;
