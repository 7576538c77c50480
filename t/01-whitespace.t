#!/usr/bin/perl
# Every text file ends its lines the same way, and C fits into 80 columns.
use strict;
use warnings;
use File::Find;
use Test::More;
use Text::Tabs;

chdir($ENV{TOLLGATE_SOURCE} // '.') or die "chdir: $!";

# Outside the folders lie generated files too: only those that are written.
my @files = grep { -f } qw(configure.ac Makefile.am README COPYING .gitignore
    .ci/run);
find({ no_chdir => 1, wanted => sub {
	$File::Find::prune = 1 if /corpus|\.deps/;
	push @files, $_ if -f && -T && !/\.(?:log|trs|[ao])$/;
} }, grep { -d } qw(gateway modules handlers conf t));

for my $file (sort @files) {
	open(my $in, '<', $file) or die "$file: $!";
	my @wrong;
	my $last = "\n";
	while (my $line = <$in>) {
		push @wrong, "$.: CR" if $line =~ /\r/;
		push @wrong, "$.: trailing blanks" if $line =~ /[ \t]\r?$/;
		push @wrong, "$.: over 80 columns" if $file =~ /\.[ch]$/
		    && length(expand($line =~ s/\n//r)) > 80;
		$last = $line;
	}
	push @wrong, 'no newline at the end' if $last !~ /\n\z/;
	push @wrong, 'blank line at the end' if $last eq "\n" && -s $file;
	is("@wrong", '', $file);
}
done_testing();
