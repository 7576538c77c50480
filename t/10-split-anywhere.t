#!/usr/bin/perl
# Records, and pairs over records, may be split at any byte.
use strict;
use warnings;
use lib 't/lib';
use Test::More;
use Tollgate::FastCGI qw(record begin stream pairs pair whole_request);
use Tollgate::Test;

my $t = Tollgate::Test->new->evil(evil => "[pool]\nmax_children = 1\n")
    ->start;
my @more = ('LONG_' . 'n' x 200 => 'v' x 300, EMPTY => '',
    HTTP_TWICE => 'a', HTTP_TWICE => 'b');
my @params = nginx_params('GET', '/evil?mode=params', params => \@more);
my $pairs = pairs(@params);
my $want = $t->get('/evil?mode=params', params => \@more)->{body};

sub answer_to {
	my ($bytes, %opt) = @_;
	my $c = $t->connect;

	$c->send($bytes, %opt);
	return $c->answer(1)->{body} =~ s/^TOLLGATE_REQUEST_ID=.*\n//mr;
}

$want =~ s/^TOLLGATE_REQUEST_ID=.*\n//m;
like($want, qr/^LONG_n{200}=v{300}$/m, 'unsplit, it is as expected');
like($want, qr/^HTTP_TWICE=a, b$/m, 'and what came twice is joined');
is(answer_to(whole_request(1, \@params), step => 1), $want,
    'one byte in each write');
for my $size (1 .. 9, 127, 128) {
	is(answer_to(begin(1) . stream('params', 1, $pairs, $size)
	    . record('stdin', 1)), $want, "PARAMS in records of $size bytes");
}
my @different = grep {
	answer_to(begin(1) . record('params', 1, substr $pairs, 0, $_)
	    . record('params', 1, substr $pairs, $_) . record('params', 1)
	    . record('stdin', 1)) ne $want;
} 1 .. length($pairs) - 1;
is("@different", '', 'PARAMS in two records, cut at each byte');

# The long form of a short length is legal.
my $long_form = pack('NN', 0x80000002, 0x80000003) . 'XYabc';
like(answer_to(begin(1) . stream('params', 1, $pairs . $long_form)
    . record('stdin', 1)), qr/^XY=abc$/m, 'four bytes for a small length');
done_testing;
