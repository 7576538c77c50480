# AWS Signature Version 4, as botocore makes it.
package Tollgate::SigV4;

use strict;
use warnings;

use Digest::SHA qw(hmac_sha256 hmac_sha256_hex sha256_hex);
use Exporter 'import';
use POSIX qw(strftime);

our @EXPORT = qw(sign);

sub encode {
	my ($text) = @_;

	$text =~ s/([^A-Za-z0-9_.~-])/sprintf '%%%02X', ord $1/ge;
	return $text;
}

# The target and the headers (name, value ...) of a signed request.  opt: key,
# secret, host; method (POST), time (seconds to be added to now), region,
# service, is_presigned.
sub sign {
	my ($target, $body, %opt) = @_;
	my ($path, $query) = $target =~ /\A([^?]*)\??(.*)\z/;
	my $time = strftime('%Y%m%dT%H%M%SZ', gmtime(time + ($opt{time} // 0)));
	my $scope = join '/', substr($time, 0, 8), $opt{region} // 'us-east-1',
	    $opt{service} // 'lambda', 'aws4_request';
	my %query = map { /(.*?)=(.*)/ } split /&/, $query;
	my %headers = (Host => $opt{host});
	my $names = 'host';

	if ($opt{is_presigned}) {
		%query = (%query, 'X-Amz-Algorithm' => 'AWS4-HMAC-SHA256',
		    'X-Amz-Credential' => encode("$opt{key}/$scope"),
		    'X-Amz-Date' => $time, 'X-Amz-Expires' => 60,
		    'X-Amz-SignedHeaders' => 'host');
	} else {
		$headers{'X-Amz-Date'} = $time;
		$names = 'host;x-amz-date';
	}
	$query = join '&', map { "$_=$query{$_}" } sort keys %query;
	my $canonical = join "\n", $opt{method} // 'POST',
	    join('/', map { encode($_) } split m{/}, $path, -1), $query,
	    (map { lc($_) . ":$headers{$_}" } sort keys %headers), '', $names,
	    sha256_hex($body);
	my $key = "AWS4$opt{secret}";
	$key = hmac_sha256($_, $key) for split m{/}, $scope;
	my $signature = hmac_sha256_hex(join("\n", 'AWS4-HMAC-SHA256', $time,
	    $scope, sha256_hex($canonical)), $key);
	return ("$path?$query&X-Amz-Signature=$signature", %headers)
	    if $opt{is_presigned};
	return ($target, %headers, Authorization => 'AWS4-HMAC-SHA256 '
	    . "Credential=$opt{key}/$scope, SignedHeaders=$names, "
	    . "Signature=$signature");
}

1;
