# One run of wrk: load in, figures out.
package Bench::Wrk;

use strict;
use warnings;

use JSON::PP qw(decode_json);

# wrk's own report is for people; this one is for us.
my $done = <<'LUA';
function done(summary, latency, requests)
	local e = summary.errors
	print(string.format('RESULT {"requests":%d,"us":%d,"p50_us":%d,' ..
	    '"p99_us":%d,"max_us":%d,"connect":%d,"read":%d,"write":%d,' ..
	    '"status":%d,"timeout":%d}', summary.requests, summary.duration,
	    latency:percentile(50), latency:percentile(99), latency.max,
	    e.connect, e.read, e.write, e.status, e.timeout))
end
LUA

# opt: url, connections, seconds, upload (bytes of body), script (a path that
# may be written).  Returns requests, requests_s, p50_ms, p99_ms, max_ms,
# failures; undef if wrk itself failed.
sub run {
	my (%opt) = @_;
	my $script = $done;

	$script .= "wrk.method = 'POST'\n"
	    . "wrk.body = string.rep('x', $opt{upload})\n" if $opt{upload};
	open my $file, '>', $opt{script} or die "$opt{script}: $!";
	print $file $script;
	close $file;
	open my $out, '-|', 'wrk', '-t1', "-c$opt{connections}",
	    "-d$opt{seconds}s", '--timeout', '10s', '-s', $opt{script},
	    $opt{url} or die "wrk: $!";
	my ($json) = join('', <$out>) =~ /^RESULT (.*)/m;
	close $out;
	return undef unless $json;
	my $r = decode_json($json);
	my $failures = 0;
	$failures += $r->{$_} for qw(connect read write status timeout);
	my $good = $r->{requests} - $r->{status};
	return {
		requests => $r->{requests},
		requests_s => $good * 1e6 / ($r->{us} || 1),
		failures => $failures,
		map { $_ . '_ms' => $r->{$_ . '_us'} / 1000 } qw(p50 p99 max),
	};
}

1;
