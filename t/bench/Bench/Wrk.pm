# wrk: load in, figures out.
package Bench::Wrk;

use strict;
use warnings;

use JSON::PP qw(decode_json);

use Bench::Usage;

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

# One run.  opt: url, connections, seconds, upload (bytes of body), script (a path that
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

# A round of a load on a contender: what wrk says, the CPU time of a request by
# group of processes, and Tollgate's resident memory.
sub round {
	my ($load, $peer, $seconds) = @_;
	my $query = $load->{query} ? "?$load->{query}" : '';
	my $before = Bench::Usage::snapshot($peer->roots);
	my $r = run(url => $peer->url . $query, seconds => $seconds,
	    connections => $load->{connections}, upload => $load->{upload},
	    script => "$peer->{dir}/wrk.lua")
	    // die "wrk has failed on $peer->{name}\n";
	my $after = Bench::Usage::snapshot($peer->roots);

	# Nothing is unknown, not free: who ignores SIGCHLD is not told what his
	# children have used.
	for my $group (@Bench::Usage::GROUPS) {
		my $us = $after->{$group} - $before->{$group};
		$r->{"${group}_us"} = $us / $r->{requests}
		    if $us > 0 && $r->{requests};
	}
	if (my $t = $peer->tollgate_of) {
		$r->{spawner_kb} = Bench::Usage::resident_kb($t->pid);
		$r->{gateway_kb} = Bench::Usage::resident_kb($t->gateway_pid);
	}
	return $r;
}

1;
