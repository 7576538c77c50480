#!/usr/bin/perl
# The order of the sources in Makefile.am is the architecture: a file includes
# only project headers that stand above it, a module only a module's headers.
use strict;
use warnings;
use Test::More;

chdir($ENV{TOLLGATE_SOURCE} // '.') or die "chdir: $!";
my %for_modules = map { $_ => 1 } qw(module.h request.h function.h fcgi.h
    cgi.h log.h mem.h worker.h timer.h body.h buffer.h settings.h message.h
    outbox.h);
my $cc = $ENV{CC} // 'cc';

sub
slurp
{
	open(my $in, '<', $_[0]) or die "$_[0]: $!";
	return do { local $/; <$in> };
}

my $makefile = slurp('Makefile.am');
my @order = $makefile =~ m{\b((?:gateway|modules)/\w+\.[ch])\b}g;
my %rank;
$rank{$_} //= keys %rank for @order;

is_deeply([grep { !defined $rank{$_} }
    glob('gateway/*.[ch] modules/*.[ch]')], [],
    'every source is listed in Makefile.am');
is_deeply([grep { $makefile !~ m{\s\Q$_\E\s} } glob('t/*.t'),
    map { s/\.c$//r } glob('t/unit/*.c')], [],
    'every test is listed in Makefile.am');

for my $file (@order) {
	my ($folder) = $file =~ m{^(\w+)/};
	my @wrong;
	for my $header (slurp($file) =~ /^\s*#\s*include\s+"([^"]+)"/mg) {
		my ($found) = ((grep { -e } map { "$_/$header" }
		    $folder, 'gateway', 'modules'), 'nowhere');
		my $is_above = ($rank{$found} // @order) < $rank{$file}
		    || $found eq $file =~ s/\.c$/.h/r;
		push @wrong, $header if !$is_above
		    || $folder eq 'modules' && !$for_modules{$header}
		    && $found !~ m{^modules/};
	}
	is("@wrong", '', "$file includes only what stands above it");
}

for my $header (grep { /\.h$/ } @order) {
	is(system("$cc -std=c11 -D_GNU_SOURCE -iquote gateway -iquote modules "
	    . "-fsyntax-only -x c -include $header /dev/null"), 0,
	    "$header can be included on its own");
}
done_testing();
