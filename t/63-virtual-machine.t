#!/usr/bin/perl
# What takes controllers of control groups is tested in a virtual machine, as
# few machines that run tests have them to give away.
use strict;
use warnings;
use lib 't/lib';
use Test::More;
use Tollgate::Cgroup;
use Tollgate::Test;

plan skip_all => 'sanitizers are too slow on an emulated processor'
    if is_sanitized();
{
	my $group = Tollgate::Cgroup->new(qw(memory pids cpu));
	plan skip_all => 'this machine has them' if $group;
}
$ENV{TOLLGATE_SOURCE} = $Tollgate::Test::SOURCE;
$ENV{TOLLGATE_BUILD} = $Tollgate::Test::BUILD;
exec 'bash', "$Tollgate::Test::SOURCE/t/vm/run";
