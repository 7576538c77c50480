#!/usr/bin/perl
# upload: takes a body of any size and answers with its length and SHA-256.
use strict;
use warnings;
use Digest::SHA;

my $sha = Digest::SHA->new(256);
my $size = 0;
while (read STDIN, my $piece, 65536) {
	$sha->add($piece);
	$size += length $piece;
}

# A sender who broke off must not pass for one who had no more to say.
print "Status: 400 Bad Request\n" if $size < ($ENV{CONTENT_LENGTH} || 0);
print "Content-Type: text/plain\n\n";
printf "%d bytes, SHA-256 %s\n", $size, $sha->hexdigest;
