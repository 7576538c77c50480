# Loaded by the bootstrap perl: JSON.
#
# JSON::PP alone takes longer to load than perl itself, and seconds for long
# events, so this is our own.  Strings of characters go in and come out; null is
# undef, true and false are 1 and ''; \1 and \0, and objects of JSON::PP::Boolean
# and the like, become true and false.
package Tollgate::Lambda;
use strict;
use warnings;

my %escape = (b => "\b", f => "\f", n => "\n", r => "\r", t => "\t");

sub unescape {
	my ($text) = @_;
	$text =~ s{\\(?:u([dD][89abAB]..)\\u([dD][c-fC-F]..)|u(....)|(.))}{
	    defined $1 ? chr(0x10000 + ((hex($1) - 0xd800) << 10)
	        + hex($2) - 0xdc00)
	    : defined $3 ? chr hex $3 : $escape{$4} // $4}ge;
	return $text;
}

# The value at pos($_).
sub value {
	/\G[ \t\r\n]+/gc;
	if (/\G"([^"\\]*+)(?:"|((?:\\.[^"\\]*+)++)")/gc) {
		return defined $2 ? unescape($1 . $2) : "$1";
	}
	if (/\G\{[ \t\r\n]*/gc) {
		my %object;
		return \%object if /\G\}/gc;
		do {
			my $key = value();
			/\G[ \t\r\n]*:/gc or die "expected a colon\n";
			$object{$key} = value();
			/\G[ \t\r\n]*/gc;
		} while (/\G,/gc);
		return \%object if /\G\}/gc;
	} elsif (/\G\[[ \t\r\n]*/gc) {
		my @array;
		return \@array if /\G\]/gc;
		do { push @array, value(); /\G[ \t\r\n]*/gc } while (/\G,/gc);
		return \@array if /\G\]/gc;
	} elsif (/\G(-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)/gc) {
		return 0 + $1;
	} elsif (/\G(true|false|null)/gc) {
		return $1 eq 'null' ? undef : $1 eq 'true';
	}
	die 'malformed JSON at character ' . (pos // 0) . "\n";
}

sub decode {
	local $_ = $_[0];
	utf8::decode($_);
	pos = 0;
	no warnings 'recursion';
	my $value = value();
	/\G[ \t\r\n]*\z/gc or die "garbage behind JSON\n";
	return $value;
}

sub quote {
	my ($text) = @_;
	$text =~ s/(["\\])/\\$1/g;
	$text =~ s/([\0-\x1f\x7f])/sprintf '\\u%04x', ord $1/ge;
	return "\"$text\"";
}

sub encode {
	my ($value) = @_;
	no warnings qw(recursion numeric);
	return 'null' if !defined $value;
	if (my $kind = ref $value) {
		return '[' . join(',', map { encode($_) } @$value) . ']'
		    if $kind eq 'ARRAY';
		return '{' . join(',', map { quote($_) . ':'
		    . encode($value->{$_}) } sort keys %$value) . '}'
		    if $kind eq 'HASH';
		return $$value ? 'true' : 'false'
		    if $kind eq 'SCALAR' || $kind =~ /Boolean/;
		return encode($value->TO_JSON)
		    if eval { $value->can('TO_JSON') };
		die "encountered $value, which JSON has no form for\n";
	}
	# A number's bits are numbers, a string's are strings.
	return !utf8::is_utf8($value) && length((my $none = '') & $value)
	    && $value * 0 == 0 && 0 + $value eq $value ? $value : quote($value);
}

1;
