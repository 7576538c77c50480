# Figures -> table, JSON, plots, verdicts.  Figures are
# {LOAD}{CONTENDER}{FIGURE}[ROUND].
package Bench::Report;

use strict;
use warnings;

use JSON::PP;

# How a figure is written, in the order of the table's columns.
our @COLUMNS = (
	[requests_s => 'req/s', '%.0f'], [p50_ms => 'p50 ms', '%.2f'],
	[p99_ms => 'p99 ms', '%.2f'], [max_ms => 'max ms', '%.1f'],
	[failures => 'failed', '%d'], [web_us => 'web us', '%.1f'],
	[gateway_us => 'gateway us', '%.1f'],
	[spawner_us => 'spawner us', '%.1f'],
	[workers_us => 'workers us', '%.1f'],
	[gateway_kb => 'gateway KB', '%d'], [spawner_kb => 'spawner KB', '%d'],
);

sub median {
	my @sorted = sort { $a <=> $b } @_;

	return undef unless @sorted;
	return ($sorted[$#sorted / 2] + $sorted[@sorted / 2]) / 2;
}

# LOAD/CONTENDER.FIGURE or a number, in that round; undef if it is not known.
sub figure {
	my ($figures, $name, $round) = @_;
	my ($load, $contender, $figure) = $name =~ m{\A(.*)/(.*)\.(\w+)\z}
	    or return $name;
	my $rounds = $figures->{$load}{$contender}{$figure} // return undef;

	return $rounds->[$round];
}

# The median by which a target is judged; undef if it was not measured.
sub value {
	my ($figures, $target) = @_;
	my @values;

	for (my $round = 0;; $round++) {
		my ($over, $less, $under) = map {
			figure($figures, $_, $round)
		} $target->{over}, $target->{less} // 0, $target->{under} // 1;
		last unless defined $over && defined $less && defined $under;
		push @values, ($over - $less) / $under if $under;
	}
	return median(@values);
}

# Each target that was measured: its text, value, limit and whether it is met.
sub verdicts {
	my ($figures, @targets) = @_;
	my @verdicts;

	for my $target (@targets) {
		my $value = value($figures, $target) // next;
		my $is_met = defined $target->{min} ?
		    $value >= $target->{min} : $value <= $target->{max};
		push @verdicts, { what => $target->{what}, value => $value,
		    limit => (defined $target->{min} ? ">= $target->{min}" :
		    "<= $target->{max}"), met => $is_met ? 1 : 0 };
	}
	return @verdicts;
}

# Lines of cells, columns aligned.
sub aligned {
	my (@rows) = @_;
	my @width;

	for my $row (@rows) {
		for my $i (0 .. $#$row) {
			my $n = length $row->[$i];
			$width[$i] = $n if $n > ($width[$i] // 0);
		}
	}
	return join '', map { my $row = $_; join('  ', map {
	    sprintf $_ ? "%$width[$_]s" : "%-$width[$_]s", $row->[$_] }
	    0 .. $#$row) . "\n" } @rows;
}

# The table of one load: medians, and requests/s as a multiple of the first
# contender's.  Figures of its own get columns of their own.
sub table_of {
	my ($name, $figures, @contenders) = @_;
	my %known = map { $_->[0] => 1 } @COLUMNS, ['requests'];
	my %own = map { $_ => 1 } grep { !$known{$_} }
	    map { keys %{$figures->{$name}{$_}} } @contenders;
	my @columns = grep {
		my $column = $_;
		grep { $figures->{$name}{$_}{$column->[0]} } @contenders;
	} @COLUMNS, map { [$_, s/_/ /gr, '%.4g'] } sort keys %own;
	my @rows = [$name, map { $_->[1] } @columns];
	my $with_ratio = @contenders > 1 &&
	    $figures->{$name}{$contenders[0]}{requests_s};

	push @{$rows[0]}, "/ $contenders[0]" if $with_ratio;
	for my $contender (@contenders) {
		my $own = $figures->{$name}{$contender} // next;
		my @cells = map { my $m = median(@{$own->{$_->[0]} // []});
		    defined $m ? sprintf $_->[2], $m : '-' } @columns;
		my $ratio = value($figures, {
		    over => "$name/$contender.requests_s",
		    under => "$name/$contenders[0].requests_s" });
		push @rows, [$contender, @cells, $with_ratio ?
		    defined $ratio ? sprintf '%.2f', $ratio : '-' : ()];
	}
	return aligned(@rows);
}

sub targets_table {
	my (@verdicts) = @_;

	return '' unless @verdicts;
	return aligned(['target', 'value', 'limit', ''], map { [$_->{what},
	    sprintf('%.2f', $_->{value}), $_->{limit},
	    $_->{met} ? 'met' : 'MISSED'] } @verdicts);
}

sub json {
	my ($what) = @_;

	return JSON::PP->new->canonical->pretty->encode($what);
}

# Two bar charts of one load: requests/s, and CPU by group.  Returns gnuplot's
# commands; the data stand in them.
sub plot {
	my ($name, $figures, $path, @contenders) = @_;
	my @groups = qw(web gateway spawner workers);
	my $data = "\$d << EOD\n";

	for my $contender (@contenders) {
		my $own = $figures->{$name}{$contender} // next;
		$data .= join(' ', "\"$contender\"", map {
		    median(@{$own->{$_} // []}) // 0 } 'requests_s',
		    map { $_ . '_us' } @groups) . "\n";
	}
	my $stack = join ', ', map { "\$d using " . ($_ + 3)
	    . ":xtic(1) title '$groups[$_]'" } 0 .. $#groups;
	return $data . <<"EOT";
EOD
set terminal svg size 900,400 noenhanced background 'white'
set output '$path'
set style fill solid 0.8 border
set boxwidth 0.7
set yrange [0:*]
set xtics rotate by -20
set multiplot layout 1,2 title '$name'
unset key
set title 'requests/s'
set style data histograms
set style histogram rowstacked
plot \$d using 2:xtic(1)
set title 'CPU, us per request'
set key top left
plot $stack
unset multiplot
EOT
}

1;
